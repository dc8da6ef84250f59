/* store/sqlstate.h — what a PostgreSQL error class means to us; no libpq in here. */
#pragma once
#include "base/error.h"

/* The transaction lost against another and may simply run again. */
gboolean sqlstate_is_lost_race (const char *sqlstate);

/* The server ended or refuses the session: another connection may do better. */
gboolean sqlstate_is_lost_connection (const char *sqlstate);

DiqiErrorCode sqlstate_code (const char *sqlstate);

/* "UNIQUE constraint failed: t.a, t.b" as SQLite says it.  detail is the server's DETAIL, of which only
 * the column names are taken: its values may be secret.  Every argument may be NULL.  Caller frees. */
char *sqlstate_constraint (const char *sqlstate, const char *table, const char *constraint, const char *detail);
