/* identity/people_db.c — SQL of people, of the names and numbers of subjects, and of officers' identities. */
#include "identity/people_db.h"

#include "base/error.h"

void
subject_person_clear (SubjectPerson *row)
{
	g_free (row->id);
	g_free (row->person);
	g_free (row->role);
	g_free (row->name);
	g_free (row->mobile);
	g_free (row->mail);
	memset (row, 0, sizeof *row);
}

gboolean
db_person_upsert (Tx *tx, const char *fresh, const Fingerprint *key, const char *name, Micros now, char **id, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"INSERT INTO people (id, identity_key, name, created) VALUES ($1, $2, $3, $4) "
		"ON CONFLICT (identity_key) DO UPDATE SET name = excluded.name RETURNING id",
		P_TEXT (fresh), P_BLOB (key->b, sizeof key->b), P_TEXT (name), P_INT (now));

	if (!rows)
		return FALSE;
	if (!rows_next (rows, NULL))
		return diqi_fail (error, DIQI_ERROR_STORE, NULL, "a person was neither found nor made");
	*id = rows_dup_text (rows, 0);
	return TRUE;
}

#define SUBJECT_PERSON_COLUMNS "id, person_id, role, name, mobile, mail, valid_from, valid_until"

static void
read_subject_person (Rows *rows, SubjectPerson *out)
{
	*out = (SubjectPerson) {
		.id = rows_dup_text (rows, 0),
		.person = rows_dup_text (rows, 1),
		.role = rows_dup_text (rows, 2),
		.name = rows_dup_text (rows, 3),
		.mobile = rows_dup_text (rows, 4),
		.mail = rows_dup_text (rows, 5),
		.from = rows_int (rows, 6),
		.until = rows_int (rows, 7),
	};
}

gboolean
db_subject_person_current (Tx *tx, const char *subject, const char *role, SubjectPerson *out, gboolean *found, GError **error)
{
	g_autoptr (Rows) rows = tx_query_lock (tx, error,
		"SELECT " SUBJECT_PERSON_COLUMNS " FROM subject_people WHERE subject_id = $1 AND role = $2 AND valid_until IS NULL",
		P_TEXT (subject), P_TEXT (role));

	if (!rows)
		return FALSE;
	*found = rows_next (rows, NULL);
	if (*found)
		read_subject_person (rows, out);
	return TRUE;
}

gboolean
db_subject_person_insert (Tx *tx, const char *subject, const SubjectPerson *row, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO subject_people (id, subject_id, person_id, role, name, mobile, mail, valid_from) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", P_TEXT (row->id), P_TEXT (subject), P_TEXT (row->person), P_TEXT (row->role),
		P_TEXT (row->name), P_TEXT (row->mobile), P_TEXT (row->mail), P_INT (row->from)) == 1;
}

gboolean
db_subject_person_close (Tx *tx, const char *id, Micros until, GError **error)
{
	return tx_exec (tx, error, "UPDATE subject_people SET valid_until = $2 WHERE id = $1 AND valid_until IS NULL",
		P_TEXT (id), P_INT (until)) == 1;
}

gboolean
db_subject_people (Tx *tx, const char *subject, GArray *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT " SUBJECT_PERSON_COLUMNS " FROM subject_people WHERE subject_id = $1 ORDER BY valid_from, role", P_TEXT (subject));

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL)) {
		SubjectPerson row;

		read_subject_person (rows, &row);
		g_array_append_val (out, row);
	}
	return TRUE;
}

gboolean
db_subject_name_insert (Tx *tx, const char *id, const char *subject, const char *name, Micros since, GError **error)
{
	return tx_exec (tx, error, "INSERT INTO subject_names (id, subject_id, name, since) VALUES ($1, $2, $3, $4)",
		P_TEXT (id), P_TEXT (subject), P_TEXT (name), P_INT (since)) == 1;
}

gboolean
db_subject_names (Tx *tx, const char *subject, json_t *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT name, since FROM subject_names WHERE subject_id = $1 ORDER BY since, id", P_TEXT (subject));

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL)) {
		json_t *item = json_object ();

		json_object_set_new (item, "name", json_string (rows_text (rows, 0)));
		json_object_set_new (item, "since", json_time (rows_int (rows, 1)));
		json_array_append_new (out, item);
	}
	return TRUE;
}

gboolean
db_subject_identity_insert (Tx *tx, const Fingerprint *key, const char *subject, Micros since, GError **error)
{
	return tx_exec (tx, error, "INSERT INTO subject_identities (identity_key, subject_id, since) VALUES ($1, $2, $3)",
		P_BLOB (key->b, sizeof key->b), P_TEXT (subject), P_INT (since)) == 1;
}

gboolean
db_subject_by_key (Tx *tx, const Fingerprint *key, char **id, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT id FROM subjects WHERE identity_key = $1 "
		"UNION SELECT subject_id FROM subject_identities WHERE identity_key = $1", P_BLOB (key->b, sizeof key->b));

	*id = NULL;
	if (!rows)
		return FALSE;
	if (rows_next (rows, NULL))
		*id = rows_dup_text (rows, 0);
	return TRUE;
}

gboolean
db_officer_identity_insert (Tx *tx, const char *person, const Fingerprint *key, Micros since, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO officer_identities (person, identity_key, since) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
		P_TEXT (person), P_BLOB (key->b, sizeof key->b), P_INT (since)) >= 0;
}

gboolean
db_officer_identity_persons (Tx *tx, const Fingerprint *key, GPtrArray *persons, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT person FROM officer_identities WHERE identity_key = $1 ORDER BY person", P_BLOB (key->b, sizeof key->b));

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL))
		g_ptr_array_add (persons, rows_dup_text (rows, 0));
	return TRUE;
}

/* --- what goes ------------------------------------------------------------------------------- */

gboolean
db_people_blank (Tx *tx, const char *subject, GError **error)
{
	return tx_exec (tx, error,
		"UPDATE people SET name = '' WHERE id IN (SELECT person_id FROM subject_people WHERE subject_id = $1) AND NOT EXISTS "
		"(SELECT 1 FROM subject_people o WHERE o.person_id = people.id AND o.subject_id <> $1 AND o.name <> '')", P_TEXT (subject)) >= 0;
}

gboolean
db_subject_people_blank (Tx *tx, const char *subject, GError **error)
{
	return tx_exec (tx, error, "UPDATE subject_people SET name = '', mobile = NULL, mail = NULL WHERE subject_id = $1",
	                P_TEXT (subject)) >= 0;
}
