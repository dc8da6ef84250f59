/* Statements inside a transaction: parameters, rows, broken constraints.  src/store/{store,rows,sqlite,pgsql}.c */
#include "base/error.h"
#include "unit/support/test_store.h"
#include <string.h>

#define TABLES \
	"CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, body BLOB, CONSTRAINT item_name CHECK (name <> 'bad')) STRICT", \
	"CREATE TABLE pair (a TEXT NOT NULL, b TEXT NOT NULL, item INTEGER REFERENCES item (id), PRIMARY KEY (a, b)) STRICT"

static gboolean
create_tables (Tx *tx, gpointer arg, GError **error)
{
	const char *sqlite[] = { TABLES }, *postgresql[] = {
		"CREATE TABLE item (id BIGINT PRIMARY KEY, name TEXT, body BYTEA, CONSTRAINT item_name CHECK (name <> 'bad'))",
		"CREATE TABLE pair (a TEXT NOT NULL, b TEXT NOT NULL, item BIGINT REFERENCES item (id), PRIMARY KEY (a, b))" };
	const char **sql = store_is_postgresql (arg) ? postgresql : sqlite;
	for (int i = 0; i < 2; i++)
		if (tx_exec (tx, error, sql[i]) < 0)
			return FALSE;
	return TRUE;
}

static void
must_run (TestStore *t, StoreFn fn, gpointer arg)
{
	g_autoptr (GError) error = NULL;
	store_run (t->store, "test", fn, arg, &error);
	g_assert_no_error (error);
}

static gboolean
round_trip (Tx *tx, G_GNUC_UNUSED gpointer arg, GError **error)
{
	static const guint8 nul[] = { 0, 1, 0, 255, 0 };
	static const char zh[] = "国有建设用地使用权“挂牌”𠮷";
	g_autoptr (GBytes) empty = g_bytes_new_static ("", 0);
	g_assert_cmpint (tx_exec (tx, error, "INSERT INTO item (id, name, body) VALUES ($1, $2, $3)", P_INT (G_MAXINT64), P_TEXT (zh), P_BLOB (nul, sizeof nul)), ==, 1);
	g_assert_cmpint (tx_exec (tx, error, "INSERT INTO item (id, name, body) VALUES ($1, $2, $3)", P_INT (G_MININT64), P_TEXT (""), P_BYTES (empty)), ==, 1);
	g_assert_cmpint (tx_exec (tx, error, "INSERT INTO item (id, name, body) VALUES ($1, $2, $3)", P_INT (0), P_TEXT (NULL), P_BYTES (NULL)), ==, 1);
	g_assert_cmpint (tx_exec (tx, error, "INSERT INTO item (id, name, body) VALUES ($1, $2, $3)", P_INT (1), P_NULL, P_NULL), ==, 1);
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT id, name, body FROM item ORDER BY id DESC");
	g_assert_nonnull (rows);
	g_assert_true (rows_next (rows, error));
	g_assert_cmpint (rows_int (rows, 0), ==, G_MAXINT64);
	g_assert_cmpstr (rows_text (rows, 1), ==, zh);
	g_autoptr (GBytes) body = rows_bytes (rows, 2);
	g_assert_cmpmem (g_bytes_get_data (body, NULL), g_bytes_get_size (body), nul, sizeof nul);
	for (int id = 1; id >= 0; id--) {
		g_assert_true (rows_next (rows, error));
		g_assert_cmpint (rows_int (rows, 0), ==, id);
		g_assert_true (rows_is_null (rows, 1) && rows_is_null (rows, 2));
		g_assert_null (rows_text (rows, 1));
		g_assert_null (rows_bytes (rows, 2));
	}
	g_assert_true (rows_next (rows, error));
	g_assert_cmpint (rows_int (rows, 0), ==, G_MININT64);
	g_autofree char *text = rows_dup_text (rows, 1);
	g_assert_cmpstr (text, ==, "");
	g_autoptr (GBytes) none = rows_bytes (rows, 2);
	g_assert_cmpuint (g_bytes_get_size (none), ==, 0);
	g_assert_false (rows_next (rows, error));
	return TRUE;
}

static void
test_round_trip (TestStore *t)
{
	must_run (t, create_tables, t->store);
	must_run (t, round_trip, NULL);
}

/* SQLite numbers $n by first appearance: $2 first would swap the two. */
static gboolean
out_of_order (Tx *tx, G_GNUC_UNUSED gpointer arg, GError **error)
{
	g_assert_cmpint (tx_exec (tx, error, "INSERT INTO item (name, id) VALUES ($2, $1)", P_INT (7), P_TEXT ("seven")), ==, 1);
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT id FROM item WHERE name = $2 AND id = $1 AND $2 <> 'x'", P_INT (7), P_TEXT ("seven"));
	g_assert_true (rows_next (rows, error));
	g_assert_cmpint (rows_int (rows, 0), ==, 7);
	/* A typed NULL may stand alone in a condition. */
	g_autoptr (Rows) all = tx_query (tx, error, "SELECT id FROM item WHERE ($1 IS NULL OR name = $1)", P_TEXT (NULL));
	g_assert_true (rows_next (all, error));
	return TRUE;
}

static void
test_out_of_order (TestStore *t)
{
	must_run (t, create_tables, t->store);
	must_run (t, out_of_order, NULL);
}

static gboolean
counts (Tx *tx, G_GNUC_UNUSED gpointer arg, GError **error)
{
	for (int i = 0; i < 5; i++)
		g_assert_cmpint (tx_exec (tx, error, "INSERT INTO item (id, name) VALUES ($1, 'n')", P_INT (i)), ==, 1);
	g_assert_cmpint (tx_exec (tx, error, "UPDATE item SET name = 'm' WHERE id >= $1", P_INT (2)), ==, 3);
	g_assert_cmpint (tx_exec (tx, error, "UPDATE item SET name = 'm' WHERE id >= $1", P_INT (100)), ==, 0);
	g_assert_cmpint (tx_exec (tx, error, "SELECT id FROM item"), ==, 0);
	g_assert_cmpint (tx_exec (tx, error, "INSERT INTO item (id, name) VALUES (2, 'x') ON CONFLICT DO NOTHING"), ==, 0);
	g_autoptr (Rows) sum = tx_query (tx, error, "SELECT sum(id), count(*), max(name) FROM item");
	g_assert_true (rows_next (sum, error));
	g_assert_cmpint (rows_int (sum, 0), ==, 10);
	g_assert_cmpint (rows_int (sum, 1), ==, 5);
	/* Rows are complete before the table changes under them; and the same text runs inside itself. */
	static const char *const query = "SELECT id FROM item ORDER BY id";
	g_autoptr (Rows) outer = tx_query (tx, error, query);
	int seen = 0;
	while (rows_next (outer, error)) {
		g_autoptr (Rows) inner = tx_query (tx, error, query);
		g_assert_true (rows_next (inner, error));
		g_assert_cmpint (tx_exec (tx, error, "DELETE FROM item WHERE id = $1", P_INT (rows_int (outer, 0))), ==, 1);
		seen++;
	}
	g_assert_cmpint (seen, ==, 5);
	g_autoptr (Rows) made = tx_query (tx, error, "INSERT INTO item (id, name) VALUES ($1, $2) RETURNING id, name", P_INT (9), P_TEXT ("r"));
	g_assert_true (rows_next (made, error));
	g_assert_cmpstr (rows_text (made, 1), ==, "r");
	g_autoptr (Rows) locked = tx_query_lock (tx, error, "SELECT name FROM item WHERE id = $1", P_INT (9));
	g_assert_true (rows_next (locked, error));
	return TRUE;
}

static void
test_counts (TestStore *t)
{
	must_run (t, create_tables, t->store);
	must_run (t, counts, NULL);
}

typedef struct {
	const char *sql, *detail;
	DiqiErrorCode code;
} Refusal;

static gboolean
run_refused (Tx *tx, gpointer arg, GError **error)
{
	const Refusal *r = arg;
	if (tx_exec (tx, error, "INSERT INTO item (id, name) VALUES (1, 'one')") < 0
	    || tx_exec (tx, error, "INSERT INTO pair (a, b, item) VALUES ('x', 'y', 1)") < 0)
		return FALSE;
	g_autoptr (Rows) rows = tx_query (tx, error, r->sql);
	return rows != NULL;
}

static gboolean
is_empty (Tx *tx, G_GNUC_UNUSED gpointer arg, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT id FROM item");
	g_assert_nonnull (rows);
	g_assert_false (rows_next (rows, error));
	return TRUE;
}

static void
test_constraints (TestStore *t)
{
	static const Refusal refusals[] = {
		{ "INSERT INTO item (id) VALUES (1)", "UNIQUE constraint failed: item.id", DIQI_ERROR_STORE_CONSTRAINT },
		{ "INSERT INTO pair (a, b) VALUES ('x', 'y')", "UNIQUE constraint failed: pair.a, pair.b", DIQI_ERROR_STORE_CONSTRAINT },
		{ "INSERT INTO pair (a, b, item) VALUES ('p', 'q', 5)", "FOREIGN KEY constraint failed", DIQI_ERROR_STORE_CONSTRAINT },
		/* SQLite finds this one at the end of the statement, after the row came back. */
		{ "INSERT INTO pair (a, b, item) VALUES ('p', 'q', 5) RETURNING a", "FOREIGN KEY constraint failed", DIQI_ERROR_STORE_CONSTRAINT },
		{ "DELETE FROM item", "pair", DIQI_ERROR_STORE_CONSTRAINT },
		{ "INSERT INTO item (id, name) VALUES (2, 'bad')", "CHECK constraint failed: item_name", DIQI_ERROR_STORE_CONSTRAINT },
		{ "INSERT INTO pair (a) VALUES ('x')", "b", DIQI_ERROR_STORE },
		{ "SELECT something FROM nowhere", "nowhere", DIQI_ERROR_STORE },
		{ "INSERT INTO item (id, name) VALUES (3, \"double quoted\")", "double quoted", DIQI_ERROR_STORE },
	};
	must_run (t, create_tables, t->store);
	for (gsize i = 0; i < G_N_ELEMENTS (refusals); i++) {
		g_autoptr (GError) error = NULL;
		g_test_message ("%s", refusals[i].sql);
		g_assert_false (store_run (t->store, "test", run_refused, (gpointer) &refusals[i], &error));
		g_assert_error (error, DIQI_ERROR, (int) refusals[i].code);
		g_test_message ("%s", error->message);
		/* Of a restricted DELETE SQLite names only the statement. */
		if (t->engine == TEST_POSTGRESQL || strcmp (refusals[i].detail, "pair") != 0)
			g_assert_nonnull (strstr (error->message, refusals[i].detail));
		must_run (t, is_empty, NULL);
	}
}

static gboolean
deaf (Tx *tx, G_GNUC_UNUSED gpointer arg, G_GNUC_UNUSED GError **error)
{
	g_autoptr (GError) first = NULL, second = NULL;
	tx_exec (tx, NULL, "INSERT INTO item (id, name) VALUES (1, 'one')");
	g_assert_cmpint (tx_exec (tx, &first, "INSERT INTO item (id, name) VALUES (1, 'two')"), ==, -1);
	g_assert_error (first, DIQI_ERROR, DIQI_ERROR_STORE_CONSTRAINT);
	g_assert_cmpint (tx_exec (tx, &second, "INSERT INTO item (id, name) VALUES (2, 'two')"), ==, -1);
	g_assert_error (second, DIQI_ERROR, DIQI_ERROR_STORE);
	return TRUE;
}

/* Going on after a failed statement would commit half of the work on SQLite and nothing on PostgreSQL. */
static void
test_failed_statement_is_final (TestStore *t)
{
	g_autoptr (GError) error = NULL;
	must_run (t, create_tables, t->store);
	g_assert_false (store_run (t->store, "test.deaf", deaf, NULL, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_STORE);
	must_run (t, is_empty, NULL);
}

typedef struct {
	const char *sql;
	Param params[3];
	gsize n;
} Misuse;

static gboolean
run_misuse (Tx *tx, gpointer arg, GError **error)
{
	const Misuse *m = arg;
	return tx_exec_params (tx, m->sql, m->params, m->n, error) >= 0;
}

static void
test_misuse (TestStore *t)
{
	const Misuse misuses[] = {
		{ "INSERT INTO item (id, name) VALUES ($1, $2)", { P_INT (1) }, 1 },
		{ "INSERT INTO item (id) VALUES ($1)", { P_INT (1), P_INT (2) }, 2 },
		{ "INSERT INTO item (id, name) VALUES ($1, $3)", { P_INT (1), P_TEXT ("x"), P_TEXT ("y") }, 3 },
		{ "INSERT INTO item (id, name) VALUES ($1, $2)", { P_TEXT ("one"), P_TEXT ("x") }, 2 },
		{ "INSERT INTO item (id, name) VALUES ($1, $2)", { P_INT (1), { PARAM_TEXT, 0, "\xff\xfe", 2 } }, 2 },
		{ "INSERT INTO item (id) VALUES (1); DELETE FROM item", { P_NULL }, 0 },
		{ "", { P_NULL }, 0 },
	};
	must_run (t, create_tables, t->store);
	for (gsize i = 0; i < G_N_ELEMENTS (misuses); i++) {
		g_autoptr (GError) error = NULL;
		g_test_message ("%s", misuses[i].sql);
		gboolean ok = store_run (t->store, "test", run_misuse, (gpointer) &misuses[i], &error);
		/* PostgreSQL takes the empty statement for nothing to do; harmless. */
		if (misuses[i].sql[0] == '\0' && ok)
			continue;
		g_assert_false (ok);
		g_assert_error (error, DIQI_ERROR, DIQI_ERROR_STORE);
	}
	must_run (t, is_empty, NULL);
}

static gboolean
fill_like (Tx *tx, G_GNUC_UNUSED gpointer arg, GError **error)
{
	g_assert_cmpint (tx_exec (tx, error, "INSERT INTO item (id, name) VALUES (1, 'Abc')"), ==, 1);
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT id FROM item WHERE name LIKE 'a%'");
	g_assert_false (rows_next (rows, error));
	return TRUE;
}

static void
test_like_minds_case (TestStore *t)
{
	must_run (t, create_tables, t->store);
	must_run (t, fill_like, NULL);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	test_store_add_empty ("/store/statement/round-trip", test_round_trip);
	test_store_add_empty ("/store/statement/parameters-out-of-order", test_out_of_order);
	test_store_add_empty ("/store/statement/counts", test_counts);
	test_store_add_empty ("/store/statement/constraints", test_constraints);
	test_store_add_empty ("/store/statement/failed-is-final", test_failed_statement_is_final);
	test_store_add_empty ("/store/statement/misuse", test_misuse);
	test_store_add_empty ("/store/statement/like-minds-case", test_like_minds_case);
	return g_test_run ();
}
