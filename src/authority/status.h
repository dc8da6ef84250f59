/* authority/status.h — status of every certificate, in memory.
 *
 * OCSP, login and the check at every request are answered from here.  Rows come from the table by
 * change_seq, a counter that grows in commit order; this process's own changes are seen by commit
 * hooks, another process's (PostgreSQL) by status_index_refresh, called at least once a second.
 * Thread-safe.
 */
#pragma once
#include "pki/certificate.h"
#include "store/store.h"

typedef struct StatusIndex StatusIndex;

typedef struct {
	CertStatus status;            /* GOOD: published and not revoked; never UNKNOWN */
	gboolean officer;             /* an officer's certificate, from the signer's list */
	Micros revoked_at;
	RevocationReason reason;
	Micros not_before, not_after; /* 0: revoked before it was ever stored */
	Serial serial;
	Fingerprint fingerprint;      /* zero: revoked before it was ever stored */
	const char *issuer;           /* interned: id of the SignerCa */
	char subject[37];             /* UUID, "" for officers */
} StatusEntry;

StatusIndex *status_index_new (void);
void status_index_free (StatusIndex *index);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StatusIndex, status_index_free)
/* Reads what changed since the last call; the first call reads everything. */
gboolean status_index_refresh (StatusIndex *index, Store *store, GError **error);
/* For commit hooks: what the transaction that took change_seq made of this certificate.  Once revoked it stays so; only a
 * hold is lifted.  TRUE: OCSP and CRL say something else now. */
gboolean status_index_apply (StatusIndex *index, const StatusEntry *entry, gint64 change_seq);
/* What the signer lists as revoked or held is so here too, whatever the row says.  TRUE: the row said otherwise.  Of a hold the
 * caller has made sure that it was not ended rightly. */
gboolean status_index_keep_revoked (StatusIndex *index, const RevokedEntry *listed);
/* Serial: whose place on the lists changed since the last call (at first: all that have one), oldest first, some
 * more than once. */
GArray *status_index_take_changes (StatusIndex *index);
/* Cached answers are void for another reason than a change seen here. */
void status_index_void_answers (StatusIndex *index);
/* FALSE: this site never published such a serial. */
gboolean status_index_find (StatusIndex *index, const Serial *serial, StatusEntry *out);
gboolean status_index_find_fingerprint (StatusIndex *index, const Fingerprint *fingerprint, StatusEntry *out);
/* FALSE: revoked before its certificate reached the database.  Never good; the signer may not know it. */
gboolean status_entry_is_stored (const StatusEntry *entry);
/* Grows with every revocation, hold and lifted hold of a stored certificate seen: cached answers older than it are void. */
guint64 status_index_generation (StatusIndex *index);
gsize status_index_size (StatusIndex *index);
