/* The text is held against the rules of OpenMetrics 1.0 by a small reader of it. */
#include "base/metrics.h"

#include <string.h>

/* Checks the shape of a whole exposition: each family once, HELP then TYPE then its
 * samples, known suffixes for its type, a number on every sample, "# EOF" last. */
static void
check_text (const char *text)
{
	g_autoptr (GRegex) sample = g_regex_new (
		"^([a-zA-Z_][a-zA-Z0-9_]*)(\\{[a-z_]+=\"(?:[^\"\\\\\\n]|\\\\.)*\"(?:,[a-z_]+=\"(?:[^\"\\\\\\n]|\\\\.)*\")*\\})? "
		"-?[0-9]+(?:\\.[0-9]+)?$", 0, 0, NULL);
	g_autoptr (GHashTable) families = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr (GHashTable) samples = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
	g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
	guint n = g_strv_length (lines);
	g_autofree char *family = NULL, *type = NULL;

	g_assert_cmpstr (lines[n - 1], ==, "");
	g_assert_cmpstr (lines[n - 2], ==, "# EOF");
	for (guint i = 0; i + 2 < n; i++) {
		g_auto (GStrv) words = g_strsplit (lines[i], " ", 4);
		if (g_str_has_prefix (lines[i], "# HELP ")) {
			g_free (family);
			family = g_strdup (words[2]);
			g_clear_pointer (&type, g_free);
			g_assert_true (g_hash_table_add (families, g_strdup (family)));
			continue;
		}
		if (g_str_has_prefix (lines[i], "# TYPE ")) {
			g_assert_cmpstr (words[2], ==, family);
			g_assert_null (type);
			type = g_strdup (words[3]);
			continue;
		}
		g_autoptr (GMatchInfo) match = NULL;
		if (!g_regex_match (sample, lines[i], 0, &match))
			g_error ("not a sample: %s", lines[i]);
		g_autofree char *name = g_match_info_fetch (match, 1);
		g_assert_true (g_str_has_prefix (name, family));
		const char *suffix = name + strlen (family);
		const char *const wanted[] = { strcmp (type, "counter") == 0 ? "_total" : strcmp (type, "gauge") == 0 ? "" : "_bucket",
			strcmp (type, "histogram") == 0 ? "_count" : NULL, "_sum", NULL };
		g_assert_true (g_strv_contains (wanted, suffix));
		char *space = strrchr (lines[i], ' ');
		*space = '\0';
		g_assert_true (g_hash_table_add (samples, g_strdup (lines[i])));      /* no series twice */
	}
}

static void
assert_has (const char *text, const char *line)
{
	g_autofree char *whole = g_strdup_printf ("\n%s\n", line), *from = g_strconcat ("\n", text, NULL);
	if (strstr (from, whole) == NULL)
		g_error ("no line %s in\n%s", line, text);
}

static void
test_text (void)
{
	Metrics *m = metrics_new ();
	g_autofree char *empty = metrics_text (m);
	g_assert_cmpstr (empty, ==, "# EOF\n");

	metrics_add (m, "auction_bids_total", "Quotes", "state=\"won\"", 2);
	metrics_add (m, "auction_bids_total", "Quotes", "state=\"lost\"", 1);
	metrics_add (m, "auction_bids_total", "Quotes", "state=\"won\"", 3);
	metrics_add (m, "z_total", "A \\ and\na \"line\"", NULL, 0);
	metrics_set (m, "open_sales", "Sales", NULL, 5);
	metrics_set (m, "open_sales", "Sales", NULL, -4);
	metrics_set (m, "commits_total", "Kept by the database", NULL, 9);
	metrics_observe (m, "http_seconds", "Requests", "route=\"/x\"", 1000);
	metrics_observe (m, "http_seconds", "Requests", "route=\"/x\"", 1001);
	metrics_observe (m, "http_seconds", "Requests", "route=\"/x\"", 60 * 1000000);
	metrics_observe (m, "http_seconds", "Requests", "route=\"/x\"", -5);
	metrics_observe (m, "plain_seconds", "No labels", NULL, 10 * 1000000);
	g_autofree char *text = metrics_text (m);
	check_text (text);
	assert_has (text, "# TYPE auction_bids counter");
	assert_has (text, "auction_bids_total{state=\"won\"} 5");
	assert_has (text, "auction_bids_total{state=\"lost\"} 1");
	assert_has (text, "# HELP z A \\\\ and\\na \\\"line\\\"");
	assert_has (text, "z_total 0");
	assert_has (text, "open_sales -4");
	assert_has (text, "# TYPE commits counter");
	assert_has (text, "commits_total 9");
	assert_has (text, "# TYPE http_seconds histogram");
	assert_has (text, "http_seconds_bucket{route=\"/x\",le=\"0.001\"} 2");
	assert_has (text, "http_seconds_bucket{route=\"/x\",le=\"0.0025\"} 3");
	assert_has (text, "http_seconds_bucket{route=\"/x\",le=\"10.0\"} 3");
	assert_has (text, "http_seconds_bucket{route=\"/x\",le=\"+Inf\"} 4");
	assert_has (text, "http_seconds_count{route=\"/x\"} 4");
	assert_has (text, "http_seconds_sum{route=\"/x\"} 60.002001");
	assert_has (text, "plain_seconds_bucket{le=\"10.0\"} 1");
	assert_has (text, "plain_seconds_bucket{le=\"5.0\"} 0");
	assert_has (text, "plain_seconds_sum 10.000000");
	g_autofree char *again = metrics_text (m);
	g_assert_cmpstr (again, ==, text);
	metrics_free (m);
}

static gpointer
count_many (gpointer metrics)
{
	for (int i = 0; i < 10000; i++) {
		metrics_add (metrics, "n_total", "N", i % 2 ? "odd=\"1\"" : NULL, 1);
		metrics_observe (metrics, "t_seconds", "T", NULL, i);
	}
	return NULL;
}

static void
test_threads (void)
{
	Metrics *m = metrics_new ();
	GThread *threads[4];
	for (int i = 0; i < 4; i++)
		threads[i] = g_thread_new ("count", count_many, m);
	for (int i = 0; i < 20; i++)
		g_free (metrics_text (m));
	for (int i = 0; i < 4; i++)
		g_thread_join (threads[i]);
	g_autofree char *text = metrics_text (m);
	check_text (text);
	assert_has (text, "n_total 20000");
	assert_has (text, "n_total{odd=\"1\"} 20000");
	assert_has (text, "t_seconds_count 40000");
	metrics_free (m);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/metrics/text", test_text);
	g_test_add_func ("/metrics/threads", test_threads);
	return g_test_run ();
}
