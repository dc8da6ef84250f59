/* Lost races and lost connections on PostgreSQL.  src/store/pgsql.c */
#include "base/error.h"
#include "unit/support/test_sql.h"
#include "unit/support/test_store.h"
#include <string.h>

static guint64
retries (TestStore *t)
{
	StoreStats stats;
	store_stats (t->store, &stats);
	return stats.retries;
}

static void
make_two (TestStore *t)
{
	test_sql_must (t->store, "CREATE TABLE counter (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)");
	test_sql_must (t->store, "INSERT INTO counter (id, n) VALUES (1, 0), (2, 0)");
}

/* --- deadlock --------------------------------------------------------------------------------- */

typedef struct {
	TestStore *t;
	GMutex mutex;
	GCond both;
	int locked;               /* how many hold their first row */
} Meeting;

typedef struct {
	Meeting *meeting;
	gint64 first, second;
	int runs, hooks;
} Party;

static void
meet (Meeting *m)
{
	g_mutex_lock (&m->mutex);
	m->locked++;
	g_cond_broadcast (&m->both);
	while (m->locked < 2)
		g_cond_wait (&m->both, &m->mutex);
	g_mutex_unlock (&m->mutex);
}

static void count_hook (gpointer data) { ((Party *) data)->hooks++; }

static gboolean
lock_crosswise (Tx *tx, gpointer arg, GError **error)
{
	Party *p = arg;
	const gint64 ids[] = { p->first, p->second };
	p->runs++;
	tx_on_commit (tx, count_hook, p, NULL);
	for (int i = 0; i < 2; i++) {
		if (tx_exec (tx, error, "UPDATE counter SET n = n + 1 WHERE id = $1", P_INT (ids[i])) != 1)
			return FALSE;
		if (i == 0 && p->runs == 1)
			meet (p->meeting);
	}
	return TRUE;
}

static gpointer
party_main (gpointer data)
{
	g_autoptr (GError) error = NULL;
	Party *p = data;
	store_run (p->meeting->t->store, "test.crosswise", lock_crosswise, p, &error);
	g_assert_no_error (error);
	return NULL;
}

static void
test_deadlock (TestStore *t)
{
	Meeting meeting = { .t = t };
	Party a = { &meeting, 1, 2, 0, 0 }, b = { &meeting, 2, 1, 0, 0 };
	make_two (t);
	GThread *one = g_thread_new ("a", party_main, &a), *two = g_thread_new ("b", party_main, &b);
	g_thread_join (one);
	g_thread_join (two);
	g_assert_cmpint (test_sql_number (t->store, "SELECT sum(n) FROM counter"), ==, 4);
	g_assert_cmpint (a.runs + b.runs, >=, 3);
	/* The run that was lost has called no hook. */
	g_assert_cmpint (a.hooks, ==, 1);
	g_assert_cmpint (b.hooks, ==, 1);
	g_assert_cmpuint (retries (t), ==, (guint64) (a.runs + b.runs - 2));
}

/* --- serialization failure: the same row changed under a snapshot ------------------------------ */

typedef struct {
	TestStore *t;
	int runs, disturb;        /* disturb in this many runs */
} Upgrade;

static gpointer
disturb (gpointer data)
{
	test_sql_must (((TestStore *) data)->store, "UPDATE counter SET n = n + 10 WHERE id = 1");
	return NULL;
}

static gboolean
upgrade (Tx *tx, gpointer arg, GError **error)
{
	Upgrade *u = arg;
	if (tx_exec (tx, error, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ") < 0)
		return FALSE;
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT n FROM counter WHERE id = 1");
	if (rows == NULL || !rows_next (rows, error))
		return FALSE;
	if (u->runs++ < u->disturb)
		g_thread_join (g_thread_new ("disturb", disturb, u->t));
	return tx_exec (tx, error, "UPDATE counter SET n = $1 WHERE id = 1", P_INT (rows_int (rows, 0) + 1)) == 1;
}

static void
test_serialization_failure (TestStore *t)
{
	g_autoptr (GError) error = NULL, tired = NULL;
	Upgrade u = { t, 0, 2 }, endless = { t, 0, 1000 };
	make_two (t);
	g_assert_true (store_run (t->store, "test.upgrade", upgrade, &u, &error));
	g_assert_cmpint (u.runs, ==, 3);
	g_assert_cmpint (test_sql_number (t->store, "SELECT n FROM counter WHERE id = 1"), ==, 21);
	g_assert_cmpuint (retries (t), ==, 2);
	/* Somebody always faster: it ends, and says so. */
	g_assert_false (store_run (t->store, "test.endless", upgrade, &endless, &tired));
	g_assert_error (tired, DIQI_ERROR, DIQI_ERROR_UNAVAILABLE);
	g_assert_cmpint (endless.runs, ==, 10);
}

/* --- lost connections ----------------------------------------------------------------------------- */

typedef struct {
	TestStore *t;
	int runs, cuts;           /* cut in this many runs */
	gboolean last;            /* after the last statement: COMMIT finds the connection gone */
} Cut;

static gboolean
insert_cut (Tx *tx, gpointer arg, GError **error)
{
	Cut *c = arg;
	gboolean cut = c->runs++ < c->cuts;
	if (cut && !c->last)
		test_store_cut_connections (c->t);
	if (tx_exec (tx, error, "INSERT INTO counter (id, n) VALUES (3, 0)") != 1)
		return FALSE;
	if (cut && c->last)
		test_store_cut_connections (c->t);
	return TRUE;
}

static void
test_cut_before_commit (TestStore *t)
{
	g_autoptr (GError) error = NULL, gone = NULL;
	Cut c = { t, 0, 1, FALSE }, always = { t, 0, 1000, FALSE };
	make_two (t);
	store_run (t->store, "test.cut", insert_cut, &c, &error);
	g_assert_no_error (error);
	g_assert_cmpint (c.runs, ==, 2);
	g_assert_cmpuint (retries (t), ==, 1);
	g_assert_cmpint (test_sql_number (t->store, "SELECT count(*) FROM counter"), ==, 3);
	g_assert_false (store_run (t->store, "test.cut", insert_cut, &always, &gone));
	g_assert_error (gone, DIQI_ERROR, DIQI_ERROR_UNAVAILABLE);
	g_assert_cmpint (always.runs, ==, 3);
}

/* Nobody knows whether it was committed: told, and never blindly repeated. */
static void
test_cut_in_commit (TestStore *t)
{
	g_autoptr (GError) error = NULL;
	Cut c = { t, 0, 1, TRUE };
	make_two (t);
	g_assert_false (store_run (t->store, "test.cut", insert_cut, &c, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_UNAVAILABLE);
	g_assert_nonnull (strstr (error->message, "outcome unknown"));
	g_assert_cmpint (c.runs, ==, 1);
	g_assert_cmpuint (retries (t), ==, 0);
	test_sql_must (t->store, "UPDATE counter SET n = 5 WHERE id = 1");
	g_assert_cmpint (test_sql_number (t->store, "SELECT n FROM counter WHERE id = 1"), ==, 5);
}

static void
test_cut_while_idle (TestStore *t)
{
	make_two (t);
	g_assert_cmpint (test_sql_number (t->store, "SELECT count(*) FROM counter"), ==, 2);
	test_store_cut_connections (t);
	test_sql_must (t->store, "UPDATE counter SET n = 5 WHERE id = 1");
	test_store_cut_connections (t);
	g_assert_cmpint (test_sql_number (t->store, "SELECT n FROM counter WHERE id = 1"), ==, 5);
	g_assert_true (store_ping (t->store, NULL));
}

/* --- a session that is not durable is made so ------------------------------------------------------ */

static gboolean
is_durable (Tx *tx, G_GNUC_UNUSED gpointer arg, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT current_setting('synchronous_commit')");
	g_assert_true (rows_next (rows, error));
	g_assert_cmpstr (rows_text (rows, 0), ==, "on");
	return TRUE;
}

static void
test_synchronous_commit (TestStore *t)
{
	g_autofree char *sql = g_strdup_printf ("ALTER DATABASE %s SET synchronous_commit = off", t->database);
	test_sql_must (t->store, sql);
	test_store_reopen (t, NULL);
	g_assert_true (store_run (t->store, "test.durable", is_durable, NULL, NULL));
}

static void
run_on_postgresql (gconstpointer test)
{
	if (!test_store_have_postgresql ()) {
		g_test_skip ("DIQI_TEST_PG is not set");
		return;
	}
	g_autoptr (TestStore) t = test_store_new_empty (TEST_POSTGRESQL, NULL);
	((void (*) (TestStore *)) test) (t);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_data_func ("/store/race/deadlock", test_deadlock, run_on_postgresql);
	g_test_add_data_func ("/store/race/serialization-failure", test_serialization_failure, run_on_postgresql);
	g_test_add_data_func ("/store/race/cut-before-commit", test_cut_before_commit, run_on_postgresql);
	g_test_add_data_func ("/store/race/cut-in-commit", test_cut_in_commit, run_on_postgresql);
	g_test_add_data_func ("/store/race/cut-while-idle", test_cut_while_idle, run_on_postgresql);
	g_test_add_data_func ("/store/race/synchronous-commit", test_synchronous_commit, run_on_postgresql);
	return g_test_run ();
}
