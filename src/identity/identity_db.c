/* identity/identity_db.c — SQL of subjects, challenges and sessions. */
#include "identity/identity_db.h"

#include "base/error.h"

static gboolean
read_hash (Rows *rows, guint column, Fingerprint *out, GError **error)
{
	g_autoptr (GBytes) blob = rows_bytes (rows, column);

	if (!blob || g_bytes_get_size (blob) != sizeof out->b)
		return diqi_fail (error, DIQI_ERROR_STORE, NULL, "a stored hash has the wrong size");
	memcpy (out->b, g_bytes_get_data (blob, NULL), sizeof out->b);
	return TRUE;
}

static gboolean
read_subject (Rows *rows, Subject *out, GError **error)
{
	*out = (Subject) {
		.id = rows_dup_text (rows, 0),
		.name = rows_dup_text (rows, 2),
		.uscc = rows_dup_text (rows, 3),
		.created = rows_int (rows, 4),
	};
	if (subject_kind_from_name (rows_text (rows, 1), &out->kind))
		return TRUE;
	subject_clear (out);
	return diqi_fail (error, DIQI_ERROR_STORE, NULL, "a stored subject has an unknown kind");
}

gboolean
db_subject_upsert (Tx *tx, const Subject *subject, const Fingerprint *key, char **id, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"INSERT INTO subjects (id, identity_key, kind, name, uscc, created) VALUES ($1, $2, $3, $4, $5, $6) "
		"ON CONFLICT (identity_key) DO UPDATE SET name = excluded.name RETURNING id",
		P_TEXT (subject->id), P_BLOB (key->b, sizeof key->b), P_TEXT (subject_kind_name (subject->kind)),
		P_TEXT (subject->name), P_TEXT (subject->uscc), P_INT (subject->created));

	if (!rows)
		return FALSE;
	if (!rows_next (rows, NULL))
		return diqi_fail (error, DIQI_ERROR_STORE, NULL, "a subject was neither found nor made");
	*id = rows_dup_text (rows, 0);
	return TRUE;
}

gboolean
db_subject_rename (Tx *tx, const char *id, const char *name, GError **error)
{
	return tx_exec (tx, error, "UPDATE subjects SET name = $2 WHERE id = $1", P_TEXT (id), P_TEXT (name)) == 1;
}

gboolean
db_subject_set_uscc (Tx *tx, const char *id, const char *uscc, GError **error)
{
	return tx_exec (tx, error, "UPDATE subjects SET uscc = $2 WHERE id = $1", P_TEXT (id), P_TEXT (uscc)) == 1;
}

gboolean
db_subject_get (Tx *tx, const char *id, Subject *out, gboolean *found, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT id, kind, name, uscc, created FROM subjects WHERE id = $1", P_TEXT (id));

	if (!rows)
		return FALSE;
	*found = rows_next (rows, NULL);
	return !*found || read_subject (rows, out, error);
}

gboolean
db_subject_search (Tx *tx, const char *name_pattern, const char *uscc_pattern, guint limit,
                   GPtrArray *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT id, kind, name, uscc, created FROM subjects "
		"WHERE name LIKE $1 ESCAPE '!' OR uscc LIKE $2 ESCAPE '!' ORDER BY id LIMIT $3",
		P_TEXT (name_pattern), P_TEXT (uscc_pattern), P_INT (limit));

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL)) {
		Subject *subject = g_new0 (Subject, 1);

		g_ptr_array_add (out, subject);
		if (!read_subject (rows, subject, error))
			return FALSE;
	}
	return TRUE;
}

gboolean
db_challenge_insert (Tx *tx, const char *challenge, const char *purpose, Micros expires, GError **error)
{
	return tx_exec (tx, error, "INSERT INTO login_challenges (challenge, purpose, expires) VALUES ($1, $2, $3)",
		P_TEXT (challenge), P_TEXT (purpose), P_INT (expires)) == 1;
}

gboolean
db_challenge_use (Tx *tx, const char *challenge, const char *purpose, Micros now, gboolean *used, GError **error)
{
	gint64 n = tx_exec (tx, error,
		"UPDATE login_challenges SET used = $3 WHERE challenge = $1 AND purpose = $2 AND used IS NULL AND expires > $3",
		P_TEXT (challenge), P_TEXT (purpose), P_INT (now));

	*used = n == 1;
	return n >= 0;
}

gboolean
db_challenge_purge (Tx *tx, Micros before, GError **error)
{
	return tx_exec (tx, error, "DELETE FROM login_challenges WHERE expires < $1", P_INT (before)) >= 0;
}

gboolean
db_session_insert (Tx *tx, const Session *session, const Fingerprint *secret, GError **error)
{
	g_autofree char *fingerprint = fingerprint_hex (&session->fingerprint);

	return tx_exec (tx, error,
		"INSERT INTO sessions (id, secret_hash, kind, person, subject_id, name, fingerprint, created, last_seen) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
		P_TEXT (session->id), P_BLOB (secret->b, sizeof secret->b),
		P_TEXT (session->kind == ACTOR_OFFICER ? "officer" : "holder"), P_TEXT (session->person),
		P_TEXT (session->subject), P_TEXT (session->name), P_TEXT (fingerprint), P_INT (session->created),
		P_INT (session->last_seen)) == 1;
}

gboolean
db_session_get (Tx *tx, const char *id, Session *out, Fingerprint *secret, gboolean *found, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT secret_hash, kind, person, subject_id, name, fingerprint, created, last_seen "
		"FROM sessions WHERE id = $1 AND ended IS NULL", P_TEXT (id));

	if (!rows)
		return FALSE;
	*found = rows_next (rows, NULL);
	if (!*found)
		return TRUE;
	if (!read_hash (rows, 0, secret, error))
		return FALSE;
	*out = (Session) {
		.id = g_strdup (id),
		.kind = g_str_equal (rows_text (rows, 1), "officer") ? ACTOR_OFFICER : ACTOR_HOLDER,
		.person = rows_dup_text (rows, 2),
		.subject = rows_dup_text (rows, 3),
		.name = rows_dup_text (rows, 4),
		.created = rows_int (rows, 6),
		.last_seen = rows_int (rows, 7),
	};
	if (hex_decode (rows_text (rows, 5), out->fingerprint.b, sizeof out->fingerprint.b))
		return TRUE;
	session_clear (out);
	return diqi_fail (error, DIQI_ERROR_STORE, NULL, "a stored session has a malformed fingerprint");
}

gboolean
db_session_touch (Tx *tx, const char *id, Micros now, GError **error)
{
	return tx_exec (tx, error, "UPDATE sessions SET last_seen = $2 WHERE id = $1 AND ended IS NULL AND last_seen < $2",
		P_TEXT (id), P_INT (now)) >= 0;
}

gboolean
db_session_end (Tx *tx, const char *id, const Fingerprint *secret, Micros now, GError **error)
{
	return tx_exec (tx, error, "UPDATE sessions SET ended = $3 WHERE id = $1 AND secret_hash = $2 AND ended IS NULL",
		P_TEXT (id), P_BLOB (secret->b, sizeof secret->b), P_INT (now)) >= 0;
}

gboolean
db_session_end_certificate (Tx *tx, const char *fingerprint, Micros now, GError **error)
{
	return tx_exec (tx, error, "UPDATE sessions SET ended = $2 WHERE fingerprint = $1 AND ended IS NULL",
		P_TEXT (fingerprint), P_INT (now)) >= 0;
}

gboolean
db_session_purge (Tx *tx, Micros seen_before, GError **error)
{
	return tx_exec (tx, error, "DELETE FROM sessions WHERE last_seen < $1", P_INT (seen_before)) >= 0;
}
