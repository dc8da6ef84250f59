/* signer/frame.c — see frame.h. */
#include "signer/frame.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"

#define WORD 4
#define KIND_SHIFT 28
#define LENGTH_MASK ((1u << KIND_SHIFT) - 1)
#define KEEP_ROOM (1u << 20)
#define READ_CHUNK (256u << 10)
#define WRITE_PATIENCE_MS 10000      /* non-blocking sockets: a peer that does not read is given up */

void
frame_reader_init (FrameReader *reader, gsize max)
{
	*reader = (FrameReader) { .bytes = g_byte_array_new (), .max = max };
}

void
frame_reader_clear (FrameReader *reader)
{
	g_clear_pointer (&reader->bytes, g_byte_array_unref);
}

/* What a long frame left behind; most are short. */
static void
forget_long (FrameReader *reader)
{
	if (reader->bytes->len > 0 || reader->room <= KEEP_ROOM)
		return;
	g_byte_array_unref (reader->bytes);
	reader->bytes = g_byte_array_new ();
	reader->room = 0;
}

gssize
frame_reader_fill (FrameReader *reader, int fd)
{
	if (reader->taken > 0) {
		g_byte_array_remove_range (reader->bytes, 0, (guint) reader->taken);
		reader->taken = 0;
		forget_long (reader);
	}
	guint before = reader->bytes->len;
	g_byte_array_set_size (reader->bytes, before + READ_CHUNK);
	reader->room = MAX (reader->room, reader->bytes->len);
	gssize got;
	do
		got = read (fd, reader->bytes->data + before, READ_CHUNK);
	while (got < 0 && errno == EINTR);
	int saved = errno;
	g_byte_array_set_size (reader->bytes, before + (guint) MAX (got, 0));
	errno = saved;
	return got;
}

static guint32
read_word (const guint8 *p)
{
	return (guint32) p[0] << 24 | (guint32) p[1] << 16 | (guint32) p[2] << 8 | p[3];
}

static gboolean
check_size (gsize length, gsize most, GError **error)
{
	return length <= most
		|| diqi_fail (error, DIQI_ERROR_TOO_LARGE, NULL, "a frame of %" G_GSIZE_FORMAT " bytes, at most %" G_GSIZE_FORMAT, length, most);
}

/* Before its body has arrived: nobody makes us gather what we shall refuse. */
static gboolean
check_header (const FrameReader *reader, guint kind, gsize length, GError **error)
{
	switch (kind) {
	case FRAME_JSON:
		return check_size (length, reader->max, error);
	case FRAME_RAW:
		return check_size (length, WORD + reader->max + FRAME_MAX_RAW, error);
	case FRAME_COMPACT:
		return check_size (length, FRAME_MAX_COMPACT, error);
	default:
		return diqi_fail (error, DIQI_ERROR_SIGNER, NULL, "no frame of kind %u", kind);
	}
}

static gboolean
split_raw (const FrameReader *reader, const guint8 *body, gsize length, Frame *frame, GError **error)
{
	gsize n = length >= WORD ? read_word (body) : 0;
	if (length < WORD || n > length - WORD)
		return diqi_fail (error, DIQI_ERROR_SIGNER, NULL, "a frame shorter than its JSON");
	frame->text = (const char *) body + WORD;
	frame->n = n;
	frame->raw = body + WORD + n;
	frame->raw_n = length - WORD - n;
	return check_size (n, reader->max, error) && check_size (frame->raw_n, FRAME_MAX_RAW, error);
}

gboolean
frame_reader_next (FrameReader *reader, Frame *frame, GError **error)
{
	*frame = (Frame) { 0 };
	gsize have = reader->bytes->len - reader->taken;
	if (have < WORD)
		return TRUE;
	const guint8 *p = reader->bytes->data + reader->taken;
	guint32 header = read_word (p);
	gsize length = header & LENGTH_MASK;
	if (!check_header (reader, header >> KIND_SHIFT, length, error))
		return FALSE;
	if (have - WORD < length)
		return TRUE;
	reader->taken += WORD + length;
	frame->kind = (FrameKind) (header >> KIND_SHIFT);
	if (frame->kind == FRAME_RAW)
		return split_raw (reader, p + WORD, length, frame, error);
	frame->text = (const char *) p + WORD;
	frame->n = length;
	return TRUE;
}

static void
append_word (GByteArray *out, gsize word)
{
	const guint8 bytes[WORD] = { (guint8) (word >> 24), (guint8) (word >> 16), (guint8) (word >> 8), (guint8) word };
	g_byte_array_append (out, bytes, WORD);
}

static void
append_header (GByteArray *out, FrameKind kind, gsize n)
{
	g_assert (n <= LENGTH_MASK);
	append_word (out, (gsize) kind << KIND_SHIFT | n);
}

void
frame_append (GByteArray *out, const char *text, gsize n)
{
	append_header (out, FRAME_JSON, n);
	g_byte_array_append (out, (const guint8 *) text, (guint) n);
}

void
frame_append_raw (GByteArray *out, const char *text, gsize n, GBytes *raw)
{
	gsize raw_n;
	const guint8 *p = g_bytes_get_data (raw, &raw_n);
	append_header (out, FRAME_RAW, WORD + n + raw_n);
	append_word (out, n);
	g_byte_array_append (out, (const guint8 *) text, (guint) n);
	g_byte_array_append (out, p, (guint) raw_n);
}

void
frame_append_compact_head (GByteArray *out, gsize n)
{
	append_header (out, FRAME_COMPACT, n);
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
