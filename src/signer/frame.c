/* signer/frame.c — see frame.h. */
#include "signer/frame.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"

#define HEADER 4
#define READ_CHUNK (256u << 10)
#define WRITE_PATIENCE_MS 10000      /* non-blocking sockets: a peer that does not read is given up */

void
frame_reader_init (FrameReader *reader, gsize max)
{
	*reader = (FrameReader) { g_byte_array_new (), 0, max };
}

void
frame_reader_clear (FrameReader *reader)
{
	g_clear_pointer (&reader->bytes, g_byte_array_unref);
}

gssize
frame_reader_fill (FrameReader *reader, int fd)
{
	if (reader->taken > 0) {
		g_byte_array_remove_range (reader->bytes, 0, (guint) reader->taken);
		reader->taken = 0;
	}
	guint before = reader->bytes->len;
	g_byte_array_set_size (reader->bytes, before + READ_CHUNK);
	gssize got;
	do
		got = read (fd, reader->bytes->data + before, READ_CHUNK);
	while (got < 0 && errno == EINTR);
	int saved = errno;
	g_byte_array_set_size (reader->bytes, before + (guint) MAX (got, 0));
	errno = saved;
	return got;
}

static gsize
frame_length (const guint8 *p)
{
	return (gsize) p[0] << 24 | (gsize) p[1] << 16 | (gsize) p[2] << 8 | p[3];
}

gboolean
frame_reader_next (FrameReader *reader, const char **text, gsize *n, GError **error)
{
	*text = NULL;
	*n = 0;
	gsize have = reader->bytes->len - reader->taken;
	if (have < HEADER)
		return TRUE;
	const guint8 *p = reader->bytes->data + reader->taken;
	gsize length = frame_length (p);
	if (length > reader->max)
		return diqi_fail (error, DIQI_ERROR_TOO_LARGE, NULL, "a frame of %" G_GSIZE_FORMAT " bytes, at most %" G_GSIZE_FORMAT, length, reader->max);
	if (have - HEADER < length)
		return TRUE;
	*text = (const char *) p + HEADER;
	*n = length;
	reader->taken += HEADER + length;
	return TRUE;
}

void
frame_append (GByteArray *out, const char *text, gsize n)
{
	guint8 header[HEADER] = { (guint8) (n >> 24), (guint8) (n >> 16), (guint8) (n >> 8), (guint8) n };
	g_byte_array_append (out, header, HEADER);
	g_byte_array_append (out, (const guint8 *) text, (guint) n);
}

gboolean
frame_write (int fd, gconstpointer p, gsize n, GError **error)
{
	const guint8 *from = p;
	while (n > 0) {
		/* MSG_NOSIGNAL: a peer that left is an error here, not a SIGPIPE. */
		gssize put = send (fd, from, n, MSG_NOSIGNAL);
		if (put > 0) {
			from += put;
			n -= (gsize) put;
			continue;
		}
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0 && errno == EAGAIN) {
			struct pollfd wait = { fd, POLLOUT, 0 };
			if (poll (&wait, 1, WRITE_PATIENCE_MS) > 0)
				continue;
		}
		return diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "the signer's socket: %s", g_strerror (errno));
	}
	return TRUE;
}
