/* registry/scan_db.c — SQL of scans, their contents and looks at them. */
#include "registry/scan_db.h"

gboolean
db_scan_exists (Tx *tx, const char *id, const char *application, const char *paper, gboolean *found, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT id FROM scans WHERE id = $1 AND application_id = $2 AND paper = $3 AND disposed IS NULL",
		P_TEXT (id), P_TEXT (application), P_TEXT (paper));

	if (!rows)
		return FALSE;
	*found = rows_next (rows, NULL);
	return TRUE;
}

gboolean
db_scan_totals (Tx *tx, const char *application, gint64 *n, gint64 *bytes, GError **error)
{
	/* SUM of integers is numeric on PostgreSQL. */
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT COUNT(*), CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM scans WHERE application_id = $1", P_TEXT (application));

	if (!rows)
		return FALSE;
	*n = *bytes = 0;
	if (rows_next (rows, NULL)) {
		*n = rows_int (rows, 0);
		*bytes = rows_int (rows, 1);
	}
	return TRUE;
}

gboolean
db_scan_insert (Tx *tx, const char *application, const NewScan *scan, const char *by, Micros now, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO scans (id, application_id, paper, name, media_type, size, sha256, uploaded_by, uploaded) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
		P_TEXT (scan->id), P_TEXT (application), P_TEXT (scan->paper), P_TEXT (scan->name), P_TEXT (file_type_media (scan->type)),
		P_INT (scan->size), P_TEXT (scan->sha256), P_TEXT (by), P_INT (now)) == 1;
}

gboolean
db_scan_content_insert (Tx *tx, const NewScan *scan, GError **error)
{
	return tx_exec (tx, error, "INSERT INTO scan_contents (scan_id, wrapped_key, ciphertext) VALUES ($1, $2, $3)",
	                P_TEXT (scan->id), P_BYTES (scan->wrapped_key), P_BYTES (scan->ciphertext)) == 1;
}

gboolean
db_scans (Tx *tx, const char *application, json_t *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT id, paper, name, media_type, size, sha256, uploaded_by, uploaded, disposed FROM scans "
		"WHERE application_id = $1 ORDER BY id", P_TEXT (application));

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL)) {
		json_t *scan = json_pack ("{s:s, s:s, s:s, s:I, s:s, s:s, s:o}", "scan", rows_text (rows, 0), "paper", rows_text (rows, 1),
		                          "media_type", rows_text (rows, 3), "size", (json_int_t) rows_int (rows, 4), "sha256", rows_text (rows, 5),
		                          "by", rows_text (rows, 6), "uploaded", json_time (rows_int (rows, 7)));

		if (!rows_is_null (rows, 2))
			json_object_set_new (scan, "name", json_string (rows_text (rows, 2)));
		if (!rows_is_null (rows, 8))
			json_object_set_new (scan, "disposed", json_time (rows_int (rows, 8)));
		json_array_append_new (out, scan);
	}
	return TRUE;
}

gboolean
db_scan_sealed (Tx *tx, const char *id, const char *application, SealedScan *out, gboolean *found, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT s.media_type, s.sha256, c.wrapped_key, c.ciphertext FROM scans s JOIN scan_contents c ON c.scan_id = s.id "
		"WHERE s.id = $1 AND s.application_id = $2", P_TEXT (id), P_TEXT (application));

	if (!rows)
		return FALSE;
	*found = rows_next (rows, NULL);
	if (*found)
		*out = (SealedScan) {
			.scan = g_strdup (id),
			.media_type = rows_dup_text (rows, 0),
			.sha256 = rows_dup_text (rows, 1),
			.wrapped_key = rows_bytes (rows, 2),
			.ciphertext = rows_bytes (rows, 3),
		};
	return TRUE;
}

/* --- looks ------------------------------------------------------------------------------------ */

gboolean
db_look_count (Tx *tx, const char *person, const char *day, gint64 *n, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"INSERT INTO look_days (person, day, n) VALUES ($1, $2, 1) ON CONFLICT (person, day) DO UPDATE SET n = look_days.n + 1 RETURNING n",
		P_TEXT (person), P_TEXT (day));

	if (!rows)
		return FALSE;
	*n = rows_next (rows, NULL) ? rows_int (rows, 0) : 0;
	return TRUE;
}

gboolean
db_look_insert (Tx *tx, const LookRow *row, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO looks (id, scan_id, application_id, person, agreed_by, purpose, day, at, statement_identity) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
		P_TEXT (row->id), P_TEXT (row->scan), P_TEXT (row->application), P_TEXT (row->person), P_TEXT (row->agreed_by),
		P_TEXT (row->purpose), P_TEXT (row->day), P_INT (row->at), P_TEXT (row->statement_identity)) == 1;
}

gboolean
db_looks (Tx *tx, const char *person, const char *day, const char *before, guint limit, json_t *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT id, scan_id, application_id, person, agreed_by, purpose, at FROM looks "
		"WHERE ($1 = '' OR person = $1) AND ($2 = '' OR day = $2) AND ($3 = '' OR id < $3) ORDER BY id DESC LIMIT $4",
		P_TEXT (person), P_TEXT (day), P_TEXT (before), P_INT (limit));

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL)) {
		json_t *look = json_pack ("{s:s, s:s, s:s, s:s, s:s, s:o}", "look", rows_text (rows, 0), "scan", rows_text (rows, 1),
		                          "application", rows_text (rows, 2), "person", rows_text (rows, 3), "purpose", rows_text (rows, 5),
		                          "time", json_time (rows_int (rows, 6)));

		if (!rows_is_null (rows, 4))
			json_object_set_new (look, "agreed_by", json_string (rows_text (rows, 4)));
		json_array_append_new (out, look);
	}
	return TRUE;
}
