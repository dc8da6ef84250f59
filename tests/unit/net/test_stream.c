/* Server-sent events: replay, live events, slow readers, heartbeats, many watchers. */
#include "net/client.h"
#include "support.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
	Site site;
	EventStream *stream;
} Fixture;

static Response *
handle_stream (Request *r)
{
	const char *last = request_header (r, "Last-Event-ID");
	const char *snapshot = request_query (r, "snapshot");
	return response_stream_event (request_user (r), "sale", snapshot, last != NULL ? strtoull (last, NULL, 10) : 0);
}

static Response *
handle_plain (Request *r)
{
	return response_stream (request_user (r), "{\"a\":1}", G_MAXUINT64);
}

/* Subscribes and then changes its mind. */
static Response *
handle_forgotten (Request *r)
{
	response_free (response_stream (request_user (r), NULL, 0));
	return response_empty (204);
}

static const Route routes[] = {
	{ "GET", "/stream", handle_stream, 0, FALSE, 1, NULL },
	{ "GET", "/blocking", handle_stream, 0, TRUE, 1, NULL },
	{ "GET", "/plain", handle_plain, 0, FALSE, 1, NULL },
	{ "GET", "/forgotten", handle_forgotten, 0, FALSE, 1, NULL },
};

static void
setup (Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	f->stream = event_stream_new (10);
	site_start (&f->site, (ServerOptions) { .routes = routes, .routes_n = G_N_ELEMENTS (routes), .user = f->stream });
}

static void
teardown (Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	site_stop (&f->site);
	event_stream_free (f->stream);
}

static void
wait_for_watchers (EventStream *stream, guint n)
{
	for (int i = 0; i < 500 && event_stream_watchers (stream) != n; i++)
		g_usleep (10000);
	g_assert_cmpuint (event_stream_watchers (stream), ==, n);
}

static int
watch (guint16 port, const char *target, const char *headers)
{
	g_autofree char *request = g_strdup_printf ("GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n", target, headers);
	int fd = raw_connect (port);
	raw_send (fd, request, -1);
	return fd;
}

static void
publish (EventStream *stream, guint64 id)
{
	g_autofree char *data = g_strdup_printf ("{\"n\":%" G_GUINT64_FORMAT "}", id);
	event_stream_publish (stream, id, "sale", data);
}

static void
test_live (Fixture *f, gconstpointer target)
{
	int fd = watch (f->site.port, target, "");
	wait_for_watchers (f->stream, 1);
	publish (f->stream, 1);
	event_stream_publish (f->stream, 0, "tick", "{\"t\":1}");
	g_autofree char *text = raw_read (fd, 300);
	g_assert_cmpuint (raw_status (text, 0), ==, 200);
	assert_has (text, "Content-Type: text/event-stream\r\n");
	assert_has (text, "Cache-Control: no-store\r\n");
	assert_has (text, "\r\nretry: 1000\n\n");
	assert_has (text, "id: 1\nevent: sale\ndata: {\"n\":1}\n\n");
	assert_has (text, "event: tick\ndata: {\"t\":1}\n\n");
	publish (f->stream, 2);
	g_autofree char *more = raw_read (fd, 300);
	assert_has (more, "id: 2\nevent: sale\ndata: {\"n\":2}\n\n");
	close (fd);
	wait_for_watchers (f->stream, 0);
}

static void
test_resume (Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	for (guint64 id = 1; id <= 15; id++)
		publish (f->stream, id);
	event_stream_publish (f->stream, 0, "tick", "{}");
	int fd = watch (f->site.port, "/stream?snapshot=%7B%7D", "Last-Event-ID: 12\r\n");
	g_autofree char *text = raw_read (fd, 300);
	const char *order[] = { "retry: 1000\n\n", "event: sale\ndata: {}\n\n", "id: 13\n", "id: 14\n", "id: 15\n" };
	const char *at = text;
	for (guint i = 0; i < G_N_ELEMENTS (order); i++) {
		at = strstr (at, order[i]);
		g_assert_nonnull (at);
	}
	assert_has_not (text, "id: 12\n");
	assert_has_not (text, "tick");
	close (fd);
	fd = watch (f->site.port, "/stream", "");
	g_autofree char *all = raw_read (fd, 300);
	assert_has (all, "id: 6\n");
	assert_has_not (all, "id: 5\n");
	close (fd);
	fd = watch (f->site.port, "/plain", "");
	g_autofree char *plain = raw_read (fd, 300);
	assert_has (plain, "event: snapshot\ndata: {\"a\":1}\n\n");
	assert_has_not (plain, "id: ");
	close (fd);
}

static void
test_head_and_forgotten (Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_autofree char *head = raw_exchange (f->site.port, "HEAD /stream HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", -1);
	g_assert_cmpuint (raw_status (head, 0), ==, 200);
	g_autofree char *forgotten = raw_exchange (f->site.port, "GET /forgotten HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", -1);
	g_assert_cmpuint (raw_status (forgotten, 0), ==, 204);
	g_assert_cmpuint (event_stream_watchers (f->stream), ==, 0);
}

/* One watcher never reads: it must be cut, the other must miss nothing. */
static void
test_slow_reader (Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	int slow = raw_connect (f->site.port), small = 4096;
	setsockopt (slow, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	raw_send (slow, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n", -1);
	int good = watch (f->site.port, "/stream", "");
	wait_for_watchers (f->stream, 2);
	g_autofree char *filler = g_strnfill (4000, 'x');
	g_autofree char *data = g_strdup_printf ("\"%s\"", filler);
	GString *seen = g_string_new (NULL);
	guint64 id = 0;
	while (event_stream_watchers (f->stream) == 2 && id < 2000) {
		event_stream_publish (f->stream, ++id, "sale", data);
		g_autofree char *piece = raw_read (good, 2);
		g_string_append (seen, piece);
	}
	g_assert_cmpuint (id, <, 2000);
	wait_for_watchers (f->stream, 1);
	publish (f->stream, ++id);
	g_autofree char *rest = raw_read (good, 300);
	g_string_append (seen, rest);
	for (guint64 i = 1; i <= id; i++) {
		g_autofree char *line = g_strdup_printf ("id: %" G_GUINT64_FORMAT "\n", i);
		assert_has (seen->str, line);
	}
	g_autofree char *text = metrics_text (f->site.metrics);
	assert_has (text, "http_stream_dropped_total 1");
	g_string_free (seen, TRUE);
	close (good);
	g_assert_true (raw_is_closed (slow, 20000));
	close (slow);
}

static void
test_heartbeat (Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	int fd = watch (f->site.port, "/stream", "");
	g_autofree char *first = raw_read (fd, 200);
	assert_has (first, "retry: 1000");
	struct pollfd p = { .fd = fd, .events = POLLIN };
	g_assert_cmpint (poll (&p, 1, 7000), ==, 1);
	g_autofree char *beat = raw_read (fd, 200);
	assert_has (beat, "3\r\n:\n\n");
	close (fd);
	wait_for_watchers (f->stream, 0);
}

static void
test_stop_ends_streams (Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	int fd[20];
	for (guint i = 0; i < G_N_ELEMENTS (fd); i++)
		fd[i] = watch (f->site.port, i % 2 != 0 ? "/stream" : "/blocking", "");
	wait_for_watchers (f->stream, G_N_ELEMENTS (fd));
	gint64 start = g_get_monotonic_time ();
	server_stop (f->site.server, 5000);
	g_assert_cmpint (g_get_monotonic_time () - start, <, 4000000);       /* not the whole of its five seconds */
	g_assert_cmpuint (event_stream_watchers (f->stream), ==, 0);
	for (guint i = 0; i < G_N_ELEMENTS (fd); i++) {
		g_autofree char *text = raw_read (fd[i], 500);
		g_assert_true (g_str_has_suffix (text, "\r\n0\r\n\r\n"));    /* a clean end, not a cut */
		close (fd[i]);
	}
}

typedef struct {
	guint n;
	guint64 ids[3];
} Seen;

static gboolean
see (guint64 id, const char *event, const char *data, gpointer user)
{
	Seen *seen = user;
	g_assert_cmpstr (event, ==, "sale");
	g_assert_cmpint (data[0], ==, '{');
	seen->ids[seen->n++] = id;
	return seen->n < 3;
}

static gboolean
count (guint64 id G_GNUC_UNUSED, const char *event, const char *data, gpointer user)
{
	g_assert_cmpstr (event, ==, "snapshot");
	g_assert_cmpstr (data, ==, "{\"a\":1}");
	++*(guint *) user;
	return TRUE;
}

static void
test_client (Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *base = g_strdup_printf ("http://127.0.0.1:%u", f->site.port);
	g_autoptr (HttpClient) client = http_client_new (base);
	Seen seen = { 0 };
	for (guint64 id = 1; id <= 4; id++)
		publish (f->stream, id);
	g_assert_true (http_client_events (client, "/stream", 3000, see, &seen, &error));
	g_assert_no_error (error);
	g_assert_cmpuint (seen.n, ==, 3);
	g_assert_cmpuint (seen.ids[2], ==, 3);
	guint n = 0;
	g_assert_true (http_client_events (client, "/plain", 300, count, &n, &error));     /* ends by time */
	g_assert_cmpuint (n, ==, 1);
	g_assert_false (http_client_events (client, "/nothing", 300, see, &seen, &error));
	g_assert_nonnull (error);
}

/* Watchers come, go and fall asleep while events are published from several threads. */
static gpointer
publish_many (gpointer user)
{
	for (int i = 0; i < 400; i++) {
		event_stream_publish (user, 0, "tick", "{}");
		g_usleep (500);
	}
	return NULL;
}

static void
test_churn (Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	GThread *threads[3];
	for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
		threads[i] = g_thread_new ("publish", publish_many, f->stream);
	for (int i = 0; i < 300; i++) {
		int fd = watch (f->site.port, i % 2 != 0 ? "/stream" : "/blocking", "");
		if (i % 3 == 0) {
			g_autofree char *text = raw_read (fd, 1);
			g_assert_nonnull (text);
		}
		close (fd);
	}
	for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
		g_thread_join (threads[i]);
}

/* All of them sleep without costing time, and all of them are reached. */
static void
test_many (Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	int fd[500];
	for (guint i = 0; i < G_N_ELEMENTS (fd); i++)
		fd[i] = watch (f->site.port, "/stream", "");
	wait_for_watchers (f->stream, G_N_ELEMENTS (fd));
	for (guint i = 0; i < G_N_ELEMENTS (fd); i++) {
		char scrap[4096];
		struct pollfd p = { .fd = fd[i], .events = POLLIN };
		g_assert_cmpint (poll (&p, 1, 2000), ==, 1);
		g_usleep (100);
		while (recv (fd[i], scrap, sizeof scrap, MSG_DONTWAIT) > 0)
			;
	}
	clock_t before = clock ();
	g_usleep (1000000);
	g_assert_cmpint (clock () - before, <, CLOCKS_PER_SEC / 4);   /* no busy loop */
	publish (f->stream, 77);
	for (guint i = 0; i < G_N_ELEMENTS (fd); i++) {
		GString *got = g_string_new (NULL);
		for (int tries = 0; strstr (got->str, "id: 77\n") == NULL && tries < 100; tries++) {
			char piece[4096];
			struct pollfd p = { .fd = fd[i], .events = POLLIN };
			g_assert_cmpint (poll (&p, 1, 5000), ==, 1);
			ssize_t n = recv (fd[i], piece, sizeof piece, 0);
			g_assert_cmpint (n, >, 0);
			g_string_append_len (got, piece, n);
		}
		assert_has (got->str, "id: 77\n");
		g_string_free (got, TRUE);
		close (fd[i]);
	}
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
#define CASE(name, test, arg) g_test_add ("/net/stream/" name, Fixture, arg, setup, test, teardown)
	CASE ("live", test_live, "/stream");
	CASE ("live-blocking", test_live, "/blocking");
	CASE ("resume", test_resume, NULL);
	CASE ("head-and-forgotten", test_head_and_forgotten, NULL);
	CASE ("slow-reader", test_slow_reader, NULL);
	CASE ("heartbeat", test_heartbeat, NULL);
	CASE ("stop-ends-streams", test_stop_ends_streams, NULL);
	CASE ("client", test_client, NULL);
	CASE ("churn", test_churn, NULL);
	CASE ("many", test_many, NULL);
	return g_test_run ();
}
