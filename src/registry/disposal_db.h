/* registry/disposal_db.h — one SQL statement a function; used by registry only. */
#pragma once
#include "base/clock.h"
#include "store/store.h"

typedef struct {
	char *application;
	Micros lapsed;                /* of the last certificate, or the end of the application */
} DueRow;
/* Ended applications in no batch, lapsed at or before `before`: DueRow, owned. */
gboolean db_due (Tx *tx, Micros before, guint limit, GArray *out, GError **error);
/* As db_due, of one. */
gboolean db_lapsed (Tx *tx, const char *application, gboolean *ended, Micros *lapsed, GError **error);

typedef struct {
	char *id;
	Micros made;
	char *list, *list_hash;
	Micros approved;              /* 0: not yet */
	char *administrator, *auditor;
} BatchRow;
void batch_row_clear (BatchRow *row);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BatchRow, batch_row_clear)
gboolean db_batch_insert (Tx *tx, const BatchRow *row, GError **error);
gboolean db_batch_get (Tx *tx, const char *id, gboolean lock, BatchRow *out, gboolean *found, GError **error);
/* Newest first, ids below `before` ("" from the newest): BatchRow, owned. */
gboolean db_batches (Tx *tx, const char *before, guint limit, GArray *out, GError **error);
gboolean db_batch_approve (Tx *tx, const char *id, Micros now, const char *administrator, const char *auditor, GError **error);

gboolean db_batch_item_insert (Tx *tx, const char *batch, const char *application, Micros due, GError **error);
/* Ids, owned. */
gboolean db_batch_items (Tx *tx, const char *batch, GPtrArray *out, GError **error);
gboolean db_item_disposed (Tx *tx, const char *application, Micros now, GError **error);
/* 0: not disposed of. */
gboolean db_disposed_at (Tx *tx, const char *application, Micros *at, GError **error);

/* --- what goes ------------------------------------------------------------------------------- */
gboolean db_dispose_form (Tx *tx, const char *application, const char *stub, Micros now, GError **error);
/* Overwritten before the row is deleted. */
gboolean db_blank_contents (Tx *tx, const char *application, GError **error);
gboolean db_delete_contents (Tx *tx, const char *application, GError **error);
gboolean db_dispose_scans (Tx *tx, const char *application, Micros now, GError **error);
gboolean db_dispose_contract (Tx *tx, const char *application, GError **error);
gboolean db_forget_parcels (Tx *tx, const char *application, GError **error);
/* Has the subject an application that is not disposed of? */
gboolean db_subject_kept (Tx *tx, const char *subject, gboolean *kept, GError **error);
