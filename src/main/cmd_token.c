/* main/cmd_token.c — diqi token … */
#include "main/cli.h"

const CliCommand token_commands[] = {
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
