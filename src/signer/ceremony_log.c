/* signer/ceremony_log.c — see ceremony_log.h. */
#include "signer/ceremony_log.h"

#include <string.h>

#include "base/error.h"
#include "signer/transcript.h"

gboolean
ceremony_log_replay (GArray *held, const json_t *record, goffset offset, gsize n, GError **error)
{
	const char *type, *transcript, *text = NULL;
	CeremonyHeld one = { .offset = offset, .n = n };
	const Field fields[] = {
		{ "type", FIELD_STRING, TRUE, 16, &type }, { "time", FIELD_TIME, TRUE, 0, &one.time }, { "transcript", FIELD_HEX32, TRUE, 0, &transcript },
		{ "text", FIELD_STRING, FALSE, TRANSCRIPT_MAX, &text },
	};
	if (!JSON_READ (record, "", fields, error))
		return FALSE;
	if (!hex_decode (transcript, one.transcript.b, sizeof one.transcript.b))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/transcript", "not a hash");
	one.kept = text != NULL;
	g_array_append_val (held, one);
	return TRUE;
}

json_t *
ceremony_log_members (const Fingerprint *transcript, GBytes *text)
{
	gsize n;
	const char *p = g_bytes_get_data (text, &n);
	return json_pack ("{s:o, s:o}", "transcript", json_hex (transcript->b, sizeof transcript->b), "text", json_stringn (p, n));
}

GBytes *
ceremony_log_text (const json_t *record, const CeremonyHeld *held, GError **error)
{
	const char *text = json_string_value (json_object_get (record, "text"));
	Fingerprint actual;
	if (text != NULL)
		fingerprint_of (text, strlen (text), &actual);
	if (text == NULL || !fingerprint_equal (&actual, &held->transcript)) {
		diqi_error_set (error, DIQI_ERROR_INTERNAL, NULL, "the journal's transcript is not the one of its hash");
		return NULL;
	}
	return g_bytes_new (text, strlen (text));
}
