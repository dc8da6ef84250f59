/* api/counter.c — acceptance points, blank tokens, parcels, the calendar. */
#include "api/routes.h"

const ApiRoute counter_routes[] = {
	{ NULL, NULL, 0, 0, 0, NULL, NULL, NULL },
};
