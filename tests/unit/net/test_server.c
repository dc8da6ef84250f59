/* Routes, requests, replies and problems over real sockets. */
#include "base/error.h"
#include "support.h"

#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static Response *
handle_echo (Request *r)
{
	g_autoptr (json_t) out = json_object ();
	g_autofree char *body = g_strndup (g_bytes_get_data (request_body (r), NULL), g_bytes_get_size (request_body (r)));
	json_object_set_new (out, "method", json_string (request_method (r)));
	json_object_set_new (out, "route", json_string (request_route (r)));
	json_object_set_new (out, "path", json_string (request_path (r)));
	json_object_set_new (out, "id", json_string (request_param (r, "id")));
	json_object_set_new (out, "rest", json_string (request_param (r, "rest")));
	json_object_set_new (out, "q", json_string (request_query (r, "q")));
	json_object_set_new (out, "cookie", json_string (request_cookie (r, "diqi_session")));
	json_object_set_new (out, "body", json_string (body));
	json_object_set_new (out, "peer", json_string (request_peer (r)));
	json_object_set_new (out, "data", json_string (request_route_data (r)));
	json_object_set_new (out, "arrival", json_integer (request_arrival (r)));
	return response_json (200, out);
}

static Response *
handle_problem (Request *r)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (json_t) extra = json_pack ("{s:i,s:s}", "seq", 7, "code", "overridden");
	const char *name = request_param (r, "id");
	DiqiErrorCode code;
	g_assert_true (diqi_code_from_name (name, &code));
	diqi_error_set (&error, code, code == DIQI_ERROR_USCC ? "/holder/uscc" : NULL, "secret detail of %s", name);
	return response_problem (r, error, extra);
}

static Response *
handle_header (Request *r G_GNUC_UNUSED)
{
	Response *response = response_new (200, "text/plain", "fine", 4);
	response_header (response, "X-Note", "a\r\nSet-Cookie: evil=1");
	return response;
}

static Response *
handle_cookie (Request *r G_GNUC_UNUSED)
{
	Response *response = response_new (200, "text/html", "<p>", 3);
	response_header (response, "Set-Cookie", "a=1");
	response_header (response, "Set-Cookie", "b=2");
	response_header (response, "Cache-Control", "public, max-age=5");
	response_header (response, "Content-Security-Policy", "default-src 'self'");
	return response;
}

static Response *
handle_null (Request *r G_GNUC_UNUSED)
{
	return NULL;
}

static Response *
handle_thread (Request *r)
{
	(void) r;
	char name[16] = "";
	pthread_getname_np (pthread_self (), name, sizeof name);
	return response_new (200, "text/plain", name, strlen (name));
}

static Response *
quick_if_asked (Request *r)
{
	return g_strcmp0 (request_query (r, "q"), "kept") == 0 ? handle_thread (r) : NULL;
}

static Response *
gate (Request *r, const Route *route)
{
	g_autoptr (GError) error = NULL;
	if (route->permission != 9)
		return NULL;
	diqi_error_set (&error, DIQI_ERROR_LOGIN_REQUIRED, NULL, "log in first");
	return response_problem (r, error, NULL);
}

static char route_data[] = "the data";
static const Route routes[] = {
	{ "GET", "/", handle_echo, 0, FALSE, 1, NULL },
	{ "GET", "/things", handle_echo, 0, FALSE, 1, route_data },
	{ "POST", "/things", handle_echo, 100, TRUE, 1, NULL },
	{ "GET", "/things/new", handle_echo, 0, FALSE, 1, NULL },
	{ "GET", "/things/{id}", handle_echo, 0, TRUE, 1, NULL },
	{ "PUT", "/things/{id}", handle_echo, 100, FALSE, 1, NULL },
	{ "GET", "/things/{id}/parts", handle_echo, 0, FALSE, 1, NULL },
	{ "GET", "/tile/{rest*}", handle_echo, 0, FALSE, 1, NULL },
	{ "GET", "/problem/{id}", handle_problem, 0, FALSE, 1, NULL },
	{ "GET", "/header", handle_header, 0, FALSE, 1, NULL },
	{ "GET", "/cookie", handle_cookie, 0, FALSE, 1, NULL },
	{ "GET", "/null", handle_null, 0, FALSE, 1, NULL },
	{ "GET", "/closed", handle_echo, 0, FALSE, 9, NULL },
	{ .method = "GET", .path = "/quick", .handler = handle_thread, .blocking = TRUE, .permission = 1, .quick = quick_if_asked },
	{ .method = "GET", .path = "/quick/closed", .handler = handle_thread, .blocking = TRUE, .permission = 9, .quick = handle_thread },
};

static char *
get (guint16 port, const char *target, const char *headers)
{
	g_autofree char *request = g_strdup_printf ("GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s\r\n", target, headers);
	return raw_exchange (port, request, -1);
}

static void
test_routes (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	static const struct {
		const char *target;
		guint status;
		const char *part;
	} cases[] = {
		{ "/", 200, "\"route\":\"/\"" },
		{ "/things", 200, "\"data\":\"the data\"" },
		{ "/things/new", 200, "\"route\":\"/things/new\"" },
		{ "/things/%E5%9C%B0", 200, "\"id\":\"地\"" },
		{ "/things/a%2Fb", 200, "\"id\":\"a/b\"" },
		{ "/things/new/parts", 200, "\"route\":\"/things/{id}/parts\"" },
		{ "/tile/0/x001/067", 200, "\"rest\":\"0/x001/067\"" },
		{ "/tile/a%2Fb//c", 200, "\"rest\":\"a/b//c\"" },
		{ "/things?q=a%20b+c&x", 200, "\"q\":\"a b c\"" },
		{ "/things?q=", 200, "\"q\":\"\"" },
		{ "/things/", 404, "not_found" },
		{ "//things", 404, "not_found" },
		{ "/nothing", 404, "not_found" },
		{ "/things/..", 404, "not_found" },
		{ "/tile/..%2F..%2Fetc", 404, "not_found" },
		{ "/tile/%2e%2e/x", 404, "not_found" },
		{ "/things/%00", 400, "request.malformed" },
		{ "/things/%ff", 400, "request.malformed" },
		{ "/things/%c0%af", 400, "request.malformed" },
		{ "/things/%4", 400, "request.malformed" },
		{ "/things/%0d%0aX", 400, "request.malformed" },
		{ "/things?q=%ff", 400, "request.malformed" },
		{ "/things?q=1&q=2", 400, "request.malformed" },
		{ "/things?q=%0a", 400, "request.malformed" },
		{ "/things#part", 400, "request.malformed" },
		{ "/things\xe5", 400, "request.malformed" },
		{ "http://a/things", 400, "request.malformed" },
	};
	for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
		g_autofree char *answer = get (site->port, cases[i].target, "");
		if (raw_status (answer, 0) != cases[i].status)
			g_error ("%s: %s", cases[i].target, answer);
		assert_has (answer, cases[i].part);
	}
}

static void
test_methods (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	g_autofree char *head = raw_exchange (site->port, "HEAD /things HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", -1);
	g_assert_cmpuint (raw_status (head, 0), ==, 200);
	assert_has (head, "Content-Length: ");
	g_assert_true (g_str_has_suffix (head, "\r\n\r\n"));
	g_autofree char *delete = raw_exchange (site->port, "DELETE /things HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", -1);
	g_assert_cmpuint (raw_status (delete, 0), ==, 405);
	assert_has (delete, "Allow: GET, HEAD, POST\r\n");
	assert_has (delete, "\"code\":\"method_not_allowed\"");
	g_autofree char *options = raw_exchange (site->port, "OPTIONS /things/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", -1);
	g_assert_cmpuint (raw_status (options, 0), ==, 405);
	assert_has (options, "Allow: GET, HEAD, PUT\r\n");
	g_autofree char *star = raw_exchange (site->port, "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", -1);
	g_assert_cmpuint (raw_status (star, 0), ==, 400);
	g_autofree char *lower = raw_exchange (site->port, "get /things HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", -1);
	g_assert_cmpuint (raw_status (lower, 0), ==, 405);
}

static void
test_request_parts (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	Micros before = clock_now (site->clock);
	g_autofree char *answer = get (site->port, "/things/7?q=%E5%9C%B0", "Cookie: x=1; diqi_session=\"abc\"; y\r\nX-Request-Id: abc.DEF-1_2\r\n");
	assert_has (answer, "\"cookie\":\"abc\"");
	assert_has (answer, "\"q\":\"地\"");
	assert_has (answer, "\"path\":\"/things/7\"");
	assert_has (answer, "\"peer\":\"127.0.0.1\"");
	assert_has (answer, "X-Request-Id: abc.DEF-1_2\r\n");
	Micros arrival = g_ascii_strtoll (strstr (answer, "\"arrival\":") + 10, NULL, 10);
	g_assert_cmpint (arrival, >=, before);
	g_assert_cmpint (arrival, <=, clock_now (site->clock));
	g_autofree char *made = get (site->port, "/things", "X-Request-Id: bad id\r\n");
	assert_has_not (made, "bad id");
	assert_has (made, "X-Request-Id: ");
}

static void
test_standard_headers (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	g_autofree char *plain = get (site->port, "/things", "");
	assert_has (plain, "X-Content-Type-Options: nosniff\r\n");
	assert_has (plain, "Referrer-Policy: no-referrer\r\n");
	assert_has (plain, "Content-Security-Policy: default-src 'none'");
	assert_has (plain, "Cache-Control: no-store\r\n");
	assert_has (plain, "Content-Type: application/json\r\n");
	g_autofree char *own = get (site->port, "/cookie", "");
	assert_has (own, "Cache-Control: public, max-age=5\r\n");
	assert_has_not (own, "no-store");
	assert_has (own, "Content-Security-Policy: default-src 'self'\r\n");
	assert_has_not (own, "'none'");
	assert_has (own, "Set-Cookie: a=1\r\n");
	assert_has (own, "Set-Cookie: b=2\r\n");
}

static void
test_problems (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	g_autofree char *chinese = get (site->port, "/problem/identity.uscc", "X-Request-Id: rid-1\r\n");
	g_assert_cmpuint (raw_status (chinese, 0), ==, 422);
	assert_has (chinese, "Content-Type: application/problem+json\r\n");
	assert_has (chinese, "Content-Language: zh-CN\r\n");
	assert_has (chinese, "Vary: Accept-Language\r\n");
	g_autoptr (json_t) body = json_loads (strstr (chinese, "\r\n\r\n") + 4, 0, NULL);
	g_assert_nonnull (body);
	g_assert_cmpstr (json_string_value (json_object_get (body, "type")), ==, "/problems/identity.uscc");
	g_assert_cmpstr (json_string_value (json_object_get (body, "title")), ==, "统一社会信用代码不正确");
	g_assert_cmpint (json_integer_value (json_object_get (body, "status")), ==, 422);
	g_assert_cmpint (json_integer_value (json_object_get (body, "seq")), ==, 7);
	g_assert_cmpstr (json_string_value (json_object_get (body, "code")), ==, "identity.uscc");
	g_assert_cmpstr (json_string_value (json_object_get (body, "request_id")), ==, "rid-1");
	g_assert_cmpstr (json_string_value (json_object_get (body, "instance")), ==, "/problem/identity.uscc");
	json_t *first = json_array_get (json_object_get (body, "errors"), 0);
	g_assert_cmpstr (json_string_value (json_object_get (first, "pointer")), ==, "/holder/uscc");
	static const struct {
		const char *code;
		guint status;
	} kinds[] = {
		{ "request.malformed", 400 }, { "login.required", 401 }, { "permission.denied", 403 }, { "not_found", 404 },
		{ "method_not_allowed", 405 }, { "exists", 409 }, { "precondition.stale", 412 }, { "request.too_large", 413 },
		{ "request.media_type", 415 }, { "field.value", 422 }, { "precondition.missing", 428 }, { "request.rate", 429 },
		{ "internal", 500 }, { "unavailable", 503 },
	};
	for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
		g_autofree char *target = g_strdup_printf ("/problem/%s", kinds[i].code);
		g_autofree char *answer = get (site->port, target, "");
		g_assert_cmpuint (raw_status (answer, 0), ==, kinds[i].status);
		if (kinds[i].status == 500)
			assert_has_not (answer, "secret");
		if (kinds[i].status == 429)
			assert_has (answer, "Retry-After: ");
		if (kinds[i].status == 401)
			assert_has (answer, "WWW-Authenticate: ");
	}
}

static void
test_language (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	static const struct {
		const char *accept, *language;
	} cases[] = {
		{ "en", "en" }, { "EN-us", "en" }, { "zh-CN,en", "zh-CN" }, { "en,zh", "en" }, { "zh;q=0.5, en;q=0.8", "en" },
		{ "zh-TW;q=0.9,en;q=0.8", "zh-CN" }, { "fr", "zh-CN" }, { "*", "zh-CN" }, { "en;q=0", "zh-CN" }, { "fr, en;q=0.1", "en" },
		{ "*;q=0.9, en;q=0.1", "zh-CN" }, { "", "zh-CN" }, { ";;q=,,", "zh-CN" },
	};
	for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
		g_autofree char *header = g_strdup_printf ("Accept-Language: %s\r\n", cases[i].accept);
		g_autofree char *expected = g_strdup_printf ("Content-Language: %s\r\n", cases[i].language);
		g_autofree char *answer = get (site->port, "/nothing", header);
		assert_has (answer, expected);
	}
}

static void
test_header_injection (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	g_autofree char *answer = get (site->port, "/header", "");
	g_assert_cmpuint (raw_status (answer, 0), ==, 500);
	assert_has_not (answer, "evil");
	assert_has_not (answer, "fine");
}

static void
test_gate_and_null (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	g_autofree char *closed = get (site->port, "/closed", "");
	g_assert_cmpuint (raw_status (closed, 0), ==, 401);
	g_autofree char *null = get (site->port, "/null", "");
	g_assert_cmpuint (raw_status (null, 0), ==, 500);
}

static void
test_pipeline (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	g_autofree char *answers = raw_exchange (site->port,
		"GET /things/1 HTTP/1.1\r\nHost: a\r\n\r\n"
		"POST /things HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
		"GET /things/3 HTTP/1.1\r\nHost: a\r\n\r\n"
		"POST /things HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
		"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n"
		"GET /things/5 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", -1);
	static const guint expected[] = { 200, 200, 200, 200, 404, 200, 0 };
	for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
		g_assert_cmpuint (raw_status (answers, i), ==, expected[i]);
	assert_has (answers, "\"body\":\"hello\"");
	assert_has (answers, "\"body\":\"abcde\"");
	assert_has (answers, "\"id\":\"5\"");
}

/* One byte a segment: where a line is split on the wire must not matter. */
static void
test_split_reads (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	static const char text[] = "POST /things?q=1 HTTP/1.1\r\nHost: a\r\nX-Empty:\r\nX-Blank: \t b \r\nCookie: diqi_session=s\r\n"
	                           "Content-Length: 3\r\n\r\nxyz";
	int fd = raw_connect (site->port);
	for (guint i = 0; i < sizeof text - 1; i++) {
		raw_send (fd, text + i, 1);
		g_usleep (300);
	}
	g_autofree char *answer = raw_read (fd, 300);
	close (fd);
	g_assert_cmpuint (raw_status (answer, 0), ==, 200);
	assert_has (answer, "\"body\":\"xyz\"");
	for (guint i = 1; i < sizeof text - 1; i++) {
		fd = raw_connect (site->port);
		raw_send (fd, text, i);
		g_usleep (1000);
		raw_send (fd, text + i, (gssize) (sizeof text - 1 - i));
		raw_send (fd, "GET /things HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", -1);
		g_autofree char *both = raw_read (fd, 1000);
		close (fd);
		g_assert_cmpuint (raw_status (both, 0), ==, 200);
		g_assert_cmpuint (raw_status (both, 1), ==, 200);
	}
}

/* Request and FIN in one go: the answer comes and the connection does not stay until the idle time-out. */
static void
test_half_close (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	for (int i = 0; i < 5; i++) {
		int fd = raw_connect (site->port);
		raw_send (fd, i % 2 != 0 ? "GET /things HTTP/1.1\r\nHost: a\r\n\r\n" : "GET /things/1 HTTP/1.1\r\nHost: a\r\n\r\n", -1);
		shutdown (fd, SHUT_WR);
		g_autofree char *answer = raw_read (fd, 200);
		g_assert_cmpuint (raw_status (answer, 0), ==, 200);
		g_assert_true (raw_is_closed (fd, 2000));
		close (fd);
	}
}

static void
test_metrics (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	g_autofree char *first = get (site->port, "/things/1", ""), *second = get (site->port, "/nothing", "");
	g_usleep (20000);
	g_autofree char *text = metrics_text (site->metrics);
	assert_has (text, "http_requests_total{route=\"GET /things/{id}\",status=\"2xx\"} 1");
	assert_has (text, "http_requests_total{route=\"other\",status=\"4xx\"} 1");
	assert_has (text, "http_request_duration_seconds_count{route=\"GET /things/{id}\"} 1");
	assert_has (text, "http_connections{listener=\"127.0.0.1:0\"} 0");
}

static void
test_bad_tables (void)
{
	static const Route bad[][2] = {
		{ { "GET", "/a", handle_echo, 0, FALSE, 0, NULL }, { "GET", "/b", handle_echo, 0, FALSE, 1, NULL } },
		{ { "GET", "/a", handle_echo, 0, FALSE, 1, NULL }, { "GET", "/a", handle_echo, 0, FALSE, 1, NULL } },
		{ { "GET", "/a/{x}", handle_echo, 0, FALSE, 1, NULL }, { "GET", "/a/{y}", handle_echo, 0, FALSE, 1, NULL } },
		{ { "FETCH", "/a", handle_echo, 0, FALSE, 1, NULL }, { "GET", "/b", handle_echo, 0, FALSE, 1, NULL } },
		{ { "GET", "/a/{x*}/b", handle_echo, 0, FALSE, 1, NULL }, { "GET", "/b", handle_echo, 0, FALSE, 1, NULL } },
		{ { "GET", "a", handle_echo, 0, FALSE, 1, NULL }, { "GET", "/b", handle_echo, 0, FALSE, 1, NULL } },
		{ { "GET", "/a", NULL, 0, FALSE, 1, NULL }, { "GET", "/b", handle_echo, 0, FALSE, 1, NULL } },
	};
	g_autoptr (Clock) clock = clock_new_system ();
	for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
		g_autoptr (GError) error = NULL;
		ServerOptions options = { .listen = "127.0.0.1:0", .routes = bad[i], .routes_n = 2, .clock = clock };
		g_assert_null (server_start (&options, &error));
		g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CONFIG);
	}
	static const char *const addresses[] = { "127.0.0.1", "", ":80", "127.0.0.1:", "999.0.0.1:0", "127.0.0.1:http", "192.0.2.1:0" };
	for (guint i = 0; i < G_N_ELEMENTS (addresses); i++) {
		g_autoptr (GError) error = NULL;
		ServerOptions options = { .listen = addresses[i], .routes = routes, .routes_n = 1, .clock = clock };
		g_assert_null (server_start (&options, &error));
		g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CONFIG);
	}
}

/* What is kept in memory is answered on the listener's thread, the rest by a worker; the gate stands before both. */
static void
test_quick (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	g_autofree char *kept = raw_exchange (site->port, "GET /quick?q=kept HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", -1);
	g_autofree char *worked = raw_exchange (site->port, "GET /quick HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", -1);
	g_autofree char *closed = raw_exchange (site->port, "GET /quick/closed HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", -1);
	assert_has (kept, "MHD-worker");
	assert_has (worked, "pool");
	g_assert_cmpuint (raw_status (closed, 0), ==, 401);
}

static void
setup (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	site_start (site, (ServerOptions) { .routes = routes, .routes_n = G_N_ELEMENTS (routes), .gate = gate });
}

static void
teardown (Site *site, gconstpointer unused G_GNUC_UNUSED)
{
	site_stop (site);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
#define CASE(name) g_test_add ("/net/server/" #name, Site, NULL, setup, test_##name, teardown)
	CASE (routes);
	CASE (methods);
	CASE (request_parts);
	CASE (standard_headers);
	CASE (problems);
	CASE (language);
	CASE (header_injection);
	CASE (gate_and_null);
	CASE (pipeline);
	CASE (split_reads);
	CASE (half_close);
	CASE (metrics);
	CASE (quick);
	g_test_add_func ("/net/server/bad_tables", test_bad_tables);
	return g_test_run ();
}
