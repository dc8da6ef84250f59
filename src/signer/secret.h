/* signer/secret.h — random keys of the signer that are nobody's key pair: one that wraps the keys of records, and one that
 * the administrator PINs of tokens are made from.
 *
 * Each is 32 bytes in DIR/NAME.key, sealed under the signer's passphrase or by its token's key (vault.h).  site.json pins a hash of
 * each, so a lost or exchanged file stops the start: a new key in its place would make every stored
 * scan unreadable and every token's PIN unknown, silently.
 */
#pragma once
#include "signer/pins.h"
#include "signer/vault.h"

/* Makes all of them, with their files, and pins them in `pins` (not yet in site.json). */
gboolean secrets_make (Pins *pins, const char *dir, Vault *vault, GError **error);
/* 32 bytes, from pki_secret_alloc. */
guint8 *secret_load (const Pins *pins, Secret which, const char *dir, Vault *vault, GError **error);
