/* registry/scan_db.c — SQL of scans and their contents. */
#include "registry/scan_db.h"

gboolean
db_scan_exists (Tx *tx, const char *id, const char *application, const char *paper, gboolean *found, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT 1 FROM scans WHERE id = $1 AND application_id = $2 AND paper = $3 AND disposed IS NULL",
		P_TEXT (id), P_TEXT (application), P_TEXT (paper));

	if (!rows)
		return FALSE;
	*found = rows_next (rows, NULL);
	return TRUE;
}
