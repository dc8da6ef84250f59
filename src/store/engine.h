/* store/engine.h — what store.c asks of a database engine; private to this folder.
 *
 * An engine runs functions in transactions and statements inside them.  It owns its
 * connections; store.c owns everything an engine need not know: parameters' sanity,
 * migrations, the public types.
 */
#pragma once
#include "store/store.h"

typedef struct Engine Engine;

/* One statement as the caller gave it, borrowed for the call. */
typedef struct {
	const char *sql;
	const Param *params;
	gsize n;
	gboolean lock;            /* take row locks, where the engine has them */
} Statement;

typedef struct {
	gboolean postgresql;
	gboolean (*run) (Engine *engine, const char *name, StoreFn fn, gpointer arg, GError **error);
	gboolean (*read) (Engine *engine, const char *name, StoreFn fn, gpointer arg, GError **error);
	/* Does the engine itself know a reason not to answer? */
	gboolean (*ping) (Engine *engine, GError **error);
	/* Rows changed, or -1.  All rows of the answer go to *rows unless it is NULL. */
	gint64 (*execute) (Tx *tx, const Statement *statement, Rows **rows, GError **error);
	/* Several statements, no parameters: migrations. */
	gboolean (*script) (Tx *tx, const char *sql, GError **error);
	/* Until the transaction ends nobody else holds this lock. */
	gboolean (*lock_schema) (Tx *tx, GError **error);
	void (*stats) (Engine *engine, StoreStats *out);
	void (*close) (Engine *engine);
} EngineOps;

struct Engine {
	const EngineOps *ops;
};

typedef struct {
	TxHook hook;
	gpointer data;
	GDestroyNotify free_fn;
} Hook;

struct Tx {
	Engine *engine;
	gpointer connection;
	GArray *hooks;            /* of Hook; NULL until the first */
	gboolean read_only;
	gboolean failed;          /* a statement failed: nothing more may run, nothing be committed */
};

/* Hooks of a transaction that was made durable run in order; of one that was not, are only freed. */
void hooks_run (GArray *hooks);
void hooks_drop (GArray *hooks);

/* Runs fn and tells whether the transaction may be committed; sets error when not. */
gboolean tx_call (Tx *tx, const char *name, StoreFn fn, gpointer arg, GError **error);

Engine *sqlite_engine_open (const char *path, const StoreOptions *options, GError **error);
Engine *pgsql_engine_open (const char *uri, const StoreOptions *options, GError **error);

/* --- params.c ---------------------------------------------------------------- */
#define MAX_PARAMS 64
/* PostgreSQL refuses text that is not UTF-8; SQLite would store it and break a reader later. */
gboolean params_are_text (const Statement *statement, GError **error);
/* Exactly $1 … $n must occur in the text.  PostgreSQL takes more and SQLite takes fewer without a word. */
gboolean params_match (const Statement *statement, GError **error);

/* --- rows.c: filled by an engine, walked by the caller ---------------------- */
Rows *rows_new (guint columns);
void rows_add_null (Rows *rows);
void rows_add_int (Rows *rows, gint64 value);
void rows_add_text (Rows *rows, const char *text, gsize n);
void rows_add_blob (Rows *rows, gconstpointer p, gsize n);
