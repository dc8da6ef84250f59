/* ledger/reconcile_db.h — rows of the comparison; used by ledger only. */
#pragma once
#include "ledger/ledger_private.h"

typedef void (*MovementFn) (const char *account, gboolean in, const char *reference, const char *order, gint64 amount_fen, gpointer user);
gboolean db_movements (Tx *tx, gint64 day, MovementFn fn, gpointer user, GError **error);
gboolean db_reconciliation_insert (Tx *tx, gint64 day, gint64 version, const char *file_hash, const char *report, const char *by,
                                   Micros now, GError **error);
/* Newest version of a day; NULL none. */
gboolean db_reconciliation_get (Tx *tx, gint64 day, gint64 *version, char **report, GError **error);
typedef void (*ReportFn) (const char *report, gpointer user);
gboolean db_reconciliations (Tx *tx, guint limit, ReportFn fn, gpointer user, GError **error);
