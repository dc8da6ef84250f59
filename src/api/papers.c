/* api/papers.c — required papers, scans, looks, contracts, disposal. */
#include "api/routes.h"
#include "api/two_officers.h"
#include "base/error.h"
#include "registry/disposal.h"

static Response *
get_papers (ApiCall *call, GError **error)
{
	g_autoptr (json_t) reply = NULL;
	if (!registry_required_papers (call->api->registry, request_query (call->request, "service"),
	                               request_query (call->request, "kind"), &reply, error))
		return NULL;
	return api_reply (call, 200, reply);
}

/* --- disposal -------------------------------------------------------------------------- */

typedef struct {
	const char *cursor;
	guint limit;
} Listing;

static gboolean
list_batches (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	const Listing *listing = arg;
	json_t *items = NULL;
	char *next = NULL;
	(void) call;
	if (!disposal_batches (tx, listing->cursor, listing->limit, &items, &next, error))
		return FALSE;
	*reply = api_page (items, next);
	return TRUE;
}

static Response *
get_disposals (ApiCall *call, GError **error)
{
	Listing listing = { request_query (call->request, "cursor"), 0 };
	if (!api_limit (call, &listing.limit, error))
		return NULL;
	return api_read (call, list_batches, &listing, error);
}

static gboolean
approve (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	return disposal_approve (tx, call->api->registry, request_param (call->request, "batch"), arg, reply, error);
}

static Response *
post_disposal (ApiCall *call, GError **error)
{
	g_auto (TwoOfficers) two = { 0 };
	json_t *statements = NULL;
	const Field fields[] = { { "statements", FIELD_ARRAY, TRUE, 2, &statements } };
	if (!JSON_READ (call->body, "", fields, error) || !api_two_officers (call, statements, "disposal.approve", &two, error))
		return NULL;
	return api_mutate (call, 200, approve, &two, error);
}

#define TWO_STATEMENTS_LIMIT (2 * STATEMENT_MAX_BYTES + 1024)

const ApiRoute paper_routes[] = {
	{ "GET", "/api/v1/papers", PERMIT_PUBLIC, 0, 0, get_papers, NULL, NULL },
	{ "GET", "/api/v1/disposals", ROLE_ADMINISTRATOR | ROLE_AUDITOR, 0, 0, get_disposals, NULL, NULL },
	{ "POST", "/api/v1/disposals/{batch}/approve", ROLE_ADMINISTRATOR | ROLE_AUDITOR, API_IDEMPOTENT, TWO_STATEMENTS_LIMIT, post_disposal, NULL, NULL },
	{ NULL, NULL, 0, 0, 0, NULL, NULL, NULL },
};
