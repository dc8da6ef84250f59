/* signer/agents.c — the list itself: reading and finding.  See agents.h. */
#include "signer/agents.h"

#include <string.h>

#include "base/error.h"
#include "signer/invariant.h"
#include "signer/pinned_list.h"

static void
agent_free (Agent *agent)
{
	g_free (agent->person);
	g_free (agent->name);
	g_clear_pointer (&agent->certificate, certificate_unref);
	g_clear_pointer (&agent->key, public_key_unref);
	g_free (agent);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Agent, agent_free)

void
agent_list_free (AgentList *list)
{
	if (list == NULL)
		return;
	g_ptr_array_unref (list->agents);
	json_decref (list->json);
	g_free (list);
}

static Agent *
read_agent (const json_t *object, gboolean proposal, const char *at, GError **error)
{
	const char *person, *name;
	g_autoptr (GBytes) certificate = NULL;
	g_autoptr (GBytes) csr = NULL;
	g_autoptr (Agent) agent = g_new0 (Agent, 1);
	const Field fields[] = {
		{ "person", FIELD_UUID, TRUE, 0, &person }, { "name", FIELD_STRING, TRUE, 64, &name },
		{ "certificate", FIELD_BASE64, FALSE, CERTIFICATE_MAX_DER, &certificate },
		{ "csr", FIELD_BASE64, FALSE, CSR_MAX_DER, &csr },     /* last: left out below unless a proposal */
	};
	if (!json_read_fields (object, at, fields, G_N_ELEMENTS (fields) - (proposal ? 0 : 1), error)
	    || !invariant_name_value (NAME_COMMON_NAME, name, at, error) || !pinned_entry_read_key (certificate, csr, at, &agent->certificate, &agent->key, error))
		return NULL;
	agent->person = g_strdup (person);
	agent->name = g_strdup (name);
	return g_steal_pointer (&agent);
}

static const Fingerprint *
agent_spki (const Agent *agent)
{
	return pinned_entry_spki (agent->certificate, agent->key);
}

/* One person, one key, one share: else one pair of hands would hold two of the k. */
static gboolean
add_agent (AgentList *list, const json_t *object, gboolean proposal, const char *at, GError **error)
{
	g_autoptr (Agent) agent = read_agent (object, proposal, at, error);
	if (agent == NULL)
		return FALSE;
	for (guint i = 0; i < list->agents->len; i++) {
		const Agent *other = g_ptr_array_index (list->agents, i);
		if (strcmp (other->person, agent->person) == 0 || fingerprint_equal (agent_spki (other), agent_spki (agent)))
			return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "two entries with one person or one key");
	}
	g_ptr_array_add (list->agents, g_steal_pointer (&agent));
	return TRUE;
}

static gboolean
check_threshold (AgentList *list, gint64 threshold, const char *at, GError **error)
{
	g_autofree char *where = g_strconcat (at, "/threshold", NULL);
	if (threshold < SHARES_MIN_THRESHOLD || threshold > list->agents->len)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, where, "%d to the number of agents", SHARES_MIN_THRESHOLD);
	list->threshold = (guint) threshold;
	return TRUE;
}

AgentList *
agent_list_parse (const json_t *json, gboolean proposal, const char *at, GError **error)
{
	g_autoptr (AgentList) list = g_new0 (AgentList, 1);
	list->agents = g_ptr_array_new_with_free_func ((GDestroyNotify) agent_free);
	json_t *agents, *object;
	gint64 threshold;
	size_t i;
	const Field fields[] = {
		{ "version", FIELD_INT, TRUE, 0, &list->version }, { "threshold", FIELD_INT, TRUE, 0, &threshold },
		{ "agents", FIELD_ARRAY, TRUE, SHARES_MAX, &agents },
	};
	if (!JSON_READ (json, at, fields, error))
		return NULL;
	json_array_foreach (agents, i, object) {
		g_autofree char *where = g_strdup_printf ("%s/agents/%zu", at, i);
		if (!add_agent (list, object, proposal, where, error))
			return NULL;
	}
	gsize n;
	g_autofree char *text = check_threshold (list, threshold, at, error) ? jcs_dump (json, &n, error) : NULL;
	if (text == NULL)
		return NULL;
	fingerprint_of (text, n, &list->hash);
	list->json = json_deep_copy (json);
	return g_steal_pointer (&list);
}

const Agent *
agent_list_find (const AgentList *list, const char *person)
{
	for (guint i = 0; list != NULL && i < list->agents->len; i++) {
		const Agent *agent = g_ptr_array_index (list->agents, i);
		if (strcmp (agent->person, person) == 0)
			return agent;
	}
	return NULL;
}
