/* store/params.c — parameters: their making, and whether they fit their statement. */
#include "base/error.h"
#include "store/dialect.h"
#include "store/engine.h"
#include <string.h>

/* A NULL of a known type keeps it in i: PostgreSQL must sometimes be told. */
Param
P_TEXT (const char *s)
{
	if (s == NULL)
		return (Param) { PARAM_NULL, PARAM_TEXT, NULL, 0 };
	return (Param) { PARAM_TEXT, 0, s, strlen (s) };
}

Param P_BLOB (gconstpointer p, gsize n) { return (Param) { PARAM_BLOB, 0, p, n }; }

Param
P_BYTES (GBytes *b)
{
	gsize n = 0;
	if (b == NULL)
		return (Param) { PARAM_NULL, PARAM_BLOB, NULL, 0 };
	gconstpointer p = g_bytes_get_data (b, &n);
	return P_BLOB (p, n);
}

gboolean
params_are_text (const Statement *s, GError **error)
{
	for (gsize i = 0; i < s->n; i++)
		if (s->params[i].type == PARAM_TEXT && !g_utf8_validate_len (s->params[i].p, s->params[i].n, NULL))
			return diqi_fail (error, DIQI_ERROR_STORE, NULL, "parameter $%" G_GSIZE_FORMAT " is not UTF-8: %.60s", i + 1, s->sql);
	return TRUE;
}

/* Bit k-1 for each $k in the text; *beyond tells of one above MAX_PARAMS. */
static guint64
numbers_in (const char *p, gboolean *beyond)
{
	guint64 seen = 0;
	for (gsize n; *p != '\0'; p += n) {
		n = MAX (dialect_opaque_length (p), 1);
		if (*p != '$' || !g_ascii_isdigit (p[1]))
			continue;
		guint64 k = g_ascii_strtoull (p + 1, NULL, 10);
		if (k >= 1 && k <= MAX_PARAMS)
			seen |= G_GUINT64_CONSTANT (1) << (k - 1);
		else
			*beyond = TRUE;
	}
	return seen;
}

gboolean
params_match (const Statement *s, GError **error)
{
	gboolean beyond = FALSE;
	guint64 seen = numbers_in (s->sql, &beyond);
	guint64 given = s->n == 0 ? 0 : s->n > MAX_PARAMS ? 0 : G_MAXUINT64 >> (64 - s->n);
	if (s->n > MAX_PARAMS || beyond)
		return diqi_fail (error, DIQI_ERROR_STORE, NULL, "more than %d parameters: %.60s", MAX_PARAMS, s->sql);
	return seen == given || diqi_fail (error, DIQI_ERROR_STORE, NULL,
		"%" G_GSIZE_FORMAT " parameters given, but the text does not name exactly these: %.60s", s->n, s->sql);
}
