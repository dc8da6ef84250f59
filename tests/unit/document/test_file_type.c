#include "document/document.h"

#include <string.h>

#define PDF "%PDF-1.5\n1 0 obj\n<<>>\nendobj\nxref\n0 1\n0000000000 65535 f \ntrailer\n<<>>\nstartxref\n31\n%%EOF"
#define B(text) text, sizeof text - 1

/* The least JPEG and PNG files of one pixel. */
static const guint8 jpeg[] = {
	0xff, 0xd8, 0xff, 0xe0, 0x00, 0x10, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0,
	0xff, 0xdb, 0x00, 0x43, 0,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	0xff, 0xc0, 0x00, 0x0b, 8, 0, 1, 0, 1, 1, 1, 0x11, 0,
	0xff, 0xc4, 0x00, 0x14, 0x00, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00,
	0xff, 0xda, 0x00, 0x08, 1, 1, 0, 0, 0x3f, 0, 0x7f, 0xff, 0x00, 0xff, 0xd0, 0x55,
	0xff, 0xd9,
};
static const guint8 png[] = {
	0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n',
	0, 0, 0, 13, 'I', 'H', 'D', 'R', 0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55,
	0, 0, 0, 10, 'I', 'D', 'A', 'T', 0x78, 0x9c, 0x63, 0x60, 0, 0, 0, 2, 0, 1, 0x48, 0xaf, 0xa4, 0x71,
	0, 0, 0, 0, 'I', 'E', 'N', 'D', 0xae, 0x42, 0x60, 0x82,
};

static FileType
type_with_tail (gconstpointer bytes, gsize n, gconstpointer tail, gsize tail_n)
{
	g_autoptr (GByteArray) file = g_byte_array_new ();

	g_byte_array_append (file, bytes, (guint) n);
	g_byte_array_append (file, tail, (guint) tail_n);
	return file_type_of (file->data, file->len);
}

static void
test_known (void)
{
	g_assert_cmpint (file_type_of (B (PDF)), ==, FILE_PDF);
	g_assert_cmpint (type_with_tail (B (PDF), B ("\r\n")), ==, FILE_PDF);
	g_assert_cmpint (file_type_of (jpeg, sizeof jpeg), ==, FILE_JPEG);
	g_assert_cmpint (type_with_tail (jpeg, sizeof jpeg, "\0\0\0", 3), ==, FILE_JPEG);
	g_assert_cmpint (type_with_tail (jpeg, sizeof jpeg, jpeg, sizeof jpeg), ==, FILE_JPEG);      /* a second picture */
	g_assert_cmpint (file_type_of (png, sizeof png), ==, FILE_PNG);
	g_assert_cmpstr (file_type_media (FILE_PDF), ==, "application/pdf");
	g_assert_cmpstr (file_type_media (FILE_JPEG), ==, "image/jpeg");
	g_assert_cmpstr (file_type_media (FILE_PNG), ==, "image/png");
	g_assert_cmpstr (file_type_media (FILE_OTHER), ==, "application/octet-stream");
}

/* A file that was cut anywhere is not taken for a whole one. */
static void
test_cut (void)
{
	for (gsize n = 0; n < sizeof PDF - 1; n++)
		g_assert_cmpint (file_type_of (PDF, n), ==, FILE_OTHER);
	for (gsize n = 0; n < sizeof jpeg; n++)
		g_assert_cmpint (file_type_of (jpeg, n), ==, FILE_OTHER);
	for (gsize n = 0; n < sizeof png; n++)
		g_assert_cmpint (file_type_of (png, n), ==, FILE_OTHER);
}

static void
test_other (void)
{
	static const char html[] = "<html><script>alert(1)</script></html>";

	g_assert_cmpint (file_type_of (html, sizeof html - 1), ==, FILE_OTHER);
	g_assert_cmpint (file_type_of (B ("PK\x03\x04")), ==, FILE_OTHER);
	g_assert_cmpint (file_type_of (B ("GIF89a\x01\x00\x01\x00\x00\x00\x00;")), ==, FILE_OTHER);
	g_assert_cmpint (file_type_of (B ("%PDF-9.9 xxxxxxxxxxxxxxxxxxxxxx startxref %%EOF")), ==, FILE_OTHER);
	/* one kind that goes on as another */
	g_assert_cmpint (type_with_tail (png, sizeof png, B (PDF)), ==, FILE_OTHER);
	g_assert_cmpint (type_with_tail (jpeg, sizeof jpeg, html, sizeof html - 1), ==, FILE_OTHER);
	g_assert_cmpint (type_with_tail (B (PDF), html, sizeof html - 1), ==, FILE_OTHER);
	g_assert_cmpint (type_with_tail (B ("<!-- -->"), png, sizeof png), ==, FILE_OTHER);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/file_type/known", test_known);
	g_test_add_func ("/file_type/cut", test_cut);
	g_test_add_func ("/file_type/other", test_other);
	return g_test_run ();
}
