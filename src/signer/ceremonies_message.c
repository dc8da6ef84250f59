/* signer/ceremonies_message.c — the message "ceremonies": which were held, and their transcripts, and the one that was cut off, for whoever keeps the public log. */
#include <string.h>

#include "base/error.h"
#include "signer/dispatch.h"

static json_t *
list (const GArray *held, const json_t *open)
{
	json_t *out = json_array ();
	for (guint i = 0; i < held->len; i++) {
		const CeremonyHeld *one = &g_array_index (held, CeremonyHeld, i);
		json_array_append_new (out, json_pack ("{s:o, s:o, s:b}", "transcript", json_hex (one->transcript.b, sizeof one->transcript.b),
		                                       "time", json_time (one->time), "kept", one->kept));
	}
	return json_pack ("{s:o, s:o*}", "ceremonies", out, "open", open != NULL ? ceremony_log_summary (open) : NULL);
}

static json_t *
text_of (Keyring *keyring, const char *transcript, GError **error)
{
	const GArray *held = journal_ceremonies (keyring->journal);
	for (guint i = 0; i < held->len; i++) {
		const CeremonyHeld *one = &g_array_index (held, CeremonyHeld, i);
		g_autofree char *hash = fingerprint_hex (&one->transcript);
		if (!one->kept || strcmp (hash, transcript) != 0)
			continue;
		g_autoptr (GBytes) text = journal_transcript (keyring->journal, one, error);
		return text != NULL ? json_pack ("{s:o}", "text", json_stringn (g_bytes_get_data (text, NULL), g_bytes_get_size (text))) : NULL;
	}
	diqi_error_set (error, DIQI_ERROR_NOT_FOUND, "/transcript", "no such transcript is kept");
	return NULL;
}

json_t *
message_ceremonies (Keyring *keyring, const json_t *message, GError **error)
{
	Envelope envelope;
	const char *transcript = NULL;
	const Field fields[] = { ENVELOPE_FIELDS (envelope), { "transcript", FIELD_HEX32, FALSE, 0, &transcript } };
	if (!JSON_READ (message, "", fields, error))
		return NULL;
	return transcript == NULL ? list (journal_ceremonies (keyring->journal), journal_open_ceremony (keyring->journal)) : text_of (keyring, transcript, error);
}
