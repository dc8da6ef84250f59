/* registry/scan_db.h — one SQL statement a function; used by registry only. */
#pragma once
#include "registry/scan.h"
#include "store/store.h"

/* Does the application have this scan of this paper, not yet disposed of? */
gboolean db_scan_exists (Tx *tx, const char *id, const char *application, const char *paper, gboolean *found, GError **error);
gboolean db_scan_totals (Tx *tx, const char *application, gint64 *n, gint64 *bytes, GError **error);
gboolean db_scan_insert (Tx *tx, const char *application, const NewScan *scan, const char *by, Micros now, GError **error);
gboolean db_scan_content_insert (Tx *tx, const NewScan *scan, GError **error);
/* Oldest first, as views. */
gboolean db_scans (Tx *tx, const char *application, json_t *out, GError **error);
/* FALSE in *found: no such scan, or its content is gone. */
gboolean db_scan_sealed (Tx *tx, const char *id, const char *application, SealedScan *out, gboolean *found, GError **error);

/* --- looks ------------------------------------------------------------------------------------ */
/* One more look of this person on this day; *n: how many it are now.  Holds the row until the commit. */
gboolean db_look_count (Tx *tx, const char *person, const char *day, gint64 *n, GError **error);
typedef struct {
	const char *id, *scan, *application, *person, *agreed_by, *purpose, *day, *statement_identity;
	Micros at;
} LookRow;
gboolean db_look_insert (Tx *tx, const LookRow *row, GError **error);
/* Newest first, ids below `before`; "" stands for all. */
gboolean db_looks (Tx *tx, const char *person, const char *day, const char *before, guint limit, json_t *out, GError **error);
