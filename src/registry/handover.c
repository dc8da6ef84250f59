/* registry/handover.c — see handover.h. */
#include "registry/handover.h"

#include "base/error.h"
#include "registry/handover_db.h"
#include "registry/point.h"
#include "registry/token_stock.h"

#define READERS (ROLE_CLERK | ROLE_CASHIER | ROLE_REVIEWER | ROLE_ISSUER | ROLE_AUDITOR)

static gboolean
check_parcel (Tx *tx, const char *application, GError **error)
{
	g_autoptr (json_t) parcels = json_array ();

	if (!db_parcel_list (tx, application, parcels, error))
		return FALSE;
	return json_array_size (parcels) > 0 ||
	       diqi_fail (error, DIQI_ERROR_PARCEL_MISSING, "/statement/method", "record the parcel first: nothing was sent for this application");
}

static gboolean
check_tokens (const Handover *handover, guint copies, const char *point, GError **error)
{
	if (g_str_equal (handover->method, "download"))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/statement/tokens", "a token cannot be downloaded");
	if (json_array_size (handover->tokens) != copies)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/statement/tokens", "expected a token for each of %u certificates", copies);
	if (!point)
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, "/statement/point", "from which point's stock?");
	if (!handover->recipient || *handover->recipient == '\0')
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, "/statement/recipient", "who takes the token?");
	if (g_str_equal (handover->method, "counter") && !handover->identity_seen)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/statement/identity_seen", "a token is handed over to somebody whose identity was seen");
	return TRUE;
}

static gboolean
check_handover (Step *step, const Handover *handover, guint copies, const char *point, GError **error)
{
	if (handover->point && !point_expect (step->tx, handover->point, "/statement/point", error))
		return FALSE;
	return point_check_officer (step->tx, point, step->actor->person, error) &&
	       (!g_str_equal (handover->method, "post") || check_parcel (step->tx, step->application.id, error)) &&
	       (!handover->tokens || check_tokens (handover, copies, point, error));
}

static gboolean
write_handover (Step *step, const Handover *handover, const char *point, GError **error)
{
	g_autofree char *identity = fingerprint_hex (statement_identity (step->statement));
	const NewHandover row = {
		.application = step->application.id, .method = handover->method, .point = point, .recipient = handover->recipient,
		.by_person = step->actor->person, .by_name = step->actor->name, .statement_identity = identity,
		.identity_seen = handover->identity_seen, .at = step->now,
	};
	const TokenHandOut out = {
		.point = point, .application = step->application.id, .actor = step->actor, .statement_identity = identity, .now = step->now,
	};

	if (!db_handover_insert (step->tx, &row, error))
		return FALSE;
	if (!handover->tokens)
		return TRUE;
	if (!token_hand_out (step->tx, handover->tokens, &out, error))
		return FALSE;
	for (gsize i = 0; i < json_array_size (handover->tokens); i++)
		if (!db_handover_token_insert (step->tx, step->application.id, (gint64) i,
		                               json_string_value (json_array_get (handover->tokens, i)), error))
			return FALSE;
	json_object_set (step_effect (step), "tokens", (json_t *) handover->tokens);
	return TRUE;
}

gboolean
handover_record (Step *step, const Handover *handover, guint copies, const char *point, GError **error)
{
	const char *where = handover->point ? handover->point : point;

	if (!check_handover (step, handover, copies, where, error) || !write_handover (step, handover, where, error))
		return FALSE;
	json_object_set_new (step_effect (step), "method", json_string (handover->method));
	if (where)
		json_object_set_new (step_effect (step), "point", json_string (where));
	return TRUE;
}

gboolean
handover_view (Tx *tx, const Actor *actor, const char *id, json_t **view, GError **error)
{
	g_auto (Application) application = { 0 };
	g_autoptr (json_t) handover = NULL;
	g_autoptr (json_t) parcels = json_array ();
	g_autoptr (json_t) tokens = json_array ();

	if (!application_load (tx, id, FALSE, &application, error) || !application_check_reader (&application, actor, READERS, error) ||
	    !db_handover_get (tx, id, &handover, error) || !db_handover_tokens (tx, id, tokens, error) || !db_parcel_list (tx, id, parcels, error))
		return FALSE;
	if (handover)
		json_object_set (handover, "tokens", tokens);
	*view = json_pack ("{s:s, s:o, s:O}", "application", id, "handover", handover ? json_incref (handover) : json_null (), "parcels", parcels);
	return TRUE;
}
