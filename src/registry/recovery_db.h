/* registry/recovery_db.h — SQL of recovery.c, one statement a function. */
#pragma once
#include "base/json.h"
#include "store/store.h"

typedef struct {
	const char *application, *statement_identity, *person, *by_name;
	gint64 at;
} ShareRow;
/* *added FALSE: it is there. */
gboolean db_share_insert (Tx *tx, const ShareRow *row, gboolean *added, GError **error);
/* Appends {by, time}. */
gboolean db_shares_of (Tx *tx, const char *application, json_t *out, GError **error);

gboolean db_recovered_insert (Tx *tx, const char *application, const char *serial, GBytes *envelope, gint64 at, GError **error);
/* *envelope NULL: none. */
gboolean db_recovered_get (Tx *tx, const char *application, char **serial, GBytes **envelope, gint64 *at, GError **error);

/* Ids of approved applications for recover_key, oldest first: char *, owned. */
gboolean db_recoveries_open (Tx *tx, GPtrArray *out, GError **error);
