/* main/cmd_fee.c — diqi fee … */
#include "main/cli.h"

const CliCommand fee_commands[] = {
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
