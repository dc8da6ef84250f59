/* pki/seal.c — see seal.h. */
#include "pki/seal.h"

#include <openssl/crypto.h>

#include "base/random.h"
#include "pki/pki_private.h"

#define NONCE 12
#define TAG 16
#define SALT 16
#define ROUNDS PASSWORD_ROUNDS (200000u)
#define MAX_ROUNDS 10000000u
#define BY_KEY 1
#define BY_PASSPHRASE 2
#define LOCK_HEADER (1 + 4 + SALT)

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)

void
seal_new_key (guint8 key[SEAL_KEY_BYTES])
{
	random_bytes (key, SEAL_KEY_BYTES);
}

static gboolean
refuse (GError **error)
{
	ERR_clear_error ();
	return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, NULL, "the sealed bytes do not open: another key or place, or they were changed");
}

/* What is authenticated besides: the header, and the context. */
static EVP_CIPHER_CTX *
start (gboolean encrypt, const guint8 *key, const guint8 *nonce, const guint8 *header, gsize header_n, const char *context)
{
	g_autoptr (EVP_CIPHER_CTX) ctx = EVP_CIPHER_CTX_new ();
	int done;
	gboolean ok = ctx != NULL && EVP_CipherInit_ex2 (ctx, pki_algorithms ()->aes256gcm, key, nonce, encrypt, NULL) == 1
	              && EVP_CipherUpdate (ctx, NULL, &done, header, (int) header_n) == 1
	              && EVP_CipherUpdate (ctx, NULL, &done, (const guint8 *) context, (int) strlen (context)) == 1;

	return ok ? g_steal_pointer (&ctx) : NULL;
}

/* header ‖ nonce ‖ ciphertext ‖ tag */
static GBytes *
encrypt (const guint8 *key, const guint8 *header, gsize header_n, const char *context, gconstpointer p, gsize n, GError **error)
{
	if (n > G_MAXINT / 2) {
		diqi_error_set (error, DIQI_ERROR_TOO_LARGE, NULL, "too much to seal at once");
		return NULL;
	}
	gsize size = header_n + NONCE + n + TAG;
	g_autofree guint8 *out = g_malloc (size);
	guint8 *nonce = out + header_n, *text = nonce + NONCE;
	int done = 0, last = 0;

	memcpy (out, header, header_n);
	random_bytes (nonce, NONCE);
	g_autoptr (EVP_CIPHER_CTX) ctx = start (TRUE, key, nonce, header, header_n, context);
	if (ctx == NULL || (n > 0 && EVP_CipherUpdate (ctx, text, &done, p, (int) n) != 1)
	    || EVP_CipherFinal_ex (ctx, text + done, &last) != 1 || (gsize) (done + last) != n
	    || EVP_CIPHER_CTX_ctrl (ctx, EVP_CTRL_AEAD_GET_TAG, TAG, text + n) != 1) {
		openssl_fail (error, DIQI_ERROR_INTERNAL, NULL, "sealing failed");
		return NULL;
	}
	return g_bytes_new_take (g_steal_pointer (&out), size);
}

static GBytes *
decrypt (const guint8 *key, gsize header_n, const char *context, GBytes *sealed, GError **error)
{
	gsize size;
	const guint8 *in = g_bytes_get_data (sealed, &size), *nonce = in + header_n, *text = nonce + NONCE;
	int done = 0, last = 0;

	if (size < header_n + NONCE + TAG || size > G_MAXINT) {
		refuse (error);
		return NULL;
	}
	gsize n = size - header_n - NONCE - TAG;
	GBytes *out = secret_bytes_new (n);
	guint8 *plain = (guint8 *) g_bytes_get_data (out, NULL);
	g_autoptr (EVP_CIPHER_CTX) ctx = start (FALSE, key, nonce, in, header_n, context);
	if (ctx != NULL && (n == 0 || EVP_CipherUpdate (ctx, plain, &done, text, (int) n) == 1)
	    && EVP_CIPHER_CTX_ctrl (ctx, EVP_CTRL_AEAD_SET_TAG, TAG, (void *) (text + n)) == 1
	    && EVP_CipherFinal_ex (ctx, plain + done, &last) == 1 && (gsize) (done + last) == n)
		return out;
	g_bytes_unref (out);      /* wiped: nobody sees what was not authenticated */
	refuse (error);
	return NULL;
}

/* --- under a key ----------------------------------------------------------------------- */

GBytes *
seal_encrypt (const guint8 key[SEAL_KEY_BYTES], const char *context, gconstpointer p, gsize n, GError **error)
{
	const guint8 header[] = { BY_KEY };

	return encrypt (key, header, sizeof header, context, p, n, error);
}

GBytes *
seal_decrypt (const guint8 key[SEAL_KEY_BYTES], const char *context, GBytes *sealed, GError **error)
{
	gsize n;
	const guint8 *p = g_bytes_get_data (sealed, &n);

	if (n < 1 || p[0] != BY_KEY) {
		refuse (error);
		return NULL;
	}
	return decrypt (key, 1, context, sealed, error);
}

/* --- under a passphrase ------------------------------------------------------------------ */

static gboolean
derive (const char *passphrase, gsize n, const guint8 *salt, guint32 rounds, guint8 key[SEAL_KEY_BYTES], GError **error)
{
	if (n == 0 || n > G_MAXINT)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, NULL, "an empty passphrase protects nothing");
	return PKCS5_PBKDF2_HMAC (passphrase, (int) n, salt, SALT, (int) rounds, pki_algorithms ()->sha256, SEAL_KEY_BYTES, key) == 1
		|| openssl_fail (error, DIQI_ERROR_INTERNAL, NULL, "PBKDF2");
}

GBytes *
seal_lock (const char *passphrase, gsize passphrase_n, const char *context, gconstpointer p, gsize n, GError **error)
{
	guint8 header[LOCK_HEADER] = { BY_PASSPHRASE }, key[SEAL_KEY_BYTES];
	guint32 rounds = GUINT32_TO_BE (ROUNDS);
	GBytes *sealed = NULL;

	memcpy (header + 1, &rounds, sizeof rounds);
	random_bytes (header + 5, SALT);
	if (derive (passphrase, passphrase_n, header + 5, ROUNDS, key, error))
		sealed = encrypt (key, header, sizeof header, context, p, n, error);
	OPENSSL_cleanse (key, sizeof key);
	return sealed;
}

GBytes *
seal_unlock (const char *passphrase, gsize passphrase_n, const char *context, GBytes *sealed, GError **error)
{
	gsize n;
	const guint8 *p = g_bytes_get_data (sealed, &n);
	guint8 key[SEAL_KEY_BYTES];
	guint32 rounds = 0;
	GBytes *plain = NULL;

	if (n >= LOCK_HEADER)
		memcpy (&rounds, p + 1, sizeof rounds);
	rounds = GUINT32_FROM_BE (rounds);
	/* A file from outside must not choose how long we compute. */
	if (rounds < 1 || rounds > MAX_ROUNDS || p[0] != BY_PASSPHRASE) {
		refuse (error);
		return NULL;
	}
	if (derive (passphrase, passphrase_n, p + 5, rounds, key, error))
		plain = decrypt (key, LOCK_HEADER, context, sealed, error);
	OPENSSL_cleanse (key, sizeof key);
	return plain;
}
