/* document/csv.c — comma-separated values (RFC 4180) in UTF-8, with or without a byte-order mark.
 *
 * Lines end in CRLF or LF.  What RFC 4180 has no meaning for (a quote inside a bare field, text after a closing quote)
 * is refused rather than guessed: a shifted column would put one person's number beside another's name.
 */
#include "document/sheet_private.h"

#include <string.h>

typedef struct {
	const char *p, *end;
	json_t *rows;
	guint row, column;
	GString *field;
} Csv;

static gboolean
csv_fail (const Csv *csv, const char *said, GError **error)
{
	return sheet_fail (error, "row %u, column %u: %s", csv->row + 1, csv->column + 1, said);
}

static gboolean
at_field_end (const Csv *csv)
{
	return csv->p == csv->end || *csv->p == ',' || *csv->p == '\n' || (*csv->p == '\r' && csv->p + 1 < csv->end && csv->p[1] == '\n');
}

/* Behind the opening quote; a quote inside is doubled. */
static gboolean
read_quoted (Csv *csv, GError **error)
{
	for (csv->p++; csv->p < csv->end; csv->p++) {
		if (*csv->p != '"') {
			if (*csv->p != '\r')        /* a line break inside a field is one character, whoever wrote it */
				g_string_append_c (csv->field, *csv->p);
		} else if (csv->p + 1 < csv->end && csv->p[1] == '"') {
			g_string_append_c (csv->field, '"');
			csv->p++;
		} else {
			csv->p++;
			return at_field_end (csv) || csv_fail (csv, "text after the closing quote", error);
		}
	}
	return csv_fail (csv, "the quote is not closed", error);
}

static gboolean
read_bare (Csv *csv, GError **error)
{
	while (!at_field_end (csv)) {
		if (*csv->p == '"')
			return csv_fail (csv, "a quote inside a field without quotes", error);
		g_string_append_c (csv->field, *csv->p++);
	}
	return TRUE;
}

static gboolean
read_field (Csv *csv, GError **error)
{
	g_string_truncate (csv->field, 0);
	if (!(csv->p < csv->end && *csv->p == '"' ? read_quoted (csv, error) : read_bare (csv, error)))
		return FALSE;
	return sheet_put (csv->rows, csv->row, csv->column, csv->field->str, csv->field->len, error);
}

static void
pass_separator (Csv *csv)
{
	if (*csv->p == ',') {
		csv->column++;
	} else {
		csv->row++;
		csv->column = 0;
	}
	csv->p += *csv->p == '\r' ? 2 : 1;
}

static gboolean
read_rows (Csv *csv, GError **error)
{
	while (csv->p < csv->end) {
		if (!read_field (csv, error))
			return FALSE;
		if (csv->p == csv->end)
			return TRUE;
		const gboolean more = *csv->p == ',';
		pass_separator (csv);
		if (more && csv->p == csv->end)       /* a last field with nothing in it */
			return read_field (csv, error);
	}
	return TRUE;
}

json_t *
csv_read (const char *text, gsize n, GError **error)
{
	g_autoptr (json_t) rows = json_array ();
	g_autoptr (GString) field = g_string_new (NULL);
	Csv csv = { .p = text, .end = text + n, .rows = rows, .field = field };

	if (!g_utf8_validate_len (text, n, NULL)) {
		sheet_fail (error, "neither .xlsx nor CSV in UTF-8 (in Excel: save as \"CSV UTF-8\")");
		return NULL;
	}
	if (n >= 3 && memcmp (text, "\xef\xbb\xbf", 3) == 0)
		csv.p += 3;
	if (!read_rows (&csv, error))
		return NULL;
	sheet_trim (rows);
	return g_steal_pointer (&rows);
}
