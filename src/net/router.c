/* net/router.c — see router.h. */
#include "net/router.h"
#include "base/error.h"

#include <string.h>

static const char *const methods[] = { "GET", "POST", "PUT", "DELETE", "PATCH" };

typedef struct Node Node;
struct Node {
	GHashTable *literal;                      /* segment → Node */
	Node *parameter, *rest;
	const RouteEntry *entry[G_N_ELEMENTS (methods)];
	char *allow;
};

struct Router {
	Node *root;
	GStringChunk *text;
	RouteEntry *entries;
};

static void
node_free (Node *node)
{
	if (node == NULL)
		return;
	g_clear_pointer (&node->literal, g_hash_table_unref);
	node_free (node->parameter);
	node_free (node->rest);
	g_free (node->allow);
	g_free (node);
}

static int
method_index (const char *method)
{
	if (strcmp (method, "HEAD") == 0)
		return 0;
	for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
		if (strcmp (method, methods[i]) == 0)
			return (int) i;
	return -1;
}

static Node *
literal_child (Router *router, Node *node, const char *segment)
{
	if (node->literal == NULL)
		node->literal = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) node_free);
	Node *child = g_hash_table_lookup (node->literal, segment);
	if (child == NULL) {
		child = g_new0 (Node, 1);
		g_hash_table_insert (node->literal, g_string_chunk_insert_const (router->text, segment), child);
	}
	return child;
}

/* "{name}" or "{name*}"; *rest tells which. */
static char *
parameter_name (const char *segment, gboolean *rest)
{
	gsize n = strlen (segment);
	if (n < 3 || segment[0] != '{' || segment[n - 1] != '}')
		return NULL;
	*rest = segment[n - 2] == '*';
	return g_strndup (segment + 1, n - (*rest ? 3 : 2));
}

static gboolean
step_down (Router *router, Node **node, RouteEntry *entry, const char *segment, gboolean last, GError **error)
{
	gboolean rest = FALSE;
	g_autofree char *name = parameter_name (segment, &rest);
	if (name == NULL) {
		if (segment[0] == '\0' || strpbrk (segment, "{}*%") != NULL)
			return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "route %s: bad part \"%s\"", entry->route->path, segment);
		*node = literal_child (router, *node, segment);
		return TRUE;
	}
	if (entry->names_n == ROUTE_MAX_PARAMS || (rest && !last))
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "route %s: bad parameter \"%s\"", entry->route->path, segment);
	entry->names[entry->names_n++] = g_string_chunk_insert_const (router->text, name);
	Node **child = rest ? &(*node)->rest : &(*node)->parameter;
	if (*child == NULL)
		*child = g_new0 (Node, 1);
	*node = *child;
	return TRUE;
}

static void
make_labels (Router *router, RouteEntry *entry)
{
	g_autofree char *label = g_strdup_printf ("route=\"%s %s\"", entry->route->method, entry->route->path);
	entry->label = g_string_chunk_insert (router->text, label);
	for (guint class = 0; class < G_N_ELEMENTS (entry->label_by_class); class++) {
		g_autofree char *by_class = g_strdup_printf ("%s,status=\"%uxx\"", label, class);
		entry->label_by_class[class] = g_string_chunk_insert (router->text, by_class);
	}
}

/* What a table may get wrong; HEAD comes with GET. */
static gboolean
check_route (const Route *route, int method, GError **error)
{
	if (method < 0 || strcmp (route->method, "HEAD") == 0 || route->path == NULL || route->path[0] != '/')
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "route %s %s: bad method or path",
		                  route->method != NULL ? route->method : "?", route->path != NULL ? route->path : "?");
	if (route->permission == 0 || route->handler == NULL)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "route %s %s has no permission or no handler", route->method, route->path);
	return TRUE;
}

static void
add_allowed (Node *node, int method)
{
	g_autofree char *before = node->allow;
	const char *also = method == 0 ? "GET, HEAD" : methods[method];
	node->allow = before != NULL ? g_strdup_printf ("%s, %s", before, also) : g_strdup (also);
}

static gboolean
add_route (Router *router, RouteEntry *entry, GError **error)
{
	const Route *route = entry->route;
	int method = route->method != NULL ? method_index (route->method) : -1;
	if (!check_route (route, method, error))
		return FALSE;
	Node *node = router->root;
	g_auto (GStrv) parts = g_strsplit (route->path + 1, "/", -1);
	for (guint i = 0; route->path[1] != '\0' && parts[i] != NULL; i++)
		if (!step_down (router, &node, entry, parts[i], parts[i + 1] == NULL, error))
			return FALSE;
	if (node->entry[method] != NULL)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "two routes for %s %s", route->method, route->path);
	node->entry[method] = entry;
	make_labels (router, entry);
	add_allowed (node, method);
	return TRUE;
}

Router *
router_new (const Route *routes, gsize n, GError **error)
{
	g_autoptr (Router) router = g_new0 (Router, 1);
	router->root = g_new0 (Node, 1);
	router->text = g_string_chunk_new (1024);
	router->entries = g_new0 (RouteEntry, n);
	for (gsize i = 0; i < n; i++) {
		router->entries[i].route = &routes[i];
		if (!add_route (router, &router->entries[i], error))
			return NULL;
	}
	return g_steal_pointer (&router);
}

void
router_free (Router *router)
{
	if (router == NULL)
		return;
	node_free (router->root);
	g_string_chunk_free (router->text);
	g_free (router->entries);
	g_free (router);
}

typedef struct {
	Path *path;
	const char **values;
} Walk;

/* Each node is visited at most once: a node's depth is the index of the segment it reads. */
static const Node *
walk (const Node *node, Walk *w, guint depth, guint values_n)
{
	if (depth == w->path->n)
		return node->allow != NULL ? node : NULL;
	const char *segment = w->path->segment[depth];
	const Node *child = node->literal != NULL ? g_hash_table_lookup (node->literal, segment) : NULL;
	const Node *found = child != NULL ? walk (child, w, depth + 1, values_n) : NULL;
	if (found != NULL)
		return found;
	if (node->parameter != NULL && segment[0] != '\0') {
		found = walk (node->parameter, w, depth + 1, values_n + 1);
		if (found != NULL) {
			w->values[values_n] = segment;
			return found;
		}
	}
	if (node->rest != NULL) {
		w->values[values_n] = path_rest (w->path, depth);
		return node->rest;
	}
	return NULL;
}

gboolean
router_match (const Router *router, const char *method, Path *path, RouteMatch *match)
{
	const Node *node = walk (router->root, &(Walk) { path, match->values }, 0, 0);
	if (node == NULL)
		return FALSE;
	int index = method_index (method);
	match->entry = index >= 0 ? node->entry[index] : NULL;
	match->allow = match->entry == NULL ? node->allow : NULL;
	return match->entry != NULL;
}
