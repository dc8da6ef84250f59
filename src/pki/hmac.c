/* pki/hmac.c — see hmac.h. */
#include "pki/hmac.h"

#include <openssl/core_names.h>

#include "pki/pki_private.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_MAC_CTX, EVP_MAC_CTX_free)

static gpointer
fetch_hmac (G_GNUC_UNUSED gpointer unused)
{
	EVP_MAC *mac = EVP_MAC_fetch (NULL, "HMAC", NULL);
	if (mac == NULL)
		g_error ("OpenSSL offers no HMAC");
	return mac;
}

void
hmac_sha256 (gconstpointer key, gsize key_n, gconstpointer p, gsize n, Fingerprint *out)
{
	static GOnce once = G_ONCE_INIT;
	g_autoptr (EVP_MAC_CTX) ctx = EVP_MAC_CTX_new (g_once (&once, fetch_hmac, NULL));
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string (OSSL_MAC_PARAM_DIGEST, (char *) "SHA256", 0),
		OSSL_PARAM_construct_end (),
	};
	size_t size = 0;
	/* Fails for want of memory only, where GLib ends the program too. */
	if (ctx == NULL || EVP_MAC_init (ctx, key_n > 0 ? key : "", key_n, params) != 1 || EVP_MAC_update (ctx, p, n) != 1 ||
	    EVP_MAC_final (ctx, out->b, &size, sizeof out->b) != 1 || size != sizeof out->b)
		g_error ("HMAC-SHA-256 failed");
}
