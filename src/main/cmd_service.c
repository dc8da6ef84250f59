/* main/cmd_service.c — diqi service … */
#include "main/cli.h"
#include "main/remote.h"

static gboolean
run_list (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open (cli, error);
	if (remote == NULL)
		return FALSE;
	return remote_print_columns (cli, remote, "/api/v1/services", "service label label_en amount_fen promised_working_days", error);
}

const CliCommand service_commands[] = {
	{ "service list", "", 0, 0, "the services, what they cost and how long they take", NULL, run_list },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
