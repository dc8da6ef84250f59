/* net/stream.c — server-sent events.
 *
 * One text per event is shared by all watchers.  A watcher with nothing to send is a suspended
 * connection; publishing resumes it.  A watcher that does not keep up is cut once its queue is
 * over QUEUE_EVENTS or QUEUE_BYTES: it comes back with Last-Event-ID and gets what is still kept.
 *
 * Locks, outer to inner: the stream's or the server's, then the client's, then MHD's own.
 */
#include "base/error.h"
#include "net/server_private.h"

#include <string.h>
#include <sys/socket.h>

#define QUEUE_EVENTS 64
#define QUEUE_BYTES (64 * 1024)
#define SOCKET_BUFFER (64 * 1024)
#define HEARTBEAT_MICROS (5 * MICROS_PER_S)
#define LOOK_MICROS MICROS_PER_S
#define BLOCK_BYTES 2048

typedef struct {
	guint64 id;
	GBytes *text;
} Event;

struct EventStream {
	GMutex lock;
	GQueue clients;
	GQueue kept;                              /* Event, oldest first */
	guint keep;
};

struct StreamClient {
	EventStream *stream;
	GList in_stream, in_server;
	GMutex lock;
	GQueue queue;                             /* GBytes */
	guint backlog;                            /* of these, sent at connect: not held against the reader */
	gsize offset;                             /* sent of the first */
	gsize live_bytes;
	gboolean suspended, ended, dropped, left;
	Server *server;
	struct MHD_Connection *mhd;
	Conn *conn;
	gint64 last_sent, looked;                 /* monotonic */
};

static GBytes *
event_text (guint64 id, const char *event, const char *data)
{
	GString *text = g_string_new (NULL);
	if (id != 0)
		g_string_append_printf (text, "id: %" G_GUINT64_FORMAT "\n", id);
	if (event != NULL)
		g_string_append_printf (text, "event: %s\n", event);
	g_string_append_printf (text, "data: %s\n\n", data);
	return g_string_free_to_bytes (text);
}

static void
event_free (gpointer data)
{
	Event *event = data;
	g_bytes_unref (event->text);
	g_free (event);
}

EventStream *
event_stream_new (guint keep)
{
	EventStream *stream = g_new0 (EventStream, 1);
	g_mutex_init (&stream->lock);
	stream->keep = keep;
	return stream;
}

void
event_stream_free (EventStream *stream)
{
	if (stream == NULL)
		return;
	g_assert (stream->clients.length == 0);
	g_queue_clear_full (&stream->kept, event_free);
	g_mutex_clear (&stream->lock);
	g_free (stream);
}

guint
event_stream_watchers (EventStream *stream)
{
	g_mutex_lock (&stream->lock);
	guint n = stream->clients.length;
	g_mutex_unlock (&stream->lock);
	return n;
}

/* --- one watcher; client->lock held ----------------------------------------- */

static void
wake (StreamClient *client)
{
	if (!client->suspended)
		return;
	client->suspended = FALSE;
	MHD_resume_connection (client->mhd);
}

static void
forget_queue (StreamClient *client)
{
	g_queue_clear_full (&client->queue, (GDestroyNotify) g_bytes_unref);
	client->backlog = 0;
	client->live_bytes = 0;
	client->offset = 0;
}

static void
drop (StreamClient *client)
{
	client->dropped = TRUE;
	forget_queue (client);
	if (client->server != NULL && client->server->options.metrics != NULL)
		metrics_add (client->server->options.metrics, "http_stream_dropped_total", "Event stream readers cut for being slow", NULL, 1);
	if (client->conn != NULL)
		watched_cut (&client->conn->watched);
	wake (client);
}

static void
push (StreamClient *client, GBytes *text)
{
	g_mutex_lock (&client->lock);
	if (!client->ended && !client->dropped) {
		gsize n = g_bytes_get_size (text);
		if (client->queue.length - client->backlog >= QUEUE_EVENTS || client->live_bytes + n > QUEUE_BYTES) {
			drop (client);
		} else {
			g_queue_push_tail (&client->queue, g_bytes_ref (text));
			client->live_bytes += n;
			wake (client);
		}
	}
	g_mutex_unlock (&client->lock);
}

static void
pop (StreamClient *client, gsize size)
{
	g_bytes_unref (g_queue_pop_head (&client->queue));
	client->offset = 0;
	if (client->backlog > 0)
		client->backlog--;
	else
		client->live_bytes -= size;
}

static gsize
fill (StreamClient *client, char *to, gsize max)
{
	gsize filled = 0;
	while (filled < max && client->queue.length > 0) {
		gsize size;
		const char *text = g_bytes_get_data (client->queue.head->data, &size);
		gsize n = MIN (max - filled, size - client->offset);
		memcpy (to + filled, text + client->offset, n);
		filled += n;
		client->offset += n;
		if (client->offset == size)
			pop (client, size);
	}
	return filled;
}

static ssize_t
read_events (void *user, uint64_t position G_GNUC_UNUSED, char *to, size_t max)
{
	StreamClient *client = user;
	g_mutex_lock (&client->lock);
	ssize_t n = (ssize_t) fill (client, to, max);
	if (client->dropped || client->left) {
		n = MHD_CONTENT_READER_END_WITH_ERROR;
	} else if (n > 0) {
		client->last_sent = clock_monotonic ();
	} else if (client->ended) {
		n = MHD_CONTENT_READER_END_OF_STREAM;
	} else {
		client->suspended = TRUE;
		MHD_suspend_connection (client->mhd);
	}
	g_mutex_unlock (&client->lock);
	return n;
}

static void
end (StreamClient *client)
{
	g_mutex_lock (&client->lock);
	client->ended = TRUE;
	wake (client);
	g_mutex_unlock (&client->lock);
}

/* MHD does not look at a suspended socket, so a reader that left would stay for two heartbeats. */
static gboolean
has_left (const StreamClient *client)
{
	char c;
	return recv (client->conn->watched.fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static void
heartbeat (StreamClient *client, gint64 now, GBytes *beat)
{
	g_mutex_lock (&client->lock);
	if (client->suspended && now - client->looked >= LOOK_MICROS) {
		client->looked = now;
		client->left = has_left (client);
	}
	if (client->left) {
		wake (client);
	} else if (client->suspended && now - client->last_sent >= HEARTBEAT_MICROS) {
		g_queue_push_tail (&client->queue, g_bytes_ref (beat));
		client->live_bytes += g_bytes_get_size (beat);
		wake (client);
	}
	g_mutex_unlock (&client->lock);
}

/* --- subscribing -------------------------------------------------------------- */

static void
start_with (StreamClient *client, GBytes *text)
{
	g_queue_push_tail (&client->queue, text);
	client->backlog++;
}

Response *
response_stream_event (EventStream *stream, const char *event, const char *snapshot, guint64 last_id)
{
	Response *response = response_new (200, "text/event-stream", "", 0);
	StreamClient *client = response->stream = g_new0 (StreamClient, 1);
	g_mutex_init (&client->lock);
	client->stream = stream;
	client->in_stream.data = client->in_server.data = client;
	start_with (client, g_bytes_new_static ("retry: 1000\n\n", 13));
	if (snapshot != NULL)
		start_with (client, event_text (0, event, snapshot));
	g_mutex_lock (&stream->lock);
	for (GList *l = stream->kept.head; l != NULL; l = l->next) {
		const Event *kept = l->data;
		if (kept->id > last_id)
			start_with (client, g_bytes_ref (kept->text));
	}
	g_queue_push_tail_link (&stream->clients, &client->in_stream);
	g_mutex_unlock (&stream->lock);
	response_header (response, "X-Accel-Buffering", "no");    /* nginx would hold events back */
	return response;
}

Response *
response_stream (EventStream *stream, const char *snapshot, guint64 last_id)
{
	return response_stream_event (stream, "snapshot", snapshot, last_id);
}

static void
count_clients (Server *server)
{
	if (server->options.metrics != NULL)
		metrics_set (server->options.metrics, "http_stream_clients", "Open event streams", server->label, server->streams.length);
}

void
stream_client_bind (StreamClient *client, Server *server, struct MHD_Connection *mhd, Conn *conn)
{
	int size = SOCKET_BUFFER;                 /* what a stalled reader can pin in the kernel */
	setsockopt (conn->watched.fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	g_mutex_lock (&client->lock);
	client->server = server;
	client->mhd = mhd;
	client->conn = conn;
	client->last_sent = clock_monotonic ();
	g_mutex_unlock (&client->lock);
	g_mutex_lock (&server->lock);
	g_queue_push_tail_link (&server->streams, &client->in_server);
	count_clients (server);
	g_mutex_unlock (&server->lock);
	if (g_atomic_int_get (&server->stopping))
		end (client);
}

void
stream_client_free (StreamClient *client)
{
	g_mutex_lock (&client->stream->lock);
	g_queue_unlink (&client->stream->clients, &client->in_stream);
	g_mutex_unlock (&client->stream->lock);
	if (client->server != NULL) {
		g_mutex_lock (&client->server->lock);
		g_queue_unlink (&client->server->streams, &client->in_server);
		count_clients (client->server);
		g_mutex_unlock (&client->server->lock);
	}
	forget_queue (client);
	g_mutex_clear (&client->lock);
	g_free (client);
}

static void
free_client (void *user)
{
	stream_client_free (user);
}

struct MHD_Response *
stream_client_response (StreamClient *client)
{
	return MHD_create_response_from_callback (MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_events, client, free_client);
}

void
stream_heartbeat_all (Server *server)
{
	g_autoptr (GBytes) beat = g_bytes_new_static (":\n\n", 3);
	gint64 now = clock_monotonic ();
	g_mutex_lock (&server->lock);
	for (GList *l = server->streams.head; l != NULL; l = l->next)
		heartbeat (l->data, now, beat);
	g_mutex_unlock (&server->lock);
}

void
stream_end_all (Server *server)
{
	g_mutex_lock (&server->lock);
	for (GList *l = server->streams.head; l != NULL; l = l->next)
		end (l->data);
	g_mutex_unlock (&server->lock);
}

void
event_stream_publish (EventStream *stream, guint64 id, const char *event, const char *data)
{
	g_return_if_fail (event != NULL && strpbrk (event, "\r\n") == NULL);
	g_return_if_fail (data != NULL && strpbrk (data, "\r\n") == NULL);
	g_autoptr (GBytes) text = event_text (id, event, data);
	g_mutex_lock (&stream->lock);
	if (id != 0 && stream->keep > 0) {
		Event *kept = g_new (Event, 1);
		*kept = (Event) { id, g_bytes_ref (text) };
		g_queue_push_tail (&stream->kept, kept);
		if (stream->kept.length > stream->keep)
			event_free (g_queue_pop_head (&stream->kept));
	}
	for (GList *l = stream->clients.head; l != NULL; l = l->next)
		push (l->data, text);
	g_mutex_unlock (&stream->lock);
}
