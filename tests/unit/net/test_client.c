/* The HTTP client against the server: replies, cookies, bodies, failures. */
#include "base/error.h"
#include "net/client.h"
#include "support.h"

#include <string.h>

static Response *
handle_login (Request *r G_GNUC_UNUSED)
{
	g_autoptr (json_t) body = json_pack ("{s:s}", "who", "me");
	Response *response = response_json (201, body);
	response_header (response, "Set-Cookie", "diqi_session=abc; Path=/; HttpOnly; SameSite=Strict");
	response_header (response, "ETag", "\"v1\"");
	response_header (response, "Location", "/session/1");
	return response;
}

static Response *
handle_session (Request *r)
{
	const char *cookie = request_cookie (r, "diqi_session");
	return response_new (200, "text/plain", cookie != NULL ? cookie : "none", cookie != NULL ? strlen (cookie) : 4);
}

static Response *
handle_post (Request *r)
{
	g_assert_cmpstr (request_header (r, "Content-Type"), ==, "application/octet-stream");
	g_assert_cmpstr (request_header (r, "Idempotency-Key"), ==, "k1");
	return response_bytes (200, "application/octet-stream", request_body (r));
}

static Response *
handle_liar (Request *r G_GNUC_UNUSED)
{
	return response_new (200, "application/json; charset=utf-8", "{\"a\":1,\"a\":2}", 13);
}

static Response *
handle_method (Request *r)
{
	g_autoptr (GError) error = NULL;
	g_assert_cmpstr (request_method (r), ==, "PUT");
	diqi_error_set (&error, DIQI_ERROR_IF_MATCH_STALE, "/x", "stale");
	return response_problem (r, error, NULL);
}

static const Route routes[] = {
	{ "POST", "/login", handle_login, 100, FALSE, 1, NULL },
	{ "GET", "/session", handle_session, 0, TRUE, 1, NULL },
	{ "POST", "/echo", handle_post, 4 * 1024 * 1024, TRUE, 1, NULL },
	{ "POST", "/small", handle_post, 10, TRUE, 1, NULL },
	{ "GET", "/liar", handle_liar, 0, FALSE, 1, NULL },
	{ "PUT", "/thing", handle_method, 100, FALSE, 1, NULL },
};

typedef struct {
	Site site;
	HttpClient *client;
} Fixture;

static void
setup (Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	site_start (&f->site, (ServerOptions) { .routes = routes, .routes_n = G_N_ELEMENTS (routes) });
	g_autofree char *base = g_strdup_printf ("http://127.0.0.1:%u/", f->site.port);
	f->client = http_client_new (base);
}

static void
teardown (Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	http_client_free (f->client);
	site_stop (&f->site);
}

static void
test_cookies (Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_autoptr (GError) error = NULL;
	g_auto (HttpReply) login = { 0 }, session = { 0 };
	g_assert_true (http_request (f->client, "POST", "/login", NULL, "application/json", "{}", 2, &login, &error));
	g_assert_cmpuint (login.status, ==, 201);
	g_assert_cmpstr (login.etag, ==, "\"v1\"");
	g_assert_cmpstr (login.location, ==, "/session/1");
	g_assert_cmpstr (login.content_type, ==, "application/json");
	g_assert_cmpstr (json_string_value (json_object_get (login.json, "who")), ==, "me");
	g_assert_true (http_request (f->client, "GET", "/session", NULL, NULL, NULL, 0, &session, &error));
	g_assert_cmpmem (g_bytes_get_data (session.body, NULL), g_bytes_get_size (session.body), "abc", 3);
}

static void
test_bodies (Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	static const char *const headers[] = { "Idempotency-Key: k1", NULL };
	g_autoptr (GError) error = NULL;
	gsize n = 3 * 1024 * 1024;
	g_autofree guint8 *big = g_malloc (n);
	for (gsize i = 0; i < n; i++)
		big[i] = (guint8) (i * 7 + i / 251);
	for (int i = 0; i < 2; i++) {
		g_auto (HttpReply) reply = { 0 };
		g_assert_true (http_request (f->client, "POST", "/echo", headers, "application/octet-stream", big, n, &reply, &error));
		g_assert_cmpuint (reply.status, ==, 200);
		g_assert_cmpmem (g_bytes_get_data (reply.body, NULL), g_bytes_get_size (reply.body), big, n);
		g_auto (HttpReply) refused = { 0 };
		g_assert_true (http_request (f->client, "POST", "/small", headers, "application/octet-stream", big, n, &refused, &error));
		g_assert_cmpuint (refused.status, ==, 413);
		g_assert_cmpstr (json_string_value (json_object_get (refused.json, "code")), ==, "request.too_large");
	}
}

static void
test_methods (Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_autoptr (GError) error = NULL;
	g_auto (HttpReply) put = { 0 }, head = { 0 }, delete = { 0 };
	g_assert_true (http_request (f->client, "PUT", "/thing", NULL, "application/json", "{}", 2, &put, &error));
	g_assert_cmpuint (put.status, ==, 412);
	g_assert_cmpstr (json_string_value (json_object_get (put.json, "code")), ==, "precondition.stale");
	g_assert_true (http_request (f->client, "HEAD", "/session", NULL, NULL, NULL, 0, &head, &error));
	g_assert_cmpuint (head.status, ==, 200);
	g_assert_cmpuint (g_bytes_get_size (head.body), ==, 0);
	g_assert_true (http_request (f->client, "DELETE", "/session", NULL, NULL, NULL, 0, &delete, &error));
	g_assert_cmpuint (delete.status, ==, 405);
}

static void
test_failures (Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	static const char *const injected[] = { "X: a\r\nY: b", NULL };
	g_autoptr (GError) json = NULL, header = NULL, path = NULL, gone = NULL;
	g_auto (HttpReply) reply = { 0 };
	g_assert_false (http_request (f->client, "GET", "/liar", NULL, NULL, NULL, 0, &reply, &json));
	g_assert_error (json, DIQI_ERROR, DIQI_ERROR_JSON_DUPLICATE);
	g_assert_null (reply.body);
	g_assert_false (http_request (f->client, "GET", "/session", injected, NULL, NULL, 0, &reply, &header));
	g_assert_error (header, DIQI_ERROR, DIQI_ERROR_REQUEST);
	g_assert_false (http_request (f->client, "GET", "session", NULL, NULL, NULL, 0, &reply, &path));
	g_assert_error (path, DIQI_ERROR, DIQI_ERROR_REQUEST);
	g_autoptr (HttpClient) nobody = http_client_new ("http://127.0.0.1:1");
	g_assert_false (http_request (nobody, "GET", "/", NULL, NULL, NULL, 0, &reply, &gone));
	g_assert_error (gone, DIQI_ERROR, DIQI_ERROR_UNAVAILABLE);
	g_autoptr (HttpClient) file = http_client_new ("file:///etc");
	g_clear_error (&gone);
	g_assert_false (http_request (file, "GET", "/hostname", NULL, NULL, NULL, 0, &reply, &gone));
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
#define CASE(name) g_test_add ("/net/client/" #name, Fixture, NULL, setup, test_##name, teardown)
	CASE (cookies);
	CASE (bodies);
	CASE (methods);
	CASE (failures);
	return g_test_run ();
}
