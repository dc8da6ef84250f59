/* What must be refused, cut or bounded: ambiguous framing, slow peers, big bodies, too many of anything. */
#include "support.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static gint handled;

static Response *
handle (Request *r G_GNUC_UNUSED)
{
	g_atomic_int_inc (&handled);
	return response_new (200, "text/plain", "ok", 2);
}

static Response *
handle_slowly (Request *r G_GNUC_UNUSED)
{
	g_usleep (300000);
	return response_new (200, "text/plain", "ok", 2);
}

static const Route routes[] = {
	{ "GET", "/", handle, 0, FALSE, 1, NULL },
	{ "POST", "/small", handle, 1000, FALSE, 1, NULL },
	{ "GET", "/slow", handle_slowly, 0, TRUE, 1, NULL },
	{ "GET", "/smuggled", handle, 0, FALSE, 1, NULL },
};

static void
setup (Site *site, gconstpointer options)
{
	ServerOptions o = options != NULL ? *(const ServerOptions *) options : (ServerOptions) { 0 };
	o.routes = routes;
	o.routes_n = G_N_ELEMENTS (routes);
	g_atomic_int_set (&handled, 0);
	site_start (site, o);
}

static void
teardown (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	site_stop (site);
}

#define NEXT "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
#define POST "POST /small HTTP/1.1\r\nHost: a\r\n"

static void
test_ambiguous (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	static const struct {
		const char *name, *text;
		gboolean by_parser;               /* refused by libmicrohttpd itself, in its own words or silently */
	} cases[] = {
		{ "CL and TE", POST "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NEXT, FALSE },
		{ "TE and CL", POST "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" NEXT, FALSE },
		{ "two CL", POST "Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd" NEXT, FALSE },
		{ "two CL that differ", POST "Content-Length: 4\r\nContent-Length: 40\r\n\r\nabcd" NEXT, FALSE },
		{ "CL list", POST "Content-Length: 4, 4\r\n\r\nabcd" NEXT, TRUE },
		{ "CL with sign", POST "Content-Length: +4\r\n\r\nabcd" NEXT, TRUE },
		{ "CL negative", POST "Content-Length: -1\r\n\r\nabcd" NEXT, TRUE },
		{ "CL hexadecimal", POST "Content-Length: 0x4\r\n\r\nabcd" NEXT, TRUE },
		{ "CL empty", POST "Content-Length:\r\n\r\nabcd" NEXT, TRUE },
		{ "CL with a blank inside", POST "Content-Length: 4 4\r\n\r\nabcd" NEXT, TRUE },
		{ "unknown TE", POST "Transfer-Encoding: gzip\r\n\r\nabcd" NEXT, FALSE },
		{ "TE identity", POST "Transfer-Encoding: identity\r\n\r\nabcd" NEXT, FALSE },
		{ "TE list", POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" NEXT, FALSE },
		{ "two TE", POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NEXT, FALSE },
		{ "TE vertical tab", POST "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n" NEXT, FALSE },
		{ "TE in HTTP/1.0", "POST /small HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NEXT, FALSE },
		{ "blank before colon", POST "Content-Length : 4\r\n\r\nabcd" NEXT, FALSE },
		{ "tab before colon", POST "Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n" NEXT, FALSE },
		{ "folded value", "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n" NEXT, FALSE },
		{ "folded with tab", "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n\tc: d\r\n\r\n" NEXT, FALSE },
		{ "name made by folding", POST "Content-Leng: 4\r\n th\r\n\r\nabcd" NEXT, FALSE },
		{ "folded Host", "GET / HTTP/1.1\r\nHo: a\r\n st\r\n\r\n" NEXT, FALSE },
		{ "folded first line", "GET / HTTP/1.1\r\n X: y\r\nHost: a\r\n\r\n" NEXT, FALSE },
		{ "fold of blanks only", "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n  \r\n\r\n" NEXT, FALSE },
		{ "bare CR in a value", "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\rTransfer-Encoding: chunked\r\n\r\n" NEXT, FALSE },
		{ "bare CR in a name", "GET / HTTP/1.1\r\nHost: a\r\nX\r-A: b\r\n\r\n" NEXT, FALSE },
		{ "bare LF", "GET / HTTP/1.1\r\nHost: a\nX-A: b\r\n\r\n" NEXT, FALSE },
		{ "bare LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n" NEXT, FALSE },
		{ "bare LF at the end", "GET / HTTP/1.1\r\nHost: a\r\n\n" NEXT, FALSE },
		{ "control character", "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\x01\r\n\r\n" NEXT, FALSE },
		{ "no Host", "GET / HTTP/1.1\r\nX: a\r\n\r\n" NEXT, FALSE },
		{ "no Host in HTTP/1.0", "GET / HTTP/1.0\r\n\r\n" NEXT, FALSE },
		{ "two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n" NEXT, FALSE },
		{ "bad Host", "GET / HTTP/1.1\r\nHost: a/b@c\r\n\r\n" NEXT, FALSE },
		{ "empty name", "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n" NEXT, FALSE },
		{ "name with a bracket", "GET / HTTP/1.1\r\nHost: a\r\nX(A): b\r\n\r\n" NEXT, FALSE },
		{ "line without colon", "GET / HTTP/1.1\r\nHost: a\r\nnothing\r\n\r\n" NEXT, TRUE },
		{ "two blanks", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n" NEXT, FALSE },
		{ "blank in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n" NEXT, FALSE },
		{ "blank at the end", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n" NEXT, TRUE },
		{ "no version", "GET /\r\nHost: a\r\n\r\n" NEXT, TRUE },
		{ "HTTP/0.9", "GET / HTTP/0.9\r\nHost: a\r\n\r\n" NEXT, TRUE },
		{ "HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n" NEXT, TRUE },
		{ "HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n" NEXT, FALSE },
		{ "method not a token", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n" NEXT, FALSE },
		{ "unknown Expect", POST "Expect: 200-maybe\r\nContent-Length: 1\r\n\r\na" NEXT, FALSE },
		{ "trailer", POST "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\n\r\n" NEXT, FALSE },
		{ "chunk size with sign", POST "Transfer-Encoding: chunked\r\n\r\n+1\r\na\r\n0\r\n\r\n" NEXT, TRUE },
		{ "chunk size too big", POST "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\na\r\n0\r\n\r\n" NEXT, TRUE },
		{ "chunk without end", POST "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n" NEXT, TRUE },
	};
	for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
		g_test_message ("%s", cases[i].name);
		int fd = raw_connect (site->port);
		raw_send (fd, cases[i].text, -1);
		g_autofree char *answer = raw_read (fd, 2000);
		g_assert_true (raw_is_closed (fd, 1000));
		close (fd);
		guint status = raw_status (answer, 0);
		if (!(status == 400 || (cases[i].by_parser && (status == 0 || status == 413 || status == 505))))
			g_error ("%s: %s", cases[i].name, answer);
		if (!cases[i].by_parser) {
			assert_has (answer, "Content-Type: application/problem+json\r\n");
			assert_has (answer, "\"code\":\"request.malformed\"");
			assert_has (answer, "Connection: close\r\n");
		}
		/* libmicrohttpd 0.9.75 sends the header of its own refusal of a Content-Length twice. */
		if (raw_status (answer, 1) != 0 && !(cases[i].by_parser && raw_status (answer, 1) == 400))
			g_error ("%s: a second answer in %s", cases[i].name, answer);
	}
	g_assert_cmpint (g_atomic_int_get (&handled), ==, 0);
}

/* A NUL ends a C string: what follows it must not slip past the checks. */
static void
test_nul_bytes (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
#define BYTES(text) text, sizeof text - 1
	static const struct {
		const char *text;
		gsize n;
	} cases[] = {
		{ BYTES ("GET /\0x HTTP/1.1\r\nHost: a\r\n\r\n") },
		{ BYTES ("GE\0T / HTTP/1.1\r\nHost: a\r\n\r\n") },
		{ BYTES ("GET / HTTP/1.1\r\nHost: a\r\nX: b\0c\r\n\r\n") },
		{ BYTES ("GET / HTTP/1.1\r\nHost: a\r\nX\0Y: b\r\n\r\n") },
		{ BYTES ("GET / HTTP/1.1\r\nHost: a\r\n\0\r\n\r\n") },
		{ BYTES ("GET / HTTP/1.1\r\nHost: a\0\r\nHost: b\r\n\r\n") },
	};
	for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
		int fd = raw_connect (site->port);
		raw_send (fd, cases[i].text, (gssize) cases[i].n);
		g_autofree char *answer = raw_read (fd, 300);
		close (fd);
		guint status = raw_status (answer, 0);
		if (status != 400 && status != 0)
			g_error ("NUL case %u: %s", i, answer);
	}
	g_assert_cmpint (g_atomic_int_get (&handled), ==, 0);
}

static void
test_accepted (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	static const char *const texts[] = {
		"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
		"GET / HTTP/1.1\r\nHost:a:80\r\nConnection: close\r\n\r\n",
		"\r\nGET / HTTP/1.1\r\nHost: [::1]:80\r\nX-A:  b \t\r\nX-B:\r\nConnection: close\r\n\r\n",
		"GET / HTTP/1.0\r\nHost: a\r\n\r\n",
		POST "Content-Length: 0\r\nConnection: close\r\n\r\n",
		POST "Connection: close\r\n\r\n",
		POST "Transfer-Encoding: Chunked\r\nConnection: close\r\n\r\n1\r\na\r\n0\r\n\r\n",
		POST "Content-Length: 1000\r\nConnection: close\r\n\r\n" /* body below */,
	};
	for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
		int fd = raw_connect (site->port);
		raw_send (fd, texts[i], -1);
		g_autofree char *body = g_strnfill (1000, 'x');
		if (i == G_N_ELEMENTS (texts) - 1)
			raw_send (fd, body, 1000);
		g_autofree char *answer = raw_read (fd, 2000);
		close (fd);
		if (raw_status (answer, 0) != 200)
			g_error ("%s: %s", texts[i], answer);
	}
}

static void
test_expect_continue (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	int fd = raw_connect (site->port);
	raw_send (fd, POST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n", -1);
	g_autofree char *go_on = raw_read (fd, 300);
	g_assert_cmpuint (raw_status (go_on, 0), ==, 100);
	raw_send (fd, "ab", 2);
	g_autofree char *answer = raw_read (fd, 300);
	g_assert_cmpuint (raw_status (answer, 0), ==, 200);
	close (fd);
	fd = raw_connect (site->port);
	raw_send (fd, POST "Expect: 100-continue\r\nContent-Length: 1001\r\n\r\n", -1);
	g_autofree char *refused = raw_read (fd, 300);
	g_assert_cmpuint (raw_status (refused, 0), ==, 413);
	g_assert_true (raw_is_closed (fd, 1000));
	close (fd);
}

typedef struct {
	int fd;
	gboolean chunked;
	gsize sent;
} Upload;

static gpointer
upload_10_mb (gpointer user)
{
	Upload *upload = user;
	g_autofree char *piece = g_malloc (65536 + 10);
	gsize n = 65536;
	memset (piece, 'x', 65536);
	if (upload->chunked) {
		memcpy (piece, "fff6\r\n", 6);
		memcpy (piece + 6 + 0xfff6, "\r\n", 2);
		n = 6 + 0xfff6 + 2;
	}
	for (int i = 0; i < 160; i++) {
		ssize_t sent = send (upload->fd, piece, n, MSG_NOSIGNAL);
		if (sent < 0)
			break;
		upload->sent += (gsize) sent;
	}
	return NULL;
}

/* The whole 10 MB are pushed without looking at the answer, which must arrive all the same. */
static void
upload_is_refused (Site *site, const char *header, gboolean chunked)
{
	gsize before = resident_bytes ();
	for (int round = 0; round < 4; round++) {
		Upload upload = { raw_connect (site->port), chunked, 0 };
		raw_send (upload.fd, header, -1);
		GThread *thread = g_thread_new ("upload", upload_10_mb, &upload);
		g_autofree char *answer = raw_read (upload.fd, 3000);
		g_thread_join (thread);
		if (raw_status (answer, 0) != 413)
			g_error ("no 413 but \"%s\" after %" G_GSIZE_FORMAT " bytes", answer, upload.sent);
		assert_has (answer, "\"code\":\"request.too_large\"");
		assert_has (answer, "X-Content-Type-Options: nosniff\r\n");
		g_assert_cmpuint (raw_status (answer, 1), ==, 0);
		close (upload.fd);
	}
	g_assert_cmpuint (resident_bytes (), <, before + 8 * 1024 * 1024);
	g_assert_cmpint (g_atomic_int_get (&handled), ==, 0);
}

static void
test_big_declared_body (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	upload_is_refused (site, POST "Content-Length: 10485760\r\n\r\n", FALSE);
}

static void
test_big_chunked_body (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	upload_is_refused (site, POST "Transfer-Encoding: chunked\r\n\r\n", TRUE);
}

static void
test_body_where_none_belongs (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	g_autofree char *declared = raw_exchange (site->port, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", -1);
	g_assert_cmpuint (raw_status (declared, 0), ==, 413);
	g_autofree char *chunked = raw_exchange (site->port, "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", -1);
	g_assert_cmpuint (raw_status (chunked, 0), ==, 413);
}

static void
test_big_header (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	g_autofree char *big = g_strnfill (40000, 'h');
	g_autofree char *header = g_strdup_printf ("GET / HTTP/1.1\r\nHost: a\r\nX: %s\r\n\r\n", big);
	g_autofree char *answer = raw_exchange (site->port, header, -1);
	g_assert_cmpuint (raw_status (answer, 0), ==, 431);
	GString *many = g_string_new ("GET / HTTP/1.1\r\nHost: a\r\n");
	for (int i = 0; i < 80; i++)
		g_string_append_printf (many, "X-%d: %d\r\n", i, i);
	g_string_append (many, "\r\n");
	g_autofree char *too_many = raw_exchange (site->port, many->str, -1);
	g_assert_cmpuint (raw_status (too_many, 0), ==, 400);
	g_string_free (many, TRUE);
	g_assert_cmpint (g_atomic_int_get (&handled), ==, 0);
}

/* Sends one byte every 50 ms until the peer is gone, for five seconds at most; the milliseconds that took. */
static guint
drip (guint16 port, const char *first, const char *byte)
{
	int fd = raw_connect (port);
	gint64 start = g_get_monotonic_time ();
	raw_send (fd, first, -1);
	for (int i = 0; i < 100; i++) {
		raw_send (fd, byte, 1);
		if (raw_is_closed (fd, 50))
			break;
	}
	close (fd);
	return (guint) ((g_get_monotonic_time () - start) / 1000);
}

static const ServerOptions short_deadlines = { .header_deadline_ms = 500, .body_deadline_ms = 800 };

static void
test_slow_header (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	guint ms = drip (site->port, "GET / HTTP/1.1\r\nHost: a\r\nX-A: ", "a");
	g_assert_cmpuint (ms, >=, 400);
	g_assert_cmpuint (ms, <, 4000);
	ms = drip (site->port, "", "G");
	g_assert_cmpuint (ms, <, 4000);
	ms = drip (site->port, "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nX-A: ", "a");
	g_assert_cmpuint (ms, <, 4000);
	g_autofree char *fast = raw_exchange (site->port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", -1);
	g_assert_cmpuint (raw_status (fast, 0), ==, 200);
}

static void
test_slow_body (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	g_atomic_int_set (&handled, 0);
	guint ms = drip (site->port, POST "Content-Length: 1000\r\n\r\n", "b");
	g_assert_cmpuint (ms, >=, 700);
	g_assert_cmpuint (ms, <, 4000);
	ms = drip (site->port, POST "Transfer-Encoding: chunked\r\n\r\n200\r\n", "b");
	g_assert_cmpuint (ms, <, 4000);
	ms = drip (site->port, POST "Transfer-Encoding: chunked\r\n\r\n0\r\nX: ", "t");
	g_assert_cmpuint (ms, <, 4000);
	g_assert_cmpint (g_atomic_int_get (&handled), ==, 0);
}

static const ServerOptions limited = { .rate_per_second = 5, .per_address_limit = 3 };

static void
test_rate_limit (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	guint good = 0, refused = 0;
	int fd = raw_connect (site->port);
	gint64 start = g_get_monotonic_time ();
	for (int i = 0; i < 15; i++)
		raw_send (fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", -1);
	g_autofree char *answers = raw_read (fd, 200);
	close (fd);
	for (guint i = 0; i < 15; i++) {
		guint status = raw_status (answers, i);
		good += status == 200;
		refused += status == 429;
	}
	g_assert_cmpuint (good + refused, ==, 15);
	g_assert_cmpuint (good, >=, 10);
	g_assert_cmpint (good, <=, 11 + 5 * (g_get_monotonic_time () - start) / G_USEC_PER_SEC);
	assert_has (answers, "Retry-After: 1\r\n");
	g_usleep (1100000);
	g_autofree char *later = raw_exchange (site->port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", -1);
	g_assert_cmpuint (raw_status (later, 0), ==, 200);
}

static void
test_address_limit (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	int fd[4];
	for (int i = 0; i < 4; i++) {
		fd[i] = raw_connect (site->port);
		g_usleep (50000);
	}
	g_assert_true (raw_is_closed (fd[3], 1000));
	g_assert_false (raw_is_closed (fd[0], 100));
	for (int i = 0; i < 4; i++)
		close (fd[i]);
	g_usleep (100000);
	g_autofree char *later = raw_exchange (site->port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", -1);
	g_assert_cmpuint (raw_status (later, 0), ==, 200);
}

static const ServerOptions one_worker = { .workers = 1, .threads = 1 };

/* One runs, sixteen wait, the rest are told at once to come back. */
static void
test_queue_full (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	int fd[24];
	guint good = 0, refused = 0;
	for (guint i = 0; i < G_N_ELEMENTS (fd); i++) {
		fd[i] = raw_connect (site->port);
		raw_send (fd[i], "GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", -1);
	}
	for (guint i = 0; i < G_N_ELEMENTS (fd); i++) {
		g_autofree char *answer = raw_read (fd[i], 10000);
		good += raw_status (answer, 0) == 200;
		if (raw_status (answer, 0) == 503) {
			refused++;
			assert_has (answer, "Retry-After: ");
		}
		close (fd[i]);
	}
	g_assert_cmpuint (good, ==, 17);
	g_assert_cmpuint (refused, ==, 7);
}

static const ServerOptions few_connections = { .connection_limit = 5 };

static void
test_connection_limit (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	int fd[8];
	guint closed = 0;
	for (guint i = 0; i < G_N_ELEMENTS (fd); i++) {
		fd[i] = raw_connect (site->port);
		g_usleep (20000);
	}
	for (guint i = 0; i < G_N_ELEMENTS (fd); i++) {
		closed += raw_is_closed (fd[i], 50);
		close (fd[i]);
	}
	g_assert_cmpuint (closed, ==, 3);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
#define CASE(name, options) g_test_add ("/net/abuse/" #name, Site, options, setup, test_##name, teardown)
	CASE (ambiguous, NULL);
	CASE (nul_bytes, NULL);
	CASE (accepted, NULL);
	CASE (expect_continue, NULL);
	CASE (big_declared_body, NULL);
	CASE (big_chunked_body, NULL);
	CASE (body_where_none_belongs, NULL);
	CASE (big_header, NULL);
	CASE (slow_header, &short_deadlines);
	CASE (slow_body, &short_deadlines);
	CASE (rate_limit, &limited);
	CASE (address_limit, &limited);
	CASE (queue_full, &one_worker);
	CASE (connection_limit, &few_connections);
	return g_test_run ();
}
