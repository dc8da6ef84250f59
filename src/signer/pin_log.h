/* signer/pin_log.h — the journal's records of PINs that were released (token_use.h):
 *
 *   {"type":"pin","ticket","token","spki","statements"}
 */
#pragma once
#include "base/clock.h"
#include "base/json.h"
#include "pki/key.h"

typedef struct {
	Micros time;
	const char *ticket, *token;               /* ticket: "unlock:" and the application, "initialise:" and the serial */
	const Fingerprint *spki;                  /* whose key got the PIN */
	const Fingerprint *statements;            /* identities of those who said so */
	gsize n;
} JournalPin;
#define JOURNAL_PIN_STATEMENTS 3

/* pins: ticket → Fingerprint of the key that got its PIN, both owned. */
gboolean pin_log_replay (GHashTable *pins, const json_t *record, Micros *time, GError **error);
/* Remembers it; the members of its record besides type and time. */
json_t *pin_log_add (GHashTable *pins, const JournalPin *pin);
