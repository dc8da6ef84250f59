/* main/story_run.c — see story_run.h. */
#include "main/story_run.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "main/cli.h"

#define START_SECONDS 60
#define PROGRAM "/proc/self/exe"

void
story_say (Story *story, const char *format, ...)
{
	story->steps++;
	if (story->quiet)
		return;
	va_list args;
	va_start (args, format);
	g_autofree char *text = g_strdup_vprintf (format, args);
	va_end (args);
	printf ("%6.2f s  %s\n", (gdouble) (clock_monotonic () - story->begun) / (gdouble) MICROS_PER_S, text);
	fflush (stdout);
}

char *
story_file (const Story *story, const char *name)
{
	return g_build_filename (story->work, name, NULL);
}

char *
story_officer (const Story *story, const char *name)
{
	g_autofree char *file = g_strconcat (name, ".p12", NULL);
	return g_build_filename (story->dir, "officers", file, NULL);
}

const char *
story_text (const json_t *view, const char *name)
{
	const char *text = json_string_value (json_object_get (view, name));
	return text != NULL ? text : "";
}

/* --- the server ------------------------------------------------------------------------- */

static gboolean
wait_for_address (Story *story, const char *path, GError **error)
{
	for (guint i = 0; i < START_SECONDS * 20; i++) {
		g_clear_pointer (&story->server, g_free);
		if (g_file_get_contents (path, &story->server, NULL, NULL)) {
			g_strstrip (story->server);
			return TRUE;
		}
		if (g_subprocess_get_identifier (story->process) == NULL)
			return diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "the server ended before it answered");
		g_usleep (50000);
	}
	return diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "the server did not answer within %d s", START_SECONDS);
}

gboolean
story_start_server (Story *story, GError **error)
{
	g_autofree char *passphrase = g_build_filename (story->dir, "passphrase", NULL);
	g_autofree char *address = g_build_filename (story->dir, "address", NULL);
	g_autofree char *log = story_file (story, "serve.log");
	g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
	g_subprocess_launcher_set_stderr_file_path (launcher, log);
	remove (address);
	story->process = g_subprocess_launcher_spawn (launcher, error, PROGRAM, "serve", "--dir", story->dir,
	                                              "--listen", "127.0.0.1:0", "--passphrase-file", passphrase, NULL);
	return story->process != NULL && wait_for_address (story, address, error);
}

gboolean
story_stop_server (Story *story, gboolean crash, GError **error)
{
	if (story->process == NULL)
		return TRUE;
	gint64 begin = clock_monotonic ();
	g_subprocess_send_signal (story->process, crash ? SIGKILL : SIGTERM);
	gboolean ended = g_subprocess_wait (story->process, NULL, error);
	gboolean clean = ended && (crash || g_subprocess_get_successful (story->process));
	g_clear_object (&story->process);
	if (!ended)
		return FALSE;
	if (!clean)
		return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "the server did not end cleanly; see serve.log");
	if (!crash && clock_monotonic () - begin > 10 * MICROS_PER_S)
		return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "the server took more than 10 s to stop");
	return TRUE;
}

void
story_clear (Story *story)
{
	story_stop_server (story, FALSE, NULL);
	g_clear_pointer (&story->dir, g_free);
	g_clear_pointer (&story->work, g_free);
	g_clear_pointer (&story->server, g_free);
}

/* --- clients ------------------------------------------------------------------------------ */

typedef struct {
	int status;
	char *out, *err;
} Outcome;

static void
outcome_clear (Outcome *o)
{
	g_free (o->out);
	g_free (o->err);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Outcome, outcome_clear)

static gboolean
run (GPtrArray *arguments, Outcome *outcome, GError **error)
{
	g_ptr_array_add (arguments, NULL);
	g_autoptr (GSubprocess) process = g_subprocess_newv ((const char *const *) arguments->pdata,
		G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE, error);
	if (process == NULL || !g_subprocess_communicate_utf8 (process, NULL, NULL, &outcome->out, &outcome->err, error))
		return FALSE;
	outcome->status = g_subprocess_get_if_exited (process) ? g_subprocess_get_exit_status (process) : -1;
	return TRUE;
}

static GPtrArray *
gather (va_list args)
{
	GPtrArray *arguments = g_ptr_array_new ();
	g_ptr_array_add (arguments, (gpointer) PROGRAM);
	for (char *a = va_arg (args, char *); a != NULL; a = va_arg (args, char *))
		g_ptr_array_add (arguments, a);
	return arguments;
}

static void
add_server (GPtrArray *arguments, Story *story)
{
	g_ptr_array_add (arguments, (gpointer) "--server");
	g_ptr_array_add (arguments, story->server);
	g_ptr_array_add (arguments, (gpointer) "--json");
}

json_t *
story_run (Story *story, GError **error, ...)
{
	va_list args;
	va_start (args, error);
	g_autoptr (GPtrArray) arguments = gather (args);
	va_end (args);
	add_server (arguments, story);
	g_auto (Outcome) outcome = { 0 };
	if (!run (arguments, &outcome, error))
		return NULL;
	if (outcome.status != 0) {
		diqi_error_set (error, DIQI_ERROR_INTERNAL, NULL, "step %u, diqi %s %s, failed (exit %d): %s%s", story->steps + 1,
		                (const char *) arguments->pdata[1], (const char *) arguments->pdata[2], outcome.status, outcome.out, outcome.err);
		return NULL;
	}
	gsize n = strlen (outcome.out);
	return n > 0 ? json_read_strict (outcome.out, n, 64 << 20, error) : json_null ();
}

gboolean
story_refused (Story *story, const char *code, GError **error, ...)
{
	va_list args;
	va_start (args, error);
	g_autoptr (GPtrArray) arguments = gather (args);
	va_end (args);
	add_server (arguments, story);
	g_auto (Outcome) outcome = { 0 };
	if (!run (arguments, &outcome, error))
		return FALSE;
	g_autofree char *marker = g_strdup_printf ("[%s]", code);
	if (outcome.status != 0 && strstr (outcome.err, marker) != NULL)
		return TRUE;
	return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "step %u should be refused with %s, but: exit %d %s%s",
	                  story->steps + 1, code, outcome.status, outcome.out, outcome.err);
}

gboolean
story_exits (Story *story, int expected, char **output, GError **error, ...)
{
	va_list args;
	va_start (args, error);
	g_autoptr (GPtrArray) arguments = gather (args);
	va_end (args);
	g_auto (Outcome) outcome = { 0 };
	if (!run (arguments, &outcome, error))
		return FALSE;
	if (outcome.status != expected)
		return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "step %u should exit with %d, but: exit %d %s%s",
		                  story->steps + 1, expected, outcome.status, outcome.out, outcome.err);
	if (output != NULL)
		*output = g_strconcat (outcome.out, outcome.err, NULL);
	return TRUE;
}
