/* ledger/suspense.c — the list of money without a place, and what two officers decide about it. */
#include <string.h>

#include "base/civil.h"
#include "base/error.h"
#include "base/random.h"
#include "ledger/suspense_db.h"

void
suspended_clear (Suspended *item)
{
	g_free (item->id);
	g_free (item->provider);
	g_free (item->transaction);
	g_free (item->state);
	memset (item, 0, sizeof *item);
}

gboolean
suspend (Tx *tx, const NewSuspended *item, Micros now, GError **error)
{
	g_autofree char *id = uuid7_new (now);
	gboolean fresh;

	return db_suspense_insert (tx, id, item, now, &fresh, error);
}

gboolean
suspense_list_unsigned (Tx *tx, const Provider *provider, GBytes *body, Micros now, GError **error)
{
	g_autofree char *counter = g_strdup_printf ("unsigned:%s:%" G_GINT64_FORMAT, provider->name, value_day (now));
	g_autofree char *hex = NULL, *digest = NULL, *detail = NULL;
	Fingerprint hash;
	gsize n = 0;
	gconstpointer p = g_bytes_get_data (body, &n);
	gboolean known;
	gint64 listed;

	fingerprint_of (p ? p : "", n, &hash);
	hex = fingerprint_hex (&hash);
	digest = g_strdup_printf ("unsigned:%s", hex);
	/* A stranger may send what he likes: neither repetition nor variety fills the database. */
	if (!db_suspense_known (tx, provider->name, digest, &known, error) || known)
		return known;
	if (!counter_next (tx, counter, &listed, error))
		return FALSE;
	if (listed > UNSIGNED_PER_DAY)
		return TRUE;
	detail = g_strdup_printf ("%zu bytes without the provider's signature, SHA-256 %s", n, hex);
	return suspend (tx, &(NewSuspended) { "signature", provider->name, digest, detail, NULL, 0 }, now, error);
}

/* --- resolution ------------------------------------------------------------------------------------- */

static gboolean
apply_payment (Tx *tx, const Resolution *r, const Suspended *item, Order *order, Micros now, char **paid, GError **error)
{
	g_autofree char *account = method_account ("online", item->provider);

	if (!order_expect (order, ORDER_OPEN, error))
		return FALSE;
	if (order->amount_fen != item->amount_fen)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/statement/order", "order %s asks for %" G_GINT64_FORMAT " fen, the item is of %" G_GINT64_FORMAT,
		                  order->number, order->amount_fen, item->amount_fen);
	*paid = g_strdup (order->id);
	return order_receive (tx, order, &(Received) { "online", account, "suspense", item->transaction, r->first, now }, now, error);
}

static gboolean
apply (Tx *tx, const Resolution *r, const Suspended *item, Micros now, char **paid, GError **error)
{
	g_auto (Order) order = { 0 };

	if (!r->order)
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, "/statement/order", "apply to which order?");
	if (!order_lock (tx, r->order, &order, error))
		return FALSE;
	if (item->posted > 0)
		return apply_payment (tx, r, item, &order, now, paid, error);
	return refund_by_resolution (tx, &order, item->amount_fen, &(Received) { "online", NULL, "suspense", item->transaction, r->first, now },
	                             r->second, r->reason, now, error);
}

/* Back to where it came from; money that went came back. */
static gboolean
send_back (Tx *tx, const Resolution *r, const Suspended *item, Micros now, GError **error)
{
	g_autofree char *account = method_account ("online", item->provider);
	gint64 fen = item->posted * item->amount_fen;
	const Entry entry = {
		.kind = "returned", .reference = item->transaction, .by = r->first, .happened = now, .at = now,
		.postings = { { "suspense", fen }, { account, -fen } },
	};

	return book_enter (tx, &entry, error);
}

static gboolean
resolve_as_said (Tx *tx, const Resolution *r, const Suspended *item, Micros now, char **paid, GError **error)
{
	gboolean dismiss = strcmp (r->resolution, "dismiss") == 0;

	if (strcmp (r->resolution, "apply") != 0 && r->order)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/statement/order", "only \"apply\" names an order");
	if (dismiss != (item->posted == 0))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/statement/resolution",
		                  dismiss ? "this is money: apply it or send it back" : "nothing was posted: it can only be dismissed");
	if (dismiss)
		return TRUE;
	if (strcmp (r->resolution, "apply") == 0)
		return apply (tx, r, item, now, paid, error);
	if (strcmp (r->resolution, "refund") == 0)
		return send_back (tx, r, item, now, error);
	return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/statement/resolution", "expected one of: apply, refund, dismiss");
}

gboolean
suspense_resolve (Tx *tx, const Resolution *r, Micros now, char **paid, GError **error)
{
	g_auto (Suspended) item = { 0 };
	gboolean found;

	if (strcmp (r->first, r->second) == 0)
		return diqi_fail (error, DIQI_ERROR_SAME_PERSON, NULL, "two persons decide about money without a place");
	if (!db_suspense_get (tx, r->item, &item, &found, error))
		return FALSE;
	if (!found)
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no item %s on the suspense list", r->item);
	if (strcmp (item.state, "open") != 0)
		return diqi_fail (error, DIQI_ERROR_ORDER_STATE, NULL, "this item is resolved already");
	return resolve_as_said (tx, r, &item, now, paid, error) && db_suspense_resolve (tx, r, now, error);
}

gboolean
suspense_list (Tx *tx, gboolean open_only, const char *after, guint limit, json_t *items, GError **error)
{
	return db_suspense_list (tx, "", open_only, after, limit, items, error);
}

gboolean
suspense_view (Tx *tx, const char *id, json_t **out, GError **error)
{
	g_autoptr (json_t) items = json_array ();

	if (!db_suspense_list (tx, id, FALSE, "", 1, items, error))
		return FALSE;
	if (json_array_size (items) == 0)
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no item %s on the suspense list", id);
	*out = json_incref (json_array_get (items, 0));
	return TRUE;
}
