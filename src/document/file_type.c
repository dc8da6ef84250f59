/* document/file_type.c — what an uploaded scan is, by its bytes and never by its name.
 *
 * Two judges must agree: libmagic, which knows what a file of that kind looks like to other programs, and a walk
 * over the structure from the first mark to the last, which finds files that were cut off or that end as
 * something else.  Nothing is decoded: a scan is stored as it came, and only a viewer on a person's own machine opens it.
 */
#include "document/document.h"

#include <string.h>

#include <magic.h>

/* --- PDF (ISO 32000-1, 7.5) -------------------------------------------------------- */

#define PDF_TAIL 1024      /* where "startxref" and "%%EOF" have to be, as readers agree (ISO 32000-1 annex H) */

static gboolean
is_whole_pdf (const guint8 *p, gsize n)
{
	if (n < 32 || memcmp (p, "%PDF-", 5) != 0 || (p[5] != '1' && p[5] != '2') || p[6] != '.')
		return FALSE;
	while (n > 0 && (p[n - 1] == '\n' || p[n - 1] == '\r' || p[n - 1] == ' ' || p[n - 1] == '\0'))
		n--;
	if (n < 32 || memcmp (p + n - 5, "%%EOF", 5) != 0)
		return FALSE;
	const gsize tail = MIN (n, PDF_TAIL);
	return memmem (p + n - tail, tail, "startxref", 9) != NULL;
}

/* --- JPEG (ITU-T T.81, annex B) ------------------------------------------------------ */

enum { JPEG_SOI = 0xd8, JPEG_EOI = 0xd9, JPEG_SOS = 0xda, JPEG_TEM = 0x01, JPEG_RST0 = 0xd0, JPEG_RST7 = 0xd7 };

static gboolean
is_restart (guint8 marker)
{
	return marker >= JPEG_RST0 && marker <= JPEG_RST7;
}

/* Behind the entropy-coded bytes that start at `at`: the offset of the next marker, n if there is none. */
static gsize
skip_scan (const guint8 *p, gsize n, gsize at)
{
	for (; at + 1 < n; at++)
		if (p[at] == 0xff && p[at + 1] != 0 && p[at + 1] != 0xff && !is_restart (p[at + 1]))
			return at;
	return n;
}

/* Followed by a length and that many bytes; the others stand alone, or mean nothing between segments. */
static gboolean
begins_segment (guint8 marker)
{
	return marker != 0 && marker != JPEG_SOI && marker != JPEG_TEM && !is_restart (marker);
}

/* SOF0…SOF15, of which DHT, JPG and DAC are none. */
static gboolean
is_frame (guint8 marker)
{
	return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

/* Behind the segment at `at`; n + 1 if it is none or does not fit. */
static gsize
skip_segment (const guint8 *p, gsize n, gsize at)
{
	if (!begins_segment (p[at + 1]) || at + 4 > n)
		return n + 1;
	const gsize length = (gsize) p[at + 2] << 8 | p[at + 3];
	return length < 2 || length > n - at - 2 ? n + 1 : at + 2 + length;
}

/* From SOI over all segments to EOI, with a frame and a scan between. */
static gboolean
walk_jpeg (const guint8 *p, gsize n)
{
	gboolean frame = FALSE, scan = FALSE;

	for (gsize at = 2; at + 1 < n;) {
		const guint8 marker = p[at + 1];
		if (p[at] != 0xff)
			return FALSE;
		if (marker == JPEG_EOI)
			return frame && scan;
		if (marker == 0xff) {           /* fill byte */
			at++;
			continue;
		}
		at = skip_segment (p, n, at);
		if (at > n)
			return FALSE;
		frame = frame || is_frame (marker);
		if (marker == JPEG_SOS) {
			scan = TRUE;
			at = skip_scan (p, n, at);
		}
	}
	return FALSE;
}

/* Cameras put further pictures behind the first (CIPA DC-007), each with an EOI of its own, and pad with zeros. */
static gboolean
is_whole_jpeg (const guint8 *p, gsize n)
{
	while (n > 0 && p[n - 1] == 0)
		n--;
	return n >= 4 && p[0] == 0xff && p[1] == JPEG_SOI && p[n - 2] == 0xff && p[n - 1] == JPEG_EOI && walk_jpeg (p, n);
}

/* --- PNG (W3C PNG, 5) ----------------------------------------------------------------- */

static gboolean
is_whole_png (const guint8 *p, gsize n)
{
	static const guint8 signature[8] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
	gboolean image = FALSE;
	gsize at = sizeof signature;

	if (n < at || memcmp (p, signature, at) != 0)
		return FALSE;
	while (n - at >= 12) {
		const gsize length = (gsize) p[at] << 24 | (gsize) p[at + 1] << 16 | (gsize) p[at + 2] << 8 | p[at + 3];
		const guint8 *type = p + at + 4;
		if (length > n - at - 12)
			return FALSE;
		if (at == sizeof signature && (memcmp (type, "IHDR", 4) != 0 || length != 13))
			return FALSE;
		if (memcmp (type, "IEND", 4) == 0)
			return image && length == 0 && at + 12 == n;
		image = image || memcmp (type, "IDAT", 4) == 0;
		at += 12 + length;
	}
	return FALSE;
}

/* --- both judges ------------------------------------------------------------------------ */

static const struct {
	FileType type;
	const char *media;
	gboolean (*is_whole) (const guint8 *p, gsize n);
} kinds[] = {
	{ FILE_PDF, "application/pdf", is_whole_pdf },
	{ FILE_JPEG, "image/jpeg", is_whole_jpeg },
	{ FILE_PNG, "image/png", is_whole_png },
};

const char *
file_type_media (FileType type)
{
	for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
		if (kinds[i].type == type)
			return kinds[i].media;
	return "application/octet-stream";
}

/* A cookie serves one thread; a new one a call costs a mapping of its database and no lock. */
static gboolean
magic_says (gconstpointer bytes, gsize n, const char *media)
{
	magic_t magic = magic_open (MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_TAR | MAGIC_NO_CHECK_CDF |
		MAGIC_NO_CHECK_ELF | MAGIC_NO_CHECK_APPTYPE | MAGIC_NO_CHECK_TOKENS | MAGIC_NO_CHECK_ENCODING | MAGIC_NO_CHECK_JSON |
		MAGIC_NO_CHECK_CSV);
	if (magic == NULL)
		return FALSE;
	const char *said = magic_load (magic, NULL) == 0 ? magic_buffer (magic, bytes, n) : NULL;
	const gboolean same = said != NULL && g_str_equal (said, media);
	magic_close (magic);
	return same;
}

FileType
file_type_of (gconstpointer bytes, gsize n)
{
	for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
		if (kinds[i].is_whole (bytes, n))
			return magic_says (bytes, n, kinds[i].media) ? kinds[i].type : FILE_OTHER;
	return FILE_OTHER;
}
