/* base/log.c — see log.h.
 *
 * A log line is one JSON object on one line whatever the values hold: everything
 * that ends a line, moves a terminal's cursor or turns the reading direction is
 * escaped, so nobody can forge an entry by choosing a name.  Lines are written
 * whole under a lock.
 */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define VALUE_MAX 1024          /* bytes of one string; a longer one is cut and marked */

/* Standard error belongs to the process, and so does how it is written: set once
 * by log_init before there are threads. */
static struct {
	GMutex lock;
	char *process;
	LogLevel least;
	Clock *clock;
} sink = { .least = LOG_LEVEL_INFO };

static gboolean
must_escape (gunichar c)
{
	return g_unichar_iscntrl (c) || c == 0x061c || (c >= 0x200e && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e)
		|| (c >= 0x2066 && c <= 0x2069);
}

static void
append_string (GString *out, const char *s)
{
	gsize len = strnlen (s, VALUE_MAX + 1);
	g_autofree char *valid = g_utf8_make_valid (s, (gssize) MIN (len, VALUE_MAX));

	g_string_append_c (out, '"');
	for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p)) {
		gunichar c = g_utf8_get_char (p);
		if (c == '"' || c == '\\')
			g_string_append_printf (out, "\\%c", (char) c);
		else if (must_escape (c))
			g_string_append_printf (out, "\\u%04x", c);
		else
			g_string_append_unichar (out, c);
	}
	g_string_append (out, len > VALUE_MAX ? "…\"" : "\"");
}

static void
append_member (GString *out, const char *key, const char *value)
{
	append_string (out, key);
	g_string_append_c (out, ':');
	append_string (out, value);
}

static void
write_line (GString *line)
{
	g_string_append (line, "}\n");
	g_mutex_lock (&sink.lock);
	for (gsize done = 0; done < line->len;) {
		ssize_t n = write (STDERR_FILENO, line->str + done, line->len - done);
		if (n < 0 && errno != EINTR)
			break;                         /* nowhere left to complain */
		done += n > 0 ? (gsize) n : 0;
	}
	g_mutex_unlock (&sink.lock);
}

static GString *
begin_line (LogLevel level, const char *event)
{
	static const char *const names[] = { "debug", "info", "warn", "error" };
	GString *line = g_string_sized_new (256);
	char time[TIME_TEXT_SIZE];

	g_string_append_c (line, '{');
	if (sink.clock != NULL) {
		time_format_to (clock_now (sink.clock), time);
		append_member (line, "time", time);
		g_string_append_c (line, ',');
	}
	append_member (line, "level", names[level]);
	g_string_append_c (line, ',');
	append_member (line, "process", sink.process != NULL ? sink.process : "diqi");
	g_string_append_c (line, ',');
	append_member (line, "event", event);
	return line;
}

/* --- values ---------------------------------------------------------------------- */

static gint64
take_signed (const char *length, va_list *args)
{
	if (strcmp (length, "") == 0)
		return va_arg (*args, int);
	g_assert (strcmp (length, "l") == 0 || strcmp (length, "ll") == 0);
	return strcmp (length, "l") == 0 ? va_arg (*args, long) : va_arg (*args, long long);
}

static guint64
take_unsigned (const char *length, va_list *args)
{
	if (strcmp (length, "") == 0)
		return va_arg (*args, unsigned);
	if (strcmp (length, "z") == 0)
		return va_arg (*args, gsize);
	g_assert (strcmp (length, "l") == 0 || strcmp (length, "ll") == 0);
	return strcmp (length, "l") == 0 ? va_arg (*args, unsigned long) : va_arg (*args, unsigned long long);
}

/* The text of the one conversion; *number tells whether it is one. */
static char *
take_value (const char *conversion, va_list *args, gsize *used, gboolean *number)
{
	gsize n = strspn (conversion, "lz");
	g_autofree char *length = g_strndup (conversion, n);

	*used = n + 1;
	*number = conversion[n] != 's';
	switch (conversion[n]) {
	case 's': {
		const char *s = va_arg (*args, const char *);
		return g_strdup (s != NULL ? s : "");
	}
	case 'd':
	case 'i':
		return g_strdup_printf ("%" G_GINT64_FORMAT, take_signed (length, args));
	case 'u':
		return g_strdup_printf ("%" G_GUINT64_FORMAT, take_unsigned (length, args));
	default:
		g_error ("log_event: no such conversion: %%%s", conversion);
	}
}

/* A bare number stays a JSON number; anything with text around it is a string. */
static void
append_value (GString *out, const char *format, va_list *args)
{
	gsize used;
	gboolean number;
	const char *percent = strchr (format, '%');

	g_assert (percent != NULL);
	g_autofree char *value = take_value (percent + 1, args, &used, &number);
	const char *rest = percent + 1 + used;
	g_assert (strchr (rest, '%') == NULL);
	if (number && percent == format && *rest == '\0') {
		g_string_append (out, value);
		return;
	}
	g_autofree char *whole = g_strdup_printf ("%.*s%s%s", (int) (percent - format), format, value, rest);
	append_string (out, whole);
}

void
log_event (LogLevel level, const char *event, ...)
{
	va_list args;

	if (level < sink.least)
		return;
	g_autoptr (GString) line = begin_line (level, event);
	va_start (args, event);
	for (const char *key; (key = va_arg (args, const char *)) != NULL;) {
		g_string_append_c (line, ',');
		append_string (line, key);
		g_string_append_c (line, ':');
		const char *format = va_arg (args, const char *);
		append_value (line, format, &args);
	}
	va_end (args);
	write_line (line);
}

/* --- GLib's own messages ------------------------------------------------------------ */

static LogLevel
level_of (GLogLevelFlags flags)
{
	if (flags & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
		return LOG_LEVEL_ERROR_;
	if (flags & G_LOG_LEVEL_WARNING)
		return LOG_LEVEL_WARN;
	return flags & G_LOG_LEVEL_DEBUG ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO;
}

static const char *
field_text (const GLogField *field)
{
	return field->length < 0 ? field->value : NULL;
}

static GLogWriterOutput
write_glib (GLogLevelFlags flags, const GLogField *fields, gsize n, gpointer unused G_GNUC_UNUSED)
{
	const char *domain = NULL, *message = NULL;
	LogLevel level = level_of (flags);

	if (level < sink.least)
		return G_LOG_WRITER_HANDLED;
	for (gsize i = 0; i < n; i++) {
		if (strcmp (fields[i].key, "MESSAGE") == 0)
			message = field_text (&fields[i]);
		else if (strcmp (fields[i].key, "GLIB_DOMAIN") == 0)
			domain = field_text (&fields[i]);
	}
	log_event (level, "glib", "domain", "%s", domain, "message", "%s", message, NULL);
	return G_LOG_WRITER_HANDLED;
}

void
log_init (const char *process, LogLevel least)
{
	gboolean first = sink.clock == NULL;

	g_free (sink.process);
	sink.process = g_strdup (process);
	sink.least = least;
	if (!first)
		return;
	sink.clock = clock_new_system ();
	g_log_set_writer_func (write_glib, NULL, NULL);      /* GLib allows this once in a process */
}
