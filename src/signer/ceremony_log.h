/* signer/ceremony_log.h — the journal's records of ceremonies:
 *
 *   {"type":"ceremony.begun","script","steps":[name …],"present":[certificate …]}   hashes, hex; before the first step, and again whenever the
 *                                                same script goes on after it was cut off; another script abandons the one that was open
 *   {"type":"ceremony.step","step":i,"state","before"?,"result"?,"failure"?,"found"?}     from 0; state "begun" (before: what was there then, by which
 *                                                it is told later whether the step was done), "done" (found: when the ceremony went on) or "failed"
 *   {"type":"ceremony","transcript","text"?}     SHA-256 of the signed transcript (transcript.h) and the transcript itself; text is
 *                                                absent of ceremonies held with an older version, which kept the hash alone.  It closes what is open
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

/* The ceremony that has no transcript yet:
 *   {"begun","script","steps":[{"step","state","time"?,"before"?,"result"?,"failure"?,"found"?} …],   state: also "waiting"
 *    "parts":[{"begun","last","present","step"?} …],      step: from 1, the one in whose middle it was cut off
 *    "abandoned":[{"begun","last","script","present","steps":[{"step","state","time"?} …]} …]} */
typedef struct {
	GArray *held;             /* CeremonyHeld */
	json_t *open;             /* NULL: none */
} CeremonyLog;
void ceremony_log_init (CeremonyLog *log);
void ceremony_log_clear (CeremonyLog *log);

#define CEREMONY_STEPS_MAX 50
#define CEREMONY_PRESENT_MAX 20

/* Is this a type of these records? */
gboolean ceremony_log_knows (const char *type);
/* Takes in what a record of the journal says. */
gboolean ceremony_log_take (CeremonyLog *log, const json_t *record, goffset offset, gsize n, Micros *time, GError **error);
/* What may be told of an open one, without results: {"begun","last","script","parts":n,"steps":[{"step","state","time"?} …]}. */
json_t *ceremony_log_summary (const json_t *open);
/* For people, of an open one or its summary: "begun …, no transcript; done: add_ca; in the middle: root_list; not begun: shares"; caller frees. */
char *ceremony_log_tell (const json_t *open);
/* The members of a record besides type and time. */
json_t *ceremony_log_members (const Fingerprint *transcript, GBytes *text);
/* The transcript in a record, by its hash.  DIQI_ERROR_INTERNAL. */
GBytes *ceremony_log_text (const json_t *record, const CeremonyHeld *held, GError **error);
/* The open ceremony of a journal that a signer may be using now; *open NULL: none.  Reads without the lock, and leaves the chain to
 * who opens it. */
gboolean ceremony_log_peek (const char *journal, json_t **open, GError **error);
