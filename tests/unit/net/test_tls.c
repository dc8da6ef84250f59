/* HTTPS with certificates made by the openssl command: with, without and with a foreign client certificate. */
#include "base/error.h"
#include "net/client.h"
#include "support.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
	Site site;
	char *dir, *base;
	char *certificate, *key, *ca;
} Fixture;

static Response *
handle_who (Request *r)
{
	GBytes *der = request_tls_peer_certificate (r);
	g_assert_true (request_is_tls (r));
	if (der == NULL)
		return response_new (200, "text/plain", "nobody", 6);
	return response_bytes (200, "application/pkix-cert", der);
}

static Response *
handle_post (Request *r)
{
	return response_bytes (200, "text/plain", request_body (r));
}

static const Route routes[] = {
	{ "GET", "/who", handle_who, 0, TRUE, 1, NULL },
	{ "GET", "/quick", handle_who, 0, FALSE, 1, NULL },
	{ "POST", "/post", handle_post, 1000, FALSE, 1, NULL },
};

static const char script[] =
	"set -e; cd \"$1\"; exec 2>/dev/null\n"
	"openssl ecparam -name prime256v1 -genkey -noout -out ca.key\n"
	"openssl req -x509 -new -key ca.key -subj /CN=ca -days 2 -out ca.pem\n"
	"for who in server client; do\n"
	"openssl ecparam -name prime256v1 -genkey -noout -out $who.raw\n"
	"openssl pkcs8 -topk8 -nocrypt -in $who.raw -out $who.key\n"
	"openssl req -new -key $who.key -subj /CN=$who -out $who.csr\n"
	"printf 'subjectAltName=IP:127.0.0.1' > ext\n"
	"openssl x509 -req -in $who.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out $who.pem\n"
	"done\n"
	"openssl x509 -in client.pem -outform DER -out client.der\n"
	"openssl pkcs12 -export -in client.pem -inkey client.key -passout pass:secret -out client.p12\n"
	"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout foreign.key -subj /CN=foreign -days 2 -out foreign.pem\n"
	"openssl x509 -in foreign.pem -outform DER -out foreign.der\n"
	"openssl pkcs12 -export -in foreign.pem -inkey foreign.key -passout pass:secret -out foreign.p12\n";

static char *
read_file (Fixture *f, const char *name)
{
	g_autofree char *path = g_build_filename (f->dir, name, NULL);
	char *text = NULL;
	g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
	return text;
}

static void
setup (Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	int status = -1;
	f->dir = g_dir_make_tmp ("diqi-tls-XXXXXX", NULL);
	const char *argv[] = { "sh", "-c", script, "sh", f->dir, NULL };
	g_assert_true (g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status, NULL));
	g_assert_cmpint (status, ==, 0);
	f->certificate = read_file (f, "server.pem");
	f->key = read_file (f, "server.key");
	f->ca = read_file (f, "ca.pem");
	site_start (&f->site, (ServerOptions) { .routes = routes, .routes_n = G_N_ELEMENTS (routes), .tls_certificate_pem = f->certificate,
	                                        .tls_key_pem = f->key, .tls_client_ca_pem = f->ca, .header_deadline_ms = 1500 });
	f->base = g_strdup_printf ("https://127.0.0.1:%u", f->site.port);
}

static void
teardown (Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	site_stop (&f->site);
	g_autoptr (GDir) dir = g_dir_open (f->dir, 0, NULL);
	const char *name;
	while ((name = g_dir_read_name (dir)) != NULL) {
		g_autofree char *path = g_build_filename (f->dir, name, NULL);
		g_unlink (path);
	}
	g_rmdir (f->dir);
	g_free (f->dir);
	g_free (f->base);
	g_free (f->certificate);
	g_free (f->key);
	g_free (f->ca);
}

static HttpClient *
client_of (Fixture *f, const char *p12)
{
	g_autofree char *ca = g_build_filename (f->dir, "ca.pem", NULL);
	HttpClient *client = http_client_new (f->base);
	http_client_trust (client, ca);
	if (p12 != NULL) {
		g_autofree char *path = g_build_filename (f->dir, p12, NULL);
		http_client_identity (client, path, "secret");
	}
	return client;
}

static void
assert_seen_as (Fixture *f, HttpClient *client, const char *der_file)
{
	g_autofree char *expected = NULL;
	gsize n = 6;
	if (der_file != NULL) {
		g_autofree char *path = g_build_filename (f->dir, der_file, NULL);
		g_assert_true (g_file_get_contents (path, &expected, &n, NULL));
	} else {
		expected = g_strdup ("nobody");
	}
	for (int i = 0; i < 3; i++) {             /* the later ones over the kept connection */
		g_autoptr (GError) error = NULL;
		g_auto (HttpReply) reply = { 0 };
		g_assert_true (http_request (client, "GET", i % 2 != 0 ? "/quick" : "/who", NULL, NULL, NULL, 0, &reply, &error));
		g_assert_no_error (error);
		g_assert_cmpmem (g_bytes_get_data (reply.body, NULL), g_bytes_get_size (reply.body), expected, n);
	}
}

static void
test_without_certificate (Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_autoptr (HttpClient) client = client_of (f, NULL);
	assert_seen_as (f, client, NULL);
}

static void
test_with_certificate (Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_autoptr (HttpClient) client = client_of (f, "client.p12");
	assert_seen_as (f, client, "client.der");
}

/* Judging is not done here: whoever proves to hold the key is reported, as DER, whatever signed it. */
static void
test_foreign_certificate (Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_autoptr (HttpClient) client = client_of (f, "foreign.p12");
	g_autoptr (GError) error = NULL;
	g_auto (HttpReply) reply = { 0 };
	g_assert_true (http_request (client, "GET", "/who", NULL, NULL, NULL, 0, &reply, &error));
	g_assert_cmpuint (reply.status, ==, 200);
}

static void
test_client_checks_server (Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_autoptr (GError) error = NULL;
	g_auto (HttpReply) reply = { 0 };
	g_autofree char *other = g_build_filename (f->dir, "foreign.pem", NULL);
	g_autoptr (HttpClient) client = http_client_new (f->base);
	http_client_trust (client, other);
	g_assert_false (http_request (client, "GET", "/who", NULL, NULL, NULL, 0, &reply, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_UNAVAILABLE);
}

static int
openssl_client (Fixture *f, const char *options, char **out)
{
	int status = -1;
	g_autofree char *command = g_strdup_printf ("printf 'GET /who HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n' | "
		"timeout 5 openssl s_client -connect 127.0.0.1:%u -CAfile %s/ca.pem -ign_eof %s 2>&1", f->site.port, f->dir, options);
	const char *argv[] = { "sh", "-c", command, NULL };
	g_assert_true (g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, out, NULL, &status, NULL));
	return status;
}

static void
test_versions_and_tickets (Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	static const char *const refused[] = { "-tls1 -cipher DEFAULT:@SECLEVEL=0", "-tls1_1 -cipher DEFAULT:@SECLEVEL=0",
		"-tls1_2 -cipher AES128-SHA", "-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA" };
	for (guint i = 0; i < G_N_ELEMENTS (refused); i++) {
		g_autofree char *out = NULL;
		openssl_client (f, refused[i], &out);
		assert_has_not (out, "HTTP/1.1 200");
	}
	static const char *const accepted[] = { "-tls1_2", "-tls1_3" };
	for (guint i = 0; i < G_N_ELEMENTS (accepted); i++) {
		g_autofree char *out = NULL;
		openssl_client (f, accepted[i], &out);
		assert_has (out, "HTTP/1.1 200");
		assert_has (out, "Verification: OK");
		assert_has_not (out, "TLS session ticket:");
		assert_has (out, "Acceptable client certificate CA names");
	}
}

/* The answer written in the middle of a body goes through the TLS session as well. */
static void
test_big_body (Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_autofree char *body = g_strnfill (200000, 'x');
	g_autoptr (HttpClient) client = client_of (f, NULL);
	static const char *const chunked[] = { "Transfer-Encoding: chunked", NULL };
	for (int i = 0; i < 4; i++) {
		g_autoptr (GError) error = NULL;
		g_auto (HttpReply) reply = { 0 };
		gboolean ok = http_request (client, "POST", "/post", i % 2 != 0 ? chunked : NULL, "text/plain", body, 200000, &reply, &error);
		g_assert_no_error (error);
		g_assert_true (ok);
		g_assert_cmpuint (reply.status, ==, 413);
	}
}

static void
test_silent_peer (Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	int fd = raw_connect (f->site.port);
	gint64 start = g_get_monotonic_time ();
	g_assert_true (raw_is_closed (fd, 4000));
	g_assert_cmpint (g_get_monotonic_time () - start, >, 1000000);
	close (fd);
	fd = raw_connect (f->site.port);
	raw_send (fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", -1);
	g_assert_true (raw_is_closed (fd, 4000));
	close (fd);
}

static void
assert_shows (Fixture *f, const char *subject)
{
	g_autofree char *out = NULL;
	openssl_client (f, "", &out);
	assert_has (out, subject);
	assert_has (out, "Verification: OK");
	assert_has (out, "Acceptable client certificate CA names");
}

/* Another certificate from now on; who is connected goes on, and a faulty one changes nothing. */
static void
test_exchanged_certificate (Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *certificate = read_file (f, "client.pem"), *key = read_file (f, "client.key");
	g_autoptr (HttpClient) before = client_of (f, "client.p12");
	assert_seen_as (f, before, "client.der");
	assert_shows (f, "subject=CN = server");
	const char *const bad[][2] = { { certificate, f->key }, { "nonsense", key }, { certificate, "nonsense" }, { f->certificate, key } };
	for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
		g_assert_false (server_set_certificate (f->site.server, bad[i][0], bad[i][1], &error));
		g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CONFIG);
		g_clear_error (&error);
		assert_shows (f, "subject=CN = server");
	}
	g_assert_true (server_set_certificate (f->site.server, certificate, key, &error));
	g_assert_no_error (error);
	assert_shows (f, "subject=CN = client");
	assert_seen_as (f, before, "client.der");
	g_autoptr (HttpClient) after = client_of (f, "client.p12");
	assert_seen_as (f, after, "client.der");
}

static void
test_validity (Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	g_autoptr (GError) error = NULL;
	Micros begin, end;
	g_assert_true (tls_validity (f->certificate, &begin, &end, &error));
	g_assert_cmpint (end - begin, ==, 2 * MICROS_PER_DAY);
	g_assert_false (tls_validity ("nonsense", &begin, &end, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CONFIG);
}

static void
test_bad_pem (Fixture *f, gconstpointer unused G_GNUC_UNUSED)
{
	const ServerOptions bad[] = {
		{ .tls_certificate_pem = f->certificate },
		{ .tls_key_pem = f->key },
		{ .tls_certificate_pem = "nonsense", .tls_key_pem = f->key },
		{ .tls_certificate_pem = f->certificate, .tls_key_pem = "nonsense" },
	};
	for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
		g_autoptr (GError) error = NULL;
		ServerOptions options = bad[i];
		options.listen = "127.0.0.1:0";
		options.routes = routes;
		options.routes_n = 1;
		options.clock = f->site.clock;
		g_assert_null (server_start (&options, &error));
		g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CONFIG);
	}
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
#define CASE(name) g_test_add ("/net/tls/" #name, Fixture, NULL, setup, test_##name, teardown)
	CASE (without_certificate);
	CASE (with_certificate);
	CASE (foreign_certificate);
	CASE (client_checks_server);
	CASE (versions_and_tickets);
	CASE (exchanged_certificate);
	CASE (validity);
	CASE (big_body);
	CASE (silent_peer);
	CASE (bad_pem);
	return g_test_run ();
}
