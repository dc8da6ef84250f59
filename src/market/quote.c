/* market/quote.c — a signed quote reaches its sale. */
#include "market/market_private.h"

#include <string.h>

void
quote_outcome_clear (QuoteOutcome *outcome)
{
	g_clear_pointer (&outcome->event, json_decref);
}

/* What the statement says; nothing beside it counts. */
static gboolean
read_quote (const MarketAct *act, const QuoteRequest *request, SaleEvent *out, GError **error)
{
	const char *sale = NULL, *rule_set = NULL, *head = NULL;
	const Field fields[] = {
		{ "sale", FIELD_UUID, TRUE, 0, &sale }, { "rule_set", FIELD_HEX32, TRUE, 0, &rule_set },
		{ "price_fen", FIELD_MONEY, TRUE, 0, &out->price }, { "head", FIELD_HEX32, TRUE, 0, &head },
	};

	if (act->actor->kind != ACTOR_HOLDER)
		return diqi_fail (error, DIQI_ERROR_PERMISSION, NULL, "only certificate holders quote");
	if (!act_read_statement (act, "quote", request->arrival, fields, G_N_ELEMENTS (fields), error))
		return FALSE;
	if (strcmp (sale, request->sale) != 0)
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, "/statement/sale", "the statement is about another sale");
	hash_of_hex (rule_set, &out->rule_set);
	hash_of_hex (head, &out->head);
	out->kind = SALE_EVENT_QUOTE;
	out->at = request->arrival;
	return TRUE;
}

/* The bidder is the subject; the key is the one that was qualified, so that outsiders can check the signature. */
static gboolean
find_bidder (Tx *tx, const MarketAct *act, const char *sale, BidderRow *out, GError **error)
{
	const Actor *actor = act->actor;
	gboolean found = FALSE;

	if (!db_bidder_of_subject (tx, sale, actor->subject, out, &found, error))
		return FALSE;
	if (!found)
		return diqi_fail (error, DIQI_ERROR_BIDDER_UNQUALIFIED, NULL, "not qualified to bid in this sale");
	if (fingerprint_equal (&out->fingerprint, &actor->fingerprint))
		return TRUE;
	if (actor->certificate != NULL &&
	    fingerprint_equal (&out->spki_hash, public_key_fingerprint (certificate_public_key (actor->certificate))))
		return TRUE;
	return diqi_fail (error, DIQI_ERROR_BIDDER_UNQUALIFIED, "/statement", "another key of this holder was qualified for the sale");
}

/* The row holds no lists: the state gets the one bidder that the step will ask about. */
static void
place_bidder (SaleState *state, const BidderRow *bidder)
{
	bidder_list_add (state->qualified, bidder->bidder_no);
	if (bidder->quoted)
		bidder_list_add (state->quoted, bidder->bidder_no);
}

static gboolean
head_is_known (Tx *tx, const SaleState *state, const Fingerprint *head, gboolean *known, GError **error)
{
	Fingerprint first;

	*known = fingerprint_equal (head, &state->head);
	if (*known)                                /* as a rule the bidder saw the newest */
		return TRUE;
	if (!db_sale_terms_head (tx, state->terms.sale, &first, error))
		return FALSE;
	*known = fingerprint_equal (head, &first);
	return *known || db_event_has_head (tx, state->terms.sale, head, known, error);
}

static void
fill_outcome (QuoteOutcome *out, const SaleState *state, const SaleEvent *event, const Statement *statement)
{
	g_strlcpy (out->sale, state->terms.sale, sizeof out->sale);
	g_strlcpy (out->bidder_no, event->bidder, sizeof out->bidder_no);
	out->seq = state->seq;
	out->arrival = event->at;
	out->quoted = event->price;
	out->quote = *statement_payload_hash (statement);
	out->head = state->head;
	out->phase = state->phase;
	out->highest = state->price;
	out->deadline = state->deadline;
}

static gboolean
take (Tx *tx, const MarketAct *act, SaleState *state, const BidderRow *bidder, SaleEvent *event, QuoteOutcome *out, GError **error)
{
	EventRecord record = { state, event, act->statement, "quote", act->now, NULL };
	gboolean moved = FALSE;

	if (!sale_settle (tx, state, event->at, act->now, &moved, error) ||
	    !head_is_known (tx, state, &event->head, &event->head_known, error))
		return FALSE;
	place_bidder (state, bidder);
	g_strlcpy (event->bidder, bidder->bidder_no, sizeof event->bidder);
	if (!sale_record (tx, &record, &out->verdict, &out->event, &out->log, error))
		return FALSE;
	if (out->verdict.accepted && !bidder->quoted && !db_bidder_set_quoted (tx, state->terms.sale, bidder->bidder_no, error))
		return FALSE;
	fill_outcome (out, state, event, act->statement);
	return db_sale_update (tx, state, error);
}

gboolean
quote_place (Tx *tx, const MarketAct *act, const QuoteRequest *request, QuoteOutcome *out, GError **error)
{
	g_auto (SaleState) state = { 0 };
	g_auto (BidderRow) bidder = { 0 };
	SaleEvent event = { 0 };

	quote_outcome_clear (out);                 /* of a run that lost a race */
	if (!read_quote (act, request, &event, error) || !sale_lock (tx, request->sale, &state, error))
		return FALSE;
	if (!find_bidder (tx, act, request->sale, &bidder, error))
		return FALSE;
	Micros moment = sale_next_moment (&state);
	if (request->ticket != NULL && moment <= request->arrival && !arrival_may_settle (request->ticket, moment))
		return diqi_fail (error, DIQI_ERROR_SALE_SETTLING, NULL, "quotes from before this moment are still on their way");
	return take (tx, act, &state, &bidder, &event, out, error);
}

/* --- answers ---------------------------------------------------------------------------------- */

static const char *
field_at_fault (DiqiErrorCode code)
{
	switch (code) {
	case DIQI_ERROR_QUOTE_BELOW_START:
	case DIQI_ERROR_QUOTE_LATTICE:
	case DIQI_ERROR_QUOTE_ABOVE_LIMIT:
		return "/statement/price_fen";
	case DIQI_ERROR_QUOTE_HEAD:
		return "/statement/head";
	case DIQI_ERROR_QUOTE_RULE_SET:
		return "/statement/rule_set";
	default:
		return NULL;
	}
}

void
quote_refusal (const QuoteOutcome *outcome, GError **error)
{
	g_assert (!outcome->verdict.accepted);
	diqi_error_set (error, outcome->verdict.code, field_at_fault (outcome->verdict.code), "event %" G_GUINT64_FORMAT " of the sale: %s",
	                outcome->seq, diqi_code_title_en (outcome->verdict.code));
}

json_t *
quote_reply (const QuoteOutcome *outcome, const char *receipt)
{
	json_t *reply = json_object ();

	if (receipt != NULL)
		json_object_set_new (reply, "receipt", json_string (receipt));
	json_object_set_new (reply, "seq", json_integer ((json_int_t) outcome->seq));
	json_object_set_new (reply, "verdict", json_string (outcome->verdict.accepted ? "accepted" : "refused"));
	json_object_set_new (reply, "price_fen", json_money (outcome->quoted));
	json_object_set_new (reply, "head", json_hex (outcome->head.b, sizeof outcome->head.b));
	json_object_set_new (reply, "deadline", outcome->deadline > 0 ? json_time (outcome->deadline) : json_null ());
	return reply;
}
