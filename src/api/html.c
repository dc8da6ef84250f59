/* api/html.c — see html.h. */
#include "api/html.h"

#include <stdio.h>
#include <string.h>

/* No script, no foreign resource. */
#define PAGE_CSP "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

struct Html {
	GString *text;
};

void
html_raw (Html *html, const char *markup)
{
	g_string_append (html->text, markup);
}

void
html_text (Html *html, const char *format, ...)
{
	va_list args;
	va_start (args, format);
	g_autofree char *escaped = g_markup_vprintf_escaped (format, args);
	va_end (args);
	g_string_append (html->text, escaped);
}

Html *
html_new (const char *title, const char *site_name, guint refresh)
{
	Html *html = g_new0 (Html, 1);
	html->text = g_string_new ("<!DOCTYPE html>\n<html lang=\"zh-CN\">\n<head>\n<meta charset=\"utf-8\">\n"
	                           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
	if (refresh > 0)
		html_text (html, "<meta http-equiv=\"refresh\" content=\"%u\">\n", refresh);
	html_text (html, "<title>%s · %s</title>\n", title, site_name);
	html_raw (html, "<link rel=\"stylesheet\" href=\"/static/page.css\">\n</head>\n<body>\n<header><a href=\"/\">");
	html_text (html, "<h1>%s</h1></a></header>\n<main>\n", site_name);
	return html;
}

Response *
html_finish (Html *html)
{
	html_raw (html, "</main>\n<footer class=\"soft\">价格以元、万元计,时间均为北京时间。报价以到达服务器的时间为准。</footer>\n</body>\n</html>\n");
	Response *response = response_new (200, "text/html; charset=utf-8", html->text->str, html->text->len);
	response_header (response, "Content-Security-Policy", PAGE_CSP);
	g_string_free (html->text, TRUE);
	g_free (html);
	return response;
}

void
html_row (Html *html, const char *label, const char *value)
{
	if (value != NULL && *value != '\0')
		html_text (html, "<tr><th scope=\"row\">%s</th><td>%s</td></tr>\n", label, value);
}

char *
html_money (const json_t *fen)
{
	Money money;
	if (!json_is_string (fen) || !money_parse_fen (json_string_value (fen), &money, NULL))
		return NULL;
	g_autofree char *wan = money_format_wan (money);
	return g_strdup_printf ("%s 万元", wan);
}

char *
html_time (const json_t *time)
{
	Micros t;
	if (!json_is_string (time) || !time_parse (json_string_value (time), &t, NULL))
		return NULL;
	return time_format_beijing (t);
}

void
html_row_money (Html *html, const char *label, const json_t *fen)
{
	Money money;
	if (!json_is_string (fen) || !money_parse_fen (json_string_value (fen), &money, NULL))
		return;
	g_autofree char *wan = html_money (fen), *yuan = money_format_yuan (money);
	g_autofree char *both = g_strdup_printf ("%s(%s 元)", wan, yuan);
	html_row (html, label, both);
}

void
html_row_time (Html *html, const char *label, const json_t *time)
{
	g_autofree char *text = html_time (time);
	html_row (html, label, text);
}
