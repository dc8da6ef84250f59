/* ledger/book_db.c — SQL of entries and postings. */
#include "ledger/ledger_private.h"

gboolean
db_posting_insert (Tx *tx, const char *entry, gint64 line, const Posting *p, gint64 before_fen, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO ledger_postings (entry_id, line, account, amount_fen, line_before, before_fen, rest_fen) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7)", P_TEXT (entry), P_INT (line), P_TEXT (p->account), P_INT (p->amount_fen),
		line > 1 ? P_INT (line - 1) : P_NULL, P_INT (before_fen), P_INT (before_fen + p->amount_fen)) == 1;
}

gboolean
db_entry_insert (Tx *tx, const char *id, const Entry *e, gint64 last_line, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO ledger_entries (id, kind, order_id, reference, value_day, at, by_actor, last_line, zero_fen) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)", P_TEXT (id), P_TEXT (e->kind), P_TEXT (e->order), P_TEXT (e->reference),
		P_INT (value_day (e->happened)), P_INT (e->at), P_TEXT (e->by), P_INT (last_line)) == 1;
}

static gboolean
first_text (Rows *rows, char **out)
{
	if (!rows)
		return FALSE;
	*out = rows_next (rows, NULL) ? rows_dup_text (rows, 0) : NULL;
	return TRUE;
}

gboolean
db_entry_unbalanced (Tx *tx, char **entry, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT e.id FROM ledger_entries e LEFT JOIN ledger_postings p ON p.entry_id = e.id "
		"GROUP BY e.id, e.last_line HAVING COALESCE (SUM (p.amount_fen), 1) <> 0 OR COUNT (p.line) <> e.last_line "
		"ORDER BY e.id LIMIT 1");

	return first_text (rows, entry);
}

gboolean
db_posting_orphan (Tx *tx, char **entry, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT p.entry_id FROM ledger_postings p LEFT JOIN ledger_entries e ON e.id = p.entry_id "
		"WHERE e.id IS NULL ORDER BY p.entry_id LIMIT 1");

	return first_text (rows, entry);
}

/* What stands on fees.prepaid and refunds.due for an order follows from its state. */
gboolean
db_order_unbooked (Tx *tx, char **order, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT o.id FROM ledger_orders o LEFT JOIN ledger_entries e ON e.order_id = o.id "
		"LEFT JOIN ledger_postings p ON p.entry_id = e.id GROUP BY o.id, o.state, o.amount_fen, o.rendered HAVING "
		"COALESCE (SUM (CASE WHEN p.account = 'fees.prepaid' THEN -p.amount_fen ELSE 0 END), 0) <> "
		"CASE WHEN o.state IN ('paid', 'waived') AND o.rendered IS NULL THEN o.amount_fen ELSE 0 END OR "
		"COALESCE (SUM (CASE WHEN p.account = 'fees.income' THEN -p.amount_fen ELSE 0 END), 0) <> "
		"CASE WHEN o.rendered IS NOT NULL THEN o.amount_fen ELSE 0 END OR "
		"COALESCE (SUM (CASE WHEN p.account = 'refunds.due' THEN -p.amount_fen ELSE 0 END), 0) NOT BETWEEN "
		"CASE WHEN o.state = 'refundable' THEN 1 ELSE 0 END AND CASE WHEN o.state = 'refundable' THEN o.amount_fen ELSE 0 END "
		"ORDER BY o.id LIMIT 1");

	return first_text (rows, order);
}

gboolean
db_balances (Tx *tx, json_t *accounts, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT account, CAST (SUM (amount_fen) AS BIGINT) FROM ledger_postings GROUP BY account ORDER BY account");

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL)) {
		g_autofree char *fen = g_strdup_printf ("%" G_GINT64_FORMAT, rows_int (rows, 1));

		json_object_set_new (accounts, rows_text (rows, 0), json_string (fen));
	}
	return TRUE;
}
