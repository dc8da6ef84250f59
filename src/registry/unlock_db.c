/* registry/unlock_db.c — see unlock_db.h. */
#include "registry/unlock_db.h"

gboolean
db_unlock_insert (Tx *tx, const UnlockRow *row, gboolean *added, GError **error)
{
	gint64 n = tx_exec (tx, error,
		"INSERT INTO unlock_tickets (application_id, token, spki, statement_identity, at, by_person) VALUES ($1, $2, $3, $4, $5, $6) "
		"ON CONFLICT (application_id) DO NOTHING",
		P_TEXT (row->application), P_TEXT (row->token), P_TEXT (row->spki), P_TEXT (row->statement_identity), P_INT (row->at),
		P_TEXT (row->by_person));

	*added = n == 1;
	return n >= 0;
}

gboolean
db_unlock_spki (Tx *tx, const char *application, char **spki, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT spki FROM unlock_tickets WHERE application_id = $1", P_TEXT (application));

	if (!rows)
		return FALSE;
	*spki = rows_next (rows, NULL) ? rows_dup_text (rows, 0) : NULL;
	return TRUE;
}
