/* net/path.h — percent-encoded text from the request target, decoded strictly.
 *
 * Refused with DIQI_ERROR_REQUEST: a broken escape, %00, control characters, invalid UTF-8.
 * A path with a "." or ".." part is "not found", never walked.
 */
#pragma once
#include <glib.h>

#define PATH_MAX_SEGMENTS 64
#define QUERY_MAX_PAIRS 32

typedef struct {
	char *text;                                   /* decoded segments, each NUL-terminated, side by side */
	char *segment[PATH_MAX_SEGMENTS];             /* into text */
	guint n;
} Path;

typedef struct {
	char *text;
	struct {
		const char *name, *value;
	} pair[QUERY_MAX_PAIRS];
	guint n;
} Query;

/* raw is "/a/b%20c" without the query; "/" has no segment.  out must be zeroed. */
gboolean path_parse (const char *raw, Path *out, GError **error);
void path_clear (Path *path);
/* Segments from i to the end joined by "/", as a "{rest*}" parameter sees them; changes path in place. */
char *path_rest (Path *path, guint i);

/* raw is "a=1&b=%E5%9C%B0"; "+" is a blank.  A repeated name is refused: two readers could take different ones. */
gboolean query_parse (const char *raw, Query *out, GError **error);
void query_clear (Query *query);
