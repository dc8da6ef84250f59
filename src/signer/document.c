/* signer/document.c — signing documents, and nothing but documents (pki/cms.h). */
#include <string.h>

#include "base/error.h"
#include "pki/cms.h"
#include "signer/dispatch.h"

json_t *
message_document (Keyring *keyring, const json_t *message, GError **error)
{
	Envelope envelope;
	const char *hex;
	guint8 digest[DOCUMENT_DIGEST_BYTES];
	const Field fields[] = { ENVELOPE_FIELDS (envelope), { "digest", FIELD_STRING, TRUE, 2 * DOCUMENT_DIGEST_BYTES, &hex } };
	if (!JSON_READ (message, "", fields, error))
		return NULL;
	gsize size = document_digest_size (private_key_algorithm (keyring->document_key));
	if (strlen (hex) != 2 * size || !hex_decode (hex, digest, size)) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, "/digest", "not a hash of %zu bytes, as this key signs", size);
		return NULL;
	}
	const Pins *pins = keyring->pins;
	if (keyring_now (keyring) > certificate_not_after (pins->document)) {
		diqi_error_set (error, DIQI_ERROR_CERTIFICATE_EXPIRED, NULL, "the site's document certificate has ended");
		return NULL;
	}
	const PinnedCa *ca = pins_ca_of (pins, pins->document);
	Certificate *const chain[] = { ca->certificate, ca->root };
	g_autoptr (GBytes) cms = cms_sign_digest (keyring->document_key, pins->document, chain, G_N_ELEMENTS (chain), digest, error);
	if (cms == NULL)
		return NULL;
	json_t *reply = json_object ();
	json_object_set_new (reply, "cms", json_base64 (g_bytes_get_data (cms, NULL), g_bytes_get_size (cms)));
	return reply;
}
