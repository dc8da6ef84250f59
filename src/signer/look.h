/* signer/look.h — looks at records: the storage key opens a record's key only for an officer's own word.
 *
 * `paper.look` names the record as `scan`, must be fresh (5 minutes), from a clerk, reviewer, issuer or auditor, and is good
 * once.  An officer has LOOKS_A_DAY looks a day (Beijing time) of his own; for each further one a second person
 * of those roles signs `paper.look.agree` over the hash of the look's payload, good once too.  Every look is a record of
 * the journal, so neither a restart nor whoever runs the web server gives anybody more.
 */
#pragma once
#include "base/clock.h"
#include "pki/key.h"

#define LOOKS_A_DAY 50

/* --- what the journal keeps in memory: today's looks by person, and which statements were used --- */
typedef struct LookLedger LookLedger;
LookLedger *look_ledger_new (void);
void look_ledger_free (LookLedger *ledger);
/* `identity` is the look statement's, `agree` the second officer's (NULL: nobody was asked).  FALSE: the look was used. */
gboolean look_ledger_add (LookLedger *ledger, Micros time, const char *person, const Fingerprint *identity, const Fingerprint *agree);
gboolean look_ledger_used (const LookLedger *ledger, const Fingerprint *identity);
guint look_ledger_count (const LookLedger *ledger, Micros now, const char *person);
