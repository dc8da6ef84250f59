/* main/cmd_routes.c — `diqi routes`: the tables that the listeners serve, as JSON.
 *
 * docs/api/openapi.yaml and the permission matrix of the tests are held against this list, so it is
 * made from the very tables and knows nothing of its own. */
#include "api/call.h"
#include "main/cli.h"
#include "main/site.h"

static json_t *
permission_names (guint permission)
{
	static const struct { guint bit; const char *name; } permits[] = {
		{ PERMIT_PUBLIC, "public" }, { PERMIT_APPLICANT, "applicant" }, { PERMIT_HOLDER, "holder" },
		{ PERMIT_OFFICER, "officer" }, { PERMIT_TEST_SITE, "test_site" },
	};
	json_t *names = roles_to_json (permission & ROLE_ALL);
	for (gsize i = 0; i < G_N_ELEMENTS (permits); i++) {
		if ((permission & permits[i].bit) != 0)
			json_array_append_new (names, json_string (permits[i].name));
	}
	return names;
}

static json_t *
route_json (const Route *route, const char *listener)
{
	/* Only routes of the API know more than net does. */
	guint flags = route->handler == api_handle ? ((const ApiRoute *) route->data)->flags : 0;
	return json_pack ("{s:s, s:s, s:o, s:b, s:b, s:I, s:s}", "method", route->method, "path", route->path,
	                  "permission", permission_names (route->permission),
	                  "idempotent", (flags & API_IDEMPOTENT) != 0, "if_match", (flags & API_IF_MATCH) != 0,
	                  "body_limit", (json_int_t) route->body_limit, "listener", listener);
}

static void
add_routes (json_t *list, const Route *routes, gsize n, const char *listener)
{
	for (gsize i = 0; i < n; i++)
		json_array_append_new (list, route_json (&routes[i], listener));
}

static gboolean
run_routes (Cli *cli, GError **error)
{
	static const ProtocolContext nothing;      /* read by handlers only */
	g_autoptr (json_t) list = json_array ();
	gsize n;
	(void) error;
	const Route *api = api_routes (&n);
	add_routes (list, api, n, "public");
	g_autofree Route *protocol = protocol_routes (&nothing, PERMIT_PUBLIC, &n);
	add_routes (list, protocol, n, "public");
	const Route *manage = manage_routes (&n);
	add_routes (list, manage, n, "management");
	cli_print (cli, list);
	return TRUE;
}

const CliCommand routes_commands[] = {
	{ "routes", "", 0, 0, "every address this program serves, with who may use it, as JSON", NULL, run_routes },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
