/* ledger/csv.c — see csv.h.  One pass, one character at a time. */
#include "ledger/csv.h"

#include <string.h>

#include "base/error.h"

typedef struct {
	const char *p, *end;
	guint line;
	const CsvLimits *limits;
	GPtrArray *rows;
} Reader;

static void
row_free (gpointer p)
{
	CsvRow *row = p;

	g_ptr_array_unref (row->fields);
	g_free (row);
}

static gboolean
refuse (const Reader *r, const char *what, GError **error)
{
	return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, NULL, "line %u: %s", r->line, what);
}

static gboolean
at_line_end (const Reader *r)
{
	return r->p == r->end || *r->p == '\n' || (*r->p == '\r' && r->p + 1 < r->end && r->p[1] == '\n');
}

static void
skip_line_end (Reader *r)
{
	if (r->p < r->end && *r->p == '\r')
		r->p++;
	if (r->p < r->end)
		r->p++;
	r->line++;
}

static gboolean
append (const Reader *r, GString *field, GError **error)
{
	if (field->len >= r->limits->field)
		return refuse (r, "a field is too long", error);
	if (*r->p == '\0')
		return refuse (r, "a NUL character", error);
	g_string_append_c (field, *r->p);
	return TRUE;
}

static gboolean
read_quoted (Reader *r, GString *field, GError **error)
{
	for (r->p++; r->p < r->end; r->p++) {
		if (*r->p == '"') {
			if (r->p + 1 == r->end || r->p[1] != '"') {
				r->p++;
				return (r->p < r->end && *r->p == ',') || at_line_end (r) || refuse (r, "text after a closing quote", error);
			}
			r->p++;
		}
		if (!append (r, field, error))
			return FALSE;
		if (*r->p == '\n')
			r->line++;
	}
	return refuse (r, "a quote is not closed", error);
}

static gboolean
read_plain (Reader *r, GString *field, GError **error)
{
	for (; r->p < r->end && *r->p != ',' && !at_line_end (r); r->p++) {
		if (*r->p == '"' || *r->p == '\r')
			return refuse (r, "a quote or carriage return inside a field without quotes", error);
		if (!append (r, field, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean
read_row (Reader *r, CsvRow *row, GError **error)
{
	for (;;) {
		g_autoptr (GString) field = g_string_new (NULL);

		if (row->fields->len >= r->limits->columns)
			return refuse (r, "too many columns", error);
		if (!(r->p < r->end && *r->p == '"' ? read_quoted (r, field, error) : read_plain (r, field, error)))
			return FALSE;
		g_ptr_array_add (row->fields, g_string_free (g_steal_pointer (&field), FALSE));
		if (at_line_end (r))
			return TRUE;
		r->p++;
	}
}

static gboolean
read_rows (Reader *r, GError **error)
{
	while (r->p < r->end) {
		CsvRow *row;

		if (at_line_end (r)) {
			skip_line_end (r);
			continue;
		}
		if (r->rows->len >= r->limits->rows)
			return refuse (r, "too many rows", error);
		row = g_new0 (CsvRow, 1);
		*row = (CsvRow) { r->line, g_ptr_array_new_with_free_func (g_free) };
		g_ptr_array_add (r->rows, row);
		if (!read_row (r, row, error))
			return FALSE;
		if (row->fields->len != ((CsvRow *) g_ptr_array_index (r->rows, 0))->fields->len)
			return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, NULL, "line %u: %u fields where the heading has %u", row->line,
			                  row->fields->len, ((CsvRow *) g_ptr_array_index (r->rows, 0))->fields->len);
		skip_line_end (r);
	}
	return TRUE;
}

GPtrArray *
csv_parse (const char *text, gsize n, const CsvLimits *limits, GError **error)
{
	static const char mark[] = "\xef\xbb\xbf";
	g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (row_free);
	Reader reader = { text, text + n, 1, limits, rows };

	if (n > limits->bytes) {
		diqi_error_set (error, DIQI_ERROR_TOO_LARGE, NULL, "at most %zu bytes", limits->bytes);
		return NULL;
	}
	if (!g_utf8_validate_len (text, n, NULL)) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, NULL, "the text is not UTF-8");
		return NULL;
	}
	if (n >= 3 && memcmp (text, mark, 3) == 0)
		reader.p += 3;
	return read_rows (&reader, error) ? g_steal_pointer (&rows) : NULL;
}

void
csv_append (GString *out, const char *field, gboolean last)
{
	gboolean quote = field[0] == '\0' || strpbrk (field, ",\"\r\n") != NULL || g_str_has_prefix (field, "\xef\xbb\xbf");

	if (quote)
		g_string_append_c (out, '"');
	for (const char *p = field; *p; p++) {
		if (*p == '"')
			g_string_append_c (out, '"');
		g_string_append_c (out, *p);
	}
	g_string_append (out, quote ? (last ? "\"\n" : "\",") : (last ? "\n" : ","));
}
