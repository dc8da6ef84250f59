/* main/cmd_report.c — diqi report … */
#include "main/cli.h"

const CliCommand report_commands[] = {
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
