/* signer/client_profiles.c — the calls of client.h about profiles. */
#include "signer/client_private.h"

static json_t *
take_profiles (SignerClient *client, json_t *message, gint64 *changes, GError **error)
{
	g_autoptr (json_t) reply = client_call (client, message, error);
	*changes = json_integer_value (json_object_get (reply, "changes"));
	return reply != NULL ? json_incref (json_object_get (reply, "profiles")) : NULL;
}

json_t *
signer_get_profiles (SignerClient *client, gint64 *changes, GError **error)
{
	return take_profiles (client, json_pack ("{s:s}", "type", "profiles"), changes, error);
}

gboolean
signer_profiles_since (SignerClient *client, gint64 known, gint64 *changes, json_t **profiles, GError **error)
{
	g_autoptr (GError) failure = NULL;
	*profiles = take_profiles (client, json_pack ("{s:s, s:I}", "type", "profiles", "known", (json_int_t) known), changes, &failure);
	if (failure == NULL)
		return TRUE;
	g_propagate_error (error, g_steal_pointer (&failure));
	return FALSE;
}

json_t *
signer_set_profile (SignerClient *client, const char *text, gboolean open, const char *const statements[2], gint64 *changes, GError **error)
{
	return take_profiles (client, json_pack ("{s:s, s:s, s:b, s:[s, s]}", "type", "profile.set", "profile", text, "open", open,
	                                         "statements", statements[0], statements[1]), changes, error);
}
