/* api/call.c — from an HTTP request to a permitted, parsed call. */
#include "api/call.h"

#include <string.h>

#include "api/idempotency.h"
#include "base/error.h"
#include "base/log.h"
#include "identity/session.h"

#define STATEMENT_SKEW (5 * MICROS_PER_MIN)

/* --- who ---------------------------------------------------------------------------- */

typedef struct {
	const char *token;
	Micros now;
	Session session;
} SessionSearch;

static gboolean
search_session (Tx *tx, gpointer arg, GError **error)
{
	SessionSearch *s = arg;
	return session_find (tx, s->token, s->now, &s->session, error);
}

static gboolean
touch_session (Tx *tx, gpointer arg, GError **error)
{
	SessionSearch *s = arg;
	return session_touch (tx, s->session.id, s->now, error);
}

/* A session stands for its certificate, which must be good at every request. */
static gboolean
actor_of_session (ApiCall *call, const char *token, GError **error)
{
	Api *api = call->api;
	SessionSearch search = { .token = token, .now = request_arrival (call->request) };
	if (!store_read (api->store, "session.find", search_session, &search, error))
		return FALSE;
	g_auto (Session) session = search.session;
	g_auto (Judgement) judged = { 0 };
	if (!certificate_judge_known (api->authority, &session.fingerprint, search.now, &judged, error))
		return FALSE;
	if (session_wants_touch (&session, search.now) &&
	    !store_run (api->store, "session.touch", touch_session, &search, error))
		return FALSE;
	if (judged.officer) {
		if (!officers_actor (api->officers, &session.fingerprint, &call->actor))
			return diqi_fail (error, DIQI_ERROR_LOGIN_REQUIRED, NULL, "this officer was removed");
	} else {
		call->actor.kind = ACTOR_HOLDER;
		call->actor.subject = g_strdup (judged.subject);
		call->actor.name = g_strdup (session.name);
	}
	call->actor.fingerprint = session.fingerprint;
	g_clear_pointer (&call->actor.certificate, certificate_unref);
	call->actor.certificate = certificate_ref (judged.certificate);
	return TRUE;
}

typedef struct {
	const char *id, *code;
	Actor *out;
} CodeSearch;

static gboolean
search_code (Tx *tx, gpointer arg, GError **error)
{
	CodeSearch *s = arg;
	return application_open_by_code (tx, s->id, s->code, s->out, error);
}

gboolean
api_find_actor (ApiCall *call, gboolean *found, GError **error)
{
	const char *token = request_cookie (call->request, "diqi_session");
	const char *code = request_header (call->request, "Diqi-Access-Code");
	const char *id = request_param (call->request, "id");
	*found = FALSE;
	if (code != NULL && (call->route->permission & PERMIT_APPLICANT) != 0 && id != NULL) {
		CodeSearch search = { id, code, &call->actor };
		*found = store_read (call->api->store, "application.open", search_code, &search, error);
		return *found;
	}
	if (token == NULL)
		return TRUE;
	*found = actor_of_session (call, token, error);
	return *found;
}

static gboolean
permitted (const ApiCall *call)
{
	guint permission = call->route->permission;
	if ((permission & PERMIT_PUBLIC) != 0)
		return TRUE;
	if ((permission & PERMIT_TEST_SITE) != 0)
		return call->api->site->test_site;
	if (!call->has_actor)
		return FALSE;
	switch (call->actor.kind) {
	case ACTOR_OFFICER:
		return (permission & PERMIT_OFFICER) != 0 || (permission & call->actor.roles & ROLE_ALL) != 0;
	case ACTOR_HOLDER:
		return (permission & (PERMIT_HOLDER | PERMIT_APPLICANT)) != 0;
	case ACTOR_APPLICANT:
		return (permission & PERMIT_APPLICANT) != 0;
	}
	return FALSE;
}

static gboolean
check_permission (ApiCall *call, GError **error)
{
	g_autoptr (GError) why = NULL;
	if (!api_find_actor (call, &call->has_actor, &why)) {
		/* A stale cookie does not lock anybody out of what anybody may, nor of logging in again. */
		if ((call->route->permission & (PERMIT_PUBLIC | PERMIT_TEST_SITE)) == 0) {
			g_propagate_error (error, g_steal_pointer (&why));
			return FALSE;
		}
		actor_clear (&call->actor);
		memset (&call->actor, 0, sizeof call->actor);
		call->has_actor = FALSE;
	}
	if (permitted (call))
		return TRUE;
	if ((call->route->permission & PERMIT_TEST_SITE) != 0)
		return diqi_fail (error, DIQI_ERROR_CLOCK, NULL, "only a test site allows this");
	if (!call->has_actor)
		return diqi_fail (error, DIQI_ERROR_LOGIN_REQUIRED, NULL, "log in with a certificate first");
	return diqi_fail (error, DIQI_ERROR_PERMISSION, NULL, "%s %s is not for you", call->route->method, call->route->path);
}

/* --- what --------------------------------------------------------------------------- */

static gboolean
read_body (ApiCall *call, GError **error)
{
	gsize n = 0;
	gconstpointer p = g_bytes_get_data (request_body (call->request), &n);
	gboolean writes = strcmp (call->route->method, "POST") == 0 || strcmp (call->route->method, "PUT") == 0;
	if (!writes || (call->route->flags & (API_NO_BODY | API_RAW_BODY)) != 0)
		return TRUE;
	const char *type = request_header (call->request, "Content-Type");
	if (type == NULL || g_ascii_strncasecmp (type, "application/json", 16) != 0 ||
	    (type[16] != '\0' && type[16] != ';' && type[16] != ' '))
		return diqi_fail (error, DIQI_ERROR_MEDIA_TYPE, NULL, "the body must be application/json");
	call->body = json_read_strict (p, n, call->route->body_limit, error);
	if (call->body == NULL)
		return FALSE;
	if (!json_is_object (call->body))
		return diqi_fail (error, DIQI_ERROR_FIELD_TYPE, "", "the body must be a JSON object");
	return TRUE;
}

static gboolean
read_idempotency_key (ApiCall *call, GError **error)
{
	if ((call->route->flags & API_IDEMPOTENT) == 0)
		return TRUE;
	const char *key = request_header (call->request, "Idempotency-Key");
	if (key == NULL)
		return diqi_fail (error, DIQI_ERROR_IDEMPOTENCY_MISSING, NULL, "this call needs an Idempotency-Key header");
	gsize n = strspn (key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
	if (n < 1 || n > 64 || key[n] != '\0')
		return diqi_fail (error, DIQI_ERROR_REQUEST, NULL, "Idempotency-Key is 1 to 64 characters of A-Z a-z 0-9 _ -");
	call->idempotency_key = key;
	return TRUE;
}

static gboolean
read_if_match (ApiCall *call, GError **error)
{
	if ((call->route->flags & API_IF_MATCH) == 0)
		return TRUE;
	const char *tag = request_header (call->request, "If-Match");
	if (tag == NULL)
		return diqi_fail (error, DIQI_ERROR_IF_MATCH_MISSING, NULL, "send If-Match with the ETag of what you changed");
	gsize n = strlen (tag);
	guint64 version;
	if (n < 4 || tag[0] != '"' || tag[1] != 'v' || tag[n - 1] != '"')
		return diqi_fail (error, DIQI_ERROR_IF_MATCH_STALE, NULL, "If-Match names no version of this");
	g_autofree char *digits = g_strndup (tag + 2, n - 3);
	if (!g_ascii_string_to_unsigned (digits, 10, 0, G_MAXINT32, &version, NULL))
		return diqi_fail (error, DIQI_ERROR_IF_MATCH_STALE, NULL, "If-Match names no version of this");
	call->if_match = (gint64) version;
	return TRUE;
}

Response *
api_handle (Request *request)
{
	ApiCall call = { .request = request, .api = request_user (request), .route = request_route_data (request) };
	g_autoptr (GError) error = NULL;
	Response *response = NULL;
	if (check_permission (&call, &error) && read_idempotency_key (&call, &error) &&
	    read_if_match (&call, &error) && read_body (&call, &error))
		response = call.route->fn (&call, &error);
	if (response == NULL)
		response = response_problem (request, error, NULL);
	json_decref (call.body);
	actor_clear (&call.actor);
	return response;
}

/* --- statements --------------------------------------------------------------------- */

gboolean
api_check_statement (ApiCall *call, const Statement *statement, const char *type, GError **error)
{
	const char *at = "/statement";
	if (strcmp (statement_type (statement), type) != 0)
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TYPE, at, "the statement is of type \"%s\", not \"%s\"", statement_type (statement), type);
	if (strcmp (statement_site (statement), call->api->site->site) != 0)
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, at, "the statement was made for another site");
	Micros skew = statement_time (statement) - request_arrival (call->request);
	if (skew > STATEMENT_SKEW || skew < -STATEMENT_SKEW)
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TIME, at, "the statement's time is more than 5 minutes from the server's");
	return TRUE;
}

static Statement *
member_statement (ApiCall *call, const char *type, GError **error)
{
	const json_t *member = json_object_get (call->body, "statement");
	if (!json_is_string (member)) {
		diqi_error_set (error, DIQI_ERROR_FIELD_MISSING, "/statement", "a signed statement is required");
		return NULL;
	}
	g_autoptr (Statement) statement = statement_parse (json_string_value (member), (gssize) json_string_length (member), error);
	if (statement == NULL || !api_check_statement (call, statement, type, error))
		return NULL;
	return g_steal_pointer (&statement);
}

Statement *
api_statement (ApiCall *call, const char *type, GError **error)
{
	g_autoptr (Statement) statement = member_statement (call, type, error);
	if (statement == NULL)
		return NULL;
	if (!statement_by_certificate (statement) || !fingerprint_equal (statement_signer (statement), &call->actor.fingerprint)) {
		diqi_error_set (error, DIQI_ERROR_STATEMENT_SIGNER, "/statement", "the statement was not signed with the certificate of this session");
		return NULL;
	}
	if (!statement_verify (statement, call->actor.certificate, error))
		return NULL;
	return g_steal_pointer (&statement);
}

Statement *
api_only_statement (ApiCall *call, const char *type, GError **error)
{
	const char *text = NULL;
	const Field fields[] = { { "statement", FIELD_STRING, TRUE, STATEMENT_MAX_BYTES, &text } };
	if (!JSON_READ (call->body, "", fields, error))
		return NULL;
	return api_statement (call, type, error);
}
