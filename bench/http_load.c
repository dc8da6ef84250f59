/* bench/http_load.c — see http_load.h. */
#include "http_load.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"

#define STALL_MS 30000      /* no answer for so long is a failure, not a figure */
#define HEAD_MAX 16384

typedef struct {
	int fd;
	guint number;
	guint index;              /* of the request in flight */
	gboolean busy;
	Micros sent;
	GByteArray *in;
} Connection;

typedef struct {
	const LoadPlan *plan;
	LoadResult *result;
	Connection *connections;
	int epoll;
	guint next;               /* without lanes */
	guint busy;
	Micros begun;
	GArray *latencies;
} Run;

GBytes *
load_request (const char *method, const char *path, const char *headers, const char *type, gconstpointer body, gsize n)
{
	g_autoptr (GString) text = g_string_new (NULL);
	g_string_append_printf (text, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s", method, path, headers);
	if (type != NULL)
		g_string_append_printf (text, "Content-Type: %s\r\nContent-Length: %" G_GSIZE_FORMAT "\r\n", type, n);
	g_string_append (text, "\r\n");
	g_string_append_len (text, body, (gssize) n);
	return g_string_free_to_bytes (g_steal_pointer (&text));
}

guint64
load_per_second (const LoadResult *result)
{
	return result->elapsed > 0 ? result->done * MICROS_PER_S / (guint64) result->elapsed : 0;
}

/* --- connections ---------------------------------------------------------------------- */

static gboolean
system_fail (const char *what, GError **error)
{
	return diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "%s: %s", what, g_strerror (errno));
}

static gboolean
connection_open (Run *run, Connection *c, guint16 port, GError **error)
{
	const struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons (port), .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };
	c->in = g_byte_array_new ();
	c->fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect (c->fd, (const struct sockaddr *) &address, sizeof address) != 0 ||
	    setsockopt (c->fd, IPPROTO_TCP, TCP_NODELAY, &(int) { 1 }, sizeof (int)) != 0 ||
	    epoll_ctl (run->epoll, EPOLL_CTL_ADD, c->fd, &event) != 0)
		return system_fail ("connect", error);
	return TRUE;
}

static void
run_clear (Run *run)
{
	for (guint i = 0; i < run->plan->connections; i++) {
		if (run->connections[i].fd >= 0)
			close (run->connections[i].fd);
		if (run->connections[i].in != NULL)
			g_byte_array_unref (run->connections[i].in);
	}
	g_free (run->connections);
	close (run->epoll);
	g_array_unref (run->latencies);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

static gboolean
run_open (Run *run, guint16 port, GError **error)
{
	run->latencies = g_array_new (FALSE, FALSE, sizeof (Micros));
	run->connections = g_new0 (Connection, run->plan->connections);
	run->epoll = epoll_create1 (EPOLL_CLOEXEC);
	for (guint i = 0; i < run->plan->connections; i++)
		run->connections[i] = (Connection) { .fd = -1, .number = i, .index = i };
	for (guint i = 0; i < run->plan->connections; i++)
		if (!connection_open (run, &run->connections[i], port, error))
			return FALSE;
	return TRUE;
}

/* --- sending ------------------------------------------------------------------------------ */

static gboolean
choose (Run *run, Connection *c, gboolean first)
{
	const LoadPlan *plan = run->plan;
	if (plan->limit > 0 && clock_monotonic () - run->begun >= plan->limit)
		return FALSE;
	if (plan->lanes)
		c->index = first ? c->number : c->index + plan->connections;
	else
		c->index = run->next++;
	if (plan->repeat)
		c->index %= plan->requests->len;
	return c->index < plan->requests->len;
}

static gboolean
send_next (Run *run, Connection *c, gboolean first, GError **error)
{
	if (!choose (run, c, first))
		return TRUE;
	gsize n;
	const char *p = g_bytes_get_data (g_ptr_array_index (run->plan->requests, c->index), &n);
	c->sent = clock_monotonic ();
	while (n > 0) {
		gssize written = send (c->fd, p, n, MSG_NOSIGNAL);
		if (written < 0)
			return system_fail ("send", error);
		p += written;
		n -= (gsize) written;
	}
	c->busy = TRUE;
	run->busy++;
	return TRUE;
}

/* --- receiving ------------------------------------------------------------------------------- */

typedef struct {
	guint status;
	char *head;
	gsize head_n, body_n;
} Frame;

static void frame_clear (Frame *frame) { g_free (frame->head); }
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Frame, frame_clear)

/* FALSE, no error: not all here yet. */
static gboolean
find_frame (const GByteArray *in, Frame *frame, GError **error)
{
	const char *text = (const char *) in->data;
	const char *end = in->len > 0 ? memmem (text, in->len, "\r\n\r\n", 4) : NULL;
	if (end == NULL)
		return in->len > HEAD_MAX ? diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "a reply without end of header") : FALSE;
	frame->head_n = (gsize) (end - text) + 4;
	frame->head = g_strndup (text, frame->head_n);
	const char *length = strcasestr (frame->head, "\r\nContent-Length:");
	if (strncmp (frame->head, "HTTP/1.1 ", 9) != 0)
		return diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "not an HTTP/1.1 reply");
	frame->status = (guint) g_ascii_strtoull (frame->head + 9, NULL, 10);
	frame->body_n = length != NULL ? (gsize) g_ascii_strtoull (length + strlen ("\r\nContent-Length:"), NULL, 10) : 0;
	return in->len >= frame->head_n + frame->body_n;
}

static void
count (Run *run, const Connection *c, const Frame *frame)
{
	const LoadPlan *plan = run->plan;
	LoadResult *result = run->result;
	Micros now = clock_monotonic (), latency = now - c->sent;
	result->elapsed = now - run->begun;
	if (frame->status == plan->status) {
		result->done++;
		g_array_append_val (run->latencies, latency);
	} else if (result->other++ == 0)
		result->other_status = frame->status;
	const LoadReply reply = { c->index, frame->status, frame->head, (const char *) c->in->data + frame->head_n, frame->body_n };
	if (plan->reply != NULL)
		plan->reply (&reply, plan->user);
}

static gboolean
receive (Run *run, Connection *c, GError **error)
{
	guint8 buffer[65536];
	g_autoptr (GError) failure = NULL;
	g_auto (Frame) frame = { 0 };
	gssize got = recv (c->fd, buffer, sizeof buffer, MSG_DONTWAIT);
	if (got < 0 && errno == EAGAIN)
		return TRUE;
	if (got <= 0)
		return diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "the server closed a connection");
	g_byte_array_append (c->in, buffer, (guint) got);
	if (!find_frame (c->in, &frame, &failure)) {
		if (failure == NULL)
			return TRUE;
		g_propagate_error (error, g_steal_pointer (&failure));
		return FALSE;
	}
	count (run, c, &frame);
	g_byte_array_set_size (c->in, 0);
	c->busy = FALSE;
	run->busy--;
	return send_next (run, c, FALSE, error);
}

/* --- a run ---------------------------------------------------------------------------------------- */

static int
compare_micros (gconstpointer a, gconstpointer b)
{
	Micros x = *(const Micros *) a, y = *(const Micros *) b;
	return x < y ? -1 : x > y;
}

static Micros
percentile (GArray *sorted, guint percent)
{
	return sorted->len > 0 ? g_array_index (sorted, Micros, (sorted->len - 1) * percent / 100) : 0;
}

static gboolean
exchange (Run *run, GError **error)
{
	struct epoll_event events[256];
	run->begun = clock_monotonic ();
	for (guint i = 0; i < run->plan->connections; i++)
		if (!send_next (run, &run->connections[i], TRUE, error))
			return FALSE;
	while (run->busy > 0) {
		int n = epoll_wait (run->epoll, events, G_N_ELEMENTS (events), STALL_MS);
		if (n == 0)
			return diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "no answer for %d s", STALL_MS / 1000);
		for (int i = 0; i < n; i++)
			if (!receive (run, events[i].data.ptr, error))
				return FALSE;
	}
	return TRUE;
}

gboolean
load_run (guint16 port, const LoadPlan *plan, LoadResult *result, GError **error)
{
	g_auto (Run) run = { .plan = plan, .result = result };
	*result = (LoadResult) { 0 };
	if (!run_open (&run, port, error) || !exchange (&run, error))
		return FALSE;
	g_array_sort (run.latencies, compare_micros);
	result->p50 = percentile (run.latencies, 50);
	result->p95 = percentile (run.latencies, 95);
	result->p99 = percentile (run.latencies, 99);
	return TRUE;
}
