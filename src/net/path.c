/* net/path.c — see path.h. */
#include "net/path.h"
#include "base/error.h"

#include <string.h>

/* Decodes [from, end) to out; returns the end of what was written or NULL. */
static char *
decode (const char *from, const char *end, gboolean plus, char *out, GError **error)
{
	char *start = out;
	while (from < end) {
		char c = *from++;
		if (c == '%') {
			int high = end - from >= 2 ? g_ascii_xdigit_value (from[0]) : -1;
			int low = high >= 0 ? g_ascii_xdigit_value (from[1]) : -1;
			if (low < 0) {
				diqi_error_set (error, DIQI_ERROR_REQUEST, NULL, "broken percent escape in the request target");
				return NULL;
			}
			c = (char) (high << 4 | low);
			from += 2;
		} else if (plus && c == '+') {
			c = ' ';
		}
		if ((guchar) c < 0x20 || c == 0x7f) {
			diqi_error_set (error, DIQI_ERROR_REQUEST, NULL, "control character in the request target");
			return NULL;
		}
		*out++ = c;
	}
	*out = '\0';
	if (!g_utf8_validate_len (start, (gsize) (out - start), NULL)) {
		diqi_error_set (error, DIQI_ERROR_REQUEST, NULL, "the request target is not valid UTF-8");
		return NULL;
	}
	return out;
}

/* An escaped "/" may hide dots: "..%2F.." is one segment on the wire and two steps up on a disk. */
static gboolean
has_dot_part (const char *segment)
{
	for (const char *part = segment; part != NULL; part = strchr (part, '/')) {
		if (*part == '/')
			part++;
		gsize n = strcspn (part, "/");
		if ((n == 1 && part[0] == '.') || (n == 2 && part[0] == '.' && part[1] == '.'))
			return TRUE;
	}
	return FALSE;
}

gboolean
path_parse (const char *raw, Path *out, GError **error)
{
	if (raw[0] != '/')
		return diqi_fail (error, DIQI_ERROR_REQUEST, NULL, "the request target does not start with a slash");
	char *to = out->text = g_malloc (strlen (raw) + 1);
	for (const char *at = raw + 1; raw[1] != '\0';) {
		const char *end = at + strcspn (at, "/");
		if (out->n == PATH_MAX_SEGMENTS)
			return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "the path has too many parts");
		char *stop = decode (at, end, FALSE, to, error);
		if (stop == NULL)
			return FALSE;
		if (has_dot_part (to))
			return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "dot parts are not followed");
		out->segment[out->n++] = to;
		to = stop + 1;
		if (*end == '\0')
			break;
		at = end + 1;
	}
	return TRUE;
}

void
path_clear (Path *path)
{
	g_clear_pointer (&path->text, g_free);
	path->n = 0;
}

char *
path_rest (Path *path, guint i)
{
	for (guint k = i + 1; k < path->n; k++)
		path->segment[k][-1] = '/';
	return path->segment[i];
}

static gboolean
query_add (Query *out, const char *name, const char *value, GError **error)
{
	for (guint i = 0; i < out->n; i++)
		if (strcmp (out->pair[i].name, name) == 0)
			return diqi_fail (error, DIQI_ERROR_REQUEST, NULL, "query parameter \"%s\" is given twice", name);
	if (out->n == QUERY_MAX_PAIRS)
		return diqi_fail (error, DIQI_ERROR_REQUEST, NULL, "more than %d query parameters", QUERY_MAX_PAIRS);
	out->pair[out->n].name = name;
	out->pair[out->n++].value = value;
	return TRUE;
}

gboolean
query_parse (const char *raw, Query *out, GError **error)
{
	char *to = out->text = g_malloc (strlen (raw) + 2 * (QUERY_MAX_PAIRS + 1));
	for (const char *at = raw; *at != '\0';) {
		const char *end = at + strcspn (at, "&");
		const char *equals = memchr (at, '=', (gsize) (end - at));
		const char *name_end = equals != NULL ? equals : end;
		if (end > at) {
			const char *name = to;
			char *stop = decode (at, name_end, TRUE, to, error);
			if (stop == NULL)
				return FALSE;
			const char *value = stop + 1;
			stop = decode (equals != NULL ? equals + 1 : end, end, TRUE, stop + 1, error);
			if (stop == NULL || !query_add (out, name, value, error))
				return FALSE;
			to = stop + 1;
		}
		at = *end == '&' ? end + 1 : end;
	}
	return TRUE;
}

void
query_clear (Query *query)
{
	g_clear_pointer (&query->text, g_free);
	query->n = 0;
}
