/* Migrations: order, checksums, insert-only tables, two at once, killed half-way.  src/store/{migrate,migration_set,dialect}.c */
#include "base/error.h"
#include "unit/support/test_sql.h"
#include "unit/support/test_store.h"
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

static const char *self;          /* this program, which also plays the child */

static void
write_file (const char *folder, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename (folder, name, NULL);
	g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static char *
folder_of (TestStore *t)
{
	char *folder = g_build_filename (t->dir, "sql", NULL);
	g_mkdir (folder, 0700);
	return folder;
}

static void
migrates (TestStore *t, const char *folder)
{
	g_autoptr (GError) error = NULL;
	store_migrate_from (t->store, folder, &error);
	g_assert_no_error (error);
}

static void
refuses (TestStore *t, const char *folder, const char *why)
{
	g_autoptr (GError) error = NULL;
	g_assert_false (store_migrate_from (t->store, folder, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_STORE_SCHEMA);
	g_test_message ("%s", error->message);
	g_assert_nonnull (strstr (error->message, why));
}

/* --- the program's own -------------------------------------------------------------------- */

static void
test_embedded (TestStore *t)
{
	g_autoptr (GError) error = NULL;
	gint64 n = test_sql_number (t->store, "SELECT count(*) FROM schema_migration");
	g_assert_cmpint (n, >=, 1);
	g_assert_true (store_migrate (t->store, &error));
	g_assert_no_error (error);
	g_assert_cmpint (test_sql_number (t->store, "SELECT count(*) FROM schema_migration"), ==, n);
	g_assert_cmpint (test_sql_number (t->store, "SELECT count(*) FROM site"), ==, 0);
	g_assert_cmpint (test_sql_number (t->store, "SELECT min(applied_at) FROM schema_migration"), >, G_GINT64_CONSTANT (1700000000000000));
}

static void
test_insert_only (TestStore *t)
{
	static const char *const forbidden[] = {
		"UPDATE site SET value = 'x'",
		"DELETE FROM site",
		"INSERT INTO site (key, value) VALUES ('id', 'x') ON CONFLICT (key) DO UPDATE SET value = 'x'",
		"INSERT OR REPLACE INTO site (key, value) VALUES ('id', 'x')",    /* SQLite only: would delete without a word */
		"TRUNCATE site",                                                  /* PostgreSQL only */
	};
	g_autoptr (GError) error = NULL;
	g_assert_true (store_run (t->store, "test", test_sql, (gpointer) "INSERT INTO site (key, value) VALUES ('id', 'a')", &error));
	for (gsize i = 0; i < G_N_ELEMENTS (forbidden); i++) {
		g_autoptr (GError) refused = NULL;
		g_assert_false (store_run (t->store, "test", test_sql, (gpointer) forbidden[i], &refused));
		g_test_message ("%s", refused->message);
		g_assert_error (refused, DIQI_ERROR, DIQI_ERROR_STORE);
		gboolean syntax = i == (t->engine == TEST_SQLITE ? 4 : 3);
		g_assert_cmpint (strstr (refused->message, "site is insert-only") != NULL, ==, !syntax);
	}
	g_assert_cmpint (test_sql_number (t->store, "SELECT count(*) FROM site WHERE key = 'id' AND value = 'a'"), ==, 1);
}

/* --- history ------------------------------------------------------------------------------- */

static void
test_history (TestStore *t)
{
	g_autofree char *folder = folder_of (t);
	write_file (folder, "0001_one.sql", "CREATE TABLE one (a INTEGER, b BLOB) STRICT;\nCREATE INDEX one_a ON one (a);\n");
	migrates (t, folder);
	write_file (folder, "0002_two.sql", "CREATE TABLE two (a TEXT PRIMARY KEY) STRICT;\n-- @insert_only two\nINSERT INTO two VALUES ('x');\n");
	migrates (t, folder);
	migrates (t, folder);
	g_assert_cmpint (test_sql_number (t->store, "SELECT count(*) FROM two"), ==, 1);

	write_file (folder, "0001_one.sql", "CREATE TABLE one (a INTEGER) STRICT;\n");
	refuses (t, folder, "changed after");
	write_file (folder, "0001_one.sql", "CREATE TABLE one (a INTEGER, b BLOB) STRICT;\nCREATE INDEX one_a ON one (a);\n");
	migrates (t, folder);

	/* The next program was here and knows number three. */
	write_file (folder, "0003_three.sql", "CREATE TABLE three (a TEXT) STRICT;\n");
	migrates (t, folder);
	g_autofree char *three = g_build_filename (folder, "0003_three.sql", NULL);
	g_unlink (three);
	refuses (t, folder, "newer program");
}

static void
test_refused_sets (TestStore *t)
{
	g_autofree char *folder = folder_of (t);
	refuses (t, folder, "no migrations");
	write_file (folder, "readme.txt", "x");
	refuses (t, folder, "not a migration");
	g_autofree char *readme = g_build_filename (folder, "readme.txt", NULL);
	g_unlink (readme);
	write_file (folder, "0001_one.sql", "CREATE TABLE one (a TEXT) STRICT;");
	write_file (folder, "0001_uno.sql", "CREATE TABLE uno (a TEXT) STRICT;");
	refuses (t, folder, "where number 0002 is due");
	g_autofree char *uno = g_build_filename (folder, "0001_uno.sql", NULL);
	g_unlink (uno);
	write_file (folder, "0003_three.sql", "CREATE TABLE three (a TEXT) STRICT;");
	refuses (t, folder, "0003_three.sql where number 0002 is due");
	g_autofree char *three = g_build_filename (folder, "0003_three.sql", NULL);
	g_unlink (three);
	write_file (folder, "0002_two.sql", "-- @magic x\n");
	refuses (t, folder, "@magic");
}

/* A migration that fails in its middle leaves nothing, and can be mended and run again. */
static void
test_broken_migration (TestStore *t)
{
	g_autofree char *folder = folder_of (t);
	g_autoptr (GError) error = NULL;
	write_file (folder, "0001_one.sql", "CREATE TABLE one (a TEXT) STRICT;\nINSERT INTO one VALUES ('x');\nINSERT INTO nowhere VALUES (1);\n");
	g_assert_false (store_migrate_from (t->store, folder, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_STORE);
	g_assert_true (g_str_has_prefix (error->message, "migration 1 (0001_one.sql): "));
	g_assert_cmpint (test_sql_number (t->store, "SELECT count(*) FROM schema_migration"), ==, 0);
	write_file (folder, "0001_one.sql", "CREATE TABLE one (a TEXT) STRICT;\nINSERT INTO one VALUES ('x');\n");
	migrates (t, folder);
	g_assert_cmpint (test_sql_number (t->store, "SELECT count(*) FROM one"), ==, 1);
}

/* --- other processes ------------------------------------------------------------------------- */

#define STEPS 6
#define ROWS 20000

static char *
slow_folder (TestStore *t)
{
	char *folder = folder_of (t);
	for (int i = 1; i <= STEPS; i++) {
		g_autofree char *name = g_strdup_printf ("%04d_step.sql", i);
		g_autofree char *sql = g_strdup_printf (
			"CREATE TABLE step%1$d (n INTEGER PRIMARY KEY) STRICT;\n"
			"INSERT INTO step%1$d WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < %2$d) SELECT n FROM c;\n", i, ROWS);
		write_file (folder, name, sql);
	}
	return folder;
}

static GSubprocess *
child (TestStore *t, const char *folder)
{
	g_autoptr (GError) error = NULL;
	GSubprocess *process = g_subprocess_new (G_SUBPROCESS_FLAGS_NONE, &error, self, "--migrate", t->uri, folder, NULL);
	g_assert_no_error (error);
	return process;
}

static int
child_main (const char *uri, const char *folder)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (Store) store = store_open (uri, NULL, &error);
	if (store != NULL && store_migrate_from (store, folder, &error))
		return 0;
	g_printerr ("# %s\n", error->message);
	return 1;
}

static void
check_steps (TestStore *t)
{
	g_assert_cmpint (test_sql_number (t->store, "SELECT count(*) FROM schema_migration"), ==, STEPS);
	for (int i = 1; i <= STEPS; i++) {
		g_autofree char *sql = g_strdup_printf ("SELECT count(*) FROM step%d", i);
		g_assert_cmpint (test_sql_number (t->store, sql), ==, ROWS);
	}
}

static void
test_two_at_once (TestStore *t)
{
	g_autofree char *folder = slow_folder (t);
	g_autoptr (GPtrArray) children = g_ptr_array_new_with_free_func (g_object_unref);
	for (int i = 0; i < 3; i++)
		g_ptr_array_add (children, child (t, folder));
	for (guint i = 0; i < children->len; i++)
		g_assert_true (g_subprocess_wait_check (g_ptr_array_index (children, i), NULL, NULL));
	check_steps (t);
}

/* O-05: a kill during a migration; the next start completes it. */
static void
test_killed (TestStore *t)
{
	g_autofree char *folder = slow_folder (t);
	int interrupted = 0;
	for (int round = 0; round < 6; round++) {
		g_autoptr (GSubprocess) process = child (t, folder);
		g_usleep ((gulong) (20 + 45 * round) * 1000);
		g_subprocess_send_signal (process, SIGKILL);
		g_subprocess_wait (process, NULL, NULL);
		interrupted += g_subprocess_get_if_signaled (process);
	}
	g_test_message ("%d of 6 were killed at work", interrupted);
	g_assert_cmpint (interrupted, >, 0);
	test_store_reopen (t, NULL);
	migrates (t, folder);
	check_steps (t);
}

int
main (int argc, char **argv)
{
	if (argc == 4 && strcmp (argv[1], "--migrate") == 0)
		return child_main (argv[2], argv[3]);
	self = argv[0];
	g_test_init (&argc, &argv, NULL);
	test_store_add ("/store/migrate/embedded", test_embedded);
	test_store_add ("/store/migrate/insert-only", test_insert_only);
	test_store_add_empty ("/store/migrate/history", test_history);
	test_store_add_empty ("/store/migrate/refused-sets", test_refused_sets);
	test_store_add_empty ("/store/migrate/broken-migration", test_broken_migration);
	test_store_add_empty ("/store/migrate/two-at-once", test_two_at_once);
	test_store_add_empty ("/store/migrate/killed", test_killed);
	return g_test_run ();
}
