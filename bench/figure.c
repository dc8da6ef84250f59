/* bench/figure.c — see figure.h. */
#include "figure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
compare (gconstpointer a, gconstpointer b)
{
	guint64 x = *(const guint64 *) a, y = *(const guint64 *) b;
	return x < y ? -1 : x > y;
}

guint64
figure_median (const guint64 values[FIGURE_ROUNDS])
{
	guint64 sorted[FIGURE_ROUNDS];
	memcpy (sorted, values, sizeof sorted);
	qsort (sorted, FIGURE_ROUNDS, sizeof *sorted, compare);
	return sorted[FIGURE_ROUNDS / 2];
}

guint64
figure_thousandths (guint64 value, guint64 of)
{
	return of > 0 ? value * 1000 / of : 0;
}

void
figure_print_thousandths (const char *name, guint64 thousandths)
{
	printf (" %s=%" G_GUINT64_FORMAT ".%03" G_GUINT64_FORMAT, name, thousandths / 1000, thousandths % 1000);
}

void
figure_print (const char *name, guint64 value, const char *unit, guint64 bound, guint64 ratio)
{
	printf ("%s %" G_GUINT64_FORMAT " %s bound=%" G_GUINT64_FORMAT, name, value, unit, bound);
	figure_print_thousandths ("ratio", ratio);
}

void
figure_end (void)
{
	printf ("\n");
	fflush (stdout);
}

guint
figure_certificates (void)
{
	const char *text = g_getenv ("DIQI_BENCH_GROW");
	return text != NULL ? (guint) g_ascii_strtoull (text, NULL, 10) : 0;
}
