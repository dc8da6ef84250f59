/* unit/support/test_sql.h — single SQL statements for tests of the store. */
#pragma once
#include "store/store.h"

/* A transaction of one statement, which is its argument. */
gboolean test_sql (Tx *tx, gpointer sql, GError **error);

/* The same, run; aborts the test on any error. */
void test_sql_must (Store *store, const char *sql);
/* The first column of the first row; -1: no row.  Aborts the test on any error. */
gint64 test_sql_number (Store *store, const char *sql);
/* The same inside a transaction. */
gint64 test_sql_number_in (Tx *tx, const char *sql);
