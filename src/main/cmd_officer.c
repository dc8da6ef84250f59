/* main/cmd_officer.c — officers: the signer's pinned list, changed by two signatures.
 *
 * Three steps by different people: "officer propose" writes the new list, "officer sign" is run by two
 * officers over that file, "officer submit" sends list and statements.
 *
 * "officer identify" says which human an officer is; two administrators sign it, each on his own machine. */
#include <string.h>

#include "base/error.h"
#include "base/idnum.h"
#include "base/random.h"
#include "identity/subject.h"
#include "main/cli.h"
#include "main/list_change.h"
#include "main/remote.h"

static json_t *
current_list (Remote *remote, GError **error)
{
	if (!remote_login (remote, error))
		return NULL;
	return remote_call (remote, "GET", "/api/v1/officers", NULL, error);
}

static gboolean
run_list (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autoptr (json_t) list = current_list (remote, error);
	cli_print_columns (cli, list, "person name roles removed");
	return list != NULL;
}

/* --- proposing ------------------------------------------------------------------------- */

static json_t *
split_roles (const char *text)
{
	json_t *roles = json_array ();
	g_auto (GStrv) names = g_strsplit (text, ",", -1);
	for (guint i = 0; names[i] != NULL; i++)
		json_array_append_new (roles, json_string (g_strstrip (names[i])));
	return roles;
}

static gboolean
add_officer (Cli *cli, json_t *officers, GError **error)
{
	const char *name = cli_option (cli, "add"), *roles = cli_option (cli, "roles"), *csr_path = cli_option (cli, "csr");
	if (name == NULL)
		return TRUE;
	if (roles == NULL || csr_path == NULL)
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, NULL, "--add needs --roles and --csr");
	json_t *csr = list_change_csr (csr_path, error);
	if (csr == NULL)
		return FALSE;
	gint64 now;
	{
		g_autoptr (Clock) clock = clock_new_system ();
		now = clock_now (clock);
	}
	g_autofree char *person = uuid7_new (now);
	json_array_append_new (officers, json_pack ("{s:s, s:s, s:o, s:o, s:b}", "person", person, "name", name,
		"roles", split_roles (roles), "csr", csr, "removed", FALSE));
	return TRUE;
}

static gboolean
remove_officer (Cli *cli, json_t *officers, GError **error)
{
	const char *person = cli_option (cli, "remove");
	if (person == NULL)
		return TRUE;
	gsize i;
	json_t *officer;
	gboolean found = FALSE;
	json_array_foreach (officers, i, officer) {
		if (g_strcmp0 (json_string_value (json_object_get (officer, "person")), person) == 0) {
			json_object_set_new (officer, "removed", json_true ());
			found = TRUE;
		}
	}
	return found || diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no officer is person %s", person);
}

static gboolean
run_propose (Cli *cli, GError **error)
{
	if (cli_option (cli, "add") == NULL && cli_option (cli, "remove") == NULL)
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, NULL, "say --add NAME or --remove PERSON");
	g_autoptr (Remote) remote = remote_open (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autoptr (json_t) current = current_list (remote, error);
	if (current == NULL)
		return FALSE;
	g_autoptr (json_t) list = json_deep_copy (current);
	json_int_t version = json_integer_value (json_object_get (current, "version"));
	json_object_set_new (list, "version", json_integer (version + 1));
	json_t *officers = json_object_get (list, "officers");
	if (!add_officer (cli, officers, error) || !remove_officer (cli, officers, error))
		return FALSE;
	return list_change_write (cli, current, list, "officer sign", error);
}

/* --- signing and sending ------------------------------------------------------------------ */

static gboolean
run_sign (Cli *cli, GError **error)
{
	return list_change_sign (cli, "officers.change", "officers", error);
}

static gboolean
run_submit (Cli *cli, GError **error)
{
	return list_change_submit (cli, "/api/v1/officers", "person name roles removed", error);
}

/* --- who an officer is --------------------------------------------------------------------- */

/* As subject_identity_key makes it: the number itself never leaves this machine. */
static json_t *
identity_of (const char *site, const char *id_type, const char *number)
{
	g_autofree char *whole = g_strdup_printf ("%s:%s", id_type, number);
	const SubjectIdentity identity = { .site = site, .kind = SUBJECT_PERSON, .number = whole };
	Fingerprint key;
	subject_identity_key (&identity, &key);
	return json_hex (key.b, sizeof key.b);
}

static gboolean
check_number (const char *id_type, const char *number, GError **error)
{
	if (strcmp (id_type, "resident_id") != 0)
		return *number != '\0' || diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/number", "no number");
	g_autoptr (Clock) clock = clock_new_system ();
	return resident_id_require (number, clock_now (clock), "/number", error);
}

static gboolean
run_identify (Cli *cli, GError **error)
{
	const char *person = cli_argument (cli, 0), *id_type = cli_option (cli, "id-type");
	if (id_type == NULL)
		id_type = "resident_id";
	/* Not an argument: the list of processes shows those to everybody on the machine. */
	const char *file = cli_option (cli, "number-file");
	g_autoptr (Secret) number = file != NULL ? secret_read_file (file, error) : secret_ask ("identity number", "--number-file FILE", error);
	if (number == NULL || !check_number (id_type, number, error))
		return FALSE;
	g_autoptr (Remote) remote = remote_open (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autofree char *statement = remote_statement (remote, "officer.identify",
		json_pack ("{s:s, s:o}", "person", person, "identity", identity_of (remote_site (remote), id_type, number)), NULL, error);
	return statement != NULL && file_write_new (cli_argument (cli, 1), statement, strlen (statement), 0644, error);
}

static gboolean
run_identify_submit (Cli *cli, GError **error)
{
	g_autofree char *first = statement_file_read (cli_argument (cli, 0), error);
	g_autofree char *second = first != NULL ? statement_file_read (cli_argument (cli, 1), error) : NULL;
	if (second == NULL)
		return FALSE;
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autoptr (json_t) reply = remote_call (remote, "POST", "/api/v1/officers/identities",
	                                        json_pack ("{s:[s,s]}", "statements", first, second), error);
	cli_print (cli, reply);
	return reply != NULL;
}

static const CliOption identify_options[] = {
	{ "id-type", "TYPE", "resident_id (default), passport, military_officer, home_return_permit, other", FALSE },
	{ "number-file", "FILE", "file with the number (default: asked for)", FALSE },
	{ NULL, NULL, NULL, FALSE },
};

static const CliOption propose_options[] = {
	{ "add", "NAME", "a new officer", FALSE },
	{ "roles", "A,B", "reviewer, issuer, clerk, cashier, administrator, market_editor, market_approver, auditor, recovery_agent", FALSE },
	{ "csr", "FILE", "request of the key the new officer made (\"key new\")", FALSE },
	{ "remove", "PERSON", "the person's id in \"officer list\"", FALSE },
	{ NULL, NULL, NULL, FALSE },
};

const CliCommand officer_commands[] = {
	{ "officer list", "", 0, 0, "pinned officers, for administrator and auditor", NULL, run_list },
	{ "officer propose", "PROPOSAL", 1, 1, "write a changed list to a file", propose_options, run_propose },
	{ "officer sign", "PROPOSAL STATEMENT", 2, 2, "sign a proposal with --as", NULL, run_sign },
	{ "officer identify", "PERSON STATEMENT", 2, 2, "administrator: say who an officer is; asks for the number", identify_options, run_identify },
	{ "officer identified", "STATEMENT STATEMENT", 2, 2, "administrator: send both administrators' statements", NULL, run_identify_submit },
	{ "officer submit", "PROPOSAL STATEMENT STATEMENT", 3, 3, "administrator: send list and both statements", NULL, run_submit },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
