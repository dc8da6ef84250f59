/* api/messages.c — a person's inbox, and what became of the messages that left the house. */
#include "api/routes.h"
#include "base/error.h"
#include "outbox/outbox.h"

typedef struct {
	const char *cursor, *state;
	guint limit;
} Listing;

static gboolean
read_listing (ApiCall *call, Listing *out, GError **error)
{
	out->cursor = request_query (call->request, "cursor");
	out->state = request_query (call->request, "state");
	return api_limit (call, &out->limit, error);
}

/* --- inboxes --------------------------------------------------------------------------- */

static gboolean
own_inbox (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	const Listing *listing = arg;
	json_t *items = NULL;
	char *next = NULL;
	if (!outbox_inbox_page (tx, NULL, call->actor.subject, listing->cursor, listing->limit, &items, &next, error))
		return FALSE;
	*reply = api_page (items, next);
	return TRUE;
}

static Response *
get_messages (ApiCall *call, GError **error)
{
	Listing listing;
	return read_listing (call, &listing, error) ? api_read (call, own_inbox, &listing, error) : NULL;
}

static gboolean
application_inbox (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	const Listing *listing = arg;
	const char *id = request_param (call->request, "id");
	g_autoptr (json_t) view = NULL;
	json_t *items = NULL;
	char *next = NULL;
	/* Says whether it is theirs. */
	if (!application_view (tx, call->api->registry, &call->actor, id, &view, error) ||
	    !outbox_inbox_page (tx, id, NULL, listing->cursor, listing->limit, &items, &next, error))
		return FALSE;
	*reply = api_page (items, next);
	return TRUE;
}

static Response *
get_application_messages (ApiCall *call, GError **error)
{
	Listing listing;
	return read_listing (call, &listing, error) ? api_read (call, application_inbox, &listing, error) : NULL;
}

static gboolean
no_members (ApiCall *call, GError **error)
{
	return json_read_fields (call->body, "", NULL, 0, error);
}

static gboolean
mark_read (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	const char *id = request_param (call->request, "id");
	(void) arg;
	if (!outbox_mark_read (tx, id, call->actor.subject, request_arrival (call->request), error))
		return FALSE;
	*reply = json_pack ("{s:s}", "message", id);
	return TRUE;
}

static Response *
post_read (ApiCall *call, GError **error)
{
	return no_members (call, error) ? api_mutate (call, 200, mark_read, NULL, error) : NULL;
}

/* --- deliveries ------------------------------------------------------------------------- */

static gboolean
deliveries (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	(void) call;
	const Listing *listing = arg;
	json_t *items = NULL;
	char *next = NULL;
	if (!outbox_list (tx, listing->state, listing->cursor, listing->limit, &items, &next, error))
		return FALSE;
	*reply = api_page (items, next);
	return TRUE;
}

static Response *
get_outbox (ApiCall *call, GError **error)
{
	Listing listing;
	return read_listing (call, &listing, error) ? api_read (call, deliveries, &listing, error) : NULL;
}

static gboolean
retry (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	(void) arg;
	return outbox_retry (tx, request_param (call->request, "id"), request_arrival (call->request), reply, error);
}

static Response *
post_retry (ApiCall *call, GError **error)
{
	return no_members (call, error) ? api_mutate (call, 200, retry, NULL, error) : NULL;
}

const ApiRoute message_routes[] = {
	{ "GET", "/api/v1/messages", PERMIT_HOLDER, 0, 0, get_messages },
	{ "GET", "/api/v1/applications/{id}/messages", PERMIT_APPLICANT, 0, 0, get_application_messages },
	{ "POST", "/api/v1/messages/{id}/read", PERMIT_HOLDER, API_IDEMPOTENT, 1024, post_read },
	{ "GET", "/api/v1/outbox", ROLE_ADMINISTRATOR | ROLE_AUDITOR, 0, 0, get_outbox },
	{ "POST", "/api/v1/outbox/{id}/retry", ROLE_ADMINISTRATOR, API_IDEMPOTENT, 1024, post_retry },
	{ NULL, NULL, 0, 0, 0, NULL, NULL, NULL },
};
