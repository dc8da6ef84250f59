/* pki/oaep.c — see oaep.h. */
/* OpenSSL calls its unpadding apart from RSA deprecated; a token that does RSA without it leaves no other way. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "pki/oaep.h"

#include <openssl/rsa.h>

#include "pki/pki_private.h"

static EVP_PKEY_CTX *
start (EVP_PKEY *pkey, gboolean encrypt)
{
	g_autoptr (EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_pkey (NULL, pkey, NULL);
	const EVP_MD *sha256 = pki_algorithms ()->sha256;
	gboolean ok = ctx != NULL && (encrypt ? EVP_PKEY_encrypt_init (ctx) : EVP_PKEY_decrypt_init (ctx)) == 1
	              && EVP_PKEY_CTX_set_rsa_padding (ctx, RSA_PKCS1_OAEP_PADDING) == 1
	              && EVP_PKEY_CTX_set_rsa_oaep_md (ctx, sha256) == 1 && EVP_PKEY_CTX_set_rsa_mgf1_md (ctx, sha256) == 1;

	return ok ? g_steal_pointer (&ctx) : NULL;
}

static gboolean
is_rsa (KeyAlgorithm algorithm, GError **error)
{
	return key_algorithm_is_rsa (algorithm) || diqi_fail (error, DIQI_ERROR_KEY_ALGORITHM, NULL, "an RSA key is asked for");
}

GBytes *
oaep_encrypt (const PublicKey *key, gconstpointer p, gsize n, GError **error)
{
	if (!is_rsa (key->algorithm, error))
		return NULL;
	g_autoptr (EVP_PKEY_CTX) ctx = start (key->pkey, TRUE);
	size_t size = (size_t) EVP_PKEY_get_size (key->pkey);
	g_autofree guint8 *out = g_malloc (size);
	if (ctx == NULL || EVP_PKEY_encrypt (ctx, out, &size, p, n) != 1) {
		openssl_fail (error, DIQI_ERROR_INTERNAL, NULL, "encrypting to the key failed");
		return NULL;
	}
	return g_bytes_new_take (g_steal_pointer (&out), size);
}

static GBytes *
decrypt_elsewhere (const PrivateKey *key, GBytes *encrypted, GError **error)
{
	gsize size, n;
	gconstpointer p = g_bytes_get_data (encrypted, &n);
	g_autoptr (GBytes) padded = key_elsewhere_decrypt (key, p, n, error);

	if (padded == NULL)
		return NULL;
	const guint8 *em = g_bytes_get_data (padded, &size);
	const EVP_MD *sha256 = pki_algorithms ()->sha256;
	guint8 *out = g_malloc (size + 1);
	int got = RSA_padding_check_PKCS1_OAEP_mgf1 (out, (int) size, em, (int) size, (int) size, NULL, 0, sha256, sha256);
	GBytes *plain = got > 0 ? secret_bytes (out, (gsize) got) : NULL;
	explicit_bzero (out, size);
	g_free (out);
	if (plain == NULL)
		openssl_fail (error, DIQI_ERROR_FIELD_VALUE, NULL, "not encrypted to this key");
	return plain;
}

GBytes *
oaep_decrypt (const PrivateKey *key, GBytes *encrypted, GError **error)
{
	if (!is_rsa (key->public_key->algorithm, error))
		return NULL;
	if (key->elsewhere != NULL)
		return decrypt_elsewhere (key, encrypted, error);
	g_autoptr (EVP_PKEY_CTX) ctx = start (key->pkey, FALSE);
	size_t size = (size_t) EVP_PKEY_get_size (key->pkey);
	gsize room = size;
	g_autofree guint8 *out = g_malloc (size);
	GBytes *plain = NULL;
	if (ctx != NULL && EVP_PKEY_decrypt (ctx, out, &size, g_bytes_get_data (encrypted, NULL), g_bytes_get_size (encrypted)) == 1)
		plain = secret_bytes (out, size);
	else
		openssl_fail (error, DIQI_ERROR_FIELD_VALUE, NULL, "not encrypted to this key");
	explicit_bzero (out, room);
	return plain;
}
