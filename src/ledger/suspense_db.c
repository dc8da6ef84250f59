/* ledger/suspense_db.c — SQL of notifications and of the suspense list. */
#include "ledger/suspense_db.h"

static gboolean
has_row (Rows *rows, gboolean *there)
{
	if (!rows)
		return FALSE;
	*there = rows_next (rows, NULL);
	return TRUE;
}

gboolean
db_provider_event_insert (Tx *tx, const Notification *n, Micros now, gboolean *fresh, GError **error)
{
	gint64 rows = tx_exec (tx, error,
		"INSERT INTO ledger_provider_events (provider, transaction_id, event, order_number, amount_fen, currency, happened, received) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (provider, transaction_id, event) DO NOTHING",
		P_TEXT (n->provider), P_TEXT (n->transaction), P_TEXT (n->event), P_TEXT (n->order_number), P_INT (n->amount.fen),
		P_TEXT (n->currency), P_INT (n->happened), P_INT (now));

	*fresh = rows == 1;
	return rows >= 0;
}

gboolean
db_provider_event_same (Tx *tx, const Notification *n, gboolean *same, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT 1 FROM ledger_provider_events WHERE provider = $1 AND transaction_id = $2 AND event = $3 AND order_number = $4 "
		"AND amount_fen = $5 AND currency = $6 AND happened = $7", P_TEXT (n->provider), P_TEXT (n->transaction), P_TEXT (n->event),
		P_TEXT (n->order_number), P_INT (n->amount.fen), P_TEXT (n->currency), P_INT (n->happened));

	return has_row (rows, same);
}

gboolean
db_provider_event_amount (Tx *tx, const Notification *n, const char *event, gint64 *fen, gboolean *found, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT amount_fen FROM ledger_provider_events WHERE provider = $1 AND transaction_id = $2 AND event = $3 AND currency = $4",
		P_TEXT (n->provider), P_TEXT (n->transaction), P_TEXT (event), P_TEXT (n->currency));

	if (!has_row (rows, found))
		return FALSE;
	*fen = *found ? rows_int (rows, 0) : 0;
	return TRUE;
}

gboolean
db_payment_by_reference (Tx *tx, const char *account, const char *reference, char **order, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT order_id FROM ledger_payments WHERE account = $1 AND reference = $2",
		P_TEXT (account), P_TEXT (reference));

	if (!rows)
		return FALSE;
	*order = rows_next (rows, NULL) ? rows_dup_text (rows, 0) : NULL;
	return TRUE;
}

gboolean
db_suspense_insert (Tx *tx, const char *id, const NewSuspended *item, Micros now, gboolean *fresh, GError **error)
{
	const Notification *n = item->notification;
	gint64 rows = tx_exec (tx, error,
		"INSERT INTO ledger_suspense (id, kind, provider, transaction_id, event, order_number, amount_fen, currency, posted, at, digest, "
		"detail, state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'open') ON CONFLICT (provider, digest) DO NOTHING",
		P_TEXT (id), P_TEXT (item->kind), P_TEXT (item->provider), P_TEXT (n ? n->transaction : NULL), P_TEXT (n ? n->event : NULL),
		P_TEXT (n ? n->order_number : NULL), n ? P_INT (n->amount.fen) : P_NULL, P_TEXT (n ? n->currency : NULL),
		P_INT (item->posted), P_INT (now), P_TEXT (item->digest), P_TEXT (item->detail));

	*fresh = rows == 1;
	return rows >= 0;
}

gboolean
db_suspense_known (Tx *tx, const char *provider, const char *digest, gboolean *known, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT 1 FROM ledger_suspense WHERE provider = $1 AND digest = $2",
		P_TEXT (provider), P_TEXT (digest));

	*known = FALSE;
	return has_row (rows, known);
}

static gboolean
read_suspended (Rows *rows, Suspended *out, gboolean *found)
{
	if (!has_row (rows, found))
		return FALSE;
	if (*found)
		*out = (Suspended) {
			.id = rows_dup_text (rows, 0), .provider = rows_dup_text (rows, 1), .transaction = rows_dup_text (rows, 2),
			.state = rows_dup_text (rows, 3), .amount_fen = rows_int (rows, 4), .posted = rows_int (rows, 5),
		};
	return TRUE;
}

gboolean
db_suspense_get (Tx *tx, const char *id, Suspended *out, gboolean *found, GError **error)
{
	g_autoptr (Rows) rows = tx_query_lock (tx, error,
		"SELECT id, provider, transaction_id, state, amount_fen, posted FROM ledger_suspense WHERE id = $1", P_TEXT (id));

	return read_suspended (rows, out, found);
}

gboolean
db_suspense_of (Tx *tx, const char *provider, const char *transaction, gint64 posted, Suspended *out, gboolean *found, GError **error)
{
	g_autoptr (Rows) rows = tx_query_lock (tx, error,
		"SELECT id, provider, transaction_id, state, amount_fen, posted FROM ledger_suspense "
		"WHERE provider = $1 AND transaction_id = $2 AND posted = $3 AND kind <> 'conflict' AND state = 'open' ORDER BY id LIMIT 1",
		P_TEXT (provider), P_TEXT (transaction), P_INT (posted));

	return read_suspended (rows, out, found);
}

gboolean
db_suspense_resolve (Tx *tx, const Resolution *r, Micros now, GError **error)
{
	return tx_exec (tx, error,
		"UPDATE ledger_suspense SET state = 'resolved', resolution = $2, order_id = $3, reason = $4, first_person = $5, second_person = $6, "
		"resolved = $7 WHERE id = $1 AND state = 'open'", P_TEXT (r->item), P_TEXT (r->resolution), P_TEXT (r->order), P_TEXT (r->reason),
		P_TEXT (r->first), P_TEXT (r->second), P_INT (now)) == 1;
}

gboolean
db_suspense_returned (Tx *tx, const char *id, Micros now, GError **error)
{
	return tx_exec (tx, error, "UPDATE ledger_suspense SET state = 'resolved', resolution = 'returned', resolved = $2 WHERE id = $1 AND state = 'open'",
		P_TEXT (id), P_INT (now)) == 1;
}

/* Members whose column is NULL are left out. */
static json_t *
show (Rows *rows)
{
	json_t *item = json_pack ("{s:s, s:s, s:s, s:s*, s:s*, s:s*, s:s*, s:i, s:o, s:s, s:s, s:s*, s:s*, s:s*}",
		"item", rows_text (rows, 0), "kind", rows_text (rows, 1), "provider", rows_text (rows, 2), "transaction", rows_text (rows, 3),
		"event", rows_text (rows, 4), "order_number", rows_text (rows, 5), "currency", rows_text (rows, 7),
		"posted", (int) rows_int (rows, 8), "at", json_time (rows_int (rows, 9)), "detail", rows_text (rows, 10),
		"state", rows_text (rows, 11), "resolution", rows_text (rows, 12), "order", rows_text (rows, 13), "reason", rows_text (rows, 14));

	if (!rows_is_null (rows, 6))
		json_object_set_new (item, "amount_fen", json_money ((Money) { rows_int (rows, 6) }));
	if (!rows_is_null (rows, 15))
		json_object_set_new (item, "by", json_pack ("[s, s]", rows_text (rows, 15), rows_text (rows, 16)));
	if (!rows_is_null (rows, 17))
		json_object_set_new (item, "resolved", json_time (rows_int (rows, 17)));
	return item;
}

gboolean
db_suspense_list (Tx *tx, const char *id, gboolean open_only, const char *after, guint limit, json_t *items, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT id, kind, provider, transaction_id, event, order_number, amount_fen, currency, posted, at, detail, state, resolution, order_id, "
		"reason, first_person, second_person, resolved FROM ledger_suspense WHERE ($1 = '' OR id = $1) AND ($2 = 0 OR state = 'open') "
		"AND id > $3 ORDER BY id LIMIT $4", P_TEXT (id), P_INT (open_only ? 1 : 0), P_TEXT (after), P_INT (limit));

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL))
		json_array_append_new (items, show (rows));
	return TRUE;
}
