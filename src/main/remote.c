/* main/remote.c — see remote.h. */
#include "main/remote.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/random.h"

struct Remote {
	const Cli *cli;
	HttpClient *http;
	char *server, *access_code;
	json_t *site;
	Micros site_time, fetched;       /* the server's clock when asked, and our monotonic clock then */
	PrivateKey *key;
	Certificate *certificate;
	gboolean logged_in;
	gboolean leaving;                /* what logging out says is nobody's answer */
};

void
remote_free (Remote *remote)
{
	if (remote == NULL)
		return;
	if (remote->logged_in) {
		remote->leaving = TRUE;
		g_autoptr (json_t) bye = remote_call (remote, "POST", "/api/v1/logout", NULL, NULL);
	}
	http_client_free (remote->http);
	g_free (remote->server);
	secret_free (remote->access_code);
	json_decref (remote->site);
	g_clear_pointer (&remote->key, private_key_free);
	g_clear_pointer (&remote->certificate, certificate_unref);
	g_free (remote);
}

/* --- identity ------------------------------------------------------------------ */

static char *
pin_beside (const char *p12, GError **error)
{
	g_autofree char *stem = g_str_has_suffix (p12, ".p12") ? g_strndup (p12, strlen (p12) - 4) : g_strdup (p12);
	g_autofree char *beside = g_strconcat (stem, ".pin", NULL);
	if (g_file_test (beside, G_FILE_TEST_EXISTS))
		return secret_read_file (beside, error);
	/* Of double certificates both files have one PIN. */
	if (g_str_has_suffix (stem, "-encryption")) {
		g_autofree char *first = g_strndup (p12, strlen (stem) - strlen ("-encryption"));
		return pin_beside (first, error);
	}
	g_autofree char *prompt = g_strdup_printf ("PIN of %s", p12);
	return secret_ask (prompt, "--pin-file FILE", error);
}

gboolean
identity_open (const char *path, PrivateKey **key, Certificate **certificate, GError **error)
{
	g_autoptr (GBytes) p12 = file_read (path, 1 << 20, error);
	g_autoptr (Secret) pin = p12 != NULL ? pin_beside (path, error) : NULL;
	if (pin == NULL)
		return FALSE;
	if (!pkcs12_open (p12, pin, key, certificate, error)) {
		g_prefix_error (error, "%s: ", path);
		return FALSE;
	}
	return TRUE;
}

static char *
identity_pin (const Cli *cli, const char *p12, GError **error)
{
	const char *file = cli_option (cli, "pin-file");
	return file != NULL ? secret_read_file (file, error) : pin_beside (p12, error);
}

static gboolean
load_identity (Remote *remote, GError **error)
{
	const char *path = cli_option (remote->cli, "as");
	if (path == NULL)
		return TRUE;
	g_autoptr (GBytes) p12 = file_read (path, 1 << 20, error);
	if (p12 == NULL)
		return FALSE;
	g_autoptr (Secret) pin = identity_pin (remote->cli, path, error);
	if (pin == NULL)
		return FALSE;
	if (!pkcs12_open (p12, pin, &remote->key, &remote->certificate, error)) {
		g_prefix_error (error, "%s: ", path);
		return FALSE;
	}
	return TRUE;
}

/* --- calls ----------------------------------------------------------------------- */

static const char *
member_text (const json_t *object, const char *name)
{
	return json_string_value (json_object_get (object, name));
}

/* Makes a GError of a problem reply, keeping the server's code and field. */
static void
problem_to_error (const HttpReply *reply, GError **error)
{
	const char *code_name = reply->json != NULL ? member_text (reply->json, "code") : NULL;
	if (code_name == NULL) {
		diqi_error_set (error, DIQI_ERROR_UNAVAILABLE, NULL, "the server answered HTTP %u without a reason", reply->status);
		return;
	}
	DiqiErrorCode code;
	if (!diqi_code_from_name (code_name, &code))
		code = reply->status >= 500 ? DIQI_ERROR_INTERNAL : DIQI_ERROR_REQUEST;
	const char *title = member_text (reply->json, "title");
	const char *detail = member_text (reply->json, "detail");
	const json_t *first = json_array_get (json_object_get (reply->json, "errors"), 0);
	diqi_error_set (error, code, member_text (first, "pointer"), "%s%s%s (HTTP %u %s, request %s)",
	                title != NULL ? title : code_name, detail != NULL ? ": " : "", detail != NULL ? detail : "",
	                reply->status, code_name, member_text (reply->json, "request_id"));
}

static gboolean
exchange_bytes (Remote *remote, const char *method, const char *path, const char *type, gconstpointer body, gsize n,
                const char *if_match, HttpReply *reply, GError **error)
{
	g_autoptr (GPtrArray) headers = g_ptr_array_new_with_free_func (g_free);
	if (strcmp (method, "POST") == 0) {
		const char *key = cli_option (remote->cli, "idempotency-key");
		g_autofree char *fresh = key == NULL ? random_token (16) : NULL;
		g_ptr_array_add (headers, g_strdup_printf ("Idempotency-Key: %s", key != NULL ? key : fresh));
	}
	if (if_match != NULL)
		g_ptr_array_add (headers, g_strdup_printf ("If-Match: %s", if_match));
	if (remote->access_code != NULL)
		g_ptr_array_add (headers, g_strdup_printf ("Diqi-Access-Code: %s", remote->access_code));
	g_ptr_array_add (headers, NULL);

	if (!http_request (remote->http, method, path, (const char *const *) headers->pdata, type, body, n, reply, error))
		return FALSE;
	if (reply->status < 200 || reply->status >= 300) {
		problem_to_error (reply, error);
		if (cli_wants_json (remote->cli) && reply->json != NULL && !remote->leaving)
			cli_print (remote->cli, reply->json);
		return FALSE;
	}
	return TRUE;
}

static gboolean
exchange (Remote *remote, const char *method, const char *path, json_t *body, const char *if_match,
          HttpReply *reply, GError **error)
{
	g_autofree char *text = body != NULL ? json_dumps (body, JSON_COMPACT) : NULL;
	json_decref (body);
	return exchange_bytes (remote, method, path, text != NULL ? "application/json" : NULL, text, text != NULL ? strlen (text) : 0,
	                       if_match, reply, error);
}

json_t *
remote_upload (Remote *remote, const char *path, GBytes *content, GError **error)
{
	g_auto (HttpReply) reply = { 0 };
	gsize n;
	gconstpointer p = g_bytes_get_data (content, &n);
	if (!exchange_bytes (remote, "POST", path, "application/octet-stream", p, n, NULL, &reply, error))
		return NULL;
	return reply.json != NULL ? json_incref (reply.json) : json_null ();
}

GBytes *
remote_fetch_by_post (Remote *remote, const char *path, json_t *body, GError **error)
{
	g_auto (HttpReply) reply = { 0 };
	if (!exchange (remote, "POST", path, body, NULL, &reply, error))
		return NULL;
	return g_bytes_ref (reply.body);
}

json_t *
remote_call_etag (Remote *remote, const char *method, const char *path, json_t *body,
                   const char *if_match, char **etag, GError **error)
{
	g_auto (HttpReply) reply = { 0 };
	if (!exchange (remote, method, path, body, if_match, &reply, error))
		return NULL;
	if (etag != NULL)
		*etag = g_strdup (reply.etag);
	return reply.json != NULL ? json_incref (reply.json) : json_null ();
}

json_t *
remote_call (Remote *remote, const char *method, const char *path, json_t *body, GError **error)
{
	return remote_call_etag (remote, method, path, body, NULL, NULL, error);
}

GBytes *
remote_fetch (Remote *remote, const char *path, GError **error)
{
	g_auto (HttpReply) reply = { 0 };
	if (!exchange (remote, "GET", path, NULL, NULL, &reply, error))
		return NULL;
	return g_bytes_ref (reply.body);
}

/* --- opening --------------------------------------------------------------------- */

static gboolean
ask_site (Remote *remote, GError **error)
{
	remote->site = remote_call (remote, "GET", "/api/v1/site", NULL, error);
	if (remote->site == NULL)
		return FALSE;
	remote->fetched = clock_monotonic ();
	const char *time = member_text (remote->site, "time");
	if (remote_site (remote) == NULL || time == NULL)
		return diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "%s does not answer like a Diqi site", remote->server);
	return time_parse (time, &remote->site_time, error);
}

Remote *
remote_open (const Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = g_new0 (Remote, 1);
	const char *server = cli_option (cli, "server");
	if (server == NULL)
		server = g_getenv ("DIQI_SERVER");
	remote->cli = cli;
	remote->server = g_strdup (server != NULL ? server : "http://127.0.0.1:8080");
	remote->http = http_client_new (remote->server);
	if (cli_option (cli, "ca") != NULL)
		http_client_trust (remote->http, cli_option (cli, "ca"));
	if (!load_identity (remote, error) || !ask_site (remote, error))
		return NULL;
	return g_steal_pointer (&remote);
}

const char *remote_site (const Remote *remote) { return member_text (remote->site, "site"); }
const json_t *remote_site_facts (const Remote *remote) { return remote->site; }
HttpClient *remote_http (Remote *remote) { return remote->http; }
const char *remote_server (const Remote *remote) { return remote->server; }
const Certificate *remote_certificate (const Remote *remote) { return remote->certificate; }

void
remote_use_access_code (Remote *remote, const char *code)
{
	secret_free (remote->access_code);
	remote->access_code = g_strdup (code);
}

/* --- statements ------------------------------------------------------------------ */

static void
complete_payload (const Remote *remote, const char *type, json_t *payload)
{
	g_autofree char *nonce = random_token (16);
	/* The server's clock, carried on by ours: a statement must fall within minutes of it. */
	Micros now = remote->site_time + (clock_monotonic () - remote->fetched);
	json_object_set_new (payload, "type", json_string (type));
	json_object_set_new (payload, "site", json_string (remote_site (remote)));
	json_object_set_new (payload, "time", json_time (now));
	json_object_set_new (payload, "nonce", json_string (nonce));
}

char *
remote_statement_with (Remote *remote, const char *path, const char *type, json_t *members, GError **error)
{
	g_autoptr (json_t) payload = members;
	g_autoptr (PrivateKey) key = NULL;
	g_autoptr (Certificate) certificate = NULL;
	if (!identity_open (path, &key, &certificate, error))
		return NULL;
	complete_payload (remote, type, payload);
	return statement_sign (payload, key, certificate, error);
}

char *
remote_statement (Remote *remote, const char *type, json_t *members, const PrivateKey *key, GError **error)
{
	g_autoptr (json_t) payload = members;
	complete_payload (remote, type, payload);
	if (key == NULL && remote->key == NULL) {
		diqi_error_set (error, DIQI_ERROR_LOGIN_REQUIRED, NULL, "this needs a certificate: --as FILE.p12");
		return NULL;
	}
	return statement_sign (payload, key != NULL ? key : remote->key, key != NULL ? NULL : remote->certificate, error);
}

gboolean
remote_login (Remote *remote, GError **error)
{
	if (remote->logged_in)
		return TRUE;
	g_autoptr (json_t) challenge = remote_call (remote, "POST", "/api/v1/login/challenge",
	                                             json_pack ("{s:s}", "purpose", "login"), error);
	if (challenge == NULL)
		return FALSE;
	const char *nonce = member_text (challenge, "challenge");
	g_autofree char *statement = remote_statement (remote, "login",
	                                                json_pack ("{s:s?, s:s}", "challenge", nonce, "purpose", "login"), NULL, error);
	if (statement == NULL)
		return FALSE;
	g_autoptr (GBytes) der = certificate_der (remote->certificate);
	gsize n;
	gconstpointer p = g_bytes_get_data (der, &n);
	json_t *body = json_pack ("{s:s, s:o}", "statement", statement, "certificate", json_base64 (p, n));
	g_autoptr (json_t) view = remote_call (remote, "POST", "/api/v1/login", body, error);
	remote->logged_in = view != NULL;
	return view != NULL;
}

json_t *
remote_act (Remote *remote, const char *path, const char *type, json_t *members, GError **error)
{
	g_autoptr (json_t) owned = members;
	if (!remote_login (remote, error))
		return NULL;
	g_autofree char *statement = remote_statement (remote, type, g_steal_pointer (&owned), NULL, error);
	if (statement == NULL)
		return NULL;
	return remote_call (remote, "POST", path, json_pack ("{s:s}", "statement", statement), error);
}

/* --- what most commands do -------------------------------------------------------- */

Remote *
remote_open_logged_in (const Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open (cli, error);
	if (remote == NULL || !remote_login (remote, error))
		return NULL;
	return g_steal_pointer (&remote);
}

Remote *
remote_open_maybe_logged_in (const Cli *cli, GError **error)
{
	return cli_option (cli, "as") != NULL ? remote_open_logged_in (cli, error) : remote_open (cli, error);
}

gboolean
remote_print_columns (const Cli *cli, Remote *remote, const char *path, const char *columns, GError **error)
{
	g_autoptr (json_t) view = remote_call (remote, "GET", path, NULL, error);
	cli_print_columns (cli, view, columns);
	return view != NULL;
}

gboolean
remote_print (const Cli *cli, Remote *remote, const char *path, GError **error)
{
	return remote_print_columns (cli, remote, path, NULL, error);
}

gboolean
remote_act_and_print (const Cli *cli, Remote *remote, const char *path, const char *type, json_t *members, GError **error)
{
	g_autoptr (json_t) view = remote_act (remote, path, type, members, error);
	cli_print (cli, view);
	return view != NULL;
}

json_t *
json_file_read (const char *path, GError **error)
{
	g_autoptr (GBytes) bytes = file_read (path, 1 << 20, error);
	if (bytes == NULL)
		return NULL;
	json_t *value = json_read_strict (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), 1 << 20, error);
	if (value == NULL)
		g_prefix_error (error, "%s: ", path);
	return value;
}

Remote *
remote_open_ticket (const Cli *cli, char **id, GError **error)
{
	g_autoptr (json_t) ticket = json_file_read (cli_option (cli, "ticket"), error);
	if (ticket == NULL)
		return NULL;
	const char *application = NULL, *code = NULL, *server = NULL;
	const Field fields[] = {
		{ "application", FIELD_UUID, TRUE, 0, &application },
		{ "access_code", FIELD_STRING, TRUE, 0, &code },
		{ "server", FIELD_STRING, FALSE, 1024, &server },
	};
	if (!JSON_READ (ticket, "", fields, error)) {
		g_prefix_error (error, "%s is no ticket of \"application new\": ", cli_option (cli, "ticket"));
		return NULL;
	}
	g_autoptr (Remote) remote = remote_open (cli, error);
	if (remote == NULL)
		return NULL;
	remote_use_access_code (remote, code);
	*id = g_strdup (application);
	return g_steal_pointer (&remote);
}
