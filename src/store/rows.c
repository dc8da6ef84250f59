/* store/rows.c — the answer of one statement, kept whole in memory.
 *
 * Both engines fill the same buffer before tx_query returns.  So an error of a late
 * row or of a deferred check (SQLite reports a broken foreign key of INSERT …
 * RETURNING only at its end) cannot be missed by a caller who takes the first row
 * and frees the rest, and a loop that writes to the table it reads sees the same
 * rows on both engines.
 */
#include "store/engine.h"
#include <string.h>

typedef struct {
	ParamType type;
	gint64 i;                 /* PARAM_INT */
	gsize offset, n;          /* PARAM_TEXT, PARAM_BLOB: place in bytes */
} Cell;

struct Rows {
	guint columns;
	GArray *cells;            /* of Cell, row after row */
	GByteArray *bytes;        /* texts and blobs, each with a NUL behind it */
	gsize row;                /* 1 = first; 0 = before it */
};

Rows *
rows_new (guint columns)
{
	Rows *rows = g_new0 (Rows, 1);
	rows->columns = columns;
	rows->cells = g_array_new (FALSE, FALSE, sizeof (Cell));
	rows->bytes = g_byte_array_new ();
	return rows;
}

void
rows_free (Rows *rows)
{
	if (rows == NULL)
		return;
	g_array_unref (rows->cells);
	g_byte_array_unref (rows->bytes);
	g_free (rows);
}

void
rows_add_null (Rows *rows)
{
	Cell cell = { .type = PARAM_NULL };
	g_array_append_val (rows->cells, cell);
}

void
rows_add_int (Rows *rows, gint64 value)
{
	Cell cell = { .type = PARAM_INT, .i = value };
	g_array_append_val (rows->cells, cell);
}

static void
add_bytes (Rows *rows, ParamType type, gconstpointer p, gsize n)
{
	Cell cell = { .type = type, .offset = rows->bytes->len, .n = n };
	/* GByteArray counts in 32 bits and aborts beyond; one answer stays far below. */
	g_assert (n < G_MAXUINT / 2 && rows->bytes->len < G_MAXUINT / 2);
	if (n > 0)
		g_byte_array_append (rows->bytes, p, (guint) n);
	g_byte_array_append (rows->bytes, (const guint8 *) "", 1);
	g_array_append_val (rows->cells, cell);
}

void rows_add_text (Rows *rows, const char *text, gsize n) { add_bytes (rows, PARAM_TEXT, text, n); }
void rows_add_blob (Rows *rows, gconstpointer p, gsize n) { add_bytes (rows, PARAM_BLOB, p, n); }

gboolean
rows_next (Rows *rows, G_GNUC_UNUSED GError **error)
{
	if (rows->columns == 0 || (rows->row + 1) * rows->columns > rows->cells->len)
		return FALSE;
	rows->row++;
	return TRUE;
}

static const Cell *
cell_of (Rows *rows, guint column)
{
	g_assert (rows->row > 0 && column < rows->columns);
	return &g_array_index (rows->cells, Cell, (rows->row - 1) * rows->columns + column);
}

gboolean rows_is_null (Rows *rows, guint column) { return cell_of (rows, column)->type == PARAM_NULL; }

/* Asking a column for another type than it has is a mistake of the query's author. */
static const Cell *
typed_cell (Rows *rows, guint column, ParamType type)
{
	const Cell *cell = cell_of (rows, column);
	g_assert (cell->type == type || cell->type == PARAM_NULL);
	return cell;
}

gint64 rows_int (Rows *rows, guint column) { return typed_cell (rows, column, PARAM_INT)->i; }

const char *
rows_text (Rows *rows, guint column)
{
	const Cell *cell = typed_cell (rows, column, PARAM_TEXT);
	return cell->type == PARAM_NULL ? NULL : (const char *) rows->bytes->data + cell->offset;
}

char *rows_dup_text (Rows *rows, guint column) { return g_strdup (rows_text (rows, column)); }

GBytes *
rows_bytes (Rows *rows, guint column)
{
	const Cell *cell = typed_cell (rows, column, PARAM_BLOB);
	return cell->type == PARAM_NULL ? NULL : g_bytes_new (rows->bytes->data + cell->offset, cell->n);
}
