/* main/cmd_log.c — the evidence log, and verifying a bundle without any server. */
#include <string.h>

#include "base/error.h"
#include "main/cli.h"
#include "main/remote.h"

static gboolean
run_checkpoint (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autoptr (GBytes) note = remote_fetch (remote, "/checkpoint", error);
	if (note == NULL)
		return FALSE;
	g_print ("%.*s", (int) g_bytes_get_size (note), (const char *) g_bytes_get_data (note, NULL));
	return TRUE;
}

static gboolean
run_proof (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autofree char *path = g_strdup_printf ("/api/v1/log/proof?index=%s", cli_argument (cli, 0));
	g_autoptr (json_t) proof = remote_call (remote, "GET", path, NULL, error);
	cli_print (cli, proof);
	return proof != NULL;
}

const CliCommand log_commands[] = {
	{ "log checkpoint", "", 0, 0, "newest signed checkpoint", NULL, run_checkpoint },
	{ "log proof", "INDEX", 1, 1, "that a leaf is in the log", NULL, run_proof },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
