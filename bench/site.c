/* bench/site.c — see site.h. */
#include "site.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "grow.h"
#include "net/server.h"

#define START_MS 300000      /* with a million certificates */

/* --- processes --------------------------------------------------------------------------- */

/* A child must not outlive the run, whatever ends it. */
static void
die_with_parent (gpointer user)
{
	(void) user;
	prctl (PR_SET_PDEATHSIG, SIGTERM);
}

static gboolean
run_to_end (char **argv, GError **error)
{
	int status = 0;
	return g_spawn_sync (NULL, argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, die_with_parent, NULL, NULL, NULL, &status, error) &&
	       g_spawn_check_wait_status (status, error);
}

/* Messages of the child go to `log`: an access log is part of what a server does. */
static gboolean
start (char **argv, char **environment, const char *log, GPid *pid, GError **error)
{
	FILE *file = fopen (log, "we");
	if (file == NULL)
		return diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "cannot write %s", log);
	gboolean started = g_spawn_async_with_fds (NULL, argv, environment, G_SPAWN_DO_NOT_REAP_CHILD, die_with_parent, NULL, pid,
	                                           -1, -1, fileno (file), error);
	fclose (file);
	return started;
}

static void
stop (GPid *pid)
{
	if (*pid <= 0)
		return;
	kill (*pid, SIGTERM);
	waitpid (*pid, NULL, 0);
	*pid = 0;
}

/* The file ends with a port number and a newline once the process listens. */
static gboolean
wait_port (GPid pid, const char *path, guint16 *port, GError **error)
{
	for (guint i = 0; i < START_MS / 20; i++) {
		g_autofree char *text = NULL;
		gsize n = 0;
		if (g_file_get_contents (path, &text, &n, NULL) && n > 1 && text[n - 1] == '\n') {
			const char *colon = strrchr (text, ':');
			*port = (guint16) g_ascii_strtoull (colon != NULL ? colon + 1 : text, NULL, 10);
			return *port != 0 || diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "%s: no port", path);
		}
		if (waitpid (pid, NULL, WNOHANG) != 0)
			return diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "the server did not start; see the log beside %s", path);
		g_usleep (20000);
	}
	return diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "the server did not start in %d s", START_MS / 1000);
}

/* --- the site ------------------------------------------------------------------------------- */

/* What an offset clock keeps in DIR/clock: microseconds between it and the system's. */
static gboolean
set_clock (const char *dir, const char *clock, GError **error)
{
	Micros at;
	if (!time_parse (clock, &at, error))
		return FALSE;
	g_autoptr (Clock) system = clock_new_system ();
	g_autofree char *path = g_build_filename (dir, "clock", NULL);
	g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, at - clock_now (system));
	return g_file_set_contents (path, text, -1, error);
}

static gboolean
grow (const BenchSite *site, const char *file, GError **error)
{
	g_autofree char *passphrase = NULL;
	return site->grow == 0 || (g_file_get_contents (file, &passphrase, NULL, error)
	                           && grow_site (site->dir, g_strstrip (passphrase), TRUE, site->grow, site->grow / 10, error));
}

gboolean
bench_site_start (BenchSite *site, const char *program, const char *work, const char *clock, GError **error)
{
	site->dir = g_build_filename (work, "site", NULL);
	g_autofree char *passphrase = g_build_filename (site->dir, "passphrase", NULL);
	g_autofree char *address = g_build_filename (site->dir, "address", NULL);
	g_autofree char *log = g_build_filename (work, "serve.log", NULL);
	char *make[] = { (char *) program, (char *) "demo", (char *) "--make-only", (char *) "--dir", (char *) work, NULL };
	char *serve[] = { (char *) program, (char *) "serve", (char *) "--dir", site->dir, (char *) "--listen", (char *) "127.0.0.1:0",
	                  (char *) "--passphrase-file", passphrase, NULL };
	g_auto (GStrv) environment = g_get_environ ();
	environment = g_environ_setenv (environment, "DIQI_CLOCK__SOURCE", "offset", TRUE);
	environment = g_environ_setenv (environment, "DIQI_HTTP__RATE_PER_SECOND", "0", TRUE);
	environment = g_environ_setenv (environment, "DIQI_HTTP__MANAGE_LISTEN", "127.0.0.1:0", TRUE);
	if (!run_to_end (make, error) || !grow (site, passphrase, error) || !set_clock (site->dir, clock, error))
		return FALSE;
	Micros begun = clock_monotonic ();
	gboolean listens = start (serve, environment, log, &site->pid, error) && wait_port (site->pid, address, &site->port, error);
	site->started = clock_monotonic () - begun;
	return listens;
}

void
bench_site_stop (BenchSite *site)
{
	stop (&site->pid);
	g_clear_pointer (&site->dir, g_free);
}

/* --- what it costs --------------------------------------------------------------------------- */

typedef guint64 (*MeterFn) (const char *pid);

static guint64
resident_of (const char *pid)
{
	g_autofree char *path = g_build_filename ("/proc", pid, "status", NULL), *text = NULL;
	if (!g_file_get_contents (path, &text, NULL, NULL))
		return 0;
	const char *line = strstr (text, "VmRSS:");
	return line != NULL ? g_ascii_strtoull (line + strlen ("VmRSS:"), NULL, 10) : 0;
}

/* proc(5): utime and stime are fields 14 and 15; the second, in parentheses, may hold blanks. */
static guint64
processor_time_of (const char *pid)
{
	g_autofree char *path = g_build_filename ("/proc", pid, "stat", NULL), *text = NULL;
	const char *after = g_file_get_contents (path, &text, NULL, NULL) ? strrchr (text, ')') : NULL;
	if (after == NULL)
		return 0;
	g_auto (GStrv) fields = g_strsplit (after + 2, " ", 0);
	if (g_strv_length (fields) < 13)
		return 0;
	guint64 ticks = g_ascii_strtoull (fields[11], NULL, 10) + g_ascii_strtoull (fields[12], NULL, 10);
	return ticks * (guint64) MICROS_PER_S / (guint64) sysconf (_SC_CLK_TCK);
}

static guint64
sum_with_children (const char *pid, MeterFn meter)
{
	guint64 sum = meter (pid);
	g_autofree char *tasks = g_build_filename ("/proc", pid, "task", NULL);
	g_autoptr (GDir) dir = g_dir_open (tasks, 0, NULL);
	for (const char *task; dir != NULL && (task = g_dir_read_name (dir)) != NULL;) {
		g_autofree char *path = g_build_filename (tasks, task, "children", NULL), *text = NULL;
		if (!g_file_get_contents (path, &text, NULL, NULL))
			continue;
		g_auto (GStrv) children = g_strsplit (g_strstrip (text), " ", 0);
		for (guint i = 0; children[i] != NULL; i++)
			sum += *children[i] != '\0' ? sum_with_children (children[i], meter) : 0;
	}
	return sum;
}

static guint64
sum_of (GPid pid, MeterFn meter)
{
	g_autofree char *text = g_strdup_printf ("%d", pid);
	return sum_with_children (text, meter);
}

guint64 memory_resident (GPid pid) { return sum_of (pid, resident_of); }
guint64 processor_time (GPid pid) { return sum_of (pid, processor_time_of); }

/* --- the bare server ----------------------------------------------------------------------------- */

gboolean
bench_plain_start (BenchPlain *plain, const char *work, GError **error)
{
	g_autofree char *self = g_file_read_link ("/proc/self/exe", error);
	if (self == NULL)
		return FALSE;
	g_autofree char *port_file = g_build_filename (work, "plain.port", NULL);
	g_autofree char *log = g_build_filename (work, "plain.log", NULL);
	char *argv[] = { self, (char *) "--plain", port_file, NULL };
	return start (argv, NULL, log, &plain->pid, error) && wait_port (plain->pid, port_file, &plain->port, error);
}

void
bench_plain_stop (BenchPlain *plain)
{
	stop (&plain->pid);
}

static Response *
answer_fixed (Request *r)
{
	return response_bytes (200, "application/ocsp-response", request_user (r));
}

int
plain_serve (const char *port_file)
{
	static const guint8 zeros[PLAIN_BYTES];
	static const Route routes[] = { { .method = "GET", .path = PLAIN_PATH, .handler = answer_fixed, .permission = 1 } };
	sigset_t signals;
	sigemptyset (&signals);
	sigaddset (&signals, SIGTERM);
	sigprocmask (SIG_BLOCK, &signals, NULL);
	g_autoptr (Clock) clock = clock_new_system ();
	g_autoptr (GBytes) body = g_bytes_new_static (zeros, sizeof zeros);
	g_autoptr (GError) error = NULL;
	const ServerOptions options = { .listen = "127.0.0.1:0", .routes = routes, .routes_n = G_N_ELEMENTS (routes), .user = body, .clock = clock,
	                                .access_log = TRUE };
	g_autoptr (Server) server = server_start (&options, &error);
	g_autofree char *text = server != NULL ? g_strdup_printf ("%u\n", (guint) server_port (server)) : NULL;
	if (server == NULL || !g_file_set_contents (port_file, text, -1, &error)) {
		fprintf (stderr, "%s\n", error->message);
		return EXIT_FAILURE;
	}
	sigwait (&signals, &(int) { 0 });
	server_stop (server, 1000);
	return EXIT_SUCCESS;
}
