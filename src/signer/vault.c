/* signer/vault.c — see vault.h. */
#include "signer/vault.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "base/random.h"
#include "pki/seal.h"
#include "signer/durable.h"

#define PINS_FILE "hsm.pin"
#define REFUSED_FILE "hsm.pin.refused"
#define SEALED_BY_TOKEN 3            /* first octet, pki/pkcs11.h; PEM begins with "-", pki/seal.h with 2 */

typedef struct {
	KeyPlace place;               /* label unused */
	char *pin;                    /* from pki_secret_alloc */
	gsize pin_n;
	Hsm *hsm;                     /* NULL: not opened yet */
} VaultToken;

struct Vault {
	const char *dir, *site, *passphrase;
	gsize passphrase_n;
	KeyPlaces *places;
	GPtrArray *tokens;            /* VaultToken */
	GPtrArray *hsms;              /* Hsm */
	gboolean only_look;
	GPtrArray *made;              /* names of keys made on tokens */
};

static void
token_entry_free (VaultToken *token)
{
	g_free (token->place.module);
	g_free (token->place.token);
	g_free (token->place.serial);
	pki_secret_free (token->pin, token->pin_n + 1);
	hsm_unref (token->hsm);
	g_free (token);
}

void
vault_free (Vault *vault)
{
	if (vault == NULL)
		return;
	g_ptr_array_unref (vault->tokens);
	g_ptr_array_unref (vault->hsms);
	g_ptr_array_unref (vault->made);
	g_free (vault);
}

void
vault_only_look (Vault *vault)
{
	vault->only_look = TRUE;
}

GPtrArray *
vault_hsms (const Vault *vault)
{
	return vault->hsms;
}

/* --- PINs -------------------------------------------------------------------------------- */

static char *
pins_context (const Vault *vault)
{
	return g_strdup_printf ("diqi signer token PINs of %s", vault->site);
}

static VaultToken *
add_token (Vault *vault, const Pkcs11Place *place, const char *pin, gsize n)
{
	VaultToken *token = g_new0 (VaultToken, 1);
	token->place = (KeyPlace) { g_strdup (place->module), g_strdup (place->token), g_strdup (place->serial), NULL };
	token->pin = pki_secret_alloc (n + 1);
	token->pin_n = n;
	memcpy (token->pin, pin, n);
	g_ptr_array_add (vault->tokens, token);
	return token;
}

/* Lines "module NUL token NUL serial NUL pin NUL", since JSON would leave copies of the PIN in memory that nobody wipes. */
static gboolean
parse_pins (Vault *vault, const char *p, gsize n, GError **error)
{
	const char *end = p + n;
	while (p < end) {
		const char *parts[4];
		for (gsize i = 0; i < G_N_ELEMENTS (parts); i++) {
			const char *stop = p < end ? memchr (p, '\0', (gsize) (end - p)) : NULL;
			if (stop == NULL)
				return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "%s/" PINS_FILE ": damaged", vault->dir);
			parts[i] = p;
			p = stop + 1;
		}
		const Pkcs11Place place = { parts[0], parts[1], parts[2][0] != '\0' ? parts[2] : NULL, FALSE };
		add_token (vault, &place, parts[3], strlen (parts[3]));
	}
	return TRUE;
}

static GBytes *
read_file (const char *dir, const char *name, GError **error)
{
	g_autofree char *path = g_build_filename (dir, name, NULL);
	g_autoptr (GError) local = NULL;
	char *text;
	gsize n;
	if (g_file_get_contents (path, &text, &n, &local))
		return g_bytes_new_take (text, n);
	diqi_error_set (error, DIQI_ERROR_CONFIG, NULL, "%s", local->message);
	return NULL;
}

static gboolean
read_pins (Vault *vault, GError **error)
{
	g_autofree char *context = pins_context (vault);
	g_autoptr (GBytes) sealed = read_file (vault->dir, PINS_FILE, error);
	g_autoptr (GBytes) plain = sealed != NULL ? seal_unlock (vault->passphrase, vault->passphrase_n, context, sealed, error) : NULL;
	if (plain == NULL) {
		if (sealed != NULL)
			g_prefix_error (error, "%s/" PINS_FILE " (the PINs of the tokens): not its passphrase, or damaged: ", vault->dir);
		return FALSE;
	}
	return parse_pins (vault, g_bytes_get_data (plain, NULL), g_bytes_get_size (plain), error);
}

static gsize
put_text (char *at, const char *text)
{
	gsize n = text != NULL ? strlen (text) : 0;
	if (at != NULL && n > 0)
		memcpy (at, text, n);
	return n + 1;
}

/* at NULL: only counts. */
static gsize
put_pins (const Vault *vault, char *at)
{
	gsize n = 0;
	for (guint i = 0; i < vault->tokens->len; i++) {
		const VaultToken *token = g_ptr_array_index (vault->tokens, i);
		const char *const parts[] = { token->place.module, token->place.token, token->place.serial, token->pin };
		for (gsize k = 0; k < G_N_ELEMENTS (parts); k++)
			n += put_text (at != NULL ? at + n : NULL, parts[k]);
	}
	return n;
}

gboolean
vault_keep_pins (const Vault *vault, GError **error)
{
	if (vault->tokens->len == 0)
		return TRUE;
	gsize n = put_pins (vault, NULL);
	char *plain = pki_secret_alloc (n);      /* zero: every part is ended already */
	put_pins (vault, plain);
	g_autofree char *context = pins_context (vault);
	g_autoptr (GBytes) sealed = seal_lock (vault->passphrase, vault->passphrase_n, context, plain, n, error);
	pki_secret_free (plain, n);
	if (sealed == NULL || !durable_replace (vault->dir, PINS_FILE, g_bytes_get_data (sealed, NULL), g_bytes_get_size (sealed), 0600, error))
		return FALSE;
	g_autofree char *refused = g_build_filename (vault->dir, REFUSED_FILE, NULL);
	return unlink (refused) == 0 || errno == ENOENT || diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "%s: %s", refused, g_strerror (errno));
}

/* --- tokens --------------------------------------------------------------------------------- */

Vault *
vault_new (const char *dir, const char *site, KeyPlaces *places, const char *passphrase, gsize n, GError **error)
{
	g_autoptr (Vault) vault = g_new0 (Vault, 1);
	*vault = (Vault) { .dir = dir, .site = site, .places = places, .passphrase = passphrase, .passphrase_n = n };
	vault->tokens = g_ptr_array_new_with_free_func ((GDestroyNotify) token_entry_free);
	vault->hsms = g_ptr_array_new_with_free_func ((GDestroyNotify) hsm_unref);
	vault->made = g_ptr_array_new_with_free_func (g_free);
	if ((g_hash_table_size (places->keys) > 0 || places->fresh != NULL) && !read_pins (vault, error))
		return NULL;
	return g_steal_pointer (&vault);
}

/* A service manager starts a signer that failed again and again; each start would use up a try of the PIN until the token
 * locks.  So a refusal is remembered until another PIN is stored. */
static gboolean
was_refused (const Vault *vault)
{
	g_autofree char *path = g_build_filename (vault->dir, REFUSED_FILE, NULL);
	return g_file_test (path, G_FILE_TEST_EXISTS);
}

static void
note_refusal (const Vault *vault)
{
	g_autofree char *pins = g_build_filename (vault->dir, PINS_FILE, NULL);
	/* While a site is being made there is nothing to start again. */
	if (!vault->only_look && g_file_test (pins, G_FILE_TEST_EXISTS))
		durable_replace (vault->dir, REFUSED_FILE, "", 0, 0600, NULL);
}

static gboolean
open_token (Vault *vault, VaultToken *token, GError **error)
{
	g_autoptr (GError) failure = NULL;
	if (token->hsm != NULL)
		return TRUE;
	if (was_refused (vault))
		return diqi_fail (error, DIQI_ERROR_TOKEN_PIN, NULL, "token \"%s\": login: the PIN kept in " PINS_FILE " was refused before and is not tried again; "
		                  "store the right one with: diqi hsm pin", token->place.token);
	const Pkcs11Place place = { token->place.module, token->place.token, token->place.serial, FALSE };
	token->hsm = hsm_open (&place, token->pin, token->pin_n, &failure);
	if (token->hsm != NULL)
		g_ptr_array_add (vault->hsms, hsm_ref (token->hsm));
	else if (g_error_matches (failure, DIQI_ERROR, DIQI_ERROR_TOKEN_PIN))
		note_refusal (vault);
	if (failure != NULL)
		g_propagate_error (error, g_steal_pointer (&failure));
	return token->hsm != NULL;
}

static VaultToken *
find_token (const Vault *vault, const KeyPlace *place)
{
	for (guint i = 0; i < vault->tokens->len; i++) {
		VaultToken *token = g_ptr_array_index (vault->tokens, i);
		if (key_place_same_token (&token->place, place))
			return token;
	}
	return NULL;
}

Hsm *
vault_hsm (Vault *vault, const KeyPlace *place, GError **error)
{
	VaultToken *token = find_token (vault, place);
	if (token == NULL) {
		diqi_error_set (error, DIQI_ERROR_CONFIG, NULL, "token \"%s\": login: " PINS_FILE " has no PIN for it", place->token);
		return NULL;
	}
	return open_token (vault, token, error) ? token->hsm : NULL;
}

gboolean
vault_change_pin (Vault *vault, const char *label, const char *pin, gsize n, GError **error)
{
	guint changed = 0;
	for (guint i = 0; i < vault->tokens->len; i++) {
		VaultToken *token = g_ptr_array_index (vault->tokens, i);
		if (strcmp (token->place.token, label) != 0)
			continue;
		const Pkcs11Place place = { token->place.module, token->place.token, token->place.serial, TRUE };
		g_autoptr (Hsm) tried = hsm_open (&place, pin, n, error);
		if (tried == NULL)
			return FALSE;
		pki_secret_free (token->pin, token->pin_n + 1);
		token->pin = pki_secret_alloc (n + 1);
		token->pin_n = n;
		memcpy (token->pin, pin, n);
		changed++;
	}
	if (changed == 0)
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "this site uses no token \"%s\"", label);
	return vault_keep_pins (vault, error);
}

/* --- sealed bytes ------------------------------------------------------------------------------ */

static Hsm *
sealing_token (Vault *vault, const KeyPlace **place, GError **error)
{
	*place = key_places_find (vault->places, KEY_PLACE_SECRETS);
	return vault_hsm (vault, *place, error);
}

GBytes *
vault_seal (Vault *vault, const char *context, gconstpointer p, gsize n, GError **error)
{
	const KeyPlace *place;
	if (key_places_find (vault->places, KEY_PLACE_SECRETS) == NULL)
		return seal_lock (vault->passphrase, vault->passphrase_n, context, p, n, error);
	Hsm *hsm = sealing_token (vault, &place, error);
	return hsm != NULL ? hsm_seal (hsm, place->label, context, p, n, error) : NULL;
}

GBytes *
vault_unseal (Vault *vault, const char *context, GBytes *sealed, GError **error)
{
	const KeyPlace *place;
	gsize n;
	const guint8 *p = g_bytes_get_data (sealed, &n);
	if (n == 0 || p[0] != SEALED_BY_TOKEN)
		return seal_unlock (vault->passphrase, vault->passphrase_n, context, sealed, error);
	if (key_places_find (vault->places, KEY_PLACE_SECRETS) == NULL) {
		diqi_error_set (error, DIQI_ERROR_CONFIG, NULL, "sealed by a token's key, but site.json names none");
		return NULL;
	}
	Hsm *hsm = sealing_token (vault, &place, error);
	return hsm != NULL ? hsm_unseal (hsm, place->label, context, sealed, error) : NULL;
}

/* --- keys ----------------------------------------------------------------------------------------- */

static char *
key_context (const Vault *vault, const char *name)
{
	return g_strdup_printf ("diqi signer key %s of %s", name, vault->site);
}

static PrivateKey *
load_file (Vault *vault, const char *name, GError **error)
{
	g_autofree char *file = g_strconcat (name, ".key", NULL), *context = key_context (vault, name);
	g_autoptr (GBytes) found = read_file (vault->dir, file, error);
	if (found == NULL)
		return NULL;
	gboolean sealed = g_bytes_get_size (found) > 0 && *(const guint8 *) g_bytes_get_data (found, NULL) == SEALED_BY_TOKEN;
	g_autoptr (GBytes) pem = sealed ? vault_unseal (vault, context, found, error) : g_bytes_ref (found);
	PrivateKey *key = pem == NULL ? NULL : sealed ? private_key_load_pem (pem, NULL, 0, error)
	                                              : private_key_load_pem (pem, vault->passphrase, vault->passphrase_n, error);
	if (key == NULL)
		g_prefix_error (error, "%s/%s: ", vault->dir, file);
	return key;
}

static gboolean
check_fit (const Vault *vault, const char *name, const PrivateKey *key, const PublicKey *expected, GError **error)
{
	g_autoptr (PublicKey) public = private_key_public (key);
	return expected == NULL || fingerprint_equal (public_key_fingerprint (public), public_key_fingerprint (expected))
		|| diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "%s/%s.key is not the key of %s.crt", vault->dir, name, name);
}

PrivateKey *
vault_load_key (Vault *vault, const char *name, const PublicKey *expected, GError **error)
{
	const KeyPlace *place = key_places_find (vault->places, name);
	if (place == NULL) {
		g_autoptr (PrivateKey) key = load_file (vault, name, error);
		return key != NULL && check_fit (vault, name, key, expected, error) ? g_steal_pointer (&key) : NULL;
	}
	Hsm *hsm = vault_hsm (vault, place, error);
	return hsm != NULL ? hsm_load_key (hsm, place->label, expected, error) : NULL;
}

static char *
label_of (const Vault *vault, const char *name)
{
	return g_strdup_printf ("%s/%s", vault->site, name);
}

static void
note_made (Vault *vault, const char *name, const char *label)
{
	const KeyPlace *fresh = vault->places->fresh;
	const Pkcs11Place token = { fresh->module, fresh->token, fresh->serial, FALSE };
	key_places_add (vault->places, name, &token, label);
	g_ptr_array_add (vault->made, g_strdup (name));
}

PrivateKey *
vault_generate_key (Vault *vault, const char *name, KeyAlgorithm algorithm, GError **error)
{
	if (vault == NULL || vault->places->fresh == NULL)
		return private_key_generate (algorithm, error);
	g_autofree char *label = label_of (vault, name);
	g_autoptr (GError) failure = NULL;
	Hsm *hsm = vault_hsm (vault, vault->places->fresh, error);
	if (hsm == NULL)
		return NULL;
	PrivateKey *key = hsm_make_key (hsm, label, algorithm, &failure);
	if (key == NULL && g_error_matches (failure, DIQI_ERROR, DIQI_ERROR_EXISTS)) {
		/* Of a start that was cut short between making the key and naming it in site.json. */
		guint8 other[4];
		random_bytes (other, sizeof other);
		g_autofree char *hex = hex_encode (other, sizeof other), *again = g_strconcat (label, "-", hex, NULL);
		g_free (label);
		label = g_steal_pointer (&again);
		g_clear_error (&failure);
		key = hsm_make_key (hsm, label, algorithm, &failure);
	}
	if (key != NULL)
		note_made (vault, name, label);
	else
		g_propagate_error (error, g_steal_pointer (&failure));
	return key;
}

gboolean
vault_keep_key (Vault *vault, const char *name, const PrivateKey *key, GError **error)
{
	g_autofree char *file = g_strconcat (name, ".key", NULL), *context = key_context (vault, name);
	if (!private_key_is_here (key, NULL))
		return TRUE;
	g_autoptr (GBytes) bytes = NULL;
	if (key_places_find (vault->places, KEY_PLACE_SECRETS) == NULL) {
		bytes = private_key_encrypt_pem (key, vault->passphrase, vault->passphrase_n, error);
	} else {
		g_autoptr (GBytes) plain = private_key_plain_pem (key, error);
		bytes = plain != NULL ? vault_seal (vault, context, g_bytes_get_data (plain, NULL), g_bytes_get_size (plain), error) : NULL;
	}
	return bytes != NULL && durable_replace (vault->dir, file, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), 0600, error);
}

/* --- making a site with a token ------------------------------------------------------------------- */

static gboolean
check_mechanisms (Hsm *hsm, KeyAlgorithm algorithm, VaultUse use, GError **error)
{
	Pkcs11Facts facts;
	if (!hsm_facts (hsm, &facts, error))
		return FALSE;
	gboolean signs = key_algorithm_is_rsa (algorithm) ? facts.rsa : facts.ecdsa;
	const char *lacking = !signs ? key_algorithm_name (algorithm)
		: use == VAULT_USE_SIGNER && !facts.eddsa ? "ed25519 (CKM_EDDSA), which the log is signed with"
		: use == VAULT_USE_SIGNER && !facts.aes_gcm ? "CKM_AES_GCM, which seals the files of random keys" : NULL;
	return lacking == NULL
		|| diqi_fail (error, DIQI_ERROR_TOKEN, NULL, "slot %lu, token \"%s\" (%s): choose mechanism: it does not offer %s", facts.slot, facts.label, facts.serial, lacking);
}

gboolean
vault_check_algorithm (KeyAlgorithm algorithm, GError **error)
{
	return algorithm != KEY_SM2
		|| diqi_fail (error, DIQI_ERROR_KEY_ALGORITHM, "/algorithm", "sm2 keys cannot be made on a token: PKCS#11 has no standard mechanism for SM2, "
		              "and makers' own differ; make a site with SM2 with its keys in files");
}

static gboolean
make_sealing_key (Vault *vault, Hsm *hsm, GError **error)
{
	g_autofree char *label = label_of (vault, KEY_PLACE_SECRETS);
	if (!hsm_make_sealing_key (hsm, label, error))
		return FALSE;
	note_made (vault, KEY_PLACE_SECRETS, label);
	return TRUE;
}

gboolean
vault_use_token (Vault *vault, const Pkcs11Place *token, const char *pin, gsize n, KeyAlgorithm algorithm, VaultUse use, GError **error)
{
	if (!vault_check_algorithm (algorithm, error))
		return FALSE;
	VaultToken *entry = add_token (vault, token, pin, n);
	if (!open_token (vault, entry, error) || !check_mechanisms (entry->hsm, algorithm, use, error))
		return FALSE;
	key_places_set_fresh (vault->places, token);
	return use != VAULT_USE_SIGNER || make_sealing_key (vault, entry->hsm, error);
}

void
vault_discard (Vault *vault)
{
	for (guint i = 0; i < vault->made->len; i++) {
		const KeyPlace *place = key_places_find (vault->places, g_ptr_array_index (vault->made, i));
		const VaultToken *token = find_token (vault, place);
		/* What cannot be deleted stays; its label names a site that never was. */
		if (token != NULL && token->hsm != NULL)
			hsm_delete (token->hsm, place->label, NULL);
	}
}
