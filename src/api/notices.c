/* api/notices.c — notices from draft to publication. */
#include "api/routes.h"
#include "base/error.h"
#include "market/market.h"

#define CONTENT_LIMIT (128 * 1024)

static MarketAct
act_of (ApiCall *call, const Statement *statement)
{
	return (MarketAct) { call->api->site->site, call->has_actor ? &call->actor : NULL, statement, request_arrival (call->request) };
}

static gboolean
read_content (ApiCall *call, json_t **content, GError **error)
{
	const Field fields[] = { { "content", FIELD_OBJECT, TRUE, 0, content } };
	return JSON_READ (call->body, "", fields, error);
}

static gboolean
create (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	MarketAct act = act_of (call, NULL);
	return notice_create (tx, &act, arg, reply, error);
}

static Response *
post_notice (ApiCall *call, GError **error)
{
	json_t *content = NULL;
	return read_content (call, &content, error) ? api_mutate (call, 201, create, content, error) : NULL;
}

static gboolean
update (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	MarketAct act = act_of (call, NULL);
	return notice_update (tx, &act, request_param (call->request, "id"), call->if_match, arg, reply, error);
}

static Response *
put_notice (ApiCall *call, GError **error)
{
	json_t *content = NULL;
	return read_content (call, &content, error) ? api_mutate (call, 200, update, content, error) : NULL;
}

static gboolean
submit (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	MarketAct act = act_of (call, arg);
	return notice_submit (tx, &act, request_param (call->request, "id"), reply, error);
}

static Response *
post_submit (ApiCall *call, GError **error)
{
	g_autoptr (Statement) statement = api_only_statement (call, "notice.submit", error);
	return statement != NULL ? api_mutate (call, 200, submit, statement, error) : NULL;
}

static gboolean
approve (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	MarketAct act = act_of (call, arg);
	return notice_approve (tx, &act, request_param (call->request, "id"), reply, error);
}

static Response *
post_approve (ApiCall *call, GError **error)
{
	g_autoptr (Statement) statement = api_only_statement (call, "notice.approve", error);
	return statement != NULL ? api_mutate (call, 200, approve, statement, error) : NULL;
}

/* --- reading ----------------------------------------------------------------------------- */

static gboolean
view (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	(void) arg;
	return notice_view (tx, call->has_actor ? &call->actor : NULL, request_param (call->request, "id"),
	                    request_arrival (call->request), reply, error);
}

static Response *
get_notice (ApiCall *call, GError **error)
{
	return api_read (call, view, NULL, error);
}

static gboolean
list (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	const guint *limit = arg;
	json_t *items = NULL;
	char *next = NULL;
	if (!notice_list (tx, call->has_actor ? &call->actor : NULL, request_query (call->request, "cursor"), *limit,
	                  request_arrival (call->request), &items, &next, error))
		return FALSE;
	*reply = api_page (items, next);
	return TRUE;
}

static Response *
get_notices (ApiCall *call, GError **error)
{
	guint limit;
	return api_limit (call, &limit, error) ? api_read (call, list, &limit, error) : NULL;
}

#define ID "/api/v1/notices/{id}"

const ApiRoute notice_routes[] = {
	{ "POST", "/api/v1/notices", ROLE_MARKET_EDITOR, API_IDEMPOTENT, CONTENT_LIMIT, post_notice },
	{ "GET", "/api/v1/notices", PERMIT_PUBLIC, 0, 0, get_notices },
	{ "GET", ID, PERMIT_PUBLIC, 0, 0, get_notice },
	{ "PUT", ID, ROLE_MARKET_EDITOR, API_IF_MATCH, CONTENT_LIMIT, put_notice },
	{ "POST", ID "/submit", ROLE_MARKET_EDITOR, API_IDEMPOTENT, STATEMENT_MAX_BYTES + 1024, post_submit },
	{ "POST", ID "/approve", ROLE_MARKET_APPROVER, API_IDEMPOTENT, STATEMENT_MAX_BYTES + 1024, post_approve },
	{ NULL, NULL, 0, 0, 0, NULL },
};
