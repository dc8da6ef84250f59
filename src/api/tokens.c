/* api/tokens.c — administrator PINs of tokens, encrypted to the counter's key: for an unlock ticket, and for a blank token. */
#include "api/routes.h"
#include "api/two_officers.h"
#include "base/error.h"
#include "registry/unlock.h"

#define SPKI_MAX 1024
#define BODY_LIMIT (2 * STATEMENT_MAX_BYTES + 4096)

typedef struct {
	Statement *statement;
	TwoOfficers two;
	const char *token;
	GBytes *spki;
	Fingerprint key;
	UnlockTicket ticket;
} Asked;

static void
asked_clear (Asked *asked)
{
	g_clear_pointer (&asked->statement, statement_unref);
	two_officers_clear (&asked->two);
	g_clear_pointer (&asked->spki, g_bytes_unref);
	unlock_ticket_clear (&asked->ticket);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Asked, asked_clear)

static void
hash_key (Asked *asked)
{
	gsize n;
	gconstpointer p = g_bytes_get_data (asked->spki, &n);
	fingerprint_of (p, n, &asked->key);
}

static json_t *
pin_reply (GBytes *pin)
{
	json_t *reply = json_object ();
	json_object_set_new (reply, "pin", json_base64 (g_bytes_get_data (pin, NULL), g_bytes_get_size (pin)));
	return reply;
}

/* --- unlocking ----------------------------------------------------------------------------- */

typedef struct {
	ApiCall *call;
	Asked *asked;
} Unlocking;

static gboolean
run_open (Tx *tx, gpointer arg, GError **error)
{
	Unlocking *u = arg;
	return unlock_ticket_open (tx, u->call->api->registry, &u->call->actor, request_param (u->call->request, "id"),
	                           u->asked->statement, &u->asked->key, &u->asked->ticket, error);
}

static gboolean
run_take (Tx *tx, gpointer arg, GError **error)
{
	Unlocking *u = arg;
	return unlock_ticket_take (tx, u->call->api->registry, &u->call->actor, request_param (u->call->request, "id"),
	                           u->asked->statement, &u->asked->key, error);
}

/* The signer decides; what it gave out is written down before it is answered. */
static gboolean
unlock (ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	Asked *asked = arg;
	Unlocking u = { call, asked };
	if (!store_read (call->api->store, "token.ticket", run_open, &u, error))
		return FALSE;
	g_autoptr (GBytes) pin = signer_release_token_pin (call->api->signer, asked->ticket.request, asked->ticket.review, asked->ticket.complete,
	                                                   statement_compact (asked->statement), asked->spki, error);
	if (pin == NULL || !store_run (call->api->store, "token.unlock", run_take, &u, error))
		return FALSE;
	*reply = pin_reply (pin);
	return TRUE;
}

static Response *
post_unlock (ApiCall *call, GError **error)
{
	g_auto (Asked) asked = { 0 };
	const char *statement;
	const Field fields[] = {
		{ "statement", FIELD_STRING, TRUE, STATEMENT_MAX_BYTES, &statement },
		{ "spki", FIELD_BASE64, TRUE, SPKI_MAX, &asked.spki },
	};
	if (!JSON_READ (call->body, "", fields, error) || (asked.statement = api_statement (call, "token.unlock", error)) == NULL)
		return NULL;
	hash_key (&asked);
	return api_mutate_outside (call, 200, unlock, &asked, error);
}

static gboolean
unlocked (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	return unlock_ticket_close (tx, call->api->registry, &call->actor, request_param (call->request, "id"), arg, reply, error);
}

static Response *
post_unlocked (ApiCall *call, GError **error)
{
	g_autoptr (Statement) statement = api_only_statement (call, "token.unlocked", error);
	return statement != NULL ? api_mutate (call, 200, unlocked, statement, error) : NULL;
}

/* --- blank tokens ---------------------------------------------------------------------------- */

static gboolean
run_record (Tx *tx, gpointer arg, GError **error)
{
	Unlocking *u = arg;
	return token_initialise_record (tx, u->call->api->registry, &u->asked->two, u->asked->token, error);
}

static gboolean
initialise (ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	Asked *asked = arg;
	Unlocking u = { call, asked };
	const char *const statements[2] = { statement_compact (asked->two.statement[0]), statement_compact (asked->two.statement[1]) };
	if (!token_initialise_check (call->api->registry, &asked->two, asked->token, &asked->key, error))
		return FALSE;
	g_autoptr (GBytes) pin = signer_initialise_token (call->api->signer, asked->token, statements, asked->spki, error);
	if (pin == NULL || !store_run (call->api->store, "token.initialise", run_record, &u, error))
		return FALSE;
	*reply = pin_reply (pin);
	return TRUE;
}

static Response *
post_initialise (ApiCall *call, GError **error)
{
	g_auto (Asked) asked = { .token = request_param (call->request, "serial") };
	json_t *statements;
	const Field fields[] = {
		{ "statements", FIELD_ARRAY, TRUE, 2, &statements },
		{ "spki", FIELD_BASE64, TRUE, SPKI_MAX, &asked.spki },
	};
	if (!JSON_READ (call->body, "", fields, error) || !api_two_officers (call, statements, "token.initialise", &asked.two, error))
		return NULL;
	hash_key (&asked);
	return api_mutate_outside (call, 200, initialise, &asked, error);
}

const ApiRoute token_routes[] = {
	{ "POST", "/api/v1/applications/{id}/unlock", ROLE_CLERK, API_IDEMPOTENT, BODY_LIMIT, post_unlock, NULL, NULL },
	{ "POST", "/api/v1/applications/{id}/unlocked", ROLE_CLERK, API_IDEMPOTENT, BODY_LIMIT, post_unlocked, NULL, NULL },
	{ "POST", "/api/v1/tokens/{serial}/initialise", ROLE_CLERK | ROLE_ADMINISTRATOR, API_IDEMPOTENT, BODY_LIMIT, post_initialise, NULL, NULL },
	{ NULL, NULL, 0, 0, 0, NULL, NULL, NULL },
};
