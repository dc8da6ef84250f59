/* registry/ceremony.h — ceremonies in the public record.
 *
 * A ceremony is held with the site stopped, and its signed transcript entered in the signer's journal (signer/ceremony.h).  When the site starts
 * again, each that the log has not becomes a leaf "ceremony.held" about the transcript's hash, once: who was present and which steps were
 * done.  The transcript, with the results, stays with the signer and is for auditors.
 */
#pragma once
#include "base/clock.h"
#include "evidence/evidence.h"

typedef struct {
	const char *transcript;            /* its hash, hex */
	Micros held, now;
	GBytes *text;                      /* the signed transcript; NULL: an older version kept its hash alone */
} CeremonyRecord;
/* *recorded: it was not there before. */
gboolean ceremony_record (Tx *tx, const CeremonyRecord *record, gboolean *recorded, GError **error);
gboolean ceremony_recorded (Tx *tx, const char *transcript, gboolean *recorded, GError **error);
/* Its leaf.  DIQI_ERROR_NOT_FOUND. */
GBytes *ceremony_leaf (Tx *tx, const char *transcript, guint64 *index, GError **error);
/* The members of the leaf's effect without the signatures, and "leaf": its index. */
json_t *ceremony_view (Tx *tx, const char *transcript, GError **error);
