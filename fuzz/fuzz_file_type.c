/* fuzz/fuzz_file_type.c — an uploaded scan: whatever is taken for a PDF, JPEG or PNG begins and ends with the marks of
 * one, and no shorter beginning of it that ends elsewhere is taken for a picture. */
#include <stdint.h>
#include <string.h>

#include "document/document.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
	switch (file_type_of (data, size)) {
	case FILE_PDF:
		g_assert_true (size > 10 && memcmp (data, "%PDF-", 5) == 0 && memmem (data, size, "%%EOF", 5) != NULL);
		break;
	case FILE_JPEG:
		g_assert_true (size > 4 && data[0] == 0xff && data[1] == 0xd8 && memmem (data, size, "\xff\xd9", 2) != NULL);
		break;
	case FILE_PNG:
		g_assert_true (memcmp (data, "\x89PNG\r\n\x1a\n", 8) == 0 && memcmp (data + size - 8, "IEND", 4) == 0);
		g_assert_true (file_type_of (data, size - 1) == FILE_OTHER);
		break;
	case FILE_OTHER:
		break;
	}
	return 0;
}
