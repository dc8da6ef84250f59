/* signer/client_ceremonies.c — the calls of client.h about ceremonies. */
#include <string.h>

#include "base/error.h"
#include "signer/client_private.h"

json_t *
signer_get_ceremonies (SignerClient *client, json_t **open, GError **error)
{
	g_autoptr (json_t) reply = client_call (client, json_pack ("{s:s}", "type", "ceremonies"), error);
	*open = json_incref (json_object_get (reply, "open"));
	return reply != NULL ? json_incref (json_object_get (reply, "ceremonies")) : NULL;
}

GBytes *
signer_get_transcript (SignerClient *client, const char *transcript, GError **error)
{
	g_autoptr (json_t) reply = client_call (client, json_pack ("{s:s, s:s}", "type", "ceremonies", "transcript", transcript), error);
	const char *text = json_string_value (json_object_get (reply, "text"));
	if (reply != NULL && text == NULL)
		diqi_error_set (error, DIQI_ERROR_INTERNAL, NULL, "the signer's reply lacks text");
	return text != NULL ? g_bytes_new (text, strlen (text)) : NULL;
}
