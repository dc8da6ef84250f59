/* api/routes.h — the handlers' tables, one per resource, ended by a NULL method. */
#pragma once
#include "api/call.h"

extern const ApiRoute site_routes[], login_routes[], application_routes[], certificate_routes[],
	officer_routes[], notice_routes[], sale_routes[], log_routes[],
	fee_routes[], payment_routes[], paper_routes[], counter_routes[], message_routes[], feed_routes[], document_routes[], token_routes[],
	report_routes[], people_routes[], recovery_routes[], profile_routes[], ceremony_routes[];
