/* market/receipt.c — what became of a quote, for the site's receipt key to sign (docs/statements.md). */
#include "market/market_private.h"

#include <string.h>

#include "base/random.h"

json_t *
receipt_payload (const char *site, const QuoteOutcome *outcome, Micros now)
{
	g_autofree char *nonce = random_token (16);
	json_t *payload = json_object ();

	json_object_set_new (payload, "type", json_string ("receipt"));
	json_object_set_new (payload, "site", json_string (site));
	json_object_set_new (payload, "time", json_time (now));
	json_object_set_new (payload, "nonce", json_string (nonce));
	json_object_set_new (payload, "sale", json_string (outcome->sale));
	json_object_set_new (payload, "seq", json_integer ((json_int_t) outcome->seq));
	json_object_set_new (payload, "arrival", json_time (outcome->arrival));
	json_object_set_new (payload, "verdict", json_string (outcome->verdict.accepted ? "accepted" : "refused"));
	if (!outcome->verdict.accepted)
		json_object_set_new (payload, "code", json_string (diqi_code_name (outcome->verdict.code)));
	json_object_set_new (payload, "price_fen", json_money (outcome->quoted));
	json_object_set_new (payload, "quote", json_hex (outcome->quote.b, sizeof outcome->quote.b));
	json_object_set_new (payload, "head", json_hex (outcome->head.b, sizeof outcome->head.b));
	if (outcome->deadline > 0)
		json_object_set_new (payload, "deadline", json_time (outcome->deadline));
	json_object_set_new (payload, "log_index", json_integer ((json_int_t) outcome->log.index));
	json_object_set_new (payload, "leaf", json_hex (outcome->log.leaf_hash.b, sizeof outcome->log.leaf_hash.b));
	return payload;
}

static const char *text_of (const json_t *event, const char *name) { return json_string_value (json_object_get (event, name)); }

/* The stored event is ours and canonical; what does not fit is a damaged database. */
static gboolean
outcome_of_event (const char *sale, const EventRow *row, QuoteOutcome *out, GError **error)
{
	g_autoptr (json_t) event = json_read_strict (row->event, strlen (row->event), 65536, error);

	if (event == NULL)
		return FALSE;
	*out = (QuoteOutcome) { .seq = row->seq, .quote = row->quote, .head = row->head, .log = { row->log_index, row->leaf_hash, row->at } };
	g_strlcpy (out->sale, sale, sizeof out->sale);
	g_strlcpy (out->bidder_no, row->bidder_no, sizeof out->bidder_no);
	out->verdict.happened = TRUE;
	out->verdict.accepted = g_strcmp0 (text_of (event, "verdict"), "accepted") == 0;
	const char *code = text_of (event, "code"), *deadline = text_of (event, "deadline"), *highest = text_of (event, "highest_fen");
	if (!time_parse (text_of (event, "arrival"), &out->arrival, error) ||
	    !money_parse_fen (text_of (event, "price_fen"), &out->quoted, error) ||
	    (deadline != NULL && !time_parse (deadline, &out->deadline, error)) ||
	    (highest != NULL && !money_parse_fen (highest, &out->highest, error)))
		return FALSE;
	if (!sale_phase_from_name (text_of (event, "phase"), &out->phase) || (code != NULL && !diqi_code_from_name (code, &out->verdict.code)))
		return diqi_fail (error, DIQI_ERROR_STORE, NULL, "a stored event has an unknown phase or code");
	out->event = g_steal_pointer (&event);
	return TRUE;
}

static gboolean
subject_of_bidder (Tx *tx, const char *sale, const char *bidder_no, char **subject, GError **error)
{
	g_autoptr (GPtrArray) bidders = g_ptr_array_new ();

	if (!db_bidders (tx, sale, bidders, error))
		return FALSE;
	for (guint i = 0; i < bidders->len; i++) {
		const BidderRow *row = g_ptr_array_index (bidders, i);
		if (strcmp (row->bidder_no, bidder_no) != 0)
			continue;
		*subject = g_strdup (row->subject);
		return TRUE;
	}
	return diqi_fail (error, DIQI_ERROR_STORE, NULL, "a quote's bidder is missing");
}

gboolean
receipt_find (Tx *tx, const char *sale, guint64 seq, char **receipt, QuoteOutcome *outcome, char **subject, GError **error)
{
	g_auto (EventRow) row = { 0 };
	gboolean found = FALSE;

	if (seq > G_MAXINT64 || !db_event_get (tx, sale, seq, &row, &found, error))
		return seq <= G_MAXINT64 ? FALSE : diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no such event");
	if (!found || !row.has_quote)
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "event %" G_GUINT64_FORMAT " of this sale is no quote", seq);
	return db_receipt_get (tx, sale, seq, receipt, error) && outcome_of_event (sale, &row, outcome, error) &&
	       (subject == NULL || subject_of_bidder (tx, sale, row.bidder_no, subject, error));
}

gboolean
receipt_store (Tx *tx, const char *sale, guint64 seq, const char *receipt, GError **error)
{
	return db_receipt_insert (tx, sale, seq, receipt, error);
}
