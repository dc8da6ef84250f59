/* signer/frame.h — how messages travel on the signer's socket: 4 bytes of length,
 * big-endian, then that many bytes of JSON.  Both sides read with the same limits.
 */
#pragma once
#include <glib.h>

#define FRAME_MAX_MESSAGE (4u << 20)      /* to the signer */
#define FRAME_MAX_REPLY (16u << 20)       /* from it: a full CRL, in base64 */

typedef struct {
	GByteArray *bytes;
	gsize taken;              /* already handed out */
	gsize max;                /* longest frame */
} FrameReader;

void frame_reader_init (FrameReader *reader, gsize max);
void frame_reader_clear (FrameReader *reader);

/* One read(2) from fd: bytes got, 0 at the end, -1 with errno. */
gssize frame_reader_fill (FrameReader *reader, int fd);

/* The next whole frame, borrowed until the next fill; NULL text when there is none yet.
 * FALSE: a length over the limit (DIQI_ERROR_TOO_LARGE); the stream cannot be read on. */
gboolean frame_reader_next (FrameReader *reader, const char **text, gsize *n, GError **error);

void frame_append (GByteArray *out, const char *text, gsize n);

/* Writes all, also to a non-blocking or slow peer.  DIQI_ERROR_UNAVAILABLE when the peer is gone. */
gboolean frame_write (int fd, gconstpointer p, gsize n, GError **error);
