/* main/cmd_document.c — diqi document … */
#include "main/cli.h"

const CliCommand document_commands[] = {
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
