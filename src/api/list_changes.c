/* api/list_changes.c — see list_changes.h. */
#include "api/list_changes.h"

#include "base/failpoint.h"

typedef struct {
	const Api *api;
	Statement *const *statements;
	const TwoOfficers *two;
	const json_t *pinned;
	Micros now;
} Change;

/* --- officers ------------------------------------------------------------------------------ */

static gboolean
append_officers (Tx *tx, gpointer arg, GError **error)
{
	const Change *change = arg;
	g_autoptr (GBytes) text = jcs_bytes (change->pinned);
	Fingerprint hash;
	fingerprint_of (g_bytes_get_data (text, NULL), g_bytes_get_size (text), &hash);
	g_autoptr (json_t) effect = json_pack ("{s:O, s:s, s:o}", "version", json_object_get (change->pinned, "version"),
	                                       "second", statement_compact (change->statements[1]), "list", json_hex (hash.b, sizeof hash.b));
	return evidence_use_statement (tx, change->statements[1], change->now, error) &&
	       evidence_append (tx, "officers.change", change->api->site->site, change->now, change->statements[0], effect, NULL, error);
}

gboolean
officers_change_apply (Api *api, const json_t *list, Statement *const statements[2], Micros now, json_t **out, GError **error)
{
	const char *const texts[] = { statement_compact (statements[0]), statement_compact (statements[1]) };
	g_autoptr (json_t) pinned = signer_change_officers (api->signer, list, texts, G_N_ELEMENTS (texts), error);
	g_autoptr (OfficerList) parsed = pinned != NULL ? officer_list_parse (pinned, error) : NULL;
	if (parsed == NULL)
		return FALSE;
	FAILPOINT ("list.pinned");
	Change change = { .api = api, .statements = statements, .pinned = pinned, .now = now };
	officers_swap (api->officers, parsed);
	if (!authority_set_officers (api->authority, pinned, error) || !store_run (api->store, "officers.change", append_officers, &change, error))
		return FALSE;
	*out = g_steal_pointer (&pinned);
	return TRUE;
}

/* --- recovery agents ------------------------------------------------------------------------- */

static gboolean
append_agents (Tx *tx, gpointer arg, GError **error)
{
	const Change *change = arg;
	g_autoptr (json_t) effect = json_pack ("{s:O, s:O}", "version", json_object_get (change->pinned, "version"),
	                                       "threshold", json_object_get (change->pinned, "threshold"));
	return two_officers_append (tx, change->two, "agents.change", change->api->site->site, change->now, effect, error);
}

gboolean
agents_change_apply (Api *api, const json_t *list, const TwoOfficers *two, Micros now, json_t **out, GError **error)
{
	const char *const texts[] = { statement_compact (two->statement[0]), statement_compact (two->statement[1]) };
	g_autoptr (json_t) pinned = signer_set_agents (api->signer, list, texts, G_N_ELEMENTS (texts), error);
	if (pinned == NULL)
		return FALSE;
	FAILPOINT ("list.pinned");
	Change change = { .api = api, .two = two, .pinned = pinned, .now = now };
	if (!authority_set_agents (api->authority, pinned, error) || !store_run (api->store, "agents.change", append_agents, &change, error))
		return FALSE;
	*out = g_steal_pointer (&pinned);
	return TRUE;
}
