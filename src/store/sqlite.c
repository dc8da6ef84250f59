/* store/sqlite.c — the embedded engine; the only file that knows <sqlite3.h>.
 *
 * One connection writes, and one thread owns it.  The thread takes the waiting
 * transactions as a group (group.h), runs each in its own SAVEPOINT inside one
 * BEGIN IMMEDIATE, commits them with one fsync and only then answers.  Nobody is told
 * "done" before the COMMIT has returned.  Readers have read-only connections; each
 * store_read is one snapshot.
 *
 * After an I/O error while committing, what is on the disk is unknown and the kernel
 * may have dropped the pages it failed to write, so a repeated fsync would prove
 * nothing.  The store then refuses to write until the process is started again, when
 * SQLite recovers from what really is in the file.  A full disk is different: SQLite
 * sees it before anything is acknowledged, and writing resumes when there is space.
 */
#include "base/error.h"
#include "base/log.h"
#include "store/engine.h"
#include "store/group.h"
#include "store/pool.h"
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

#define BUSY_MS 5000              /* another process (a backup, a command) may write too */
#define CHECKPOINT_PAGES 4000     /* 16 MB of WAL; a checkpoint costs two fsyncs */
#define CACHED_STATEMENTS 512

G_DEFINE_AUTOPTR_CLEANUP_FUNC (sqlite3_stmt, sqlite3_finalize)

typedef struct {
	char *sql;
	sqlite3_stmt *stmt;
	gsize n_params;
	int position[MAX_PARAMS]; /* of $1, $2, …: SQLite numbers by first appearance */
} Cached;

typedef struct {
	sqlite3 *db;
	GHashTable *statements;   /* sql → Cached, those not in use */
} Connection;

typedef struct {
	Engine engine;
	char *path;
	Connection *writer;       /* touched by the writer thread only */
	GThread *thread;
	Group *group;
	guint group_max;
	gboolean in_function;     /* writer thread only */
	Pool *readers;
	GMutex mutex;             /* guards what follows */
	char *broken;             /* why no more may be written */
	char *failing;            /* why the last group was not written; NULL when it was */
	StoreStats stats;
} Sqlite;

/* --- errors ----------------------------------------------------------------- */

static DiqiErrorCode
code_of (int rc)
{
	switch (rc) {
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_ROWID:
	case SQLITE_CONSTRAINT_FOREIGNKEY:
	case SQLITE_CONSTRAINT_CHECK:
		return DIQI_ERROR_STORE_CONSTRAINT;
	default:
		break;
	}
	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_NOMEM:
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
		return DIQI_ERROR_UNAVAILABLE;
	default:
		return DIQI_ERROR_STORE;
	}
}

/* SQLite's messages name constraints, tables and columns, never values. */
static gboolean
fail (sqlite3 *db, const char *sql, GError **error)
{
	int rc = sqlite3_extended_errcode (db);
	/* Of a broken foreign key SQLite tells nothing; the statement at least names the table. */
	if (rc == SQLITE_CONSTRAINT_FOREIGNKEY && sql != NULL)
		return diqi_fail (error, code_of (rc), NULL, "%s: %.60s", sqlite3_errmsg (db), sql);
	return diqi_fail (error, code_of (rc), NULL, "%s (%d)", sqlite3_errmsg (db), rc);
}

/* --- connections ------------------------------------------------------------- */

static void
cached_free (Cached *cached)
{
	sqlite3_finalize (cached->stmt);
	g_free (cached->sql);
	g_free (cached);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Cached, cached_free)

static void
connection_close (Connection *c)
{
	if (c == NULL)
		return;
	g_hash_table_unref (c->statements);
	sqlite3_close_v2 (c->db);
	g_free (c);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Connection, connection_close)

/* journal_mode answers with what it became: on a file system without shared memory that is not WAL. */
static gboolean
set_pragma (sqlite3 *db, const char *sql, const char *expected, GError **error)
{
	g_autoptr (sqlite3_stmt) stmt = NULL;
	if (sqlite3_prepare_v2 (db, sql, -1, &stmt, NULL) != SQLITE_OK)
		return fail (db, NULL, error);
	int rc = sqlite3_step (stmt);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return fail (db, NULL, error);
	if (expected != NULL && (rc != SQLITE_ROW || g_strcmp0 ((const char *) sqlite3_column_text (stmt, 0), expected) != 0))
		return diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "%s has no effect", sql);
	return TRUE;
}

/* Alike on both engines: double quotes never mean a string, LIKE minds case, REPLACE fires the
 * triggers of insert-only tables. */
static gboolean
configure (sqlite3 *db, gboolean writer, GError **error)
{
	static const char both[] = "PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON; PRAGMA case_sensitive_like=ON;"
		"PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA cache_size=-16384;";
	sqlite3_extended_result_codes (db, 1);
	sqlite3_busy_timeout (db, BUSY_MS);
	sqlite3_db_config (db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config (db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config (db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	if (sqlite3_exec (db, both, NULL, NULL, NULL) != SQLITE_OK)
		return fail (db, NULL, error);
	return !writer || (set_pragma (db, "PRAGMA journal_mode=WAL", "wal", error) && set_pragma (db, "PRAGMA synchronous=FULL", NULL, error));
}

static Connection *
connection_open (const char *path, gboolean writer, GError **error)
{
	g_autoptr (Connection) c = g_new0 (Connection, 1);
	int flags = SQLITE_OPEN_NOMUTEX | (writer ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
	c->statements = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) cached_free);
	int rc = sqlite3_open_v2 (path, &c->db, flags, NULL);
	if (rc != SQLITE_OK) {
		diqi_error_set (error, DIQI_ERROR_UNAVAILABLE, NULL, "%s: %s", path, sqlite3_errstr (rc));
		return NULL;
	}
	if (!configure (c->db, writer, error)) {
		g_prefix_error (error, "%s: ", path);
		return NULL;
	}
	return g_steal_pointer (&c);
}

/* --- statements -------------------------------------------------------------- */

static void
number_params (Cached *cached, gsize n)
{
	char name[16];
	for (gsize i = 0; i < n; i++) {
		g_snprintf (name, sizeof name, "$%u", (guint) i + 1);
		cached->position[i] = sqlite3_bind_parameter_index (cached->stmt, name);
	}
	cached->n_params = n;
}

static Cached *
prepare (Connection *c, const Statement *s, GError **error)
{
	const char *rest = NULL;
	if (!params_match (s, error))
		return NULL;
	g_autoptr (Cached) cached = g_new0 (Cached, 1);
	cached->sql = g_strdup (s->sql);
	if (sqlite3_prepare_v3 (c->db, cached->sql, -1, SQLITE_PREPARE_PERSISTENT, &cached->stmt, &rest) != SQLITE_OK) {
		fail (c->db, NULL, error);
		return NULL;
	}
	if (cached->stmt == NULL || rest[strspn (rest, " \t\n;")] != '\0') {
		diqi_error_set (error, DIQI_ERROR_STORE, NULL, "not exactly one statement: %.60s", s->sql);
		return NULL;
	}
	number_params (cached, s->n);
	return g_steal_pointer (&cached);
}

/* A statement is out of the cache while in use, so the same text may run inside itself. */
static Cached *
take_statement (Connection *c, const Statement *s, GError **error)
{
	gpointer cached = NULL;
	if (g_hash_table_steal_extended (c->statements, s->sql, NULL, &cached))
		return cached;
	return prepare (c, s, error);
}

static void
give_statement (Connection *c, Cached *cached)
{
	sqlite3_reset (cached->stmt);
	sqlite3_clear_bindings (cached->stmt);
	if (g_hash_table_size (c->statements) >= CACHED_STATEMENTS)
		g_hash_table_remove_all (c->statements);
	g_hash_table_replace (c->statements, cached->sql, cached);
}

static gboolean
bind (Connection *c, Cached *cached, const Statement *s, GError **error)
{
	if (s->n != cached->n_params)
		return diqi_fail (error, DIQI_ERROR_STORE, NULL, "%" G_GSIZE_FORMAT " parameters given, %" G_GSIZE_FORMAT " wanted: %.60s",
			s->n, cached->n_params, s->sql);
	for (gsize i = 0; i < s->n; i++) {
		const Param *p = &s->params[i];
		int at = cached->position[i], rc = SQLITE_MISUSE;
		switch (p->type) {
		case PARAM_NULL: rc = sqlite3_bind_null (cached->stmt, at); break;
		case PARAM_INT: rc = sqlite3_bind_int64 (cached->stmt, at, p->i); break;
		case PARAM_TEXT: rc = sqlite3_bind_text64 (cached->stmt, at, p->p, p->n, SQLITE_STATIC, SQLITE_UTF8); break;
		/* A NULL pointer would bind SQL NULL. */
		case PARAM_BLOB: rc = sqlite3_bind_blob64 (cached->stmt, at, p->n > 0 ? p->p : "", p->n, SQLITE_STATIC); break;
		}
		if (rc != SQLITE_OK)
			return fail (c->db, NULL, error);
	}
	return TRUE;
}

static gboolean
add_row (Rows *rows, sqlite3_stmt *stmt, GError **error)
{
	int n = sqlite3_column_count (stmt);
	for (int i = 0; i < n; i++) {
		switch (sqlite3_column_type (stmt, i)) {
		case SQLITE_NULL: rows_add_null (rows); break;
		case SQLITE_INTEGER: rows_add_int (rows, sqlite3_column_int64 (stmt, i)); break;
		case SQLITE_TEXT: {
			const void *text = sqlite3_column_text (stmt, i);
			rows_add_text (rows, text, (gsize) sqlite3_column_bytes (stmt, i));
			break;
		}
		case SQLITE_BLOB: {
			const void *blob = sqlite3_column_blob (stmt, i);
			rows_add_blob (rows, blob, (gsize) sqlite3_column_bytes (stmt, i));
			break;
		}
		default:
			return diqi_fail (error, DIQI_ERROR_STORE, NULL, "column %s is not an integer, text or blob",
				sqlite3_column_name (stmt, i));
		}
	}
	return TRUE;
}

static gboolean
step_all (Connection *c, Cached *cached, Rows *rows, GError **error)
{
	int rc;
	while ((rc = sqlite3_step (cached->stmt)) == SQLITE_ROW)
		if (rows != NULL && !add_row (rows, cached->stmt, error))
			return FALSE;
	return rc == SQLITE_DONE || fail (c->db, cached->sql, error);
}

static gint64
sqlite_execute (Tx *tx, const Statement *s, Rows **out, GError **error)
{
	Connection *c = tx->connection;
	g_autoptr (Rows) rows = NULL;
	Cached *cached = take_statement (c, s, error);
	if (cached == NULL)
		return -1;
	if (out != NULL)
		rows = rows_new ((guint) sqlite3_column_count (cached->stmt));
	sqlite3_int64 before = sqlite3_total_changes64 (c->db);
	gboolean ok = bind (c, cached, s, error) && step_all (c, cached, rows, error);
	give_statement (c, cached);
	if (!ok)
		return -1;
	if (out != NULL)
		*out = g_steal_pointer (&rows);
	/* sqlite3_changes64 keeps its old value over statements that change no rows at all. */
	return sqlite3_total_changes64 (c->db) == before ? 0 : sqlite3_changes64 (c->db);
}

static gboolean
script (Connection *c, const char *sql, GError **error)
{
	return sqlite3_exec (c->db, sql, NULL, NULL, NULL) == SQLITE_OK || fail (c->db, NULL, error);
}

static gboolean sqlite_script (Tx *tx, const char *sql, GError **error) { return script (tx->connection, sql, error); }
/* BEGIN IMMEDIATE has taken the only write lock there is. */
static gboolean sqlite_lock_schema (G_GNUC_UNUSED Tx *tx, G_GNUC_UNUSED GError **error) { return TRUE; }

/* Short statements of the transaction itself: as tx_exec, without its parameters. */
static gboolean
command (Connection *c, const char *sql, GError **error)
{
	Tx tx = { .connection = c };
	return sqlite_execute (&tx, &(Statement) { .sql = sql }, NULL, error) >= 0;
}

/* --- the writer -------------------------------------------------------------- */

static gboolean
refuse_if_broken (Sqlite *s, GError **error)
{
	G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&s->mutex);
	if (s->broken == NULL)
		return TRUE;
	return diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "%s; writing stopped until restart", s->broken);
}

static void
note_failure (Sqlite *s, int rc)
{
	if ((rc & 0xff) != SQLITE_IOERR && (rc & 0xff) != SQLITE_CORRUPT)
		return;
	log_event (LOG_LEVEL_ERROR_, "store.write_failed", "path", "%s", s->path, "reason", "%s", sqlite3_errstr (rc), "code", "%d", rc, NULL);
	G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&s->mutex);
	if (s->broken == NULL)
		s->broken = g_strdup_printf ("%s: %s (%d)", s->path, sqlite3_errstr (rc), rc);
}

/* SQLite's own automatic checkpoint swallows its errors, and starts the WAL over only if no reader
 * happens to be at work: under steady reading it would grow for ever, so in the end we wait for them. */
static int
checkpoint (gpointer data, sqlite3 *db, const char *name, int pages)
{
	if (pages >= CHECKPOINT_PAGES) {
		int mode = pages >= 16 * CHECKPOINT_PAGES ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE;
		int rc = sqlite3_wal_checkpoint_v2 (db, name, mode, NULL, NULL);
		if (rc != SQLITE_OK && rc != SQLITE_BUSY)
			note_failure (data, sqlite3_extended_errcode (db));
	}
	return SQLITE_OK;
}

/* A deferred key still broken would fail the COMMIT of the whole group: find the one who broke it. */
static gboolean
deferred_keys (Connection *c)
{
	int now = 0, high = 0;
	return sqlite3_db_status (c->db, SQLITE_DBSTATUS_DEFERRED_FKS, &now, &high, 0) == SQLITE_OK && now != 0;
}

static void
run_job (Sqlite *s, Job *job)
{
	Tx tx = { .engine = &s->engine, .connection = s->writer };
	if (!command (s->writer, "SAVEPOINT job", &job->error))
		return;
	s->in_function = TRUE;
	job->ok = tx_call (&tx, job->name, job->fn, job->arg, &job->error);
	s->in_function = FALSE;
	job->hooks = tx.hooks;
	if (sqlite3_get_autocommit (s->writer->db))
		return;                   /* the engine has rolled back the whole group; see group_run */
	if (job->ok && deferred_keys (s->writer))
		job->ok = diqi_fail (&job->error, DIQI_ERROR_STORE_CONSTRAINT, NULL, "%s: deferred FOREIGN KEY constraint failed", job->name);
	g_autoptr (GError) error = NULL;
	if ((job->ok || command (s->writer, "ROLLBACK TO job", &error)) && command (s->writer, "RELEASE job", &error))
		return;
	/* Its work can neither be kept nor taken back alone: give up the group. */
	job->ok = FALSE;
	g_clear_error (&job->error);
	job->error = g_steal_pointer (&error);
	command (s->writer, "ROLLBACK", NULL);
}

static gboolean
group_run (Sqlite *s, Job **jobs, guint n, GError **error)
{
	sqlite3 *db = s->writer->db;
	if (!refuse_if_broken (s, error) || !command (s->writer, "BEGIN IMMEDIATE", error))
		return FALSE;
	for (guint i = 0; i < n; i++) {
		run_job (s, jobs[i]);
		/* Some errors (disk full, out of memory, I/O) end the whole transaction, and the jobs before
		 * this one with it. */
		if (sqlite3_get_autocommit (db))
			return diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "the database gave up a group of transactions: %s",
				jobs[i]->error != NULL ? jobs[i]->error->message : "rolled back");
	}
	if (command (s->writer, "COMMIT", error))
		return TRUE;
	note_failure (s, sqlite3_extended_errcode (db));
	if (!sqlite3_get_autocommit (db))
		command (s->writer, "ROLLBACK", NULL);
	return FALSE;
}

static void
group_finish (Sqlite *s, Job **jobs, guint n, const GError *error)
{
	guint done = 0;
	for (guint i = 0; i < n; i++) {
		Job *job = jobs[i];
		if (error != NULL && (job->ok || job->error == NULL)) {
			job->ok = FALSE;
			job->error = g_error_copy (error);
		}
		done += job->ok;
	}
	g_mutex_lock (&s->mutex);
	s->stats.transactions += done;
	s->stats.rollbacks += n - done;
	s->stats.commits += done > 0;
	if (error != NULL || done > 0) {
		g_free (s->failing);
		s->failing = error != NULL ? g_strdup (error->message) : NULL;
	}
	g_mutex_unlock (&s->mutex);
	for (guint i = 0; i < n; i++) {
		if (jobs[i]->ok)
			hooks_run (g_steal_pointer (&jobs[i]->hooks));
		else
			hooks_drop (g_steal_pointer (&jobs[i]->hooks));
	}
}

static gpointer
writer_main (gpointer data)
{
	Sqlite *s = data;
	g_autofree Job **jobs = g_new (Job *, s->group_max);
	guint n;
	while ((n = group_take (s->group, jobs)) > 0) {
		g_autoptr (GError) error = NULL;
		group_run (s, jobs, n, &error);
		group_finish (s, jobs, n, error);
		group_answer (s->group, jobs, n);
	}
	return NULL;
}

/* --- what store.c calls -------------------------------------------------------- */

static void
assert_not_nested (Sqlite *s)
{
	g_assert (!pool_is_held (s->readers));
	g_assert (g_thread_self () != s->thread || !s->in_function);
}

static gboolean
sqlite_run (Engine *engine, const char *name, StoreFn fn, gpointer arg, GError **error)
{
	Sqlite *s = (Sqlite *) engine;
	Job job = { .name = name, .fn = fn, .arg = arg };
	assert_not_nested (s);
	g_assert (g_thread_self () != s->thread);
	group_submit (s->group, &job);
	if (!job.ok)
		g_propagate_error (error, job.error);
	return job.ok;
}

static gboolean
read_snapshot (Sqlite *s, Connection *c, const char *name, StoreFn fn, gpointer arg, GError **error)
{
	Tx tx = { .engine = &s->engine, .connection = c, .read_only = TRUE };
	if (!command (c, "BEGIN", error))
		return FALSE;
	gboolean ok = tx_call (&tx, name, fn, arg, error);
	if (!sqlite3_get_autocommit (c->db))
		command (c, "ROLLBACK", NULL);
	return ok;
}

static gboolean
sqlite_read (Engine *engine, const char *name, StoreFn fn, gpointer arg, GError **error)
{
	Sqlite *s = (Sqlite *) engine;
	assert_not_nested (s);
	Connection *c = pool_take (s->readers, error);
	if (c == NULL)
		return FALSE;
	gboolean ok = read_snapshot (s, c, name, fn, arg, error);
	pool_give (s->readers, c);
	G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&s->mutex);
	s->stats.reads++;
	return ok;
}

/* A full disk shows here too: the ticker of sales writes every second, so this is never old news. */
static gboolean
sqlite_ping (Engine *engine, GError **error)
{
	Sqlite *s = (Sqlite *) engine;
	if (!refuse_if_broken (s, error))
		return FALSE;
	G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&s->mutex);
	return s->failing == NULL || diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "the last write failed: %s", s->failing);
}

static void
sqlite_stats (Engine *engine, StoreStats *out)
{
	Sqlite *s = (Sqlite *) engine;
	G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&s->mutex);
	*out = s->stats;
}

static void
sqlite_close (Engine *engine)
{
	Sqlite *s = (Sqlite *) engine;
	if (s->thread != NULL) {
		group_close (s->group);
		g_thread_join (s->thread);
	}
	g_clear_pointer (&s->group, group_free);
	pool_free (s->readers, (GDestroyNotify) connection_close);
	/* Last, so that SQLite moves the WAL into the file and removes it. */
	connection_close (s->writer);
	g_mutex_clear (&s->mutex);
	g_free (s->failing);
	g_free (s->broken);
	g_free (s->path);
	g_free (s);
}

/* The file holds people's papers: nobody but the service may read it.  SQLite gives its -wal and
 * -shm the same mode. */
static gboolean
create_private (const char *path, GError **error)
{
	int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "%s: %s", path, g_strerror (errno));
	return g_close (fd, error);
}

static gboolean
open_connections (Sqlite *s, guint readers, GError **error)
{
	if (!create_private (s->path, error))
		return FALSE;
	s->writer = connection_open (s->path, TRUE, error);
	if (s->writer == NULL)
		return FALSE;
	sqlite3_wal_hook (s->writer->db, checkpoint, s);
	for (guint i = 0; i < readers; i++) {
		Connection *c = connection_open (s->path, FALSE, error);
		if (c == NULL)
			return FALSE;
		pool_add (s->readers, c);
	}
	return TRUE;
}

static const EngineOps ops = {
	.postgresql = FALSE,
	.run = sqlite_run,
	.read = sqlite_read,
	.ping = sqlite_ping,
	.execute = sqlite_execute,
	.script = sqlite_script,
	.lock_schema = sqlite_lock_schema,
	.stats = sqlite_stats,
	.close = sqlite_close,
};

Engine *
sqlite_engine_open (const char *path, const StoreOptions *options, GError **error)
{
	Sqlite *s = g_new0 (Sqlite, 1);
	/* What a SAVEPOINT may put back is little, but from 64 KiB on would go to a file.  Without effect the second time. */
	sqlite3_config (SQLITE_CONFIG_STMTJRNL_SPILL, -1);
	g_mutex_init (&s->mutex);
	s->engine.ops = &ops;
	s->path = g_strdup (path);
	s->readers = pool_new ();
	s->group_max = options->group_max;
	if (!open_connections (s, options->readers, error)) {
		sqlite_close (&s->engine);
		return NULL;
	}
	s->group = group_new (options->gather_micros, options->group_max);
	s->thread = g_thread_new ("store-writer", writer_main, s);
	return &s->engine;
}
