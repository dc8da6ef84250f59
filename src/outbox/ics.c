/* outbox/ics.c — see ics.h. */
#include "outbox/ics.h"

#include <string.h>

#include "base/civil.h"

#define LINE_OCTETS 75u

/* RFC 5545 3.1: CRLF, and a line of over 75 octets goes on after CRLF and a blank.  No character is cut in two. */
static void
line (GString *out, const char *name, const char *value)
{
	g_autofree char *whole = g_strconcat (name, ":", value, NULL);
	gsize room = LINE_OCTETS;
	for (const char *at = whole; *at != '\0';) {
		const char *end = at;
		while (*end != '\0' && (gsize) (g_utf8_next_char (end) - at) <= room)
			end = g_utf8_next_char (end);
		g_string_append_len (out, at, end - at);
		g_string_append (out, *end != '\0' ? "\r\n " : "\r\n");
		room = LINE_OCTETS - 1;
		at = end;
	}
}

/* RFC 5545 3.3.11: what would end or divide a text. */
static void
text_line (GString *out, const char *name, const char *text)
{
	g_autoptr (GString) escaped = g_string_new (NULL);
	for (const char *c = text; *c != '\0'; c++) {
		if (*c == '\n')
			g_string_append (escaped, "\\n");
		else if (strchr ("\\;,", *c) != NULL)
			g_string_append_printf (escaped, "\\%c", *c);
		else if (!g_ascii_iscntrl (*c))
			g_string_append_c (escaped, *c);
	}
	line (out, name, escaped->str);
}

static void
time_line (GString *out, const char *name, Micros at)
{
	gint64 second = at % MICROS_PER_DAY / MICROS_PER_S;
	CivilDate d = civil_from_days (at / MICROS_PER_DAY);
	char text[20];
	g_snprintf (text, sizeof text, "%04d%02d%02dT%02d%02d%02dZ", d.year % 10000, d.month % 100, d.day % 100,
	            (int) (second / 3600), (int) (second / 60 % 60), (int) (second % 60));
	line (out, name, text);
}

void
ics_begin (GString *out, const char *name)
{
	line (out, "BEGIN", "VCALENDAR");
	line (out, "VERSION", "2.0");
	line (out, "PRODID", "-//Diqi//Diqi " DIQI_VERSION "//ZH");
	line (out, "CALSCALE", "GREGORIAN");
	text_line (out, "X-WR-CALNAME", name);
	line (out, "REFRESH-INTERVAL;VALUE=DURATION", "PT12H");
}

void
ics_event (GString *out, const IcsEvent *event)
{
	line (out, "BEGIN", "VEVENT");
	text_line (out, "UID", event->uid);
	time_line (out, "DTSTAMP", event->revised);
	time_line (out, "DTSTART", event->at);
	text_line (out, "SUMMARY", event->summary);
	if (event->description != NULL)
		text_line (out, "DESCRIPTION", event->description);
	line (out, "TRANSP", "TRANSPARENT");
	for (guint i = 0; i < ICS_ALARMS && event->alarms[i] != 0; i++) {
		g_autofree char *trigger = g_strdup_printf ("-P%uD", event->alarms[i]);
		line (out, "BEGIN", "VALARM");
		line (out, "ACTION", "DISPLAY");
		text_line (out, "DESCRIPTION", event->summary);
		line (out, "TRIGGER", trigger);
		line (out, "END", "VALARM");
	}
	line (out, "END", "VEVENT");
}

void
ics_end (GString *out)
{
	line (out, "END", "VCALENDAR");
}
