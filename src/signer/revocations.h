/* signer/revocations.h — what one CA called revoked or held, and its revocation lists, kept as they grow.
 *
 * Three kinds of list: full (all of the CA), delta (what changed since a full list that relying parties may still
 * have), and one a shard (the certificates whose serial number's last octet, modulo the number of shards, is that shard).  Entries are
 * encoded once (pki's CrlPart), a full list is the parts of the shards one after the other.
 *
 * A delta reaches back to the last but one full list that was published as a *base*, so that whoever has an older full list has
 * time to fetch the newer one (RFC 5280 5.2.4).  All of it follows from the order of records in the journal; nothing else is stored.
 */
#pragma once
#include "pki/certificate.h"

typedef enum { LIST_FULL, LIST_DELTA, LIST_SHARD, N_LISTS } ListKind;
const char *list_kind_name (ListKind kind);                        /* "full", "delta", "shard" */
gboolean list_kind_from_name (const char *name, ListKind *out);

typedef struct {
	RevokedEntry entry;
	Micros not_after;         /* of the certificate */
	Micros listed_at;         /* what lists say instead of entry.revoked_at: another time only if a clock was ahead when it was revoked */
	gboolean lifted;          /* a hold that was taken back: not revoked */
	guint64 bases;            /* how many bases there were at its last change */
	gboolean dropped;         /* expired, and seen so in a full list: on no list any more */
} Revoked;

typedef struct Revocations Revocations;
Revocations *revocations_new (void);
void revocations_free (Revocations *revocations);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Revocations, revocations_free)

/* NULL: neither revoked nor held. */
const Revoked *revocations_find (const Revocations *revocations, const Serial *serial);
/* FALSE: revoked for good before, nothing changed.  A hold gives way to a revocation, never the other way round. */
gboolean revocations_put (Revocations *revocations, const RevokedEntry *entry, Micros not_after);
/* FALSE: not held. */
gboolean revocations_lift (Revocations *revocations, const Serial *serial);

/* From now on lists can be made.  Once, when everything of the past has been told. */
void revocations_open_lists (Revocations *revocations, guint shards);
guint revocations_shard_of (const Revocations *revocations, const Serial *serial);
/* The last number of any list, 0 before the first; of one list. */
guint64 revocations_number (const Revocations *revocations);
guint64 revocations_list_number (const Revocations *revocations, ListKind kind, guint shard);
/* Lists up to this number were made by an older version, which did not say of what kind. */
void revocations_skip_to (Revocations *revocations, guint64 number);
/* Number of the full list that a delta refers to; 0: there is none yet. */
guint64 revocations_base (const Revocations *revocations);
/* A list was signed.  base: a full list that later deltas may refer to; the first one always is. */
void revocations_published (Revocations *revocations, ListKind kind, guint shard, guint64 number, gboolean base, Micros time);
/* When it was revoked, for who is told so now: no time to come, though a clock was ahead then. */
Micros revoked_said_at (const Revoked *revoked, Micros now);
/* Parts, and for a delta its base, into t; borrowed until the next change.  now: for what expired long ago, and for a clock that went back. */
void revocations_list (Revocations *revocations, ListKind kind, guint shard, Micros now, CrlTemplate *t);
