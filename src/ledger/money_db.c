/* ledger/money_db.c — SQL of refunds and invoices. */
#include "ledger/money_db.h"

static gboolean
has_row (Rows *rows, gboolean *there)
{
	if (!rows)
		return FALSE;
	*there = rows_next (rows, NULL);
	return TRUE;
}

static gboolean
text_of (Rows *rows, char **out)
{
	if (!rows)
		return FALSE;
	*out = rows_next (rows, NULL) ? rows_dup_text (rows, 0) : NULL;
	return TRUE;
}

static json_t *
time_or_null (Rows *rows, guint column)
{
	return rows_is_null (rows, column) ? NULL : json_time (rows_int (rows, column));
}

/* --- refunds ------------------------------------------------------------------------------------ */

gboolean
db_refund_insert (Tx *tx, const NewRefund *r, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO ledger_refunds (id, order_id, amount_fen, reason, state, requested_by, requested) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		P_TEXT (r->id), P_TEXT (r->order), P_INT (r->amount_fen), P_TEXT (r->reason), P_TEXT (r->state), P_TEXT (r->requested_by),
		P_INT (r->requested)) == 1;
}

gboolean
db_refund_get (Tx *tx, const char *id, Refund *out, gboolean *found, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT id, order_id, state, requested_by, method, reference, amount_fen FROM ledger_refunds WHERE id = $1", P_TEXT (id));

	if (!has_row (rows, found))
		return FALSE;
	if (*found)
		*out = (Refund) {
			.id = rows_dup_text (rows, 0), .order = rows_dup_text (rows, 1), .state = rows_dup_text (rows, 2),
			.requested_by = rows_dup_text (rows, 3), .method = rows_dup_text (rows, 4), .reference = rows_dup_text (rows, 5),
			.amount_fen = rows_int (rows, 6),
		};
	return TRUE;
}

gboolean
db_refund_approve (Tx *tx, const char *id, const char *by, Micros now, GError **error)
{
	return tx_exec (tx, error,
		"UPDATE ledger_refunds SET state = 'approved', approved_by = $2, approved = $3 WHERE id = $1 AND state = 'requested'",
		P_TEXT (id), P_TEXT (by), P_INT (now)) == 1;
}

gboolean
db_refund_pay (Tx *tx, const char *id, const char *method, const char *reference, const char *by, Micros now, GError **error)
{
	return tx_exec (tx, error,
		"UPDATE ledger_refunds SET state = 'paid', method = $2, reference = $3, paid_by = $4, paid = $5 WHERE id = $1 AND state = 'approved'",
		P_TEXT (id), P_TEXT (method), P_TEXT (reference), P_TEXT (by), P_INT (now)) == 1;
}

gboolean
db_refunds_sum (Tx *tx, const char *order, const char *state, gint64 *fen, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT CAST (COALESCE (SUM (amount_fen), 0) AS BIGINT) FROM ledger_refunds WHERE order_id = $1 AND ($2 = '' OR state = $2)",
		P_TEXT (order), P_TEXT (state));

	if (!rows)
		return FALSE;
	*fen = rows_next (rows, NULL) ? rows_int (rows, 0) : 0;
	return TRUE;
}

#define REFUND_SELECT \
	"SELECT r.id, r.order_id, o.number, r.amount_fen, r.reason, r.state, r.requested_by, r.requested, r.approved_by, r.approved, " \
	"r.paid_by, r.paid, r.method, r.reference FROM ledger_refunds r JOIN ledger_orders o ON o.id = r.order_id "

static gboolean
append_refunds (Rows *rows, json_t *items)
{
	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL))
		json_array_append_new (items, json_pack ("{s:s, s:s, s:s, s:o, s:s, s:s, s:s, s:o, s:s*, s:o*, s:s*, s:o*, s:s*, s:s*}",
			"refund", rows_text (rows, 0), "order", rows_text (rows, 1), "number", rows_text (rows, 2),
			"amount_fen", json_money ((Money) { rows_int (rows, 3) }), "reason", rows_text (rows, 4), "state", rows_text (rows, 5),
			"requested_by", rows_text (rows, 6), "requested", json_time (rows_int (rows, 7)),
			"approved_by", rows_text (rows, 8), "approved", time_or_null (rows, 9),
			"paid_by", rows_text (rows, 10), "paid", time_or_null (rows, 11),
			"method", rows_text (rows, 12), "reference", rows_text (rows, 13)));
	return TRUE;
}

gboolean
db_refund_list (Tx *tx, const char *id, const char *state, const char *after, guint limit, json_t *items, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		REFUND_SELECT "WHERE ($1 = '' OR r.id = $1) AND ($2 = '' OR r.state = $2) AND r.id > $3 ORDER BY r.id LIMIT $4",
		P_TEXT (id), P_TEXT (state), P_TEXT (after), P_INT (limit));

	return append_refunds (rows, items);
}

gboolean
db_order_refunds (Tx *tx, const char *order, json_t *items, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, REFUND_SELECT "WHERE r.order_id = $1 ORDER BY r.id", P_TEXT (order));

	return append_refunds (rows, items);
}

gboolean
db_refund_confirmed (Tx *tx, const char *order, gint64 amount_fen, const char *reference, gboolean *found, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT id FROM ledger_refunds WHERE order_id = $1 AND state = 'paid' AND method = 'online' AND amount_fen = $2 AND reference = $3",
		P_TEXT (order), P_INT (amount_fen), P_TEXT (reference));

	return has_row (rows, found);
}

gboolean
db_refund_agreed (Tx *tx, const char *order, gint64 amount_fen, char **id, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT id FROM ledger_refunds WHERE order_id = $1 AND state = 'approved' AND amount_fen = $2 ORDER BY id LIMIT 1",
		P_TEXT (order), P_INT (amount_fen));

	return text_of (rows, id);
}

gboolean
db_payment_account (Tx *tx, const char *order, char **account, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT account FROM ledger_payments WHERE order_id = $1", P_TEXT (order));

	return text_of (rows, account);
}

/* --- invoices ------------------------------------------------------------------------------------- */

gboolean
db_invoice_exists (Tx *tx, const char *order, gboolean *there, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT id FROM ledger_invoices WHERE order_id = $1", P_TEXT (order));

	return has_row (rows, there);
}

gboolean
db_invoice_insert (Tx *tx, const char *id, const char *order, const InvoiceRequest *r, Micros now, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO ledger_invoices (id, order_id, title, tax_number, mail, requested, due) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		P_TEXT (id), P_TEXT (order), P_TEXT (r->title), P_TEXT (r->tax_number), P_TEXT (r->mail), P_INT (now), P_INT (r->due)) == 1;
}

gboolean
db_invoice_lock (Tx *tx, const char *id, gboolean *found, gboolean *open, GError **error)
{
	g_autoptr (Rows) rows = tx_query_lock (tx, error, "SELECT number FROM ledger_invoices WHERE id = $1", P_TEXT (id));

	if (!has_row (rows, found))
		return FALSE;
	*open = *found && rows_is_null (rows, 0);
	return TRUE;
}

gboolean
db_invoice_number_taken (Tx *tx, const char *number, gboolean *taken, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT id FROM ledger_invoices WHERE number = $1", P_TEXT (number));

	return has_row (rows, taken);
}

gboolean
db_invoice_issue (Tx *tx, const char *id, const char *number, const char *by, Micros now, GError **error)
{
	return tx_exec (tx, error, "UPDATE ledger_invoices SET number = $2, issued = $3, issued_by = $4 WHERE id = $1 AND number IS NULL",
		P_TEXT (id), P_TEXT (number), P_INT (now), P_TEXT (by)) == 1;
}

gboolean
db_invoice_forget (Tx *tx, const char *about, GError **error)
{
	return tx_exec (tx, error,
		"UPDATE ledger_invoices SET title = '', tax_number = NULL, mail = '' WHERE order_id IN (SELECT id FROM ledger_orders WHERE about = $1)",
		P_TEXT (about)) >= 0;
}

gboolean
db_invoice_list (Tx *tx, const char *id, const char *order, gboolean open_only, const char *after, guint limit,
                 json_t *items, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT i.id, i.order_id, o.number, o.amount_fen, i.title, i.tax_number, i.mail, i.requested, i.due, i.number, i.issued, i.issued_by "
		"FROM ledger_invoices i JOIN ledger_orders o ON o.id = i.order_id WHERE ($1 = '' OR i.id = $1) AND ($2 = '' OR i.order_id = $2) "
		"AND ($3 = 0 OR i.number IS NULL) AND i.id > $4 ORDER BY i.id LIMIT $5",
		P_TEXT (id), P_TEXT (order), P_INT (open_only ? 1 : 0), P_TEXT (after), P_INT (limit));

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL))
		json_array_append_new (items, json_pack ("{s:s, s:s, s:s, s:o, s:s, s:s*, s:s, s:o, s:o, s:s*, s:o*, s:s*}",
			"invoice", rows_text (rows, 0), "order", rows_text (rows, 1), "order_number", rows_text (rows, 2),
			"amount_fen", json_money ((Money) { rows_int (rows, 3) }), "title", rows_text (rows, 4), "tax_number", rows_text (rows, 5),
			"mail", rows_text (rows, 6), "requested", json_time (rows_int (rows, 7)), "due", json_time (rows_int (rows, 8)),
			"number", rows_text (rows, 9), "issued", time_or_null (rows, 10), "issued_by", rows_text (rows, 11)));
	return TRUE;
}
