/* store/store.h — one database interface, two engines.
 *
 * "sqlite:PATH": WAL, synchronous=FULL; one writer thread takes the waiting
 * transactions together, each in its own SAVEPOINT, and commits them with one
 * fsync; callers are answered after that commit.  "postgresql://…": a pool of
 * connections, READ COMMITTED with row locks, retry of lost races (40001, 40P01)
 * here and nowhere else.  Reads run on read connections and see committed data.
 *
 * SQL is written once, in the dialect both share: $1, $2 … parameters (bound by
 * name in SQLite), RETURNING, ON CONFLICT, STRICT tables (the suffix STRICT and
 * the type names are translated for PostgreSQL when a migration is run).
 *
 * Lock order inside one transaction, to be free of deadlocks on PostgreSQL:
 * aggregate row (application, notice, sale) → other rows → log_head (last, by
 * evidence_append).
 *
 * Thread-safe: Store.  A Tx belongs to the function that got it.
 */
#pragma once
#include <glib.h>

typedef struct Store Store;
typedef struct Tx Tx;
typedef struct Rows Rows;

/* Work of one transaction.  May run again if a race was lost: it must have no
 * effect outside the database except through tx_on_commit.  FALSE rolls back. */
typedef gboolean (*StoreFn) (Tx *tx, gpointer arg, GError **error);

typedef struct {
	guint readers;            /* read connections, 0 = 4 */
	guint writers;            /* PostgreSQL write connections, 0 = 8 */
	guint gather_micros;      /* SQLite: wait this long for more transactions before a group commit; default 500 */
	guint group_max;          /* most transactions in one commit; default 256 */
} StoreOptions;

Store *store_open (const char *uri, const StoreOptions *options, GError **error);
void store_close (Store *store);         /* waits for running transactions */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Store, store_close)
gboolean store_is_postgresql (const Store *store);

/* Runs all embedded migrations that the database lacks.  Each is numbered and its
 * SHA-256 stored; a changed one, or a schema newer than the program, is refused
 * (DIQI_ERROR_STORE_SCHEMA). */
gboolean store_migrate (Store *store, GError **error);
/* How many of this program's migrations the database still lacks; changes nothing.  DIQI_ERROR_STORE_SCHEMA as above, and
 * for a database that this program never was at. */
gboolean store_migrations_waiting (Store *store, guint *waiting, GError **error);
/* The same with another set, for tests: files "0001_name.sql" of a GResource folder or of a real folder. */
gboolean store_migrate_from (Store *store, const char *folder, GError **error);

/* store_run and store_read are not called from inside a StoreFn: that would wait for itself.
 * SQLite runs fn on its writer thread while the caller waits, so arg may live on the caller's stack. */
gboolean store_run (Store *store, const char *name, StoreFn fn, gpointer arg, GError **error);
gboolean store_read (Store *store, const char *name, StoreFn fn, gpointer arg, GError **error);
/* Is the database answering?  For /readyz. */
gboolean store_ping (Store *store, GError **error);

/* For metrics; counted since store_open. */
typedef struct {
	guint64 transactions;     /* committed by store_run */
	guint64 commits;          /* COMMITs that carried them: fewer than transactions when SQLite groups */
	guint64 rollbacks;        /* transactions given up: refused by their function, or failed */
	guint64 retries;          /* runs repeated after a lost race or a lost connection (PostgreSQL) */
	guint64 reads;
} StoreStats;
void store_stats (Store *store, StoreStats *out);

/* --- inside a transaction ------------------------------------------------- */
typedef enum { PARAM_NULL, PARAM_INT, PARAM_TEXT, PARAM_BLOB } ParamType;
typedef struct {
	ParamType type;
	gint64 i;
	gconstpointer p;
	gsize n;
} Param;
#define P_NULL ((Param) { PARAM_NULL, 0, NULL, 0 })
#define P_INT(v) ((Param) { PARAM_INT, (v), NULL, 0 })
Param P_TEXT (const char *s);             /* NULL gives SQL NULL */
Param P_BLOB (gconstpointer p, gsize n);
Param P_BYTES (GBytes *b);                /* NULL gives SQL NULL */

/* Types of parameters are fixed (int8, text, bytea on PostgreSQL), and a column is asked for with its
 * own type: anything else is a programming error.  P_TEXT (NULL) and P_BYTES (NULL) are typed NULLs;
 * where PostgreSQL must know the type ("$1 IS NULL OR a = $1") use those rather than P_NULL.
 *
 * Runs one statement.  Parameters are borrowed for the call.
 * tx_exec: returns rows changed, -1 on error.  tx_query: rows to walk, NULL on error.
 * A violated unique or foreign key or CHECK is DIQI_ERROR_STORE_CONSTRAINT whose detail
 * names the constraint or columns.  After any failed statement the transaction must be given up:
 * later statements fail and it is not committed even if its function returns TRUE. */
gint64 tx_exec_params (Tx *tx, const char *sql, const Param *params, gsize n, GError **error);
Rows *tx_query_params (Tx *tx, const char *sql, const Param *params, gsize n, GError **error);
/* As tx_query; PostgreSQL adds FOR UPDATE. */
Rows *tx_query_lock_params (Tx *tx, const char *sql, const Param *params, gsize n, GError **error);
#define TX_PARAMS_(...) ((const Param[]) { P_NULL, ##__VA_ARGS__ } + 1), (sizeof ((const Param[]) { P_NULL, ##__VA_ARGS__ }) / sizeof (Param) - 1)
#define tx_exec(tx, error, sql, ...) tx_exec_params ((tx), (sql), TX_PARAMS_ (__VA_ARGS__), (error))
#define tx_query(tx, error, sql, ...) tx_query_params ((tx), (sql), TX_PARAMS_ (__VA_ARGS__), (error))
#define tx_query_lock(tx, error, sql, ...) tx_query_lock_params ((tx), (sql), TX_PARAMS_ (__VA_ARGS__), (error))

/* The answer is complete when tx_query returns, so rows_next fails at the end only and never sets
 * error; rows may outlive their Tx. */
gboolean rows_next (Rows *rows, GError **error);
void rows_free (Rows *rows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Rows, rows_free)
gboolean rows_is_null (Rows *rows, guint column);
gint64 rows_int (Rows *rows, guint column);                /* 0 for SQL NULL */
const char *rows_text (Rows *rows, guint column);         /* borrowed until the next row; NULL for SQL NULL */
char *rows_dup_text (Rows *rows, guint column);
GBytes *rows_bytes (Rows *rows, guint column);            /* new reference; NULL for SQL NULL */

/* Called after the commit that made this transaction durable, before the caller
 * of store_run returns; in commit order on SQLite, where it holds up the writer and so
 * must be short and must not call store_run.  `free_fn` (may be NULL) runs in any case. */
typedef void (*TxHook) (gpointer data);
void tx_on_commit (Tx *tx, TxHook hook, gpointer data, GDestroyNotify free_fn);
