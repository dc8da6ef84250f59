/* registry/point_db.c — SQL of acceptance points and assignments. */
#include "registry/point_db.h"

#define COLUMNS "code, version, active, content, changed, changed_by"

void
point_row_free (PointRow *row)
{
	g_free (row->code);
	g_free (row->content);
	g_free (row->changed_by);
	g_free (row);
}

static PointRow *
read_point (Rows *rows)
{
	PointRow *row = g_new (PointRow, 1);

	*row = (PointRow) {
		.code = rows_dup_text (rows, 0), .version = rows_int (rows, 1), .active = rows_int (rows, 2) != 0,
		.content = rows_dup_text (rows, 3), .changed = rows_int (rows, 4), .changed_by = rows_dup_text (rows, 5),
	};
	return row;
}

gboolean
db_point_get (Tx *tx, const char *code, gboolean lock, PointRow **out, GError **error)
{
	static const char sql[] = "SELECT " COLUMNS " FROM points WHERE code = $1";
	g_autoptr (Rows) rows = lock ? tx_query_lock (tx, error, sql, P_TEXT (code)) : tx_query (tx, error, sql, P_TEXT (code));

	if (!rows)
		return FALSE;
	*out = rows_next (rows, NULL) ? read_point (rows) : NULL;
	return TRUE;
}

gboolean
db_point_list (Tx *tx, const char *after, guint limit, GPtrArray *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT " COLUMNS " FROM points WHERE code > $1 ORDER BY code LIMIT $2",
	                                  P_TEXT (after), P_INT (limit));

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL))
		g_ptr_array_add (out, read_point (rows));
	return TRUE;
}

gboolean
db_point_put (Tx *tx, const PointRow *row, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO points (code, version, active, content, changed, changed_by) VALUES ($1, $2, $3, $4, $5, $6) "
		"ON CONFLICT (code) DO UPDATE SET version = excluded.version, active = excluded.active, content = excluded.content, "
		"changed = excluded.changed, changed_by = excluded.changed_by",
		P_TEXT (row->code), P_INT (row->version), P_INT (row->active), P_TEXT (row->content), P_INT (row->changed),
		P_TEXT (row->changed_by)) == 1;
}

gboolean
db_point_version_insert (Tx *tx, const PointRow *row, GError **error)
{
	return tx_exec (tx, error, "INSERT INTO point_versions (code, version, content, changed, changed_by) VALUES ($1, $2, $3, $4, $5)",
		P_TEXT (row->code), P_INT (row->version), P_TEXT (row->content), P_INT (row->changed), P_TEXT (row->changed_by)) == 1;
}

gboolean
db_point_assigned (Tx *tx, const char *person, json_t *codes, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT point FROM point_assignments WHERE person = $1 ORDER BY point", P_TEXT (person));

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL))
		json_array_append_new (codes, json_string (rows_text (rows, 0)));
	return TRUE;
}

gboolean
db_point_assignments (Tx *tx, json_t *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT person, point FROM point_assignments ORDER BY person, point");

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL))
		json_array_append_new (out, json_pack ("{s:s, s:s}", "person", rows_text (rows, 0), "point", rows_text (rows, 1)));
	return TRUE;
}

gboolean
db_point_unassign (Tx *tx, const char *person, GError **error)
{
	return tx_exec (tx, error, "DELETE FROM point_assignments WHERE person = $1", P_TEXT (person)) >= 0;
}

gboolean
db_point_assign (Tx *tx, const char *person, const char *code, Micros since, GError **error)
{
	return tx_exec (tx, error, "INSERT INTO point_assignments (person, point, since) VALUES ($1, $2, $3)",
		P_TEXT (person), P_TEXT (code), P_INT (since)) == 1;
}

gboolean
db_point_assignment_act (Tx *tx, const char *id, const char *person, const char *points, Micros at, const char *by, GError **error)
{
	return tx_exec (tx, error, "INSERT INTO point_assignment_acts (id, person, points, at, by_persons) VALUES ($1, $2, $3, $4, $5)",
		P_TEXT (id), P_TEXT (person), P_TEXT (points), P_INT (at), P_TEXT (by)) == 1;
}
