/* api/profiles.c — the certificate profiles, and changing them by two administrators' signatures. */
#include <string.h>

#include "api/routes.h"
#include "api/two_officers.h"
#include "base/error.h"
#include "evidence/evidence.h"

#define PROFILE_MAX_BYTES 65536

/* From the signer, which knows best: another node may have changed them. */
static json_t *
current (Api *api, GError **error)
{
	gint64 changes;
	g_autoptr (json_t) profiles = signer_get_profiles (api->signer, &changes, error);
	if (profiles == NULL)
		return NULL;
	authority_set_profiles (api->authority, profiles, changes);
	return json_pack ("{s:O}", "profiles", profiles);
}

static Response *
get_profiles (ApiCall *call, GError **error)
{
	g_autoptr (json_t) reply = current (call->api, error);
	return reply != NULL ? api_reply (call, 200, reply) : NULL;
}

/* --- change ------------------------------------------------------------------------------ */

typedef struct {
	ApiCall *call;
	TwoOfficers two;
	const char *text;
	const char *name;
	gint64 version;
	gboolean open;
} Change;

static void
change_clear (Change *change)
{
	two_officers_clear (&change->two);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Change, change_clear)

/* What both say; expect_two_officers sees that they say the same, the signer that it is about this text. */
static gboolean
read_members (Change *change, GError **error)
{
	const char *type, *site, *nonce, *hash;
	Micros time;
	const Field fields[] = {
		{ "type", FIELD_STRING, TRUE, 32, &type }, { "site", FIELD_STRING, TRUE, 64, &site }, { "time", FIELD_TIME, TRUE, 0, &time },
		{ "nonce", FIELD_STRING, TRUE, 22, &nonce },
		{ "name", FIELD_STRING, TRUE, 32, &change->name }, { "version", FIELD_INT, TRUE, 0, &change->version },
		{ "profile", FIELD_HEX32, TRUE, 0, &hash }, { "open", FIELD_BOOL, TRUE, 0, &change->open },
	};
	return JSON_READ (statement_payload (change->two.statement[0]), "/statements/0", fields, error);
}

static gboolean
read_change (ApiCall *call, Change *change, GError **error)
{
	json_t *statements = NULL;
	const Field fields[] = {
		{ "statements", FIELD_ARRAY, TRUE, 2, &statements }, { "profile", FIELD_STRING, TRUE, PROFILE_MAX_BYTES, &change->text },
	};
	Micros now = request_arrival (call->request);
	return JSON_READ (call->body, "", fields, error) && api_two_officers (call, statements, "profile.change", &change->two, error) &&
	       expect_two_officers (call->api->registry, &change->two, "profile.change", ROLE_ADMINISTRATOR, ROLE_ADMINISTRATOR, now, error) &&
	       read_members (change, error);
}

static gboolean
append_change (Tx *tx, gpointer arg, GError **error)
{
	Change *change = arg;
	g_autofree char *subject = g_strdup_printf ("%s-%" G_GINT64_FORMAT, change->name, change->version);
	g_autoptr (json_t) effect = json_pack ("{s:s, s:s, s:b}", "profile", subject, "text", change->text, "open", change->open);
	return two_officers_append (tx, &change->two, "profile.change", subject, request_arrival (change->call->request), effect, error);
}

/* The signer first: it is the authority on profiles, and its chain keeps the change if the log fails after it. */
static gboolean
change_profile (ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	Change *change = arg;
	Api *api = call->api;
	const char *const texts[2] = { statement_compact (change->two.statement[0]), statement_compact (change->two.statement[1]) };
	gint64 changes;
	g_autoptr (json_t) profiles = signer_set_profile (api->signer, change->text, change->open, texts, &changes, error);
	if (profiles == NULL)
		return FALSE;
	authority_set_profiles (api->authority, profiles, changes);
	if (!store_run (api->store, "profile.change", append_change, change, error))
		return FALSE;
	*reply = json_pack ("{s:O}", "profiles", profiles);
	return TRUE;
}

static Response *
post_profiles (ApiCall *call, GError **error)
{
	g_auto (Change) change = { .call = call };
	if (!read_change (call, &change, error))
		return NULL;
	return api_mutate_outside (call, 200, change_profile, &change, error);
}

const ApiRoute profile_routes[] = {
	{ "GET", "/api/v1/profiles", ROLE_ADMINISTRATOR | ROLE_AUDITOR | ROLE_REVIEWER | ROLE_ISSUER, 0, 0, get_profiles },
	{ "POST", "/api/v1/profiles", ROLE_ADMINISTRATOR, API_IDEMPOTENT, 256 * 1024, post_profiles },
	{ NULL, NULL, 0, 0, 0, NULL },
};
