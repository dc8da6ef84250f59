/* outbox/webhook.c — see webhook.h. */
#include "outbox/webhook.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "pki/hmac.h"

#define PREFIX "whsec_"

GBytes *
webhook_secret_parse (const char *text, GError **error)
{
	g_autoptr (GBytes) secret = NULL;
	if (g_str_has_prefix (text, PREFIX))
		secret = base64_decode_strict (text + strlen (PREFIX), strlen (text) - strlen (PREFIX), NULL);
	if (secret != NULL && g_bytes_get_size (secret) >= 24 && g_bytes_get_size (secret) <= 64)
		return g_steal_pointer (&secret);
	diqi_error_set (error, DIQI_ERROR_CONFIG, "/hook/secret_file", "the secret is \"whsec_\" and 24 to 64 bytes in base64");
	return NULL;
}

char *
webhook_signature (GBytes *secret, const char *id, gint64 seconds, const char *body, gsize n)
{
	g_autoptr (GString) signed_text = g_string_new (NULL);
	Fingerprint mac;
	g_string_printf (signed_text, "%s.%" G_GINT64_FORMAT ".", id, seconds);
	g_string_append_len (signed_text, body, (gssize) n);
	hmac_sha256 (g_bytes_get_data (secret, NULL), g_bytes_get_size (secret), signed_text->str, signed_text->len, &mac);
	g_autofree char *text = g_base64_encode (mac.b, sizeof mac.b);
	return g_strconcat ("v1,", text, NULL);
}
