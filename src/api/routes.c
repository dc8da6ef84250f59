/* api/routes.c — the one table of routes that net serves. */
#include "api/routes.h"

#include "api/pages.h"

static const ApiRoute *const tables[] = {
	site_routes, login_routes, application_routes, certificate_routes,
	officer_routes, notice_routes, sale_routes, log_routes,
	fee_routes, payment_routes, paper_routes, counter_routes, message_routes, feed_routes, document_routes, token_routes,
	report_routes, people_routes, recovery_routes, profile_routes, ceremony_routes,
};

static GArray *
collect (void)
{
	GArray *routes = g_array_new (FALSE, FALSE, sizeof (Route));
	for (guint t = 0; t < G_N_ELEMENTS (tables); t++) {
		for (const ApiRoute *r = tables[t]; r->method != NULL; r++) {
			Route route = {
				.method = r->method, .path = r->path, .handler = api_handle, .body_limit = r->body_limit,
				.blocking = TRUE, .permission = r->permission, .data = (gpointer) r,
				.arrived = r->arrived, .arrived_free = r->arrived_free,
			};
			g_assert (route.permission != 0);        /* there is no default permission */
			g_array_append_val (routes, route);
		}
	}
	gsize n;
	const Route *pages = page_routes (&n);
	g_array_append_vals (routes, pages, (guint) n);
	return routes;
}

const Route *
api_routes (gsize *n)
{
	static gsize once;
	static GArray *routes;
	if (g_once_init_enter (&once)) {
		routes = collect ();
		g_once_init_leave (&once, 1);
	}
	*n = routes->len;
	return (const Route *) (gpointer) routes->data;
}
