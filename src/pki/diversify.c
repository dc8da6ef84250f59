/* pki/diversify.c — see diversify.h. */
#include "pki/diversify.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>

#include "pki/pki_private.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_MAC_CTX, EVP_MAC_CTX_free)

static guint64
number_of_round (const guint8 *key, const char *context, guint8 round)
{
	g_autoptr (EVP_MAC_CTX) ctx = EVP_MAC_CTX_new (pki_algorithms ()->hmac);
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string (OSSL_MAC_PARAM_DIGEST, (char *) "SHA256", 0), OSSL_PARAM_construct_end (),
	};
	guint8 mac[32];
	size_t n = 0;
	guint64 number = 0;

	if (ctx == NULL || EVP_MAC_init (ctx, key, DIVERSIFY_KEY_BYTES, params) != 1
	    || EVP_MAC_update (ctx, (const guint8 *) context, strlen (context) + 1) != 1
	    || EVP_MAC_update (ctx, &round, 1) != 1 || EVP_MAC_final (ctx, mac, &n, sizeof mac) != 1)
		g_error ("HMAC-SHA-256 failed");
	for (guint i = 0; i < 8; i++)
		number = number << 8 | mac[i];
	OPENSSL_cleanse (mac, sizeof mac);
	return number;
}

void
diversify_digits (const guint8 key[DIVERSIFY_KEY_BYTES], const char *context, guint digits, char *out)
{
	guint64 modulus = 1, number;
	guint8 round = 0;

	g_assert (digits >= 1 && digits <= DIVERSIFY_MAX_DIGITS);
	for (guint i = 0; i < digits; i++)
		modulus *= 10;
	/* 2^64 mod modulus, in 64 bits. */
	guint64 rest = (G_MAXUINT64 % modulus + 1) % modulus;
	do
		number = number_of_round (key, context, round++);
	while (rest != 0 && number > G_MAXUINT64 - rest);
	number %= modulus;
	for (guint i = digits; i-- > 0; number /= 10)
		out[i] = (char) ('0' + number % 10);
	out[digits] = '\0';
}
