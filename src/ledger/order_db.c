/* ledger/order_db.c — SQL of tariffs, counters, orders, payments and waivers. */
#include "base/error.h"
#include "ledger/ledger_private.h"

/* --- tariffs ------------------------------------------------------------------------------- */

gboolean
db_tariff_at (Tx *tx, const char *service, Micros now, Tariff *out, gboolean *found, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT amount_fen, promised_working_days FROM ledger_tariffs WHERE service = $1 AND valid_from <= $2 "
		"ORDER BY valid_from DESC LIMIT 1", P_TEXT (service), P_INT (now));

	if (!rows)
		return FALSE;
	*found = rows_next (rows, NULL);
	if (*found)
		*out = (Tariff) { rows_int (rows, 0), rows_int (rows, 1) };
	return TRUE;
}

gboolean
db_tariff_latest (Tx *tx, const char *service, Micros *valid_from, gboolean *found, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT valid_from FROM ledger_tariffs WHERE service = $1 ORDER BY valid_from DESC LIMIT 1", P_TEXT (service));

	if (!rows)
		return FALSE;
	*found = rows_next (rows, NULL);
	if (*found)
		*valid_from = rows_int (rows, 0);
	return TRUE;
}

gboolean
db_tariff_insert (Tx *tx, const char *service, Micros valid_from, gint64 amount_fen, gint64 days, const char *source, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO ledger_tariffs (service, valid_from, amount_fen, promised_working_days, source) VALUES ($1, $2, $3, $4, $5)",
		P_TEXT (service), P_INT (valid_from), P_INT (amount_fen), P_INT (days), P_TEXT (source)) == 1;
}

gboolean
db_tariffs (Tx *tx, json_t *items, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT service, valid_from, amount_fen, promised_working_days, source FROM ledger_tariffs ORDER BY service, valid_from");

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL))
		json_array_append_new (items, json_pack ("{s:s, s:o, s:o, s:I, s:s}", "service", rows_text (rows, 0),
			"valid_from", json_time (rows_int (rows, 1)), "amount_fen", json_money ((Money) { rows_int (rows, 2) }),
			"promised_working_days", (json_int_t) rows_int (rows, 3), "source", rows_text (rows, 4)));
	return TRUE;
}

gboolean
db_ledger_counter_next (Tx *tx, const char *name, gint64 *value, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"INSERT INTO ledger_counters (name, value) VALUES ($1, 1) "
		"ON CONFLICT (name) DO UPDATE SET value = ledger_counters.value + 1 RETURNING value", P_TEXT (name));

	if (!rows)
		return FALSE;
	if (!rows_next (rows, NULL))
		return diqi_fail (error, DIQI_ERROR_STORE, NULL, "counter %s gave no number", name);
	*value = rows_int (rows, 0);
	return TRUE;
}

/* --- orders ---------------------------------------------------------------------------------- */

gboolean
db_order_insert (Tx *tx, const Order *o, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO ledger_orders (id, number, about, state, amount_fen, opened, updated) VALUES ($1, $2, $3, $4, $5, $6, $6)",
		P_TEXT (o->id), P_TEXT (o->number), P_TEXT (o->about), P_TEXT (order_state_name (o->state)), P_INT (o->amount_fen),
		P_INT (o->opened)) == 1;
}

gboolean
db_order_update (Tx *tx, const Order *o, Micros now, GError **error)
{
	return tx_exec (tx, error,
		"UPDATE ledger_orders SET state = $2, amount_fen = $3, rendered = $4, updated = $5 WHERE id = $1",
		P_TEXT (o->id), P_TEXT (order_state_name (o->state)), P_INT (o->amount_fen),
		o->rendered ? P_INT (o->rendered) : P_NULL, P_INT (now)) == 1;
}

gboolean
db_order_get (Tx *tx, OrderKey by, const char *value, gboolean lock, Order *out, gboolean *found, GError **error)
{
#define ORDER_SELECT "SELECT id, number, about, state, amount_fen, opened, rendered FROM ledger_orders WHERE "
	static const char *const sql[] = {
		[ORDER_BY_ID] = ORDER_SELECT "id = $1",
		[ORDER_BY_ABOUT] = ORDER_SELECT "about = $1",
		[ORDER_BY_NUMBER] = ORDER_SELECT "number = $1",
	};
	g_autoptr (Rows) rows = lock ? tx_query_lock (tx, error, sql[by], P_TEXT (value)) : tx_query (tx, error, sql[by], P_TEXT (value));

	if (!rows)
		return FALSE;
	*found = rows_next (rows, NULL);
	if (!*found)
		return TRUE;
	*out = (Order) {
		.id = rows_dup_text (rows, 0), .number = rows_dup_text (rows, 1), .about = rows_dup_text (rows, 2),
		.amount_fen = rows_int (rows, 4), .opened = rows_int (rows, 5), .rendered = rows_int (rows, 6),
	};
	return order_state_from_name (rows_text (rows, 3), &out->state) ||
	       diqi_fail (error, DIQI_ERROR_STORE, NULL, "stored order %s is malformed", out->id);
}

gboolean
db_order_list (Tx *tx, const char *state, const char *after, guint limit, json_t *items, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT id, number, about, state, amount_fen, opened FROM ledger_orders WHERE id > $1 AND ($2 = '' OR state = $2) "
		"ORDER BY id LIMIT $3", P_TEXT (after), P_TEXT (state), P_INT (limit));

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL))
		json_array_append_new (items, json_pack ("{s:s, s:s, s:s, s:s, s:o, s:o}", "order", rows_text (rows, 0),
			"number", rows_text (rows, 1), "about", rows_text (rows, 2), "state", rows_text (rows, 3),
			"amount_fen", json_money ((Money) { rows_int (rows, 4) }), "opened", json_time (rows_int (rows, 5))));
	return TRUE;
}

gboolean
db_lines_delete (Tx *tx, const char *order, GError **error)
{
	return tx_exec (tx, error, "DELETE FROM ledger_order_lines WHERE order_id = $1", P_TEXT (order)) >= 0;
}

gboolean
db_line_insert (Tx *tx, const char *order, gint64 line, const char *service, gint64 pieces, gint64 unit_fen, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO ledger_order_lines (order_id, line, service, pieces, unit_fen) VALUES ($1, $2, $3, $4, $5)",
		P_TEXT (order), P_INT (line), P_TEXT (service), P_INT (pieces), P_INT (unit_fen)) == 1;
}

gboolean
db_lines (Tx *tx, const char *order, json_t *items, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT service, pieces, unit_fen FROM ledger_order_lines WHERE order_id = $1 ORDER BY line", P_TEXT (order));

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL))
		json_array_append_new (items, json_pack ("{s:s, s:I, s:o, s:o}", "service", rows_text (rows, 0),
			"pieces", (json_int_t) rows_int (rows, 1), "unit_fen", json_money ((Money) { rows_int (rows, 2) }),
			"amount_fen", json_money ((Money) { rows_int (rows, 1) * rows_int (rows, 2) })));
	return TRUE;
}

/* --- payments and waivers ------------------------------------------------------------------------ */

gboolean
db_payment_insert (Tx *tx, const NewPayment *p, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO ledger_payments (id, order_id, amount_fen, method, account, reference, by_actor, received, receipt_year, "
		"receipt_sequence) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)", P_TEXT (p->id), P_TEXT (p->order), P_INT (p->amount_fen),
		P_TEXT (p->method), P_TEXT (p->account), P_TEXT (p->reference), P_TEXT (p->by), P_INT (p->received),
		P_INT (p->receipt_year), P_INT (p->receipt_sequence)) == 1;
}

gboolean
db_waiver_insert (Tx *tx, const char *order, gint64 amount_fen, const char *first, const char *second,
                  const char *reason, Micros now, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO ledger_waivers (order_id, amount_fen, first_person, second_person, reason, at) VALUES ($1, $2, $3, $4, $5, $6)",
		P_TEXT (order), P_INT (amount_fen), P_TEXT (first), P_TEXT (second), P_TEXT (reason), P_INT (now)) == 1;
}

static json_t *
receipt_of (gint64 year, gint64 sequence, gint64 amount_fen, Micros issued)
{
	g_autofree char *number = g_strdup_printf (RECEIPT_PREFIX "%04" G_GINT64_FORMAT "-%06" G_GINT64_FORMAT, year, sequence);

	return json_pack ("{s:s, s:o, s:o}", "number", number, "issued", json_time (issued), "amount_fen", json_money ((Money) { amount_fen }));
}

gboolean
db_payments (Tx *tx, const char *order, json_t *items, json_t **receipt, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT amount_fen, method, account, reference, by_actor, received, receipt_year, receipt_sequence "
		"FROM ledger_payments WHERE order_id = $1", P_TEXT (order));

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL)) {
		json_array_append_new (items, json_pack ("{s:o, s:s, s:s, s:s*, s:s, s:o}", "amount_fen", json_money ((Money) { rows_int (rows, 0) }),
			"method", rows_text (rows, 1), "account", rows_text (rows, 2), "reference", rows_text (rows, 3),
			"by", rows_text (rows, 4), "received", json_time (rows_int (rows, 5))));
		/* Fees from before there was a book had no receipts. */
		if (rows_int (rows, 6) > 0)
			*receipt = receipt_of (rows_int (rows, 6), rows_int (rows, 7), rows_int (rows, 0), rows_int (rows, 5));
	}
	return TRUE;
}

gboolean
db_waiver (Tx *tx, const char *order, json_t **waiver, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT amount_fen, first_person, second_person, reason, at FROM ledger_waivers WHERE order_id = $1", P_TEXT (order));

	if (!rows)
		return FALSE;
	if (rows_next (rows, NULL))
		*waiver = json_pack ("{s:o, s:[s, s], s:s, s:o}", "amount_fen", json_money ((Money) { rows_int (rows, 0) }),
			"by", rows_text (rows, 1), rows_text (rows, 2), "reason", rows_text (rows, 3), "at", json_time (rows_int (rows, 4)));
	return TRUE;
}
