/* market/notice_db.c — SQL of notices. */
#include "market/market_db.h"

#include <string.h>

#define BLOB_OF(hash) P_BLOB ((hash).b, sizeof (hash).b)
#define NOTICE_COLUMNS "n.id, n.state, n.version, n.content, n.content_hash, n.editor, n.submitted_by, n.approved_by, n.announced_at, " \
	"n.created, n.updated, s.id"
#define NOTICE_FROM " FROM notices n LEFT JOIN sales s ON s.notice = n.id "

void
notice_row_clear (NoticeRow *row)
{
	g_free (row->id);
	g_free (row->state);
	g_free (row->content);
	g_free (row->editor);
	g_free (row->submitted_by);
	g_free (row->approved_by);
	g_free (row->sale);
	memset (row, 0, sizeof *row);
}

static void
notice_row_free (NoticeRow *row)
{
	notice_row_clear (row);
	g_free (row);
}

static gboolean
read_notice (Rows *rows, NoticeRow *out, gboolean with_sale, GError **error)
{
	g_autoptr (GBytes) hash = rows_bytes (rows, 4);

	if (hash == NULL || g_bytes_get_size (hash) != sizeof out->content_hash.b)
		return diqi_fail (error, DIQI_ERROR_STORE, NULL, "a stored hash has the wrong size");
	*out = (NoticeRow) {
		.id = rows_dup_text (rows, 0), .state = rows_dup_text (rows, 1), .version = rows_int (rows, 2),
		.content = rows_dup_text (rows, 3), .editor = rows_dup_text (rows, 5), .submitted_by = rows_dup_text (rows, 6),
		.approved_by = rows_dup_text (rows, 7), .announced_at = rows_int (rows, 8), .created = rows_int (rows, 9),
		.updated = rows_int (rows, 10), .sale = with_sale ? rows_dup_text (rows, 11) : NULL,
	};
	memcpy (out->content_hash.b, g_bytes_get_data (hash, NULL), sizeof out->content_hash.b);
	return TRUE;
}

gboolean
db_notice_insert (Tx *tx, const NoticeRow *row, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO notices (id, state, version, content, content_hash, editor, announced_at, created, updated) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
		P_TEXT (row->id), P_TEXT (row->state), P_INT (row->version), P_TEXT (row->content), BLOB_OF (row->content_hash),
		P_TEXT (row->editor), P_INT (row->announced_at), P_INT (row->created), P_INT (row->updated)) == 1;
}

gboolean
db_notice_update (Tx *tx, const NoticeRow *row, GError **error)
{
	return tx_exec (tx, error,
		"UPDATE notices SET state = $2, version = $3, content = $4, content_hash = $5, editor = $6, submitted_by = $7, "
		"approved_by = $8, announced_at = $9, updated = $10 WHERE id = $1",
		P_TEXT (row->id), P_TEXT (row->state), P_INT (row->version), P_TEXT (row->content), BLOB_OF (row->content_hash),
		P_TEXT (row->editor), P_TEXT (row->submitted_by), P_TEXT (row->approved_by), P_INT (row->announced_at),
		P_INT (row->updated)) == 1;
}

gboolean
db_notice_lock (Tx *tx, const char *id, NoticeRow *out, gboolean *found, GError **error)
{
	g_autoptr (Rows) rows = tx_query_lock (tx, error,
		"SELECT id, state, version, content, content_hash, editor, submitted_by, approved_by, announced_at, created, updated "
		"FROM notices WHERE id = $1", P_TEXT (id));

	if (rows == NULL)
		return FALSE;
	*found = rows_next (rows, error);
	return !*found || read_notice (rows, out, FALSE, error);
}

gboolean
db_notice_get (Tx *tx, const char *id, NoticeRow *out, gboolean *found, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT " NOTICE_COLUMNS NOTICE_FROM "WHERE n.id = $1", P_TEXT (id));

	if (rows == NULL)
		return FALSE;
	*found = rows_next (rows, error);
	return !*found || read_notice (rows, out, TRUE, error);
}

static gboolean
take_notices (Rows *rows, GPtrArray *out, GError **error)
{
	if (rows == NULL)
		return FALSE;
	g_ptr_array_set_free_func (out, (GDestroyNotify) notice_row_free);
	while (rows_next (rows, NULL)) {
		NoticeRow *row = g_new0 (NoticeRow, 1);
		g_ptr_array_add (out, row);
		if (!read_notice (rows, row, TRUE, error))
			return FALSE;
	}
	return TRUE;
}

gboolean
db_notices (Tx *tx, const char *cursor, guint limit, GPtrArray *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT " NOTICE_COLUMNS NOTICE_FROM "WHERE $1 IS NULL OR n.id < $1 ORDER BY n.id DESC LIMIT $2", P_TEXT (cursor), P_INT (limit));

	return take_notices (rows, out, error);
}

gboolean
db_notices_announced (Tx *tx, Micros now, const char *cursor, guint limit, GPtrArray *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT " NOTICE_COLUMNS NOTICE_FROM
		"WHERE n.state = 'approved' AND n.announced_at <= $1 AND ($2 IS NULL OR n.id < $2) ORDER BY n.id DESC LIMIT $3",
		P_INT (now), P_TEXT (cursor), P_INT (limit));

	return take_notices (rows, out, error);
}
