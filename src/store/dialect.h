/* store/dialect.h — one migration text, two engines.
 *
 * Migrations are written in the SQL that SQLite 3.40 and PostgreSQL share, with
 * SQLite's STRICT type names.  For PostgreSQL
 *
 *     INTEGER, INT → BIGINT      BLOB → BYTEA      TEXT stays
 *     CREATE TABLE … ) STRICT, WITHOUT ROWID;  loses these table options
 *
 * (whatever the letter case, never inside strings, quoted names or comments).  What
 * cannot be said alike is said in comment lines, which begin in the first column:
 *
 *     -- @insert_only TABLE      triggers that raise on UPDATE and DELETE (and TRUNCATE)
 *     -- @sqlite SQL…            the rest of the line, for SQLite only
 *     -- @postgresql SQL…        the rest of the line, for PostgreSQL only
 *
 * Consecutive engine lines may form one statement.  Any other "-- @" is an error.
 * Keys are given by the program: no rowid, no serial, no default that asks a clock.
 */
#pragma once
#include <glib.h>

/* The script for one engine; NULL and DIQI_ERROR_STORE_SCHEMA for an unknown directive. Caller frees. */
char *dialect_translate (const char *sql, gboolean postgresql, GError **error);

/* The length of the comment, string or quoted name that begins at p; else 0. */
gsize dialect_opaque_length (const char *p);
