/* ledger/invoice.c — asked for by the payer, issued by the cashier within 15 working days. */
#include "base/error.h"
#include "base/random.h"
#include "ledger/money_db.h"

gboolean
invoice_request (Tx *tx, const char *order_id, const InvoiceRequest *request, Micros now, char **invoice, GError **error)
{
	g_auto (Order) order = { 0 };
	g_autofree char *id = uuid7_new (now);
	gboolean there;

	if (!order_lock (tx, order_id, &order, error) || !order_expect (&order, ORDER_PAID, error) ||
	    !db_invoice_exists (tx, order_id, &there, error))
		return FALSE;
	if (there)
		return diqi_fail (error, DIQI_ERROR_EXISTS, NULL, "an invoice was already asked for order %s", order.number);
	if (!db_invoice_insert (tx, id, order_id, request, now, error))
		return FALSE;
	*invoice = g_steal_pointer (&id);
	return TRUE;
}

gboolean
invoice_issue (Tx *tx, const char *id, const char *number, const char *by, Micros now, GError **error)
{
	gboolean found, open, taken;

	if (!db_invoice_lock (tx, id, &found, &open, error))
		return FALSE;
	if (!found)
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no invoice request %s", id);
	if (!open)
		return diqi_fail (error, DIQI_ERROR_ORDER_STATE, NULL, "this invoice was already issued");
	if (!db_invoice_number_taken (tx, number, &taken, error))
		return FALSE;
	if (taken)
		return diqi_fail (error, DIQI_ERROR_EXISTS, "/statement/number", "invoice number %s was already used", number);
	return db_invoice_issue (tx, id, number, by, now, error);
}

gboolean
invoice_list (Tx *tx, gboolean open_only, const char *after, guint limit, json_t *items, GError **error)
{
	return db_invoice_list (tx, "", "", open_only, after, limit, items, error);
}

gboolean
invoice_view (Tx *tx, const char *id, json_t **out, GError **error)
{
	g_autoptr (json_t) items = json_array ();

	if (!db_invoice_list (tx, id, "", FALSE, "", 1, items, error))
		return FALSE;
	if (json_array_size (items) == 0)
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no invoice request %s", id);
	*out = json_incref (json_array_get (items, 0));
	return TRUE;
}

gboolean
invoice_forget (Tx *tx, const char *about, GError **error)
{
	return db_invoice_forget (tx, about, error);
}
