/* signer/pin_log.c — see pin_log.h. */
#include "signer/pin_log.h"

#include "base/error.h"

gboolean
pin_log_replay (GHashTable *pins, const json_t *record, Micros *time, GError **error)
{
	const char *type, *ticket, *token, *spki;
	json_t *statements;
	Fingerprint key;
	const Field fields[] = {
		{ "type", FIELD_STRING, TRUE, 16, &type }, { "time", FIELD_TIME, TRUE, 0, time }, { "ticket", FIELD_STRING, TRUE, 80, &ticket },
		{ "token", FIELD_STRING, TRUE, 64, &token }, { "spki", FIELD_HEX32, TRUE, 0, &spki },
		{ "statements", FIELD_ARRAY, TRUE, JOURNAL_PIN_STATEMENTS, &statements },
	};
	if (!JSON_READ (record, "", fields, error))
		return FALSE;
	if (!hex_decode (spki, key.b, sizeof key.b))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/spki", "not a hash");
	g_hash_table_insert (pins, g_strdup (ticket), g_memdup2 (&key, sizeof key));
	return TRUE;
}

json_t *
pin_log_add (GHashTable *pins, const JournalPin *pin)
{
	json_t *statements = json_array ();
	for (gsize i = 0; i < pin->n; i++)
		json_array_append_new (statements, json_hex (pin->statements[i].b, sizeof pin->statements[i].b));
	g_hash_table_insert (pins, g_strdup (pin->ticket), g_memdup2 (pin->spki, sizeof *pin->spki));
	return json_pack ("{s:s, s:s, s:o, s:o}", "ticket", pin->ticket, "token", pin->token, "spki", json_hex (pin->spki->b, sizeof pin->spki->b),
		"statements", statements);
}
