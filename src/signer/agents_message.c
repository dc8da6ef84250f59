/* signer/agents_message.c — the messages about the recovery agents. */
#include "signer/dispatch.h"
#include "signer/issue.h"

/* keys: escrowed; lost: those that too few of their agents are left for. */
static void
count_keys (const Keyring *keyring, guint *keys, guint *lost)
{
	GHashTableIter iter;
	gpointer version, n;
	*keys = *lost = 0;
	g_hash_table_iter_init (&iter, escrow_versions (keyring->escrow));
	while (g_hash_table_iter_next (&iter, &version, &n)) {
		*keys += GPOINTER_TO_UINT (n);
		if (!agents_log_can_open (keyring->agents, *(const gint64 *) version))
			*lost += GPOINTER_TO_UINT (n);
	}
}

static json_t *
agents_reply (const Keyring *keyring)
{
	const AgentList *list = agents_log_current (keyring->agents);
	guint keys, lost;
	json_t *agents = list != NULL ? json_deep_copy (list->json) : json_pack ("{s:i, s:i, s:[]}", "version", 0, "threshold", 0, "agents");
	json_t *reply = json_object ();
	count_keys (keyring, &keys, &lost);
	json_object_set_new (agents, "keys", json_integer (keys));
	json_object_set_new (agents, "lost", json_integer (lost));
	json_object_set_new (reply, "agents", agents);
	return reply;
}

json_t *
message_agents (Keyring *keyring, const json_t *message, GError **error)
{
	Envelope envelope;
	const Field fields[] = { ENVELOPE_FIELDS (envelope) };
	return JSON_READ (message, "", fields, error) ? agents_reply (keyring) : NULL;
}

json_t *
message_agents_set (Keyring *keyring, const json_t *message, GError **error)
{
	Envelope envelope;
	json_t *list, *statements;
	const Field fields[] = {
		ENVELOPE_FIELDS (envelope), { "list", FIELD_OBJECT, TRUE, 0, &list }, { "statements", FIELD_ARRAY, TRUE, 2, &statements },
	};
	if (!JSON_READ (message, "", fields, error)
	    || !agents_log_change (keyring->agents, list, statements, keyring->journal, keyring_now (keyring), issue_agent, keyring, error))
		return NULL;
	return agents_reply (keyring);
}
