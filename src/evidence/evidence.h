/* evidence/evidence.h — the log of acts.
 *
 * An act is recorded by evidence_append in the transaction that performs it: the
 * statement that proves it and its effect become one leaf of the site's Merkle log
 * (RFC 6962 hashing).  The leaf's bytes are canonical JSON
 *   {"v":1,"index":n,"type":t,"time":T,"subject":id,"statement":compact or null,"effect":{…}}
 * where type is the act ("application.submit", "quote" …), subject the id of what it is
 * about, time the injected clock.  A worker signs a checkpoint at most one second after
 * a leaf was committed (evidence/checkpoint.h).  Leaves are insert-only.
 *
 * Leaves are never published as such (they may name persons); tiles of hashes are.
 */
#pragma once
#include "base/clock.h"
#include "base/json.h"
#include "pki/merkle.h"
#include "pki/statement.h"
#include "store/store.h"

typedef struct {
	guint64 index;
	Hash leaf_hash;
	Micros time;
} LogPosition;

/* Last write of a transaction (takes the lock on log_head); out may be NULL.  Statements may be NULL for acts of
 * the system (a deadline that passed); effect is borrowed.  A statement is accepted once:
 * the same identity again is DIQI_ERROR_STATEMENT_REPLAYED. */
gboolean evidence_append (Tx *tx, const char *type, const char *subject, Micros time,
                          const Statement *statement, const json_t *effect, LogPosition *out, GError **error);
/* For an act proven by several statements (officers.change): the rest are members of effect; this only
 * takes their identities as used. */
gboolean evidence_use_statement (Tx *tx, const Statement *statement, Micros now, GError **error);

/* Leaf bytes by index; DIQI_ERROR_NOT_FOUND. */
GBytes *evidence_leaf (Tx *tx, guint64 index, GError **error);
/* Indices (guint64) of the leaves about this subject, in order; maybe none. */
GArray *evidence_leaves_about (Tx *tx, const char *subject, GError **error);
/* Latest checkpoint row: note text, or NULL if there is none yet (no error). */
char *evidence_latest_note (Tx *tx, guint64 *size, GError **error);
