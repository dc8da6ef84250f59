/* api/documents.c — PDF forms, contract, receipts, slips. */
#include "api/routes.h"

const ApiRoute document_routes[] = {
	{ NULL, NULL, 0, 0, 0, NULL, NULL, NULL },
};
