/* signer/keyring.h — everything the running signer has, each key reachable only through its one purpose.
 *
 * Each CA's key sits inside its `issuer` (certificates and CRLs), its OCSP key inside its `responder`, the log
 * key signs checkpoints, the receipt key receipts, the document key documents by their digest,
 * the storage secret opens a record for an officer's look, the secret of tokens makes their administrator PINs; no function takes "a key and some bytes".
 */
#pragma once
#include "base/clock.h"
#include "signer/agents.h"
#include "signer/escrow.h"
#include "signer/journal.h"
#include "signer/key_maker.h"
#include "signer/officers.h"
#include "signer/pins.h"
#include "signer/profiles_log.h"
#include "signer/recovery.h"
#include "signer/stamp.h"

typedef struct {
	const PinnedCa *pin;          /* of pins->cas */
	PrivateKey *key, *ocsp_key;
	Issuer *issuer;
	OcspResponder *responder;
} KeyringCa;

typedef struct {
	Pins *pins;
	OfficersLog *officers;
	AgentsLog *agents;
	ProfilesLog *profiles;
	Journal *journal;
	Escrow *escrow;
	Recoveries *recoveries;
	KeyMaker *maker;              /* of RSA pairs for the key centre; only the running signer has one */
	Clock *clock;                 /* test sites: replaced by the "clock" message */
	GPtrArray *cas;               /* KeyringCa, in the order of pins->cas */
	PrivateKey *log_key, *receipt_key, *document_key, *tsa_key;
	Stamper stamper;
	guint8 *secrets[N_SECRETS];   /* 32 bytes each */
	GPtrArray *hsms;              /* Hsm: tokens that hold some of the keys */
} Keyring;

/* Reads and checks the whole folder, makes what an older version left out of it (complete.h), decrypts the keys,
 * tries each against its certificate. */
Keyring *keyring_open (const char *dir, const char *passphrase, gsize n, GError **error);
void keyring_free (Keyring *keyring);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Keyring, keyring_free)

/* NULL name: the first.  NULL: there is none of this name. */
const KeyringCa *keyring_ca (const Keyring *keyring, const char *name);
/* The CA that signs for holders with such keys (pins_ca_for_key). */
const KeyringCa *keyring_ca_for_key (const Keyring *keyring, KeyAlgorithm algorithm, GError **error);
/* A message's member "ca".  DIQI_ERROR_FIELD_VALUE "/ca". */
const KeyringCa *keyring_ca_asked (const Keyring *keyring, const char *name, GError **error);

Micros keyring_now (const Keyring *keyring);
/* A clock put back would let things be back-dated between two restarts.  DIQI_ERROR_SIGNER. */
gboolean keyring_check_clock (const Keyring *keyring, Micros now, GError **error);
gboolean keyring_is_dirty (const Keyring *keyring);
/* A token that holds keys will not come back: the process must end. */
gboolean keyring_is_lost (const Keyring *keyring);
/* Makes durable what was gathered; an error must end the process. */
gboolean keyring_commit (Keyring *keyring, GError **error);
