/* registry/queue_db.c — SQL of the queue; both statements walk an index from where the last page ended. */
#include "registry/queue_db.h"

#define COLUMNS "id, number, kind, service, point, clerk, reviewer, submitted, due, fee_paid"

void
queue_row_free (QueueRow *row)
{
	g_free (row->id);
	g_free (row->number);
	g_free (row->kind);
	g_free (row->service);
	g_free (row->point);
	g_free (row->clerk);
	g_free (row->reviewer);
	g_free (row);
}

static gboolean
read_rows (Rows *rows, GPtrArray *out)
{
	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL)) {
		QueueRow *row = g_new (QueueRow, 1);

		*row = (QueueRow) {
			.id = rows_dup_text (rows, 0), .number = rows_dup_text (rows, 1), .kind = rows_dup_text (rows, 2),
			.service = rows_dup_text (rows, 3), .point = rows_dup_text (rows, 4), .clerk = rows_dup_text (rows, 5),
			.reviewer = rows_dup_text (rows, 6), .submitted = rows_int (rows, 7), .due = rows_int (rows, 8),
			.fee_paid = rows_int (rows, 9) != 0,
		};
		g_ptr_array_add (out, row);
	}
	return TRUE;
}

gboolean
db_queue (Tx *tx, const char *state, const QueuePlace *after, guint limit, GPtrArray *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT " COLUMNS " FROM applications WHERE state = $1 AND (submitted, id) > ($2, $3) ORDER BY submitted, id LIMIT $4",
		P_TEXT (state), P_INT (after->submitted), P_TEXT (after->id), P_INT (limit));

	return read_rows (rows, out);
}

gboolean
db_queue_of_point (Tx *tx, const char *point, const char *state, const QueuePlace *after, guint limit, GPtrArray *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT " COLUMNS " FROM applications WHERE point = $1 AND state = $2 AND (submitted, id) > ($3, $4) ORDER BY submitted, id LIMIT $5",
		P_TEXT (point), P_TEXT (state), P_INT (after->submitted), P_TEXT (after->id), P_INT (limit));

	return read_rows (rows, out);
}
