/* document/xlsx_read.c — the first sheet of a workbook (ECMA-376 part 1, 18.3) as rows of text.
 *
 * Cells are taken as they show: shared, inline and formula texts, numbers, dates as 2026-11-22, booleans as TRUE and
 * FALSE.  Formulas are not computed; their stored value counts.
 */
#include "document/xlsx_private.h"

#include <string.h>

#include "base/error.h"

#define MAX_SHARED (SHEET_MAX_ROWS * SHEET_MAX_COLUMNS)

typedef struct {
	zip_t *zip;
	char *sheet_id;                                /* relationship of the first sheet */
	char *sheet, *strings, *styles;                /* names of parts; strings and styles may be NULL */
	GPtrArray *shared;
	CellFormats formats;
	json_t *rows;

	/* what is being read */
	GString *text;
	gboolean in_value, in_phonetic;
	guint row, column, format;
	gboolean rows_started, cell_started;
	char kind;                                     /* of the cell: 'n' 's' 't' (text) 'b' 'e' */
} Workbook;

static void
workbook_clear (Workbook *book)
{
	g_free (book->sheet_id);
	g_free (book->sheet);
	g_free (book->strings);
	g_free (book->styles);
	g_ptr_array_unref (book->shared);
	g_array_unref (book->formats.dates);
	g_string_free (book->text, TRUE);
	json_decref (book->rows);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Workbook, workbook_clear)

/* --- workbook and relationships ------------------------------------------------------------ */

static gboolean
on_workbook (const char *name, const char **names, const char **values, gpointer user, GError **error)
{
	Workbook *book = user;

	if (g_str_equal (name, "workbookPr")) {
		const char *epoch = part_attribute (names, values, "date1904");
		book->formats.from_1904 = epoch != NULL && (g_str_equal (epoch, "1") || g_str_equal (epoch, "true"));
	}
	if (!g_str_equal (name, "sheet") || book->sheet_id != NULL)
		return TRUE;
	for (gsize i = 0; names[i] != NULL; i++)      /* r:id, not sheetId */
		if (g_str_has_suffix (names[i], ":id"))
			book->sheet_id = g_strdup (values[i]);
	return book->sheet_id != NULL || sheet_fail (error, "the first sheet has no relationship");
}

/* Targets are relative to xl/ or absolute in the package. */
static char *
part_of_target (const char *target)
{
	return *target == '/' ? g_strdup (target + 1) : g_strconcat ("xl/", target, NULL);
}

static gboolean
on_relationship (const char *name, const char **names, const char **values, gpointer user, GError **error G_GNUC_UNUSED)
{
	Workbook *book = user;
	const char *id = part_attribute (names, values, "Id"), *target = part_attribute (names, values, "Target");
	const char *type = part_attribute (names, values, "Type");

	if (!g_str_equal (name, "Relationship") || id == NULL || target == NULL || type == NULL)
		return TRUE;
	char **part = g_str_equal (id, book->sheet_id) ? &book->sheet
		: g_str_has_suffix (type, "/sharedStrings") ? &book->strings
		: g_str_has_suffix (type, "/styles") ? &book->styles : NULL;
	if (part != NULL && *part == NULL)
		*part = part_of_target (target);
	return TRUE;
}

static gboolean
find_parts (Workbook *book, GError **error)
{
	static const PartReader workbook = { on_workbook, NULL, NULL };
	static const PartReader relationships = { on_relationship, NULL, NULL };

	if (!package_read (book->zip, "xl/workbook.xml", &workbook, book, error))
		return FALSE;
	if (book->sheet_id == NULL)
		return sheet_fail (error, "the workbook has no sheet");
	if (!package_read (book->zip, "xl/_rels/workbook.xml.rels", &relationships, book, error))
		return FALSE;
	return book->sheet != NULL || sheet_fail (error, "the first sheet is missing");
}

/* --- texts ------------------------------------------------------------------------------------ */

static void
on_text (const char *text, gsize n, gpointer user)
{
	Workbook *book = user;
	if (book->in_value && !book->in_phonetic)
		g_string_append_len (book->text, text, (gssize) n);
}

static gboolean
on_shared (const char *name, const char **names G_GNUC_UNUSED, const char **values G_GNUC_UNUSED, gpointer user, GError **error)
{
	Workbook *book = user;

	if (g_str_equal (name, "si")) {
		if (book->shared->len >= MAX_SHARED)
			return diqi_fail (error, DIQI_ERROR_TOO_LARGE, NULL, "the workbook has over %d texts", MAX_SHARED);
		g_string_truncate (book->text, 0);
	}
	book->in_phonetic = book->in_phonetic || g_str_equal (name, "rPh");     /* how a text is pronounced */
	book->in_value = g_str_equal (name, "t");
	return TRUE;
}

static gboolean
on_shared_end (const char *name, gpointer user, GError **error G_GNUC_UNUSED)
{
	Workbook *book = user;

	book->in_value = FALSE;
	if (g_str_equal (name, "rPh"))
		book->in_phonetic = FALSE;
	if (g_str_equal (name, "si"))
		g_ptr_array_add (book->shared, g_strndup (book->text->str, book->text->len));
	return TRUE;
}

/* --- cells -------------------------------------------------------------------------------------- */

static gboolean
cell_fail (const Workbook *book, const char *said, GError **error)
{
	g_autofree char *field = g_strdup_printf ("/rows/%u/%u", book->row, book->column);
	return diqi_fail (error, DIQI_ERROR_SHEET, field, "row %u, column %u: %s", book->row + 1, book->column + 1, said);
}

/* "C5" → column 2; the row's own number rules the row. */
static gboolean
read_column (const char *reference, guint *column)
{
	guint value = 0;
	const char *p = reference;

	for (; g_ascii_isupper (*p) && value < 100000; p++)
		value = value * 26 + (guint) (*p - 'A') + 1;
	if (value == 0 || !g_ascii_isdigit (*p))
		return FALSE;
	*column = value - 1;
	return TRUE;
}

static gboolean
start_row (Workbook *book, const char *number, GError **error)
{
	guint64 row = book->rows_started ? (guint64) book->row + 2 : 1;

	if (number != NULL && !g_ascii_string_to_unsigned (number, 10, 1, G_MAXUINT32 / 2, &row, NULL))
		return sheet_fail (error, "a row has no number");
	book->row = (guint) row - 1;
	book->rows_started = TRUE;
	book->cell_started = FALSE;
	return TRUE;
}

static gboolean
start_cell (Workbook *book, const char **names, const char **values, GError **error)
{
	static const struct { const char *type; char kind; } kinds[] = {
		{ "n", 'n' }, { "s", 's' }, { "inlineStr", 't' }, { "str", 't' }, { "b", 'b' }, { "e", 'e' }, { "d", 't' },
	};
	const char *reference = part_attribute (names, values, "r"), *type = part_attribute (names, values, "t");
	const char *style = part_attribute (names, values, "s");
	guint64 format = 0;

	book->column = book->cell_started ? book->column + 1 : 0;
	book->cell_started = TRUE;
	book->kind = type == NULL ? 'n' : 0;
	for (gsize i = 0; type != NULL && i < G_N_ELEMENTS (kinds); i++)
		if (g_str_equal (kinds[i].type, type))
			book->kind = kinds[i].kind;
	g_string_truncate (book->text, 0);
	if ((reference != NULL && !read_column (reference, &book->column)) || book->kind == 0
	    || (style != NULL && !g_ascii_string_to_unsigned (style, 10, 0, G_MAXUINT32, &format, NULL)))
		return cell_fail (book, "a cell of no known kind", error);
	book->format = (guint) format;
	return TRUE;
}

static gboolean
on_cell (const char *name, const char **names, const char **values, gpointer user, GError **error)
{
	Workbook *book = user;

	if (g_str_equal (name, "row"))
		return start_row (book, part_attribute (names, values, "r"), error);
	if (g_str_equal (name, "c"))
		return start_cell (book, names, values, error);
	book->in_phonetic = book->in_phonetic || g_str_equal (name, "rPh");
	book->in_value = g_str_equal (name, "v") || g_str_equal (name, "t");
	return TRUE;
}

static gboolean
put_text (Workbook *book, const char *text, GError **error)
{
	return sheet_put (book->rows, book->row, book->column, text, strlen (text), error);
}

static gboolean
put_number (Workbook *book, GError **error)
{
	g_autofree char *text = cell_number_text (&book->formats, book->format, book->text->str);

	if (text == NULL)
		return cell_fail (book, "a number of more than 15 digits was rounded by the spreadsheet: format the column as text and enter it again",
			error);
	return put_text (book, text, error);
}

static gboolean
put_cell (Workbook *book, GError **error)
{
	guint64 index;

	if (book->text->len == 0)                     /* formatted but empty */
		return TRUE;
	switch (book->kind) {
	case 'n':
		return put_number (book, error);
	case 's':
		if (!g_ascii_string_to_unsigned (book->text->str, 10, 0, MAX_SHARED, &index, NULL) || index >= book->shared->len)
			return cell_fail (book, "refers to a text that is not there", error);
		return put_text (book, g_ptr_array_index (book->shared, index), error);
	case 'b':
		return put_text (book, g_str_equal (book->text->str, "1") ? "TRUE" : "FALSE", error);
	default:
		return put_text (book, book->text->str, error);
	}
}

static gboolean
on_cell_end (const char *name, gpointer user, GError **error)
{
	Workbook *book = user;

	book->in_value = FALSE;
	if (g_str_equal (name, "rPh"))
		book->in_phonetic = FALSE;
	return !g_str_equal (name, "c") || put_cell (book, error);
}

json_t *
xlsx_read (gconstpointer bytes, gsize n, GError **error)
{
	static const PartReader shared = { on_shared, on_shared_end, on_text };
	static const PartReader cells = { on_cell, on_cell_end, on_text };
	g_autoptr (zip_t) zip = package_open (bytes, n, error);
	g_auto (Workbook) book = { .zip = zip, .shared = g_ptr_array_new_with_free_func (g_free), .text = g_string_new (NULL),
		.formats.dates = g_array_new (FALSE, FALSE, sizeof (gboolean)), .rows = json_array () };

	if (zip == NULL || !find_parts (&book, error))
		return NULL;
	if (book.strings != NULL && !package_read (zip, book.strings, &shared, &book, error))
		return NULL;
	book.in_value = book.in_phonetic = FALSE;
	if (!cell_formats_read (zip, book.styles, &book.formats, error) || !package_read (zip, book.sheet, &cells, &book, error))
		return NULL;
	sheet_trim (book.rows);
	return json_incref (book.rows);
}
