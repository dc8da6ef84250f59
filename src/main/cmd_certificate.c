/* main/cmd_certificate.c — status and revocation of certificates; finding subjects. */
#include <string.h>

#include "base/error.h"
#include "main/cli.h"
#include "main/remote.h"

static gboolean
run_status (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autofree char *path = g_strdup_printf ("/api/v1/certificates/%s", cli_argument (cli, 0));
	return remote_print (cli, remote, path, error);
}

static gboolean
run_revoke (Cli *cli, GError **error)
{
	const char *serial = cli_argument (cli, 0), *reason = cli_option (cli, "reason");
	g_autoptr (Remote) remote = remote_open (cli, error);
	if (remote == NULL)
		return FALSE;
	json_t *members = json_pack ("{s:s, s:s}", "serial", serial, "reason", reason != NULL ? reason : "cessationOfOperation");
	if (cli_option (cli, "note") != NULL)
		json_object_set_new (members, "note", json_string (cli_option (cli, "note")));
	g_autofree char *path = g_strdup_printf ("/api/v1/certificates/%s/revoke", serial);
	return remote_act_and_print (cli, remote, path, "certificate.revoke", members, error);
}

static gboolean
run_find (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autofree char *query = g_uri_escape_string (cli_argument (cli, 0), NULL, FALSE);
	g_autofree char *path = g_strdup_printf ("/api/v1/subjects?query=%s", query);
	return remote_print (cli, remote, path, error);
}

static gboolean
run_whoami (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	return remote != NULL && remote_print (cli, remote, "/api/v1/session", error);
}

static const CliOption revoke_options[] = {
	{ "reason", "NAME", "of RFC 5280: keyCompromise, affiliationChanged, superseded, cessationOfOperation (default), privilegeWithdrawn", FALSE },
	{ "note", "TEXT", "why", FALSE },
	{ NULL, NULL, NULL, FALSE },
};

const CliCommand certificate_commands[] = {
	{ "certificate status", "SERIAL", 1, 1, "public status of a certificate", NULL, run_status },
	{ "certificate revoke", "SERIAL", 1, 1, "holder or officer: revoke (注销)", revoke_options, run_revoke },
	{ "subject find", "TEXT", 1, 1, "holders by name or credit code, for officers", NULL, run_find },
	{ "whoami", "", 0, 0, "log in with --as and show the session", NULL, run_whoami },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
