/* main/cmd_message.c — diqi message … */
#include "main/cli.h"

const CliCommand message_commands[] = {
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
