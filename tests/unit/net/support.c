#include "support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void
site_start (Site *site, ServerOptions options)
{
	g_autoptr (GError) error = NULL;
	site->clock = clock_new_system ();
	site->metrics = metrics_new ();
	if (options.listen == NULL)
		options.listen = "127.0.0.1:0";
	if (options.clock == NULL)
		options.clock = site->clock;
	if (options.threads == 0)
		options.threads = 2;
	if (options.workers == 0)
		options.workers = 4;
	options.metrics = site->metrics;
	site->server = server_start (&options, &error);
	g_assert_no_error (error);
	site->port = server_port (site->server);
	g_assert_cmpuint (site->port, !=, 0);
}

void
site_stop (Site *site)
{
	server_stop (site->server, 2000);
	server_free (site->server);
	metrics_free (site->metrics);
	clock_free (site->clock);
}

int
raw_try_connect (guint16 port)
{
	int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons (port), .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
	g_assert_cmpint (fd, >=, 0);
	if (connect (fd, (struct sockaddr *) &to, sizeof to) != 0) {
		close (fd);
		return -1;
	}
	setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return fd;
}

int
raw_connect (guint16 port)
{
	int fd = raw_try_connect (port);
	g_assert_cmpint (fd, >=, 0);
	return fd;
}

void
raw_send (int fd, const char *text, gssize n)
{
	gsize left = n < 0 ? strlen (text) : (gsize) n;
	while (left > 0) {
		ssize_t sent = send (fd, text, left, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return;
		text += sent;
		left -= (gsize) sent;
	}
}

char *
raw_read (int fd, guint timeout_ms)
{
	GString *out = g_string_new (NULL);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char piece[16384];
	while (poll (&p, 1, (int) timeout_ms) > 0) {
		ssize_t n = recv (fd, piece, sizeof piece, 0);
		if (n <= 0)
			break;
		g_string_append_len (out, piece, n);
	}
	return g_string_free (out, FALSE);
}

char *
raw_exchange (guint16 port, const char *text, gssize n)
{
	int fd = raw_connect (port);
	raw_send (fd, text, n);
	char *answer = raw_read (fd, 400);
	close (fd);
	return answer;
}

guint
raw_status (const char *answers, guint nth)
{
	const char *at = answers;
	for (guint i = 0;; i++, at++) {
		at = strstr (at, "HTTP/1.1 ");
		if (at == NULL)
			return 0;
		if (i == nth)
			return (guint) g_ascii_strtoull (at + 9, NULL, 10);
	}
}

gboolean
raw_is_closed (int fd, guint timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char piece[4096];
	gint64 until = g_get_monotonic_time () + (gint64) timeout_ms * 1000;
	for (;;) {
		gint64 left = (until - g_get_monotonic_time ()) / 1000;
		if (left < 0 || poll (&p, 1, (int) left) <= 0)
			return FALSE;
		if (recv (fd, piece, sizeof piece, 0) <= 0)
			return TRUE;
	}
}

gsize
resident_bytes (void)
{
	g_autofree char *statm = NULL;
	unsigned long total, resident;
	g_assert_true (g_file_get_contents ("/proc/self/statm", &statm, NULL, NULL));
	g_assert_cmpint (sscanf (statm, "%lu %lu", &total, &resident), ==, 2);
	return resident * (gsize) sysconf (_SC_PAGESIZE);
}
