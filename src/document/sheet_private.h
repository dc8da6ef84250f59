/* document/sheet_private.h — what the two readers of tables share: limits, and rows that fill up cell by cell. */
#pragma once
#include "document/document.h"

#define SHEET_MAX_BYTES (10 * 1024 * 1024)
#define SHEET_MAX_ROWS 5000
#define SHEET_MAX_COLUMNS 64
#define SHEET_MAX_CHARACTERS 1000

/* Puts text at row, column (both from 0), filling what lies between with "".  Cells come in reading order; a cell
 * that was passed already is refused.  Errors point at "/rows/ROW/COLUMN". */
gboolean sheet_put (json_t *rows, guint row, guint column, const char *text, gsize n, GError **error);
/* Takes away empty rows at the end. */
void sheet_trim (json_t *rows);

gboolean sheet_fail (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);   /* sheet.malformed */

json_t *csv_read (const char *text, gsize n, GError **error);
json_t *xlsx_read (gconstpointer bytes, gsize n, GError **error);
