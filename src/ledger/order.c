/* ledger/order.c — what is to be paid for one application, from its opening to income, refund or cancellation.
 *
 *   open ── paid ──┬─ (rendered: income)
 *    │             └─ refundable ── refunded
 *    ├──── waived ─┬─ (rendered: income)
 *    │             └─ cancelled
 *    └──── cancelled            free: nothing to pay
 */
#include <string.h>

#include "base/civil.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/random.h"
#include "ledger/ledger_private.h"

#define SYSTEM "system"
#define PIECES_MAX 1000

static const char *const states[N_ORDER_STATES] = {
	[ORDER_OPEN] = "open", [ORDER_PAID] = "paid", [ORDER_WAIVED] = "waived", [ORDER_REFUNDABLE] = "refundable",
	[ORDER_REFUNDED] = "refunded", [ORDER_CANCELLED] = "cancelled", [ORDER_FREE] = "free",
};

const char *
order_state_name (OrderState state)
{
	return states[state];
}

gboolean
order_state_from_name (const char *name, OrderState *out)
{
	for (OrderState state = ORDER_OPEN; state < N_ORDER_STATES; state++) {
		if (g_strcmp0 (states[state], name) != 0)
			continue;
		*out = state;
		return TRUE;
	}
	return FALSE;
}

void
order_clear (Order *order)
{
	g_free (order->id);
	g_free (order->number);
	g_free (order->about);
	memset (order, 0, sizeof *order);
}

gboolean
order_lock (Tx *tx, const char *id, Order *out, GError **error)
{
	gboolean found;

	if (!db_order_get (tx, ORDER_BY_ID, id, TRUE, out, &found, error))
		return FALSE;
	return found || diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no order %s", id);
}

gboolean
order_expect (const Order *order, OrderState state, GError **error)
{
	if (order->state == state)
		return TRUE;
	return diqi_fail (error, DIQI_ERROR_ORDER_STATE, NULL, "order %s is %s, not %s", order->number,
	                  order_state_name (order->state), order_state_name (state));
}

gboolean
order_move (Tx *tx, Order *order, OrderState to, Micros now, GError **error)
{
	order->state = to;
	return db_order_update (tx, order, now, error);
}

/* --- opening ---------------------------------------------------------------------------------- */

static gboolean
take_number (Tx *tx, Order *order, Micros now, GError **error)
{
	CivilDate d = civil_beijing (now);
	g_autofree char *counter = g_strdup_printf ("order:%04d%02d%02d", d.year, d.month, d.day);
	gint64 n;

	if (!counter_next (tx, counter, &n, error))
		return FALSE;
	order->number = g_strdup_printf (ORDER_PREFIX "%04d%02d%02d%06" G_GINT64_FORMAT, d.year, d.month, d.day, n);
	return TRUE;
}

static gboolean
price_line (Tx *tx, const OrderLine *line, Micros now, gint64 *unit_fen, Money *total, GError **error)
{
	Tariff tariff;
	Money cost;

	if (!tariff_at (tx, line->service, now, &tariff, error))
		return FALSE;
	if (line->pieces < 1 || line->pieces > PIECES_MAX || !money_mul ((Money) { tariff.amount_fen }, line->pieces, &cost) ||
	    !money_add (*total, cost, total))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, NULL, "1 to %d pieces", PIECES_MAX);
	*unit_fen = tariff.amount_fen;
	return TRUE;
}

static gboolean
write_lines (Tx *tx, const Order *order, const OrderLine *lines, gsize n, const gint64 *units, GError **error)
{
	if (!db_lines_delete (tx, order->id, error))
		return FALSE;
	for (gsize i = 0; i < n; i++)
		if (!db_line_insert (tx, order->id, (gint64) i + 1, lines[i].service, lines[i].pieces, units[i], error))
			return FALSE;
	return TRUE;
}

static gboolean
bring_up_to_date (Tx *tx, Order *order, gboolean found, const OrderLine *lines, gsize n, Micros now, GError **error)
{
	g_autofree gint64 *units = g_new0 (gint64, n + 1);
	Money total = { 0 };

	for (gsize i = 0; i < n; i++)
		if (!price_line (tx, &lines[i], now, &units[i], &total, error))
			return FALSE;
	order->amount_fen = total.fen;
	order->state = total.fen > 0 ? ORDER_OPEN : ORDER_FREE;
	if (!(found ? db_order_update (tx, order, now, error) : db_order_insert (tx, order, error)))
		return FALSE;
	return write_lines (tx, order, lines, n, units, error);
}

gboolean
order_open (Tx *tx, const char *about, const OrderLine *lines, gsize n, Micros now,
            char **order_id, gint64 *amount_fen, gboolean *settled, GError **error)
{
	g_auto (Order) order = { 0 };
	gboolean found;

	if (!db_order_get (tx, ORDER_BY_ABOUT, about, TRUE, &order, &found, error))
		return FALSE;
	if (!found) {
		order = (Order) { .id = uuid7_new (now), .about = g_strdup (about), .opened = now };
		if (!take_number (tx, &order, now, error))
			return FALSE;
	}
	if (order.state == ORDER_CANCELLED || order.state == ORDER_REFUNDABLE || order.state == ORDER_REFUNDED)
		return diqi_fail (error, DIQI_ERROR_ORDER_STATE, NULL, "order %s is %s", order.number, order_state_name (order.state));
	if ((order.state == ORDER_OPEN || order.state == ORDER_FREE) &&
	    !bring_up_to_date (tx, &order, found, lines, n, now, error))
		return FALSE;
	*amount_fen = order.amount_fen;
	*settled = order.state != ORDER_OPEN;
	*order_id = g_strdup (order.id);
	return TRUE;
}

gboolean
order_of (Tx *tx, const char *about, char **id, GError **error)
{
	g_auto (Order) order = { 0 };
	gboolean found;

	if (!db_order_get (tx, ORDER_BY_ABOUT, about, FALSE, &order, &found, error))
		return FALSE;
	*id = found ? g_steal_pointer (&order.id) : NULL;
	return TRUE;
}

/* --- settling ------------------------------------------------------------------------------------ */

gboolean
order_receive (Tx *tx, Order *order, const Received *money, Micros now, GError **error)
{
	g_autofree char *id = uuid7_new (now);
	gint64 year = civil_beijing (now).year;
	g_autofree char *counter = g_strdup_printf ("receipt:%" G_GINT64_FORMAT, year);
	const Entry entry = {
		.kind = "paid", .order = order->id, .reference = money->reference, .by = money->by,
		.happened = money->happened, .at = now,
		.postings = { { money->debit, order->amount_fen }, { "fees.prepaid", -order->amount_fen } },
	};
	NewPayment payment = {
		.id = id, .order = order->id, .method = money->method, .account = money->account, .reference = money->reference,
		.by = money->by, .amount_fen = order->amount_fen, .received = now, .receipt_year = year,
	};

	if (!order_expect (order, ORDER_OPEN, error) || !order_move (tx, order, ORDER_PAID, now, error) ||
	    !book_enter (tx, &entry, error))
		return FALSE;
	FAILPOINT ("pay.posted");
	return counter_next (tx, counter, &payment.receipt_sequence, error) && db_payment_insert (tx, &payment, error);
}

gboolean
order_pay (Tx *tx, const char *id, Money amount, const char *method, const char *slip, const char *by,
           Micros now, GError **error)
{
	static const char *const methods[] = { "cash", "card", "transfer", NULL };
	g_auto (Order) order = { 0 };
	g_autofree char *account = NULL;

	if (!g_strv_contains (methods, method))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/statement/method", "a cashier takes cash, card or transfer");
	if (strcmp (method, "transfer") == 0 && (!slip || !*slip))
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, "/statement/slip", "a transfer is recorded with the number of its slip");
	if (!order_lock (tx, id, &order, error) || !order_expect (&order, ORDER_OPEN, error))
		return FALSE;
	if (amount.fen != order.amount_fen)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/statement/amount_fen", "the tariff asks for %" G_GINT64_FORMAT " fen", order.amount_fen);
	account = method_account (method, NULL);
	return order_receive (tx, &order, &(Received) { method, account, account, slip, by, now }, now, error);
}

gboolean
order_waive (Tx *tx, const char *id, const char *first, const char *second, const char *reason, Micros now, GError **error)
{
	g_auto (Order) order = { 0 };
	Entry entry = { .kind = "waived", .order = id, .by = first, .happened = now, .at = now };

	if (strcmp (first, second) == 0)
		return diqi_fail (error, DIQI_ERROR_SAME_PERSON, NULL, "a waiver needs two persons");
	if (!order_lock (tx, id, &order, error) || !order_expect (&order, ORDER_OPEN, error))
		return FALSE;
	entry.postings[0] = (Posting) { "waived", order.amount_fen };
	entry.postings[1] = (Posting) { "fees.prepaid", -order.amount_fen };
	return order_move (tx, &order, ORDER_WAIVED, now, error) && book_enter (tx, &entry, error) &&
	       db_waiver_insert (tx, id, order.amount_fen, first, second, reason, now, error);
}

/* --- the service was rendered, or will not be ---------------------------------------------------------- */

static gboolean
find_by_about (Tx *tx, const char *about, Order *order, gboolean *found, GError **error)
{
	return db_order_get (tx, ORDER_BY_ABOUT, about, TRUE, order, found, error);
}

gboolean
order_render (Tx *tx, const char *about, Micros now, GError **error)
{
	g_auto (Order) order = { 0 };
	gboolean found;
	Entry entry = { .kind = "rendered", .by = SYSTEM, .happened = now, .at = now };

	if (!find_by_about (tx, about, &order, &found, error))
		return FALSE;
	if (!found || order.rendered != 0)
		return TRUE;
	if (order.state != ORDER_PAID && order.state != ORDER_WAIVED && order.state != ORDER_FREE)
		return diqi_fail (error, DIQI_ERROR_ORDER_STATE, NULL, "order %s is %s: nothing is issued unpaid", order.number, order_state_name (order.state));
	order.rendered = now;
	if (!db_order_update (tx, &order, now, error))
		return FALSE;
	entry.order = order.id;
	entry.postings[0] = (Posting) { "fees.prepaid", order.amount_fen };
	entry.postings[1] = (Posting) { "fees.income", -order.amount_fen };
	return order.state == ORDER_FREE || book_enter (tx, &entry, error);
}

/* Where a dropped order goes, and which account takes back what was prepaid. */
static const char *
dropped (const Order *order, OrderState *to)
{
	*to = order->state == ORDER_PAID ? ORDER_REFUNDABLE : ORDER_CANCELLED;
	if (order->state == ORDER_PAID)
		return "refunds.due";
	return order->state == ORDER_WAIVED ? "waived" : NULL;
}

gboolean
order_drop (Tx *tx, const char *about, Micros now, GError **error)
{
	g_auto (Order) order = { 0 };
	gboolean found;
	OrderState to;
	const char *account;
	Entry entry = { .kind = "dropped", .by = SYSTEM, .happened = now, .at = now };

	if (!find_by_about (tx, about, &order, &found, error))
		return FALSE;
	if (!found || order.state == ORDER_CANCELLED || order.state == ORDER_REFUNDABLE || order.state == ORDER_REFUNDED)
		return TRUE;
	if (order.rendered != 0)
		return diqi_fail (error, DIQI_ERROR_ORDER_STATE, NULL, "what order %s paid for was already rendered", order.number);
	account = dropped (&order, &to);
	entry.order = order.id;
	if (account) {
		entry.postings[0] = (Posting) { "fees.prepaid", order.amount_fen };
		entry.postings[1] = (Posting) { account, -order.amount_fen };
	}
	return order_move (tx, &order, to, now, error) && (!account || book_enter (tx, &entry, error));
}
