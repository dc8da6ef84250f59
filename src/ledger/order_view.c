/* ledger/order_view.c — an order with its lines, payments, waiver, refunds, receipt and invoice. */
#include "base/error.h"
#include "ledger/money_db.h"

static void
set_optional (json_t *view, const char *member, json_t *value)
{
	if (value)
		json_object_set_new (view, member, value);
}

static json_t *
head_of (const Order *order)
{
	json_t *view = json_pack ("{s:s, s:s, s:s, s:s, s:o, s:o}", "order", order->id, "number", order->number, "about", order->about,
		"state", order_state_name (order->state), "amount_fen", json_money ((Money) { order->amount_fen }),
		"opened", json_time (order->opened));

	if (order->rendered)
		json_object_set_new (view, "rendered", json_time (order->rendered));
	return view;
}

gboolean
order_view (Tx *tx, const char *id, json_t **out, GError **error)
{
	g_auto (Order) order = { 0 };
	gboolean found;
	g_autoptr (json_t) view = NULL;
	g_autoptr (json_t) lines = json_array ();
	g_autoptr (json_t) payments = json_array ();
	g_autoptr (json_t) refunds = json_array ();
	g_autoptr (json_t) invoices = json_array ();
	json_t *receipt = NULL, *waiver = NULL;

	if (!db_order_get (tx, ORDER_BY_ID, id, FALSE, &order, &found, error))
		return FALSE;
	if (!found)
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no order %s", id);
	view = head_of (&order);
	if (!db_lines (tx, id, lines, error) || !db_payments (tx, id, payments, &receipt, error))
		return FALSE;
	json_object_set (view, "lines", lines);
	json_object_set (view, "payments", payments);
	set_optional (view, "receipt", receipt);
	if (!db_waiver (tx, id, &waiver, error))
		return FALSE;
	set_optional (view, "waiver", waiver);
	if (!db_order_refunds (tx, id, refunds, error) || !db_invoice_list (tx, "", id, FALSE, "", 1, invoices, error))
		return FALSE;
	json_object_set (view, "refunds", refunds);
	if (json_array_size (invoices) > 0)
		json_object_set (view, "invoice", json_array_get (invoices, 0));
	*out = g_steal_pointer (&view);
	return TRUE;
}

gboolean
order_find (Tx *tx, const char *number, char **id, char **about, GError **error)
{
	g_auto (Order) order = { 0 };
	gboolean found;

	if (!db_order_get (tx, ORDER_BY_NUMBER, number, FALSE, &order, &found, error))
		return FALSE;
	*id = g_steal_pointer (&order.id);
	*about = g_steal_pointer (&order.about);
	return TRUE;
}

gboolean
order_about (Tx *tx, const char *id, char **about, GError **error)
{
	g_auto (Order) order = { 0 };
	gboolean found;

	if (!db_order_get (tx, ORDER_BY_ID, id, FALSE, &order, &found, error))
		return FALSE;
	*about = g_steal_pointer (&order.about);
	return found || diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no order %s", id);
}

gboolean
order_list (Tx *tx, const char *state, const char *after, guint limit, json_t *items, GError **error)
{
	return db_order_list (tx, state, after, limit, items, error);
}
