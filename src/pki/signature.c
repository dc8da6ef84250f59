/* pki/signature.c — making and checking signatures, in DER or as r‖s.
 *
 * ECDSA-Sig-Value (RFC 3279 2.2.3) has one accepted encoding: minimal INTEGERs, r and s
 * positive and not wider than the order.  OpenSSL checks r, s < n.
 */
#include "pki/pki_private.h"

#include <openssl/core_names.h>

#define MAX_SCALAR 48
#define MAX_SIGNATURE 1024      /* RSA-8192 */

/* Bytes of r and of s; 0: the signature is no pair. */
static gsize
scalar_size (KeyAlgorithm a)
{
	switch (a) {
	case KEY_P256:
	case KEY_SM2:
		return 32;
	case KEY_P384:
		return 48;
	default:
		return 0;
	}
}

EVP_MD_CTX *
signature_context (KeyAlgorithm a, EVP_PKEY *pkey, gboolean sign)
{
	g_autoptr (EVP_MD_CTX) ctx = EVP_MD_CTX_new ();
	const char *digest = algorithm_facts (a)->digest;
	OSSL_PARAM sm2[] = {
		OSSL_PARAM_construct_octet_string (OSSL_PKEY_PARAM_DIST_ID, (void *) SM2_DEFAULT_ID, strlen (SM2_DEFAULT_ID)),
		OSSL_PARAM_construct_end (),
	};
	const OSSL_PARAM *params = a == KEY_SM2 ? sm2 : NULL;
	int ok = sign ? EVP_DigestSignInit_ex (ctx, NULL, digest, NULL, NULL, pkey, params)
	              : EVP_DigestVerifyInit_ex (ctx, NULL, digest, NULL, NULL, pkey, params);

	return ok == 1 ? g_steal_pointer (&ctx) : NULL;
}

/* r‖s from ECDSA-Sig-Value. */
static gboolean
pair_from_der (Der der, gsize size, guint8 *raw)
{
	Der sequence, r, s;

	if (!der_check (der.p, der.n) || !der_read (&der, DER_SEQUENCE, &sequence) || !der_read_positive (&sequence, &r)
	    || !der_read_positive (&sequence, &s) || sequence.n != 0 || r.n > size || s.n > size)
		return FALSE;
	memset (raw, 0, 2 * size);
	memcpy (raw + size - r.n, r.p, r.n);
	memcpy (raw + 2 * size - s.n, s.p, s.n);
	return TRUE;
}

static GByteArray *
pair_to_der (const guint8 *raw, gsize size)
{
	GByteArray *w = g_byte_array_sized_new (112);
	gsize at = der_open (w, DER_SEQUENCE);

	der_put_unsigned (w, raw, size);
	der_put_unsigned (w, raw + size, size);
	der_close (w, at);
	return w;
}

/* Made at the first use.  Two threads may both make it; one of the two is kept. */
static const EVP_MD_CTX *
prepared (EVP_MD_CTX **kept, KeyAlgorithm algorithm, EVP_PKEY *pkey, gboolean sign)
{
	EVP_MD_CTX *ctx = g_atomic_pointer_get (kept);

	if (ctx != NULL)
		return ctx;
	ctx = signature_context (algorithm, pkey, sign);
	if (ctx != NULL && !g_atomic_pointer_compare_and_exchange (kept, NULL, ctx)) {
		EVP_MD_CTX_free (ctx);
		ctx = g_atomic_pointer_get (kept);
	}
	return ctx;
}

GBytes *
private_key_sign (const PrivateKey *key, SignatureForm form, gconstpointer message, gsize n, GError **error)
{
	if (key->elsewhere != NULL)
		return key_elsewhere_sign (key, form, message, n, error);
	g_autoptr (EVP_MD_CTX) ctx = EVP_MD_CTX_new ();
	const EVP_MD_CTX *signer = prepared (&((PrivateKey *) key)->signer, key->public_key->algorithm, key->pkey, TRUE);
	guint8 signature[MAX_SIGNATURE], raw[2 * MAX_SCALAR];
	gsize scalar = scalar_size (key->public_key->algorithm);
	size_t size = sizeof signature;

	if (signer == NULL || EVP_MD_CTX_copy_ex (ctx, signer) != 1 || EVP_DigestSign (ctx, signature, &size, message, n) != 1) {
		openssl_fail (error, DIQI_ERROR_INTERNAL, NULL, "signing failed");
		return NULL;
	}
	if (form == SIGNATURE_DER || scalar == 0)
		return g_bytes_new (signature, size);
	if (!pair_from_der ((Der) { signature, size }, scalar, raw)) {
		diqi_error_set (error, DIQI_ERROR_INTERNAL, NULL, "the library made a malformed signature");
		return NULL;
	}
	return g_bytes_new (raw, 2 * scalar);
}

static gboolean
verify (const PublicKey *key, gconstpointer message, gsize n, const guint8 *signature, gsize size)
{
	g_autoptr (EVP_MD_CTX) ctx = EVP_MD_CTX_new ();
	const EVP_MD_CTX *verifier = prepared (&((PublicKey *) key)->verifier, key->algorithm, key->pkey, FALSE);
	gboolean ok = verifier != NULL && EVP_MD_CTX_copy_ex (ctx, verifier) == 1
	              && EVP_DigestVerify (ctx, signature, size, message, n) == 1;

	if (!ok)
		ERR_clear_error ();
	return ok;
}

gboolean
public_key_verify (const PublicKey *key, SignatureForm form, gconstpointer message, gsize n,
                   gconstpointer signature, gsize signature_n)
{
	guint8 raw[2 * MAX_SCALAR];
	gsize scalar = scalar_size (key->algorithm);

	if (signature == NULL || signature_n == 0 || signature_n > MAX_SIGNATURE)
		return FALSE;
	if (scalar == 0)
		return verify (key, message, n, signature, signature_n);
	if (form == SIGNATURE_DER)
		return pair_from_der ((Der) { signature, signature_n }, scalar, raw)
		       && verify (key, message, n, signature, signature_n);
	if (signature_n != 2 * scalar)
		return FALSE;
	g_autoptr (GByteArray) der = pair_to_der (signature, scalar);
	return verify (key, message, n, der->data, der->len);
}
