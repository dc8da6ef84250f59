/* net/router.h — the route table compiled into a tree of path segments.
 *
 * Made once at start.  Matching walks one node a segment; a literal beats a parameter, a
 * parameter beats a "{rest*}".  The most specific path decides, then the method: a path
 * without that method is 405 with Allow, also when a less specific route has the method.
 */
#pragma once
#include "net/path.h"
#include "net/server.h"

#define ROUTE_MAX_PARAMS 8

typedef struct {
	const Route *route;
	const char *names[ROUTE_MAX_PARAMS];      /* in path order */
	guint names_n;
	const char *label;                        /* metrics label: route="GET /x" */
	const char *label_by_class[6];            /* …,status="2xx" at index 2 */
} RouteEntry;

typedef struct {
	const RouteEntry *entry;                  /* NULL unless found */
	const char *allow;                        /* set when only the method does not fit */
	const char *values[ROUTE_MAX_PARAMS];     /* into the path */
} RouteMatch;

typedef struct Router Router;
/* DIQI_ERROR_CONFIG: a bad method or path, no permission, no handler, two routes for one method and shape. */
Router *router_new (const Route *routes, gsize n, GError **error);
void router_free (Router *router);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Router, router_free)

/* HEAD is matched as GET.  FALSE when nothing fits; then match->allow tells 405 from 404.
 * A "{rest*}" value joins the path's segments in place. */
gboolean router_match (const Router *router, const char *method, Path *path, RouteMatch *match);
