/* A disk that fails: never a false "done".  F-04, F-05, F-07; src/store/sqlite.c
 *
 * SQLite takes its files through a VFS; a shim in front of the real one, made the
 * default before the store opens, fails on order. */
#include "base/error.h"
#include "unit/support/test_sql.h"
#include "unit/support/test_store.h"
#include <sqlite3.h>
#include <string.h>

/* --- the shim --------------------------------------------------------------------------------- */

typedef struct {
	sqlite3_file base;
} ShimFile;                               /* the real file follows */

static sqlite3_vfs shim;
static sqlite3_vfs *real_vfs;
static gint fail_sync, fail_write;        /* atomic; an SQLite result code, 0 = work */

static sqlite3_file *inner (sqlite3_file *file) { return (sqlite3_file *) ((ShimFile *) file + 1); }

static int
shim_sync (sqlite3_file *file, int flags)
{
	int rc = g_atomic_int_get (&fail_sync);
	return rc != 0 ? rc : inner (file)->pMethods->xSync (inner (file), flags);
}

static int
shim_write (sqlite3_file *file, const void *p, int n, sqlite3_int64 offset)
{
	int rc = g_atomic_int_get (&fail_write);
	return rc != 0 ? rc : inner (file)->pMethods->xWrite (inner (file), p, n, offset);
}

static int shim_close (sqlite3_file *f) { return inner (f)->pMethods->xClose (inner (f)); }
static int shim_read (sqlite3_file *f, void *p, int n, sqlite3_int64 o) { return inner (f)->pMethods->xRead (inner (f), p, n, o); }
static int shim_truncate (sqlite3_file *f, sqlite3_int64 n) { return inner (f)->pMethods->xTruncate (inner (f), n); }
static int shim_size (sqlite3_file *f, sqlite3_int64 *n) { return inner (f)->pMethods->xFileSize (inner (f), n); }
static int shim_lock (sqlite3_file *f, int l) { return inner (f)->pMethods->xLock (inner (f), l); }
static int shim_unlock (sqlite3_file *f, int l) { return inner (f)->pMethods->xUnlock (inner (f), l); }
static int shim_reserved (sqlite3_file *f, int *out) { return inner (f)->pMethods->xCheckReservedLock (inner (f), out); }
static int shim_control (sqlite3_file *f, int op, void *arg) { return inner (f)->pMethods->xFileControl (inner (f), op, arg); }
static int shim_sector (sqlite3_file *f) { return inner (f)->pMethods->xSectorSize (inner (f)); }
static int shim_device (sqlite3_file *f) { return inner (f)->pMethods->xDeviceCharacteristics (inner (f)); }
static int shim_map (sqlite3_file *f, int r, int n, int w, void volatile **p) { return inner (f)->pMethods->xShmMap (inner (f), r, n, w, p); }
static int shim_shm_lock (sqlite3_file *f, int o, int n, int flags) { return inner (f)->pMethods->xShmLock (inner (f), o, n, flags); }
static void shim_barrier (sqlite3_file *f) { inner (f)->pMethods->xShmBarrier (inner (f)); }
static int shim_unmap (sqlite3_file *f, int d) { return inner (f)->pMethods->xShmUnmap (inner (f), d); }

static const sqlite3_io_methods shim_methods = { 2, shim_close, shim_read, shim_write, shim_truncate, shim_sync, shim_size, shim_lock,
	shim_unlock, shim_reserved, shim_control, shim_sector, shim_device, shim_map, shim_shm_lock, shim_barrier, shim_unmap, NULL, NULL };

static int
shim_open (G_GNUC_UNUSED sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
	int rc = real_vfs->xOpen (real_vfs, name, inner (file), flags, out);
	file->pMethods = rc == SQLITE_OK ? &shim_methods : NULL;
	return rc;
}

static void
install_shim (void)
{
	real_vfs = sqlite3_vfs_find (NULL);
	shim = *real_vfs;
	shim.pNext = NULL;
	shim.zName = "shim";
	shim.szOsFile += (int) sizeof (ShimFile);
	shim.xOpen = shim_open;
	g_assert_cmpint (sqlite3_vfs_register (&shim, 1), ==, SQLITE_OK);
}

/* --- what the store makes of it ------------------------------------------------------------------ */

static gboolean
run (TestStore *t, const char *sql, GError **error)
{
	return store_run (t->store, "test.sql", test_sql, (gpointer) sql, error);
}

static gint64
entries (TestStore *t)
{
	return test_sql_number (t->store, "SELECT count(*) FROM entry");
}

static TestStore *
with_table (void)
{
	TestStore *t = test_store_new_empty (TEST_SQLITE, NULL);
	g_assert_true (run (t, "CREATE TABLE entry (id INTEGER PRIMARY KEY, body BLOB)", NULL));
	g_assert_true (run (t, "INSERT INTO entry (id) VALUES (1)", NULL));
	return t;
}

/* The fsync of a COMMIT fails: told so, and nothing is written any more, however well the next fsync
 * would do; after a restart the file says what is true. */
static void
test_sync_fails (void)
{
	g_autoptr (TestStore) t = with_table ();
	g_autoptr (GError) error = NULL, later = NULL, ping = NULL;
	g_atomic_int_set (&fail_sync, SQLITE_IOERR_FSYNC);
	g_assert_false (run (t, "INSERT INTO entry (id) VALUES (2)", &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_UNAVAILABLE);
	g_atomic_int_set (&fail_sync, 0);
	g_assert_false (run (t, "INSERT INTO entry (id) VALUES (3)", &later));
	g_assert_error (later, DIQI_ERROR, DIQI_ERROR_UNAVAILABLE);
	g_assert_false (store_ping (t->store, &ping));
	g_assert_error (ping, DIQI_ERROR, DIQI_ERROR_UNAVAILABLE);
	g_assert_cmpint (entries (t), ==, 1);
	test_store_reopen (t, NULL);
	g_assert_true (run (t, "INSERT INTO entry (id) VALUES (4)", NULL));
	g_assert_cmpint (entries (t), >=, 2);
}

static void
test_write_fails (void)
{
	g_autoptr (TestStore) t = with_table ();
	g_autoptr (GError) error = NULL;
	g_atomic_int_set (&fail_write, SQLITE_IOERR_WRITE);
	g_assert_false (run (t, "INSERT INTO entry (id) VALUES (2)", &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_UNAVAILABLE);
	g_atomic_int_set (&fail_write, 0);
	g_assert_false (store_ping (t->store, NULL));
	test_store_reopen (t, NULL);
	g_assert_cmpint (entries (t), ==, 1);
}

/* A full disk is refused, and writing resumes by itself when there is space. */
static void
test_disk_full (void)
{
	g_autoptr (TestStore) t = with_table ();
	g_autoptr (GError) error = NULL;
	g_atomic_int_set (&fail_write, SQLITE_FULL);
	g_assert_false (run (t, "INSERT INTO entry (id) VALUES (2)", &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_UNAVAILABLE);
	g_assert_cmpint (entries (t), ==, 1);
	g_assert_false (store_ping (t->store, NULL));
	g_atomic_int_set (&fail_write, 0);
	g_assert_true (run (t, "INSERT INTO entry (id) VALUES (3)", NULL));
	g_assert_true (store_ping (t->store, NULL));
	g_assert_cmpint (entries (t), ==, 2);
}

/* --- a group in which one transaction breaks the whole ------------------------------------------------ */

typedef struct {
	TestStore *t;
	gint64 id;
	gboolean big, ok;
} Caller;

static gboolean
insert_body (Tx *tx, gpointer arg, GError **error)
{
	const Caller *c = arg;
	return tx_exec (tx, error, "INSERT INTO entry (id, body) VALUES ($1, zeroblob($2))", P_INT (c->id), P_INT (c->big ? 40000000 : 10)) == 1;
}

static gpointer
caller_main (gpointer data)
{
	Caller *c = data;
	c->ok = store_run (c->t->store, "test.body", insert_body, c, NULL);
	return NULL;
}

static gboolean
contains (Tx *tx, gpointer arg, GError **error)
{
	const Caller *c = arg;
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT id FROM entry WHERE id = $1", P_INT (c->id));
	g_assert_cmpint (rows_next (rows, error), ==, c->ok);
	return TRUE;
}

/* The page limit makes SQLite end the whole transaction in the middle of a group: nobody of it may be
 * told that he succeeded. */
static void
test_full_in_a_group (void)
{
	g_autoptr (TestStore) t = with_table ();
	Caller callers[12];
	GThread *threads[12];
	test_store_reopen (t, &(StoreOptions) { .gather_micros = 50000 });
	g_assert_true (run (t, "PRAGMA max_page_count = 200", NULL));
	for (int round = 0; round < 4; round++) {
		for (int i = 0; i < 12; i++) {
			callers[i] = (Caller) { t, 100 + round * 12 + i, i == 5, FALSE };
			threads[i] = g_thread_new ("caller", caller_main, &callers[i]);
		}
		for (int i = 0; i < 12; i++)
			g_thread_join (threads[i]);
		g_assert_false (callers[5].ok);
		for (int i = 0; i < 12; i++)
			g_assert_true (store_read (t->store, "test.contains", contains, &callers[i], NULL));
	}
	g_assert_true (run (t, "INSERT INTO entry (id) VALUES (2)", NULL));
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	install_shim ();
	g_test_add_func ("/store/fault/sync-fails", test_sync_fails);
	g_test_add_func ("/store/fault/write-fails", test_write_fails);
	g_test_add_func ("/store/fault/disk-full", test_disk_full);
	g_test_add_func ("/store/fault/full-in-a-group", test_full_in_a_group);
	return g_test_run ();
}
