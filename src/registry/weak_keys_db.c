/* registry/weak_keys_db.c — see weak_keys_db.h. */
#include "registry/weak_keys_db.h"

gboolean
db_moduli_lock (Tx *tx, GError **error)
{
	g_autoptr (Rows) rows = tx_query_lock (tx, error, "SELECT block FROM rsa_moduli WHERE block = 0");

	return rows != NULL;
}

gboolean
db_moduli_last (Tx *tx, gint64 *block, gint64 *keys, GBytes **product, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT block, keys, product FROM rsa_moduli ORDER BY block DESC LIMIT 1");

	if (!rows)
		return FALSE;
	*block = *keys = 0;
	*product = NULL;
	if (rows_next (rows, NULL)) {
		*block = rows_int (rows, 0);
		*keys = rows_int (rows, 1);
		*product = rows_bytes (rows, 2);
	}
	return TRUE;
}

gboolean
db_moduli_product (Tx *tx, gint64 block, GBytes **product, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT product FROM rsa_moduli WHERE block = $1", P_INT (block));

	if (!rows)
		return FALSE;
	*product = rows_next (rows, NULL) ? rows_bytes (rows, 0) : NULL;
	return TRUE;
}

gboolean
db_moduli_set (Tx *tx, gint64 block, gint64 keys, GBytes *product, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO rsa_moduli (block, keys, product) VALUES ($1, $2, $3) "
		"ON CONFLICT (block) DO UPDATE SET keys = excluded.keys, product = excluded.product",
		P_INT (block), P_INT (keys), P_BYTES (product)) == 1;
}

gboolean
db_rsa_key_add (Tx *tx, const char *spki, gboolean *added, GError **error)
{
	gint64 n = tx_exec (tx, error, "INSERT INTO rsa_keys (spki) VALUES ($1) ON CONFLICT (spki) DO NOTHING", P_TEXT (spki));

	*added = n == 1;
	return n >= 0;
}

gboolean
db_rsa_progress (Tx *tx, gint64 *change_seq, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT change_seq FROM rsa_progress WHERE one = 1");

	if (!rows)
		return FALSE;
	*change_seq = rows_next (rows, NULL) ? rows_int (rows, 0) : 0;
	return TRUE;
}

gboolean
db_rsa_progress_set (Tx *tx, gint64 change_seq, GError **error)
{
	return tx_exec (tx, error, "UPDATE rsa_progress SET change_seq = $1 WHERE one = 1", P_INT (change_seq)) == 1;
}
