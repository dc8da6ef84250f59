#include "outbox/ics.h"

#include <string.h>

#define AT G_GINT64_CONSTANT (1775181600000000)         /* 2026-04-03T02:00:00Z */

static void
test_event (void)
{
	g_autoptr (GString) out = g_string_new (NULL);
	const IcsEvent event = { .uid = "a@b", .summary = "x, y; \\z\nnext", .at = AT, .revised = 0, .alarms = { 30, 7 } };
	ics_event (out, &event);
	g_assert_cmpstr (out->str, ==,
		"BEGIN:VEVENT\r\nUID:a@b\r\nDTSTAMP:19700101T000000Z\r\nDTSTART:20260403T020000Z\r\nSUMMARY:x\\, y\\; \\\\z\\nnext\r\nTRANSP:TRANSPARENT\r\n"
		"BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\\, y\\; \\\\z\\nnext\r\nTRIGGER:-P30D\r\nEND:VALARM\r\n"
		"BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\\, y\\; \\\\z\\nnext\r\nTRIGGER:-P7D\r\nEND:VALARM\r\nEND:VEVENT\r\n");
}

/* No way out of a text into a property of its own. */
static void
test_injection (void)
{
	g_autoptr (GString) out = g_string_new (NULL);
	const IcsEvent event = { .uid = "a", .summary = "s\r\nATTENDEE:mailto:x@y\r\nEND:VEVENT", .at = AT, .revised = AT };
	ics_event (out, &event);
	g_assert_null (strstr (out->str, "\nATTENDEE"));
	g_assert_nonnull (strstr (out->str, "SUMMARY:s\\nATTENDEE:mailto:x@y\\nEND:VEVENT\r\n"));
}

/* Every length around the fold, of one, two, three and four octets a character: nothing is cut or lost. */
static void
test_folding (void)
{
	static const char *const characters[] = { "a", "é", "证", "𠮷" };
	for (guint c = 0; c < G_N_ELEMENTS (characters); c++) {
		for (guint n = 1; n <= 160; n++) {
			g_autoptr (GString) text = g_string_new (NULL), out = g_string_new (NULL);
			for (guint i = 0; i < n; i++)
				g_string_append (text, characters[c]);
			ics_begin (out, text->str);
			g_auto (GStrv) lines = g_strsplit (out->str, "\r\n", -1);
			for (guint i = 0; lines[i] != NULL; i++) {
				g_assert_cmpuint (strlen (lines[i]), <=, 75);
				g_assert_true (g_utf8_validate (lines[i], -1, NULL));
			}
			g_auto (GStrv) pieces = g_strsplit (out->str, "\r\n ", -1);
			g_autofree char *unfolded = g_strjoinv ("", pieces), *whole = g_strconcat ("X-WR-CALNAME:", text->str, "\r\n", NULL);
			g_assert_nonnull (strstr (unfolded, whole));
		}
	}
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/outbox/ics/event", test_event);
	g_test_add_func ("/outbox/ics/injection", test_injection);
	g_test_add_func ("/outbox/ics/folding", test_folding);
	return g_test_run ();
}
