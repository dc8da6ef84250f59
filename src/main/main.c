/* main/main.c — see main/cli.h. */
#include "main/cli.h"

#include "main/commands.h"
#include "signer/signer.h"

int
command_signer (int argc, char **argv)
{
	return signer_command (argc, argv);
}

int
main (int argc, char **argv)
{
	return cli_main (argc, argv);
}
