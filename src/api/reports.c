/* api/reports.c — search, statistics, exports, bulk. */
#include "api/routes.h"

const ApiRoute report_routes[] = {
	{ NULL, NULL, 0, 0, 0, NULL, NULL, NULL },
};
