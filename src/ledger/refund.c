/* ledger/refund.c — paid back: asked by one person, agreed by another, paid out of what is due.
 *
 * An order becomes refundable when its application is withdrawn or rejected; what was prepaid is then owed
 * ("refunds.due") until refunds have paid it all.
 */
#include <string.h>

#include "base/error.h"
#include "base/failpoint.h"
#include "base/random.h"
#include "ledger/money_db.h"

void
refund_clear (Refund *refund)
{
	g_free (refund->id);
	g_free (refund->order);
	g_free (refund->state);
	g_free (refund->requested_by);
	g_free (refund->method);
	g_free (refund->reference);
	memset (refund, 0, sizeof *refund);
}

/* Order row first, then the refund: what is decided is read under the order's lock. */
static gboolean
lock_both (Tx *tx, const char *id, Refund *refund, Order *order, GError **error)
{
	g_auto (Refund) unlocked = { 0 };
	gboolean found;

	if (!db_refund_get (tx, id, &unlocked, &found, error))
		return FALSE;
	if (!found)
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no refund %s", id);
	return order_lock (tx, unlocked.order, order, error) && db_refund_get (tx, id, refund, &found, error);
}

static gboolean
expect_refund_state (const Refund *refund, const char *state, GError **error)
{
	return g_strcmp0 (refund->state, state) == 0 ||
	       diqi_fail (error, DIQI_ERROR_ORDER_STATE, NULL, "the refund is %s, not %s", refund->state, state);
}

/* What is neither paid back nor asked back yet. */
static gboolean
check_remaining (Tx *tx, const Order *order, gint64 amount_fen, GError **error)
{
	gint64 asked;

	if (!db_refunds_sum (tx, order->id, "", &asked, error))
		return FALSE;
	if (amount_fen > 0 && amount_fen <= order->amount_fen - asked)
		return TRUE;
	return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/statement/amount_fen", "%" G_GINT64_FORMAT " fen of order %s can still be paid back",
	                  order->amount_fen - asked, order->number);
}

gboolean
refund_request (Tx *tx, const char *order_id, Money amount, const char *reason, const char *by, Micros now, char **refund, GError **error)
{
	g_auto (Order) order = { 0 };
	g_autofree char *id = uuid7_new (now);
	const NewRefund row = {
		.id = id, .order = order_id, .state = "requested", .reason = reason, .requested_by = by, .amount_fen = amount.fen, .requested = now,
	};

	if (!order_lock (tx, order_id, &order, error) || !order_expect (&order, ORDER_REFUNDABLE, error) ||
	    !check_remaining (tx, &order, amount.fen, error) || !db_refund_insert (tx, &row, error))
		return FALSE;
	*refund = g_steal_pointer (&id);
	return TRUE;
}

gboolean
refund_approve (Tx *tx, const char *id, const char *order_id, Money amount, const char *by, Micros now, GError **error)
{
	g_auto (Order) order = { 0 };
	g_auto (Refund) refund = { 0 };

	if (!lock_both (tx, id, &refund, &order, error) || !expect_refund_state (&refund, "requested", error))
		return FALSE;
	if (g_strcmp0 (refund.requested_by, by) == 0)
		return diqi_fail (error, DIQI_ERROR_SAME_PERSON, NULL, "you asked for this refund: another person must agree");
	if (g_strcmp0 (order_id, refund.order) != 0)
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, "/statement/order", "the refund is of another order");
	if (amount.fen != refund.amount_fen)
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, "/statement/amount_fen", "the refund is of %" G_GINT64_FORMAT " fen", refund.amount_fen);
	return db_refund_approve (tx, id, by, now, error);
}

static gboolean
finish_if_all (Tx *tx, Order *order, Micros now, GError **error)
{
	gint64 paid;

	if (!db_refunds_sum (tx, order->id, "paid", &paid, error))
		return FALSE;
	return paid < order->amount_fen || order_move (tx, order, ORDER_REFUNDED, now, error);
}

gboolean
refund_enter (Tx *tx, Order *order, gint64 amount_fen, const Received *out, Micros now, GError **error)
{
	const Entry entry = {
		.kind = "refund", .order = order->id, .reference = out->reference, .by = out->by, .happened = out->happened, .at = now,
		.postings = { { "refunds.due", amount_fen }, { out->debit, -amount_fen } },
	};

	if (!book_enter (tx, &entry, error))
		return FALSE;
	FAILPOINT ("refund.posted");
	return finish_if_all (tx, order, now, error);
}

/* Money goes back online only to where it came from. */
static gboolean
account_back (Tx *tx, const Order *order, const char *method, char **account, GError **error)
{
	static const char *const methods[] = { "cash", "card", "transfer", "online", NULL };

	if (!g_strv_contains (methods, method))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/statement/method", "expected one of: cash, card, transfer, online");
	if (strcmp (method, "online") != 0) {
		*account = method_account (method, NULL);
		return TRUE;
	}
	if (!db_payment_account (tx, order->id, account, error))
		return FALSE;
	return (*account && g_str_has_prefix (*account, "online:")) ||
	       diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/statement/method", "order %s was not paid online", order->number);
}

gboolean
refund_pay (Tx *tx, const char *id, const char *method, const char *reference, const char *by, Micros now, GError **error)
{
	g_auto (Order) order = { 0 };
	g_auto (Refund) refund = { 0 };
	g_autofree char *account = NULL;

	if (!lock_both (tx, id, &refund, &order, error) || !expect_refund_state (&refund, "approved", error) ||
	    !account_back (tx, &order, method, &account, error) ||
	    !db_refund_pay (tx, id, method, reference, by, now, error))
		return FALSE;
	return refund_enter (tx, &order, refund.amount_fen, &(Received) { method, account, account, reference, by, now }, now, error);
}

/* The provider says that it paid back: the refund that was agreed, or one that the cashier has entered already. */
gboolean
refund_by_provider (Tx *tx, Order *order, gint64 amount_fen, const Received *out, Micros now, gboolean *known, GError **error)
{
	g_autofree char *agreed = NULL;

	*known = FALSE;
	if (!db_refund_confirmed (tx, order->id, amount_fen, out->reference, known, error) || *known)
		return *known;
	if (!db_refund_agreed (tx, order->id, amount_fen, &agreed, error))
		return FALSE;
	*known = agreed != NULL;
	if (!agreed)
		return TRUE;
	return db_refund_pay (tx, agreed, out->method, out->reference, out->by, now, error) &&
	       refund_enter (tx, order, amount_fen, out, now, error);
}

/* Two officers apply money that a provider paid back unasked. */
gboolean
refund_by_resolution (Tx *tx, Order *order, gint64 amount_fen, const Received *out, const char *second, const char *reason,
                      Micros now, GError **error)
{
	g_autofree char *id = uuid7_new (now);
	const NewRefund row = {
		.id = id, .order = order->id, .state = "requested", .reason = reason, .requested_by = out->by, .amount_fen = amount_fen, .requested = now,
	};

	return order_expect (order, ORDER_REFUNDABLE, error) && check_remaining (tx, order, amount_fen, error) &&
	       db_refund_insert (tx, &row, error) && db_refund_approve (tx, id, second, now, error) &&
	       db_refund_pay (tx, id, out->method, out->reference, out->by, now, error) &&
	       refund_enter (tx, order, amount_fen, out, now, error);
}

gboolean
refund_list (Tx *tx, const char *state, const char *after, guint limit, json_t *items, GError **error)
{
	return db_refund_list (tx, "", state, after, limit, items, error);
}

gboolean
refund_view (Tx *tx, const char *id, json_t **out, GError **error)
{
	g_autoptr (json_t) items = json_array ();

	if (!db_refund_list (tx, id, "", "", 1, items, error))
		return FALSE;
	if (json_array_size (items) == 0)
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no refund %s", id);
	*out = json_incref (json_array_get (items, 0));
	return TRUE;
}
