/* unit/support/test_store.c — see test_store.h. */
#include "unit/support/test_store.h"
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <libpq-fe.h>
#include <string.h>

#define SERVER "DIQI_TEST_PG"

typedef struct {
	TestEngine engine;
	gboolean migrated;
	void (*test) (TestStore *t);
} Case;

gboolean test_store_have_postgresql (void) { return g_getenv (SERVER) != NULL; }

/* CREATE DATABASE runs in no transaction, so the store cannot do it. */
static void
on_server (const char *before, const char *name, const char *after)
{
	g_autofree char *sql = g_strconcat (before, name, after, NULL);
	PGconn *pg = PQconnectdb (g_getenv (SERVER));
	if (PQstatus (pg) != CONNECTION_OK)
		g_error ("%s: %s", SERVER, PQerrorMessage (pg));
	PGresult *result = PQexec (pg, sql);
	ExecStatusType status = PQresultStatus (result);
	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		g_error ("%s: %s", sql, PQerrorMessage (pg));
	PQclear (result);
	PQfinish (pg);
}

/* The server's address with another database. */
static char *
uri_of (const char *database)
{
	g_autofree char *server = g_strdup (g_getenv (SERVER));
	char *authority = strstr (server, "://");
	g_assert_nonnull (authority);
	char *slash = strchr (authority + 3, '/');
	g_assert_nonnull (slash);
	*slash = '\0';
	return g_strdup_printf ("%s/%s", server, database);
}

TestStore *
test_store_new_empty (TestEngine engine, const StoreOptions *options)
{
	g_autoptr (GError) error = NULL;
	TestStore *t = g_new0 (TestStore, 1);
	t->engine = engine;
	t->dir = g_dir_make_tmp ("diqi-store-XXXXXX", &error);
	g_assert_no_error (error);
	if (engine == TEST_POSTGRESQL) {
		g_autofree char *uuid = g_uuid_string_random ();
		t->database = g_strdup_printf ("diqi_%s", g_strdelimit (uuid, "-", '_'));
		on_server ("CREATE DATABASE ", t->database, "");
		t->uri = uri_of (t->database);
	} else {
		t->uri = g_strdup_printf ("sqlite:%s/test.db", t->dir);
	}
	t->store = store_open (t->uri, options, &error);
	g_assert_no_error (error);
	return t;
}

TestStore *
test_store_new (TestEngine engine, const StoreOptions *options)
{
	g_autoptr (GError) error = NULL;
	TestStore *t = test_store_new_empty (engine, options);
	store_migrate (t->store, &error);
	g_assert_no_error (error);
	return t;
}

void
test_store_reopen (TestStore *t, const StoreOptions *options)
{
	g_autoptr (GError) error = NULL;
	g_clear_pointer (&t->store, store_close);
	t->store = store_open (t->uri, options, &error);
	g_assert_no_error (error);
}

void
test_remove_tree (const char *dir)
{
	g_autoptr (GDir) d = g_dir_open (dir, 0, NULL);
	const char *name;
	while (d != NULL && (name = g_dir_read_name (d)) != NULL) {
		g_autofree char *path = g_build_filename (dir, name, NULL);
		if (g_file_test (path, G_FILE_TEST_IS_DIR) && !g_file_test (path, G_FILE_TEST_IS_SYMLINK))
			test_remove_tree (path);
		else
			g_unlink (path);
	}
	g_rmdir (dir);
}

void
test_store_free (TestStore *t)
{
	if (t == NULL)
		return;
	store_close (t->store);
	if (t->database != NULL)
		on_server ("DROP DATABASE ", t->database, " WITH (FORCE)");
	test_remove_tree (t->dir);
	g_free (t->database);
	g_free (t->dir);
	g_free (t->uri);
	g_free (t);
}

void
test_store_cut_connections (TestStore *t)
{
	g_assert (t->engine == TEST_POSTGRESQL);
	on_server ("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '", t->database, "'");
}

static void
run_case (gconstpointer data)
{
	const Case *c = data;
	if (c->engine == TEST_POSTGRESQL && !test_store_have_postgresql ()) {
		g_test_skip (SERVER " is not set");
		return;
	}
	g_autoptr (TestStore) t = c->migrated ? test_store_new (c->engine, NULL) : test_store_new_empty (c->engine, NULL);
	c->test (t);
}

static void
add (const char *path, gboolean migrated, void (*test) (TestStore *t))
{
	static const char *const names[] = { [TEST_SQLITE] = "sqlite", [TEST_POSTGRESQL] = "postgresql" };
	for (int engine = TEST_SQLITE; engine <= TEST_POSTGRESQL; engine++) {
		g_autofree char *full = g_strdup_printf ("%s/%s", path, names[engine]);
		Case *c = g_new (Case, 1);
		*c = (Case) { (TestEngine) engine, migrated, test };
		g_test_add_data_func_full (full, c, run_case, g_free);
	}
}

void test_store_add (const char *path, void (*test) (TestStore *t)) { add (path, TRUE, test); }
void test_store_add_empty (const char *path, void (*test) (TestStore *t)) { add (path, FALSE, test); }
