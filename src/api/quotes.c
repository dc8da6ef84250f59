/* api/quotes.c — see quotes.h.
 *
 *   arrival   stamped by net, a ticket taken before the request queues for a worker
 *   verify    the statement's signature, outside any transaction, in parallel
 *   decide    one transaction in the order of arrival: step, event, log leaf, Idempotency-Key
 *   answer    receipt signed and stored, then sent; a crash in between leaves a receipt that is
 *             signed when it is asked for again */
#include "api/quotes.h"

#include <string.h>

#include "base/error.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "market/market.h"

typedef struct {
	ApiCall *call;
	const char *sale;
	const Statement *statement;
	ArrivalTicket *ticket;
	IdempotencyKey key;
	QuoteOutcome outcome;
	char *receipt;
} Quoting;

static void
quoting_reset (Quoting *q)
{
	quote_outcome_clear (&q->outcome);
	memset (&q->outcome, 0, sizeof q->outcome);
	g_clear_pointer (&q->receipt, g_free);
}

/* --- announcing ----------------------------------------------------------------------------- */

typedef struct {
	const char *sale;
	Micros now;
	json_t *view;
} Announcement;

static gboolean
read_announcement (Tx *tx, gpointer arg, GError **error)
{
	Announcement *a = arg;
	g_clear_pointer (&a->view, json_decref);
	return sale_view (tx, a->sale, NULL, a->now, &a->view, error);
}

void
quotes_announce (Api *api, const char *sale, guint64 seq)
{
	if (!broadcast_wants (api->broadcast, sale, seq))
		return;
	Announcement a = { sale, clock_now (api->clock), NULL };
	g_autoptr (GError) error = NULL;
	if (store_read (api->store, "sale.announce", read_announcement, &a, &error))
		broadcast_sale (api->broadcast, sale, (guint64) json_integer_value (json_object_get (a.view, "seq")), a.view);
	else if (!g_error_matches (error, DIQI_ERROR, DIQI_ERROR_NOT_FOUND))      /* not yet announced: nobody watches */
		log_event (LOG_LEVEL_WARN, "sale.announce", "sale", "%s", sale, "error", "%s", error->message, NULL);
	json_decref (a.view);
}

/* --- deciding --------------------------------------------------------------------------------- */

/* An earlier try of this request: its outcome stands. */
static gboolean
recall (Tx *tx, Quoting *q, const json_t *record, GError **error)
{
	guint64 seq = (guint64) json_integer_value (json_object_get (record, "seq"));
	return receipt_find (tx, q->sale, seq, &q->receipt, &q->outcome, NULL, error);
}

static gboolean
place (Tx *tx, Quoting *q, GError **error)
{
	ApiCall *call = q->call;
	MarketAct act = { call->api->site->site, &call->actor, q->statement, clock_now (call->api->clock) };
	QuoteRequest request = { q->sale, request_arrival (call->request), q->ticket };
	if (!quote_place (tx, &act, &request, &q->outcome, error))
		return FALSE;
	g_autoptr (json_t) record = json_pack ("{s:I}", "seq", (json_int_t) q->outcome.seq);
	return idempotency_record (tx, &q->key, q->outcome.verdict.accepted ? 201 : 409, record, act.now, error);
}

static gboolean
decide (Tx *tx, gpointer arg, GError **error)
{
	Quoting *q = arg;
	gboolean found;
	guint status;
	g_autoptr (json_t) record = NULL;
	quoting_reset (q);
	if (!idempotency_find (tx, &q->key, &found, &status, &record, error))
		return FALSE;
	if (!found)
		return place (tx, q, error);
	return recall (tx, q, record, error);
}

/* --- the receipt --------------------------------------------------------------------------------- */

static gboolean
store_receipt (Tx *tx, gpointer arg, GError **error)
{
	const Quoting *q = arg;
	return receipt_store (tx, q->sale, q->outcome.seq, q->receipt, error);
}

static gboolean
sign_receipt (Quoting *q, GError **error)
{
	Api *api = q->call->api;
	if (q->receipt != NULL)
		return TRUE;
	g_autoptr (json_t) payload = receipt_payload (api->site->site, &q->outcome, clock_now (api->clock));
	q->receipt = signer_sign_receipt (api->signer, payload, error);
	if (q->receipt == NULL)
		return FALSE;
	FAILPOINT ("quote.signed");
	return store_run (api->store, "quote.receipt", store_receipt, q, error);
}

static Response *
answer (Quoting *q)
{
	gboolean accepted = q->outcome.verdict.accepted;
	metrics_add (q->call->api->metrics, "auction_bids_total", "Quotes by verdict",
	             accepted ? "result=\"accepted\"" : "result=\"refused\"", 1);
	g_autoptr (json_t) reply = quote_reply (&q->outcome, q->receipt);
	if (accepted)
		return api_reply (q->call, 201, reply);
	g_autoptr (GError) refusal = NULL;
	quote_refusal (&q->outcome, &refusal);
	return response_problem (q->call->request, refusal, reply);
}

gpointer
quote_arrived (Request *request)
{
	const Api *api = request_user (request);
	return arrival_enter (api->watermark, request_param (request, "id"), request_arrival (request));
}

void
quote_left (gpointer ticket)
{
	arrival_leave (ticket);
}

Response *
post_quote (ApiCall *call, GError **error)
{
	Micros begin = clock_monotonic ();
	g_autoptr (Statement) statement = api_only_statement (call, "quote", error);
	if (statement == NULL)
		return NULL;
	Quoting q = { .call = call, .sale = request_param (call->request, "id"), .statement = statement };
	g_autofree char *actor = api_idempotency_key (call, &q.key);
	q.ticket = request_arrived (call->request);
	Response *response = NULL;
	if (arrival_run (q.ticket, call->api->store, "quote", decide, &q, error)) {
		FAILPOINT ("quote.committed");
		quotes_announce (call->api, q.sale, q.outcome.seq);
		response = sign_receipt (&q, error) ? answer (&q) : NULL;
	}
	quoting_reset (&q);
	metrics_observe (call->api->metrics, "auction_bid_accept_seconds", "Time from verified statement to signed receipt", NULL,
	                 clock_monotonic () - begin);
	return response;
}

/* --- asking again ----------------------------------------------------------------------------------- */

typedef struct {
	Quoting q;
	guint64 seq;
} Asking;

static gboolean
find_receipt (Tx *tx, gpointer arg, GError **error)
{
	Asking *a = arg;
	const Actor *actor = &a->q.call->actor;
	g_autofree char *subject = NULL;
	quoting_reset (&a->q);
	if (!receipt_find (tx, a->q.sale, a->seq, &a->q.receipt, &a->q.outcome, &subject, error))
		return FALSE;
	if (actor->kind == ACTOR_HOLDER && g_strcmp0 (subject, actor->subject) != 0)
		return diqi_fail (error, DIQI_ERROR_PERMISSION, NULL, "this receipt is another bidder's");
	return TRUE;
}

Response *
get_receipt (ApiCall *call, GError **error)
{
	Asking a = { .q = { .call = call, .sale = request_param (call->request, "id") } };
	if (!g_ascii_string_to_unsigned (request_param (call->request, "seq"), 10, 1, G_MAXINT64, &a.seq, NULL)) {
		diqi_error_set (error, DIQI_ERROR_NOT_FOUND, NULL, "no such receipt");
		return NULL;
	}
	Response *response = NULL;
	if (store_read (call->api->store, "receipt.find", find_receipt, &a, error) && sign_receipt (&a.q, error)) {
		g_autoptr (json_t) reply = json_pack ("{s:s}", "receipt", a.q.receipt);
		response = api_reply (call, 200, reply);
	}
	quoting_reset (&a.q);
	return response;
}
