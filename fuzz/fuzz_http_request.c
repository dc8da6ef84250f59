/* fuzz/fuzz_http_request.c — raw bytes over a loopback connection to a real listener.  A second, strict reader
 * in this file (RFC 9112, CRLF only) says which requests the bytes hold; every request that reached a handler
 * must be among them, in order, with the same method, target and body.  So nothing ambiguous gets through and
 * no request is made out of another one's body. */
#include "net/server.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BODY_LIMIT 256

int LLVMFuzzerInitialize (int *argc, char ***argv);
int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

typedef struct {
	char *method, *path;
	GByteArray *body;
} Seen;

typedef struct {
	Server *server;
	GMutex lock;
	GPtrArray *handled;
} Harness;

static Harness harness;                           /* libFuzzer hands no context to the entry point */

static void
seen_free (gpointer data)
{
	Seen *seen = data;
	g_free (seen->method);
	g_free (seen->path);
	g_byte_array_unref (seen->body);
	g_free (seen);
}

static Response *
handle (Request *r)
{
	Seen *seen = g_new0 (Seen, 1);
	gsize n;
	gconstpointer body = g_bytes_get_data (request_body (r), &n);
	seen->method = g_strdup (request_method (r));
	seen->path = g_strdup (request_path (r));
	seen->body = g_byte_array_new ();
	g_byte_array_append (seen->body, body, (guint) n);
	g_mutex_lock (&harness.lock);
	g_ptr_array_add (harness.handled, seen);
	g_mutex_unlock (&harness.lock);
	return response_empty (204);
}

static const Route routes[] = {
	{ "GET", "/{rest*}", handle, BODY_LIMIT, FALSE, 1, NULL },
	{ "POST", "/{rest*}", handle, BODY_LIMIT, TRUE, 1, NULL },
	{ "PUT", "/{rest*}", handle, BODY_LIMIT, FALSE, 1, NULL },
	{ "DELETE", "/{rest*}", handle, BODY_LIMIT, FALSE, 1, NULL },
};

/* --- the strict reader -------------------------------------------------------- */

typedef struct {
	const char *at, *end;
} Reader;

/* One CRLF line without control characters; NULL when there is none. */
static char *
next_line (Reader *in)
{
	const char *stop = memmem (in->at, (gsize) (in->end - in->at), "\r\n", 2);
	if (stop == NULL)
		return NULL;
	for (const char *p = in->at; p < stop; p++)
		if (((guchar) *p < 0x20 && *p != '\t') || *p == 0x7f)
			return NULL;
	char *line = g_strndup (in->at, (gsize) (stop - in->at));
	in->at = stop + 2;
	return line;
}

typedef struct {
	guint hosts, lengths, codings;
	gint64 length;
	gboolean chunked;
} Framing;

static gboolean
read_field (const char *line, Framing *framing)
{
	const char *colon = strchr (line, ':');
	if (colon == NULL || colon == line)
		return FALSE;
	for (const char *p = line; p < colon; p++)
		if (!g_ascii_isalnum (*p) && strchr ("!#$%&'*+-.^_`|~", *p) == NULL)
			return FALSE;
	g_autofree char *name = g_ascii_strdown (line, colon - line);
	g_autofree char *value = g_strdup (colon + 1);
	g_strstrip (value);
	if (strcmp (name, "host") == 0)
		framing->hosts++;
	if (strcmp (name, "content-length") == 0) {
		framing->lengths++;
		framing->length = g_ascii_strtoll (value, NULL, 10);
		if (value[0] == '\0' || strspn (value, "0123456789") != strlen (value))
			return FALSE;
	}
	if (strcmp (name, "transfer-encoding") == 0) {
		framing->codings++;
		framing->chunked = g_ascii_strcasecmp (value, "chunked") == 0;
	}
	return TRUE;
}

static gboolean
read_head (Reader *in, Seen *seen, Framing *framing)
{
	/* Empty lines before a request line are nobody's data (RFC 9112 2.2).  libmicrohttpd also takes a bare LF for
	 * one, and any line that begins with NUL. */
	while (in->at < in->end && strchr ("\r\n", *in->at) != NULL) {
		const char *stop = memchr (in->at, '\n', (gsize) (in->end - in->at));
		if (stop == NULL || (*in->at == '\r' && stop != in->at + 1))
			return FALSE;
		in->at = stop + 1;
	}
	g_autofree char *line = next_line (in);
	g_auto (GStrv) parts = line != NULL ? g_strsplit (line, " ", -1) : NULL;
	if (parts == NULL || g_strv_length (parts) != 3 || parts[1][0] != '/')
		return FALSE;
	if (strcmp (parts[2], "HTTP/1.1") != 0 && strcmp (parts[2], "HTTP/1.0") != 0)
		return FALSE;
	seen->method = g_strdup (parts[0]);
	seen->path = g_strndup (parts[1], strcspn (parts[1], "?"));
	for (;;) {
		g_autofree char *field = next_line (in);
		if (field == NULL)
			return FALSE;
		if (field[0] == '\0')
			break;
		if (!read_field (field, framing))
			return FALSE;
	}
	return framing->hosts == 1 && framing->lengths + framing->codings <= 1 && framing->chunked == (framing->codings == 1);
}

/* Chunk framing is libmicrohttpd's: it takes a bare LF where CRLF belongs, which no reader takes for data. */
static gboolean
skip_line (Reader *in, GString *line)
{
	const char *stop = memchr (in->at, '\n', (gsize) (in->end - in->at));
	if (stop == NULL)
		return FALSE;
	g_string_truncate (line, 0);
	g_string_append_len (line, in->at, stop - in->at);
	if (line->len > 0 && line->str[line->len - 1] == '\r')
		g_string_truncate (line, line->len - 1);
	in->at = stop + 1;
	return TRUE;
}

static gboolean
read_chunks (Reader *in, GByteArray *body)
{
	g_autoptr (GString) line = g_string_new (NULL);
	for (;;) {
		if (!skip_line (in, line) || !g_ascii_isxdigit (line->str[0]))
			return FALSE;
		guint64 n = g_ascii_strtoull (line->str, NULL, 16);
		if (n == 0)
			break;
		if (n > (guint64) (in->end - in->at))
			return FALSE;
		g_byte_array_append (body, (const guint8 *) in->at, (guint) n);
		in->at += n;
		if (!skip_line (in, line) || line->len != 0)
			return FALSE;
	}
	/* No trailers; libmicrohttpd takes a line that begins with NUL for the empty one. */
	return skip_line (in, line) && line->str[0] == '\0';
}

static gboolean
read_request (Reader *in, Seen *seen)
{
	Framing framing = { 0 };
	if (!read_head (in, seen, &framing))
		return FALSE;
	if (framing.chunked)
		return read_chunks (in, seen->body);
	if (framing.length > in->end - in->at)
		return FALSE;
	g_byte_array_append (seen->body, (const guint8 *) in->at, (guint) framing.length);
	in->at += framing.length;
	return TRUE;
}

static GPtrArray *
read_strictly (const guint8 *data, size_t size)
{
	GPtrArray *all = g_ptr_array_new_with_free_func (seen_free);
	Reader in = { (const char *) data, (const char *) data + size };
	for (;;) {
		Seen *seen = g_new0 (Seen, 1);
		seen->body = g_byte_array_new ();
		g_ptr_array_add (all, seen);
		if (!read_request (&in, seen)) {
			g_ptr_array_set_size (all, (gint) all->len - 1);
			return all;
		}
	}
}

/* --- the comparison ------------------------------------------------------------ */

static gboolean
same (const Seen *a, const Seen *b)
{
	return strcmp (a->method, b->method) == 0 && strcmp (a->path, b->path) == 0 && a->body->len == b->body->len
	       && (a->body->len == 0 || memcmp (a->body->data, b->body->data, a->body->len) == 0);
}

static void
compare (GPtrArray *handled, GPtrArray *expected)
{
	guint at = 0;
	for (guint i = 0; i < handled->len; i++) {
		while (at < expected->len && !same (handled->pdata[i], expected->pdata[at]))
			at++;
		if (at++ >= expected->len) {
			const Seen *seen = handled->pdata[i];
			g_printerr ("handled but not sent: %s %s with %u bytes\n", seen->method, seen->path, seen->body->len);
			abort ();                     /* libFuzzer keeps the input of an abort, not of g_error's trap */
		}
	}
}

static void
exchange (const guint8 *data, size_t size)
{
	struct linger hard = { 1, 0 };                /* no TIME_WAIT: thousands of connections a second */
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = g_htons (server_port (harness.server)),
		.sin_addr.s_addr = g_htonl (INADDR_LOOPBACK) };
	char scrap[4096];
	int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect (fd, (struct sockaddr *) &to, sizeof to) == 0) {
		for (size_t sent = 0; sent < size;) {
			ssize_t n = send (fd, data + sent, size - sent, MSG_NOSIGNAL);
			if (n <= 0)
				break;
			sent += (size_t) n;
		}
		usleep (300);                         /* a FIN that comes with the data costs the server half a second */
		shutdown (fd, SHUT_WR);
		while (recv (fd, scrap, sizeof scrap, 0) > 0)
			;
	}
	setsockopt (fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
	close (fd);
}

int
LLVMFuzzerInitialize (int *argc G_GNUC_UNUSED, char ***argv G_GNUC_UNUSED)
{
	g_autoptr (GError) error = NULL;
	static const ServerOptions options = { .listen = "127.0.0.1:0", .routes = routes, .routes_n = G_N_ELEMENTS (routes),
		.threads = 1, .workers = 2, .header_deadline_ms = 1000, .body_deadline_ms = 1000 };
	ServerOptions with_clock = options;
	with_clock.clock = clock_new_system ();
	harness.handled = g_ptr_array_new_with_free_func (seen_free);
	harness.server = server_start (&with_clock, &error);
	g_assert_no_error (error);
	return 0;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
	/* The two things guard.h cannot see: they lie in memory as a CRLF does. */
	if (memmem (data, size, ":\n", 2) != NULL || memmem (data, size, "\0\n", 2) != NULL)
		return -1;
	g_autoptr (GPtrArray) expected = read_strictly (data, size);
	exchange (data, size);
	g_mutex_lock (&harness.lock);
	compare (harness.handled, expected);
	g_ptr_array_set_size (harness.handled, 0);
	g_mutex_unlock (&harness.lock);
	return 0;
}
