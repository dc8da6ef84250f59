/* pki/key_pem.c — private keys in files: PKCS#8, encrypted with PBES2 (RFC 8018) or plain. */
#include "pki/pki_private.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>

#include "base/random.h"

#define ITERATIONS PASSWORD_ROUNDS (200000)
#define MAX_ITERATIONS 10000000
#define MAX_KEY_DER 16384
#define MAX_CURVE_KEY 192       /* of the whole; P-384 takes 185 */
#define OID_PBES2 "\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d"
#define OID_PBKDF2 "\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c"

static const char *const labels[] = { "ENCRYPTED PRIVATE KEY", "PRIVATE KEY", NULL };
enum { ENCRYPTED, PLAIN };

gboolean
pbes2_is_bounded (Der algorithm)
{
	Der body, oid, params, kdf, kdf_params, salt;
	guint64 iterations;

	return der_read (&algorithm, DER_SEQUENCE, &body) && der_read_oid (&body, &oid)
	       && der_equal (oid, DER_LITERAL (OID_PBES2)) && der_read (&body, DER_SEQUENCE, &params)
	       && der_read (&params, DER_SEQUENCE, &kdf) && der_read_oid (&kdf, &oid)
	       && der_equal (oid, DER_LITERAL (OID_PBKDF2)) && der_read (&kdf, DER_SEQUENCE, &kdf_params)
	       && der_read (&kdf_params, DER_OCTET_STRING, &salt) && der_read_uint (&kdf_params, &iterations)
	       && iterations >= 1 && iterations <= MAX_ITERATIONS;
}

X509_ALGOR *
pbes2_new (int iterations)
{
	guint8 salt[16];

	random_bytes (salt, sizeof salt);
	return PKCS5_pbe2_set_iv (EVP_aes_256_cbc (), iterations, salt, sizeof salt, NULL, NID_hmacWithSHA256);
}

static char *
encode (const char *label, int n, guint8 *der)
{
	char *pem = pem_encode (label, der, (gsize) n);

	OPENSSL_clear_free (der, (size_t) n);
	return pem;
}

GBytes *
private_key_encrypt_pem (const PrivateKey *key, const char *passphrase, gsize n, GError **error)
{
	if (!private_key_is_here (key, error))
		return NULL;
	g_autoptr (PKCS8_PRIV_KEY_INFO) plain = EVP_PKEY2PKCS8 (key->pkey);
	g_autoptr (X509_ALGOR) scheme = pbes2_new (ITERATIONS);
	guint8 *der = NULL;
	int size = -1;

	if (n == 0 || n > G_MAXINT) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, NULL, "an empty passphrase protects nothing");
		return NULL;
	}
	g_autoptr (X509_SIG) sealed = plain == NULL || scheme == NULL ? NULL
	                              : PKCS8_set0_pbe (passphrase, (int) n, plain, scheme);
	if (sealed != NULL) {
		scheme = NULL;      /* now part of sealed */
		size = i2d_X509_SIG (sealed, &der);
	}
	if (size <= 0) {
		openssl_fail (error, DIQI_ERROR_INTERNAL, NULL, "cannot encrypt the private key");
		return NULL;
	}
	char *pem = encode (labels[ENCRYPTED], size, der);
	return g_bytes_new_take (pem, strlen (pem));
}

GBytes *
private_key_plain_pem (const PrivateKey *key, GError **error)
{
	if (!private_key_is_here (key, error))
		return NULL;
	g_autoptr (PKCS8_PRIV_KEY_INFO) plain = EVP_PKEY2PKCS8 (key->pkey);
	guint8 *der = NULL;
	int size = plain == NULL ? -1 : i2d_PKCS8_PRIV_KEY_INFO (plain, &der);

	if (size <= 0) {
		openssl_fail (error, DIQI_ERROR_INTERNAL, NULL, "cannot encode the private key");
		return NULL;
	}
	char *pem = encode (labels[PLAIN], size, der);
	GBytes *bytes = secret_bytes (pem, strlen (pem));
	OPENSSL_cleanse (pem, strlen (pem));
	g_free (pem);
	return bytes;
}

static PKCS8_PRIV_KEY_INFO *
open_encrypted (const guint8 *der, gsize size, const char *passphrase, gsize n, GError **error)
{
	const guint8 *p = der;
	Der whole = { der, size }, sequence, algorithm;

	if (!der_read (&whole, DER_SEQUENCE, &sequence) || !der_read_whole (&sequence, DER_SEQUENCE, &algorithm)
	    || !pbes2_is_bounded (algorithm)) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, NULL, "the private key is not encrypted with PBES2 and PBKDF2");
		return NULL;
	}
	g_autoptr (X509_SIG) sealed = d2i_X509_SIG (NULL, &p, (long) size);
	PKCS8_PRIV_KEY_INFO *plain = sealed == NULL || p != der + size ? NULL : PKCS8_decrypt (sealed, passphrase, (int) n);
	if (plain == NULL)
		openssl_fail (error, DIQI_ERROR_FIELD_VALUE, NULL, "wrong passphrase, or damaged private key file");
	return plain;
}

static PKCS8_PRIV_KEY_INFO *
open_plain (const guint8 *der, gsize size, GError **error)
{
	const guint8 *p = der;
	g_autoptr (PKCS8_PRIV_KEY_INFO) plain = d2i_PKCS8_PRIV_KEY_INFO (NULL, &p, (long) size);

	if (plain == NULL || p != der + size) {
		openssl_fail (error, DIQI_ERROR_FIELD_VALUE, NULL, "not a PKCS#8 private key");
		return NULL;
	}
	return g_steal_pointer (&plain);
}

/* A key file whose halves do not belong together would sign what nobody can verify. */
static gboolean
halves_match (EVP_PKEY *pkey)
{
	g_autoptr (EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_pkey (NULL, pkey, NULL);
	gboolean ok = ctx != NULL && EVP_PKEY_pairwise_check (ctx) == 1;

	if (!ok)
		ERR_clear_error ();
	return ok;
}

static PrivateKey *
open_pkcs8 (PKCS8_PRIV_KEY_INFO *plain, GError **error)
{
	EVP_PKEY *pkey = EVP_PKCS82PKEY (plain);

	if (pkey == NULL) {
		openssl_fail (error, DIQI_ERROR_KEY_ALGORITHM, NULL, "unknown or damaged private key");
		return NULL;
	}
	g_autoptr (PrivateKey) key = private_key_take (pkey, error);
	if (key == NULL)
		return NULL;
	if (!halves_match (pkey)) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, NULL, "private and public half of the key do not belong together");
		return NULL;
	}
	return g_steal_pointer (&key);
}

PrivateKey *
private_key_load_pem (GBytes *pem, const char *passphrase, gsize n, GError **error)
{
	gsize text_n, size;
	const char *text = g_bytes_get_data (pem, &text_n);
	guint which = 0;
	g_autoptr (GBytes) der = pem_decode (text, text_n, MAX_KEY_DER, labels, &which);
	g_autoptr (PKCS8_PRIV_KEY_INFO) plain = NULL;

	if (der == NULL || !der_check (g_bytes_get_data (der, NULL), g_bytes_get_size (der))) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, NULL, "not one PKCS#8 private key in PEM");
		return NULL;
	}
	if ((which == ENCRYPTED) != (passphrase != NULL)) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, NULL,
		                which == ENCRYPTED ? "the private key is encrypted: a passphrase is needed"
		                                   : "the private key is not encrypted, but must be");
		return NULL;
	}
	const guint8 *p = g_bytes_get_data (der, &size);
	plain = which == ENCRYPTED ? open_encrypted (p, size, passphrase, n, error) : open_plain (p, size, error);
	return plain == NULL ? NULL : open_pkcs8 (plain, error);
}

/* Of a pair on a curve (RFC 5208; RFC 5915 with the point, and without the curve, which the AlgorithmIdentifier names): what OpenSSL
 * writes too, after a long search for its encoder.  `number`: the private one, as long as the order. */
static GBytes *
write_curve_key (const PrivateKey *key, const guint8 *number, gsize n)
{
	Der prefix = algorithm_facts (key->public_key->algorithm)->spki_prefix, algorithm = { prefix.p + 2, (gsize) prefix.p[3] + 2 };
	g_autoptr (GByteArray) w = g_byte_array_sized_new (2 * MAX_CURVE_KEY);       /* never moved: no copy stays behind */
	gsize whole = der_open (w, DER_SEQUENCE);

	der_put_uint (w, 0);
	der_put_der (w, algorithm);
	gsize octets = der_open (w, DER_OCTET_STRING), inner = der_open (w, DER_SEQUENCE);
	der_put_uint (w, 1);
	der_put (w, DER_OCTET_STRING, number, n);
	gsize point = der_open (w, DER_CONTEXT_CONSTRUCTED (1));
	der_put_octet_bits (w, key->public_key->raw.p, key->public_key->raw.n);
	der_close (w, point);
	der_close (w, inner);
	der_close (w, octets);
	der_close (w, whole);
	GBytes *bytes = secret_bytes (w->data, w->len);
	OPENSSL_cleanse (w->data, w->len);
	return bytes;
}

/* NULL: OpenSSL would not give its number. */
static GBytes *
curve_pkcs8 (const PrivateKey *key)
{
	g_autoptr (BIGNUM) number = BN_secure_new ();
	guint8 octets[MAX_CURVE_KEY];
	int n = (int) (key->public_key->raw.n - 1) / 2;

	if (number == NULL || EVP_PKEY_get_bn_param (key->pkey, OSSL_PKEY_PARAM_PRIV_KEY, &number) != 1 || BN_bn2binpad (number, octets, n) != n)
		return NULL;
	GBytes *bytes = write_curve_key (key, octets, (gsize) n);
	OPENSSL_cleanse (octets, sizeof octets);
	return bytes;
}

GBytes *
private_key_pkcs8 (const PrivateKey *key, GError **error)
{
	if (!private_key_is_here (key, error))
		return NULL;
	GBytes *written = pki_algorithms ()->curve[key->public_key->algorithm] != NULL ? curve_pkcs8 (key) : NULL;
	if (written != NULL)
		return written;
	g_autoptr (PKCS8_PRIV_KEY_INFO) plain = EVP_PKEY2PKCS8 (key->pkey);
	guint8 *der = NULL;
	int size = plain == NULL ? -1 : i2d_PKCS8_PRIV_KEY_INFO (plain, &der);

	if (size <= 0) {
		openssl_fail (error, DIQI_ERROR_INTERNAL, NULL, "cannot encode the private key");
		return NULL;
	}
	GBytes *bytes = secret_bytes (der, (gsize) size);
	OPENSSL_clear_free (der, (size_t) size);
	return bytes;
}

PrivateKey *
private_key_from_pkcs8 (gconstpointer der, gsize n, GError **error)
{
	if (n > MAX_KEY_DER || !der_check (der, n)) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, NULL, "not a PKCS#8 private key");
		return NULL;
	}
	g_autoptr (PKCS8_PRIV_KEY_INFO) plain = open_plain (der, n, error);
	return plain != NULL ? open_pkcs8 (plain, error) : NULL;
}

PublicKey *
public_key_parse_pem (const char *pem, gsize n, GError **error)
{
	static const char *const public_labels[] = { "PUBLIC KEY", NULL };
	guint which = 0;
	g_autoptr (GBytes) der = pem_decode (pem, n, MAX_KEY_DER, public_labels, &which);

	if (der == NULL) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, NULL, "not one public key in PEM");
		return NULL;
	}
	return public_key_from_spki (g_bytes_get_data (der, NULL), g_bytes_get_size (der), error);
}
