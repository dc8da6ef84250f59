/* registry/contract_db.c — SQL of contracts signed electronically. */
#include "registry/contract_db.h"

gboolean
db_contract_put (Tx *tx, const ContractRow *row, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO contracts (application_id, contract, document, statement_identity, subject_id, at) VALUES ($1, $2, $3, $4, $5, $6) "
		"ON CONFLICT (application_id) DO UPDATE SET contract = $2, document = $3, statement_identity = $4, subject_id = $5, at = $6",
		P_TEXT (row->application), P_TEXT (row->contract), P_TEXT (row->document), P_TEXT (row->statement_identity),
		P_TEXT (row->subject), P_INT (row->at)) == 1;
}

gboolean
db_contract_signed (Tx *tx, const char *application, const char *contract, Micros *at, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT at FROM contracts WHERE application_id = $1 AND contract = $2",
	                                  P_TEXT (application), P_TEXT (contract));

	if (!rows)
		return FALSE;
	*at = rows_next (rows, NULL) ? rows_int (rows, 0) : 0;
	return TRUE;
}
