/* api/messages.c — notices in the application, calendar feeds. */
#include "api/routes.h"

const ApiRoute message_routes[] = {
	{ NULL, NULL, 0, 0, 0, NULL, NULL, NULL },
};
