/* market/bidder.c — giving a holder the right to quote. */
#include "market/market_private.h"

#include <string.h>

typedef struct {
	const char *sale, *subject, *bidder_no, *certificate, *spki;
} Grant;

static gboolean
read_grant (const MarketAct *act, const Qualification *q, Grant *out, GError **error)
{
	const Field fields[] = {
		{ "sale", FIELD_UUID, TRUE, 0, &out->sale }, { "subject", FIELD_UUID, TRUE, 0, &out->subject },
		{ "bidder_no", FIELD_STRING, TRUE, BIDDER_NO_SIZE - 1, &out->bidder_no },
		{ "certificate", FIELD_HEX32, TRUE, 0, &out->certificate }, { "spki", FIELD_HEX32, TRUE, 0, &out->spki },
	};

	if (!act_read_statement (act, "bidder.qualify", act->now, fields, G_N_ELEMENTS (fields), error))
		return FALSE;
	if (strcmp (out->sale, q->sale) != 0)
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, "/statement/sale", "the statement is about another sale");
	if (!bidder_no_is_valid (out->bidder_no))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/statement/bidder_no", "1 to %d letters, digits or '-'", BIDDER_NO_SIZE - 1);
	return TRUE;
}

/* The officer's statement and the authority's certificate speak of the same key and the same holder. */
static gboolean
check_certificate (const Qualification *q, const Grant *grant, GError **error)
{
	Fingerprint stated;

	hash_of_hex (grant->certificate, &stated);
	if (!fingerprint_equal (&stated, certificate_fingerprint (q->certificate)))
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, "/statement/certificate", "this is another certificate's fingerprint");
	hash_of_hex (grant->spki, &stated);
	if (!fingerprint_equal (&stated, public_key_fingerprint (certificate_public_key (q->certificate))))
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, "/statement/spki", "the certificate has another key");
	if (strcmp (grant->subject, q->subject) != 0)
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, "/statement/subject", "the certificate was issued to another subject");
	return TRUE;
}

static gboolean
check_free (Tx *tx, const Grant *grant, GError **error)
{
	g_auto (BidderRow) before = { 0 };
	gboolean found = FALSE, taken = FALSE;
	gint64 count = 0;

	if (!db_bidder_of_subject (tx, grant->sale, grant->subject, &before, &found, error))
		return FALSE;
	if (found)
		return diqi_fail (error, DIQI_ERROR_BIDDER_QUALIFIED, "/statement/subject", "already qualified as %s", before.bidder_no);
	if (!db_bidder_no_taken (tx, grant->sale, grant->bidder_no, &taken, error))
		return FALSE;
	if (taken)
		return diqi_fail (error, DIQI_ERROR_EXISTS, "/statement/bidder_no", "the number belongs to another bidder of this sale");
	if (!db_bidder_count (tx, grant->sale, &count, error))
		return FALSE;
	return count < SALE_MAX_BIDDERS ||
	       diqi_fail (error, DIQI_ERROR_SALE_STATE, NULL, "the sale has %d bidders, the most there can be", SALE_MAX_BIDDERS);
}

static gboolean
insert_bidder (Tx *tx, const Qualification *q, const Grant *grant, Micros now, GError **error)
{
	PublicKey *key = certificate_public_key (q->certificate);
	g_auto (BidderRow) row = {
		.bidder_no = g_strdup (grant->bidder_no), .subject = g_strdup (grant->subject),
		.fingerprint = *certificate_fingerprint (q->certificate), .spki_hash = *public_key_fingerprint (key),
		.certificate = certificate_der (q->certificate), .spki = public_key_spki (key),
	};

	return db_bidder_insert (tx, grant->sale, &row, now, error);
}

static gboolean
record_grant (Tx *tx, const MarketAct *act, const Grant *grant, SaleState *state, GError **error)
{
	SaleEvent event = { .kind = SALE_EVENT_QUALIFY, .at = act->now };
	g_autoptr (json_t) by = act_by (act);
	EventRecord record = { state, &event, act->statement, "bidder.qualify", act->now, by };
	SaleVerdict verdict;

	g_strlcpy (event.bidder, grant->bidder_no, sizeof event.bidder);
	if (state->phase >= SALE_LIMIT_TIME)       /* an officer's mistake, no event of the sale */
		return diqi_fail (error, DIQI_ERROR_SALE_STATE, NULL, "nobody is qualified from limit-time on; the sale is %s",
		                  sale_phase_name (state->phase));
	if (!sale_record (tx, &record, &verdict, NULL, NULL, error))
		return FALSE;
	g_assert (verdict.accepted);               /* check_free and the phase leave no other reason */
	return db_sale_update (tx, state, error);
}

gboolean
bidder_qualify (Tx *tx, const MarketAct *act, const Qualification *q, json_t **out, GError **error)
{
	g_auto (SaleState) state = { 0 };
	Grant grant = { 0 };

	if (!act_require_role (act, ROLE_MARKET_APPROVER, error) || !read_grant (act, q, &grant, error) ||
	    !check_certificate (q, &grant, error) || !sale_lock (tx, q->sale, &state, error))
		return FALSE;
	/* Quotes may be under way that decide what this moment brings: the ticker settles it, not an officer. */
	if (sale_next_moment (&state) <= act->now)
		return diqi_fail (error, DIQI_ERROR_SALE_SETTLING, NULL, "the sale is passing one of its moments; try again");
	if (!check_free (tx, &grant, error) || !insert_bidder (tx, q, &grant, act->now, error) ||
	    !record_grant (tx, act, &grant, &state, error))
		return FALSE;
	if (out != NULL)
		*out = json_pack ("{s:s, s:s, s:I}", "sale", grant.sale, "bidder_no", grant.bidder_no, "seq", (json_int_t) state.seq);
	return TRUE;
}
