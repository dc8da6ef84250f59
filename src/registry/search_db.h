/* registry/search_db.h — one SQL statement a function; used by registry only. */
#pragma once
#include "store/store.h"
#include "base/clock.h"

gboolean db_terms_exist (Tx *tx, const char *application, gboolean *exist, GError **error);
gboolean db_terms_delete (Tx *tx, const char *application, GError **error);
gboolean db_term_insert (Tx *tx, gconstpointer term, gsize n, const char *application, GError **error);
/* Applications with a term in [from, to): added to the set, keys owned by it. */
gboolean db_terms_find (Tx *tx, GBytes *from, GBytes *to, guint limit, GHashTable *out, GError **error);
/* GPtrArray of char *, owned: submitted applications without terms. */
GPtrArray *db_terms_missing (Tx *tx, guint limit, GError **error);

typedef struct {
	gint64 day;               /* of Beijing time since 1970 */
	const char *service, *point, *state;
	gint64 n, paid_fen;
} CountRow;
/* Calls fn for each group of applications created in [from, to). */
typedef void (*CountFn) (const CountRow *row, gpointer user);
gboolean db_application_counts (Tx *tx, Micros from, Micros to, CountFn fn, gpointer user, GError **error);
/* Ids of applications created in [from, to), drafts left out, oldest first: GPtrArray of char *, owned. */
GPtrArray *db_applications_between (Tx *tx, Micros from, Micros to, guint limit, GError **error);
