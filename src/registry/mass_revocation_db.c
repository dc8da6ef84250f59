/* registry/mass_revocation_db.c — SQL of batches of revocations, causes and long holds. */
#include "registry/mass_revocation_db.h"

#include <string.h>

void
revocation_batch_clear (RevocationBatch *batch)
{
	g_free (batch->id);
	g_free (batch->list_hash);
	g_free (batch->cause);
	g_free (batch->first);
	g_free (batch->second);
	memset (batch, 0, sizeof *batch);
}

gboolean
db_revocation_insert (Tx *tx, const RevocationBatch *batch, const char *serials, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO revocation_batches (id, serials, list_hash, total, reason, cause, made, first_person, second_person) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)", P_TEXT (batch->id), P_TEXT (serials), P_TEXT (batch->list_hash),
		P_INT (batch->total), P_INT (batch->reason), P_TEXT (batch->cause), P_INT (batch->made), P_TEXT (batch->first),
		P_TEXT (batch->second)) == 1;
}

gboolean
db_revocation_progress_insert (Tx *tx, const char *batch, GError **error)
{
	return tx_exec (tx, error, "INSERT INTO revocation_progress (batch_id, done, revoked) VALUES ($1, 0, 0)", P_TEXT (batch)) == 1;
}

gboolean
db_revocation_get (Tx *tx, const char *id, RevocationBatch *out, gboolean *found, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT b.id, b.list_hash, b.cause, b.first_person, b.second_person, b.reason, b.total, p.done, p.revoked, b.made, p.finished "
		"FROM revocation_batches b JOIN revocation_progress p ON p.batch_id = b.id WHERE b.id = $1", P_TEXT (id));

	if (!rows)
		return FALSE;
	*found = rows_next (rows, NULL);
	if (!*found)
		return TRUE;
	*out = (RevocationBatch) {
		.id = rows_dup_text (rows, 0), .list_hash = rows_dup_text (rows, 1), .cause = rows_dup_text (rows, 2),
		.first = rows_dup_text (rows, 3), .second = rows_dup_text (rows, 4), .reason = rows_int (rows, 5),
		.total = rows_int (rows, 6), .done = rows_int (rows, 7), .revoked = rows_int (rows, 8),
		.made = rows_int (rows, 9), .finished = rows_int (rows, 10),
	};
	return TRUE;
}

gboolean
db_revocation_open (Tx *tx, char **id, GError **error)
{
	g_autoptr (Rows) rows = tx_query_lock (tx, error,
		"SELECT batch_id FROM revocation_progress WHERE finished IS NULL ORDER BY batch_id LIMIT 1");

	*id = NULL;
	if (!rows)
		return FALSE;
	if (rows_next (rows, NULL))
		*id = rows_dup_text (rows, 0);
	return TRUE;
}

gboolean
db_revocation_part (Tx *tx, const char *id, gint64 from, gint64 n, char **out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT substr(serials, CAST($2 AS INTEGER), CAST($3 AS INTEGER)) FROM revocation_batches WHERE id = $1",
		P_TEXT (id), P_INT (from + 1), P_INT (n));

	if (!rows || !rows_next (rows, error))
		return FALSE;
	*out = rows_dup_text (rows, 0);
	return TRUE;
}

gboolean
db_revocation_progress (Tx *tx, const char *id, gint64 done, gint64 revoked, Micros finished, GError **error)
{
	return tx_exec (tx, error, "UPDATE revocation_progress SET done = $2, revoked = $3, finished = $4 WHERE batch_id = $1",
		P_TEXT (id), P_INT (done), P_INT (revoked), finished != 0 ? P_INT (finished) : P_NULL) == 1;
}

gboolean
db_certificate_cause (Tx *tx, const char *serial, const char *cause, GError **error)
{
	return tx_exec (tx, error, "UPDATE certificates SET cause = $2 WHERE serial = $1", P_TEXT (serial), P_TEXT (cause)) == 1;
}

gboolean
db_held_before (Tx *tx, Micros before, guint limit, GPtrArray *serials, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT serial FROM certificates WHERE reason = 6 AND use = 'sign' AND revoked_at < $1 ORDER BY revoked_at LIMIT $2", P_INT (before), P_INT (limit));

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL))
		g_ptr_array_add (serials, rows_dup_text (rows, 0));
	return TRUE;
}
