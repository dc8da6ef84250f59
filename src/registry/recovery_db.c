/* registry/recovery_db.c — see recovery_db.h. */
#include "registry/recovery_db.h"

gboolean
db_share_insert (Tx *tx, const ShareRow *row, gboolean *added, GError **error)
{
	gint64 n = tx_exec (tx, error,
		"INSERT INTO recovery_shares (application_id, statement_identity, person, by_name, at) VALUES ($1, $2, $3, $4, $5) "
		"ON CONFLICT (application_id, statement_identity) DO NOTHING",
		P_TEXT (row->application), P_TEXT (row->statement_identity), P_TEXT (row->person), P_TEXT (row->by_name), P_INT (row->at));

	*added = n == 1;
	return n >= 0;
}

gboolean
db_shares_of (Tx *tx, const char *application, json_t *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT by_name, at FROM recovery_shares WHERE application_id = $1 ORDER BY at, person",
	                                  P_TEXT (application));

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL))
		json_array_append_new (out, json_pack ("{s:s, s:o}", "by", rows_text (rows, 0), "time", json_time (rows_int (rows, 1))));
	return TRUE;
}

gboolean
db_recovered_insert (Tx *tx, const char *application, const char *serial, GBytes *envelope, gint64 at, GError **error)
{
	return tx_exec (tx, error, "INSERT INTO recovered_keys (application_id, serial, envelope, at) VALUES ($1, $2, $3, $4)",
	                P_TEXT (application), P_TEXT (serial), P_BYTES (envelope), P_INT (at)) == 1;
}

gboolean
db_recovered_get (Tx *tx, const char *application, char **serial, GBytes **envelope, gint64 *at, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT serial, envelope, at FROM recovered_keys WHERE application_id = $1", P_TEXT (application));

	*envelope = NULL;
	*serial = NULL;
	if (!rows)
		return FALSE;
	if (!rows_next (rows, NULL))
		return TRUE;
	*serial = rows_dup_text (rows, 0);
	*envelope = rows_bytes (rows, 1);
	*at = rows_int (rows, 2);
	return TRUE;
}

gboolean
db_recoveries_open (Tx *tx, GPtrArray *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT id FROM applications WHERE state = 'approved' AND service = 'recover_key' ORDER BY id");

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL))
		g_ptr_array_add (out, rows_dup_text (rows, 0));
	return TRUE;
}
