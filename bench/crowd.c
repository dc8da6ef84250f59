/* bench/crowd.c — see crowd.h.  Written past the program, in one transaction: through its API it would take an hour, and what is
 * measured afterwards is reading. */
#include "crowd.h"

#include <sqlite3.h>

#include "base/clock.h"
#include "base/error.h"

/* n as five digits is part of name, number and code; ids are UUIDv7 of one millisecond each, in order. */
#define NUMBERS "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
#define ID "printf('019c0000-%04x-7%03x-8000-%012x', i / 4096, i % 4096, i)"
#define NAME "'太仓虚构' || printf('%06d', i) || '号实业有限公司'"


static gboolean
run (sqlite3 *db, const char *sql, GError **error)
{
	if (sqlite3_exec (db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return TRUE;
	return diqi_fail (error, DIQI_ERROR_STORE, NULL, "%s: %s", sql, sqlite3_errmsg (db));
}

/* "a, b, …" of the table's columns, with what stands in `changed` in place of its column. */
static char *
columns (sqlite3 *db, const char *const (*changed)[2], gsize n, gboolean values)
{
	sqlite3_stmt *info = NULL;
	GString *list = g_string_new (NULL);
	if (sqlite3_prepare_v2 (db, "SELECT name FROM pragma_table_info('applications')", -1, &info, NULL) != SQLITE_OK)
		return g_string_free (list, FALSE);
	while (sqlite3_step (info) == SQLITE_ROW) {
		const char *name = (const char *) sqlite3_column_text (info, 0);
		const char *value = name;
		for (gsize i = 0; values && i < n; i++)
			if (g_str_equal (changed[i][0], name))
				value = changed[i][1];
		g_string_append_printf (list, "%s%s", list->len > 0 ? ", " : "", value);
	}
	sqlite3_finalize (info);
	return g_string_free (list, FALSE);
}

static gboolean
copy_applications (sqlite3 *db, const char *application, GError **error)
{
	static const char *const changed[][2] = {
		{ "id", ID }, { "number", "printf('SL20260101-%06d', i)" },
		{ "document", "replace(document, json_extract(document, '$.form.name'), " NAME ")" },
		{ "created", "created - i * 1000000" },
	};
	g_autofree char *into = columns (db, changed, G_N_ELEMENTS (changed), FALSE);
	g_autofree char *from = columns (db, changed, G_N_ELEMENTS (changed), TRUE);
	g_autofree char *sql = g_strdup_printf ("INSERT INTO applications (%s) " NUMBERS " SELECT %s FROM applications, n WHERE id = '%s'",
	                                        into, from, application);
	return run (db, sql, error);
}

static gboolean
write_terms (sqlite3 *db, GError **error)
{
	static const char names[] =
		"INSERT INTO application_terms (term, application_id) " NUMBERS ", s(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM s WHERE k < 17) "
		"SELECT CAST(substr(" NAME ", k) AS BLOB), " ID " FROM n, s WHERE TRUE ON CONFLICT DO NOTHING";
	static const char numbers[] =
		"INSERT INTO application_terms (term, application_id) " NUMBERS " SELECT CAST(printf('sl20260101-%06d', i) AS BLOB), " ID " FROM n "
		"UNION ALL SELECT CAST(printf('%06d', i) AS BLOB), " ID " FROM n UNION ALL SELECT CAST(printf('91320599may%05d0x', i) AS BLOB), " ID
		" FROM n WHERE TRUE ON CONFLICT DO NOTHING";
	return run (db, names, error) && run (db, numbers, error);
}

static sqlite3 *
open_database (const char *dir, GError **error)
{
	g_autofree char *path = g_build_filename (dir, "data", "diqi.db", NULL);
	sqlite3 *db = NULL;
	if (sqlite3_open_v2 (path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK) {
		sqlite3_busy_timeout (db, 30000);
		return db;
	}
	diqi_error_set (error, DIQI_ERROR_STORE, NULL, "%s: %s", path, sqlite3_errmsg (db));
	sqlite3_close (db);
	return NULL;
}

gboolean
crowd_fill (const char *dir, const char *application, GError **error)
{
	sqlite3 *db = open_database (dir, error);
	if (db == NULL)
		return FALSE;
	gboolean done = run (db, "BEGIN IMMEDIATE", error) && copy_applications (db, application, error) && write_terms (db, error) &&
	                run (db, "COMMIT", error) && run (db, "PRAGMA wal_checkpoint(PASSIVE)", error);
	sqlite3_close (db);
	return done;
}

guint64
crowd_bare_search (const char *dir, gint64 limit_micros, GError **error)
{
	static const char sql[] =
		"SELECT t.application_id, a.document FROM application_terms t JOIN applications a ON a.id = t.application_id "
		"WHERE t.term >= CAST(printf('%06d', ?1) AS BLOB) AND t.term < CAST(printf('%06d', ?1) || char(1114111) AS BLOB) LIMIT 50";
	sqlite3 *db = open_database (dir, error);
	sqlite3_stmt *query = NULL;
	guint64 n = 0;
	if (db == NULL)
		return 0;
	if (sqlite3_prepare_v2 (db, sql, -1, &query, NULL) == SQLITE_OK) {
		for (Micros until = clock_monotonic () + limit_micros; clock_monotonic () < until; n++) {
			sqlite3_bind_int64 (query, 1, (gint64) (n * 7919 % CROWD_SIZE + 1));
			while (sqlite3_step (query) == SQLITE_ROW)
				;
			sqlite3_reset (query);
		}
	}
	sqlite3_finalize (query);
	sqlite3_close (db);
	return n * (guint64) MICROS_PER_S / (guint64) limit_micros;
}
