/* store/pgsql.c — PostgreSQL; the only file that knows <libpq-fe.h>.
 *
 * Two pools: connections that write (READ COMMITTED; row locks by tx_query_lock order
 * the writers) and connections that read (one REPEATABLE READ snapshot each time).
 * A connection is made when first needed and made again when it was lost.
 *
 * What is retried, and where it ends: a transaction that lost a race (40001, 40P01) or
 * its connection before COMMIT was sent has left nothing behind and runs again, a few
 * times.  When the connection is lost after COMMIT was sent nobody knows whether it
 * happened; the caller is told so (DIQI_ERROR_UNAVAILABLE) and finds out by its own
 * idempotency key.
 */
#include "base/error.h"
#include "base/log.h"
#include "base/random.h"
#include "store/engine.h"
#include "store/pool.h"
#include "store/sqlstate.h"
#include <libpq-fe.h>
#include <string.h>

#define CACHED_STATEMENTS 512
#define MAX_RUNS 10               /* of one transaction that keeps losing races */
#define MAX_CONNECTIONS 3         /* of one transaction that keeps losing connections */
#define MIGRATION_LOCK "7163384640250839150"    /* "diqi" and a number nobody else uses: the key of the advisory lock */

/* Types of the system catalogue that can come in or go out; fixed for ever by PostgreSQL. */
enum { OID_BOOL = 16, OID_BYTEA = 17, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, OID_TEXT = 25, OID_FLOAT4 = 700, OID_FLOAT8 = 701,
	OID_NUMERIC = 1700 };

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PGresult, PQclear)

typedef struct {
	const char *uri;          /* borrowed from Pgsql */
	gboolean read_only;
	PGconn *pg;               /* NULL until first used */
	GHashTable *prepared;     /* "types sql" → name on the server */
	guint64 named;
	gboolean lost_race;       /* of the running transaction */
	gboolean lost;            /* the connection */
} Connection;

typedef struct {
	Engine engine;
	char *uri;
	Pool *writers, *readers;
	GMutex mutex;             /* guards stats */
	StoreStats stats;
} Pgsql;

/* --- errors ------------------------------------------------------------------------ */

/* The primary message may quote an input ("invalid input syntax … \"x\"") only where a query is wrong;
 * DETAIL and HINT quote rows and stay out. */
static gboolean
fail (Connection *c, const PGresult *result, GError **error)
{
	const char *state = result != NULL ? PQresultErrorField (result, PG_DIAG_SQLSTATE) : NULL;
	if (PQstatus (c->pg) == CONNECTION_BAD || sqlstate_is_lost_connection (state)) {
		g_autofree char *message = g_strdup (PQerrorMessage (c->pg));
		c->lost = TRUE;
		return diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "connection to PostgreSQL lost: %s", g_strchomp (message));
	}
	c->lost_race = c->lost_race || sqlstate_is_lost_race (state);
	DiqiErrorCode code = sqlstate_code (state);
	if (code == DIQI_ERROR_STORE_CONSTRAINT) {
		g_autofree char *text = sqlstate_constraint (state, PQresultErrorField (result, PG_DIAG_TABLE_NAME),
			PQresultErrorField (result, PG_DIAG_CONSTRAINT_NAME), PQresultErrorField (result, PG_DIAG_MESSAGE_DETAIL));
		return diqi_fail (error, code, NULL, "%s", text);
	}
	const char *primary = result != NULL ? PQresultErrorField (result, PG_DIAG_MESSAGE_PRIMARY) : PQerrorMessage (c->pg);
	return diqi_fail (error, code, NULL, "%s (%s)", primary != NULL ? primary : "unknown error", state != NULL ? state : "no SQLSTATE");
}

static gboolean
check (Connection *c, const PGresult *result, GError **error)
{
	ExecStatusType status = PQresultStatus (result);
	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || fail (c, result, error);
}

static gboolean
command (Connection *c, const char *sql, GError **error)
{
	g_autoptr (PGresult) result = PQexec (c->pg, sql);
	return check (c, result, error);
}

/* --- connections --------------------------------------------------------------------- */

static void
disconnect (Connection *c)
{
	g_clear_pointer (&c->pg, PQfinish);
	g_hash_table_remove_all (c->prepared);
	c->lost = FALSE;
}

static void
connection_free (Connection *c)
{
	disconnect (c);
	g_hash_table_unref (c->prepared);
	g_free (c);
}

static Connection *
connection_new (const char *uri, gboolean read_only)
{
	Connection *c = g_new0 (Connection, 1);
	c->uri = uri;
	c->read_only = read_only;
	c->prepared = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
	return c;
}

static void ignore_notice (G_GNUC_UNUSED void *arg, G_GNUC_UNUSED const PGresult *notice) { }

/* "done" must mean "on the disk": a server that does not write through is refused, and a session that
 * would not wait is made to. */
static gboolean
check_durability (Connection *c, GError **error)
{
	g_autoptr (PGresult) result = PQexec (c->pg, "SELECT current_setting('fsync'), current_setting('synchronous_commit')");
	if (!check (c, result, error))
		return FALSE;
	if (strcmp (PQgetvalue (result, 0, 0), "on") != 0)
		return diqi_fail (error, DIQI_ERROR_CONFIG, "/store", "the PostgreSQL server runs with fsync=off and would forget what was acknowledged");
	return strcmp (PQgetvalue (result, 0, 1), "off") != 0 || command (c, "SET synchronous_commit = on", error);
}

/* A lock waited for longer than this is a fault somewhere else; the caller gets an answer. */
static gboolean
configure (Connection *c, GError **error)
{
	PQsetNoticeReceiver (c->pg, ignore_notice, NULL);
	if (g_strcmp0 (PQparameterStatus (c->pg, "server_encoding"), "UTF8") != 0)
		return diqi_fail (error, DIQI_ERROR_CONFIG, "/store", "the PostgreSQL database is not in UTF8 but in %s",
			PQparameterStatus (c->pg, "server_encoding"));
	return command (c, "SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '60s'; SET timezone = 'UTC'", error)
		&& command (c, c->read_only ? "SET default_transaction_isolation = 'repeatable read'; SET default_transaction_read_only = on"
			: "SET default_transaction_isolation = 'read committed'", error)
		&& check_durability (c, error);
}

static gboolean
connect_if_needed (Connection *c, GError **error)
{
	/* What stands before dbname can be changed by the address, what stands behind it cannot. */
	const char *keys[] = { "connect_timeout", "fallback_application_name", "dbname", "client_encoding", NULL };
	const char *values[] = { "5", "diqi", c->uri, "UTF8", NULL };
	if (c->pg != NULL && !c->lost && PQstatus (c->pg) == CONNECTION_OK)
		return TRUE;
	disconnect (c);
	c->pg = PQconnectdbParams (keys, values, 1);
	if (c->pg != NULL && PQstatus (c->pg) == CONNECTION_OK && configure (c, error))
		return TRUE;
	if (error == NULL || *error == NULL) {
		g_autofree char *message = g_strdup (PQerrorMessage (c->pg));
		diqi_error_set (error, DIQI_ERROR_UNAVAILABLE, NULL, "no connection to PostgreSQL: %s", g_strchomp (message));
	}
	c->lost = TRUE;
	return FALSE;
}

/* --- parameters ------------------------------------------------------------------------- */

typedef struct {
	Oid types[MAX_PARAMS];
	const char *values[MAX_PARAMS];
	int lengths[MAX_PARAMS], formats[MAX_PARAMS];
	gint64 integers[MAX_PARAMS];      /* in network order */
	char signature[MAX_PARAMS + 1];
} Bound;

static Oid
oid_of (ParamType type)
{
	switch (type) {
	case PARAM_INT: return OID_INT8;
	case PARAM_TEXT: return OID_TEXT;
	case PARAM_BLOB: return OID_BYTEA;
	case PARAM_NULL: break;
	}
	return 0;                         /* the server infers it */
}

static gboolean
bind (Bound *b, const Statement *s, GError **error)
{
	if (s->n > MAX_PARAMS)
		return diqi_fail (error, DIQI_ERROR_STORE, NULL, "more than %d parameters: %.60s", MAX_PARAMS, s->sql);
	for (gsize i = 0; i < s->n; i++) {
		const Param *p = &s->params[i];
		if (p->n > G_MAXINT)
			return diqi_fail (error, DIQI_ERROR_STORE, NULL, "parameter $%" G_GSIZE_FORMAT " is too long: %.60s", i + 1, s->sql);
		/* A typed NULL carries its type in i; see P_TEXT. */
		b->types[i] = oid_of (p->type == PARAM_NULL ? (ParamType) p->i : p->type);
		b->integers[i] = GINT64_TO_BE (p->i);
		b->formats[i] = 1;
		b->lengths[i] = p->type == PARAM_INT ? (int) sizeof (gint64) : (int) p->n;
		b->values[i] = p->type == PARAM_NULL ? NULL : p->type == PARAM_INT ? (const char *) &b->integers[i] : p->n > 0 ? p->p : "";
		b->signature[i] = (char) ('a' + (p->type == PARAM_NULL ? p->i : p->type));
	}
	b->signature[s->n] = '\0';
	return TRUE;
}

/* The plan of a statement belongs to its text and the types of its parameters. */
static const char *
prepare (Connection *c, const Statement *s, const Bound *b, GError **error)
{
	g_autofree char *key = g_strdup_printf ("%s %s%s", b->signature, s->sql, s->lock ? " FOR UPDATE" : "");
	const char *name = g_hash_table_lookup (c->prepared, key);
	if (name != NULL)
		return name;
	if (!params_match (s, error))
		return NULL;
	if (g_hash_table_size (c->prepared) >= CACHED_STATEMENTS) {
		if (!command (c, "DEALLOCATE ALL", error))
			return NULL;
		g_hash_table_remove_all (c->prepared);
	}
	g_autofree char *fresh = g_strdup_printf ("s%" G_GUINT64_FORMAT, ++c->named);
	g_autoptr (PGresult) result = PQprepare (c->pg, fresh, key + s->n + 1, (int) s->n, b->types);
	if (!check (c, result, error))
		return NULL;
	name = fresh;
	g_hash_table_insert (c->prepared, g_steal_pointer (&key), g_steal_pointer (&fresh));
	return name;
}

/* --- results ------------------------------------------------------------------------------ */

static gboolean
add_integer (Rows *rows, const char *text, const char *column, GError **error)
{
	gint64 value = 0;
	if (!g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, &value, NULL))
		return diqi_fail (error, DIQI_ERROR_STORE, NULL, "column %s is not a 64-bit integer", column);
	rows_add_int (rows, value);
	return TRUE;
}

static gboolean
add_bytea (Rows *rows, const char *text)
{
	size_t n = 0;
	unsigned char *bytes = PQunescapeBytea ((const unsigned char *) text, &n);
	g_assert (bytes != NULL);         /* out of memory, as GLib treats it */
	rows_add_blob (rows, bytes, n);
	PQfreemem (bytes);
	return TRUE;
}

static gboolean
add_cell (Rows *rows, const PGresult *result, int row, int column, GError **error)
{
	const char *text = PQgetvalue (result, row, column);
	if (PQgetisnull (result, row, column)) {
		rows_add_null (rows);
		return TRUE;
	}
	switch (PQftype (result, column)) {
	case OID_INT2:
	case OID_INT4:
	case OID_INT8:
	case OID_NUMERIC:                 /* sum() of BIGINT */
		return add_integer (rows, text, PQfname (result, column), error);
	case OID_BOOL:
		rows_add_int (rows, text[0] == 't');
		return TRUE;
	case OID_BYTEA:
		return add_bytea (rows, text);
	case OID_FLOAT4:
	case OID_FLOAT8:
		return diqi_fail (error, DIQI_ERROR_STORE, NULL, "column %s is not an integer, text or blob", PQfname (result, column));
	default:
		rows_add_text (rows, text, (gsize) PQgetlength (result, row, column));
		return TRUE;
	}
}

static Rows *
rows_of (const PGresult *result, GError **error)
{
	int columns = PQnfields (result);
	g_autoptr (Rows) rows = rows_new ((guint) columns);
	for (int r = 0; r < PQntuples (result); r++)
		for (int c = 0; c < columns; c++)
			if (!add_cell (rows, result, r, c, error))
				return NULL;
	return g_steal_pointer (&rows);
}

static gint64
changed_by (PGresult *result)
{
	/* Of a SELECT the server counts the rows it returned. */
	if (g_str_has_prefix (PQcmdStatus (result), "SELECT"))
		return 0;
	return g_ascii_strtoll (PQcmdTuples (result), NULL, 10);
}

static gint64
pgsql_execute (Tx *tx, const Statement *s, Rows **out, GError **error)
{
	Connection *c = tx->connection;
	Bound b;
	if (!bind (&b, s, error))
		return -1;
	const char *name = prepare (c, s, &b, error);
	if (name == NULL)
		return -1;
	g_autoptr (PGresult) result = PQexecPrepared (c->pg, name, (int) s->n, b.values, b.lengths, b.formats, 0);
	if (!check (c, result, error))
		return -1;
	if (out != NULL && (*out = rows_of (result, error)) == NULL)
		return -1;
	return changed_by (result);
}

static gboolean pgsql_script (Tx *tx, const char *sql, GError **error) { return command (tx->connection, sql, error); }

static gboolean
pgsql_lock_schema (Tx *tx, GError **error)
{
	return command (tx->connection, "SELECT pg_advisory_xact_lock(" MIGRATION_LOCK ")", error);
}

/* --- one run of a transaction ---------------------------------------------------------------- */

typedef enum { RUN_DONE, RUN_FAILED, RUN_LOST_RACE, RUN_LOST_CONNECTION } Outcome;

static Outcome
give_up (Connection *c)
{
	if (!c->lost)
		command (c, "ROLLBACK", NULL);
	return c->lost ? RUN_LOST_CONNECTION : c->lost_race ? RUN_LOST_RACE : RUN_FAILED;
}

static Outcome
commit (Connection *c, const char *name, GError **error)
{
	g_autoptr (PGresult) result = PQexec (c->pg, "COMMIT");
	if (PQresultStatus (result) == PGRES_COMMAND_OK && strcmp (PQcmdStatus (result), "COMMIT") == 0)
		return RUN_DONE;
	if (PQresultStatus (result) == PGRES_COMMAND_OK) {
		/* The server turns COMMIT of a failed transaction into ROLLBACK. */
		diqi_error_set (error, DIQI_ERROR_STORE, NULL, "%s: the server rolled back", name);
		return RUN_FAILED;
	}
	fail (c, result, error);
	if (!c->lost)
		return give_up (c);       /* a deferred constraint, a lost race */
	g_clear_error (error);
	diqi_error_set (error, DIQI_ERROR_UNAVAILABLE, NULL, "%s: connection to PostgreSQL lost while committing; outcome unknown", name);
	return RUN_FAILED;
}

static Outcome
run_once (Tx *tx, const char *name, StoreFn fn, gpointer arg, GError **error)
{
	Connection *c = tx->connection;
	c->lost_race = FALSE;
	if (!connect_if_needed (c, error))
		return RUN_LOST_CONNECTION;
	if (!command (c, "BEGIN", error) || !tx_call (tx, name, fn, arg, error))
		return give_up (c);
	return commit (c, name, error);
}

/* 1, 2, 4 … 64 ms and as much again at random, so that two that collided part. */
static void
back_off (guint attempt)
{
	guint16 chance = 0;
	gulong base = 1000ul << MIN (attempt, 6);
	random_bytes (&chance, sizeof chance);
	g_usleep (base + base * chance / G_MAXUINT16);
}

static void
count (Pgsql *p, guint64 *counter, guint64 n)
{
	G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&p->mutex);
	*counter += n;
}

static gboolean
run_until_decided (Pgsql *p, Tx *tx, const char *name, StoreFn fn, gpointer arg, GError **error)
{
	guint races = 0, losses = 0;
	for (;;) {
		g_autoptr (GError) own = NULL;
		tx->failed = FALSE;
		Outcome outcome = run_once (tx, name, fn, arg, &own);
		if (outcome == RUN_DONE)
			return TRUE;
		hooks_drop (g_steal_pointer (&tx->hooks));
		races += outcome == RUN_LOST_RACE;
		losses += outcome == RUN_LOST_CONNECTION;
		if (outcome == RUN_FAILED || races >= MAX_RUNS || losses >= MAX_CONNECTIONS) {
			g_propagate_error (error, g_steal_pointer (&own));
			return FALSE;
		}
		count (p, &p->stats.retries, 1);
		back_off (races + losses);
	}
}

/* --- what store.c calls ------------------------------------------------------------------------- */

static void
assert_not_nested (Pgsql *p)
{
	g_assert (!pool_is_held (p->writers) && !pool_is_held (p->readers));
}

static gboolean
pgsql_run (Engine *engine, const char *name, StoreFn fn, gpointer arg, GError **error)
{
	Pgsql *p = (Pgsql *) engine;
	assert_not_nested (p);
	Tx tx = { .engine = engine, .connection = pool_take (p->writers, error) };
	if (tx.connection == NULL)
		return FALSE;
	gboolean ok = run_until_decided (p, &tx, name, fn, arg, error);
	pool_give (p->writers, tx.connection);
	count (p, ok ? &p->stats.transactions : &p->stats.rollbacks, 1);
	if (ok) {
		count (p, &p->stats.commits, 1);
		hooks_run (tx.hooks);
	}
	return ok;
}

static gboolean
pgsql_read (Engine *engine, const char *name, StoreFn fn, gpointer arg, GError **error)
{
	Pgsql *p = (Pgsql *) engine;
	assert_not_nested (p);
	Tx tx = { .engine = engine, .connection = pool_take (p->readers, error), .read_only = TRUE };
	if (tx.connection == NULL)
		return FALSE;
	gboolean ok = run_until_decided (p, &tx, name, fn, arg, error);
	pool_give (p->readers, tx.connection);
	count (p, &p->stats.reads, 1);
	return ok;
}

static gboolean pgsql_ping (G_GNUC_UNUSED Engine *engine, G_GNUC_UNUSED GError **error) { return TRUE; }

static void
pgsql_stats (Engine *engine, StoreStats *out)
{
	Pgsql *p = (Pgsql *) engine;
	G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&p->mutex);
	*out = p->stats;
}

static void
pgsql_close (Engine *engine)
{
	Pgsql *p = (Pgsql *) engine;
	pool_free (p->writers, (GDestroyNotify) connection_free);
	pool_free (p->readers, (GDestroyNotify) connection_free);
	g_mutex_clear (&p->mutex);
	g_free (p->uri);
	g_free (p);
}

static const EngineOps ops = {
	.postgresql = TRUE,
	.run = pgsql_run,
	.read = pgsql_read,
	.ping = pgsql_ping,
	.execute = pgsql_execute,
	.script = pgsql_script,
	.lock_schema = pgsql_lock_schema,
	.stats = pgsql_stats,
	.close = pgsql_close,
};

/* A wrong address or password shows at start, not at the first act. */
static gboolean
try_connection (Pgsql *p, GError **error)
{
	Connection *c = pool_take (p->writers, error);
	gboolean ok = connect_if_needed (c, error);
	pool_give (p->writers, c);
	return ok;
}

Engine *
pgsql_engine_open (const char *uri, const StoreOptions *options, GError **error)
{
	Pgsql *p = g_new0 (Pgsql, 1);
	p->engine.ops = &ops;
	p->uri = g_strdup (uri);
	g_mutex_init (&p->mutex);
	p->writers = pool_new ();
	p->readers = pool_new ();
	for (guint i = 0; i < options->writers; i++)
		pool_add (p->writers, connection_new (p->uri, FALSE));
	for (guint i = 0; i < options->readers; i++)
		pool_add (p->readers, connection_new (p->uri, TRUE));
	if (try_connection (p, error))
		return &p->engine;
	pgsql_close (&p->engine);
	return NULL;
}
