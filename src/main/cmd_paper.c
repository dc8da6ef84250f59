/* main/cmd_paper.c — diqi paper … */
#include "main/cli.h"

const CliCommand paper_commands[] = {
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
