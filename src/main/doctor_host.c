/* main/doctor_host.c — what the host gives a site: the time, room on its disks, ports, fonts.  See doctor.h. */
#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "document/fonts.h"
#include "main/doctor.h"
#include "main/site.h"

/* As much as a stamp may be off (signer/stamp.h promises a second). */
#define CLOCK_ERROR_WARN MICROS_PER_S

/* --- time ----------------------------------------------------------------------------------- */

void
doctor_look_at_clock (const Doctor *doctor)
{
	g_autoptr (Clock) system = clock_new_system ();
	ClockTrust trust = clock_trust (system);
	g_autofree char *now = time_format_beijing (doctor->now);
	if (doctor->test_site && doctor->now != 0)
		doctor_tell (doctor, FOUND_OK, "clock", NULL, "a test site; its clock says %s (Beijing)", now);
	else if (!trust.synchronised)
		doctor_tell (doctor, FOUND_WARN, "clock", "start chrony or systemd-timesyncd; no time stamp is given without", "%s (Beijing); the kernel knows of no time source", now);
	else if (trust.max_error > CLOCK_ERROR_WARN)
		doctor_tell (doctor, FOUND_WARN, "clock", "look at the time source", "%s (Beijing); it may be %" G_GINT64_FORMAT " ms off", now, trust.max_error / 1000);
	else
		doctor_tell (doctor, FOUND_OK, "clock", NULL, "%s (Beijing), from a time source, at most %" G_GINT64_FORMAT " ms off", now, trust.max_error / 1000);
}

/* --- disks ------------------------------------------------------------------------------------ */

static void
look_at_room (const Doctor *doctor, const char *path, const char *what)
{
	guint64 mb;
	gboolean names;
	if (!host_room (path, &mb, &names)) {
		doctor_tell (doctor, FOUND_WARN, "disk", "run doctor as the site's user", "%s: %s", path, g_strerror (errno));
		return;
	}
	FoundLevel level = mb < ROOM_FAIL_MB || !names ? FOUND_FAIL : mb < ROOM_WARN_MB ? FOUND_WARN : FOUND_OK;
	doctor_tell (doctor, level, "disk", level == FOUND_OK ? NULL : "make room; writes are refused when it is full", "%s (%s): %" G_GUINT64_FORMAT " MB free%s",
	             path, what, mb, names ? "" : ", hardly any inodes");
}

void
doctor_look_at_disk (const Doctor *doctor)
{
	g_autofree char *data = g_build_filename (doctor->dir, "data", NULL), *signer = config_path (doctor->config, "signer", "dir");
	if (g_str_has_prefix (config_string (doctor->config, "site", "store"), "sqlite:"))
		look_at_room (doctor, data, "database");
	look_at_room (doctor, signer, "signer's chains");
}

/* --- ports -------------------------------------------------------------------------------------- */

/* "127.0.0.1:8080", "[::1]:8080" */
static struct addrinfo *
resolve (const char *listen)
{
	const char *colon = strrchr (listen, ':');
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV }, *found = NULL;
	if (colon == NULL)
		return NULL;
	g_autofree char *host = listen[0] == '[' ? g_strndup (listen + 1, (gsize) (colon - listen) - 2) : g_strndup (listen, (gsize) (colon - listen));
	return getaddrinfo (host[0] != '\0' ? host : NULL, colon + 1, &hints, &found) == 0 ? found : NULL;
}

/* 0, or why nobody could listen there now. */
static int
try_address (const char *listen)
{
	struct addrinfo *found = resolve (listen);
	if (found == NULL)
		return EINVAL;
	int one = 1, fd = socket (found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), failed = 0;
	/* As the server does: what is left of closed connections holds no port. */
	if (fd < 0 || setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 || bind (fd, found->ai_addr, found->ai_addrlen) != 0)
		failed = errno;
	if (fd >= 0)
		close (fd);
	freeaddrinfo (found);
	return failed;
}

static gboolean
server_is_recorded (const Doctor *doctor)
{
	g_autofree char *path = g_build_filename (doctor->dir, "address", NULL);
	return g_file_test (path, G_FILE_TEST_EXISTS);
}

static void
look_at_port (const Doctor *doctor, const char *key)
{
	const char *listen = config_string (doctor->config, "http", key);
	if (listen[0] == '\0')
		return;
	int failed = try_address (listen);
	if (failed == 0)
		doctor_tell (doctor, FOUND_OK, "port", NULL, "%s %s: free", key, listen);
	else if (failed == EADDRINUSE && server_is_recorded (doctor))
		doctor_tell (doctor, FOUND_OK, "port", NULL, "%s %s: in use, by this site's server if it runs (see server)", key, listen);
	else
		doctor_tell (doctor, FOUND_FAIL, "port", failed == EACCES ? "a port above 1024, or AmbientCapabilities=CAP_NET_BIND_SERVICE" : "choose another address, or end who has it",
		             "%s %s: %s", key, listen, g_strerror (failed));
}

void
doctor_look_at_ports (const Doctor *doctor)
{
	static const char *const keys[] = { "listen", "tls_listen", "manage_listen" };
	for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
		look_at_port (doctor, keys[i]);
}

/* --- fonts --------------------------------------------------------------------------------------- */

void
doctor_look_at_fonts (const Doctor *doctor)
{
	static const char *const families[] = { PRINTED_FONT, FILLED_FONT };
	for (gsize i = 0; i < G_N_ELEMENTS (families); i++)
		if (document_font_is_here (families[i]))
			doctor_tell (doctor, FOUND_OK, "font", NULL, "%s", families[i]);
		else
			doctor_tell (doctor, FOUND_WARN, "font", "install it (Debian: fonts-noto-cjk)", "%s is not here: papers are drawn in whatever there is", families[i]);
}
