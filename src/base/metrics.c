/* base/metrics.c — see metrics.h.  OpenMetrics 1.0 text: families sorted by name,
 * each with HELP and TYPE before its samples, ended by "# EOF". */
#include "base/metrics.h"

#include <string.h>

#include "base/clock.h"

#define TOTAL "_total"

typedef enum { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM } MetricType;

static const struct {
	gint64 micros;
	const char *text;         /* canonical OpenMetrics number, in seconds */
} bounds[] = {
	{ 1000, "0.001" }, { 2500, "0.0025" }, { 5000, "0.005" }, { 10000, "0.01" }, { 25000, "0.025" }, { 50000, "0.05" },
	{ 100000, "0.1" }, { 250000, "0.25" }, { 500000, "0.5" }, { 1000000, "1.0" }, { 2500000, "2.5" }, { 5000000, "5.0" },
	{ 10000000, "10.0" },
};

typedef struct {
	gint64 value;                             /* counter, gauge; of a histogram the sum in microseconds */
	guint64 counts[G_N_ELEMENTS (bounds) + 1]; /* a histogram's, each bucket alone; the last one has no bound */
} Series;

typedef struct {
	MetricType type;
	char *help;
	GTree *series;                            /* labels → Series */
} Family;

struct Metrics {
	GMutex lock;
	GTree *families;                          /* name → Family */
};

static int
compare_names (gconstpointer a, gconstpointer b, gpointer unused G_GNUC_UNUSED)
{
	return strcmp (a, b);
}

static void
family_free (gpointer p)
{
	Family *family = p;
	g_free (family->help);
	g_tree_unref (family->series);
	g_free (family);
}

Metrics *
metrics_new (void)
{
	Metrics *metrics = g_new0 (Metrics, 1);
	g_mutex_init (&metrics->lock);
	metrics->families = g_tree_new_full (compare_names, NULL, g_free, family_free);
	return metrics;
}

void
metrics_free (Metrics *metrics)
{
	if (metrics == NULL)
		return;
	g_tree_unref (metrics->families);
	g_mutex_clear (&metrics->lock);
	g_free (metrics);
}

static gboolean
is_name (const char *name)
{
	if (!g_ascii_isalpha (*name) && *name != '_')
		return FALSE;
	for (const char *p = name; *p != '\0'; p++)
		if (!g_ascii_isalnum (*p) && *p != '_')
			return FALSE;
	return TRUE;
}

static Family *
family_of (Metrics *metrics, const char *name, const char *help, MetricType type)
{
	Family *family = g_tree_lookup (metrics->families, name);
	if (family == NULL) {
		g_assert (is_name (name));
		g_assert ((type == METRIC_COUNTER) == g_str_has_suffix (name, TOTAL));
		family = g_new0 (Family, 1);
		family->type = type;
		family->help = g_strdup (help);
		family->series = g_tree_new_full (compare_names, NULL, g_free, g_free);
		g_tree_insert (metrics->families, g_strdup (name), family);
	}
	g_assert (family->type == type);
	return family;
}

static Series *
series_of (Metrics *metrics, const char *name, const char *help, const char *labels, MetricType type)
{
	Family *family = family_of (metrics, name, help, type);
	const char *key = labels != NULL ? labels : "";
	Series *series = g_tree_lookup (family->series, key);
	if (series == NULL) {
		series = g_new0 (Series, 1);
		g_tree_insert (family->series, g_strdup (key), series);
	}
	return series;
}

void
metrics_add (Metrics *metrics, const char *name, const char *help, const char *labels, gint64 delta)
{
	g_assert (delta >= 0);
	g_mutex_lock (&metrics->lock);
	series_of (metrics, name, help, labels, METRIC_COUNTER)->value += delta;
	g_mutex_unlock (&metrics->lock);
}

void
metrics_set (Metrics *metrics, const char *name, const char *help, const char *labels, gint64 value)
{
	/* a counter that somebody else keeps (the database) is shown as what it is */
	MetricType type = g_str_has_suffix (name, TOTAL) ? METRIC_COUNTER : METRIC_GAUGE;
	g_assert (type == METRIC_GAUGE || value >= 0);
	g_mutex_lock (&metrics->lock);
	series_of (metrics, name, help, labels, type)->value = value;
	g_mutex_unlock (&metrics->lock);
}

void
metrics_observe (Metrics *metrics, const char *name, const char *help, const char *labels, gint64 micros)
{
	gsize bucket = 0;
	micros = MAX (micros, 0);
	while (bucket < G_N_ELEMENTS (bounds) && micros > bounds[bucket].micros)
		bucket++;
	g_mutex_lock (&metrics->lock);
	Series *series = series_of (metrics, name, help, labels, METRIC_HISTOGRAM);
	series->value += micros;
	series->counts[bucket]++;
	g_mutex_unlock (&metrics->lock);
}

/* --- text ------------------------------------------------------------------------- */

typedef struct {
	GString *out;
	const char *name;
	const Family *family;
} Printer;

static void
print_sample (const Printer *p, const char *suffix, const char *labels, const char *le, const char *value)
{
	g_string_append_printf (p->out, "%s%s", p->name, suffix);
	if (*labels != '\0' || le != NULL) {
		g_string_append_printf (p->out, "{%s", labels);
		if (le != NULL)
			g_string_append_printf (p->out, "%sle=\"%s\"", *labels != '\0' ? "," : "", le);
		g_string_append_c (p->out, '}');
	}
	g_string_append_printf (p->out, " %s\n", value);
}

static void
print_histogram (const Printer *p, const char *labels, const Series *series)
{
	guint64 count = 0;
	char text[48];

	for (gsize i = 0; i <= G_N_ELEMENTS (bounds); i++) {
		count += series->counts[i];
		g_snprintf (text, sizeof text, "%" G_GUINT64_FORMAT, count);
		print_sample (p, "_bucket", labels, i < G_N_ELEMENTS (bounds) ? bounds[i].text : "+Inf", text);
	}
	print_sample (p, "_count", labels, NULL, text);
	g_snprintf (text, sizeof text, "%" G_GINT64_FORMAT ".%06d", series->value / MICROS_PER_S,
		(int) (series->value % MICROS_PER_S));
	print_sample (p, "_sum", labels, NULL, text);
}

static gboolean
print_series (gpointer labels, gpointer value, gpointer printer)
{
	const Printer *p = printer;
	const Series *series = value;

	if (p->family->type == METRIC_HISTOGRAM) {
		print_histogram (p, labels, series);
		return FALSE;
	}
	g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, series->value);
	print_sample (p, "", labels, NULL, text);
	return FALSE;
}

static void
print_help (const Printer *p, const char *family, const char *type)
{
	g_string_append_printf (p->out, "# HELP %s ", family);
	for (const char *c = p->family->help; *c != '\0'; c++) {
		if (*c == '\n')
			g_string_append (p->out, "\\n");
		else if (*c == '\\' || *c == '"')
			g_string_append_printf (p->out, "\\%c", *c);
		else
			g_string_append_c (p->out, *c);
	}
	g_string_append_printf (p->out, "\n# TYPE %s %s\n", family, type);
}

static gboolean
print_family (gpointer name, gpointer value, gpointer out)
{
	static const char *const types[] = { "counter", "gauge", "histogram" };
	Printer p = { out, name, value };
	gsize len = strlen (name);

	/* The family of a counter is named without the suffix that its samples carry. */
	g_autofree char *family = g_strndup (name, p.family->type == METRIC_COUNTER ? len - strlen (TOTAL) : len);
	print_help (&p, family, types[p.family->type]);
	g_tree_foreach (p.family->series, print_series, &p);
	return FALSE;
}

char *
metrics_text (Metrics *metrics)
{
	GString *out = g_string_sized_new (4096);
	g_mutex_lock (&metrics->lock);
	g_tree_foreach (metrics->families, print_family, out);
	g_mutex_unlock (&metrics->lock);
	g_string_append (out, "# EOF\n");
	return g_string_free (out, FALSE);
}
