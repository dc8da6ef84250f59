/* ledger/reconcile_db.c — SQL of reconciliation. */
#include "ledger/reconcile_db.h"

/* A channel's movements of a day.  Those under one reference are one; without a reference each stands for itself. */
gboolean
db_movements (Tx *tx, gint64 day, MovementFn fn, gpointer user, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT p.account, CASE WHEN p.amount_fen > 0 THEN 1 ELSE 0 END, MIN (e.reference), MIN (o.number), "
		"CAST (SUM (p.amount_fen) AS BIGINT) FROM ledger_entries e JOIN ledger_postings p ON p.entry_id = e.id "
		"LEFT JOIN ledger_orders o ON o.id = e.order_id "
		"WHERE e.value_day = $1 AND (p.account IN ('bank', 'card') OR p.account LIKE 'online:%') "
		"GROUP BY p.account, CASE WHEN p.amount_fen > 0 THEN 1 ELSE 0 END, COALESCE (e.reference, e.id) ORDER BY MIN (e.id)", P_INT (day));

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL)) {
		g_autofree char *reference = rows_dup_text (rows, 2);
		g_autofree char *order = rows_dup_text (rows, 3);

		fn (rows_text (rows, 0), rows_int (rows, 1) != 0, reference, order, ABS (rows_int (rows, 4)), user);
	}
	return TRUE;
}

gboolean
db_reconciliation_insert (Tx *tx, gint64 day, gint64 version, const char *file_hash, const char *report, const char *by,
                          Micros now, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO ledger_reconciliations (day, version, file_hash, report, imported, by_actor) VALUES ($1, $2, $3, $4, $5, $6)",
		P_INT (day), P_INT (version), P_TEXT (file_hash), P_TEXT (report), P_INT (now), P_TEXT (by)) == 1;
}

gboolean
db_reconciliation_get (Tx *tx, gint64 day, gint64 *version, char **report, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT version, report FROM ledger_reconciliations WHERE day = $1 ORDER BY version DESC LIMIT 1", P_INT (day));

	if (!rows)
		return FALSE;
	*version = 0;
	*report = NULL;
	if (rows_next (rows, NULL)) {
		*version = rows_int (rows, 0);
		*report = rows_dup_text (rows, 1);
	}
	return TRUE;
}

gboolean
db_reconciliations (Tx *tx, guint limit, ReportFn fn, gpointer user, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT r.report FROM ledger_reconciliations r WHERE r.version = "
		"(SELECT MAX (n.version) FROM ledger_reconciliations n WHERE n.day = r.day) ORDER BY r.day DESC LIMIT $1", P_INT (limit));

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL))
		fn (rows_text (rows, 0), user);
	return TRUE;
}
