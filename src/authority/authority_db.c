/* authority/authority_db.c — SQL of certificates, intents and revocation lists. */
#include "authority/authority_db.h"

#include <string.h>

#include "base/error.h"

gboolean
db_counter_next (Tx *tx, const char *name, gint64 least, gint64 *value, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"UPDATE authority_counters SET value = CASE WHEN value + 1 < $2 THEN $2 ELSE value + 1 END "
		"WHERE name = $1 RETURNING value", P_TEXT (name), P_INT (least));

	if (!rows)
		return FALSE;
	if (!rows_next (rows, NULL))
		return diqi_fail (error, DIQI_ERROR_STORE, NULL, "counter %s is missing", name);
	*value = rows_int (rows, 0);
	return TRUE;
}

/* --- certificates ---------------------------------------------------------------- */

#define CERTIFICATE_COLUMNS \
	"serial, subject_id, application_id, profile, profile_version, status, fingerprint, spki, der, " \
	"not_before, not_after, revoked_at, reason, copy, use, pair, issuer"

static void
read_certificate (Rows *rows, CertificateRow *out)
{
	*out = (CertificateRow) {
		.serial = rows_dup_text (rows, 0),
		.subject = rows_dup_text (rows, 1),
		.application = rows_dup_text (rows, 2),
		.profile = rows_dup_text (rows, 3),
		.profile_version = rows_int (rows, 4),
		.status = rows_dup_text (rows, 5),
		.fingerprint = rows_dup_text (rows, 6),
		.spki = rows_dup_text (rows, 7),
		.der = rows_bytes (rows, 8),
		.not_before = rows_int (rows, 9),
		.not_after = rows_int (rows, 10),
		.revoked_at = rows_int (rows, 11),
		.reason = rows_int (rows, 12),
		.copy = rows_int (rows, 13),
		.encrypts = g_str_equal (rows_text (rows, 14), "encrypt"),
		.pair = rows_dup_text (rows, 15),
		.issuer = rows_dup_text (rows, 16),
	};
}

static void
read_certificates (Rows *rows, GPtrArray *out)
{
	while (rows_next (rows, NULL)) {
		CertificateRow *row = g_new0 (CertificateRow, 1);

		read_certificate (rows, row);
		g_ptr_array_add (out, row);
	}
}

static Param
time_or_null (const CertificateRow *row, Micros t)
{
	return row->der ? P_INT (t) : P_NULL;
}

gboolean
db_certificate_insert (Tx *tx, const CertificateRow *row, Micros created, gint64 change_seq,
                       gboolean *inserted, GError **error)
{
	gint64 n = tx_exec (tx, error,
		"INSERT INTO certificates (serial, issuer, subject_id, application_id, profile, profile_version, spki, status, "
		"fingerprint, der, not_before, not_after, created, change_seq, copy, use, pair) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) ON CONFLICT (serial) DO NOTHING",
		P_TEXT (row->serial), P_TEXT (row->issuer), P_TEXT (row->subject), P_TEXT (row->application), P_TEXT (row->profile),
		P_INT (row->profile_version), P_TEXT (row->spki), P_TEXT (row->status), P_TEXT (row->fingerprint),
		P_BYTES (row->der), time_or_null (row, row->not_before), time_or_null (row, row->not_after),
		P_INT (created), P_INT (change_seq), P_INT (row->copy), P_TEXT (row->encrypts ? "encrypt" : "sign"), P_TEXT (row->pair));

	*inserted = n == 1;
	return n >= 0;
}

gboolean
db_certificate_get (Tx *tx, const char *serial, gboolean lock, CertificateRow *out, gboolean *found, GError **error)
{
	static const char sql[] = "SELECT " CERTIFICATE_COLUMNS " FROM certificates WHERE serial = $1";
	g_autoptr (Rows) rows = lock ? tx_query_lock (tx, error, sql, P_TEXT (serial))
	                             : tx_query (tx, error, sql, P_TEXT (serial));

	if (!rows)
		return FALSE;
	*found = rows_next (rows, NULL);
	if (*found)
		read_certificate (rows, out);
	return TRUE;
}

gboolean
db_certificate_by_fingerprint (Tx *tx, const char *fingerprint, CertificateRow *out, gboolean *found, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT " CERTIFICATE_COLUMNS " FROM certificates WHERE fingerprint = $1", P_TEXT (fingerprint));

	if (!rows)
		return FALSE;
	*found = rows_next (rows, NULL);
	if (*found)
		read_certificate (rows, out);
	return TRUE;
}

gboolean
db_certificates_valid_of_profile (Tx *tx, const char *profile, GPtrArray *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT serial FROM certificates WHERE profile = $1 AND subject_id IS NULL AND status = 'valid' ORDER BY serial", P_TEXT (profile));

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL))
		g_ptr_array_add (out, rows_dup_text (rows, 0));
	return TRUE;
}

gboolean
db_certificates_of_subject (Tx *tx, const char *subject, GPtrArray *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT " CERTIFICATE_COLUMNS " FROM certificates WHERE subject_id = $1 ORDER BY serial", P_TEXT (subject));

	if (!rows)
		return FALSE;
	read_certificates (rows, out);
	return TRUE;
}

gboolean
db_certificates_of_application (Tx *tx, const char *application, GPtrArray *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT " CERTIFICATE_COLUMNS " FROM certificates WHERE application_id = $1 AND status <> 'refused' ORDER BY copy, use DESC, serial",
		P_TEXT (application));

	if (!rows)
		return FALSE;
	read_certificates (rows, out);
	return TRUE;
}

gboolean
db_certificate_publish (Tx *tx, const CertificateRow *row, gint64 change_seq, GError **error)
{
	gint64 n = tx_exec (tx, error,
		"UPDATE certificates SET status = CASE status WHEN 'intended' THEN 'valid' ELSE status END, "
		"fingerprint = $2, der = $3, not_before = $4, not_after = $5, change_seq = $6, spki = $7, issuer = $8 WHERE serial = $1 AND der IS NULL",
		P_TEXT (row->serial), P_TEXT (row->fingerprint), P_BYTES (row->der), P_INT (row->not_before),
		P_INT (row->not_after), P_INT (change_seq), P_TEXT (row->spki), P_TEXT (row->issuer));

	if (n < 0)
		return FALSE;
	return n == 1 || diqi_fail (error, DIQI_ERROR_CERTIFICATE_STATE, NULL, "certificate %s is stored already", row->serial);
}

gboolean
db_certificate_revoke (Tx *tx, const char *serial, RevocationReason reason, Micros at, gint64 change_seq, GError **error)
{
	gint64 n = tx_exec (tx, error,
		"UPDATE certificates SET status = 'revoked', revoked_at = $2, reason = $3, change_seq = $4 "
		"WHERE serial = $1 AND (status <> 'revoked' OR reason = 6)", P_TEXT (serial), P_INT (at), P_INT (reason), P_INT (change_seq));

	if (n < 0)
		return FALSE;
	return n == 1 || diqi_fail (error, DIQI_ERROR_CERTIFICATE_STATE, NULL, "certificate %s is revoked already", serial);
}

gboolean
db_certificate_unhold (Tx *tx, const char *serial, gint64 change_seq, GError **error)
{
	gint64 n = tx_exec (tx, error,
		"UPDATE certificates SET status = 'valid', revoked_at = NULL, reason = NULL, change_seq = $2 "
		"WHERE serial = $1 AND status = 'revoked' AND reason = 6", P_TEXT (serial), P_INT (change_seq));

	if (n < 0)
		return FALSE;
	return n == 1 || diqi_fail (error, DIQI_ERROR_CERTIFICATE_STATE, NULL, "certificate %s is not held", serial);
}

gboolean
db_certificate_refuse (Tx *tx, const char *serial, GError **error)
{
	return tx_exec (tx, error, "UPDATE certificates SET status = 'refused' WHERE serial = $1 AND status = 'intended'",
		P_TEXT (serial)) >= 0;
}

gboolean
db_certificate_key_exists (Tx *tx, const char *spki, gboolean *exists, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT serial FROM certificates WHERE spki = $1 AND status <> 'refused' LIMIT 1", P_TEXT (spki));

	if (!rows)
		return FALSE;
	*exists = rows_next (rows, NULL);
	return TRUE;
}

Rows *
db_certificates_after (Tx *tx, gint64 after, guint limit, GError **error)
{
	return tx_query (tx, error, "SELECT der, change_seq FROM certificates WHERE change_seq > $1 AND der IS NOT NULL ORDER BY change_seq LIMIT $2",
	                 P_INT (after), P_INT (limit));
}

gboolean
db_change_insert (Tx *tx, const CertificateRow *row, Micros at, gint64 change_seq, GError **error)
{
	gboolean revoked = g_str_equal (row->status, "revoked");

	return tx_exec (tx, error,
		"INSERT INTO certificate_changes (change_seq, serial, status, reason, at) VALUES ($1, $2, $3, $4, $5)",
		P_INT (change_seq), P_TEXT (row->serial), P_TEXT (row->status), revoked ? P_INT (row->reason) : P_NULL,
		P_INT (at)) == 1;
}

gboolean
status_entry_of_row (const CertificateRow *row, StatusEntry *out, GError **error)
{
	*out = (StatusEntry) {
		.status = g_str_equal (row->status, "revoked") ? CERT_STATUS_REVOKED : CERT_STATUS_GOOD,
		.officer = row->subject == NULL,
		.revoked_at = row->revoked_at,
		.reason = row->reason,
		.not_before = row->not_before,
		.not_after = row->not_after,
		.issuer = g_intern_string (row->issuer),
	};
	if (!serial_from_hex (row->serial, &out->serial) ||
	    (row->fingerprint && !hex_decode (row->fingerprint, out->fingerprint.b, sizeof out->fingerprint.b)))
		return diqi_fail (error, DIQI_ERROR_STORE, NULL, "stored certificate %s is malformed", row->serial);
	g_strlcpy (out->subject, row->subject ? row->subject : "", sizeof out->subject);
	return TRUE;
}

gboolean
db_changes_after (Tx *tx, gint64 from, guint limit, StatusIndex *index, guint *seen, gint64 *to, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT serial, subject_id, status, fingerprint, not_before, not_after, revoked_at, reason, change_seq, issuer "
		"FROM certificates WHERE change_seq > $1 ORDER BY change_seq LIMIT $2", P_INT (from), P_INT (limit));

	*seen = 0;
	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL)) {
		StatusEntry entry;
		const CertificateRow row = {
			.serial = (char *) rows_text (rows, 0),
			.subject = (char *) rows_text (rows, 1),
			.status = (char *) rows_text (rows, 2),
			.fingerprint = (char *) rows_text (rows, 3),
			.not_before = rows_int (rows, 4),
			.not_after = rows_int (rows, 5),
			.revoked_at = rows_int (rows, 6),
			.reason = rows_int (rows, 7),
			.issuer = (char *) rows_text (rows, 9),
		};

		if (!status_entry_of_row (&row, &entry, error))
			return FALSE;
		*to = rows_int (rows, 8);
		(*seen)++;
		status_index_apply (index, &entry, *to);
	}
	return TRUE;
}

/* --- intents ------------------------------------------------------------------------ */

void
intent_row_clear (IntentRow *row)
{
	g_free (row->serial);
	g_free (row->application);
	g_free (row->request);
	g_free (row->reviewer_statement);
	g_free (row->issuer_statement);
	g_free (row->state);
	g_free (row->encryption_serial);
	memset (row, 0, sizeof *row);
}

gboolean
db_intent_insert (Tx *tx, const IntentRow *row, Micros created, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO issue_intents (serial, application_id, request, reviewer_statement, issuer_statement, state, created, copy, "
		"encryption_serial) VALUES ($1, $2, $3, $4, $5, 'open', $6, $7, $8)", P_TEXT (row->serial), P_TEXT (row->application), P_TEXT (row->request),
		P_TEXT (row->reviewer_statement), P_TEXT (row->issuer_statement), P_INT (created), P_INT (row->copy),
		P_TEXT (row->encryption_serial)) == 1;
}

gboolean
db_intents_of (Tx *tx, const char *application, gboolean lock, GArray *out, GError **error)
{
	static const char sql[] = "SELECT serial, application_id, request, reviewer_statement, issuer_statement, state, copy, "
		"encryption_serial FROM issue_intents WHERE application_id = $1 AND state <> 'refused' ORDER BY copy";
	g_autoptr (Rows) rows = lock ? tx_query_lock (tx, error, sql, P_TEXT (application))
	                             : tx_query (tx, error, sql, P_TEXT (application));

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL)) {
		const IntentRow row = {
			rows_int (rows, 6), rows_dup_text (rows, 0), rows_dup_text (rows, 1), rows_dup_text (rows, 2),
			rows_dup_text (rows, 3), rows_dup_text (rows, 4), rows_dup_text (rows, 5),
			rows_dup_text (rows, 7),
		};

		g_array_append_val (out, row);
	}
	return TRUE;
}

gboolean
db_envelope_insert (Tx *tx, const char *serial, GBytes *envelope, Micros created, GError **error)
{
	return tx_exec (tx, error, "INSERT INTO encryption_envelopes (serial, envelope, created) VALUES ($1, $2, $3) ON CONFLICT (serial) DO NOTHING",
		P_TEXT (serial), P_BYTES (envelope), P_INT (created)) >= 0;
}

gboolean
db_envelope_get (Tx *tx, const char *serial, GBytes **out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT envelope FROM encryption_envelopes WHERE serial = $1", P_TEXT (serial));

	if (!rows)
		return FALSE;
	*out = rows_next (rows, NULL) ? rows_bytes (rows, 0) : NULL;
	return TRUE;
}

gboolean
db_intent_finish (Tx *tx, const char *serial, const char *state, Micros at, GError **error)
{
	return tx_exec (tx, error, "UPDATE issue_intents SET state = $2, finished = $3 WHERE serial = $1 AND state = 'open'",
		P_TEXT (serial), P_TEXT (state), P_INT (at)) == 1;
}

gboolean
db_intents_open (Tx *tx, GPtrArray *applications, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT application_id FROM issue_intents WHERE state = 'open' GROUP BY application_id ORDER BY MIN(serial)");

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL))
		g_ptr_array_add (applications, rows_dup_text (rows, 0));
	return TRUE;
}
