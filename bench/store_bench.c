/* bench/store_bench.c — durable transactions a second of the store, beside a bare loop over the library.
 *
 *     store_bench sqlite:PATH | postgresql://…   [SECONDS]
 *
 * One transaction inserts one row of 200 bytes under a growing key.  "bare" is the same
 * statement in a prepared BEGIN … COMMIT loop with nothing around it: for SQLite one
 * thread that puts as many rows in one commit as there are callers (the best a group
 * commit could do), for PostgreSQL one connection a caller, at most eight.
 */
#include "base/clock.h"
#include "store/store.h"
#include <libpq-fe.h>
#include <sqlite3.h>
#include <string.h>

#define BODY 200
#define SQL_INSERT "INSERT INTO bench (id, body) VALUES ($1, $2)"

typedef struct {
	Store *store;
	const char *uri;
	gint64 until;
	gint next;                /* atomic: key */
	gint64 done;              /* atomic */
	guint callers;
	guint8 body[BODY];
} Bench;

static gint64 fresh_key (Bench *b) { return g_atomic_int_add (&b->next, 1); }
static gboolean over (const Bench *b) { return clock_monotonic () >= b->until; }

/* --- through the store ------------------------------------------------------------ */

typedef struct {
	Bench *bench;
	gint64 key;
} Insert;

static gboolean
insert (Tx *tx, gpointer arg, GError **error)
{
	Insert *in = arg;
	return tx_exec (tx, error, SQL_INSERT, P_INT (in->key), P_BLOB (in->bench->body, BODY)) == 1;
}

static gpointer
store_caller (gpointer data)
{
	Bench *b = data;
	gint64 done = 0;
	for (; !over (b); done++) {
		g_autoptr (GError) error = NULL;
		if (!store_run (b->store, "bench", insert, &(Insert) { b, fresh_key (b) }, &error))
			g_error ("%s", error->message);
	}
	__atomic_add_fetch (&b->done, done, __ATOMIC_RELAXED);
	return NULL;
}

/* --- bare ---------------------------------------------------------------------------- */

static gpointer
bare_sqlite (gpointer data)
{
	Bench *b = data;
	sqlite3 *db = NULL;
	sqlite3_stmt *begin = NULL, *row = NULL, *commit = NULL;
	g_assert (sqlite3_open_v2 (b->uri + strlen ("sqlite:"), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK);
	sqlite3_exec (db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000", NULL, NULL, NULL);
	sqlite3_prepare_v2 (db, "BEGIN IMMEDIATE", -1, &begin, NULL);
	sqlite3_prepare_v2 (db, SQL_INSERT, -1, &row, NULL);
	sqlite3_prepare_v2 (db, "COMMIT", -1, &commit, NULL);
	while (!over (b)) {
		sqlite3_step (begin);
		sqlite3_reset (begin);
		for (guint i = 0; i < b->callers; i++) {
			sqlite3_bind_int64 (row, 1, fresh_key (b));
			sqlite3_bind_blob (row, 2, b->body, BODY, SQLITE_STATIC);
			g_assert (sqlite3_step (row) == SQLITE_DONE);
			sqlite3_reset (row);
		}
		g_assert (sqlite3_step (commit) == SQLITE_DONE);
		sqlite3_reset (commit);
		b->done += b->callers;
	}
	sqlite3_finalize (begin);
	sqlite3_finalize (row);
	sqlite3_finalize (commit);
	sqlite3_close (db);
	return NULL;
}

static gpointer
bare_postgresql (gpointer data)
{
	Bench *b = data;
	static const Oid types[] = { 20, 17 };
	gint64 done = 0;
	PGconn *pg = PQconnectdb (b->uri);
	g_assert (PQstatus (pg) == CONNECTION_OK);
	PQclear (PQprepare (pg, "row", SQL_INSERT, 2, types));
	for (; !over (b); done++) {
		gint64 key = GINT64_TO_BE (fresh_key (b));
		const char *values[] = { (const char *) &key, (const char *) b->body };
		PQclear (PQexec (pg, "BEGIN"));
		PGresult *result = PQexecPrepared (pg, "row", 2, values, (const int[]) { 8, BODY }, (const int[]) { 1, 1 }, 0);
		g_assert (PQresultStatus (result) == PGRES_COMMAND_OK);
		PQclear (result);
		PQclear (PQexec (pg, "COMMIT"));
	}
	PQfinish (pg);
	__atomic_add_fetch (&b->done, done, __ATOMIC_RELAXED);
	return NULL;
}

/* --- rounds ----------------------------------------------------------------------------- */

static guint
per_second (Bench *b, guint threads, GThreadFunc body, guint seconds)
{
	g_autoptr (GPtrArray) all = g_ptr_array_new ();
	gint64 start = clock_monotonic ();
	b->done = 0;
	b->until = start + seconds * MICROS_PER_S;
	for (guint i = 0; i < threads; i++)
		g_ptr_array_add (all, g_thread_new ("caller", body, b));
	for (guint i = 0; i < threads; i++)
		g_thread_join (g_ptr_array_index (all, i));
	return (guint) (b->done * MICROS_PER_S / (clock_monotonic () - start));
}

static gboolean
create (Tx *tx, gpointer arg, GError **error)
{
	return tx_exec (tx, error, "DROP TABLE IF EXISTS bench") >= 0
		&& tx_exec (tx, error, store_is_postgresql (arg) ? "CREATE TABLE bench (id BIGINT PRIMARY KEY, body BYTEA NOT NULL)"
			: "CREATE TABLE bench (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT") >= 0;
}

static void
round_of (Bench *b, guint callers, guint seconds)
{
	StoreStats before, after;
	gboolean postgresql = store_is_postgresql (b->store);
	b->callers = callers;
	guint bare = postgresql ? per_second (b, MIN (callers, 8), bare_postgresql, seconds) : per_second (b, 1, bare_sqlite, seconds);
	store_stats (b->store, &before);
	guint through = per_second (b, callers, store_caller, seconds);
	store_stats (b->store, &after);
	guint64 commits = after.commits - before.commits, transactions = after.transactions - before.transactions;
	g_print ("%-10s callers %3u   store %7u tx/s   bare %7u tx/s   ratio %3u %%   %" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT " a commit\n",
		postgresql ? "postgresql" : "sqlite", callers, through, bare, bare > 0 ? through * 100 / bare : 0,
		transactions / MAX (commits, 1), transactions * 10 / MAX (commits, 1) % 10);
}

int
main (int argc, char **argv)
{
	static const guint callers[] = { 1, 16, 64 };
	g_autoptr (GError) error = NULL;
	Bench b = { .next = 1 };
	if (argc < 2) {
		g_printerr ("usage: %s sqlite:PATH|postgresql://… [SECONDS]\n", argv[0]);
		return 2;
	}
	b.uri = argv[1];
	g_autoptr (Store) store = store_open (b.uri, NULL, &error);
	b.store = store;
	if (store == NULL || !store_run (store, "bench.create", create, store, &error)) {
		g_printerr ("%s\n", error->message);
		return 1;
	}
	for (gsize i = 0; i < G_N_ELEMENTS (callers); i++)
		round_of (&b, callers[i], argc > 2 ? (guint) g_ascii_strtoull (argv[2], NULL, 10) : 3);
	return 0;
}
