/* registry/reminder_db.c — SQL of reminders. */
#include "registry/reminder_db.h"

#include "base/error.h"

/* Valid, nobody else in its place, not told before. */
#define LAPSING \
	"SELECT c.serial, c.subject_id, c.application_id, a.document, a.kind, c.not_after " \
	"FROM certificates c JOIN applications a ON a.id = c.application_id " \
	"WHERE c.status = 'valid' " \
	"AND NOT EXISTS (SELECT 1 FROM reminders r WHERE r.serial = c.serial AND r.about = $1) " \
	"AND NOT EXISTS (SELECT 1 FROM certificates s WHERE s.subject_id = c.subject_id AND s.status = 'valid' AND s.not_after > c.not_after) "

void
lapsing_row_free (LapsingRow *row)
{
	if (row == NULL)
		return;
	g_free (row->serial);
	g_free (row->subject);
	g_free (row->application);
	g_free (row->document);
	g_free (row);
}

static gboolean
read_rows (Rows *rows, GPtrArray *out, GError **error)
{
	if (rows == NULL)
		return FALSE;
	while (rows_next (rows, NULL)) {
		LapsingRow *row = g_new0 (LapsingRow, 1);
		g_ptr_array_add (out, row);
		row->serial = rows_dup_text (rows, 0);
		row->subject = rows_dup_text (rows, 1);
		row->application = rows_dup_text (rows, 2);
		row->document = rows_dup_text (rows, 3);
		row->not_after = rows_int (rows, 5);
		if (!subject_kind_from_name (rows_text (rows, 4), &row->kind))
			return diqi_fail (error, DIQI_ERROR_STORE, NULL, "a stored application has an unknown kind");
	}
	return TRUE;
}

gboolean
db_lapsing (Tx *tx, Micros from, Micros to, const char *about, guint limit, GPtrArray *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, LAPSING "AND c.not_after > $2 AND c.not_after <= $3 ORDER BY c.not_after, c.serial LIMIT $4",
		P_TEXT (about), P_INT (from), P_INT (to), P_INT (limit));
	return read_rows (rows, out, error);
}

gboolean
db_lapsing_by_fingerprint (Tx *tx, const char *fingerprint, const char *about, LapsingRow **row, GError **error)
{
	g_autoptr (GPtrArray) found = g_ptr_array_new ();
	g_autoptr (Rows) rows = tx_query (tx, error, LAPSING "AND c.fingerprint = $2", P_TEXT (about), P_TEXT (fingerprint));
	gboolean ok = read_rows (rows, found, error);
	*row = found->len > 0 ? found->pdata[0] : NULL;      /* fingerprints are unique */
	return ok;
}

gboolean
db_reminder_insert (Tx *tx, const char *serial, const char *about, Micros now, GError **error)
{
	return tx_exec (tx, error, "INSERT INTO reminders (serial, about, told) VALUES ($1, $2, $3)",
	                P_TEXT (serial), P_TEXT (about), P_INT (now)) == 1;
}
