/* document/qr.c — QR codes (ISO/IEC 18004) on paper, by libqrencode. */
#include <errno.h>
#include <string.h>

#include <qrencode.h>

#include "base/error.h"
#include "document/paper.h"

#define QUIET 4        /* modules of white around a code, as the standard asks */
#define DARK 1

G_DEFINE_AUTOPTR_CLEANUP_FUNC (QRcode, QRcode_free)

/* Level M: a quarter of the damage a stamp or a fold does is corrected. */
static QRcode *
encode (const char *text, GError **error)
{
	QRcode *code = QRcode_encodeString8bit (text, 0, QR_ECLEVEL_M);

	if (code == NULL)
		diqi_error_set (error, errno == ERANGE ? DIQI_ERROR_FIELD_LENGTH : DIQI_ERROR_INTERNAL, NULL, "no QR code of %zu bytes", strlen (text));
	return code;
}

gboolean
paper_qr (Paper *paper, Box box, const char *text, GError **error)
{
	g_autoptr (QRcode) code = encode (text, error);

	if (code == NULL)
		return FALSE;
	const double module = box.w / (code->width + 2 * QUIET);
	for (int y = 0; y < code->width; y++)
		for (int x = 0; x < code->width;) {
			int run = 0;
			while (x + run < code->width && code->data[y * code->width + x + run] & DARK)
				run++;
			if (run > 0)
				paper_fill (paper, (Box) { box.x + (x + QUIET) * module, box.y + (y + QUIET) * module, run * module, module });
			x += MAX (run, 1);
		}
	return TRUE;
}
