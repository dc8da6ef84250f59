/* registry/search_db.c — SQL of search terms and counts. */
#include "registry/search_db.h"

gboolean
db_terms_delete (Tx *tx, const char *application, GError **error)
{
	return tx_exec (tx, error, "DELETE FROM application_terms WHERE application_id = $1", P_TEXT (application)) >= 0;
}

gboolean
db_terms_exist (Tx *tx, const char *application, gboolean *exist, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT 1 FROM application_terms WHERE application_id = $1 LIMIT 1", P_TEXT (application));

	*exist = rows && rows_next (rows, NULL);
	return rows != NULL;
}

gboolean
db_term_insert (Tx *tx, gconstpointer term, gsize n, const char *application, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO application_terms (term, application_id) VALUES ($1, $2) ON CONFLICT (term, application_id) DO NOTHING",
		P_BLOB (term, n), P_TEXT (application)) >= 0;
}

gboolean
db_terms_find (Tx *tx, GBytes *from, GBytes *to, guint limit, GHashTable *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT application_id FROM application_terms WHERE term >= $1 AND term < $2 ORDER BY term DESC, application_id DESC LIMIT $3",
		P_BYTES (from), P_BYTES (to), P_INT (limit));

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL))
		g_hash_table_add (out, rows_dup_text (rows, 0));
	return TRUE;
}

static GPtrArray *
texts_of (Rows *rows)
{
	GPtrArray *texts = g_ptr_array_new_with_free_func (g_free);

	while (rows_next (rows, NULL))
		g_ptr_array_add (texts, rows_dup_text (rows, 0));
	return texts;
}

GPtrArray *
db_terms_missing (Tx *tx, guint limit, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT a.id FROM applications a WHERE a.state <> 'draft' AND a.number IS NOT NULL AND NOT EXISTS "
		"(SELECT 1 FROM application_terms t WHERE t.application_id = a.id) ORDER BY a.id LIMIT $1", P_INT (limit));

	return rows ? texts_of (rows) : NULL;
}

gboolean
db_application_counts (Tx *tx, Micros from, Micros to, CountFn fn, gpointer user, GError **error)
{
	/* Integer division; Beijing is eight hours ahead and has no summer time. */
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT day, service, point, state, COUNT(*), CAST(SUM(paid) AS BIGINT) FROM ("
		"SELECT (created + 28800000000) / 86400000000 AS day, service, COALESCE(point, '') AS point, state, "
		"CASE WHEN fee_paid = 1 THEN amount_fen ELSE 0 END AS paid FROM applications "
		"WHERE created >= $1 AND created < $2 AND state <> 'draft') g "
		"GROUP BY day, service, point, state ORDER BY day, service, point, state", P_INT (from), P_INT (to));

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL)) {
		const CountRow row = {
			rows_int (rows, 0), rows_text (rows, 1), rows_text (rows, 2), rows_text (rows, 3), rows_int (rows, 4), rows_int (rows, 5),
		};
		fn (&row, user);
	}
	return TRUE;
}

GPtrArray *
db_applications_between (Tx *tx, Micros from, Micros to, guint limit, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT id FROM applications WHERE created >= $1 AND created < $2 AND state <> 'draft' ORDER BY id LIMIT $3",
		P_INT (from), P_INT (to), P_INT (limit));

	return rows ? texts_of (rows) : NULL;
}
