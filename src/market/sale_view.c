/* market/sale_view.c — what the public and a bidder see of a sale (docs/api/README.md). */
#include "market/market_private.h"

#include <string.h>

static void set (json_t *object, const char *name, json_t *value) { json_object_set_new (object, name, value); }

static json_t *money_or_null (Money m) { return m.fen > 0 ? json_money (m) : json_null (); }

static json_t *
result_json (const SaleState *state)
{
	if (state->phase != SALE_CLOSED)
		return json_null ();
	json_t *result = json_pack ("{s:s, s:o}", "result", sale_result_name (state->result), "closed", json_time (state->closed_at));
	if (state->result == RESULT_WON) {
		set (result, "bidder_no", json_string (state->leader));
		set (result, "price_fen", json_money (state->price));
	}
	return result;
}

static void
add_state (json_t *view, const SaleState *state, Micros now)
{
	const RuleSet *rules = &state->terms.rules;
	Money next;

	set (view, "rule_set", json_pack ("{s:s, s:i, s:o}", "name", rules->name, "version", rules->version,
	                                  "hash", json_hex (rules->hash.b, sizeof rules->hash.b)));
	set (view, "phase", json_string (sale_phase_name (state->phase)));
	set (view, "price_fen", money_or_null (state->price));
	set (view, "start_fen", json_money (state->terms.start));
	set (view, "increment_fen", json_money (state->terms.increment));
	if (state->terms.cap.fen > 0)
		set (view, "cap_fen", json_money (state->terms.cap));
	set (view, "next_fen", sale_next_price (state, &next) ? json_money (next) : json_null ());
	set (view, "seq", json_integer ((json_int_t) state->seq));
	set (view, "head", json_hex (state->head.b, sizeof state->head.b));
	set (view, "deadline", state->deadline > 0 ? json_time (state->deadline) : json_null ());
	set (view, "prompts", json_integer (sale_prompts_due (state, now)));
	set (view, "listing_start", json_time (state->terms.listing_start));
	set (view, "quiet_from", json_time (state->terms.listing_end - rules->quiet));
	set (view, "listing_end", json_time (state->terms.listing_end));
	set (view, "result", result_json (state));
}

/* Anonymity must still show a bidder unmistakably whether it leads. */
static gboolean
add_me (Tx *tx, json_t *view, const SaleState *state, const char *subject, GError **error)
{
	g_auto (BidderRow) bidder = { 0 };
	gboolean found = FALSE;

	if (subject == NULL)
		return TRUE;
	if (!db_bidder_of_subject (tx, state->terms.sale, subject, &bidder, &found, error))
		return FALSE;
	if (found)
		set (view, "me", json_pack ("{s:s, s:b}", "bidder_no", bidder.bidder_no, "leading", strcmp (bidder.bidder_no, state->leader) == 0));
	return TRUE;
}

static gboolean
add_notice (Tx *tx, json_t *view, const char *notice, GError **error)
{
	g_auto (NoticeRow) row = { 0 };
	gboolean found = FALSE;

	if (!db_notice_get (tx, notice, &row, &found, error))
		return FALSE;
	if (!found)
		return diqi_fail (error, DIQI_ERROR_STORE, NULL, "a sale's notice is missing");
	g_autoptr (json_t) content = json_read_strict (row.content, strlen (row.content), 1 << 20, error);
	if (content == NULL)
		return FALSE;
	set (view, "notice", json_string (notice));
	json_object_set (view, "parcel", json_object_get (content, "parcel"));
	return TRUE;
}

gboolean
sale_view (Tx *tx, const char *sale, const char *subject, Micros now, json_t **view, GError **error)
{
	g_auto (SaleState) state = { 0 };
	g_autofree char *notice = NULL;
	gboolean found = FALSE;

	if (!db_sale_get (tx, sale, &state, &notice, &found, error))
		return FALSE;
	if (!found || now < state.terms.announced_at)
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no such sale");
	g_autoptr (json_t) made = json_object ();
	set (made, "sale", json_string (sale));
	set (made, "server_time", json_time (now));
	add_state (made, &state, now);
	if (!add_notice (tx, made, notice, error) || !add_me (tx, made, &state, subject, error))
		return FALSE;
	*view = g_steal_pointer (&made);
	return TRUE;
}

gboolean
sale_list (Tx *tx, const char *cursor, guint limit, Micros now, json_t **items, char **next_cursor, GError **error)
{
	g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);
	g_autoptr (json_t) list = json_array ();

	if (!db_sales_announced (tx, now, cursor, limit + 1, ids, error))
		return FALSE;
	for (guint i = 0; i < MIN (ids->len, limit); i++) {
		json_t *view = NULL;
		if (!sale_view (tx, g_ptr_array_index (ids, i), NULL, now, &view, error))
			return FALSE;
		json_array_append_new (list, view);
	}
	*next_cursor = ids->len > limit ? g_strdup (g_ptr_array_index (ids, limit - 1)) : NULL;
	*items = g_steal_pointer (&list);
	return TRUE;
}

gboolean
sale_events (Tx *tx, const char *sale, guint64 after, guint limit, Micros now, json_t **items, guint64 *next, GError **error)
{
	g_autoptr (GPtrArray) rows = g_ptr_array_new ();
	g_autoptr (json_t) list = json_array ();
	g_auto (SaleState) state = { 0 };
	gboolean found = FALSE;

	if (!db_sale_get (tx, sale, &state, NULL, &found, error))
		return FALSE;
	if (!found || now < state.terms.announced_at)
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no such sale");
	if (!db_events (tx, sale, MIN (after, G_MAXINT64), limit + 1, rows, error))
		return FALSE;
	for (guint i = 0; i < MIN (rows->len, limit); i++) {
		const EventRow *row = g_ptr_array_index (rows, i);
		json_t *event = json_read_strict (row->event, strlen (row->event), 65536, error);
		if (event == NULL)
			return FALSE;
		set (event, "head", json_hex (row->head.b, sizeof row->head.b));
		json_array_append_new (list, event);
	}
	*next = rows->len > limit ? ((EventRow *) g_ptr_array_index (rows, limit - 1))->seq : 0;
	*items = g_steal_pointer (&list);
	return TRUE;
}
