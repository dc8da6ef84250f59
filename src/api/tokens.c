/* api/tokens.c — PIN unlock tickets. */
#include "api/routes.h"

const ApiRoute token_routes[] = {
	{ NULL, NULL, 0, 0, 0, NULL, NULL, NULL },
};
