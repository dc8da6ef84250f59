/* What comes from data never becomes markup. */
#include <string.h>

#include "api/html.h"

static char *
page_text (Html *html)
{
	g_autoptr (Response) response = html_finish (html);
	gsize n;
	const char *p = g_bytes_get_data (response_body (response), &n);
	g_assert_cmpuint (response_status (response), ==, 200);
	return g_strndup (p, n);
}

static void
assert_holds (const char *page, const char *part)
{
	if (strstr (page, part) == NULL)
		g_error ("\"%s\" is not in: %s", part, page);
}

static void
assert_lacks (const char *page, const char *part)
{
	if (strstr (page, part) != NULL)
		g_error ("\"%s\" is in: %s", part, page);
}

/* --- escaping -------------------------------------------------------------------------- */

static void
test_markup_in_text (void)
{
	static const struct { const char *data, *shown; } cases[] = {
		{ "<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;" },
		{ "\"><img src=x onerror=alert(1)>", "&quot;&gt;&lt;img src=x onerror=alert(1)&gt;" },
		{ "' onmouseover='alert(1)", "&apos; onmouseover=&apos;alert(1)" },
		{ "甲&乙 &amp; 丙", "甲&amp;乙 &amp;amp; 丙" },
		{ "</td></table><!--", "&lt;/td&gt;&lt;/table&gt;&lt;!--" },
		{ "\x01\x7f", "&#x1;&#x7f;" },
		{ "太仓市虚构路1号", "太仓市虚构路1号" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
		Html *html = html_new ("t", "s", 0);
		html_text (html, "<p title=\"%s\">%s</p>", cases[i].data, cases[i].data);
		g_autofree char *page = page_text (html);
		g_autofree char *want = g_strdup_printf ("<p title=\"%s\">%s</p>", cases[i].shown, cases[i].shown);
		assert_holds (page, want);
	}
}

static void
test_markup_in_names (void)
{
	g_autofree char *page = page_text (html_new ("<b>T</b>", "</title><script>S</script>", 0));

	assert_holds (page, "<title>&lt;b&gt;T&lt;/b&gt; · &lt;/title&gt;&lt;script&gt;S&lt;/script&gt;</title>");
	assert_holds (page, "<h1>&lt;/title&gt;&lt;script&gt;S&lt;/script&gt;</h1>");
	assert_lacks (page, "<script>");
	assert_lacks (page, "<b>");
}

static void
test_markup_in_rows (void)
{
	Html *html = html_new ("t", "s", 0);
	html_row (html, "<i>label</i>", "<i>value</i>");
	g_autofree char *page = page_text (html);

	assert_holds (page, "<tr><th scope=\"row\">&lt;i&gt;label&lt;/i&gt;</th><td>&lt;i&gt;value&lt;/i&gt;</td></tr>");
}

static void
test_numbers_and_percent_signs (void)
{
	Html *html = html_new ("t", "s", 0);
	html_text (html, "<p>%d %u %s</p>", -3, 7u, "100%s <");
	g_autofree char *page = page_text (html);

	assert_holds (page, "<p>-3 7 100%s &lt;</p>");
}

/* --- the page ------------------------------------------------------------------------------ */

static void
test_page (void)
{
	g_autofree char *still = page_text (html_new ("t", "s", 0));
	g_autofree char *moving = page_text (html_new ("t", "s", 5));

	g_assert_true (g_str_has_prefix (still, "<!DOCTYPE html>\n<html lang=\"zh-CN\">"));
	g_assert_true (g_str_has_suffix (still, "</body>\n</html>\n"));
	assert_lacks (still, "http-equiv");
	assert_holds (moving, "<meta http-equiv=\"refresh\" content=\"5\">");
	/* Only what the policy of the page allows: no inline style, no foreign resource. */
	assert_lacks (still, "style=\"");
	assert_lacks (still, "://");
	g_assert_true (g_utf8_validate (still, -1, NULL));
}

static void
test_empty_rows (void)
{
	g_autoptr (json_t) null = json_null (), number = json_integer (747000000), decimal = json_string ("7470000.00");
	Html *html = html_new ("t", "s", 0);
	html_row (html, "nothing", NULL);
	html_row (html, "empty", "");
	html_row_money (html, "no money", NULL);
	html_row_money (html, "null money", null);
	html_row_money (html, "number", number);
	html_row_money (html, "yuan", decimal);
	html_row_time (html, "no time", NULL);
	html_row_time (html, "bad time", decimal);
	g_autofree char *page = page_text (html);

	assert_lacks (page, "<tr>");
}

static void
test_money (void)
{
	g_autoptr (json_t) round = json_string ("747000000"), odd = json_string ("937233612"), number = json_integer (5);
	g_autofree char *shown = html_money (round), *exact = html_money (odd);
	Html *html = html_new ("t", "s", 0);

	g_assert_cmpstr (shown, ==, "747 万元");
	g_assert_cmpstr (exact, ==, "937.233612 万元");
	g_assert_null (html_money (number));
	g_assert_null (html_money (NULL));
	html_row_money (html, "起始价", round);
	g_autofree char *page = page_text (html);
	assert_holds (page, "<th scope=\"row\">起始价</th><td>747 万元(7,470,000.00 元)</td>");
}

static void
test_time (void)
{
	g_autoptr (json_t) time = json_string ("2026-04-03T02:00:00.000000Z");
	g_autofree char *shown = html_time (time);
	Html *html = html_new ("t", "s", 0);

	g_assert_cmpstr (shown, ==, "2026-04-03 10:00:00");
	g_assert_null (html_time (NULL));
	html_row_time (html, "挂牌截止", time);
	g_autofree char *page = page_text (html);
	assert_holds (page, "<td>2026-04-03 10:00:00</td>");
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/api/html/markup-in-text", test_markup_in_text);
	g_test_add_func ("/api/html/markup-in-names", test_markup_in_names);
	g_test_add_func ("/api/html/markup-in-rows", test_markup_in_rows);
	g_test_add_func ("/api/html/numbers-and-percent-signs", test_numbers_and_percent_signs);
	g_test_add_func ("/api/html/page", test_page);
	g_test_add_func ("/api/html/empty-rows", test_empty_rows);
	g_test_add_func ("/api/html/money", test_money);
	g_test_add_func ("/api/html/time", test_time);
	return g_test_run ();
}
