/* api/login.c — login by a signed challenge or by a TLS client certificate; no password exists. */
#include <string.h>

#include "api/routes.h"
#include "base/error.h"
#include "identity/session.h"
#include "identity/subject.h"

#define COOKIE "diqi_session"

/* --- challenge ------------------------------------------------------------------------ */

static gboolean
new_challenge (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	const char *purpose = arg;
	g_autofree char *challenge = NULL;
	Micros expires;
	if (!challenge_new (tx, purpose, request_arrival (call->request), &challenge, &expires, error))
		return FALSE;
	*reply = json_pack ("{s:s, s:s, s:s, s:o}", "challenge", challenge, "purpose", purpose,
	                    "site", call->api->site->site, "expires", json_time (expires));
	return TRUE;
}

static Response *
post_challenge (ApiCall *call, GError **error)
{
	const char *purpose = NULL;
	const Field fields[] = { { "purpose", FIELD_STRING, TRUE, 32, &purpose } };
	if (!JSON_READ (call->body, "", fields, error))
		return NULL;
	if (strcmp (purpose, "login") != 0) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, "/purpose", "the purpose is \"login\"");
		return NULL;
	}
	return api_mutate (call, 201, new_challenge, (gpointer) purpose, error);
}

/* --- opening a session ------------------------------------------------------------------ */

typedef struct {
	const Judgement *judged;
	const char *challenge;       /* NULL when TLS proved the key */
	char *token;
} Opening;

static gboolean
fill_actor (Tx *tx, ApiCall *call, const Judgement *judged, Actor *actor, GError **error)
{
	const Fingerprint *fingerprint = certificate_fingerprint (judged->certificate);
	if (judged->officer) {
		if (!officers_actor (call->api->officers, fingerprint, actor))
			return diqi_fail (error, DIQI_ERROR_CERTIFICATE_REVOKED, NULL, "this officer was removed");
		return TRUE;
	}
	g_auto (Subject) subject = { 0 };
	if (!subject_load (tx, judged->subject, &subject, error))
		return FALSE;
	actor->kind = ACTOR_HOLDER;
	actor->subject = g_strdup (judged->subject);
	actor->name = g_strdup (subject.name);
	actor->fingerprint = *fingerprint;
	actor->certificate = certificate_ref (judged->certificate);
	return TRUE;
}

static json_t *
session_view (const Actor *actor, Micros expires)
{
	g_autofree char *fingerprint = fingerprint_hex (&actor->fingerprint);
	gboolean officer = actor->kind == ACTOR_OFFICER;
	json_t *view = json_pack ("{s:s, s:s?, s:s, s:o, s:s, s:o}", "kind", officer ? "officer" : "holder",
	                          officer ? "person" : "subject", officer ? actor->person : actor->subject,
	                          "name", actor->name, "roles", roles_to_json (actor->roles),
	                          "fingerprint", fingerprint, "expires", json_time (expires));
	return view;
}

static gboolean
open_session (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	Opening *opening = arg;
	Micros now = request_arrival (call->request);
	g_clear_pointer (&opening->token, g_free);
	if (opening->challenge != NULL && !challenge_use (tx, opening->challenge, "login", now, error))
		return FALSE;
	g_auto (Actor) actor = { 0 };
	g_auto (Session) session = { 0 };
	if (!fill_actor (tx, call, opening->judged, &actor, error) ||
	    !session_open (tx, &actor, now, &opening->token, &session, error))
		return FALSE;
	*reply = session_view (&actor, session.expires);
	return TRUE;
}

static Response *
answer_with_cookie (ApiCall *call, Opening *opening, GError **error)
{
	Response *response = api_mutate (call, 201, open_session, opening, error);
	if (response != NULL) {
		g_autofree char *cookie = g_strdup_printf (COOKIE "=%s; Path=/; HttpOnly; SameSite=Strict%s",
		                                           opening->token, request_is_tls (call->request) ? "; Secure" : "");
		response_header (response, "Set-Cookie", cookie);
	}
	g_free (opening->token);
	metrics_add (call->api->metrics, "ca_logins_total", "Logins by result",
	             response != NULL ? "result=\"ok\"" : "result=\"refused\"", 1);
	return response;
}

/* The challenge named by a login statement that this certificate really signed. */
static gboolean
signed_challenge (ApiCall *call, const char *text, const Certificate *certificate, char **challenge, GError **error)
{
	g_autoptr (Statement) statement = statement_parse (text, -1, error);
	if (statement == NULL || !api_check_statement (call, statement, "login", error))
		return FALSE;
	if (!statement_by_certificate (statement) ||
	    !fingerprint_equal (statement_signer (statement), certificate_fingerprint (certificate)))
		return diqi_fail (error, DIQI_ERROR_STATEMENT_SIGNER, "/statement", "the statement names another certificate");
	if (!statement_verify (statement, certificate, error))
		return FALSE;
	const char *type, *site, *nonce, *value = NULL, *purpose = NULL;
	Micros time;
	const Field fields[] = {
		{ "type", FIELD_STRING, TRUE, 0, &type }, { "site", FIELD_STRING, TRUE, 0, &site },
		{ "time", FIELD_TIME, TRUE, 0, &time }, { "nonce", FIELD_STRING, TRUE, 0, &nonce },
		{ "challenge", FIELD_STRING, TRUE, 128, &value }, { "purpose", FIELD_STRING, TRUE, 32, &purpose },
	};
	if (!JSON_READ (statement_payload (statement), "/statement", fields, error))
		return FALSE;
	if (strcmp (purpose, "login") != 0)
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, "/statement", "the statement is for another purpose");
	*challenge = g_strdup (value);
	return TRUE;
}

static Response *
post_login (ApiCall *call, GError **error)
{
	const char *text = NULL;
	g_autoptr (GBytes) der = NULL;
	const Field fields[] = {
		{ "statement", FIELD_STRING, TRUE, STATEMENT_MAX_BYTES, &text },
		{ "certificate", FIELD_BASE64, TRUE, CERTIFICATE_MAX_DER, &der },
	};
	if (!JSON_READ (call->body, "", fields, error))
		return NULL;
	gsize n;
	gconstpointer p = g_bytes_get_data (der, &n);
	g_auto (Judgement) judged = { 0 };
	if (!certificate_judge (call->api->authority, p, n, request_arrival (call->request), &judged, error))
		return NULL;
	g_autofree char *challenge = NULL;
	if (!signed_challenge (call, text, judged.certificate, &challenge, error))
		return NULL;
	Opening opening = { .judged = &judged, .challenge = challenge };
	return answer_with_cookie (call, &opening, error);
}

/* TLS has proven the key; the certificate is judged here like any other. */
static Response *
post_login_tls (ApiCall *call, GError **error)
{
	GBytes *der = request_tls_peer_certificate (call->request);
	if (!request_is_tls (call->request) || der == NULL) {
		diqi_error_set (error, DIQI_ERROR_LOGIN_REQUIRED, NULL, "no client certificate was offered on this connection");
		return NULL;
	}
	gsize n;
	gconstpointer p = g_bytes_get_data (der, &n);
	g_auto (Judgement) judged = { 0 };
	if (!certificate_judge (call->api->authority, p, n, request_arrival (call->request), &judged, error))
		return NULL;
	Opening opening = { .judged = &judged };
	return answer_with_cookie (call, &opening, error);
}

/* --- the session --------------------------------------------------------------------------- */

static gboolean
show_session (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	(void) arg;
	g_auto (Session) session = { 0 };
	if (!session_find (tx, request_cookie (call->request, COOKIE), request_arrival (call->request), &session, error))
		return FALSE;
	*reply = session_view (&call->actor, session.expires);
	return TRUE;
}

static Response *
get_session (ApiCall *call, GError **error)
{
	return api_read (call, show_session, NULL, error);
}

static gboolean
close_session (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	(void) arg;
	(void) reply;
	return session_close (tx, request_cookie (call->request, COOKIE), request_arrival (call->request), error);
}

static Response *
post_logout (ApiCall *call, GError **error)
{
	Response *response = api_mutate (call, 204, close_session, NULL, error);
	if (response != NULL)
		response_header (response, "Set-Cookie", COOKIE "=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
	return response;
}

const ApiRoute login_routes[] = {
	{ "POST", "/api/v1/login/challenge", PERMIT_PUBLIC, 0, 1024, post_challenge },
	{ "POST", "/api/v1/login", PERMIT_PUBLIC, 0, 64 * 1024, post_login },
	{ "POST", "/api/v1/login/tls", PERMIT_PUBLIC, 0, 1024, post_login_tls },
	{ "GET", "/api/v1/session", PERMIT_SESSION, 0, 0, get_session },
	{ "POST", "/api/v1/logout", PERMIT_SESSION, API_NO_BODY, 1024, post_logout },
	{ NULL, NULL, 0, 0, 0, NULL },
};
