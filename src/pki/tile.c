/* pki/tile.c — names of tiles (C2SP tlog-tiles): "<L>/<N>[.p/<W>]", reader and writer.
 *
 * N is the index in groups of three digits, all but the last with an "x" before them, so
 * that a folder never has the name of a file.  One tile has one name: what the writer
 * would not write, the reader refuses.
 */
#include "pki/merkle.h"

#include <string.h>

#define MAX_LEVEL 63

char *
tile_path (guint level, guint64 index, guint width)
{
	g_assert (level <= MAX_LEVEL && width >= 1 && width <= TILE_WIDTH);
	g_autofree char *n = g_strdup_printf ("%03u", (guint) (index % 1000));
	for (index /= 1000; index > 0; index /= 1000) {
		char *longer = g_strdup_printf ("x%03u/%s", (guint) (index % 1000), n);
		g_free (n);
		n = longer;
	}
	if (width == TILE_WIDTH)
		return g_strdup_printf ("%u/%s", level, n);
	return g_strdup_printf ("%u/%s.p/%u", level, n, width);
}

/* At most three digits, as many as there are; moves *p behind them. */
static gboolean
take_digits (const char **p, guint least, guint *out)
{
	guint n = 0, value = 0;
	for (; n < 3 && g_ascii_isdigit ((*p)[n]); n++)
		value = value * 10 + (guint) ((*p)[n] - '0');
	*p += n;
	*out = value;
	return n >= least;
}

static gboolean
take_index (const char **p, guint64 *index)
{
	guint64 value = 0;
	for (gboolean more = TRUE; more; ) {
		guint group;
		more = **p == 'x';
		if (more)
			(*p)++;
		if (!take_digits (p, 3, &group) || value > (G_MAXUINT64 - group) / 1000)
			return FALSE;
		value = value * 1000 + group;
		if (more && *(*p)++ != '/')
			return FALSE;
	}
	*index = value;
	return TRUE;
}

gboolean
tile_path_parse (const char *path, guint *level, guint64 *index, guint *width)
{
	const char *p = path;
	if (!take_digits (&p, 1, level) || *level > MAX_LEVEL || *p++ != '/' || !take_index (&p, index))
		return FALSE;
	*width = TILE_WIDTH;
	if (g_str_has_prefix (p, ".p/")) {
		p += strlen (".p/");
		if (!take_digits (&p, 1, width) || *width < 1 || *width >= TILE_WIDTH)
			return FALSE;
	}
	if (*p != '\0')
		return FALSE;
	g_autofree char *canonical = tile_path (*level, *index, *width);
	return strcmp (canonical, path) == 0;
}
