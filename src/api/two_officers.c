/* api/two_officers.c — see two_officers.h. */
#include "api/two_officers.h"

#include "base/error.h"

gboolean
api_officer_statement (ApiCall *call, const json_t *member, const char *at, const char *type, Statement **statement, Actor *actor, GError **error)
{
	g_autoptr (Statement) read = NULL;
	g_auto (Judgement) judged = { 0 };

	if (!json_is_string (member))
		return diqi_fail (error, DIQI_ERROR_FIELD_TYPE, at, "a statement is a string");
	read = statement_parse (json_string_value (member), (gssize) json_string_length (member), error);
	if (!read || !api_check_statement (call, read, type, error))
		return FALSE;
	if (!statement_by_certificate (read) || !officers_actor (call->api->officers, statement_signer (read), actor))
		return diqi_fail (error, DIQI_ERROR_STATEMENT_SIGNER, at, "the statement was not signed by an officer");
	/* The second officer has no session here, so his certificate is judged now. */
	if (!certificate_judge_known (call->api->authority, statement_signer (read), request_arrival (call->request), &judged, error) ||
	    !statement_verify (read, actor->certificate, error))
		return FALSE;
	*statement = g_steal_pointer (&read);
	return TRUE;
}

gboolean
api_two_officers (ApiCall *call, const json_t *statements, const char *type, TwoOfficers *out, GError **error)
{
	if (json_array_size (statements) != 2)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/statements", "the statements of two officers are needed");
	for (gsize i = 0; i < 2; i++) {
		g_autofree char *at = g_strdup_printf ("/statements/%zu", i);

		if (!api_officer_statement (call, json_array_get (statements, i), at, type, &out->statement[i], &out->actor[i], error))
			return FALSE;
	}
	return TRUE;
}
