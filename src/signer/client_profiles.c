/* signer/client_profiles.c — the calls of client.h about profiles. */
#include "signer/client_private.h"

static json_t *
take_profiles (SignerClient *client, json_t *message, GError **error)
{
	g_autoptr (json_t) reply = client_call (client, message, error);
	return reply != NULL ? json_incref (json_object_get (reply, "profiles")) : NULL;
}

json_t *
signer_get_profiles (SignerClient *client, GError **error)
{
	return take_profiles (client, json_pack ("{s:s}", "type", "profiles"), error);
}

json_t *
signer_set_profile (SignerClient *client, const char *text, gboolean open, const char *const statements[2], GError **error)
{
	return take_profiles (client, json_pack ("{s:s, s:s, s:b, s:[s, s]}", "type", "profile.set", "profile", text, "open", open,
	                                         "statements", statements[0], statements[1]), error);
}
