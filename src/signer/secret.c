/* signer/secret.c — see secret.h. */
#include "signer/secret.h"

#include <string.h>

#include "base/error.h"
#include "pki/seal.h"
#include "signer/durable.h"

/* Hashing a random key of 256 bits gives nothing away about it. */
static void
identify (Secret which, const guint8 key[SEAL_KEY_BYTES], Fingerprint *out)
{
	g_autoptr (GByteArray) text = g_byte_array_new ();
	g_autofree char *context = g_strdup_printf ("diqi signer secret %s", pins_secret_name (which));
	g_byte_array_append (text, (const guint8 *) context, (guint) strlen (context) + 1);
	g_byte_array_append (text, key, SEAL_KEY_BYTES);
	fingerprint_of (text->data, text->len, out);
	explicit_bzero (text->data, text->len);
}

static char *
secret_context (const Pins *pins, Secret which)
{
	return g_strdup_printf ("diqi signer secret %s of %s", pins_secret_name (which), pins->site);
}

static gboolean
make (Pins *pins, Secret which, const char *dir, Vault *vault, GError **error)
{
	g_autofree char *file = g_strconcat (pins_secret_name (which), ".key", NULL);
	g_autofree char *context = secret_context (pins, which);
	guint8 *key = pki_secret_alloc (SEAL_KEY_BYTES);
	seal_new_key (key);
	identify (which, key, &pins->secrets[which]);
	g_autoptr (GBytes) sealed = vault_seal (vault, context, key, SEAL_KEY_BYTES, error);
	pki_secret_free (key, SEAL_KEY_BYTES);
	return sealed != NULL && durable_replace (dir, file, g_bytes_get_data (sealed, NULL), g_bytes_get_size (sealed), 0600, error);
}

gboolean
secrets_make (Pins *pins, const char *dir, Vault *vault, GError **error)
{
	for (Secret which = 0; which < N_SECRETS; which++)
		if (!make (pins, which, dir, vault, error))
			return FALSE;
	pins->has_secrets = TRUE;
	return TRUE;
}

static GBytes *
read_sealed (const char *path, GError **error)
{
	g_autoptr (GError) local = NULL;
	char *text;
	gsize n;
	if (g_file_get_contents (path, &text, &n, &local))
		return g_bytes_new_take (text, n);
	diqi_error_set (error, DIQI_ERROR_CONFIG, NULL, "%s", local->message);
	return NULL;
}

guint8 *
secret_load (const Pins *pins, Secret which, const char *dir, Vault *vault, GError **error)
{
	g_autofree char *path = g_strdup_printf ("%s/%s.key", dir, pins_secret_name (which));
	g_autofree char *context = secret_context (pins, which);
	g_autoptr (GBytes) sealed = read_sealed (path, error);
	g_autoptr (GBytes) plain = sealed != NULL ? vault_unseal (vault, context, sealed, error) : NULL;
	if (plain == NULL) {
		g_prefix_error (error, "%s: ", path);
		return NULL;
	}
	Fingerprint actual;
	gboolean fits = g_bytes_get_size (plain) == SEAL_KEY_BYTES;
	if (fits) {
		identify (which, g_bytes_get_data (plain, NULL), &actual);
		fits = fingerprint_equal (&actual, &pins->secrets[which]);
	}
	if (!fits) {
		diqi_error_set (error, DIQI_ERROR_CONFIG, NULL, "%s is not the key that site.json names", path);
		return NULL;
	}
	guint8 *key = pki_secret_alloc (SEAL_KEY_BYTES);
	memcpy (key, g_bytes_get_data (plain, NULL), SEAL_KEY_BYTES);
	return key;
}
