/* authority/crl_db.c — SQL of revocation lists and ended holds. */
#include "authority/crl_db.h"

gboolean
db_counter_add (Tx *tx, const char *name, GError **error)
{
	return tx_exec (tx, error, "INSERT INTO authority_counters (name, value) VALUES ($1, 0) ON CONFLICT (name) DO NOTHING", P_TEXT (name)) >= 0;
}

gboolean
db_list_store (Tx *tx, const ListRow *row, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO crl_lists (ca, kind, shard, number, der, this_update, next_update) VALUES ($1, $2, $3, $4, $5, $6, $7) "
		"ON CONFLICT (ca, kind, shard) DO UPDATE SET number = $4, der = $5, this_update = $6, next_update = $7",
		P_TEXT (row->ca), P_TEXT (row->kind), P_INT (row->shard), P_INT (row->number), P_BYTES (row->der),
		P_INT (row->this_update), P_INT (row->next_update)) == 1;
}

gboolean
db_list_number_insert (Tx *tx, const ListRow *row, GError **error)
{
	Fingerprint hash;
	g_autofree char *hex = NULL;

	fingerprint_of (g_bytes_get_data (row->der, NULL), g_bytes_get_size (row->der), &hash);
	hex = fingerprint_hex (&hash);
	return tx_exec (tx, error,
		"INSERT INTO crl_numbers (ca, kind, shard, number, fingerprint, this_update, next_update) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		P_TEXT (row->ca), P_TEXT (row->kind), P_INT (row->shard), P_INT (row->number), P_TEXT (hex),
		P_INT (row->this_update), P_INT (row->next_update)) == 1;
}

gboolean
db_lifting_insert (Tx *tx, const char *serial, gint64 change_seq, const HoldLifting *lifting, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO hold_liftings (change_seq, serial, request, review_statement, complete_statement) VALUES ($1, $2, $3, $4, $5)",
		P_INT (change_seq), P_TEXT (serial), P_TEXT (lifting->request), P_TEXT (lifting->review), P_TEXT (lifting->complete)) == 1;
}

gboolean
db_lifting_last (Tx *tx, const char *serial, char **request, char **review, char **complete, gboolean *found, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT request, review_statement, complete_statement FROM hold_liftings WHERE serial = $1 ORDER BY change_seq DESC LIMIT 1",
		P_TEXT (serial));

	if (!rows)
		return FALSE;
	*found = rows_next (rows, NULL);
	if (!*found)
		return TRUE;
	*request = rows_dup_text (rows, 0);
	*review = rows_dup_text (rows, 1);
	*complete = rows_dup_text (rows, 2);
	return TRUE;
}
