/* signer/root_key.h — a root's private key, where it is used: in a file of its own, or on a token. */
#pragma once
#include "pki/certificate.h"

/* file: root.key (PKCS#8 under passphrase), or a root.json that names keys on tokens, whose PINs are in the hsm.pin beside it under
 * passphrase.  The key must be that of root.  DIQI_ERROR_CONFIG, _TOKEN … */
PrivateKey *root_key_load (const char *file, const char *site, const char *passphrase, const Certificate *root, GError **error);
