/* signer/vault.h — where the signer's keys and secrets lie at rest, and getting them out: in files of its folder under its passphrase, or on
 * tokens (key_place.h).  Lives while a site is made or the signer starts; afterwards only the keys do.
 *
 *   NAME.key            a private key in PKCS#8, under the passphrase; or sealed by the token's key, when there is one
 *   hsm.pin             the PINs of the tokens, under the passphrase
 *   hsm.pin.refused     a token refused its PIN: none is tried until another is stored
 *
 * A key that is named in places is on its token and has no file.  A key that is not is a file, also on a site with a token: then (and for
 * random keys) the file is sealed by the AES key "secrets" of the token, so that the folder and the passphrase alone
 * open nothing.
 */
#pragma once
#include "signer/hsm.h"
#include "signer/key_place.h"

typedef struct Vault Vault;

/* Borrows dir, site, places and the passphrase.  Reads the PINs when places names a token; opens none yet. */
Vault *vault_new (const char *dir, const char *site, KeyPlaces *places, const char *passphrase, gsize n, GError **error);
void vault_free (Vault *vault);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Vault, vault_free)

/* The private key of that name.  expected: its certificate's public key; NULL: whatever it is.  DIQI_ERROR_CONFIG when they differ. */
PrivateKey *vault_load_key (Vault *vault, const char *name, const PublicKey *expected, GError **error);
/* A new key; vault NULL: in memory, the caller keeps it.  Else on the token where new keys go (entered in places: site.json must be written), or in memory. */
PrivateKey *vault_generate_key (Vault *vault, const char *name, KeyAlgorithm algorithm, GError **error);
/* Writes NAME.key, in place of what may be there; nothing for a key on a token. */
gboolean vault_keep_key (Vault *vault, const char *name, const PrivateKey *key, GError **error);

/* As seal_lock and seal_unlock of pki/seal.h, under the token's key or the passphrase. */
GBytes *vault_seal (Vault *vault, const char *context, gconstpointer p, gsize n, GError **error);
GBytes *vault_unseal (Vault *vault, const char *context, GBytes *sealed, GError **error);

/* --- making a site with a token ---------------------------------------------------------------- */

/* What a token must be able to do, and whether it gets a sealing key. */
typedef enum { VAULT_USE_SIGNER, VAULT_USE_ROOT } VaultUse;
/* From now on new keys go there.  Refuses a token that lacks a mechanism, before anything is made on it. */
gboolean vault_use_token (Vault *vault, const Pkcs11Place *token, const char *pin, gsize n, KeyAlgorithm algorithm, VaultUse use, GError **error);
/* SM2 cannot be on a token: DIQI_ERROR_KEY_ALGORITHM. */
gboolean vault_check_algorithm (KeyAlgorithm algorithm, GError **error);
/* Writes hsm.pin, when there is a token. */
gboolean vault_keep_pins (const Vault *vault, GError **error);
/* Takes back what was made on tokens: the site did not come about. */
void vault_discard (Vault *vault);
/* Puts another PIN in the place of that token's: tries it, writes hsm.pin. */
gboolean vault_change_pin (Vault *vault, const char *token, const char *pin, gsize n, GError **error);

/* From now on nothing is written, not even that a PIN was refused. */
void vault_only_look (Vault *vault);

/* The open tokens (Hsm); the array is borrowed. */
GPtrArray *vault_hsms (const Vault *vault);
/* Opens the token of a place, once. */
Hsm *vault_hsm (Vault *vault, const KeyPlace *place, GError **error);
