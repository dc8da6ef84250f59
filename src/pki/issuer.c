/* pki/issuer.c — who signs: certificate and key that belong together, and the parts of
 * every certificate that are the same, encoded once. */
#include "pki/certificate_private.h"

#include "pki/extension.h"
#include "pki/pki_private.h"

/* RFC 5280 4.2.1.1: the issuer's own identifier, as its certificate says it. */
static GBytes *
authority_key_extension (const Certificate *issuer)
{
	GByteArray *w = g_byte_array_new ();
	ExtensionAt at = extension_open (w, DER_LITERAL (OID_AUTHORITY_KEY_IDENTIFIER), FALSE);
	gsize sequence = der_open (w, DER_SEQUENCE);
	guint8 computed[20];
	Der id = issuer->subject_key_identifier;

	if (id.n == 0) {
		public_key_identifier (issuer->key, computed);
		id = (Der) { computed, sizeof computed };
	}
	der_put (w, DER_CONTEXT (0), id.p, id.n);
	der_close (w, sequence);
	extension_close (w, at);
	return der_done (w);
}

Issuer *
issuer_new (const Certificate *certificate, const PrivateKey *key, GError **error)
{
	if (certificate != NULL) {
		if (!certificate->ca || (certificate->key_usage & KU_KEY_CERT_SIGN) == 0) {
			diqi_error_set (error, DIQI_ERROR_CERTIFICATE_USAGE, NULL, "the issuer's certificate is not one of an authority");
			return NULL;
		}
		if (!fingerprint_equal (public_key_fingerprint (certificate->key), public_key_fingerprint (key->public_key))) {
			diqi_error_set (error, DIQI_ERROR_CERTIFICATE, NULL, "the issuer's certificate and key do not belong together");
			return NULL;
		}
	}
	Issuer *issuer = g_new0 (Issuer, 1);
	issuer->key = private_key_share (key);
	if (certificate != NULL) {
		issuer->certificate = certificate_ref ((Certificate *) certificate);
		issuer->authority_key = authority_key_extension (certificate);
	}
	return issuer;
}

void
issuer_free (Issuer *issuer)
{
	if (issuer == NULL)
		return;
	certificate_unref (issuer->certificate);
	private_key_free (issuer->key);
	g_clear_pointer (&issuer->authority_key, g_bytes_unref);
	g_free (issuer);
}

const Certificate *
issuer_certificate (const Issuer *issuer)
{
	return issuer->certificate;
}

GBytes *
sign_structure (const PrivateKey *key, GByteArray *tbs, GError **error)
{
	g_autoptr (GByteArray) body = tbs;
	g_autoptr (GBytes) signature = private_key_sign (key, SIGNATURE_DER, body->data, body->len, error);
	gsize n;

	if (signature == NULL)
		return NULL;
	GByteArray *w = g_byte_array_sized_new (body->len + 1200);
	gsize at = der_open (w, DER_SEQUENCE);
	der_put_raw (w, body->data, body->len);
	der_put_der (w, algorithm_facts (private_key_algorithm (key))->signature_algorithm);
	gconstpointer p = g_bytes_get_data (signature, &n);
	der_put_octet_bits (w, p, n);
	der_close (w, at);
	return der_done (w);
}
