/* document/xlsx_write.c — tables for people's spreadsheets, through libxlsxwriter.
 *
 * Texts are written as texts, never as what they look like: no cell of ours becomes a formula or a link, and an
 * identity number keeps its digits.  The same table gives the same bytes.
 */
#include "document/document.h"

#include <unistd.h>

#include <glib/gstdio.h>
#include <xlsxwriter.h>

#include "base/error.h"

#define MAX_ROWS 1048575             /* of a worksheet, without the header */
/* The library would put the time of writing into the file; documents have no clock. */
#define CREATED 946684800            /* 2000-01-01 */

typedef struct {
	const SheetColumn *columns;
	gsize n;
	lxw_worksheet *sheet;
	lxw_format *header, *money;
} Sheet;

static gboolean
write_fail (GError **error, lxw_error cause)
{
	return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "writing a spreadsheet: %s", lxw_strerror (cause));
}

/* Excel holds doubles; 2^53 fen and below are exact in fen and show both decimals. */
static lxw_error
write_cell (const Sheet *sheet, lxw_row_t row, lxw_col_t column, const json_t *cell)
{
	if (json_is_string (cell))
		return worksheet_write_string (sheet->sheet, row, column, json_string_value (cell), NULL);
	if (!json_is_integer (cell))
		return LXW_NO_ERROR;
	const json_int_t value = json_integer_value (cell);
	if (sheet->columns[column].money)
		return worksheet_write_number (sheet->sheet, row, column, (double) value / 100, sheet->money);
	return worksheet_write_number (sheet->sheet, row, column, (double) value, NULL);
}

static gboolean
write_header (const Sheet *sheet, GError **error)
{
	lxw_error cause = LXW_NO_ERROR;

	for (gsize i = 0; i < sheet->n && cause == LXW_NO_ERROR; i++) {
		const SheetColumn *column = &sheet->columns[i];
		worksheet_set_column (sheet->sheet, (lxw_col_t) i, (lxw_col_t) i, column->width ? column->width : LXW_DEF_COL_WIDTH, NULL);
		cause = worksheet_write_string (sheet->sheet, 0, (lxw_col_t) i, column->title, sheet->header);
	}
	worksheet_freeze_panes (sheet->sheet, 1, 0);
	return cause == LXW_NO_ERROR || write_fail (error, cause);
}

static gboolean
write_rows (const Sheet *sheet, const json_t *rows, GError **error)
{
	for (gsize i = 0; i < json_array_size (rows); i++) {
		const json_t *cells = json_array_get (rows, i);
		g_assert (json_array_size (cells) == sheet->n);
		for (gsize k = 0; k < sheet->n; k++) {
			const lxw_error cause = write_cell (sheet, (lxw_row_t) i + 1, (lxw_col_t) k, json_array_get (cells, k));
			if (cause != LXW_NO_ERROR)
				return write_fail (error, cause);
		}
	}
	return TRUE;
}

static gboolean
write_workbook (const char *path, const char *name, const SheetColumn *columns, gsize n, const json_t *rows, GError **error)
{
	lxw_doc_properties properties = { .created = CREATED };
	lxw_workbook *book = workbook_new (path);
	Sheet sheet = { columns, n, workbook_add_worksheet (book, name), workbook_add_format (book), workbook_add_format (book) };

	workbook_set_properties (book, &properties);
	format_set_bold (sheet.header);
	format_set_bottom (sheet.header, LXW_BORDER_THIN);
	format_set_num_format (sheet.money, "#,##0.00");
	gboolean ok = sheet.sheet != NULL || diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "\"%s\" cannot name a sheet", name);
	ok = ok && write_header (&sheet, error) && write_rows (&sheet, rows, error);
	const lxw_error cause = workbook_close (book);        /* frees it in any case */
	return ok && (cause == LXW_NO_ERROR || write_fail (error, cause));
}

GBytes *
sheet_write (const char *name, const SheetColumn *columns, gsize n, const json_t *rows, GError **error)
{
	g_autofree char *path = NULL, *bytes = NULL;
	gsize size;

	if (json_array_size (rows) > MAX_ROWS) {
		diqi_error_set (error, DIQI_ERROR_TOO_LARGE, NULL, "a sheet holds %d rows", MAX_ROWS);
		return NULL;
	}
	/* The library writes files only; nobody else may read this one, and it is gone before the call returns. */
	const int fd = g_file_open_tmp ("diqi-XXXXXX.xlsx", &path, error);
	if (fd < 0)
		return NULL;
	close (fd);
	const gboolean ok = write_workbook (path, name, columns, n, rows, error) && g_file_get_contents (path, &bytes, &size, error);
	g_unlink (path);
	return ok ? g_bytes_new_take (g_steal_pointer (&bytes), size) : NULL;
}
