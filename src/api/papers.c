/* api/papers.c — required papers, scans, looks, contracts, disposal. */
#include <string.h>

#include "api/routes.h"
#include "api/two_officers.h"
#include "base/error.h"
#include "registry/contract.h"
#include "registry/disposal.h"
#include "registry/scan.h"

static Response *
get_papers (ApiCall *call, GError **error)
{
	g_autoptr (json_t) reply = NULL;
	if (!registry_required_papers (call->api->registry, request_query (call->request, "service"),
	                               request_query (call->request, "kind"), &reply, error))
		return NULL;
	return api_reply (call, 200, reply);
}

/* --- scans ------------------------------------------------------------------------------- */

static const char *
id_of (ApiCall *call)
{
	return request_param (call->request, "id");
}

static gboolean
list_papers (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	(void) arg;
	return application_papers (tx, call->api->registry, &call->actor, id_of (call), reply, error);
}

static Response *
get_application_papers (ApiCall *call, GError **error)
{
	return api_read (call, list_papers, NULL, error);
}

static gboolean
add_scan (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	return scan_add (tx, call->api->registry, &call->actor, id_of (call), arg, reply, error);
}

static Response *
post_scan (ApiCall *call, GError **error)
{
	g_auto (NewScan) scan = { 0 };
	GBytes *content = request_body (call->request);
	if (!scan_read (call->api->registry, request_param (call->request, "paper"), request_query (call->request, "name"), content, &scan, error) ||
	    !scan_seal (call->api->signer, content, &scan, error))
		return NULL;
	return api_mutate (call, 201, add_scan, &scan, error);
}

/* --- looks ------------------------------------------------------------------------------- */

typedef struct {
	ApiCall *call;
	LookOrder order;
	SealedScan sealed;
} Look;

static gboolean
record_look (Tx *tx, gpointer arg, GError **error)
{
	Look *look = arg;
	ApiCall *call = look->call;
	return look_record (tx, call->api->registry, &call->actor, id_of (call), request_param (call->request, "scan"), &look->order, &look->sealed, error);
}

static Response *
answer_scan (const SealedScan *sealed, GBytes *content)
{
	Response *response = response_bytes (200, sealed->media_type, content);
	const char *extension = strrchr (sealed->media_type, '/') + 1;
	g_autofree char *disposition = g_strdup_printf ("attachment; filename=\"%s.%s\"", sealed->scan, extension);
	response_header (response, "Content-Disposition", disposition);
	response_header (response, "Cache-Control", "no-store");
	response_header (response, "X-Content-Type-Options", "nosniff");
	return response;
}

/* Written down first, then opened: a look is not repeated by its Idempotency-Key, its statement is good once. */
static Response *
look_at (ApiCall *call, const Statement *statement, const Statement *agree, const Actor *second, GError **error)
{
	Look look = { .call = call, .order = { statement, agree, second } };
	Response *response = NULL;
	if (store_run (call->api->store, "scan.look", record_look, &look, error)) {
		g_autoptr (GBytes) content = look_open (call->api->signer, &look.sealed, &look.order, error);
		if (content != NULL)
			response = answer_scan (&look.sealed, content);
	}
	sealed_scan_clear (&look.sealed);
	return response;
}

static Response *
post_look (ApiCall *call, GError **error)
{
	const char *text = NULL, *agree_text = NULL;
	g_autoptr (Statement) agree = NULL;
	g_auto (Actor) second = { 0 };
	const Field fields[] = {
		{ "statement", FIELD_STRING, TRUE, STATEMENT_MAX_BYTES, &text },
		{ "agree", FIELD_STRING, FALSE, STATEMENT_MAX_BYTES, &agree_text },
	};
	if (!JSON_READ (call->body, "", fields, error))
		return NULL;
	g_autoptr (Statement) statement = api_statement (call, "paper.look", error);
	if (statement == NULL ||
	    (agree_text != NULL && !api_officer_statement (call, json_object_get (call->body, "agree"), "/agree", "paper.look.agree", &agree, &second, error)))
		return NULL;
	return look_at (call, statement, agree, agree != NULL ? &second : NULL, error);
}

typedef struct {
	const char *person, *day, *cursor;
	guint limit;
} LookListing;

static gboolean
list_looks (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	const LookListing *l = arg;
	json_t *items = NULL;
	char *next = NULL;
	(void) call;
	if (!looks_list (tx, l->person, l->day, l->cursor, l->limit, &items, &next, error))
		return FALSE;
	*reply = api_page (items, next);
	return TRUE;
}

static Response *
get_looks (ApiCall *call, GError **error)
{
	LookListing listing = { request_query (call->request, "person"), request_query (call->request, "day"), request_query (call->request, "cursor"), 0 };
	if (!api_limit (call, &listing.limit, error))
		return NULL;
	return api_read (call, list_looks, &listing, error);
}

/* --- the contract ------------------------------------------------------------------------- */

static gboolean
view_contract (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	(void) arg;
	return contract_view (tx, call->api->registry, &call->actor, id_of (call), reply, error);
}

static Response *
get_contract (ApiCall *call, GError **error)
{
	return api_read (call, view_contract, NULL, error);
}

static gboolean
sign_contract (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	return contract_sign (tx, call->api->registry, &call->actor, id_of (call), arg, reply, error);
}

static Response *
post_contract (ApiCall *call, GError **error)
{
	g_autoptr (Statement) statement = api_only_statement (call, "contract.sign", error);
	return statement != NULL ? api_mutate (call, 200, sign_contract, statement, error) : NULL;
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

#define READERS (ROLE_CLERK | ROLE_CASHIER | ROLE_REVIEWER | ROLE_ISSUER | ROLE_AUDITOR)
#define LOOKERS (ROLE_CLERK | ROLE_REVIEWER | ROLE_ISSUER | ROLE_AUDITOR)
#define APPLICATION "/api/v1/applications/{id}"
#define TWO_STATEMENTS_LIMIT (2 * STATEMENT_MAX_BYTES + 1024)

const ApiRoute paper_routes[] = {
	{ "GET", "/api/v1/papers", PERMIT_PUBLIC, 0, 0, get_papers, NULL, NULL },
	{ "GET", APPLICATION "/papers", PERMIT_APPLICANT | READERS, 0, 0, get_application_papers, NULL, NULL },
	{ "POST", APPLICATION "/papers/{paper}/scans", PERMIT_APPLICANT | ROLE_CLERK, API_IDEMPOTENT | API_RAW_BODY, SCAN_MAX_BYTES, post_scan, NULL, NULL },
	{ "POST", APPLICATION "/scans/{scan}/look", LOOKERS, 0, TWO_STATEMENTS_LIMIT, post_look, NULL, NULL },
	{ "GET", APPLICATION "/contract", PERMIT_APPLICANT | READERS, 0, 0, get_contract, NULL, NULL },
	{ "POST", APPLICATION "/contract", PERMIT_HOLDER, API_IDEMPOTENT, STATEMENT_MAX_BYTES + 1024, post_contract, NULL, NULL },
	{ "GET", "/api/v1/looks", ROLE_AUDITOR, 0, 0, get_looks, NULL, NULL },
	{ "GET", "/api/v1/disposals", ROLE_ADMINISTRATOR | ROLE_AUDITOR, 0, 0, get_disposals, NULL, NULL },
	{ "POST", "/api/v1/disposals/{batch}/approve", ROLE_ADMINISTRATOR | ROLE_AUDITOR, API_IDEMPOTENT, TWO_STATEMENTS_LIMIT, post_disposal, NULL, NULL },
	{ NULL, NULL, 0, 0, 0, NULL, NULL, NULL },
};
