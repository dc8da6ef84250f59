/* registry/application_db.c — SQL of applications, acts, keys, copies, numbers and holds. */
#include "registry/application_db.h"

#include <string.h>

#include "base/error.h"

#define COLUMNS \
	"id, kind, service, state, version, document, form_hash, access_hash, created, updated, profile, amount_fen, " \
	"fee_paid, uscc_check_digit, spki, submission_hash, clerk, reviewer, issuer, profile_version, request_hash, " \
	"review_statement, issue_statement, subject_id, serial, fingerprint, returned_reason, returned_fields, number, authenticated, " \
	"certificate, cause, point, language, submitted, due, held, number_differs, validity_days, answer, encryption_version"

static gboolean
read_application (Rows *rows, Application *out, GError **error)
{
	g_autoptr (GBytes) access = rows_bytes (rows, 7);

	*out = (Application) {
		.id = rows_dup_text (rows, 0),
		.version = rows_int (rows, 4),
		.document = rows_dup_text (rows, 5),
		.form_hash = rows_dup_text (rows, 6),
		.created = rows_int (rows, 8),
		.updated = rows_int (rows, 9),
		.profile = rows_dup_text (rows, 10),
		.amount_fen = rows_int (rows, 11),
		.fee_paid = rows_int (rows, 12) != 0,
		.uscc_check_digit = rows_int (rows, 13) != 0,
		.spki = rows_bytes (rows, 14),
		.submission_hash = rows_dup_text (rows, 15),
		.clerk = rows_dup_text (rows, 16),
		.reviewer = rows_dup_text (rows, 17),
		.issuer = rows_dup_text (rows, 18),
		.profile_version = rows_int (rows, 19),
		.request_hash = rows_dup_text (rows, 20),
		.review_statement = rows_dup_text (rows, 21),
		.issue_statement = rows_dup_text (rows, 22),
		.subject = rows_dup_text (rows, 23),
		.serial = rows_dup_text (rows, 24),
		.fingerprint = rows_dup_text (rows, 25),
		.returned_reason = rows_dup_text (rows, 26),
		.returned_fields = rows_dup_text (rows, 27),
		.number = rows_dup_text (rows, 28),
		.certificate = rows_dup_text (rows, 30),
		.cause = rows_dup_text (rows, 31),
		.point = rows_dup_text (rows, 32),
		.language = rows_dup_text (rows, 33),
		.submitted = rows_int (rows, 34),
		.due = rows_int (rows, 35),
		.held = rows_int (rows, 36) != 0,
		.number_differs = rows_int (rows, 37) != 0,
		.validity_days = rows_int (rows, 38),
		.answer = rows_dup_text (rows, 39),
		.encryption_version = rows_int (rows, 40),
		.copies = g_ptr_array_new_with_free_func ((GDestroyNotify) application_copy_free),
	};
	if (access && g_bytes_get_size (access) == sizeof out->access_hash.b &&
	    subject_kind_from_name (rows_text (rows, 1), &out->kind) && service_from_name (rows_text (rows, 2), &out->service) &&
	    authenticated_from_name (rows_text (rows, 29), &out->authenticated) &&
	    application_state_from_name (rows_text (rows, 3), &out->state)) {
		memcpy (out->access_hash.b, g_bytes_get_data (access, NULL), sizeof out->access_hash.b);
		return TRUE;
	}
	diqi_error_set (error, DIQI_ERROR_STORE, NULL, "stored application %s is malformed", out->id);
	application_clear (out);
	return FALSE;
}

gboolean
db_application_insert (Tx *tx, const Application *a, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO applications (id, kind, service, state, version, document, form_hash, access_hash, created, updated, "
		"profile, amount_fen, fee_paid, uscc_check_digit, subject_id, authenticated, certificate, cause, point, language, held, "
		"number_differs) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, 0, 0)",
		P_TEXT (a->id), P_TEXT (subject_kind_name (a->kind)), P_TEXT (service_name (a->service)), P_TEXT (application_state_name (a->state)),
		P_INT (a->version), P_TEXT (a->document), P_TEXT (a->form_hash), P_BLOB (a->access_hash.b, sizeof a->access_hash.b),
		P_INT (a->created), P_INT (a->updated), P_TEXT (a->profile), P_INT (a->amount_fen), P_INT (a->fee_paid),
		P_INT (a->uscc_check_digit), P_TEXT (a->subject), P_TEXT (authenticated_name (a->authenticated)), P_TEXT (a->certificate),
		P_TEXT (a->cause), P_TEXT (a->point), P_TEXT (a->language)) == 1;
}

/* Numbers of which 0 stands for "not yet". */
static Param
int_or_null (gint64 n)
{
	return n ? P_INT (n) : P_NULL;
}

gboolean
db_application_update (Tx *tx, const Application *a, GError **error)
{
	gint64 n = tx_exec (tx, error,
		"UPDATE applications SET state = $2, version = $3, document = $4, form_hash = $5, updated = $6, amount_fen = $7, "
		"fee_paid = $8, uscc_check_digit = $9, spki = $10, submission_hash = $11, clerk = $12, reviewer = $13, issuer = $14, "
		"profile_version = $15, request_hash = $16, review_statement = $17, issue_statement = $18, subject_id = $19, "
		"serial = $20, fingerprint = $21, returned_reason = $22, returned_fields = $23, number = $24, authenticated = $25, "
		"submitted = $26, due = $27, held = $28, number_differs = $29, validity_days = $30, answer = $31, profile = $32, "
		"encryption_version = $33 "
		"WHERE id = $1 AND version = $3 - 1",
		P_TEXT (a->id), P_TEXT (application_state_name (a->state)), P_INT (a->version), P_TEXT (a->document), P_TEXT (a->form_hash),
		P_INT (a->updated), P_INT (a->amount_fen), P_INT (a->fee_paid), P_INT (a->uscc_check_digit), P_BYTES (a->spki),
		P_TEXT (a->submission_hash), P_TEXT (a->clerk), P_TEXT (a->reviewer), P_TEXT (a->issuer),
		int_or_null (a->profile_version), P_TEXT (a->request_hash), P_TEXT (a->review_statement),
		P_TEXT (a->issue_statement), P_TEXT (a->subject), P_TEXT (a->serial), P_TEXT (a->fingerprint),
		P_TEXT (a->returned_reason), P_TEXT (a->returned_fields), P_TEXT (a->number), P_TEXT (authenticated_name (a->authenticated)),
		int_or_null (a->submitted), int_or_null (a->due), P_INT (a->held), P_INT (a->number_differs), int_or_null (a->validity_days),
		P_TEXT (a->answer), P_TEXT (a->profile), int_or_null (a->encryption_version));

	if (n < 0)
		return FALSE;
	return n == 1 || diqi_fail (error, DIQI_ERROR_IF_MATCH_STALE, NULL, "application %s was changed meanwhile", a->id);
}

gboolean
db_application_get (Tx *tx, const char *id, gboolean lock, Application *out, gboolean *found, GError **error)
{
	static const char sql[] = "SELECT " COLUMNS " FROM applications WHERE id = $1";
	g_autoptr (Rows) rows = lock ? tx_query_lock (tx, error, sql, P_TEXT (id)) : tx_query (tx, error, sql, P_TEXT (id));

	if (!rows)
		return FALSE;
	*found = rows_next (rows, NULL);
	return !*found || read_application (rows, out, error);
}

/* Two statements: "any state or this one" in one of them would walk past every application of another state. */
static Rows *
list_of_all (Tx *tx, const char *after, guint limit, GError **error)
{
	return tx_query (tx, error, "SELECT " COLUMNS " FROM applications WHERE id > $1 ORDER BY id LIMIT $2", P_TEXT (after), P_INT (limit));
}

static Rows *
list_of_state (Tx *tx, const char *state, const char *after, guint limit, GError **error)
{
	return tx_query (tx, error, "SELECT " COLUMNS " FROM applications WHERE state = $1 AND id > $2 ORDER BY id LIMIT $3",
	                 P_TEXT (state), P_TEXT (after), P_INT (limit));
}

gboolean
db_application_list (Tx *tx, const char *state, const char *after, guint limit, GPtrArray *out, GError **error)
{
	g_autoptr (Rows) rows = *state ? list_of_state (tx, state, after, limit, error) : list_of_all (tx, after, limit, error);

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL)) {
		Application *application = g_new0 (Application, 1);

		g_ptr_array_add (out, application);
		if (!read_application (rows, application, error))
			return FALSE;
	}
	return TRUE;
}

gboolean
db_act_insert (Tx *tx, const NewAct *act, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO application_acts (application_id, version, act, to_state, at, by_name, by_person, statement_identity) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", P_TEXT (act->application), P_INT (act->version), P_TEXT (act->act),
		P_TEXT (act->to_state), P_INT (act->at), P_TEXT (act->by_name), P_TEXT (act->by_person),
		P_TEXT (act->statement_identity)) == 1;
}

static Rows *
acts_of_all (Tx *tx, const char *first, const char *last, GError **error)
{
	return tx_query (tx, error,
		"SELECT application_id, version, act, by_name, at FROM application_acts "
		"WHERE application_id >= $1 AND application_id <= $2 ORDER BY application_id, version", P_TEXT (first), P_TEXT (last));
}

static Rows *
acts_of_state (Tx *tx, const char *state, const char *first, const char *last, GError **error)
{
	return tx_query (tx, error,
		"SELECT c.application_id, c.version, c.act, c.by_name, c.at FROM applications a "
		"JOIN application_acts c ON c.application_id = a.id "
		"WHERE a.state = $1 AND a.id >= $2 AND a.id <= $3 ORDER BY a.id, c.version", P_TEXT (state), P_TEXT (first), P_TEXT (last));
}

gboolean
db_acts (Tx *tx, const char *first, const char *last, const char *state, ActRowFn fn, gpointer user, GError **error)
{
	g_autoptr (Rows) rows = *state ? acts_of_state (tx, state, first, last, error) : acts_of_all (tx, first, last, error);

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL)) {
		ApplicationActRow *row = g_new0 (ApplicationActRow, 1);

		*row = (ApplicationActRow) {
			.version = rows_int (rows, 1),
			.act = rows_dup_text (rows, 2),
			.by_name = rows_dup_text (rows, 3),
			.at = rows_int (rows, 4),
		};
		fn (rows_text (rows, 0), row, user);
	}
	return TRUE;
}

gboolean
db_key_bind (Tx *tx, const char *spki, const char *application, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO application_keys (spki, application_id) VALUES ($1, $2) ON CONFLICT (spki) DO NOTHING",
		P_TEXT (spki), P_TEXT (application)) >= 0;
}

gboolean
db_key_owner (Tx *tx, const char *spki, char **owner, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT application_id FROM application_keys WHERE spki = $1", P_TEXT (spki));

	if (!rows)
		return FALSE;
	*owner = rows_next (rows, NULL) ? rows_dup_text (rows, 0) : NULL;
	return TRUE;
}

/* --- copies --------------------------------------------------------------------------------------- */

gboolean
db_copies_load (Tx *tx, const char *application, GPtrArray *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT copy, spki, serial, fingerprint FROM application_copies WHERE application_id = $1 ORDER BY copy", P_TEXT (application));

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL)) {
		ApplicationCopy *copy = g_new0 (ApplicationCopy, 1);

		*copy = (ApplicationCopy) { (guint) rows_int (rows, 0), rows_bytes (rows, 1), rows_dup_text (rows, 2), rows_dup_text (rows, 3) };
		g_ptr_array_add (out, copy);
	}
	return TRUE;
}

gboolean
db_copies_delete (Tx *tx, const char *application, GError **error)
{
	return tx_exec (tx, error, "DELETE FROM application_copies WHERE application_id = $1", P_TEXT (application)) >= 0;
}

gboolean
db_copy_insert (Tx *tx, const char *application, const ApplicationCopy *copy, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO application_copies (application_id, copy, spki, serial, fingerprint) VALUES ($1, $2, $3, $4, $5)",
		P_TEXT (application), P_INT (copy->copy), P_BYTES (copy->spki), P_TEXT (copy->serial), P_TEXT (copy->fingerprint)) == 1;
}

/* --- numbers and holds ------------------------------------------------------------------------------ */

gboolean
db_number_next (Tx *tx, const char *day, gint64 *number, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"INSERT INTO application_numbers (day, last) VALUES ($1, 1) "
		"ON CONFLICT (day) DO UPDATE SET last = application_numbers.last + 1 RETURNING last", P_TEXT (day));

	if (!rows)
		return FALSE;
	if (!rows_next (rows, NULL))
		return diqi_fail (error, DIQI_ERROR_STORE, NULL, "no number came of the day %s", day);
	*number = rows_int (rows, 0);
	return TRUE;
}

gboolean
db_hold_service (Tx *tx, const char *serial, char **service, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT service FROM applications WHERE certificate = $1 AND held = 1 ORDER BY updated DESC, id DESC LIMIT 1", P_TEXT (serial));

	if (!rows)
		return FALSE;
	*service = rows_next (rows, NULL) ? rows_dup_text (rows, 0) : NULL;
	return TRUE;
}

gboolean
db_holds_release (Tx *tx, const char *serial, GError **error)
{
	return tx_exec (tx, error, "UPDATE applications SET held = 0 WHERE certificate = $1 AND held = 1", P_TEXT (serial)) >= 0;
}
