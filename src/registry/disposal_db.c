/* registry/disposal_db.c — SQL of batches and of what a disposal destroys. */
#include "registry/disposal_db.h"

#include <string.h>

void
batch_row_clear (BatchRow *row)
{
	g_free (row->id);
	g_free (row->list);
	g_free (row->list_hash);
	g_free (row->administrator);
	g_free (row->auditor);
	memset (row, 0, sizeof *row);
}

/* --- what is due --------------------------------------------------------------------------- */

/* A hold (reason 6) may be lifted: it ends no certificate.  One only intended or refused has no not_after. */
#define LAPSE_OF(c) \
	"CASE WHEN COALESCE(" c ".not_after, 0) < a.updated THEN a.updated " \
	"WHEN " c ".status = 'revoked' AND " c ".reason <> 6 AND " c ".revoked_at < a.updated THEN a.updated " \
	"WHEN " c ".status = 'revoked' AND " c ".reason <> 6 AND " c ".revoked_at < " c ".not_after THEN " c ".revoked_at ELSE " c ".not_after END"
/* Of the certificates that it gave (c), and the one that it was about (t). */
#define LAPSED "MAX(CASE WHEN " LAPSE_OF ("c") " < " LAPSE_OF ("t") " THEN " LAPSE_OF ("t") " ELSE " LAPSE_OF ("c") " END)"
#define JOINED "applications a LEFT JOIN certificates c ON c.application_id = a.id LEFT JOIN certificates t ON t.serial = a.certificate "
#define ENDED "('issued', 'delivered', 'confirmed', 'approved', 'completed', 'withdrawn', 'rejected')"

gboolean
db_due (Tx *tx, Micros before, guint limit, GArray *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT a.id, " LAPSED " FROM " JOINED
		"LEFT JOIN disposal_items d ON d.application_id = a.id "
		"WHERE a.state IN " ENDED " AND a.updated <= $1 AND d.application_id IS NULL "
		"GROUP BY a.id HAVING " LAPSED " <= $1 ORDER BY a.id LIMIT $2", P_INT (before), P_INT (limit));

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL)) {
		DueRow row = { rows_dup_text (rows, 0), rows_int (rows, 1) };

		g_array_append_val (out, row);
	}
	return TRUE;
}

gboolean
db_lapsed (Tx *tx, const char *application, gboolean *ended, Micros *lapsed, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT " LAPSED " FROM " JOINED
		"WHERE a.id = $1 AND a.state IN " ENDED " GROUP BY a.id", P_TEXT (application));

	if (!rows)
		return FALSE;
	*ended = rows_next (rows, NULL);
	*lapsed = *ended ? rows_int (rows, 0) : 0;
	return TRUE;
}

/* --- batches --------------------------------------------------------------------------------- */

gboolean
db_batch_insert (Tx *tx, const BatchRow *row, GError **error)
{
	return tx_exec (tx, error, "INSERT INTO disposal_batches (id, made, list, list_hash) VALUES ($1, $2, $3, $4)",
	                P_TEXT (row->id), P_INT (row->made), P_TEXT (row->list), P_TEXT (row->list_hash)) == 1;
}

#define COLUMNS "id, made, list, list_hash, approved, administrator, auditor"

static BatchRow
read_batch (Rows *rows)
{
	return (BatchRow) {
		.id = rows_dup_text (rows, 0),
		.made = rows_int (rows, 1),
		.list = rows_dup_text (rows, 2),
		.list_hash = rows_dup_text (rows, 3),
		.approved = rows_int (rows, 4),
		.administrator = rows_dup_text (rows, 5),
		.auditor = rows_dup_text (rows, 6),
	};
}

gboolean
db_batch_get (Tx *tx, const char *id, gboolean lock, BatchRow *out, gboolean *found, GError **error)
{
	static const char sql[] = "SELECT " COLUMNS " FROM disposal_batches WHERE id = $1";
	g_autoptr (Rows) rows = lock ? tx_query_lock (tx, error, sql, P_TEXT (id)) : tx_query (tx, error, sql, P_TEXT (id));

	if (!rows)
		return FALSE;
	*found = rows_next (rows, NULL);
	if (*found)
		*out = read_batch (rows);
	return TRUE;
}

gboolean
db_batches (Tx *tx, const char *before, guint limit, GArray *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT " COLUMNS " FROM disposal_batches WHERE $1 = '' OR id < $1 ORDER BY id DESC LIMIT $2",
		P_TEXT (before), P_INT (limit));

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL)) {
		BatchRow row = read_batch (rows);

		g_array_append_val (out, row);
	}
	return TRUE;
}

gboolean
db_batch_approve (Tx *tx, const char *id, Micros now, const char *administrator, const char *auditor, GError **error)
{
	return tx_exec (tx, error,
		"UPDATE disposal_batches SET approved = $2, administrator = $3, auditor = $4 WHERE id = $1 AND approved IS NULL",
		P_TEXT (id), P_INT (now), P_TEXT (administrator), P_TEXT (auditor)) == 1;
}

gboolean
db_batch_item_insert (Tx *tx, const char *batch, const char *application, Micros due, GError **error)
{
	return tx_exec (tx, error, "INSERT INTO disposal_items (batch_id, application_id, due) VALUES ($1, $2, $3)",
	                P_TEXT (batch), P_TEXT (application), P_INT (due)) == 1;
}

gboolean
db_batch_items (Tx *tx, const char *batch, GPtrArray *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT application_id FROM disposal_items WHERE batch_id = $1 ORDER BY application_id", P_TEXT (batch));

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL))
		g_ptr_array_add (out, rows_dup_text (rows, 0));
	return TRUE;
}

gboolean
db_item_disposed (Tx *tx, const char *application, Micros now, GError **error)
{
	return tx_exec (tx, error, "UPDATE disposal_items SET disposed = $2 WHERE application_id = $1 AND disposed IS NULL",
	                P_TEXT (application), P_INT (now)) == 1;
}

gboolean
db_disposed_at (Tx *tx, const char *application, Micros *at, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT disposed FROM disposal_items WHERE application_id = $1", P_TEXT (application));

	if (!rows)
		return FALSE;
	*at = rows_next (rows, NULL) ? rows_int (rows, 0) : 0;
	return TRUE;
}

/* --- what goes ------------------------------------------------------------------------------- */

gboolean
db_dispose_form (Tx *tx, const char *application, const char *stub, Micros now, GError **error)
{
	return tx_exec (tx, error,
		"UPDATE applications SET document = $2, updated = $3, version = version + 1, returned_reason = NULL, returned_fields = NULL, answer = NULL "
		"WHERE id = $1", P_TEXT (application), P_TEXT (stub), P_INT (now)) == 1;
}

gboolean
db_blank_contents (Tx *tx, const char *application, GError **error)
{
	return tx_exec (tx, error,
		"UPDATE scan_contents SET wrapped_key = $2, ciphertext = $2 WHERE scan_id IN (SELECT id FROM scans WHERE application_id = $1)",
		P_TEXT (application), P_BLOB ("", 1)) >= 0;
}

gboolean
db_delete_contents (Tx *tx, const char *application, GError **error)
{
	return tx_exec (tx, error,
		"DELETE FROM scan_contents WHERE scan_id IN (SELECT id FROM scans WHERE application_id = $1)", P_TEXT (application)) >= 0;
}

gboolean
db_dispose_scans (Tx *tx, const char *application, Micros now, GError **error)
{
	return tx_exec (tx, error, "UPDATE scans SET name = NULL, disposed = $2 WHERE application_id = $1",
	                P_TEXT (application), P_INT (now)) >= 0;
}

gboolean
db_dispose_contract (Tx *tx, const char *application, GError **error)
{
	return tx_exec (tx, error, "UPDATE contracts SET document = NULL WHERE application_id = $1", P_TEXT (application)) >= 0;
}

gboolean
db_forget_parcels (Tx *tx, const char *application, GError **error)
{
	return tx_exec (tx, error, "UPDATE post_parcels SET recipient = '' WHERE application_id = $1", P_TEXT (application)) >= 0;
}

gboolean
db_subject_kept (Tx *tx, const char *subject, gboolean *kept, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT 1 FROM applications a LEFT JOIN disposal_items d ON d.application_id = a.id "
		"WHERE a.subject_id = $1 AND d.disposed IS NULL LIMIT 1", P_TEXT (subject));

	if (!rows)
		return FALSE;
	*kept = rows_next (rows, NULL);
	return TRUE;
}
