/* main/cmd_paper.c — diqi paper … */
#include <string.h>

#include "base/error.h"
#include "main/papers_seen.h"

/* --- what is needed --------------------------------------------------------------------- */

static const char *
text_of (const json_t *object, const char *member)
{
	const char *text = json_string_value (json_object_get (object, member));
	return text != NULL ? text : "";
}

static const char *
label_of (const json_t *required, const char *paper)
{
	size_t i;
	const json_t *item;
	json_array_foreach (json_object_get (required, "papers"), i, item)
		if (strcmp (text_of (item, "paper"), paper) == 0)
			return text_of (item, "zh");
	return paper;
}

static void
write_choice (GString *text, const json_t *required, const json_t *choice, const char *lead)
{
	size_t i;
	const json_t *item;
	json_array_foreach (choice, i, item) {
		const char *paper = text_of (item, "paper");
		g_string_append_printf (text, "    %s %s  %s, %s%d %s%s\n", i > 0 ? "and" : lead, paper, label_of (required, paper),
		                        json_is_true (json_object_get (item, "original")) ? "original, " : "",
		                        (int) json_integer_value (json_object_get (item, "copies")),
		                        json_integer_value (json_object_get (item, "copies")) == 1 ? "copy" : "copies",
		                        json_is_true (json_object_get (item, "scan")) ? ", or a checked scan" : "");
	}
}

static void
write_set (GString *text, const json_t *required, const json_t *set)
{
	size_t i, k;
	const json_t *need, *choice;
	g_string_append_printf (text, "%s, %s\n", text_of (set, "service"), text_of (set, "kind"));
	json_array_foreach (json_object_get (set, "needs"), i, need) {
		g_string_append_printf (text, "  %s%s%s\n", text_of (need, "need"),
		                        json_object_get (need, "when") != NULL ? " (where an operator acts who is not the legal representative)" : "",
		                        json_object_get (need, "unless") != NULL ? " (not of a holder who logged in with his certificate)" : "");
		json_array_foreach (json_object_get (need, "any"), k, choice)
			write_choice (text, required, choice, k > 0 ? "or " : "   ");
	}
}

static gboolean
run_list (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autoptr (json_t) required = papers_required (remote, cli_option (cli, "service"), cli_option (cli, "kind"), error);
	if (required == NULL)
		return FALSE;
	if (cli_wants_json (cli)) {
		cli_print (cli, required);
		return TRUE;
	}
	GString *text = g_string_new (NULL);
	size_t i;
	const json_t *set;
	json_array_foreach (json_object_get (required, "items"), i, set)
		write_set (text, required, set);
	g_autoptr (GBytes) bytes = g_string_free_to_bytes (text);
	cli_print_bytes (bytes);
	return TRUE;
}

/* --- scans ------------------------------------------------------------------------------ */

#define SCAN_MAX (10 * 1024 * 1024)

/* With --ticket as the applicant, else --application as whoever --as is. */
static Remote *
open_record (const Cli *cli, char **id, GError **error)
{
	if (cli_option (cli, "ticket") != NULL)
		return remote_open_ticket (cli, id, error);
	if (cli_option (cli, "application") == NULL) {
		diqi_error_set (error, DIQI_ERROR_FIELD_MISSING, NULL, "which application: --ticket FILE, or --application NUMBER with --as");
		return NULL;
	}
	*id = g_strdup (cli_option (cli, "application"));
	return remote_open_logged_in (cli, error);
}

static gboolean
run_show (Cli *cli, GError **error)
{
	g_autofree char *id = NULL;
	g_autoptr (Remote) remote = open_record (cli, &id, error);
	if (remote == NULL)
		return FALSE;
	g_autofree char *path = g_strdup_printf ("/api/v1/applications/%s/papers", id);
	g_autoptr (json_t) papers = remote_call (remote, "GET", path, NULL, error);
	if (papers == NULL)
		return FALSE;
	if (cli_wants_json (cli)) {
		cli_print (cli, papers);
		return TRUE;
	}
	GString *text = g_string_new (NULL);
	size_t i;
	const json_t *item;
	json_array_foreach (json_object_get (papers, "papers"), i, item)
		g_string_append_printf (text, "seen %s: %s%d copies\n", text_of (item, "paper"), json_is_true (json_object_get (item, "original")) ? "original, " : "",
		                        (int) json_integer_value (json_object_get (item, "copies")));
	json_array_foreach (json_object_get (papers, "scans"), i, item)
		g_string_append_printf (text, "scan %s: %s, %s, %d bytes%s%s%s\n", text_of (item, "scan"), text_of (item, "paper"), text_of (item, "media_type"),
		                        (int) json_integer_value (json_object_get (item, "size")), *text_of (item, "name") != '\0' ? ", " : "",
		                        text_of (item, "name"), json_object_get (item, "disposed") != NULL ? ", destroyed" : "");
	g_autoptr (GBytes) bytes = g_string_free_to_bytes (text);
	cli_print_bytes (bytes);
	return TRUE;
}

static gboolean
run_scan (Cli *cli, GError **error)
{
	g_autofree char *id = NULL;
	g_autoptr (GBytes) content = file_read (cli_argument (cli, 1), SCAN_MAX, error);
	if (content == NULL)
		return FALSE;
	g_autoptr (Remote) remote = open_record (cli, &id, error);
	if (remote == NULL)
		return FALSE;
	g_autofree char *base = g_path_get_basename (cli_argument (cli, 1));
	g_autofree char *name = g_uri_escape_string (base, NULL, FALSE);
	g_autofree char *paper = g_uri_escape_string (cli_argument (cli, 0), NULL, FALSE);
	g_autofree char *path = g_strdup_printf ("/api/v1/applications/%s/papers/%s/scans?name=%s", id, paper, name);
	g_autoptr (json_t) view = remote_upload (remote, path, content, error);
	cli_print (cli, view);
	return view != NULL;
}

/* --- looks ------------------------------------------------------------------------------- */

static char *
look_statement (const Cli *cli, Remote *remote, GError **error)
{
	const char *purpose = cli_option (cli, "purpose");
	if (purpose == NULL) {
		diqi_error_set (error, DIQI_ERROR_FIELD_MISSING, NULL, "a look has a purpose: --purpose TEXT");
		return NULL;
	}
	return remote_statement (remote, "paper.look", json_pack ("{s:s, s:s, s:s}", "application", cli_argument (cli, 0), "scan", cli_argument (cli, 1),
	                                                          "purpose", purpose), NULL, error);
}

static char *
read_statement (const char *path, GError **error)
{
	g_autoptr (GBytes) bytes = file_read (path, STATEMENT_MAX_BYTES, error);
	gsize n;
	if (bytes == NULL)
		return NULL;
	gconstpointer p = g_bytes_get_data (bytes, &n);
	return g_strchomp (g_strndup (p, n));
}

static gboolean
run_look (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autofree char *statement = cli_option (cli, "statement") != NULL ? read_statement (cli_option (cli, "statement"), error)
	                                                                   : look_statement (cli, remote, error);
	if (statement == NULL)
		return FALSE;
	g_autofree char *agree = cli_option (cli, "agree") != NULL ? read_statement (cli_option (cli, "agree"), error) : NULL;
	if (cli_option (cli, "agree") != NULL && agree == NULL)
		return FALSE;
	g_autofree char *path = g_strdup_printf ("/api/v1/applications/%s/scans/%s/look", cli_argument (cli, 0), cli_argument (cli, 1));
	g_autoptr (GBytes) content = remote_fetch_by_post (remote, path, json_pack ("{s:s, s:s*}", "statement", statement, "agree", agree), error);
	if (content == NULL || !file_write_new (cli_option (cli, "out"), g_bytes_get_data (content, NULL), g_bytes_get_size (content), 0600, error))
		return FALSE;
	cli_note (cli, "wrote %s", cli_option (cli, "out"));
	return TRUE;
}

static gboolean
write_statement (const char *path, char *statement, GError **error)
{
	g_autofree char *text = statement;
	return text != NULL && file_write_new (path, text, strlen (text), 0644, error);
}

static gboolean
run_ask (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open (cli, error);
	return remote != NULL && write_statement (cli_argument (cli, 2), look_statement (cli, remote, error), error);
}

/* What is agreed to is shown before it is signed. */
static gboolean
run_agree (Cli *cli, GError **error)
{
	g_autofree char *text = read_statement (cli_argument (cli, 0), error);
	g_autoptr (Statement) look = text != NULL ? statement_parse (text, -1, error) : NULL;
	if (look == NULL)
		return FALSE;
	g_autofree char *shown = json_dumps (statement_payload (look), JSON_COMPACT);
	cli_note (cli, "agreeing to: %s", shown);
	g_autoptr (Remote) remote = remote_open (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autofree char *hash = fingerprint_hex (statement_payload_hash (look));
	return write_statement (cli_argument (cli, 1), remote_statement (remote, "paper.look.agree", json_pack ("{s:s}", "look", hash), NULL, error), error);
}

static gboolean
run_looks (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autoptr (GString) path = g_string_new ("/api/v1/looks?");
	for (const char *const *name = (const char *const[]) { "person", "day", "cursor", NULL }; *name != NULL; name++)
		if (cli_option (cli, *name) != NULL)
			g_string_append_printf (path, "%s=%s&", *name, cli_option (cli, *name));
	return remote_print (cli, remote, path->str, error);
}

/* --- contract ------------------------------------------------------------------------------ */

static json_t *
fetch_contract (Remote *remote, const char *id, GError **error)
{
	g_autofree char *path = g_strdup_printf ("/api/v1/applications/%s/contract", id);
	return remote_call (remote, "GET", path, NULL, error);
}

static gboolean
run_contract_show (Cli *cli, GError **error)
{
	g_autofree char *id = NULL;
	g_autoptr (Remote) remote = open_record (cli, &id, error);
	g_autoptr (json_t) view = remote != NULL ? fetch_contract (remote, id, error) : NULL;
	cli_print (cli, view);
	return view != NULL;
}

/* The hash that is signed is of the contract that is shown, not what the server says it is. */
static gboolean
run_contract_sign (Cli *cli, GError **error)
{
	const char *id = cli_argument (cli, 0);
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	g_autoptr (json_t) view = remote != NULL ? fetch_contract (remote, id, error) : NULL;
	if (view == NULL)
		return FALSE;
	const char *text = text_of (view, "contract");
	Fingerprint hash;
	cli_note (cli, "signing: %s", text);
	fingerprint_of (text, strlen (text), &hash);
	g_autofree char *path = g_strdup_printf ("/api/v1/applications/%s/contract", id);
	return remote_act_and_print (cli, remote, path, "contract.sign",
	                             json_pack ("{s:s, s:o}", "application", id, "contract", json_hex (hash.b, sizeof hash.b)), error);
}

/* --- disposal ------------------------------------------------------------------------------ */

static gboolean
run_disposals (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	return remote != NULL && remote_print (cli, remote, "/api/v1/disposals", error);
}

static json_t *
find_batch (const json_t *batches, const char *id)
{
	size_t i;
	json_t *batch;
	json_array_foreach (json_object_get (batches, "items"), i, batch)
		if (strcmp (text_of (batch, "batch"), id) == 0)
			return batch;
	return NULL;
}

/* The hash that is signed is of the list that is shown, not what the server says it is. */
static gboolean
run_dispose_sign (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autoptr (json_t) batches = remote_call (remote, "GET", "/api/v1/disposals?limit=200", NULL, error);
	if (batches == NULL)
		return FALSE;
	const json_t *batch = find_batch (batches, cli_argument (cli, 0));
	if (batch == NULL)
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no batch %s", cli_argument (cli, 0));
	const char *list = text_of (batch, "list");
	Fingerprint hash;
	cli_note (cli, "destroying: %s", list);
	fingerprint_of (list, strlen (list), &hash);
	json_t *members = json_pack ("{s:s, s:o}", "batch", cli_argument (cli, 0), "list", json_hex (hash.b, sizeof hash.b));
	return write_statement (cli_argument (cli, 1), remote_statement (remote, "disposal.approve", members, NULL, error), error);
}

static gboolean
run_dispose (Cli *cli, GError **error)
{
	g_autofree char *first = read_statement (cli_argument (cli, 1), error);
	g_autofree char *second = first != NULL ? read_statement (cli_argument (cli, 2), error) : NULL;
	if (second == NULL)
		return FALSE;
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autofree char *path = g_strdup_printf ("/api/v1/disposals/%s/approve", cli_argument (cli, 0));
	g_autoptr (json_t) view = remote_call (remote, "POST", path, json_pack ("{s:[s,s]}", "statements", first, second), error);
	cli_print (cli, view);
	return view != NULL;
}

#define END { NULL, NULL, NULL, FALSE }
#define RECORD { "ticket", "FILE", "as the applicant: number and access code", FALSE }, \
	{ "application", "APPLICATION", "as an officer or holder", FALSE }
static const CliOption list_options[] = {
	{ "service", "SERVICE", "only this one: issue, renew, change …", FALSE }, { "kind", "KIND", "organization or person", FALSE }, END };
static const CliOption record_options[] = { RECORD, END };
static const CliOption look_options[] = {
	{ "purpose", "TEXT", "what for; it is signed and kept", FALSE }, { "statement", "FILE", "a look signed with \"paper ask\"", FALSE },
	{ "agree", "FILE", "another officer's word, from \"paper agree\"", FALSE }, { "out", "FILE", "write the scan there", TRUE }, END };
static const CliOption ask_options[] = { { "purpose", "TEXT", "what for; it is signed and kept", TRUE }, END };
static const CliOption looks_options[] = {
	{ "person", "PERSON", "only of this officer", FALSE }, { "day", "YYYY-MM-DD", "only of this day", FALSE }, { "cursor", "TEXT", "next page", FALSE }, END };

const CliCommand paper_commands[] = {
	{ "paper list", "", 0, 0, "which papers a service needs (所需资料)", list_options, run_list },
	{ "paper show", "", 0, 0, "what was seen of an application's papers, and its scans", record_options, run_show },
	{ "paper scan", "PAPER FILE", 2, 2, "hand in a scan (PDF, JPEG, PNG)", record_options, run_scan },
	{ "paper look", "APPLICATION SCAN", 2, 2, "officer: look at a scan, with a purpose", look_options, run_look },
	{ "paper ask", "APPLICATION SCAN STATEMENT", 3, 3, "officer above the day's number: sign a look for another to agree to", ask_options, run_ask },
	{ "paper agree", "STATEMENT AGREEMENT", 2, 2, "another officer: agree to that look", NULL, run_agree },
	{ "paper looks", "", 0, 0, "auditor: who looked at what, and why", looks_options, run_looks },
	{ "paper contract-show", "", 0, 0, "the contract (附件三) as it is signed, and when it was", record_options, run_contract_show },
	{ "paper contract-sign", "APPLICATION", 1, 1, "holder: sign it electronically instead of two copies on paper", NULL, run_contract_sign },
	{ "paper disposals", "", 0, 0, "administrator or auditor: records that may be destroyed", NULL, run_disposals },
	{ "paper dispose-sign", "BATCH STATEMENT", 2, 2, "administrator, then auditor: sign a batch's list", NULL, run_dispose_sign },
	{ "paper dispose", "BATCH STATEMENT STATEMENT", 3, 3, "send both: the records are destroyed", NULL, run_dispose },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
