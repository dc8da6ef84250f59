/* main/cmd_notice.c — notices from draft to publication. */
#include <string.h>

#include "base/error.h"
#include "main/cli.h"
#include "main/remote.h"

static gboolean
run_new (Cli *cli, GError **error)
{
	g_autoptr (json_t) content = json_file_read (cli_option (cli, "content"), error);
	if (content == NULL)
		return FALSE;
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autoptr (json_t) view = remote_call (remote, "POST", "/api/v1/notices", json_pack ("{s:O}", "content", content), error);
	cli_print (cli, view);
	return view != NULL;
}

static char *
notice_path (Cli *cli, const char *verb)
{
	return g_strdup_printf ("/api/v1/notices/%s%s%s", cli_argument (cli, 0), verb != NULL ? "/" : "", verb != NULL ? verb : "");
}

static gboolean
run_edit (Cli *cli, GError **error)
{
	g_autoptr (json_t) content = json_file_read (cli_option (cli, "content"), error);
	if (content == NULL)
		return FALSE;
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autofree char *path = notice_path (cli, NULL), *etag = NULL;
	g_autoptr (json_t) before = remote_call_etag (remote, "GET", path, NULL, NULL, &etag, error);
	if (before == NULL)
		return FALSE;
	g_autoptr (json_t) view = remote_call_etag (remote, "PUT", path, json_pack ("{s:O}", "content", content), etag, NULL, error);
	cli_print (cli, view);
	return view != NULL;
}

static gboolean
run_show (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open_maybe_logged_in (cli, error);
	g_autofree char *path = notice_path (cli, NULL);
	return remote != NULL && remote_print (cli, remote, path, error);
}

static gboolean
run_list (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open_maybe_logged_in (cli, error);
	return remote != NULL && remote_print_columns (cli, remote, "/api/v1/notices", "notice content.number content.title state version", error);
}

/* Signs the hash of the content as it is shown here. */
static gboolean
act (Cli *cli, const char *verb, const char *type, GError **error)
{
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autofree char *show_path = notice_path (cli, NULL), *path = notice_path (cli, verb);
	g_autoptr (json_t) before = remote_call (remote, "GET", show_path, NULL, error);
	if (before == NULL)
		return FALSE;
	gsize n;
	g_autofree char *content = jcs_dump (json_object_get (before, "content"), &n, error);
	if (content == NULL)
		return FALSE;
	cli_note (cli, "signing: %s", content);
	Fingerprint hash;
	fingerprint_of (content, n, &hash);
	json_t *members = json_pack ("{s:s, s:O?, s:o}", "notice", cli_argument (cli, 0),
	                             "version", json_object_get (before, "version"), "content", json_hex (hash.b, sizeof hash.b));
	return remote_act_and_print (cli, remote, path, type, members, error);
}

static gboolean
run_submit (Cli *cli, GError **error)
{
	return act (cli, "submit", "notice.submit", error);
}

static gboolean
run_approve (Cli *cli, GError **error)
{
	return act (cli, "approve", "notice.approve", error);
}

static const CliOption content_options[] = {
	{ "content", "FILE", "the notice with its parcel as JSON", TRUE },
	{ NULL, NULL, NULL, FALSE },
};

const CliCommand notice_commands[] = {
	{ "notice new", "", 0, 0, "market editor: draft a notice (出让公告)", content_options, run_new },
	{ "notice edit", "NOTICE", 1, 1, "market editor: replace a draft's content", content_options, run_edit },
	{ "notice submit", "NOTICE", 1, 1, "market editor: hand it to the approver", NULL, run_submit },
	{ "notice approve", "NOTICE", 1, 1, "market approver: publish; opens the sale", NULL, run_approve },
	{ "notice show", "NOTICE", 1, 1, "one notice", NULL, run_show },
	{ "notice list", "", 0, 0, "announced notices", NULL, run_list },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
