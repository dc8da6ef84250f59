/* api/recovery.c — recovery agents: who they are, which recoveries wait for them, and the shares they give; and what the
 * requester fetches in the end.
 */
#include "api/list_changes.h"
#include "api/routes.h"
#include "api/two_officers.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "registry/recovery.h"

#define LIST_LIMIT (64 * 1024 + 2 * STATEMENT_MAX_BYTES)

static const char *
id_of (ApiCall *call)
{
	return request_param (call->request, "id");
}

/* --- agents ---------------------------------------------------------------------------------- */

static Response *
get_agents (ApiCall *call, GError **error)
{
	g_autoptr (json_t) agents = signer_get_agents (call->api->signer, error);
	return agents != NULL ? api_reply (call, 200, agents) : NULL;
}

typedef struct {
	TwoOfficers two;
	json_t *list;
} AgentsChange;

static gboolean
change_agents (ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	AgentsChange *change = arg;
	return agents_change_apply (call->api, change->list, &change->two, request_arrival (call->request), reply, error);
}

static Response *
post_agents (ApiCall *call, GError **error)
{
	AgentsChange change = { .list = NULL };
	json_t *statements = NULL;
	const Field fields[] = {
		{ "statements", FIELD_ARRAY, TRUE, 2, &statements },
		{ "list", FIELD_OBJECT, TRUE, 0, &change.list },
	};
	Response *response = NULL;
	if (JSON_READ (call->body, "", fields, error) && api_two_officers (call, statements, "agents.change", &change.two, error))
		response = api_mutate_outside (call, 200, change_agents, &change, error);
	two_officers_clear (&change.two);
	return response;
}

/* --- recoveries --------------------------------------------------------------------------------- */

static gboolean
list (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	json_t *items = NULL;
	(void) arg;
	if (!recovery_list (tx, call->api->registry, &items, error))
		return FALSE;
	*reply = json_pack ("{s:o}", "items", items);
	return TRUE;
}

static Response *
get_recoveries (ApiCall *call, GError **error)
{
	return api_read (call, list, NULL, error);
}

typedef struct {
	ApiCall *call;
	Statement *statement;            /* NULL: looking only */
	RecoveryOrder order;
	KeyRecovery state;
} Recovery;

static void
recovery_clear (Recovery *recovery)
{
	g_clear_pointer (&recovery->statement, statement_unref);
	recovery_order_clear (&recovery->order);
	key_recovery_clear (&recovery->state);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Recovery, recovery_clear)

/* The key centre's word, and what its signature is judged by; NULL: nothing would judge it, and agents give nothing. */
static json_t *
share_order_view (const SignerSite *site, const char *order)
{
	const Certificate *receipt = signer_site_now (&site->receipt);
	const SignerCa *ca = signer_site_ca_of (site, receipt);
	if (ca == NULL)
		return NULL;
	return json_pack ("{s:s, s:[o, o, o]}", "statement", order, "certificates", certificate_json (receipt), certificate_json (ca->certificate),
	                  certificate_json (ca->root));
}

/* His own share and nobody else's. */
static json_t *
view_for (const Recovery *recovery, const char *person)
{
	const KeyRecovery *state = &recovery->state;
	json_t *view = json_pack ("{s:s, s:s, s:s, s:I, s:I, s:b}", "application", id_of (recovery->call), "recovery", state->recovery, "serial", state->serial,
	                          "threshold", (json_int_t) state->threshold, "given", (json_int_t) state->given, "done", state->envelope != NULL);
	gsize i;
	json_t *share;
	if (state->transport != NULL)
		json_object_set_new (view, "transport", json_base64 (g_bytes_get_data (state->transport, NULL), g_bytes_get_size (state->transport)));
	if (state->order != NULL)
		json_object_set_new (view, "order", share_order_view (recovery->call->api->site, state->order));
	json_array_foreach (state->shares, i, share) {
		if (g_strcmp0 (json_string_value (json_object_get (share, "person")), person) != 0)
			continue;
		json_object_set (view, "share", json_object_get (share, "share"));
		json_object_set (view, "share_given", json_object_get (share, "given"));
		json_object_set (view, "share_certificate", json_object_get (share, "certificate"));
	}
	return view;
}

static gboolean
run_open (Tx *tx, gpointer arg, GError **error)
{
	Recovery *r = arg;
	return r->statement == NULL ? recovery_open (tx, r->call->api->registry, &r->call->actor, id_of (r->call), &r->order, error)
	                            : recovery_check_share (tx, r->call->api->registry, &r->call->actor, id_of (r->call), r->statement, &r->order, error);
}

static gboolean
run_store (Tx *tx, gpointer arg, GError **error)
{
	Recovery *r = arg;
	Registry *registry = r->call->api->registry;
	if (r->statement != NULL && !recovery_record_share (tx, registry, &r->call->actor, id_of (r->call), r->statement, &r->state, error))
		return FALSE;
	return recovery_finish (tx, registry, id_of (r->call), &r->state, error);
}

static gboolean
begin (Recovery *r, GError **error)
{
	return signer_begin_recovery (r->call->api->signer, r->order.request, r->order.review, r->order.complete, &r->state, error);
}

/* The signer forgets at a restart which recoveries were begun; then it is begun again, and refuses a share made before. */
static gboolean
give (Recovery *r, GError **error)
{
	g_autoptr (GError) first = NULL;
	if (signer_give_share (r->call->api->signer, statement_compact (r->statement), &r->state, &first))
		return TRUE;
	if (!g_error_matches (first, DIQI_ERROR, DIQI_ERROR_RECOVERY_UNKNOWN)) {
		g_propagate_error (error, g_steal_pointer (&first));
		return FALSE;
	}
	if (!begin (r, error))
		return FALSE;
	key_recovery_clear (&r->state);
	return signer_give_share (r->call->api->signer, statement_compact (r->statement), &r->state, error);
}

static Response *
get_recovery (ApiCall *call, GError **error)
{
	g_auto (Recovery) r = { .call = call };
	if (!store_read (call->api->store, "recovery.open", run_open, &r, error) || !begin (&r, error) ||
	    (r.state.envelope != NULL && !store_run (call->api->store, "recovery.finish", run_store, &r, error)))
		return NULL;
	g_autoptr (json_t) view = view_for (&r, call->actor.person);
	return api_reply (call, 200, view);
}

static gboolean
share (ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	Recovery *r = arg;
	if (!store_read (call->api->store, "recovery.share", run_open, r, error) || !give (r, error))
		return FALSE;
	FAILPOINT ("recovery.given");
	if (!store_run (call->api->store, "recovery.share", run_store, r, error))
		return FALSE;
	FAILPOINT ("recovery.stored");
	*reply = view_for (r, call->actor.person);
	return TRUE;
}

static Response *
post_share (ApiCall *call, GError **error)
{
	g_auto (Recovery) r = { .call = call };
	r.statement = api_only_statement (call, "recovery.share", error);
	return r.statement != NULL ? api_mutate_outside (call, 200, share, &r, error) : NULL;
}

/* --- the requester ----------------------------------------------------------------------------------- */

static gboolean
result (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	(void) arg;
	return recovery_result (tx, call->api->registry, &call->actor, id_of (call), reply, error);
}

static Response *
get_result (ApiCall *call, GError **error)
{
	return api_read (call, result, NULL, error);
}

const ApiRoute recovery_routes[] = {
	{ "GET", "/api/v1/agents", ROLE_ADMINISTRATOR | ROLE_AUDITOR | ROLE_RECOVERY_AGENT, 0, 0, get_agents },
	{ "POST", "/api/v1/agents", ROLE_ADMINISTRATOR, API_IDEMPOTENT, LIST_LIMIT, post_agents },
	{ "GET", "/api/v1/recoveries", ROLE_RECOVERY_AGENT | ROLE_AUDITOR, 0, 0, get_recoveries },
	{ "GET", "/api/v1/recoveries/{id}", ROLE_RECOVERY_AGENT, 0, 0, get_recovery },
	{ "POST", "/api/v1/recoveries/{id}/share", ROLE_RECOVERY_AGENT, API_IDEMPOTENT, STATEMENT_MAX_BYTES + 1024, post_share },
	{ "GET", "/api/v1/applications/{id}/recovered-key", PERMIT_APPLICANT, 0, 0, get_result },
	{ NULL, NULL, 0, 0, 0, NULL },
};
