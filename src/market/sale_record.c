/* market/sale_record.c — one event of a sale: stepped, chained, logged and stored, in the caller's transaction. */
#include "market/market_private.h"

#include <string.h>

static gboolean
store_event (Tx *tx, const EventRecord *record, const json_t *json, const LogPosition *position, GError **error)
{
	const SaleState *state = record->state;
	const SaleEvent *event = record->event;
	gboolean names_bidder = event->kind == SALE_EVENT_QUALIFY || event->kind == SALE_EVENT_QUOTE;
	g_autofree char *text = jcs_dump (json, NULL, error);

	if (text == NULL)
		return FALSE;
	EventRow row = {
		.seq = state->seq, .kind = (char *) sale_event_kind_name (event->kind), .at = state->at,
		.bidder_no = names_bidder ? (char *) event->bidder : NULL, .event = text, .head = state->head,
		.has_quote = event->kind == SALE_EVENT_QUOTE, .log_index = position->index, .leaf_hash = position->leaf_hash,
	};
	if (row.has_quote)
		row.quote = *statement_payload_hash (record->statement);
	return db_event_insert (tx, state->terms.sale, &row, error);
}

gboolean
sale_record (Tx *tx, const EventRecord *record, SaleVerdict *verdict, json_t **json, LogPosition *position, GError **error)
{
	SaleState *state = record->state;
	const char *sale = state->terms.sale;
	LogPosition own;

	sale_step (state, record->event, verdict);
	if (!verdict->happened)
		return TRUE;
	g_autoptr (json_t) event = sale_event_json (sale, state, record->event, verdict);
	g_autoptr (json_t) effect = json_copy (event);
	if (record->by != NULL)
		json_object_set (effect, "by", (json_t *) record->by);
	/* A clock that was set back must not make the log say that it knew an event before it happened. */
	if (!evidence_append (tx, record->type, sale, MAX (record->now, state->at), record->statement, effect, &own, error))
		return FALSE;
	sale_chain (state, event);
	if (!store_event (tx, record, event, &own, error))
		return FALSE;
	if (json != NULL)
		*json = json_incref (event);
	if (position != NULL)
		*position = own;
	return TRUE;
}

gboolean
sale_settle (Tx *tx, SaleState *state, Micros until, Micros now, gboolean *moved, GError **error)
{
	for (Micros moment; (moment = sale_next_moment (state)) <= until;) {
		SaleEvent event = { .kind = SALE_EVENT_TIME, .at = moment };
		EventRecord record = { state, &event, NULL, "sale.phase", now, NULL };
		SaleVerdict verdict;
		if (!sale_record (tx, &record, &verdict, NULL, NULL, error))
			return FALSE;
		*moved = TRUE;
	}
	return TRUE;
}

gboolean
sale_lock (Tx *tx, const char *sale, SaleState *out, GError **error)
{
	gboolean found = FALSE;

	if (!db_sale_lock (tx, sale, out, &found, error))
		return FALSE;
	return found || diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no such sale");
}

gboolean
sale_load (Tx *tx, const char *sale, SaleState *out, GError **error)
{
	g_autoptr (GPtrArray) bidders = g_ptr_array_new ();
	gboolean found = FALSE;

	if (!db_sale_get (tx, sale, out, NULL, &found, error))
		return FALSE;
	if (!found)
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no such sale");
	if (!db_bidders (tx, sale, bidders, error)) {
		sale_state_clear (out);
		return FALSE;
	}
	for (guint i = 0; i < bidders->len; i++) {
		const BidderRow *bidder = g_ptr_array_index (bidders, i);
		bidder_list_add (out->qualified, bidder->bidder_no);
		if (bidder->quoted)
			bidder_list_add (out->quoted, bidder->bidder_no);
	}
	return TRUE;
}
