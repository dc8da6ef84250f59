/* market/act.c — what every signed act of the market must show. */
#include "market/market_private.h"

#include <string.h>

static gboolean
check_origin (const MarketAct *act, const char *type, Micros at, GError **error)
{
	const Statement *s = act->statement;
	Micros skew = statement_time (s) - at;

	if (strcmp (statement_type (s), type) != 0)
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TYPE, "/statement", "the statement is \"%s\", not \"%s\"", statement_type (s), type);
	if (strcmp (statement_site (s), act->site) != 0)
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, "/statement/site", "the statement was made for another site");
	/* The signer decides, not the session: a statement of somebody else's proves nothing about the actor. */
	if (!statement_by_certificate (s) || !fingerprint_equal (statement_signer (s), &act->actor->fingerprint))
		return diqi_fail (error, DIQI_ERROR_STATEMENT_SIGNER, "/statement", "the statement was not signed by the actor's certificate");
	if (skew > STATEMENT_SKEW || skew < -STATEMENT_SKEW)
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TIME, "/statement/time", "more than 5 minutes from the server's time");
	return TRUE;
}

gboolean
act_read_statement (const MarketAct *act, const char *type, Micros at, const Field *fields, gsize n, GError **error)
{
	const char *text = NULL;
	Micros time = 0;
	const Field common[] = {
		{ "type", FIELD_STRING, TRUE, 32, &text }, { "site", FIELD_STRING, TRUE, 64, &text },
		{ "time", FIELD_TIME, TRUE, 0, &time }, { "nonce", FIELD_STRING, TRUE, 22, &text },
	};
	g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (Field));

	if (!check_origin (act, type, at, error))
		return FALSE;
	g_array_append_vals (all, common, G_N_ELEMENTS (common));
	g_array_append_vals (all, fields, (guint) n);
	return json_read_fields (statement_payload (act->statement), "/statement", (const Field *) (gpointer) all->data, all->len, error);
}

gboolean
act_require_role (const MarketAct *act, guint roles, GError **error)
{
	return actor_has_role (act->actor, roles) ||
	       diqi_fail (error, DIQI_ERROR_PERMISSION, NULL, "this act is not among the actor's roles");
}

json_t *
act_by (const MarketAct *act)
{
	const Actor *actor = act->actor;
	json_t *by = json_object ();

	json_object_set_new (by, "person", json_string (actor->person));
	json_object_set_new (by, "fingerprint", json_hex (actor->fingerprint.b, sizeof actor->fingerprint.b));
	json_object_set_new (by, "roles", roles_to_json (actor->roles));
	return by;
}

void
hash_of_hex (const char *hex, Fingerprint *out)
{
	gboolean read = hex_decode (hex, out->b, sizeof out->b);

	g_assert (read);
}
