/* api/officers.c — the officers the signer pins, and changing them by two signatures. */
#include <string.h>

#include "api/list_changes.h"
#include "api/routes.h"
#include "base/error.h"

static Response *
get_officers (ApiCall *call, GError **error)
{
	(void) error;
	g_autoptr (OfficerList) officers = officers_current (call->api->officers);
	return api_reply (call, 200, officer_list_document (officers));
}

/* --- change --------------------------------------------------------------------------- */

typedef struct {
	Statement *statements[2];
	json_t *list;                /* as proposed */
} Change;

static void
change_clear (Change *change)
{
	for (guint i = 0; i < G_N_ELEMENTS (change->statements); i++)
		g_clear_pointer (&change->statements[i], statement_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Change, change_clear)

/* Each is checked here for a clear answer; what counts is that the signer checks them itself. */
static gboolean
read_statement (ApiCall *call, const OfficerList *officers, const json_t *member, Change *change, guint i, GError **error)
{
	if (!json_is_string (member))
		return diqi_fail (error, DIQI_ERROR_FIELD_TYPE, "/statements", "statements are strings");
	change->statements[i] = statement_parse (json_string_value (member), -1, error);
	if (change->statements[i] == NULL || !api_check_statement (call, change->statements[i], "officers.change", error))
		return FALSE;
	const Officer *officer = officer_list_find (officers, statement_signer (change->statements[i]));
	if (officer == NULL || !statement_by_certificate (change->statements[i]))
		return diqi_fail (error, DIQI_ERROR_STATEMENT_SIGNER, "/statements", "statement %u was not signed by an officer", i + 1);
	return statement_verify (change->statements[i], officer->certificate, error);
}

static gboolean
read_change (ApiCall *call, Change *change, GError **error)
{
	json_t *statements = NULL;
	const Field fields[] = {
		{ "statements", FIELD_ARRAY, TRUE, 2, &statements },
		{ "list", FIELD_OBJECT, TRUE, 0, &change->list },
	};
	if (!JSON_READ (call->body, "", fields, error))
		return FALSE;
	if (json_array_size (statements) != 2)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/statements", "two officers' statements are needed");
	g_autoptr (OfficerList) officers = officers_current (call->api->officers);
	for (guint i = 0; i < 2; i++) {
		if (!read_statement (call, officers, json_array_get (statements, i), change, i, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean
change_officers (ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	Change *change = arg;
	return officers_change_apply (call->api, change->list, change->statements, request_arrival (call->request), reply, error);
}

static Response *
post_officers (ApiCall *call, GError **error)
{
	g_auto (Change) change = { 0 };
	if (!read_change (call, &change, error))
		return NULL;
	return api_mutate_outside (call, 200, change_officers, &change, error);
}

const ApiRoute officer_routes[] = {
	{ "GET", "/api/v1/officers", ROLE_ADMINISTRATOR | ROLE_AUDITOR, 0, 0, get_officers },
	{ "POST", "/api/v1/officers", ROLE_ADMINISTRATOR, API_IDEMPOTENT, 512 * 1024, post_officers },
	{ NULL, NULL, 0, 0, 0, NULL },
};
