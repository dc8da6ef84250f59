/* signer/create_agents.c — see create_agents.h. */
#include "signer/create_agents.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "signer/agents.h"
#include "signer/chain.h"
#include "signer/durable.h"

static gboolean
is_agent (const SignerCreateOfficer *officer)
{
	return g_strv_contains (officer->roles, "recovery_agent");
}

static gboolean
make_agent (const SignerCreate *in, const Hierarchy *h, gsize i, SignerCreatedOfficer *made, json_t *entries, GError **error)
{
	const SignerCreateOfficer *officer = &in->officers[i];
	g_autoptr (PrivateKey) key = NULL;
	Certificate *const chain[] = { h->pins->issuing, h->pins->root };
	made->encryption = hierarchy_staff (h, "recovery-agent", officer, in->now, &key, error);
	if (made->encryption == NULL)
		return FALSE;
	made->encryption_p12 = pkcs12_build (key, made->encryption, chain, G_N_ELEMENTS (chain), officer->name, made->pin, error);
	json_t *entry = json_object ();
	json_object_set_new (entry, "person", json_string (officer->person));
	json_object_set_new (entry, "name", json_string (officer->name));
	json_object_set_new (entry, "certificate", certificate_json (made->encryption));
	json_array_append_new (entries, entry);
	return made->encryption_p12 != NULL;
}

static gboolean
write_genesis (const char *signer, const json_t *list, Micros now, GError **error)
{
	g_autoptr (AgentList) agents = agent_list_parse (list, FALSE, "", error);
	g_autofree char *path = g_build_filename (signer, "agents.log", NULL);
	g_autoptr (Chain) chain = agents != NULL ? chain_open (path, NULL, NULL, error) : NULL;
	if (chain == NULL)
		return FALSE;
	g_autoptr (json_t) record = agents_log_genesis (list, now);
	chain_append (chain, record, NULL, NULL);
	return chain_commit (chain, error);
}

gboolean
create_agents (const SignerCreate *in, const Hierarchy *h, SignerCreated *out, GError **error)
{
	g_autofree char *signer = g_build_filename (in->dir, "signer", NULL);
	if (!durable_file (signer, "agents.log", "", 0, 0600, error) || !durable_file (signer, "escrow.log", "", 0, 0600, error))
		return FALSE;
	if (in->recovery_threshold == 0)
		return TRUE;
	g_autoptr (json_t) list = json_object ();
	json_t *entries = json_array ();
	json_object_set_new (list, "version", json_integer (1));
	json_object_set_new (list, "threshold", json_integer (in->recovery_threshold));
	json_object_set_new (list, "agents", entries);
	for (gsize i = 0; i < in->officers_n; i++)
		if (is_agent (&in->officers[i]) && !make_agent (in, h, i, &out->officers[i], entries, error))
			return FALSE;
	return write_genesis (signer, list, in->now, error);
}
