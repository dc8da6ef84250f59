/* pki/spki.c — public keys: SubjectPublicKeyInfo in its one accepted form.
 *
 * A P-256, P-384, SM2 or Ed25519 key has exactly one encoding here, compared as bytes: named
 * curve, uncompressed point.  Explicit curve parameters, compressed and hybrid points
 * never reach OpenSSL (CVE-2022-0778 was an endless loop in such parameters).
 */
#include "pki/pki_private.h"

#include <openssl/core_names.h>

/* rsaEncryption with NULL parameters (RFC 4055 1.2) */
#define RSA_ALGORITHM "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"
/* Larger ones only cost time: verification grows with the square. */
#define RSA_MAX_BITS 8192

static EVP_PKEY *
ec_key (KeyAlgorithm a, Der raw)
{
	g_autoptr (EVP_PKEY) pkey = EVP_PKEY_dup (pki_algorithms ()->curve[a]);

	/* Refuses a point that is not on the curve. */
	if (pkey == NULL || raw.p[0] != 0x04 || EVP_PKEY_set1_encoded_public_key (pkey, raw.p, raw.n) != 1)
		return NULL;
	return g_steal_pointer (&pkey);
}

/* OSSL_PARAM integers are in native byte order. */
static OSSL_PARAM
number_param (const char *name, Der big_endian, guint8 *space)
{
	for (gsize i = 0; i < big_endian.n; i++)
		space[i] = big_endian.p[G_BYTE_ORDER == G_BIG_ENDIAN ? i : big_endian.n - 1 - i];
	return OSSL_PARAM_construct_BN (name, space, big_endian.n);
}

static EVP_PKEY *
rsa_key (Der modulus, Der exponent)
{
	g_autoptr (EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_name (NULL, "RSA", NULL);
	guint8 n[RSA_MAX_BITS / 8], e[RSA_MAX_BITS / 8];
	OSSL_PARAM params[] = {
		number_param (OSSL_PKEY_PARAM_RSA_N, modulus, n),
		number_param (OSSL_PKEY_PARAM_RSA_E, exponent, e),
		OSSL_PARAM_construct_end (),
	};
	EVP_PKEY *pkey = NULL;

	if (ctx == NULL || EVP_PKEY_fromdata_init (ctx) <= 0
	    || EVP_PKEY_fromdata (ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) <= 0)
		return NULL;
	return pkey;
}

static gboolean
read_rsa (Der key, Der *modulus, Der *exponent)
{
	Der sequence;

	return der_read (&key, DER_SEQUENCE, &sequence) && key.n == 0 && der_read_positive (&sequence, modulus)
	       && der_read_positive (&sequence, exponent) && sequence.n == 0;
}

static guint
bit_length (Der magnitude)
{
	guint bits = (guint) magnitude.n * 8;

	for (guint8 top = magnitude.p[0]; (top & 0x80) == 0; top = (guint8) (top << 1))
		bits--;
	return bits;
}

void
public_key_rsa (const PublicKey *key, Der *modulus, Der *exponent)
{
	gboolean read = read_rsa (key->raw, modulus, exponent);

	g_assert (key_algorithm_is_rsa (key->algorithm) && read);
}

static gboolean
set_fixed (PublicKey *key, Der spki, GError **error)
{
	for (int a = 0; a < KEY_N_ALGORITHMS; a++) {
		const AlgorithmFacts *f = algorithm_facts ((KeyAlgorithm) a);
		if (f->raw_size == 0 || spki.n != f->spki_prefix.n + f->raw_size
		    || memcmp (spki.p, f->spki_prefix.p, f->spki_prefix.n) != 0)
			continue;
		key->algorithm = (KeyAlgorithm) a;
		key->bits = a == KEY_P384 ? 384 : 256;
		key->raw = (Der) { spki.p + f->spki_prefix.n, f->raw_size };
		key->pkey = a == KEY_ED25519 ? EVP_PKEY_new_raw_public_key_ex (NULL, "ED25519", NULL, key->raw.p, key->raw.n)
		                             : ec_key (key->algorithm, key->raw);
		if (key->pkey == NULL)
			return openssl_fail (error, DIQI_ERROR_KEY_ALGORITHM, NULL,
			                     "the public key is not an uncompressed point of its curve");
		return TRUE;
	}
	return diqi_fail (error, DIQI_ERROR_KEY_ALGORITHM, NULL,
	                  "public key is not P-256, P-384, SM2, RSA or Ed25519 in its plain form (named curve, uncompressed point)");
}

static gboolean
set_rsa (PublicKey *key, Der bits, GError **error)
{
	Der modulus, exponent;

	if (!der_check (bits.p, bits.n) || !read_rsa (bits, &modulus, &exponent))
		return diqi_fail (error, DIQI_ERROR_KEY_ALGORITHM, NULL, "RSA public key is not two positive integers");
	if (modulus.n > RSA_MAX_BITS / 8 || exponent.n > RSA_MAX_BITS / 8)
		return diqi_fail (error, DIQI_ERROR_KEY_ALGORITHM, NULL, "RSA public key over %d bits", RSA_MAX_BITS);
	key->bits = bit_length (modulus);
	key->algorithm = key->bits > 3072 ? KEY_RSA4096 : KEY_RSA3072;
	key->raw = bits;
	key->pkey = rsa_key (modulus, exponent);
	if (key->pkey == NULL)
		return openssl_fail (error, DIQI_ERROR_KEY_ALGORITHM, NULL, "RSA public key refused");
	return TRUE;
}

static gboolean
set_key (PublicKey *key, Der spki, GError **error)
{
	Der whole = spki, sequence, algorithm, bits;

	if (spki.n > CERTIFICATE_MAX_DER || !der_check (spki.p, spki.n) || !der_read (&whole, DER_SEQUENCE, &sequence)
	    || !der_read_whole (&sequence, DER_SEQUENCE, &algorithm) || !der_read_octet_bits (&sequence, &bits) || sequence.n != 0)
		return diqi_fail (error, DIQI_ERROR_KEY_ALGORITHM, NULL, "not a SubjectPublicKeyInfo in DER");
	if (der_equal (algorithm, DER_LITERAL (RSA_ALGORITHM)))
		return set_rsa (key, bits, error);
	return set_fixed (key, spki, error);
}

PublicKey *
public_key_from_spki (gconstpointer der, gsize n, GError **error)
{
	g_autoptr (PublicKey) key = g_new0 (PublicKey, 1);

	g_atomic_ref_count_init (&key->references);
	key->spki = g_bytes_new (der, n);
	if (!set_key (key, (Der) { g_bytes_get_data (key->spki, NULL), n }, error))
		return NULL;
	fingerprint_of (der, n, &key->fingerprint);
	return g_steal_pointer (&key);
}

PublicKey *
public_key_ref (PublicKey *key)
{
	g_atomic_ref_count_inc (&key->references);
	return key;
}

void
public_key_unref (PublicKey *key)
{
	if (key == NULL || !g_atomic_ref_count_dec (&key->references))
		return;
	EVP_MD_CTX_free (key->verifier);
	EVP_PKEY_free (key->pkey);
	g_bytes_unref (key->spki);
	g_free (key);
}

KeyAlgorithm public_key_algorithm (const PublicKey *key) { return key->algorithm; }
guint public_key_bits (const PublicKey *key) { return key->bits; }
GBytes *public_key_spki (const PublicKey *key) { return g_bytes_ref (key->spki); }
const Fingerprint *public_key_fingerprint (const PublicKey *key) { return &key->fingerprint; }

void
public_key_identifier (const PublicKey *key, guint8 out[20])
{
	Fingerprint f;

	fingerprint_of (key->raw.p, key->raw.n, &f);
	memcpy (out, f.b, 20);
}
