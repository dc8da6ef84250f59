/* store/store.c — the public face: options, parameters, dispatch to the engine. */
#include "store/store.h"
#include "base/error.h"
#include "store/engine.h"
#include <string.h>

struct Store {
	Engine *engine;
	GMutex mutex;
	GCond idle;
	guint running;            /* callers inside store_run and store_read */
};

static StoreOptions
with_defaults (const StoreOptions *options)
{
	StoreOptions o = { 0 };
	if (options != NULL)
		o = *options;
	o.readers = o.readers == 0 ? 4 : o.readers;
	o.writers = o.writers == 0 ? 8 : o.writers;
	o.gather_micros = o.gather_micros == 0 ? 500 : o.gather_micros;
	o.group_max = o.group_max == 0 ? 256 : o.group_max;
	return o;
}

static Engine *
open_engine (const char *uri, const StoreOptions *options, GError **error)
{
	if (g_str_has_prefix (uri, "sqlite:") && uri[strlen ("sqlite:")] != '\0')
		return sqlite_engine_open (uri + strlen ("sqlite:"), options, error);
	if (g_str_has_prefix (uri, "postgresql://") || g_str_has_prefix (uri, "postgres://"))
		return pgsql_engine_open (uri, options, error);
	/* The address may hold a password, so the message does not repeat it. */
	diqi_error_set (error, DIQI_ERROR_CONFIG, "/store", "a store is \"sqlite:PATH\" or \"postgresql://…\"");
	return NULL;
}

Store *
store_open (const char *uri, const StoreOptions *options, GError **error)
{
	StoreOptions o = with_defaults (options);
	Engine *engine = open_engine (uri, &o, error);
	if (engine == NULL)
		return NULL;
	Store *store = g_new0 (Store, 1);
	store->engine = engine;
	g_mutex_init (&store->mutex);
	g_cond_init (&store->idle);
	return store;
}

void
store_close (Store *store)
{
	if (store == NULL)
		return;
	g_mutex_lock (&store->mutex);
	while (store->running > 0)
		g_cond_wait (&store->idle, &store->mutex);
	g_mutex_unlock (&store->mutex);
	store->engine->ops->close (store->engine);
	g_cond_clear (&store->idle);
	g_mutex_clear (&store->mutex);
	g_free (store);
}

gboolean store_is_postgresql (const Store *store) { return store->engine->ops->postgresql; }
void store_stats (Store *store, StoreStats *out) { store->engine->ops->stats (store->engine, out); }

static void
enter (Store *store)
{
	g_mutex_lock (&store->mutex);
	store->running++;
	g_mutex_unlock (&store->mutex);
}

static void
leave (Store *store)
{
	g_mutex_lock (&store->mutex);
	if (--store->running == 0)
		g_cond_broadcast (&store->idle);
	g_mutex_unlock (&store->mutex);
}

gboolean
store_run (Store *store, const char *name, StoreFn fn, gpointer arg, GError **error)
{
	enter (store);
	gboolean ok = store->engine->ops->run (store->engine, name, fn, arg, error);
	leave (store);
	return ok;
}

gboolean
store_read (Store *store, const char *name, StoreFn fn, gpointer arg, GError **error)
{
	enter (store);
	gboolean ok = store->engine->ops->read (store->engine, name, fn, arg, error);
	leave (store);
	return ok;
}

static gboolean
select_one (Tx *tx, G_GNUC_UNUSED gpointer arg, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT 1");
	return rows != NULL;
}

gboolean
store_ping (Store *store, GError **error)
{
	return store->engine->ops->ping (store->engine, error) && store_read (store, "store.ping", select_one, NULL, error);
}

/* --- statements ------------------------------------------------------------------- */

static gint64
execute (Tx *tx, const Statement *s, Rows **rows, GError **error)
{
	gint64 changed = -1;
	if (tx->failed) {
		diqi_error_set (error, DIQI_ERROR_STORE, NULL, "a statement after a failed one: %.60s", s->sql);
		return -1;
	}
	if (params_are_text (s, error))
		changed = tx->engine->ops->execute (tx, s, rows, error);
	if (changed < 0)
		tx->failed = TRUE;
	return changed;
}

gint64
tx_exec_params (Tx *tx, const char *sql, const Param *params, gsize n, GError **error)
{
	return execute (tx, &(Statement) { .sql = sql, .params = params, .n = n }, NULL, error);
}

Rows *
tx_query_params (Tx *tx, const char *sql, const Param *params, gsize n, GError **error)
{
	Rows *rows = NULL;
	execute (tx, &(Statement) { .sql = sql, .params = params, .n = n }, &rows, error);
	return rows;
}

Rows *
tx_query_lock_params (Tx *tx, const char *sql, const Param *params, gsize n, GError **error)
{
	Rows *rows = NULL;
	g_assert (!tx->read_only);
	execute (tx, &(Statement) { .sql = sql, .params = params, .n = n, .lock = TRUE }, &rows, error);
	return rows;
}

/* --- the life of a transaction --------------------------------------------------- */

gboolean
tx_call (Tx *tx, const char *name, StoreFn fn, gpointer arg, GError **error)
{
	GError *own = NULL;
	gboolean ok = fn (tx, arg, &own);
	if (ok && tx->failed) {
		g_clear_error (&own);
		diqi_error_set (&own, DIQI_ERROR_STORE, NULL, "%s: ended well after a failed statement; not committed", name);
		ok = FALSE;
	}
	if (!ok && own == NULL)
		diqi_error_set (&own, DIQI_ERROR_INTERNAL, NULL, "%s: failed without a reason", name);
	if (ok)
		g_clear_error (&own);
	else
		g_propagate_error (error, own);
	return ok;
}

void
tx_on_commit (Tx *tx, TxHook hook, gpointer data, GDestroyNotify free_fn)
{
	Hook h = { hook, data, free_fn };
	g_assert (!tx->read_only);
	if (tx->hooks == NULL)
		tx->hooks = g_array_new (FALSE, FALSE, sizeof (Hook));
	g_array_append_val (tx->hooks, h);
}

static void
hooks_end (GArray *hooks, gboolean run)
{
	if (hooks == NULL)
		return;
	for (guint i = 0; i < hooks->len; i++) {
		const Hook *h = &g_array_index (hooks, Hook, i);
		if (run)
			h->hook (h->data);
		if (h->free_fn != NULL)
			h->free_fn (h->data);
	}
	g_array_unref (hooks);
}

void hooks_run (GArray *hooks) { hooks_end (hooks, TRUE); }
void hooks_drop (GArray *hooks) { hooks_end (hooks, FALSE); }
