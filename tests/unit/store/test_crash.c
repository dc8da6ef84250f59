/* kill -9 under load: whatever was acknowledged is there afterwards.  F-01; src/store/{sqlite,pgsql}.c */
#include "unit/support/test_store.h"
#include <gio/gio.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define THREADS 6
#define ROUNDS 6

static const char *self;          /* this program, which also plays the child */

/* --- the child: inserts and tells each id only after store_run has said so ------------------- */

typedef struct {
	Store *store;
	gint64 first;
} Load;

static gboolean
insert_pair (Tx *tx, gpointer arg, GError **error)
{
	gint64 id = *(gint64 *) arg;
	return tx_exec (tx, error, "INSERT INTO entry (id, half) VALUES ($1, 1)", P_INT (id)) == 1
		&& tx_exec (tx, error, "INSERT INTO entry (id, half) VALUES ($1, 2)", P_INT (id)) == 1;
}

static gpointer
insert_for_ever (gpointer data)
{
	Load *load = data;
	for (gint64 id = load->first;; id++) {
		if (!store_run (load->store, "test.load", insert_pair, &id, NULL))
			_exit (3);
		/* One write of at most PIPE_BUF bytes is not torn. */
		char line[32];
		int n = g_snprintf (line, sizeof line, "%" G_GINT64_FORMAT "\n", id);
		if (write (STDOUT_FILENO, line, (size_t) n) != n)
			_exit (4);
	}
	return NULL;
}

static int
child_main (const char *uri, gint64 first)
{
	Load load[THREADS];
	GThread *thread = NULL;
	g_autoptr (GError) error = NULL;
	Store *store = store_open (uri, NULL, &error);
	if (store == NULL) {
		g_printerr ("# %s\n", error->message);
		return 2;
	}
	for (int i = 0; i < THREADS; i++) {
		load[i] = (Load) { store, first + i * 1000000 };
		thread = g_thread_new ("load", insert_for_ever, &load[i]);
	}
	g_thread_join (thread);
	return 0;
}

/* --- the parent -------------------------------------------------------------------------------- */

static gboolean
create (Tx *tx, G_GNUC_UNUSED gpointer arg, GError **error)
{
	return tx_exec (tx, error, "CREATE TABLE entry (id BIGINT NOT NULL, half BIGINT NOT NULL, PRIMARY KEY (id, half))") >= 0;
}

static gboolean
collect (Tx *tx, gpointer arg, GError **error)
{
	GHashTable *found = arg;
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT id, count(*) FROM entry GROUP BY id");
	if (rows == NULL)
		return FALSE;
	while (rows_next (rows, error)) {
		gint64 id = rows_int (rows, 0);
		/* Both halves or none: acknowledged or not, a transaction is whole. */
		g_assert_cmpint (rows_int (rows, 1), ==, 2);
		g_hash_table_add (found, g_memdup2 (&id, sizeof id));
	}
	return TRUE;
}

/* Runs the load, kills it, and adds what it acknowledged. */
static void
run_and_kill (TestStore *t, int round, GArray *acknowledged)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *first = g_strdup_printf ("%d", (round + 1) * 100000000);
	g_autoptr (GSubprocess) process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, self, "--load", t->uri, first, NULL);
	g_assert_no_error (error);
	g_autoptr (GDataInputStream) lines = g_data_input_stream_new (g_subprocess_get_stdout_pipe (process));
	guint want = acknowledged->len + 40 + 150 * (guint) round, killed = 0;
	for (;;) {
		g_autofree char *line = g_data_input_stream_read_line (lines, NULL, NULL, NULL);
		if (line == NULL)
			break;
		gint64 id = g_ascii_strtoll (line, NULL, 10);
		g_array_append_val (acknowledged, id);
		if (acknowledged->len == want) {
			g_subprocess_send_signal (process, SIGKILL);
			killed++;
		}
	}
	g_subprocess_wait (process, NULL, NULL);
	g_assert_cmpuint (killed, ==, 1);
	g_assert_true (g_subprocess_get_if_signaled (process));
}

static void
test_acknowledged_survives (TestStore *t)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GArray) acknowledged = g_array_new (FALSE, FALSE, sizeof (gint64));
	g_assert_true (store_run (t->store, "test", create, NULL, &error));
	for (int round = 0; round < ROUNDS; round++) {
		g_autoptr (GHashTable) found = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
		/* Nobody else has the file open, so the next opening recovers it. */
		g_clear_pointer (&t->store, store_close);
		run_and_kill (t, round, acknowledged);
		test_store_reopen (t, NULL);
		g_assert_true (store_read (t->store, "test.collect", collect, found, &error));
		for (guint i = 0; i < acknowledged->len; i++)
			g_assert_true (g_hash_table_contains (found, &g_array_index (acknowledged, gint64, i)));
	}
	g_test_message ("%u acknowledged, all there", acknowledged->len);
}

int
main (int argc, char **argv)
{
	if (argc == 4 && strcmp (argv[1], "--load") == 0)
		return child_main (argv[2], g_ascii_strtoll (argv[3], NULL, 10));
	self = argv[0];
	g_test_init (&argc, &argv, NULL);
	test_store_add_empty ("/store/crash/acknowledged-survives", test_acknowledged_survives);
	return g_test_run ();
}
