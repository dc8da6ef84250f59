/* outbox/alarm_db.c — SQL of alarms. */
#include "outbox/alarm_db.h"

void
alarm_row_free (AlarmRow *row)
{
	if (row == NULL)
		return;
	g_free (row->what);
	g_free (row->about);
	g_free (row);
}

static gboolean
collect (Rows *rows, GPtrArray *out)
{
	if (rows == NULL)
		return FALSE;
	while (rows_next (rows, NULL)) {
		AlarmRow *row = g_new0 (AlarmRow, 1);
		row->what = rows_dup_text (rows, 0);
		row->level = rows_int (rows, 1);
		row->about = rows_dup_text (rows, 2);
		row->since = rows_int (rows, 3);
		g_ptr_array_add (out, row);
	}
	return TRUE;
}

gboolean
db_alarm_get (Tx *tx, const char *what, AlarmRow **row, GError **error)
{
	g_autoptr (GPtrArray) found = g_ptr_array_new ();
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT what, level, about, since FROM alarms WHERE what = $1", P_TEXT (what));
	gboolean ok = collect (rows, found);
	*row = found->len > 0 ? found->pdata[0] : NULL;
	return ok;
}

gboolean
db_alarm_put (Tx *tx, const AlarmRow *row, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO alarms (what, level, about, since) VALUES ($1, $2, $3, $4) "
		"ON CONFLICT (what) DO UPDATE SET level = excluded.level, about = excluded.about, since = excluded.since",
		P_TEXT (row->what), P_INT (row->level), P_TEXT (row->about), P_INT (row->since)) == 1;
}

gboolean
db_alarm_raised (Tx *tx, GPtrArray *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT what, level, about, since FROM alarms WHERE level > 0 ORDER BY what");
	return collect (rows, out);
}
