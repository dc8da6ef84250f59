/* signer/frame.h — how messages travel on the signer's socket: 4 bytes, then a body.  Both sides read with the same limits.
 *
 * The 4 bytes are big-endian: the upper 4 bits say what the body is, the lower 28 how long.
 *   FRAME_JSON     JSON, at most FRAME_MAX_MESSAGE to the signer, FRAME_MAX_REPLY from it
 *   FRAME_RAW      4 bytes of length, that much JSON (same limits), then raw bytes, at most FRAME_MAX_RAW: what would
 *                  be large in base64, such as the entries of a revocation list and the list itself
 *   FRAME_COMPACT  a fixed layout without JSON for what is asked most often (signer/compact.h), at most FRAME_MAX_COMPACT
 */
#pragma once
#include <glib.h>

#define FRAME_MAX_MESSAGE (4u << 20)      /* to the signer */
#define FRAME_MAX_REPLY (16u << 20)       /* from it */
#define FRAME_MAX_RAW (128u << 20)        /* either way */
#define FRAME_MAX_COMPACT (256u << 10)    /* either way */

typedef enum { FRAME_JSON, FRAME_RAW, FRAME_COMPACT } FrameKind;

/* Borrowed from the reader until its next fill. */
typedef struct {
	FrameKind kind;
	const char *text;         /* the JSON, or the compact body; NULL: no whole frame has arrived */
	gsize n;
	const guint8 *raw;        /* FRAME_RAW only */
	gsize raw_n;
} Frame;

typedef struct {
	GByteArray *bytes;
	gsize taken;              /* already handed out */
	gsize max;                /* longest JSON */
	gsize room;               /* most that `bytes` ever held */
} FrameReader;

void frame_reader_init (FrameReader *reader, gsize max);
void frame_reader_clear (FrameReader *reader);

/* One read(2) from fd: bytes got, 0 at the end, -1 with errno. */
gssize frame_reader_fill (FrameReader *reader, int fd);

/* The next whole frame.  FALSE: a length over its limit (DIQI_ERROR_TOO_LARGE) or an unknown kind (DIQI_ERROR_SIGNER);
 * the stream cannot be read on. */
gboolean frame_reader_next (FrameReader *reader, Frame *frame, GError **error);

void frame_append (GByteArray *out, const char *text, gsize n);
void frame_append_raw (GByteArray *out, const char *text, gsize n, GBytes *raw);
/* The caller appends the n octets of the body. */
void frame_append_compact_head (GByteArray *out, gsize n);

/* Writes all, also to a non-blocking or slow peer.  DIQI_ERROR_UNAVAILABLE when the peer is gone. */
gboolean frame_write (int fd, gconstpointer p, gsize n, GError **error);
