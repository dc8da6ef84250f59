/* signer/ceremony_log.h — the journal's records of ceremonies:
 *
 *   {"type":"ceremony","transcript","text"?}     SHA-256 of the signed transcript (transcript.h) and the transcript itself; text is
 *                                                absent of ceremonies held with an older version, which kept the hash alone
 */
#pragma once
#include "base/clock.h"
#include "base/json.h"
#include "pki/key.h"

typedef struct {
	Fingerprint transcript;
	Micros time;              /* when it was entered */
	gboolean kept;            /* its text is in the record */
	goffset offset;           /* of the record in the journal */
	gsize n;
} CeremonyHeld;

/* Remembers what a record of the journal says; held: CeremonyHeld. */
gboolean ceremony_log_replay (GArray *held, const json_t *record, goffset offset, gsize n, GError **error);
/* The members of a record besides type and time. */
json_t *ceremony_log_members (const Fingerprint *transcript, GBytes *text);
/* The transcript in a record, by its hash.  DIQI_ERROR_INTERNAL. */
GBytes *ceremony_log_text (const json_t *record, const CeremonyHeld *held, GError **error);
