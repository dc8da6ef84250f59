/* api/people.c — who stands behind officers and subjects. */
#include "api/routes.h"

const ApiRoute people_routes[] = {
	{ NULL, NULL, 0, 0, 0, NULL, NULL, NULL },
};
