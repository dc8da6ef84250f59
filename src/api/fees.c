/* api/fees.c — orders, payments, refunds, invoices, reconciliation. */
#include "api/routes.h"

const ApiRoute fee_routes[] = {
	{ NULL, NULL, 0, 0, 0, NULL, NULL, NULL },
};
