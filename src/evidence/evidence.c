/* evidence/evidence.c — see evidence.h: appending acts and reading them back. */
#include "evidence/evidence.h"

#include "base/error.h"
#include "evidence/evidence_db.h"

gboolean
evidence_use_statement (Tx *tx, const Statement *statement, Micros now, GError **error)
{
	gboolean fresh;
	if (!db_use_statement (tx, statement, now, &fresh, error))
		return FALSE;
	return fresh || diqi_fail (error, DIQI_ERROR_STATEMENT_REPLAYED, "/statement", "this statement has been acted on before");
}

/* json_t has no const; the members are only borrowed for writing the text. */
static GBytes *
leaf_bytes (const char *type, const char *subject, const Statement *statement, const json_t *effect,
            const LogPosition *position, GError **error)
{
	g_autoptr (json_t) leaf = json_object ();
	json_object_set_new (leaf, "v", json_integer (1));
	json_object_set_new (leaf, "index", json_integer ((json_int_t) position->index));
	json_object_set_new (leaf, "type", json_string (type));
	json_object_set_new (leaf, "time", json_time (position->time));
	json_object_set_new (leaf, "subject", json_string (subject));
	json_object_set_new (leaf, "statement", statement != NULL ? json_string (statement_compact (statement)) : json_null ());
	json_object_set (leaf, "effect", (json_t *) effect);
	gsize n;
	char *text = jcs_dump (leaf, &n, error);
	return text != NULL ? g_bytes_new_take (text, n) : NULL;
}

gboolean
evidence_append (Tx *tx, const char *type, const char *subject, Micros time,
                 const Statement *statement, const json_t *effect, LogPosition *out, GError **error)
{
	g_assert (type != NULL && subject != NULL && json_is_object (effect));
	/* Used first: a repeated statement must be refused before anybody waits for the head. */
	if (statement != NULL && !evidence_use_statement (tx, statement, time, error))
		return FALSE;
	LogPosition position = { .time = time };
	if (!db_advance_head (tx, &position.index, error))
		return FALSE;
	g_autoptr (GBytes) leaf = leaf_bytes (type, subject, statement, effect, &position, error);
	if (leaf == NULL)
		return FALSE;
	merkle_leaf_hash (g_bytes_get_data (leaf, NULL), g_bytes_get_size (leaf), &position.leaf_hash);
	if (!db_add_leaf (tx, &position, leaf, type, subject, error))
		return FALSE;
	if (out != NULL)
		*out = position;
	return TRUE;
}

GBytes *
evidence_leaf (Tx *tx, guint64 index, GError **error)
{
	g_autoptr (Rows) rows = index <= G_MAXINT64 ? db_leaf (tx, index, error) : NULL;
	if (rows != NULL && rows_next (rows, error))
		return rows_bytes (rows, 0);
	if (error == NULL || *error == NULL)
		diqi_error_set (error, DIQI_ERROR_NOT_FOUND, "/index", "the log has no leaf %" G_GUINT64_FORMAT, index);
	return NULL;
}

GArray *
evidence_leaves_about (Tx *tx, const char *subject, GError **error)
{
	g_autoptr (Rows) rows = db_leaves_about (tx, subject, error);
	if (rows == NULL)
		return NULL;
	GArray *indices = g_array_new (FALSE, FALSE, sizeof (guint64));
	while (rows_next (rows, NULL)) {
		guint64 index = (guint64) rows_int (rows, 0);
		g_array_append_val (indices, index);
	}
	return indices;
}

char *
evidence_latest_note (Tx *tx, guint64 *size, GError **error)
{
	g_autoptr (Rows) rows = db_newest_checkpoint (tx, error);
	if (rows == NULL || !rows_next (rows, error))
		return NULL;
	if (size != NULL)
		*size = (guint64) rows_int (rows, 0);
	return rows_dup_text (rows, 1);
}
