/* main/cmd_service.c — diqi service … */
#include "main/cli.h"

const CliCommand service_commands[] = {
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
