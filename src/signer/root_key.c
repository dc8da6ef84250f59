/* signer/root_key.c — see root_key.h. */
#include "signer/root_key.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "signer/vault.h"

#define FILE_MAX 65536

static PrivateKey *
from_file (GBytes *pem, const char *file, const char *passphrase, const PublicKey *expected, GError **error)
{
	g_autoptr (PrivateKey) key = private_key_load_pem (pem, passphrase, strlen (passphrase), error);
	if (key == NULL) {
		g_prefix_error (error, "%s: ", file);
		return NULL;
	}
	g_autoptr (PublicKey) public = private_key_public (key);
	if (fingerprint_equal (public_key_fingerprint (public), public_key_fingerprint (expected)))
		return g_steal_pointer (&key);
	diqi_error_set (error, DIQI_ERROR_CONFIG, NULL, "%s is not the key of that root", file);
	return NULL;
}

static KeyPlaces *
read_places (GBytes *text, GError **error)
{
	gsize n;
	const char *p = g_bytes_get_data (text, &n);
	g_autoptr (json_t) object = json_read_strict (p, n, FILE_MAX, error);
	json_t *keys = NULL, *new_keys = NULL;
	const Field fields[] = { { "keys", FIELD_OBJECT, TRUE, 0, &keys }, { "new_keys", FIELD_OBJECT, FALSE, 0, &new_keys } };
	return object != NULL && JSON_READ (object, "", fields, error) ? key_places_read (keys, new_keys, error) : NULL;
}

/* A site of two hierarchies has two roots there: the one that fits. */
static PrivateKey *
from_token (GBytes *text, const char *file, const char *site, const char *passphrase, const PublicKey *expected, GError **error)
{
	g_autofree char *folder = g_path_get_dirname (file);
	g_autoptr (KeyPlaces) places = read_places (text, error);
	g_autoptr (Vault) vault = places != NULL ? vault_new (folder, site, places, passphrase, strlen (passphrase), error) : NULL;
	GHashTableIter iter;
	gpointer name;
	if (vault == NULL)
		return NULL;
	g_hash_table_iter_init (&iter, places->keys);
	while (g_hash_table_iter_next (&iter, &name, NULL)) {
		g_autoptr (GError) failure = NULL;
		PrivateKey *key = vault_load_key (vault, name, expected, &failure);
		if (key != NULL)
			return key;
		if (!g_error_matches (failure, DIQI_ERROR, DIQI_ERROR_CONFIG)) {
			g_propagate_error (error, g_steal_pointer (&failure));
			return NULL;
		}
	}
	diqi_error_set (error, DIQI_ERROR_CONFIG, NULL, "%s names no key of that root", file);
	return NULL;
}

PrivateKey *
root_key_load (const char *file, const char *site, const char *passphrase, const Certificate *root, GError **error)
{
	g_autoptr (GError) local = NULL;
	char *text;
	gsize n;
	if (!g_file_get_contents (file, &text, &n, &local)) {
		diqi_error_set (error, DIQI_ERROR_CONFIG, NULL, "%s", local->message);
		return NULL;
	}
	g_autoptr (GBytes) bytes = g_bytes_new_take (text, n);
	const PublicKey *expected = certificate_public_key (root);
	return n > 0 && text[0] == '{' ? from_token (bytes, file, site, passphrase, expected, error) : from_file (bytes, file, passphrase, expected, error);
}
