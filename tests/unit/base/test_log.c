/* What log_event writes is read back from a pipe in the place of standard error. */
#include "base/log.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"

static int saved_stderr, pipe_read;

static void
begin_capture (void)
{
	int ends[2];
	g_assert_cmpint (pipe (ends), ==, 0);
	saved_stderr = dup (STDERR_FILENO);
	dup2 (ends[1], STDERR_FILENO);
	close (ends[1]);
	pipe_read = ends[0];
}

static char *
end_capture (void)
{
	GString *text = g_string_new (NULL);
	char buffer[4096];
	ssize_t n;

	dup2 (saved_stderr, STDERR_FILENO);      /* also closes the pipe's last writing end */
	close (saved_stderr);
	while ((n = read (pipe_read, buffer, sizeof buffer)) > 0)
		g_string_append_len (text, buffer, n);
	close (pipe_read);
	return g_string_free (text, FALSE);
}

/* Exactly one line, one strict JSON object. */
static json_t *
one_event (const char *text)
{
	g_autoptr (GError) error = NULL;
	gsize len = strlen (text);
	g_assert_cmpuint (len, >, 0);
	g_assert_true (strchr (text, '\n') == text + len - 1);
	json_t *event = json_read_strict (text, len, 1 << 20, &error);
	g_assert_no_error (error);
	return event;
}

static void
assert_text (const json_t *event, const char *key, const char *want)
{
	g_assert_cmpstr (json_string_value (json_object_get (event, key)), ==, want);
}

static void
test_values (void)
{
	begin_capture ();
	log_event (LOG_LEVEL_INFO, "http.request", "method", "%s", "GET", "status", "%d", 200, "bytes", "%" G_GINT64_FORMAT,
		G_MAXINT64 >> 11, "n", "%u", 4000000000u, "size", "%zu", (gsize) 7, "took", "%d ms", -3, "path", "<%s>", "/x", "none",
		"%s", NULL, "u64", "%" G_GUINT64_FORMAT, (guint64) 5, NULL);
	g_autofree char *text = end_capture ();
	g_autoptr (json_t) event = one_event (text);
	Micros at, now = g_get_real_time ();

	assert_text (event, "level", "info");
	assert_text (event, "process", "test");
	assert_text (event, "event", "http.request");
	assert_text (event, "method", "GET");
	assert_text (event, "took", "-3 ms");
	assert_text (event, "path", "</x>");
	assert_text (event, "none", "");
	g_assert_cmpint (json_integer_value (json_object_get (event, "status")), ==, 200);
	g_assert_cmpint (json_integer_value (json_object_get (event, "bytes")), ==, G_MAXINT64 >> 11);
	g_assert_cmpint (json_integer_value (json_object_get (event, "n")), ==, 4000000000);
	g_assert_cmpint (json_integer_value (json_object_get (event, "size")), ==, 7);
	g_assert_cmpint (json_integer_value (json_object_get (event, "u64")), ==, 5);
	g_assert_true (time_parse (json_string_value (json_object_get (event, "time")), &at, NULL));
	g_assert_cmpint (ABS (now - at), <, 10 * MICROS_PER_S);
}

/* A value cannot forge a second event, end the string, or drive a terminal. */
static void
test_hostile (void)
{
	static const char *const values[] = { "a\n{\"event\":\"forged\"}", "\r\n", "\",\"event\":\"forged", "\\", "\x1b[2J\x07\x7f",
		"\xc2\x85\xc2\x9b", "\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xae", "太仓", "" };
	for (gsize i = 0; i < G_N_ELEMENTS (values); i++) {
		begin_capture ();
		log_event (LOG_LEVEL_WARN, "x", "v", "%s", values[i], NULL);
		g_autofree char *text = end_capture ();
		g_autoptr (json_t) event = one_event (text);
		assert_text (event, "v", values[i]);
		assert_text (event, "event", "x");
		for (const char *p = text; p[1] != '\0'; p = g_utf8_next_char (p))
			g_assert_false (g_unichar_iscntrl (g_utf8_get_char (p)) || g_utf8_get_char (p) == 0x2028
				|| g_utf8_get_char (p) == 0x202e);
	}
	begin_capture ();
	log_event (LOG_LEVEL_WARN, "x", "v", "%s", "bad \xff\xc3 utf-8", NULL);
	g_autofree char *text = end_capture ();
	g_autoptr (json_t) event = one_event (text);
	g_assert_nonnull (json_object_get (event, "v"));
}

static void
test_long (void)
{
	g_autofree char *big = g_strnfill (10 * 1024 * 1024, 'a');
	begin_capture ();
	log_event (LOG_LEVEL_INFO, "x", "v", "%s", big, NULL);
	g_autofree char *text = end_capture ();
	g_autoptr (json_t) event = one_event (text);
	const char *v = json_string_value (json_object_get (event, "v"));
	g_assert_cmpuint (strlen (v), <, 2000);
	g_assert_true (g_str_has_suffix (v, "…"));
}

static void
test_level (void)
{
	begin_capture ();
	log_event (LOG_LEVEL_DEBUG, "quiet", NULL);
	g_debug ("quiet too");
	g_autofree char *none = end_capture ();
	g_assert_cmpstr (none, ==, "");
	log_init ("other", LOG_LEVEL_DEBUG);
	begin_capture ();
	log_event (LOG_LEVEL_DEBUG, "loud", NULL);
	g_autofree char *text = end_capture ();
	g_autoptr (json_t) event = one_event (text);
	assert_text (event, "level", "debug");
	assert_text (event, "process", "other");
	log_init ("test", LOG_LEVEL_INFO);
}

static void
test_glib (void)
{
	begin_capture ();
	g_message ("two\nlines");
	g_autofree char *text = end_capture ();
	g_autoptr (json_t) event = one_event (text);
	assert_text (event, "event", "glib");
	assert_text (event, "domain", "diqi");
	assert_text (event, "message", "two\nlines");
}

static gpointer
write_many (gpointer unused G_GNUC_UNUSED)
{
	for (int i = 0; i < 50; i++)
		log_event (LOG_LEVEL_INFO, "thread", "i", "%d", i, NULL);
	return NULL;
}

static void
test_threads (void)
{
	GThread *threads[4];
	begin_capture ();
	for (int i = 0; i < 4; i++)
		threads[i] = g_thread_new ("log", write_many, NULL);
	for (int i = 0; i < 4; i++)
		g_thread_join (threads[i]);
	g_autofree char *text = end_capture ();
	g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
	g_assert_cmpuint (g_strv_length (lines), ==, 201);
	for (int i = 0; i < 200; i++) {
		g_autoptr (json_t) event = json_read_strict (lines[i], strlen (lines[i]), 4096, NULL);
		g_assert_nonnull (event);
	}
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	log_init ("test", LOG_LEVEL_INFO);
	g_test_add_func ("/log/values", test_values);
	g_test_add_func ("/log/hostile", test_hostile);
	g_test_add_func ("/log/long", test_long);
	g_test_add_func ("/log/level", test_level);
	g_test_add_func ("/log/glib", test_glib);
	g_test_add_func ("/log/threads", test_threads);
	return g_test_run ();
}
