/* signer/crl.h — what the answers about status have in common. */
#pragma once
#include "signer/keyring.h"

/* A list or an answer says "now", and is good for at most `most`.  DIQI_ERROR_SIGNER. */
gboolean status_check_window (const Keyring *keyring, Micros this_update, Micros next_update, Micros most, GError **error);
/* A reason that a certificate can be revoked or held for, into entry; its time, if it is still to come, becomes now. */
gboolean status_take_revocation (const Keyring *keyring, gint64 reason, RevokedEntry *entry, GError **error);
/* A certificate of this CA in the journal; NULL: it never issued that. */
const JournalIssue *status_issued_by (const Keyring *keyring, const KeyringCa *ca, const Serial *serial);
