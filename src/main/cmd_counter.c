/* main/cmd_counter.c — diqi counter … */
#include "main/cli.h"

const CliCommand counter_commands[] = {
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
