/* Stopping under load, and clients that leave while their request is suspended. */
#include "support.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static gint started, finished;

static Response *
handle_wait (Request *r)
{
	const char *ms = request_query (r, "ms");
	g_atomic_int_inc (&started);
	g_usleep (ms != NULL ? g_ascii_strtoull (ms, NULL, 10) * 1000 : 1000);
	/* The request must still be whole, whatever became of the client. */
	g_assert_cmpstr (request_header (r, "Host"), ==, "a");
	g_assert_cmpstr (request_peer (r), ==, "127.0.0.1");
	g_atomic_int_inc (&finished);
	return response_new (200, "text/plain", "done", 4);
}

static Response *
handle_fast (Request *r G_GNUC_UNUSED)
{
	return response_new (200, "text/plain", "fast", 4);
}

static Response *
handle_big (Request *r G_GNUC_UNUSED)
{
	g_autofree char *body = g_strnfill (8 * 1024 * 1024, 'b');
	return response_new (200, "text/plain", body, 8 * 1024 * 1024);
}

static const Route routes[] = {
	{ "GET", "/wait", handle_wait, 0, TRUE, 1, NULL },
	{ "POST", "/wait", handle_wait, 100, TRUE, 1, NULL },
	{ "GET", "/fast", handle_fast, 0, FALSE, 1, NULL },
	{ "GET", "/big", handle_big, 0, FALSE, 1, NULL },
};

static void
setup (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	started = finished = 0;
	site_start (site, (ServerOptions) { .routes = routes, .routes_n = G_N_ELEMENTS (routes) });
}

static void
teardown (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	site_stop (site);
}

static void
wait_for (gint *what, gint n)
{
	for (int i = 0; i < 500 && g_atomic_int_get (what) < n; i++)
		g_usleep (10000);
	g_assert_cmpint (g_atomic_int_get (what), >=, n);
}

static void
test_client_leaves (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	for (int i = 0; i < 40; i++) {
		int fd = raw_connect (site->port);
		raw_send (fd, "GET /wait?ms=30 HTTP/1.1\r\nHost: a\r\n\r\nGET /fast HTTP/1.1\r\nHost: a\r\n\r\n", -1);
		if (i % 2 != 0)
			g_usleep (2000);
		if (i % 3 == 0) {                 /* reset instead of an orderly end */
			struct linger hard = { 1, 0 };
			setsockopt (fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
		}
		close (fd);
	}
	g_autofree char *alive = raw_exchange (site->port, "GET /wait HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", -1);
	g_assert_nonnull (alive);
	wait_for (&finished, g_atomic_int_get (&started));
}

static void
test_running_request_finishes (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	int fd = raw_connect (site->port), idle = raw_connect (site->port), half = raw_connect (site->port);
	raw_send (idle, "GET /fast HTTP/1.1\r\nHost: a\r\n\r\n", -1);
	raw_send (half, "GET /fast HTTP/1.1\r\nHo", -1);
	raw_send (fd, "GET /wait?ms=400 HTTP/1.1\r\nHost: a\r\n\r\n", -1);
	wait_for (&started, 1);
	gint64 start = g_get_monotonic_time ();
	server_stop (site->server, 5000);
	gint64 taken = g_get_monotonic_time () - start;
	g_assert_cmpint (taken, >, 200000);
	g_assert_cmpint (taken, <, 4000000);                  /* not the whole of its five seconds */
	g_autofree char *answer = raw_read (fd, 200);
	g_assert_cmpuint (raw_status (answer, 0), ==, 200);
	assert_has (answer, "Connection: close\r\n");
	assert_has (answer, "done");
	g_assert_true (raw_is_closed (idle, 200));
	g_assert_true (raw_is_closed (half, 200));
	close (fd);
	close (idle);
	close (half);
}

/* More is queued than can be done in the grace time: the rest hears 503, nothing hangs. */
static void
test_queue_is_refused (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	int fd[40];
	guint done = 0, refused = 0;
	for (guint i = 0; i < G_N_ELEMENTS (fd); i++) {
		fd[i] = raw_connect (site->port);
		raw_send (fd[i], "GET /wait?ms=300 HTTP/1.1\r\nHost: a\r\n\r\n", -1);
	}
	wait_for (&started, 4);
	g_usleep (50000);
	gint64 start = g_get_monotonic_time ();
	server_stop (site->server, 100);
	g_assert_cmpint (g_get_monotonic_time () - start, <, 5000000);
	for (guint i = 0; i < G_N_ELEMENTS (fd); i++) {
		g_autofree char *answer = raw_read (fd[i], 200);
		done += raw_status (answer, 0) == 200;
		refused += raw_status (answer, 0) == 503;
		close (fd[i]);
	}
	g_assert_cmpuint (done, >=, 4);
	g_assert_cmpuint (refused, >=, 28);
	g_assert_cmpuint (done + refused, ==, G_N_ELEMENTS (fd));
}

typedef struct {
	guint16 port;
	gint *stop;
	guint good, bad;
} Load;

static gpointer
load (gpointer user)
{
	Load *l = user;
	for (guint i = 0; !g_atomic_int_get (l->stop); i++) {
		int fd = raw_try_connect (l->port);
		if (fd < 0)
			break;
		raw_send (fd, i % 2 != 0 ? "POST /wait HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab"
		                         : "GET /fast HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", -1);
		g_autofree char *answer = raw_read (fd, 2000);
		guint status = raw_status (answer, 0);
		l->good += status == 200;
		l->bad += status != 200;
		close (fd);
	}
	return NULL;
}

static void
test_under_load (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	gint stop = 0;
	Load loads[6];
	GThread *threads[6];
	for (guint i = 0; i < G_N_ELEMENTS (loads); i++) {
		loads[i] = (Load) { site->port, &stop, 0, 0 };
		threads[i] = g_thread_new ("load", load, &loads[i]);
	}
	g_usleep (300000);
	g_atomic_int_set (&stop, 1);
	gint64 start = g_get_monotonic_time ();
	server_stop (site->server, 6000);
	g_assert_cmpint (g_get_monotonic_time () - start, <, 5000000);
	for (guint i = 0; i < G_N_ELEMENTS (loads); i++) {
		g_thread_join (threads[i]);
		g_assert_cmpuint (loads[i].good, >, 5);
		g_assert_cmpuint (loads[i].bad, <=, 1);
	}
	g_assert_cmpint (g_atomic_int_get (&started), ==, g_atomic_int_get (&finished));
}

/* A peer that does not read its 8 MB must not hold up the stop. */
static void
test_unread_answer (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	int fd = raw_connect (site->port);
	raw_send (fd, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n", -1);
	g_usleep (100000);
	gint64 start = g_get_monotonic_time ();
	server_stop (site->server, 300);
	g_assert_cmpint (g_get_monotonic_time () - start, <, 5000000);
	close (fd);
}

static void
test_stop_twice_and_refuse (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	server_stop (site->server, 100);
	g_assert_cmpint (raw_try_connect (site->port), ==, -1);
	server_stop (site->server, 100);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
#define CASE(name) g_test_add ("/net/stop/" #name, Site, NULL, setup, test_##name, teardown)
	CASE (client_leaves);
	CASE (running_request_finishes);
	CASE (queue_is_refused);
	CASE (under_load);
	CASE (unread_answer);
	CASE (stop_twice_and_refuse);
	return g_test_run ();
}
