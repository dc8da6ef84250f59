/* fuzz/fuzz_csv.c — what the reader of comma-separated values accepts keeps its limits, and written out again it
 * reads as the same rows. */
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "ledger/csv.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static char *
write_rows (const GPtrArray *rows)
{
	GString *out = g_string_new (NULL);

	for (guint i = 0; i < rows->len; i++) {
		const GPtrArray *fields = ((CsvRow *) g_ptr_array_index (rows, i))->fields;

		for (guint f = 0; f < fields->len; f++)
			csv_append (out, g_ptr_array_index (fields, f), f + 1 == fields->len);
	}
	return g_string_free (out, FALSE);
}

static void
check_rows (const GPtrArray *rows, const CsvLimits *limits)
{
	static const CsvLimits wide = { G_MAXINT32, 1000, 100, 10000 };
	g_autofree char *text = write_rows (rows);
	g_autoptr (GPtrArray) back = csv_parse (text, strlen (text), &wide, NULL);
	g_autofree char *again = NULL;

	g_assert_true (rows->len <= limits->rows);
	g_assert_true (back != NULL && back->len == rows->len);
	again = write_rows (back);
	g_assert_cmpstr (again, ==, text);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
	static const CsvLimits limits = { 4096, 50, 8, 200 };
	g_autoptr (GError) error = NULL;
	g_autoptr (GPtrArray) rows = csv_parse (size > 0 ? (const char *) data : "", size, &limits, &error);

	if (rows != NULL)
		check_rows (rows, &limits);
	else
		g_assert_true (error != NULL && error->domain == DIQI_ERROR && g_utf8_validate (error->message, -1, NULL));
	return 0;
}
