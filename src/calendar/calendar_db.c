/* calendar/calendar_db.c — SQL of the calendar. */
#include "calendar/calendar_db.h"

void
calendar_year_clear (CalendarYear *year)
{
	g_clear_pointer (&year->document, g_free);
	g_clear_pointer (&year->changed_by, g_free);
}

gboolean
db_calendar_year (Tx *tx, gint64 year, gboolean lock, CalendarYear *out, gboolean *found, GError **error)
{
	static const char sql[] = "SELECT year, version, provisional, document, changed, changed_by FROM calendar_years WHERE year = $1";
	g_autoptr (Rows) rows = lock ? tx_query_lock (tx, error, sql, P_INT (year)) : tx_query (tx, error, sql, P_INT (year));

	if (!rows)
		return FALSE;
	*found = rows_next (rows, NULL);
	if (*found)
		*out = (CalendarYear) {
			.year = rows_int (rows, 0), .version = rows_int (rows, 1), .provisional = rows_int (rows, 2) != 0,
			.document = rows_dup_text (rows, 3), .changed = rows_int (rows, 4), .changed_by = rows_dup_text (rows, 5),
		};
	return TRUE;
}

gboolean
db_calendar_year_put (Tx *tx, const CalendarYear *y, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO calendar_years (year, version, provisional, document, changed, changed_by) VALUES ($1, $2, $3, $4, $5, $6) "
		"ON CONFLICT (year) DO UPDATE SET version = excluded.version, provisional = excluded.provisional, "
		"document = excluded.document, changed = excluded.changed, changed_by = excluded.changed_by",
		P_INT (y->year), P_INT (y->version), P_INT (y->provisional), P_TEXT (y->document), P_INT (y->changed),
		P_TEXT (y->changed_by)) == 1;
}

gboolean
db_calendar_version_insert (Tx *tx, const CalendarYear *y, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO calendar_versions (year, version, document, changed, changed_by) VALUES ($1, $2, $3, $4, $5)",
		P_INT (y->year), P_INT (y->version), P_TEXT (y->document), P_INT (y->changed), P_TEXT (y->changed_by)) == 1;
}

gboolean
db_calendar_days_delete (Tx *tx, gint64 year, GError **error)
{
	return tx_exec (tx, error, "DELETE FROM calendar_days WHERE year = $1", P_INT (year)) >= 0;
}

gboolean
db_calendar_day_insert (Tx *tx, gint64 day, gint64 year, gboolean working, const char *name, GError **error)
{
	return tx_exec (tx, error, "INSERT INTO calendar_days (day, year, working, name) VALUES ($1, $2, $3, $4)",
		P_INT (day), P_INT (year), P_INT (working), P_TEXT (name)) == 1;
}

gboolean
db_calendar_days (Tx *tx, gint64 first, gint64 last, GHashTable *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT day, working FROM calendar_days WHERE day BETWEEN $1 AND $2",
	                                  P_INT (first), P_INT (last));

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL))
		g_hash_table_insert (out, GINT_TO_POINTER ((int) rows_int (rows, 0)), GINT_TO_POINTER ((int) rows_int (rows, 1)));
	return TRUE;
}

gboolean
db_calendar_certain_years (Tx *tx, gint64 first, gint64 last, gint64 *n, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT count(*) FROM calendar_years WHERE year BETWEEN $1 AND $2 AND provisional = 0", P_INT (first), P_INT (last));

	if (!rows || !rows_next (rows, error))
		return FALSE;
	*n = rows_int (rows, 0);
	return TRUE;
}
