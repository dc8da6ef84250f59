/* pki/sm2_cipher.c — public key encryption by SM2 (GB/T 32918.4) as SM2Cipher (GM/T 0009 7.2):
 *   SEQUENCE { xCoordinate INTEGER, yCoordinate INTEGER, HASH OCTET STRING (32), CipherText OCTET STRING }
 * The order C1 C3 C2 is in the structure; old files with C1 C2 C3 fail here on the size of the hash, or on the hash. */
#include "pki/envelope.h"
#include "pki/envelope_private.h"

#define COORDINATE 32
#define HASH 32

GBytes *
sm2_cipher_seal (const PublicKey *to, gconstpointer p, gsize n, GError **error)
{
	g_autoptr (EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_pkey (NULL, to->pkey, NULL);
	size_t size = 0;

	if (n > ENVELOPE_SM2_MAX) {
		diqi_error_set (error, DIQI_ERROR_FIELD_LENGTH, NULL, "more than %d bytes for SM2", ENVELOPE_SM2_MAX);
		return NULL;
	}
	if (ctx == NULL || EVP_PKEY_encrypt_init (ctx) != 1 || EVP_PKEY_encrypt (ctx, NULL, &size, p, n) != 1) {
		openssl_fail (error, DIQI_ERROR_INTERNAL, NULL, "encrypting by SM2 failed");
		return NULL;
	}
	g_autofree guint8 *out = g_malloc (size);
	if (EVP_PKEY_encrypt (ctx, out, &size, p, n) != 1) {
		openssl_fail (error, DIQI_ERROR_INTERNAL, NULL, "encrypting by SM2 failed");
		return NULL;
	}
	return g_bytes_new (out, size);
}

/* C1 as a point of the curve, which infinity is not either. */
static gboolean
is_on_curve (Der x, Der y)
{
	const AlgorithmFacts *f = algorithm_facts (KEY_SM2);
	g_autoptr (GByteArray) spki = g_byte_array_new ();
	guint8 point[1 + 2 * COORDINATE] = { 0x04 };

	memcpy (point + 1 + COORDINATE - x.n, x.p, x.n);
	memcpy (point + 1 + 2 * COORDINATE - y.n, y.p, y.n);
	der_put_der (spki, f->spki_prefix);
	der_put_raw (spki, point, sizeof point);
	g_autoptr (PublicKey) key = public_key_from_spki (spki->data, spki->len, NULL);
	return key != NULL;
}

static gboolean
is_sm2_cipher (Der whole, gsize *content)
{
	Der sequence, x, y, hash, text;

	if (!der_read (&whole, DER_SEQUENCE, &sequence) || whole.n != 0 || !der_read_positive (&sequence, &x) || !der_read_positive (&sequence, &y)
	    || !der_read (&sequence, DER_OCTET_STRING, &hash) || !der_read (&sequence, DER_OCTET_STRING, &text) || sequence.n != 0)
		return FALSE;
	*content = text.n;
	return x.n <= COORDINATE && y.n <= COORDINATE && hash.n == HASH && text.n >= 1 && text.n <= ENVELOPE_SM2_MAX && is_on_curve (x, y);
}

GBytes *
sm2_cipher_open (const PrivateKey *key, Der whole)
{
	gsize content;

	if (!is_sm2_cipher (whole, &content))
		return NULL;
	g_autoptr (EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_pkey (NULL, key->pkey, NULL);
	size_t room = content + COORDINATE, size = room;
	guint8 *out = g_malloc0 (room);
	GBytes *plain = NULL;
	if (ctx != NULL && EVP_PKEY_decrypt_init (ctx) == 1 && EVP_PKEY_decrypt (ctx, out, &size, whole.p, whole.n) == 1 && size == content)
		plain = secret_bytes (out, size);
	OPENSSL_cleanse (out, room);
	g_free (out);
	return plain;
}
