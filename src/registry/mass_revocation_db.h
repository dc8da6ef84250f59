/* registry/mass_revocation_db.h — one SQL statement a function; used by mass_revocation.c only. */
#pragma once
#include "authority/authority.h"

typedef struct {
	char *id, *list_hash, *cause, *first, *second;
	RevocationReason reason;
	gint64 total, done, revoked;
	Micros made, finished;
} RevocationBatch;
void revocation_batch_clear (RevocationBatch *batch);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RevocationBatch, revocation_batch_clear)

gboolean db_revocation_insert (Tx *tx, const RevocationBatch *batch, const char *serials, GError **error);
gboolean db_revocation_progress_insert (Tx *tx, const char *batch, GError **error);
gboolean db_revocation_get (Tx *tx, const char *id, RevocationBatch *out, gboolean *found, GError **error);
/* Takes the oldest open one for a change; *id NULL: none. */
gboolean db_revocation_open (Tx *tx, char **id, GError **error);
/* `n` characters of the list from `from` (0 the first). */
gboolean db_revocation_part (Tx *tx, const char *id, gint64 from, gint64 n, char **out, GError **error);
gboolean db_revocation_progress (Tx *tx, const char *id, gint64 done, gint64 revoked, Micros finished, GError **error);
gboolean db_certificate_cause (Tx *tx, const char *serial, const char *cause, GError **error);
/* Serials held since before, oldest first. */
gboolean db_held_before (Tx *tx, Micros before, guint limit, GPtrArray *serials, GError **error);
