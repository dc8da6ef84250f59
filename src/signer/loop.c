/* signer/loop.c — see loop.h.
 *
 * All whole frames that have arrived on any connection form a batch; one fdatasync covers what they made
 * the signer remember, then all are answered.  Under load the batch grows and the cost of
 * the disk is shared; alone, a message waits for nobody.
 */
#include "signer/loop.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "signer/dispatch.h"
#include "signer/frame.h"
#include "signer/hsm.h"

#define MAX_CONNECTIONS 64
#define MAX_TOKENS 16

typedef struct {
	int fd;
	FrameReader reader;
	GByteArray *out;
	gboolean ended;
} Connection;

typedef struct {
	Keyring *keyring;
	int listener;                 /* -1 none */
	uid_t uid;                    /* whose connections we take, besides root's */
	GPtrArray *connections;
	gboolean fail_after_journal;  /* sanitizer builds only: die between journal and answer */
} Loop;

static void
connection_free (Connection *connection)
{
	close (connection->fd);
	frame_reader_clear (&connection->reader);
	g_byte_array_unref (connection->out);
	g_free (connection);
}

static void
add_connection (Loop *loop, int fd)
{
	Connection *connection = g_new0 (Connection, 1);
	connection->fd = fd;
	connection->out = g_byte_array_new ();
	frame_reader_init (&connection->reader, FRAME_MAX_MESSAGE);
	gsize n;
	g_autofree char *greeting = dispatch_greeting (loop->keyring, &n);
	frame_append (connection->out, greeting, n);
	g_ptr_array_add (loop->connections, connection);
}

static void
accept_connection (Loop *loop)
{
	int fd = accept4 (loop->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	struct ucred peer;
	socklen_t size = sizeof peer;
	gboolean known = getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == 0 || peer.uid == loop->uid);
	if (known && loop->connections->len < MAX_CONNECTIONS) {
		add_connection (loop, fd);
		return;
	}
	log_event (LOG_LEVEL_WARN, "signer.peer.refused", "uid", "%d", known ? (int) peer.uid : -1, NULL);
	close (fd);
}

/* The stream cannot be read on: say why, and end it. */
static void
give_up (Connection *connection, const GError *error)
{
	gsize n;
	g_autofree char *failure = dispatch_failure (error, &n);
	log_event (LOG_LEVEL_WARN, "signer.refused", "message", "%s", "frame", "code", "%s", diqi_error_code_name (error), NULL);
	frame_append (connection->out, failure, n);
	connection->ended = TRUE;
}

static void
handle_frames (Loop *loop, Connection *connection)
{
	for (;;) {
		g_autoptr (GError) error = NULL;
		Frame frame;
		if (!frame_reader_next (&connection->reader, &frame, &error)) {
			give_up (connection, error);
			return;
		}
		if (frame.text == NULL)
			return;
		dispatch_frame (loop->keyring, &frame, connection->out);
	}
}

static void
read_connection (Loop *loop, Connection *connection)
{
	gssize got = frame_reader_fill (&connection->reader, connection->fd);
	if (got == 0 || (got < 0 && errno != EAGAIN))
		connection->ended = TRUE;
	else if (got > 0)
		handle_frames (loop, connection);
}

static void
make_durable (Loop *loop)
{
	g_autoptr (GError) error = NULL;
	gboolean dirty = keyring_is_dirty (loop->keyring);
	if (!keyring_commit (loop->keyring, &error)) {
		/* Stop rather than run unlogged; what is in memory may not be on disk. */
		log_event (LOG_LEVEL_ERROR_, "signer.journal.failed", "detail", "%s", error->message, NULL);
		_exit (EXIT_FAILURE);
	}
	if (dirty && loop->fail_after_journal)
		_exit (EXIT_FAILURE);
}

static void
answer_all (Loop *loop)
{
	for (guint i = 0; i < loop->connections->len; i++) {
		Connection *connection = g_ptr_array_index (loop->connections, i);
		if (connection->out->len > 0 && !frame_write (connection->fd, connection->out->data, connection->out->len, NULL))
			connection->ended = TRUE;
		g_byte_array_set_size (connection->out, 0);
	}
	for (guint i = loop->connections->len; i-- > 0;)
		if (((Connection *) g_ptr_array_index (loop->connections, i))->ended)
			g_ptr_array_remove_index (loop->connections, i);
}

/* Asked after the answers, which say that the key is not to be had. */
static void
end_if_lost (const Loop *loop)
{
	if (!keyring_is_lost (loop->keyring))
		return;
	log_event (LOG_LEVEL_ERROR_, "signer.token.lost", "detail", "%s", "the token that holds the keys is not coming back; ending", NULL);
	_exit (EXIT_FAILURE);
}

/* The processes that hold the tokens: their end is ours. */
static guint
watch_tokens (const Loop *loop, struct pollfd *polled)
{
	GPtrArray *hsms = loop->keyring->hsms;
	guint n = MIN (hsms->len, MAX_TOKENS);
	for (guint i = 0; i < n; i++)
		polled[i] = (struct pollfd) { hsm_fd (g_ptr_array_index (hsms, i)), 0, 0 };
	return n;
}

static void
see_tokens (const Loop *loop, const struct pollfd *polled, guint n)
{
	for (guint i = 0; i < n; i++)
		if (polled[i].revents != 0)
			hsm_keeper_ended (g_ptr_array_index (loop->keyring->hsms, i));
}

static void
turn (Loop *loop)
{
	struct pollfd polled[MAX_CONNECTIONS + 1 + MAX_TOKENS];
	guint n = loop->connections->len;
	for (guint i = 0; i < n; i++)
		polled[i] = (struct pollfd) { ((Connection *) g_ptr_array_index (loop->connections, i))->fd, POLLIN, 0 };
	polled[n] = (struct pollfd) { loop->listener, POLLIN, 0 };     /* poll skips a negative descriptor */
	guint tokens = watch_tokens (loop, polled + n + 1);
	if (poll (polled, n + 1 + tokens, -1) < 0)
		return;
	see_tokens (loop, polled + n + 1, tokens);
	for (guint i = 0; i < n; i++)
		if (polled[i].revents != 0)
			read_connection (loop, g_ptr_array_index (loop->connections, i));
	if (polled[n].revents != 0)
		accept_connection (loop);
	make_durable (loop);
	answer_all (loop);
	end_if_lost (loop);
}

static void
prepare (Loop *loop)
{
#ifdef DIQI_FAILPOINTS
	loop->fail_after_journal = g_strcmp0 (g_getenv ("DIQI_SIGNER_FAIL"), "after_journal") == 0;
#endif
	loop->connections = g_ptr_array_new_with_free_func ((GDestroyNotify) connection_free);
}

void
loop_serve (Keyring *keyring, int fd)
{
	Loop loop = { .keyring = keyring, .listener = -1 };
	prepare (&loop);
	add_connection (&loop, fd);
	answer_all (&loop);
	while (loop.connections->len > 0)
		turn (&loop);
	g_ptr_array_unref (loop.connections);
}

void
loop_listen (Keyring *keyring, int listener, uid_t uid)
{
	Loop loop = { .keyring = keyring, .listener = listener, .uid = uid };
	prepare (&loop);
	for (;;)
		turn (&loop);
}
