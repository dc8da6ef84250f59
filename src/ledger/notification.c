/* ledger/notification.c — what a provider's notification does to orders and book.
 *
 * The row of (provider, transaction, event) comes first: a second one waits for it and then finds it there.  So a
 * transaction counts once, whatever is repeated.  "refunded" may overtake "paid": it is remembered, and money that then
 * comes has gone already.
 */
#include <string.h>

#include "base/error.h"
#include "ledger/suspense_db.h"

const char *
notification_fate_name (NotificationFate fate)
{
	static const char *const names[] = { "counted", "repeated", "suspended", "returned" };

	return names[fate];
}

static char *
facts_digest (const char *kind, const Notification *n)
{
	g_autofree char *facts = g_strdup_printf ("%s\n%s\n%s\n%s\n%" G_GINT64_FORMAT "\n%s\n%" G_GINT64_FORMAT, kind, n->event,
	                                          n->transaction, n->order_number, n->amount.fen, n->currency, n->happened);
	Fingerprint hash;

	fingerprint_of (facts, strlen (facts), &hash);
	return fingerprint_hex (&hash);
}

/* Money between the provider's account and "suspense". */
static gboolean
post_suspense (Tx *tx, const char *kind, const Notification *n, gint64 amount_fen, Micros now, GError **error)
{
	g_autofree char *account = method_account ("online", n->provider);
	g_autofree char *by = g_strdup_printf ("provider:%s", n->provider);
	const Entry entry = {
		.kind = kind, .reference = n->transaction, .by = by, .happened = n->happened, .at = now,
		.postings = { { account, amount_fen }, { "suspense", -amount_fen } },
	};

	return book_enter (tx, &entry, error);
}

static gboolean
set_aside (Tx *tx, const char *kind, const Notification *n, gint64 posted, const char *detail, Micros now, GError **error)
{
	g_autofree char *digest = facts_digest (kind, n);

	if (posted != 0 && !post_suspense (tx, posted > 0 ? "suspended" : "went", n, posted * n->amount.fen, now, error))
		return FALSE;
	return suspend (tx, &(NewSuspended) { kind, n->provider, digest, detail, n, posted }, now, error);
}

/* --- paid ------------------------------------------------------------------------------------------ */

static gboolean
receive (Tx *tx, Order *order, const Notification *n, Micros now, GError **error)
{
	g_autofree char *account = method_account ("online", n->provider);
	g_autofree char *by = g_strdup_printf ("provider:%s", n->provider);

	return order_receive (tx, order, &(Received) { "online", account, account, n->transaction, by, n->happened }, now, error);
}

/* Came and went: both are entered, nobody is paid. */
static gboolean
wash (Tx *tx, const Notification *n, gint64 gone_fen, Micros now, NotificationFate *fate, GError **error)
{
	g_auto (Suspended) noted = { 0 };
	gboolean found;

	if (gone_fen != n->amount.fen) {
		*fate = NOTIFICATION_SUSPENDED;
		return set_aside (tx, "refund", n, 1, "the provider had told before that another amount was paid back", now, error);
	}
	*fate = NOTIFICATION_RETURNED;
	return post_suspense (tx, "suspended", n, n->amount.fen, now, error) && post_suspense (tx, "returned", n, -n->amount.fen, now, error) &&
	       db_suspense_of (tx, n->provider, n->transaction, 0, &noted, &found, error) &&
	       (!found || db_suspense_returned (tx, noted.id, now, error));
}

static gboolean
take_paid (Tx *tx, const Notification *n, gboolean payable, Micros now, NotificationFate *fate, char **paid, GError **error)
{
	g_auto (Order) order = { 0 };
	gboolean found, gone;
	gint64 gone_fen;

	if (!db_provider_event_amount (tx, n, "refunded", &gone_fen, &gone, error))
		return FALSE;
	if (gone)
		return wash (tx, n, gone_fen, now, fate, error);
	if (!db_order_get (tx, ORDER_BY_NUMBER, n->order_number, TRUE, &order, &found, error))
		return FALSE;
	*fate = NOTIFICATION_SUSPENDED;
	if (!found)
		return set_aside (tx, "order", n, 1, "there is no order of this number", now, error);
	if (order.state != ORDER_OPEN || !payable) {
		g_autofree char *detail = g_strdup_printf ("order %s is %s", order.number,
		                                           order.state != ORDER_OPEN ? order_state_name (order.state) : "not to be paid now");
		return set_aside (tx, "settled", n, 1, detail, now, error);
	}
	if (order.amount_fen != n->amount.fen) {
		g_autofree char *detail = g_strdup_printf ("order %s asks for %" G_GINT64_FORMAT " fen", order.number, order.amount_fen);
		return set_aside (tx, "amount", n, 1, detail, now, error);
	}
	if (!receive (tx, &order, n, now, error))
		return FALSE;
	*fate = NOTIFICATION_COUNTED;
	*paid = g_strdup (order.id);
	return TRUE;
}

/* --- refunded ---------------------------------------------------------------------------------------- */

/* The money stood on "suspense" and went back from there. */
static gboolean
return_suspended (Tx *tx, const Notification *n, const Suspended *item, Micros now, NotificationFate *fate, GError **error)
{
	if (item->amount_fen != n->amount.fen) {
		*fate = NOTIFICATION_SUSPENDED;
		return set_aside (tx, "refund", n, -1, "another amount than the one that came was paid back", now, error);
	}
	*fate = NOTIFICATION_RETURNED;
	return post_suspense (tx, "returned", n, -n->amount.fen, now, error) && db_suspense_returned (tx, item->id, now, error);
}

static gboolean
refund_order (Tx *tx, const Notification *n, const char *order_id, const char *account, Micros now, NotificationFate *fate, GError **error)
{
	g_auto (Order) order = { 0 };
	g_autofree char *by = g_strdup_printf ("provider:%s", n->provider);
	gboolean known;

	if (!order_lock (tx, order_id, &order, error) ||
	    !refund_by_provider (tx, &order, n->amount.fen, &(Received) { "online", account, account, n->transaction, by, n->happened }, now, &known, error))
		return FALSE;
	*fate = known ? NOTIFICATION_COUNTED : NOTIFICATION_SUSPENDED;
	return known || set_aside (tx, "refund", n, -1, "nobody here had agreed to this refund", now, error);
}

static gboolean
take_refunded (Tx *tx, const Notification *n, Micros now, NotificationFate *fate, GError **error)
{
	g_autofree char *account = method_account ("online", n->provider);
	g_autofree char *order = NULL;
	g_auto (Suspended) item = { 0 };
	gboolean found, came;
	gint64 fen;

	if (!db_payment_by_reference (tx, account, n->transaction, &order, error))
		return FALSE;
	if (order)
		return refund_order (tx, n, order, account, now, fate, error);
	if (!db_suspense_of (tx, n->provider, n->transaction, 1, &item, &found, error))
		return FALSE;
	if (found)
		return return_suspended (tx, n, &item, now, fate, error);
	if (!db_provider_event_amount (tx, n, "paid", &fen, &came, error))
		return FALSE;
	*fate = NOTIFICATION_SUSPENDED;
	/* It never came into the book, or its place was found already and it went a second time. */
	return set_aside (tx, "refund", n, 0, came ? "its payment is settled here already" : "paid back before it was told to be paid", now, error);
}

/* --- both ---------------------------------------------------------------------------------------------- */

gboolean
notification_take (Tx *tx, const Notification *n, const char *currency, gboolean payable, Micros now,
                   NotificationFate *fate, char **paid, GError **error)
{
	gboolean fresh, same;

	if (!db_provider_event_insert (tx, n, now, &fresh, error))
		return FALSE;
	if (!fresh) {
		if (!db_provider_event_same (tx, n, &same, error))
			return FALSE;
		*fate = same ? NOTIFICATION_REPEATED : NOTIFICATION_SUSPENDED;
		return same || set_aside (tx, "conflict", n, 0, "this transaction was told before with other facts", now, error);
	}
	if (strcmp (n->currency, currency) != 0) {
		*fate = NOTIFICATION_SUSPENDED;
		return set_aside (tx, "currency", n, 0, "the book is kept in another currency", now, error);
	}
	if (strcmp (n->event, "refunded") == 0)
		return take_refunded (tx, n, now, fate, error);
	return take_paid (tx, n, payable, now, fate, paid, error);
}
