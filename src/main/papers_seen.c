/* main/papers_seen.c — see papers_seen.h. */
#include "main/papers_seen.h"

#include <string.h>

#include "base/error.h"
#include "base/random.h"

json_t *
papers_required (Remote *remote, const char *service, const char *kind, GError **error)
{
	g_autoptr (GString) path = g_string_new ("/api/v1/papers?");
	if (service != NULL) {
		g_string_append (path, "service=");
		g_string_append_uri_escaped (path, service, NULL, FALSE);
		g_string_append_c (path, '&');
	}
	if (kind != NULL) {
		g_string_append (path, "kind=");
		g_string_append_uri_escaped (path, kind, NULL, FALSE);
	}
	return remote_call (remote, "GET", path->str, NULL, error);
}

static json_t *
seen (const char *paper, gboolean original, gint64 copies, const char *scan)
{
	json_t *item = json_pack ("{s:s, s:b, s:I}", "paper", paper, "original", (int) original, "copies", (json_int_t) copies);
	if (scan != NULL)
		json_object_set_new (item, "scan", json_string (scan));
	return item;
}

/* NAME, NAME=COPIES or NAME=SCAN. */
static json_t *
parse_one (const char *text, GError **error)
{
	g_auto (GStrv) parts = g_strsplit (text, "=", 2);
	guint64 copies = 1;
	if (parts[0] == NULL || parts[1] == NULL)
		return seen (text, TRUE, 1, NULL);
	if (uuid_is_valid (parts[1]))
		return seen (parts[0], FALSE, 0, parts[1]);
	if (g_ascii_string_to_unsigned (parts[1], 10, 0, 99, &copies, NULL))
		return seen (parts[0], TRUE, (gint64) copies, NULL);
	diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, NULL, "--papers: \"%s\" is neither NAME, NAME=COPIES nor NAME=SCAN", text);
	return NULL;
}

static json_t *
parse_list (const char *list, GError **error)
{
	g_auto (GStrv) items = g_strsplit (list, ",", -1);
	g_autoptr (json_t) papers = json_array ();
	for (char **item = items; *item != NULL; item++) {
		json_t *one = parse_one (g_strstrip (*item), error);
		if (one == NULL)
			return NULL;
		json_array_append_new (papers, one);
	}
	return g_steal_pointer (&papers);
}

static const char *
form_member (const json_t *view, const char *name)
{
	const char *text = json_string_value (json_object_get (json_object_get (view, "form"), name));
	return text != NULL ? text : "";
}

/* Nobody is said to have shown a power of attorney that nobody needs, or what a signed submission stands for. */
static gboolean
is_asked (const json_t *need, const json_t *view)
{
	const char *authenticated = json_string_value (json_object_get (view, "authenticated"));
	if (json_object_get (need, "unless") != NULL && g_strcmp0 (authenticated, "certificate") == 0)
		return FALSE;
	return json_object_get (need, "when") == NULL || strcmp (form_member (view, "operator_id"), form_member (view, "legal_rep_id")) != 0;
}

/* Each need by its first choice. */
static json_t *
all_seen (const json_t *required, const json_t *view)
{
	json_t *papers = json_array (), *need, *item;
	const json_t *needs = json_object_get (json_array_get (json_object_get (required, "items"), 0), "needs");
	size_t i, k;
	json_array_foreach (needs, i, need) {
		const json_t *choice = json_array_get (json_object_get (need, "any"), 0);
		if (!is_asked (need, view))
			continue;
		json_array_foreach (choice, k, item) {
			const char *paper = json_string_value (json_object_get (item, "paper"));
			json_array_append_new (papers, seen (paper != NULL ? paper : "", TRUE, json_integer_value (json_object_get (item, "copies")), NULL));
		}
	}
	return papers;
}

json_t *
papers_seen (const Cli *cli, Remote *remote, const json_t *view, GError **error)
{
	if (cli_option (cli, "papers") != NULL)
		return parse_list (cli_option (cli, "papers"), error);
	if (!cli_flag (cli, "papers-seen")) {
		diqi_error_set (error, DIQI_ERROR_FIELD_MISSING, NULL, "say what you saw: --papers LIST, or --papers-seen for all that is asked for");
		return NULL;
	}
	g_autoptr (json_t) required = papers_required (remote, json_string_value (json_object_get (view, "service")),
	                                               json_string_value (json_object_get (view, "kind")), error);
	return required != NULL ? all_seen (required, view) : NULL;
}
