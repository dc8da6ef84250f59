/* signer/complete.h — making what a folder of an older version lacks.
 *
 * Runs at start, before the filter closes the file system.  Each thing is made as `diqi init` makes it, and counts
 * from the moment site.json names it: a crash before leaves files that the next start replaces, and at most a
 * journaled certificate whose key nobody has.
 */
#pragma once
#include "signer/keyring.h"
#include "signer/vault.h"

/* keyring: pins, issuer and journal are there. */
gboolean complete_folder (Keyring *keyring, const char *dir, Vault *vault, GError **error);
