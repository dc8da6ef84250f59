/* fuzz/fuzz_sheet.c — a table that somebody uploads: every cell that comes out is text within the limits, what is
 * refused says why. */
#include <stdint.h>

#include "base/error.h"
#include "document/document.h"

#define ROWS 5000
#define COLUMNS 64
#define CHARACTERS 1000

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void
check_rows (const json_t *rows)
{
	const gsize n = json_array_size (rows);

	g_assert_true (json_is_array (rows) && n <= ROWS);
	for (gsize i = 0; i < n; i++) {
		const json_t *cells = json_array_get (rows, i);
		g_assert_true (json_is_array (cells) && json_array_size (cells) <= COLUMNS);
		for (gsize k = 0; k < json_array_size (cells); k++) {
			const char *text = json_string_value (json_array_get (cells, k));
			g_assert_true (text != NULL && g_utf8_validate (text, -1, NULL) && g_utf8_strlen (text, -1) <= CHARACTERS);
		}
	}
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
	g_autoptr (GError) error = NULL;
	json_t *rows = NULL;

	if (!sheet_read (data, size, &rows, &error)) {
		g_assert_true (rows == NULL && error != NULL && error->domain == DIQI_ERROR);
		g_assert_true (g_utf8_validate (error->message, -1, NULL));
		return 0;
	}
	check_rows (rows);
	json_decref (rows);
	return 0;
}
