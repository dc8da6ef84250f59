/* document/sheet.c — tables that people bring: which kind, and the limits that hold for both kinds. */
#include "document/sheet_private.h"

#include <string.h>

#include "base/error.h"

gboolean
sheet_fail (GError **error, const char *format, ...)
{
	va_list args;

	va_start (args, format);
	g_autofree char *said = g_strdup_vprintf (format, args);
	va_end (args);
	return diqi_fail (error, DIQI_ERROR_SHEET, NULL, "%s", said);
}

static gboolean
fail_cell (GError **error, DiqiErrorCode code, guint row, guint column, const char *said)
{
	g_autofree char *field = g_strdup_printf ("/rows/%u/%u", row, column);
	return diqi_fail (error, code, field, "row %u, column %u: %s", row + 1, column + 1, said);
}

static gboolean
has_control_characters (const char *text, gsize n)
{
	for (gsize i = 0; i < n; i++)
		if ((guchar) text[i] < 0x20 && text[i] != '\n' && text[i] != '\t' && text[i] != '\r')
			return TRUE;
	return memchr (text, 0x7f, n) != NULL;
}

gboolean
sheet_put (json_t *rows, guint row, guint column, const char *text, gsize n, GError **error)
{
	if (row >= SHEET_MAX_ROWS)
		return diqi_fail (error, DIQI_ERROR_TOO_LARGE, "/rows", "more than %d rows", SHEET_MAX_ROWS);
	if (column >= SHEET_MAX_COLUMNS)
		return fail_cell (error, DIQI_ERROR_TOO_LARGE, row, column, "too many columns");
	if (!g_utf8_validate_len (text, n, NULL) || has_control_characters (text, n))
		return fail_cell (error, DIQI_ERROR_SHEET, row, column, "not text in UTF-8");
	if (g_utf8_strlen (text, (gssize) n) > SHEET_MAX_CHARACTERS)
		return fail_cell (error, DIQI_ERROR_FIELD_LENGTH, row, column, "the cell is too long");
	while (json_array_size (rows) <= row)
		json_array_append_new (rows, json_array ());
	json_t *cells = json_array_get (rows, row);
	if (row + 1 < json_array_size (rows) || column < json_array_size (cells))
		return fail_cell (error, DIQI_ERROR_SHEET, row, column, "the cell comes twice or out of order");
	while (json_array_size (cells) < column)
		json_array_append_new (cells, json_string (""));
	json_array_append_new (cells, json_stringn (text, n));
	return TRUE;
}

static gboolean
is_empty (const json_t *cells)
{
	for (gsize i = 0; i < json_array_size (cells); i++)
		if (json_string_length (json_array_get (cells, i)) > 0)
			return FALSE;
	return TRUE;
}

void
sheet_trim (json_t *rows)
{
	while (json_array_size (rows) > 0 && is_empty (json_array_get (rows, json_array_size (rows) - 1)))
		json_array_remove (rows, json_array_size (rows) - 1);
}

static gboolean
begins (gconstpointer bytes, gsize n, const char *mark, gsize mark_n)
{
	return n >= mark_n && memcmp (bytes, mark, mark_n) == 0;
}

gboolean
sheet_read (gconstpointer bytes, gsize n, json_t **rows, GError **error)
{
	if (n > SHEET_MAX_BYTES)
		return diqi_fail (error, DIQI_ERROR_TOO_LARGE, NULL, "the table has over %d bytes", SHEET_MAX_BYTES);
	/* The older binary format, and an encrypted workbook, are OLE2 files. */
	if (begins (bytes, n, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8))
		return sheet_fail (error, "an .xls file or one with a password: save it as .xlsx without password, or as CSV UTF-8");
	*rows = begins (bytes, n, "PK\x03\x04", 4) ? xlsx_read (bytes, n, error) : csv_read (bytes, n, error);
	return *rows != NULL;
}
