/* signer/keyring.h — everything the running signer has, each key reachable only through its one purpose.
 *
 * The issuing key sits inside `issuer` (certificates and CRLs), the OCSP key inside `responder`, the log
 * key signs checkpoints, the receipt key receipts, the document key documents by their digest,
 * the storage secret opens a record for an officer's look, the secret of tokens makes their administrator PINs; no function takes "a key and some bytes".
 */
#pragma once
#include "base/clock.h"
#include "signer/journal.h"
#include "signer/officers.h"
#include "signer/pins.h"

typedef struct {
	Pins *pins;
	OfficersLog *officers;
	Journal *journal;
	Clock *clock;                 /* test sites: replaced by the "clock" message */
	PrivateKey *issuing_key, *ocsp_key, *log_key, *receipt_key, *document_key;
	guint8 *secrets[N_SECRETS];   /* 32 bytes each */
	Issuer *issuer;
	OcspResponder *responder;
} Keyring;

/* Reads and checks the whole folder, makes what an older version left out of it (complete.h), decrypts the keys,
 * tries each against its certificate. */
Keyring *keyring_open (const char *dir, const char *passphrase, gsize n, GError **error);
void keyring_free (Keyring *keyring);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Keyring, keyring_free)

Micros keyring_now (const Keyring *keyring);
/* A clock put back would let things be back-dated between two restarts.  DIQI_ERROR_SIGNER. */
gboolean keyring_check_clock (const Keyring *keyring, Micros now, GError **error);
gboolean keyring_is_dirty (const Keyring *keyring);
/* Makes durable what was gathered; an error must end the process. */
gboolean keyring_commit (Keyring *keyring, GError **error);
