/* main/cmd_agent.c — recovery agents: who opens escrowed keys, changed by two administrators (list_change.h). */
#include <string.h>

#include "base/error.h"
#include "main/cli.h"
#include "main/list_change.h"
#include "main/remote.h"
#include "pki/certificate.h"

/* The pinned list: without what is counted beside it. */
static json_t *
current_list (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	json_t *list = remote != NULL ? remote_call (remote, "GET", "/api/v1/agents", NULL, error) : NULL;
	if (list != NULL) {
		json_object_del (list, "keys");
		json_object_del (list, "lost");
	}
	return list;
}

static gboolean
remove_agent (json_t *agents, const char *person)
{
	gsize i;
	json_t *agent;
	json_array_foreach (agents, i, agent) {
		if (g_strcmp0 (json_string_value (json_object_get (agent, "person")), person) == 0) {
			json_array_remove (agents, i);
			return TRUE;
		}
	}
	return FALSE;
}

/* In the place of an entry that the person has already: a new key. */
static gboolean
add_agent (Cli *cli, json_t *agents, GError **error)
{
	const char *person = cli_option (cli, "add"), *name = cli_option (cli, "name"), *csr_path = cli_option (cli, "csr");
	if (person == NULL)
		return TRUE;
	if (name == NULL || csr_path == NULL)
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, NULL, "--add needs --name and --csr");
	json_t *csr = list_change_csr (csr_path, error);
	if (csr == NULL)
		return FALSE;
	remove_agent (agents, person);
	json_array_append_new (agents, json_pack ("{s:s, s:s, s:o}", "person", person, "name", name,
		"csr", csr));
	return TRUE;
}

static gboolean
run_propose (Cli *cli, GError **error)
{
	const char *gone = cli_option (cli, "remove");
	gint64 threshold;
	if (cli_option (cli, "add") == NULL && gone == NULL && cli_option (cli, "threshold") == NULL)
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, NULL, "say --add PERSON, --remove PERSON or --threshold K");
	g_autoptr (json_t) current = current_list (cli, error);
	if (current == NULL || !cli_int (cli, "threshold", json_integer_value (json_object_get (current, "threshold")), &threshold, error))
		return FALSE;
	g_autoptr (json_t) list = json_deep_copy (current);
	json_t *agents = json_object_get (list, "agents");
	json_object_set_new (list, "version", json_integer (json_integer_value (json_object_get (current, "version")) + 1));
	json_object_set_new (list, "threshold", json_integer (threshold));
	if (gone != NULL && !remove_agent (agents, gone))
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no recovery agent is person %s", gone);
	if (!add_agent (cli, agents, error))
		return FALSE;
	if (threshold < 2 || threshold > (gint64) json_array_size (agents))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/threshold", "of these %zu recovery agents 2 to %zu together recover a key, not %" G_GINT64_FORMAT "; say --threshold K",
		                  json_array_size (agents), json_array_size (agents), threshold);
	return list_change_write (cli, current, list, "agent sign", error);
}

static gboolean
run_sign (Cli *cli, GError **error)
{
	return list_change_sign (cli, "agents.change", "recovery agents", error);
}

static gboolean
run_submit (Cli *cli, GError **error)
{
	return list_change_submit (cli, "/api/v1/agents", "person name", error);
}

static const CliOption propose_options[] = {
	{ "add", "PERSON", "a new agent, or a new key for one: an officer with the role recovery_agent (\"officer list\")", FALSE },
	{ "name", "NAME", "his name, for the certificate", FALSE },
	{ "csr", "FILE", "request of his encryption key (\"key new\")", FALSE },
	{ "remove", "PERSON", "who gives no share any more", FALSE },
	{ "threshold", "K", "how many of them together recover a key", FALSE },
	{ NULL, NULL, NULL, FALSE },
};

const CliCommand agent_commands[] = {
	{ "agent propose", "PROPOSAL", 1, 1, "write a changed list of recovery agents to a file", propose_options, run_propose },
	{ "agent sign", "PROPOSAL STATEMENT", 2, 2, "administrator: sign a proposal with --as", NULL, run_sign },
	{ "agent submit", "PROPOSAL STATEMENT STATEMENT", 3, 3, "administrator: send list and both statements", NULL, run_submit },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
