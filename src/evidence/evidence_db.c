/* evidence/evidence_db.c — see evidence_db.h. */
#include "evidence/evidence_db.h"

#include "base/error.h"

/* One statement decides: of two transactions with the same statement the second waits for the
 * first and then changes nothing, on both engines, without breaking its transaction. */
gboolean
db_use_statement (Tx *tx, const Statement *statement, Micros now, gboolean *fresh, GError **error)
{
	const Fingerprint *identity = statement_identity (statement);
	gint64 changed = tx_exec (tx, error,
		"INSERT INTO used_statement (stated_at, identity, used_at) VALUES ($1, $2, $3) ON CONFLICT (stated_at, identity) DO NOTHING",
		P_INT (statement_time (statement)), P_BLOB (identity->b, sizeof identity->b), P_INT (now));
	*fresh = changed == 1;
	return changed >= 0;
}

gboolean
db_advance_head (Tx *tx, guint64 *index, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "UPDATE log_head SET size = size + 1 WHERE id = 1 RETURNING size");
	if (rows == NULL)
		return FALSE;
	if (!rows_next (rows, error))
		return diqi_fail (error, DIQI_ERROR_STORE, NULL, "the head of the log is missing");
	*index = (guint64) rows_int (rows, 0) - 1;
	return TRUE;
}

gboolean
db_add_leaf (Tx *tx, const LogPosition *position, GBytes *leaf, const char *type, const char *subject, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO log_leaf (idx, leaf, leaf_hash, type, subject, time) VALUES ($1, $2, $3, $4, $5, $6)",
		P_INT ((gint64) position->index), P_BYTES (leaf), P_BLOB (position->leaf_hash.b, sizeof position->leaf_hash.b),
		P_TEXT (type), P_TEXT (subject), P_INT (position->time)) == 1;
}

gboolean
db_log_size (Tx *tx, guint64 *size, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT size FROM log_head WHERE id = 1");
	if (rows == NULL)
		return FALSE;
	if (!rows_next (rows, error))
		return diqi_fail (error, DIQI_ERROR_STORE, NULL, "the head of the log is missing");
	*size = (guint64) rows_int (rows, 0);
	return TRUE;
}

Rows *
db_leaves (Tx *tx, guint64 from, guint64 to, GError **error)
{
	return tx_query (tx, error, "SELECT idx, leaf, leaf_hash FROM log_leaf WHERE idx >= $1 AND idx < $2 ORDER BY idx",
		P_INT ((gint64) from), P_INT ((gint64) to));
}

Rows *
db_leaf (Tx *tx, guint64 index, GError **error)
{
	return tx_query (tx, error, "SELECT leaf FROM log_leaf WHERE idx = $1", P_INT ((gint64) index));
}

Rows *
db_leaves_about (Tx *tx, const char *subject, GError **error)
{
	return tx_query (tx, error, "SELECT idx FROM log_leaf WHERE subject = $1 ORDER BY idx", P_TEXT (subject));
}

gboolean
db_add_checkpoint (Tx *tx, guint64 size, const char *note, Micros now, gboolean *fresh, GError **error)
{
	gint64 changed = tx_exec (tx, error,
		"INSERT INTO log_checkpoint (size, note, signed_at) VALUES ($1, $2, $3) ON CONFLICT (size) DO NOTHING",
		P_INT ((gint64) size), P_TEXT (note), P_INT (now));
	*fresh = changed == 1;
	return changed >= 0;
}

Rows *
db_newest_checkpoint (Tx *tx, GError **error)
{
	return tx_query (tx, error, "SELECT size, note FROM log_checkpoint ORDER BY size DESC LIMIT 1");
}
