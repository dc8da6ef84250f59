/* registry/token_stock_db.c — SQL of blank tokens and their movements. */
#include "registry/token_stock_db.h"

#include "base/error.h"

#define COLUMNS "serial, state, point, application_id, movements, changed"

void
token_row_free (TokenRow *row)
{
	g_free (row->serial);
	g_free (row->state);
	g_free (row->point);
	g_free (row->application);
	g_free (row);
}

static TokenRow *
read_token (Rows *rows)
{
	TokenRow *row = g_new (TokenRow, 1);

	*row = (TokenRow) {
		.serial = rows_dup_text (rows, 0), .state = rows_dup_text (rows, 1), .point = rows_dup_text (rows, 2),
		.application = rows_dup_text (rows, 3), .movements = rows_int (rows, 4), .changed = rows_int (rows, 5),
	};
	return row;
}

gboolean
db_token_get (Tx *tx, const char *serial, gboolean lock, TokenRow **out, GError **error)
{
	static const char sql[] = "SELECT " COLUMNS " FROM tokens WHERE serial = $1";
	g_autoptr (Rows) rows = lock ? tx_query_lock (tx, error, sql, P_TEXT (serial)) : tx_query (tx, error, sql, P_TEXT (serial));

	if (!rows)
		return FALSE;
	*out = rows_next (rows, NULL) ? read_token (rows) : NULL;
	return TRUE;
}

gboolean
db_token_insert (Tx *tx, const TokenRow *row, GError **error)
{
	return tx_exec (tx, error, "INSERT INTO tokens (" COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6)",
		P_TEXT (row->serial), P_TEXT (row->state), P_TEXT (row->point), P_TEXT (row->application), P_INT (row->movements),
		P_INT (row->changed)) == 1;
}

gboolean
db_token_update (Tx *tx, const TokenRow *row, GError **error)
{
	gint64 n = tx_exec (tx, error,
		"UPDATE tokens SET state = $2, point = $3, application_id = $4, movements = $5, changed = $6 WHERE serial = $1 AND movements = $5 - 1",
		P_TEXT (row->serial), P_TEXT (row->state), P_TEXT (row->point), P_TEXT (row->application), P_INT (row->movements),
		P_INT (row->changed));

	if (n < 0)
		return FALSE;
	return n == 1 || diqi_fail (error, DIQI_ERROR_TOKEN_STATE, NULL, "token %s was moved meanwhile", row->serial);
}

gboolean
db_token_movement_insert (Tx *tx, const NewMovement *m, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO token_movements (serial, seq, movement, state, point, application_id, at, by_person, by_name, reason, statement_identity) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
		P_TEXT (m->serial), P_INT (m->seq), P_TEXT (m->movement), P_TEXT (m->state), P_TEXT (m->point), P_TEXT (m->application),
		P_INT (m->at), P_TEXT (m->by_person), P_TEXT (m->by_name), P_TEXT (m->reason), P_TEXT (m->statement_identity)) == 1;
}

gboolean
db_token_movements (Tx *tx, const char *serial, json_t *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT seq, movement, state, point, application_id, at, by_name, reason FROM token_movements WHERE serial = $1 ORDER BY seq", P_TEXT (serial));

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL)) {
		json_t *item = json_pack ("{s:I, s:s, s:s, s:s, s:o, s:s}", "seq", (json_int_t) rows_int (rows, 0), "movement", rows_text (rows, 1),
		                          "state", rows_text (rows, 2), "point", rows_text (rows, 3), "time", json_time (rows_int (rows, 5)),
		                          "by", rows_text (rows, 6));

		if (!rows_is_null (rows, 4))
			json_object_set_new (item, "application", json_string (rows_text (rows, 4)));
		if (!rows_is_null (rows, 7))
			json_object_set_new (item, "reason", json_string (rows_text (rows, 7)));
		json_array_append_new (out, item);
	}
	return TRUE;
}

gboolean
db_token_list (Tx *tx, const char *point, const char *state, const char *after, guint limit, GPtrArray *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT " COLUMNS " FROM tokens WHERE ($1 = '' OR point = $1) AND ($2 = '' OR state = $2) AND serial > $3 ORDER BY serial LIMIT $4",
		P_TEXT (point), P_TEXT (state), P_TEXT (after), P_INT (limit));

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL))
		g_ptr_array_add (out, read_token (rows));
	return TRUE;
}

gboolean
db_token_counts (Tx *tx, const char *point, json_t *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT state, count(*) FROM tokens WHERE point = $1 GROUP BY state", P_TEXT (point));

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL))
		json_object_set_new (out, rows_text (rows, 0), json_integer (rows_int (rows, 1)));
	return TRUE;
}
