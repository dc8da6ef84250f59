/* api/sales.c — sales for everybody, and qualifying bidders. */
#include <string.h>

#include "api/quotes.h"
#include "api/routes.h"
#include "api/sale_evidence.h"
#include "base/error.h"
#include "market/market.h"

static const char *
sale_of (ApiCall *call)
{
	return request_param (call->request, "id");
}

static const char *
subject_of (ApiCall *call)
{
	return call->has_actor && call->actor.kind == ACTOR_HOLDER ? call->actor.subject : NULL;
}

/* --- reading ------------------------------------------------------------------------------ */

static gboolean
view (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	(void) arg;
	return sale_view (tx, sale_of (call), subject_of (call), request_arrival (call->request), reply, error);
}

static Response *
get_sale (ApiCall *call, GError **error)
{
	return api_read (call, view, NULL, error);
}

static gboolean
list (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	const guint *limit = arg;
	json_t *items = NULL;
	char *next = NULL;
	if (!sale_list (tx, request_query (call->request, "cursor"), *limit, request_arrival (call->request), &items, &next, error))
		return FALSE;
	*reply = api_page (items, next);
	return TRUE;
}

static Response *
get_sales (ApiCall *call, GError **error)
{
	guint limit;
	return api_limit (call, &limit, error) ? api_read (call, list, &limit, error) : NULL;
}

typedef struct {
	gint64 after;
	guint limit;
} EventPage;

static gboolean
events (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	const EventPage *page = arg;
	json_t *items = NULL;
	guint64 next = 0;
	if (!sale_events (tx, sale_of (call), (guint64) page->after, page->limit, request_arrival (call->request), &items, &next, error))
		return FALSE;
	*reply = api_page (items, next != 0 ? g_strdup_printf ("%" G_GUINT64_FORMAT, next) : NULL);
	return TRUE;
}

static Response *
get_events (ApiCall *call, GError **error)
{
	EventPage page;
	/* next_cursor is the `after` of the next page; both names are taken. */
	const char *name = request_query (call->request, "cursor") != NULL ? "cursor" : "after";
	if (!api_query_int (call, name, 0, &page.after, error) || !api_limit (call, &page.limit, error))
		return NULL;
	return api_read (call, events, &page, error);
}

/* The watcher gets the sale as it is, then what happens; after a reconnect what it missed. */
static Response *
get_stream (ApiCall *call, GError **error)
{
	Response *snapshot = api_read (call, view, NULL, error);
	if (snapshot == NULL)
		return NULL;
	gsize n;
	gconstpointer p = g_bytes_get_data (response_body (snapshot), &n);
	g_autofree char *text = g_strndup (p, n);
	response_free (snapshot);
	const char *last = request_header (call->request, "Last-Event-ID");
	guint64 last_id = last != NULL ? g_ascii_strtoull (last, NULL, 10) : 0;
	return response_stream_event (broadcast_stream (call->api->broadcast, sale_of (call)), "sale", text, last_id);
}

/* --- bidders --------------------------------------------------------------------------------- */

typedef struct {
	const Statement *statement;
	Qualification qualification;
} Qualifying;

static gboolean
qualify (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	const Qualifying *q = arg;
	MarketAct act = { call->api->site->site, &call->actor, q->statement, request_arrival (call->request) };
	return bidder_qualify (tx, &act, &q->qualification, reply, error);
}

static Response *
post_bidder (ApiCall *call, GError **error)
{
	g_autoptr (Statement) statement = api_only_statement (call, "bidder.qualify", error);
	if (statement == NULL)
		return NULL;
	/* The certificate the officer names must be known here and good now. */
	const char *hex = json_string_value (json_object_get (statement_payload (statement), "certificate"));
	Fingerprint fingerprint;
	if (hex == NULL || !hex_decode (hex, fingerprint.b, sizeof fingerprint.b)) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, "/statement/certificate", "name the bidder's certificate by its fingerprint");
		return NULL;
	}
	g_auto (Judgement) judged = { 0 };
	if (!certificate_judge_known (call->api->authority, &fingerprint, request_arrival (call->request), &judged, error))
		return NULL;
	if (judged.officer) {
		diqi_error_set (error, DIQI_ERROR_BIDDER_UNQUALIFIED, "/statement/certificate", "an officer does not bid");
		return NULL;
	}
	Qualifying q = { statement, { sale_of (call), judged.certificate, judged.subject } };
	Response *response = api_mutate (call, 201, qualify, &q, error);
	if (response != NULL)
		quotes_announce (call->api, sale_of (call), G_MAXUINT64);
	return response;
}

#define ID "/api/v1/sales/{id}"

const ApiRoute sale_routes[] = {
	{ "GET", "/api/v1/sales", PERMIT_PUBLIC, 0, 0, get_sales },
	{ "GET", ID, PERMIT_PUBLIC, 0, 0, get_sale },
	{ "GET", ID "/events", PERMIT_PUBLIC, 0, 0, get_events },
	{ "GET", ID "/stream", PERMIT_PUBLIC, 0, 0, get_stream },
	{ "POST", ID "/bidders", ROLE_MARKET_APPROVER, API_IDEMPOTENT, STATEMENT_MAX_BYTES + 1024, post_bidder },
	{ "POST", ID "/quotes", PERMIT_HOLDER, API_IDEMPOTENT, STATEMENT_MAX_BYTES + 1024, post_quote,
	  quote_arrived, quote_left },
	{ "GET", ID "/receipts/{seq}", PERMIT_HOLDER | ROLE_AUDITOR, 0, 0, get_receipt },
	{ "GET", ID "/bundle", PERMIT_PUBLIC, 0, 0, get_bundle },
	{ NULL, NULL, 0, 0, 0, NULL, NULL, NULL },
};
