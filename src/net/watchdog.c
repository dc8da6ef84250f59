/* net/watchdog.c — see watchdog.h. */
#include "net/watchdog.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define TICK_MS 100
#define TICKS_PER_LOOK 5
#define LINGER_MAX 128
#define LINGER_MICROS (5 * MICROS_PER_S)
#define LINGER_BYTES (64 * 1024 * 1024)

typedef struct {
	int fd;
	gint64 deadline;
	gsize drained;
} Lingering;

struct Watchdog {
	GMutex lock;
	GQueue sockets;
	GArray *incoming;                         /* Lingering handed over by listener threads, under lock */
	GArray *lingering;                        /* the thread's own */
	void (*tick) (gpointer user);
	gpointer user;
	int wake;
	gint stop;
	GThread *thread;
};

void
watched_deadline (WatchedSocket *socket, gint64 deadline)
{
	__atomic_store_n (&socket->deadline, deadline, __ATOMIC_RELAXED);
}

void
watched_deadline_at_most (WatchedSocket *socket, gint64 deadline)
{
	gint64 now_set = __atomic_load_n (&socket->deadline, __ATOMIC_RELAXED);
	watched_deadline (socket, MIN (now_set, deadline));
}

void
watched_reading (WatchedSocket *socket, gboolean reading)
{
	__atomic_store_n (&socket->reading, reading, __ATOMIC_RELAXED);
}

void
watched_linger (WatchedSocket *socket)
{
	if (socket->linger_fd < 0)
		socket->linger_fd = fcntl (socket->fd, F_DUPFD_CLOEXEC, 0);
}

void
watched_cut (WatchedSocket *socket)
{
	shutdown (socket->fd, SHUT_RDWR);
}

void
watchdog_add (Watchdog *watchdog, WatchedSocket *socket, int fd, gint64 deadline)
{
	socket->fd = fd;
	socket->linger_fd = -1;
	socket->link.data = socket;
	watched_deadline (socket, deadline);
	watched_reading (socket, TRUE);
	g_mutex_lock (&watchdog->lock);
	g_queue_push_tail_link (&watchdog->sockets, &socket->link);
	g_mutex_unlock (&watchdog->lock);
}

void
watchdog_remove (Watchdog *watchdog, WatchedSocket *socket)
{
	g_mutex_lock (&watchdog->lock);
	g_queue_unlink (&watchdog->sockets, &socket->link);
	if (socket->linger_fd >= 0) {
		Lingering one = { socket->linger_fd, clock_monotonic () + LINGER_MICROS, 0 };
		g_array_append_val (watchdog->incoming, one);
	}
	g_mutex_unlock (&watchdog->lock);
	if (socket->linger_fd >= 0)
		eventfd_write (watchdog->wake, 1);
}

static void
cut_the_late (Watchdog *watchdog, gint64 now)
{
	g_mutex_lock (&watchdog->lock);
	for (GList *l = watchdog->sockets.head; l != NULL; l = l->next) {
		WatchedSocket *socket = l->data;
		if (__atomic_load_n (&socket->deadline, __ATOMIC_RELAXED) <= now) {
			watched_cut (socket);
			watched_deadline (socket, G_MAXINT64);
		}
	}
	g_mutex_unlock (&watchdog->lock);
}

/* Shutting down the reading side changes nothing for a socket at its end but makes a new edge. */
static void
wake_the_finished (Watchdog *watchdog)
{
	char c;
	g_mutex_lock (&watchdog->lock);
	for (GList *l = watchdog->sockets.head; l != NULL; l = l->next) {
		WatchedSocket *socket = l->data;
		if (__atomic_load_n (&socket->reading, __ATOMIC_RELAXED) && recv (socket->fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
			shutdown (socket->fd, SHUT_RD);
	}
	g_mutex_unlock (&watchdog->lock);
}

static void
take_incoming (Watchdog *watchdog)
{
	g_mutex_lock (&watchdog->lock);
	for (guint i = 0; i < watchdog->incoming->len; i++) {
		Lingering one = g_array_index (watchdog->incoming, Lingering, i);
		if (watchdog->lingering->len < LINGER_MAX) {
			shutdown (one.fd, SHUT_WR);       /* the answer is out: say so */
			g_array_append_val (watchdog->lingering, one);
		} else {
			close (one.fd);
		}
	}
	g_array_set_size (watchdog->incoming, 0);
	g_mutex_unlock (&watchdog->lock);
}

/* TRUE when this one is done with. */
static gboolean
drain (Lingering *one)
{
	char scrap[16384];
	for (int i = 0; i < 64; i++) {
		ssize_t n = recv (one->fd, scrap, sizeof scrap, MSG_DONTWAIT);
		if (n < 0)
			return errno != EAGAIN && errno != EINTR;
		if (n == 0)
			return TRUE;
		one->drained += (gsize) n;
		if (one->drained > LINGER_BYTES)
			return TRUE;
	}
	return FALSE;
}

static void
drain_all (Watchdog *watchdog, gint64 now)
{
	for (guint i = watchdog->lingering->len; i-- > 0;) {
		Lingering *one = &g_array_index (watchdog->lingering, Lingering, i);
		if (one->deadline > now && !drain (one))
			continue;
		close (one->fd);
		g_array_remove_index_fast (watchdog->lingering, i);
	}
}

static void
wait_for_work (Watchdog *watchdog, int timeout_ms)
{
	struct pollfd fds[LINGER_MAX + 1] = { { .fd = watchdog->wake, .events = POLLIN } };
	guint n = watchdog->lingering->len;
	for (guint i = 0; i < n; i++)
		fds[i + 1] = (struct pollfd) { .fd = g_array_index (watchdog->lingering, Lingering, i).fd, .events = POLLIN };
	poll (fds, n + 1, timeout_ms);
	eventfd_t count;
	if (fds[0].revents & POLLIN)
		eventfd_read (watchdog->wake, &count);
}

static gpointer
watchdog_main (gpointer data)
{
	Watchdog *watchdog = data;
	gint64 next_tick = 0;
	guint ticks = 0;
	while (!g_atomic_int_get (&watchdog->stop)) {
		gint64 now = clock_monotonic ();
		if (now >= next_tick) {
			next_tick = now + TICK_MS * MICROS_PER_MS;
			cut_the_late (watchdog, now);
			if (++ticks % TICKS_PER_LOOK == 0)
				wake_the_finished (watchdog);
			watchdog->tick (watchdog->user);
		}
		take_incoming (watchdog);
		drain_all (watchdog, now);
		wait_for_work (watchdog, TICK_MS);
	}
	return NULL;
}

Watchdog *
watchdog_new (void (*tick) (gpointer user), gpointer user)
{
	Watchdog *watchdog = g_new0 (Watchdog, 1);
	g_mutex_init (&watchdog->lock);
	watchdog->incoming = g_array_new (FALSE, FALSE, sizeof (Lingering));
	watchdog->lingering = g_array_new (FALSE, FALSE, sizeof (Lingering));
	watchdog->tick = tick;
	watchdog->user = user;
	watchdog->wake = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
	watchdog->thread = g_thread_new ("net-watchdog", watchdog_main, watchdog);
	return watchdog;
}

static void
close_all (GArray *lingering)
{
	for (guint i = 0; i < lingering->len; i++)
		close (g_array_index (lingering, Lingering, i).fd);
	g_array_unref (lingering);
}

void
watchdog_free (Watchdog *watchdog)
{
	if (watchdog == NULL)
		return;
	g_atomic_int_set (&watchdog->stop, 1);
	eventfd_write (watchdog->wake, 1);
	g_thread_join (watchdog->thread);
	close_all (watchdog->incoming);
	close_all (watchdog->lingering);
	close (watchdog->wake);
	g_mutex_clear (&watchdog->lock);
	g_free (watchdog);
}
