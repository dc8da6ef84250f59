/* Transactions: commit, rollback, groups, hooks, snapshots.  src/store/{store,group,pool,sqlite,pgsql}.c */
#include "base/error.h"
#include "unit/support/test_sql.h"
#include "unit/support/test_store.h"
#include <glib/gstdio.h>
#include <string.h>

static gboolean
insert_and_refuse (Tx *tx, G_GNUC_UNUSED gpointer arg, GError **error)
{
	g_assert_cmpint (tx_exec (tx, error, "INSERT INTO entry (id) VALUES (1)"), ==, 1);
	return diqi_fail (error, DIQI_ERROR_QUOTE_LATTICE, "/price_fen", "off by one");
}

static gboolean refuse_silently (G_GNUC_UNUSED Tx *tx, G_GNUC_UNUSED gpointer arg, G_GNUC_UNUSED GError **error) { return FALSE; }

static void
test_commit_and_rollback (TestStore *t)
{
	g_autoptr (GError) error = NULL, silent = NULL;
	StoreStats stats;
	test_sql_must (t->store, "CREATE TABLE entry (id BIGINT PRIMARY KEY)");
	g_assert_false (store_run (t->store, "test", insert_and_refuse, NULL, &error));
	/* The domain's own error, with its field, reaches the caller unchanged. */
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_QUOTE_LATTICE);
	g_assert_cmpstr (error->message, ==, "off by one");
	g_assert_cmpstr (diqi_error_field (error), ==, "/price_fen");
	g_assert_cmpint (test_sql_number (t->store, "SELECT count(*) FROM entry"), ==, 0);
	g_assert_false (store_run (t->store, "test.silent", refuse_silently, NULL, &silent));
	g_assert_error (silent, DIQI_ERROR, DIQI_ERROR_INTERNAL);
	test_sql_must (t->store, "INSERT INTO entry (id) VALUES (1)");
	test_store_reopen (t, NULL);
	g_assert_cmpint (test_sql_number (t->store, "SELECT count(*) FROM entry"), ==, 1);
	test_sql_must (t->store, "INSERT INTO entry (id) VALUES (2)");
	store_stats (t->store, &stats);
	g_assert_cmpuint (stats.transactions, ==, 1);
	g_assert_cmpuint (stats.commits, ==, 1);
	g_assert_true (store_ping (t->store, NULL));
}

/* --- many callers ----------------------------------------------------------------------- */

typedef struct {
	TestStore *t;
	gint turn;                /* atomic */
	gint refused;             /* atomic */
	guint rounds;
} Crowd;

static void
run_crowd (Crowd *crowd, guint threads, GThreadFunc body)
{
	g_autoptr (GPtrArray) all = g_ptr_array_new ();
	for (guint i = 0; i < threads; i++)
		g_ptr_array_add (all, g_thread_new ("caller", body, crowd));
	for (guint i = 0; i < threads; i++)
		g_thread_join (g_ptr_array_index (all, i));
}

static gboolean
insert_odd_fails (Tx *tx, gpointer arg, GError **error)
{
	gint64 id = *(gint *) arg;
	if (tx_exec (tx, error, "INSERT INTO entry (id) VALUES ($1)", P_INT (id)) < 0)
		return FALSE;
	if (id % 4 == 1)
		return diqi_fail (error, DIQI_ERROR_PERMISSION, NULL, "no");
	if (id % 4 == 3)
		return tx_exec (tx, error, "INSERT INTO entry (id) VALUES ($1)", P_INT (id)) > 0;
	return tx_exec (tx, error, "UPDATE counter SET n = n + 1") == 1;
}

static gpointer
crowd_of_failures (gpointer data)
{
	Crowd *crowd = data;
	for (guint i = 0; i < crowd->rounds; i++) {
		g_autoptr (GError) error = NULL;
		gint id = g_atomic_int_add (&crowd->turn, 1);
		gboolean ok = store_run (crowd->t->store, "test", insert_odd_fails, &id, &error);
		g_assert_cmpint (ok, ==, id % 2 == 0);
		if (ok)
			continue;
		g_assert_error (error, DIQI_ERROR, (id % 4 == 1 ? DIQI_ERROR_PERMISSION : DIQI_ERROR_STORE_CONSTRAINT));
		g_atomic_int_inc (&crowd->refused);
	}
	return NULL;
}

static void
test_failures_do_not_hurt_others (TestStore *t)
{
	Crowd crowd = { .t = t, .rounds = 25 };
	StoreStats stats;
	/* Wait long for each other, so that SQLite's groups are large. */
	test_store_reopen (t, &(StoreOptions) { .gather_micros = 20000 });
	test_sql_must (t->store, "CREATE TABLE entry (id BIGINT PRIMARY KEY)");
	test_sql_must (t->store, "CREATE TABLE counter (n BIGINT NOT NULL)");
	test_sql_must (t->store, "INSERT INTO counter (n) VALUES (0)");
	run_crowd (&crowd, 16, crowd_of_failures);
	g_assert_cmpint (test_sql_number (t->store, "SELECT count(*) FROM entry"), ==, 200);
	g_assert_cmpint (test_sql_number (t->store, "SELECT count(*) FROM entry WHERE id % 2 = 1"), ==, 0);
	g_assert_cmpint (test_sql_number (t->store, "SELECT n FROM counter"), ==, 200);
	g_assert_cmpint (crowd.refused, ==, 200);
	store_stats (t->store, &stats);
	g_assert_cmpuint (stats.transactions, ==, 203);
	g_assert_cmpuint (stats.rollbacks, ==, 200);
	if (t->engine == TEST_SQLITE)
		g_assert_cmpuint (stats.commits, <, 60);
}

static gboolean
increment_by_hand (Tx *tx, G_GNUC_UNUSED gpointer arg, GError **error)
{
	g_autoptr (Rows) rows = tx_query_lock (tx, error, "SELECT n FROM counter WHERE name = $1", P_TEXT ("a"));
	if (rows == NULL || !rows_next (rows, error))
		return FALSE;
	return tx_exec (tx, error, "UPDATE counter SET n = $1 WHERE name = $2", P_INT (rows_int (rows, 0) + 1), P_TEXT ("a")) == 1;
}

static gpointer
crowd_of_counters (gpointer data)
{
	Crowd *crowd = data;
	for (guint i = 0; i < crowd->rounds; i++) {
		g_autoptr (GError) error = NULL;
		store_run (crowd->t->store, "test.count", increment_by_hand, NULL, &error);
		g_assert_no_error (error);
	}
	return NULL;
}

static void
test_counters_exact (TestStore *t)
{
	Crowd crowd = { .t = t, .rounds = 500 };
	StoreStats stats;
	test_sql_must (t->store, "CREATE TABLE counter (name TEXT PRIMARY KEY, n BIGINT NOT NULL)");
	test_sql_must (t->store, "INSERT INTO counter (name, n) VALUES ('a', 0)");
	run_crowd (&crowd, 8, crowd_of_counters);
	g_assert_cmpint (test_sql_number (t->store, "SELECT n FROM counter"), ==, 4000);
	store_stats (t->store, &stats);
	g_assert_cmpuint (stats.transactions, ==, 4002);
	g_test_message ("%" G_GUINT64_FORMAT " transactions in %" G_GUINT64_FORMAT " commits", stats.transactions, stats.commits);
	/* Group commit groups: eight callers, so at least two a commit on average. */
	if (t->engine == TEST_SQLITE)
		g_assert_cmpuint (stats.commits, <, 2001);
}

static void
test_lone_caller_does_not_wait (TestStore *t)
{
	if (t->engine != TEST_SQLITE)
		return;
	/* Were the lone caller to wait for others, this would take 40 s. */
	test_store_reopen (t, &(StoreOptions) { .gather_micros = 2000000 });
	test_sql_must (t->store, "CREATE TABLE entry (id BIGINT PRIMARY KEY)");
	gint64 start = g_get_monotonic_time ();
	for (int i = 0; i < 20; i++)
		test_sql_must (t->store, "INSERT INTO entry (id) SELECT count(*) FROM entry");
	g_assert_cmpint (g_get_monotonic_time () - start, <, 5 * G_TIME_SPAN_SECOND);
}

/* --- hooks ---------------------------------------------------------------------------------- */

typedef struct {
	TestStore *t;
	GMutex mutex;
	GArray *seen;             /* of gint64, in the order of the hooks */
	gint freed;               /* atomic */
} Watch;

typedef struct {
	Watch *watch;
	gint64 n;
	gboolean refuse;
} Note;

static void
on_commit (gpointer data)
{
	Note *note = data;
	/* Durable and visible before anybody is told. */
	g_assert_cmpint (test_sql_number (note->watch->t->store, "SELECT max(n) FROM counter"), >=, note->n);
	g_assert_false (note->refuse);
	g_mutex_lock (&note->watch->mutex);
	g_array_append_val (note->watch->seen, note->n);
	g_mutex_unlock (&note->watch->mutex);
}

static void
free_note (gpointer data)
{
	Note *note = data;
	g_atomic_int_inc (&note->watch->freed);
	g_free (note);
}

static gboolean
count_and_watch (Tx *tx, gpointer arg, GError **error)
{
	Note *plan = arg;
	g_autoptr (Rows) rows = tx_query (tx, error, "UPDATE counter SET n = n + 1 RETURNING n");
	if (rows == NULL || !rows_next (rows, error))
		return FALSE;
	Note *note = g_new (Note, 1);
	*note = (Note) { plan->watch, rows_int (rows, 0), plan->refuse };
	tx_on_commit (tx, on_commit, note, free_note);
	plan->n = note->n;
	return !plan->refuse || diqi_fail (error, DIQI_ERROR_PERMISSION, NULL, "no");
}

static gpointer
crowd_of_watchers (gpointer data)
{
	Watch *watch = data;
	for (int i = 0; i < 50; i++) {
		Note plan = { .watch = watch, .refuse = i % 5 == 4 };
		g_assert_cmpint (store_run (watch->t->store, "test.watch", count_and_watch, &plan, NULL), ==, !plan.refuse);
		if (plan.refuse)
			continue;
		/* The hook has run before store_run returns. */
		gboolean found = FALSE;
		g_mutex_lock (&watch->mutex);
		for (guint k = 0; k < watch->seen->len; k++)
			found = found || g_array_index (watch->seen, gint64, k) == plan.n;
		g_mutex_unlock (&watch->mutex);
		g_assert_true (found);
	}
	return NULL;
}

static void
test_hooks (TestStore *t)
{
	Watch watch = { .t = t, .seen = g_array_new (FALSE, FALSE, sizeof (gint64)) };
	g_autoptr (GPtrArray) all = g_ptr_array_new ();
	test_sql_must (t->store, "CREATE TABLE counter (n BIGINT NOT NULL)");
	test_sql_must (t->store, "INSERT INTO counter (n) VALUES (0)");
	for (int i = 0; i < 6; i++)
		g_ptr_array_add (all, g_thread_new ("watcher", crowd_of_watchers, &watch));
	for (guint i = 0; i < all->len; i++)
		g_thread_join (g_ptr_array_index (all, i));
	g_assert_cmpuint (watch.seen->len, ==, 240);
	g_assert_cmpint (watch.freed, >=, 300);
	if (t->engine == TEST_SQLITE)
		for (guint i = 0; i < watch.seen->len; i++)
			g_assert_cmpint (g_array_index (watch.seen, gint64, i), ==, i + 1);
	g_array_unref (watch.seen);
}

/* --- readers ---------------------------------------------------------------------------------- */

static gpointer
count_entries (gpointer data)
{
	return GSIZE_TO_POINTER ((gsize) test_sql_number (((TestStore *) data)->store, "SELECT count(*) FROM entry"));
}

static gboolean
insert_and_peek (Tx *tx, gpointer arg, GError **error)
{
	if (tx_exec (tx, error, "INSERT INTO entry (id) VALUES (1)") < 0)
		return FALSE;
	g_assert_cmpuint (GPOINTER_TO_SIZE (g_thread_join (g_thread_new ("peek", count_entries, arg))), ==, 0);
	return TRUE;
}

static gpointer
insert_two (gpointer data)
{
	test_sql_must (((TestStore *) data)->store, "INSERT INTO entry (id) VALUES (2)");
	return NULL;
}

static gboolean
read_twice (Tx *tx, gpointer arg, G_GNUC_UNUSED GError **error)
{
	const char *count = "SELECT count(*) FROM entry";
	g_assert_cmpint (test_sql_number_in (tx, count), ==, 1);
	g_thread_join (g_thread_new ("insert", insert_two, arg));
	g_assert_cmpint (test_sql_number_in (tx, count), ==, 1);
	return TRUE;
}

static void
test_readers (TestStore *t)
{
	g_autoptr (GError) error = NULL, refused = NULL;
	test_sql_must (t->store, "CREATE TABLE entry (id BIGINT PRIMARY KEY)");
	g_assert_true (store_run (t->store, "test.peek", insert_and_peek, t, &error));
	/* One snapshot for one store_read. */
	g_assert_true (store_read (t->store, "test.twice", read_twice, t, &error));
	g_assert_no_error (error);
	g_assert_cmpint (test_sql_number (t->store, "SELECT count(*) FROM entry"), ==, 2);
	g_assert_false (store_read (t->store, "test.write", test_sql, (gpointer) "INSERT INTO entry (id) VALUES (3)", &refused));
	g_assert_nonnull (refused);
	g_assert_cmpint (test_sql_number (t->store, "SELECT count(*) FROM entry"), ==, 2);
}

/* --- closing ------------------------------------------------------------------------------------ */

typedef struct {
	TestStore *t;
	gint calling, started, ended;     /* atomic */
} Slow;

static gboolean
insert_slowly (Tx *tx, gpointer arg, GError **error)
{
	Slow *slow = arg;
	gint64 id = g_atomic_int_add (&slow->started, 1);
	g_usleep (40000);
	return tx_exec (tx, error, "INSERT INTO entry (id) VALUES ($1)", P_INT (id)) == 1;
}

static void count_ended (gpointer slow) { g_atomic_int_inc (&((Slow *) slow)->ended); }

static gboolean
insert_slowly_watched (Tx *tx, gpointer arg, GError **error)
{
	tx_on_commit (tx, count_ended, arg, NULL);
	return insert_slowly (tx, arg, error);
}

static gpointer
slow_caller (gpointer data)
{
	Slow *slow = data;
	g_atomic_int_inc (&slow->calling);
	g_assert_true (store_run (slow->t->store, "test.slow", insert_slowly_watched, slow, NULL));
	return NULL;
}

static void
test_close_waits (TestStore *t)
{
	Slow slow = { .t = t };
	g_autoptr (GPtrArray) all = g_ptr_array_new ();
	test_sql_must (t->store, "CREATE TABLE entry (id BIGINT PRIMARY KEY)");
	for (int i = 0; i < 6; i++)
		g_ptr_array_add (all, g_thread_new ("slow", slow_caller, &slow));
	/* All are inside now: with the first at work, the rest wait on SQLite and work too on PostgreSQL. */
	while (g_atomic_int_get (&slow.calling) < 6 || g_atomic_int_get (&slow.started) == 0)
		g_usleep (1000);
	g_usleep (50000);
	store_close (t->store);
	g_assert_cmpint (slow.ended, ==, 6);
	t->store = NULL;
	for (guint i = 0; i < all->len; i++)
		g_thread_join (g_ptr_array_index (all, i));
	test_store_reopen (t, NULL);
	g_assert_cmpint (test_sql_number (t->store, "SELECT count(*) FROM entry"), ==, 6);
}

/* --- mistakes ------------------------------------------------------------------------------------ */

static gboolean
nest (G_GNUC_UNUSED Tx *tx, gpointer arg, G_GNUC_UNUSED GError **error)
{
	return store_run (arg, "test.inner", test_sql, (gpointer) "SELECT 1", NULL);
}

/* The parent owns the database, because the child dies without cleaning up. */
static void
nest_in (TestEngine engine)
{
	static const char variable[] = "DIQI_TEST_NESTED";
	if (g_test_subprocess ()) {
		g_autoptr (Store) store = store_open (g_getenv (variable), NULL, NULL);
		store_run (store, "test.outer", nest, store, NULL);
		return;
	}
	g_autoptr (TestStore) t = test_store_new_empty (engine, NULL);
	g_setenv (variable, t->uri, TRUE);
	g_test_trap_subprocess (NULL, 0, 0);
	g_unsetenv (variable);
	g_test_trap_assert_failed ();
	g_test_trap_assert_stderr ("*assertion failed*");
}

static void test_nested_sqlite (void) { nest_in (TEST_SQLITE); }

static void
test_nested_postgresql (void)
{
	if (test_store_have_postgresql ())
		nest_in (TEST_POSTGRESQL);
	else
		g_test_skip ("DIQI_TEST_PG is not set");
}

static void
test_addresses (void)
{
	static const struct {
		const char *uri;
		DiqiErrorCode code;
	} bad[] = {
		{ "", DIQI_ERROR_CONFIG },
		{ "sqlite:", DIQI_ERROR_CONFIG },
		{ "mysql://x", DIQI_ERROR_CONFIG },
		{ "sqlite:/nonexistent/folder/x.db", DIQI_ERROR_UNAVAILABLE },
		{ "sqlite:/proc", DIQI_ERROR_UNAVAILABLE },
		{ "postgresql://nobody:hunter2@127.0.0.1:1/none", DIQI_ERROR_UNAVAILABLE },
	};
	for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
		g_autoptr (GError) error = NULL;
		g_assert_null (store_open (bad[i].uri, NULL, &error));
		g_assert_error (error, DIQI_ERROR, (int) bad[i].code);
		g_assert_null (strstr (error->message, "hunter2"));
	}
}

/* One who breaks a deferred key is found before COMMIT, which would fail everybody. */
static gpointer
crowd_of_deferred (gpointer data)
{
	Crowd *crowd = data;
	for (guint i = 0; i < crowd->rounds; i++) {
		g_autoptr (GError) error = NULL;
		gint id = g_atomic_int_add (&crowd->turn, 1);
		g_autofree char *sql = g_strdup_printf ("INSERT INTO child (id, parent) VALUES (%d, %d)", id, id % 2);
		gboolean ok = store_run (crowd->t->store, "test.deferred", test_sql, sql, &error);
		g_assert_cmpint (ok, ==, id % 2 == 1);
		if (!ok)
			g_assert_error (error, DIQI_ERROR, DIQI_ERROR_STORE_CONSTRAINT);
	}
	return NULL;
}

static void
test_deferred_keys (TestStore *t)
{
	Crowd crowd = { .t = t, .rounds = 10 };
	test_sql_must (t->store, "CREATE TABLE parent (id BIGINT PRIMARY KEY)");
	test_sql_must (t->store, "CREATE TABLE child (id BIGINT PRIMARY KEY, parent BIGINT REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)");
	test_sql_must (t->store, "INSERT INTO parent (id) VALUES (1)");
	run_crowd (&crowd, 8, crowd_of_deferred);
	g_assert_cmpint (test_sql_number (t->store, "SELECT count(*) FROM child"), ==, 40);
}

static void
test_private_file (TestStore *t)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	test_sql_must (t->store, "CREATE TABLE entry (id BIGINT PRIMARY KEY)");
	for (gsize i = 0; t->engine == TEST_SQLITE && i < G_N_ELEMENTS (suffixes); i++) {
		g_autofree char *path = g_strdup_printf ("%s/test.db%s", t->dir, suffixes[i]);
		GStatBuf st;
		g_assert_cmpint (g_stat (path, &st), ==, 0);
		g_assert_cmpint (st.st_mode & 0777, ==, 0600);
	}
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	test_store_add_empty ("/store/transaction/commit-rollback", test_commit_and_rollback);
	test_store_add_empty ("/store/transaction/failures-do-not-hurt-others", test_failures_do_not_hurt_others);
	test_store_add_empty ("/store/transaction/counters-exact", test_counters_exact);
	test_store_add_empty ("/store/transaction/lone-caller", test_lone_caller_does_not_wait);
	test_store_add_empty ("/store/transaction/hooks", test_hooks);
	test_store_add_empty ("/store/transaction/readers", test_readers);
	test_store_add_empty ("/store/transaction/deferred-keys", test_deferred_keys);
	test_store_add_empty ("/store/transaction/close-waits", test_close_waits);
	test_store_add_empty ("/store/transaction/private-file", test_private_file);
	g_test_add_func ("/store/transaction/nested/sqlite", test_nested_sqlite);
	g_test_add_func ("/store/transaction/nested/postgresql", test_nested_postgresql);
	g_test_add_func ("/store/transaction/addresses", test_addresses);
	return g_test_run ();
}
