/* registry/reminder_db.c — SQL of reminders. */
#include "registry/reminder_db.h"
#include "registry/reminder.h"

#include "base/error.h"

#define HOLDERS \
	"SELECT c.serial, c.subject_id, c.application_id, a.document, a.kind, c.not_after, a.language, COALESCE(c.revoked_at, 0) " \
	"FROM certificates c JOIN applications a ON a.id = c.application_id "

/* Valid, not told before, of double certificates the signing one, and no certificate was issued in its place. */
#define LAPSING HOLDERS \
	"WHERE c.status = 'valid' AND c.use = 'sign' " \
	"AND NOT EXISTS (SELECT 1 FROM reminders r WHERE r.serial = c.serial AND r.about = $1) " \
	"AND NOT EXISTS (SELECT 1 FROM applications s WHERE s.certificate = c.serial AND s.fingerprint IS NOT NULL) "

void
lapsing_row_free (LapsingRow *row)
{
	if (row == NULL)
		return;
	g_free (row->serial);
	g_free (row->subject);
	g_free (row->application);
	g_free (row->document);
	g_free (row->language);
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
		row->language = rows_dup_text (rows, 6);
		row->stopped = rows_int (rows, 7);
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
db_held_long (Tx *tx, Micros before, Micros now, guint limit, GPtrArray *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, HOLDERS
		"WHERE c.reason = 6 AND c.use = 'sign' AND c.revoked_at <= $1 AND c.not_after > $2 "
		"AND NOT EXISTS (SELECT 1 FROM reminders r WHERE r.serial = c.serial AND r.about = 'hold:' || CAST(c.revoked_at AS TEXT)) "
		"ORDER BY c.revoked_at, c.serial LIMIT $3", P_INT (before), P_INT (now), P_INT (limit));
	return read_rows (rows, out, error);
}

gboolean
db_certificate_holder (Tx *tx, const char *serial, LapsingRow **row, GError **error)
{
	g_autoptr (GPtrArray) found = g_ptr_array_new ();
	g_autoptr (Rows) rows = tx_query (tx, error, HOLDERS "WHERE c.serial = $1", P_TEXT (serial));
	gboolean ok = read_rows (rows, found, error);
	*row = found->len > 0 ? found->pdata[0] : NULL;
	return ok;
}

gboolean
db_reminder_insert (Tx *tx, const char *serial, const char *about, Micros now, GError **error)
{
	return tx_exec (tx, error, "INSERT INTO reminders (serial, about, told) VALUES ($1, $2, $3)",
	                P_TEXT (serial), P_TEXT (about), P_INT (now)) == 1;
}

static void
promised_free (gpointer p)
{
	PromisedRow *row = p;
	g_free (row->application);
	g_free (row->number);
	g_free (row->service);
	g_free (row);
}

GPtrArray *
registry_promised (Tx *tx, const char *subject, GError **error)
{
	g_autoptr (GPtrArray) out = g_ptr_array_new_with_free_func (promised_free);
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT id, number, service, submitted, due FROM applications WHERE subject_id = $1 AND due IS NOT NULL AND submitted IS NOT NULL "
		"AND state IN ('submitted', 'accepted', 'paid', 'reviewed', 'issuing', 'approved') ORDER BY due, id",
		P_TEXT (subject));
	if (rows == NULL)
		return NULL;
	while (rows_next (rows, NULL)) {
		PromisedRow *row = g_new0 (PromisedRow, 1);
		g_ptr_array_add (out, row);
		row->application = rows_dup_text (rows, 0);
		row->number = rows_dup_text (rows, 1);
		row->service = rows_dup_text (rows, 2);
		row->submitted = rows_int (rows, 3);
		row->due = rows_int (rows, 4);
	}
	return g_steal_pointer (&out);
}
