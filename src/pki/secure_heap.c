/* pki/secure_heap.c — memory for key material. */
#include "pki/key.h"

#include <openssl/crypto.h>

#define LEAST_BLOCK 32

gboolean
pki_secure_heap (gsize n)
{
	return CRYPTO_secure_malloc_initialized () || CRYPTO_secure_malloc_init (n, LEAST_BLOCK) != 0;
}

gpointer
pki_secret_alloc (gsize n)
{
	gpointer secret = OPENSSL_secure_zalloc (n);

	if (secret == NULL)
		g_error ("out of secure memory");
	return secret;
}

void
pki_secret_free (gpointer secret, gsize n)
{
	OPENSSL_secure_clear_free (secret, n);
}
