/* api/people.c — who stands behind officers and subjects. */
#include "api/routes.h"
#include "api/two_officers.h"
#include "base/error.h"
#include "registry/officer_identity.h"

static gboolean
identify (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	g_autoptr (OfficerList) officers = officers_current (call->api->officers);
	return officer_record_identity (tx, call->api->registry, officers, arg, reply, error);
}

static Response *
post_identity (ApiCall *call, GError **error)
{
	g_auto (TwoOfficers) two = { 0 };
	json_t *statements = NULL;
	const Field fields[] = { { "statements", FIELD_ARRAY, TRUE, 2, &statements } };
	if (!JSON_READ (call->body, "", fields, error) || !api_two_officers (call, statements, "officer.identify", &two, error))
		return NULL;
	return api_mutate (call, 200, identify, &two, error);
}

static gboolean
view (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	(void) arg;
	*reply = people_view (tx, request_param (call->request, "id"), error);
	return *reply != NULL;
}

static Response *
get_people (ApiCall *call, GError **error)
{
	return api_read (call, view, NULL, error);
}

const ApiRoute people_routes[] = {
	{ "POST", "/api/v1/officers/identities", ROLE_ADMINISTRATOR, API_IDEMPOTENT, 2 * STATEMENT_MAX_BYTES + 1024, post_identity, NULL, NULL },
	{ "GET", "/api/v1/subjects/{id}/people", ROLE_CLERK | ROLE_REVIEWER | ROLE_AUDITOR, 0, 0, get_people, NULL, NULL },
	{ NULL, NULL, 0, 0, 0, NULL, NULL, NULL },
};
