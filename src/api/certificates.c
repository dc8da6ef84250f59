/* api/certificates.c — public status, revocation, subjects. */
#include <string.h>

#include "api/routes.h"
#include "api/two_officers.h"
#include "base/error.h"
#include "registry/mass_revocation.h"

static gboolean
view (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	(void) arg;
	return registry_certificate_view (tx, call->api->registry, request_param (call->request, "serial"), reply, error);
}

static Response *
get_certificate (ApiCall *call, GError **error)
{
	return api_read (call, view, NULL, error);
}

static gboolean
revoke_certificate (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	return registry_certificate_revoke (tx, call->api->registry, &call->actor, request_param (call->request, "serial"), arg, reply, error);
}

static Response *
post_revoke (ApiCall *call, GError **error)
{
	g_autoptr (Statement) statement = api_only_statement (call, "certificate.revoke", error);
	if (statement == NULL)
		return NULL;
	return api_mutate (call, 200, revoke_certificate, statement, error);
}

/* --- many at once ----------------------------------------------------------------------- */

typedef struct {
	json_t *serials;
	TwoOfficers two;
} ManyArgs;

static gboolean
revoke_many (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	const ManyArgs *many = arg;
	return mass_revocation_begin (tx, call->api->registry, many->serials, &many->two, reply, error);
}

static Response *
post_revocations (ApiCall *call, GError **error)
{
	ManyArgs many = { 0 };
	json_t *statements = NULL;
	const Field fields[] = {
		{ "serials", FIELD_ARRAY, TRUE, REVOKE_MANY_MAX, &many.serials }, { "statements", FIELD_ARRAY, TRUE, 2, &statements },
	};
	Response *response = NULL;
	if (JSON_READ (call->body, "", fields, error) && api_two_officers (call, statements, "certificate.revoke_many", &many.two, error))
		response = api_mutate (call, 202, revoke_many, &many, error);
	two_officers_clear (&many.two);
	return response;
}

static gboolean
view_many (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	(void) arg;
	return mass_revocation_view (tx, request_param (call->request, "batch"), reply, error);
}

static Response *
get_revocation (ApiCall *call, GError **error)
{
	return api_read (call, view_many, NULL, error);
}

static gboolean
search (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	return registry_subjects (tx, call->api->registry, arg, reply, error);
}

static Response *
get_subjects (ApiCall *call, GError **error)
{
	const char *query = request_query (call->request, "query");
	if (query == NULL || *query == '\0' || strlen (query) > 256) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, "query", "?query= is part of a name or the beginning of a credit code");
		return NULL;
	}
	return api_read (call, search, (gpointer) query, error);
}

/* 40 digits, quotes and comma, for each; a blank may follow. */
#define MANY_LIMIT (REVOKE_MANY_MAX * 44 + 2 * STATEMENT_MAX_BYTES + 1024)

const ApiRoute certificate_routes[] = {
	{ "GET", "/api/v1/certificates/{serial}", PERMIT_PUBLIC, 0, 0, get_certificate },
	{ "POST", "/api/v1/certificates/{serial}/revoke", PERMIT_HOLDER | ROLE_REVIEWER | ROLE_ISSUER, API_IDEMPOTENT,
	  STATEMENT_MAX_BYTES + 1024, post_revoke },
	{ "POST", "/api/v1/revocations", ROLE_REVIEWER | ROLE_ISSUER, API_IDEMPOTENT, MANY_LIMIT, post_revocations },
	{ "GET", "/api/v1/revocations/{batch}", ROLE_REVIEWER | ROLE_ISSUER | ROLE_AUDITOR, 0, 0, get_revocation },
	{ "GET", "/api/v1/subjects", ROLE_MARKET_APPROVER | ROLE_CLERK | ROLE_AUDITOR, 0, 0, get_subjects },
	{ NULL, NULL, 0, 0, 0, NULL },
};
