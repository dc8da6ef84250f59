/* One migration text for two engines.  src/store/dialect.c, src/store/sqlstate.c */
#include "base/error.h"
#include "store/dialect.h"
#include "store/sqlstate.h"

static void
translates (const char *sql, gboolean postgresql, const char *expected)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *out = dialect_translate (sql, postgresql, &error);
	g_assert_no_error (error);
	g_assert_cmpstr (out, ==, expected);
}

static void
test_types (void)
{
	translates ("CREATE TABLE t (a INTEGER, b blob, c TEXT, d Int) STRICT;", TRUE, "CREATE TABLE t (a BIGINT, b BYTEA, c TEXT, d BIGINT) ;\n");
	translates ("CREATE TABLE t (a TEXT) STRICT, WITHOUT ROWID;", TRUE, "CREATE TABLE t (a TEXT) ;\n");
	translates ("CREATE TABLE t (a TEXT)\n-- note\nWITHOUT ROWID, STRICT;", TRUE, "CREATE TABLE t (a TEXT)\n-- note\n;\n");
	/* Names that contain the words, strings, quoted names and comments stay. */
	translates ("SELECT 'INTEGER it''s BLOB', \"BLOB\", integers, x_blob -- INTEGER\n/* BLOB */ FROM strict;", TRUE,
		"SELECT 'INTEGER it''s BLOB', \"BLOB\", integers, x_blob -- INTEGER\n/* BLOB */ FROM strict;\n");
	translates ("CHECK (length (a) = 32 AND CAST (b AS INTEGER) > 0)", TRUE, "CHECK (length (a) = 32 AND CAST (b AS BIGINT) > 0)\n");
	translates ("CREATE TABLE t (a INTEGER, b BLOB) STRICT;", FALSE, "CREATE TABLE t (a INTEGER, b BLOB) STRICT;\n");
	translates ("SELECT 'open", TRUE, "SELECT 'open\n");
	translates ("", TRUE, "");
}

static void
test_engine_lines (void)
{
	static const char sql[] = "A;\n-- @sqlite CREATE s\n-- @sqlite INTEGER;\n-- @postgresql CREATE p INTEGER;\nB;\n-- plain";
	translates (sql, FALSE, "A;\nCREATE s\nINTEGER;\nB;\n-- plain\n");
	translates (sql, TRUE, "A;\nCREATE p INTEGER;\nB;\n-- plain\n");
}

static void
test_unknown_directives (void)
{
	static const char *const bad[] = { "-- @insert_only", "-- @insert_only a b", "-- @insert_only a;DROP", "-- @insertonly a", "-- @mysql x", "-- @" };
	for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
		g_autoptr (GError) error = NULL;
		g_assert_null (dialect_translate (bad[i], i % 2 == 0, &error));
		g_assert_error (error, DIQI_ERROR, DIQI_ERROR_STORE_SCHEMA);
	}
}

static void
says (const char *state, const char *table, const char *name, const char *detail, const char *expected)
{
	g_autofree char *text = sqlstate_constraint (state, table, name, detail);
	g_assert_cmpstr (text, ==, expected);
}

/* Columns come from the server's DETAIL, values never. */
static void
test_constraint_text (void)
{
	says ("23505", "t", "t_a_key", "Key (a)=(secret) already exists.", "UNIQUE constraint failed: t.a");
	says ("23505", "t", "t_a_key", "键值\"(a, b)=(1, 2)\" 已经存在", "UNIQUE constraint failed: t.a, t.b");
	says ("23505", "t", "t_a_key", "no columns here", "UNIQUE constraint failed: t_a_key");
	says ("23505", NULL, NULL, NULL, "UNIQUE constraint failed: ?");
	says ("23503", "t", "t_u_fkey", "Key (u)=(secret) is not present", "FOREIGN KEY constraint failed: t (t_u_fkey)");
	says ("23514", "t", "t_check", "Failing row contains (secret).", "CHECK constraint failed: t_check");
}

static void
test_states (void)
{
	g_assert_true (sqlstate_is_lost_race ("40001") && sqlstate_is_lost_race ("40P01"));
	g_assert_false (sqlstate_is_lost_race ("23505") || sqlstate_is_lost_race (NULL));
	g_assert_true (sqlstate_is_lost_connection ("57P01") && !sqlstate_is_lost_connection (NULL));
	g_assert_cmpint (sqlstate_code ("23505"), ==, DIQI_ERROR_STORE_CONSTRAINT);
	g_assert_cmpint (sqlstate_code ("23502"), ==, DIQI_ERROR_STORE);
	g_assert_cmpint (sqlstate_code ("53100"), ==, DIQI_ERROR_UNAVAILABLE);
	g_assert_cmpint (sqlstate_code (NULL), ==, DIQI_ERROR_STORE);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/store/dialect/types", test_types);
	g_test_add_func ("/store/dialect/engine-lines", test_engine_lines);
	g_test_add_func ("/store/dialect/unknown-directives", test_unknown_directives);
	g_test_add_func ("/store/sqlstate/constraint-text", test_constraint_text);
	g_test_add_func ("/store/sqlstate/states", test_states);
	return g_test_run ();
}
