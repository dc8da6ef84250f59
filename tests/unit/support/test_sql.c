#include "unit/support/test_sql.h"

gboolean
test_sql (Tx *tx, gpointer sql, GError **error)
{
	return tx_exec (tx, error, (const char *) sql) >= 0;
}

void
test_sql_must (Store *store, const char *sql)
{
	g_autoptr (GError) error = NULL;
	store_run (store, "test.sql", test_sql, (gpointer) sql, &error);
	g_assert_no_error (error);
}

gint64
test_sql_number_in (Tx *tx, const char *sql)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (Rows) rows = tx_query (tx, &error, sql);
	g_assert_no_error (error);
	gint64 value = rows_next (rows, &error) ? rows_int (rows, 0) : -1;
	g_assert_no_error (error);
	return value;
}

typedef struct {
	const char *sql;
	gint64 value;
} Question;

static gboolean
ask (Tx *tx, gpointer arg, GError **error)
{
	Question *q = arg;
	(void) error;
	q->value = test_sql_number_in (tx, q->sql);
	return TRUE;
}

gint64
test_sql_number (Store *store, const char *sql)
{
	g_autoptr (GError) error = NULL;
	Question q = { .sql = sql };
	store_read (store, "test.ask", ask, &q, &error);
	g_assert_no_error (error);
	return q.value;
}
