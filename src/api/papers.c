/* api/papers.c — required papers, scans, looks, contracts, disposal. */
#include "api/routes.h"
#include "base/error.h"

static Response *
get_papers (ApiCall *call, GError **error)
{
	g_autoptr (json_t) reply = NULL;
	if (!registry_required_papers (call->api->registry, request_query (call->request, "service"),
	                               request_query (call->request, "kind"), &reply, error))
		return NULL;
	return api_reply (call, 200, reply);
}

const ApiRoute paper_routes[] = {
	{ "GET", "/api/v1/papers", PERMIT_PUBLIC, 0, 0, get_papers, NULL, NULL },
	{ NULL, NULL, 0, 0, 0, NULL, NULL, NULL },
};
