/* api/papers.c — scans, looks, contracts, disposal. */
#include "api/routes.h"

const ApiRoute paper_routes[] = {
	{ NULL, NULL, 0, 0, 0, NULL, NULL, NULL },
};
