/* signer/profiles_message.c — the messages about the profiles. */
#include <string.h>

#include "signer/dispatch.h"

static json_t *
profiles_reply (const Keyring *keyring)
{
	json_t *reply = json_object (), *profiles = json_array ();
	for (guint i = 0; i < keyring->pins->profiles->len; i++) {
		const Profile *profile = g_ptr_array_index (keyring->pins->profiles, i);
		json_t *summary = profile_summary (profile);
		json_object_set_new (summary, "text", json_stringn (g_bytes_get_data (profile->text, NULL), g_bytes_get_size (profile->text)));
		json_array_append_new (profiles, summary);
	}
	json_object_set_new (reply, "profiles", profiles);
	json_object_set_new (reply, "changes", json_integer (profiles_log_changes (keyring->profiles)));
	return reply;
}

json_t *
message_profiles (Keyring *keyring, const json_t *message, GError **error)
{
	Envelope envelope;
	gint64 known = -1;
	const Field fields[] = { ENVELOPE_FIELDS (envelope), { "known", FIELD_INT, FALSE, 0, &known } };
	if (!JSON_READ (message, "", fields, error))
		return NULL;
	/* Asked every second by every web process: who is up to date need not be told all of it. */
	return known == profiles_log_changes (keyring->profiles) ? json_pack ("{s:I}", "changes", (json_int_t) known) : profiles_reply (keyring);
}

json_t *
message_profile_set (Keyring *keyring, const json_t *message, GError **error)
{
	Envelope envelope;
	const char *text;
	gboolean open;
	json_t *statements;
	const Field fields[] = {
		ENVELOPE_FIELDS (envelope), { "profile", FIELD_STRING, TRUE, PROFILE_MAX_BYTES, &text }, { "open", FIELD_BOOL, TRUE, 0, &open },
		{ "statements", FIELD_ARRAY, TRUE, 2, &statements },
	};
	if (!JSON_READ (message, "", fields, error)
	    || !profiles_log_change (keyring->profiles, text, strlen (text), open, statements, keyring->journal, keyring_now (keyring), error))
		return NULL;
	return profiles_reply (keyring);
}
