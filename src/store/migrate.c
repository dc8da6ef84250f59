/* store/migrate.c — brings a database to the schema of this program.
 *
 * A migration is one file NNNN_name.sql in the dialect of dialect.h; its number orders
 * it.  Layers keep theirs in src/<layer>/sql and share one number space.  Each is run
 * in one transaction together with its line in schema_migration, so a program killed
 * half-way leaves either none or all of it, and the next start goes on.  Two programs
 * that start at once queue on a lock and the second finds the work done.
 *
 * What was applied must be exactly the first migrations of this program, unchanged:
 * a changed checksum means that somebody edited history, a number unknown here means
 * that a newer program has been at this database.  Both are refused, because going on
 * would mean to guess what the tables look like.
 */
#include "base/error.h"
#include "store/dialect.h"
#include "store/engine.h"
#include "store/migration_set.h"
#include <string.h>

#define EMBEDDED "resource:///cn/diqi/sql"

static const char bookkeeping[] =
	"CREATE TABLE IF NOT EXISTS schema_migration (\n"
	"	number INTEGER PRIMARY KEY,\n"
	"	name TEXT NOT NULL,\n"
	"	sha256 TEXT NOT NULL,\n"
	"	applied_at INTEGER NOT NULL\n"
	") STRICT;\n"
	"-- @postgresql CREATE OR REPLACE FUNCTION diqi_insert_only() RETURNS trigger LANGUAGE plpgsql AS\n"
	"-- @postgresql $$ BEGIN RAISE EXCEPTION '% is insert-only', TG_TABLE_NAME; END $$;\n";

static gboolean
run_script (Tx *tx, const char *sql, GError **error)
{
	g_autofree char *text = dialect_translate (sql, tx->engine->ops->postgresql, error);
	if (text == NULL)
		return FALSE;
	tx->failed = !tx->engine->ops->script (tx, text, error);
	return !tx->failed;
}

static gboolean
prepare_database (Tx *tx, G_GNUC_UNUSED gpointer arg, GError **error)
{
	/* IF NOT EXISTS alone lets two creators collide on PostgreSQL. */
	return tx->engine->ops->lock_schema (tx, error) && run_script (tx, bookkeeping, error);
}

/* --- what the database says ---------------------------------------------------------- */

/* Applied migrations against ours, in order; *next becomes the first one still to run. */
static gboolean
compare_row (Rows *rows, const GPtrArray *set, guint *next, GError **error)
{
	gint64 number = rows_int (rows, 0);
	const Migration *m = *next < set->len ? g_ptr_array_index (set, *next) : NULL;
	if (m == NULL || number < m->number)
		return diqi_fail (error, DIQI_ERROR_STORE_SCHEMA, NULL,
			"the database has migration %" G_GINT64_FORMAT " (%s), which this program does not know: use a newer program",
			number, rows_text (rows, 1));
	if (number > m->number)
		return diqi_fail (error, DIQI_ERROR_STORE_SCHEMA, NULL,
			"migration %d (%s) was never applied although %" G_GINT64_FORMAT " was", m->number, m->name, number);
	if (strcmp (m->sha256, rows_text (rows, 2)) != 0)
		return diqi_fail (error, DIQI_ERROR_STORE_SCHEMA, NULL,
			"migration %d (%s) was changed after it had been applied", m->number, m->name);
	(*next)++;
	return TRUE;
}

static gboolean
compare (Tx *tx, const GPtrArray *set, guint *next, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT number, name, sha256 FROM schema_migration ORDER BY number");
	*next = 0;
	if (rows == NULL)
		return FALSE;
	while (rows_next (rows, NULL))
		if (!compare_row (rows, set, next, error))
			return FALSE;
	return TRUE;
}

typedef struct {
	const GPtrArray *set;
	guint waiting;
} Look;

static gboolean
look (Tx *tx, gpointer arg, GError **error)
{
	Look *l = arg;
	guint next;
	if (!compare (tx, l->set, &next, error))
		return FALSE;
	l->waiting = l->set->len - next;
	return TRUE;
}

gboolean
store_migrations_waiting (Store *store, guint *waiting, GError **error)
{
	g_autoptr (GPtrArray) set = migration_set_load (EMBEDDED, error);
	Look l = { .set = set };
	if (set == NULL || !store_read (store, "store.migrations", look, &l, error))
		return FALSE;
	*waiting = l.waiting;
	return TRUE;
}

/* --- one step -------------------------------------------------------------------------- */

/* The database's clock: a note for operators, nothing is decided by it. */
static gboolean
record (Tx *tx, const Migration *m, GError **error)
{
	const char *sql = tx->engine->ops->postgresql
		? "INSERT INTO schema_migration (number, name, sha256, applied_at) VALUES ($1, $2, $3, (extract(epoch FROM now()) * 1000000)::bigint)"
		: "INSERT INTO schema_migration (number, name, sha256, applied_at) VALUES ($1, $2, $3, unixepoch() * 1000000)";
	return tx_exec (tx, error, sql, P_INT (m->number), P_TEXT (m->name), P_TEXT (m->sha256)) == 1;
}

typedef struct {
	const GPtrArray *set;
	gboolean done;
} Step;

static gboolean
apply_next (Tx *tx, gpointer arg, GError **error)
{
	Step *step = arg;
	guint next = 0;
	/* Compared again under the lock: another program may have been faster. */
	if (!tx->engine->ops->lock_schema (tx, error) || !compare (tx, step->set, &next, error))
		return FALSE;
	step->done = next == step->set->len;
	if (step->done)
		return TRUE;
	const Migration *m = g_ptr_array_index (step->set, next);
	if (!run_script (tx, m->sql, error)) {
		g_prefix_error (error, "migration %d (%s): ", m->number, m->name);
		return FALSE;
	}
	return record (tx, m, error);
}

gboolean
store_migrate_from (Store *store, const char *folder, GError **error)
{
	g_autoptr (GPtrArray) set = migration_set_load (folder, error);
	if (set == NULL || !store_run (store, "store.migrate.prepare", prepare_database, NULL, error))
		return FALSE;
	Step step = { .set = set };
	while (!step.done)
		if (!store_run (store, "store.migrate", apply_next, &step, error))
			return FALSE;
	return TRUE;
}

gboolean store_migrate (Store *store, GError **error) { return store_migrate_from (store, EMBEDDED, error); }
