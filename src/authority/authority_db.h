/* authority/authority_db.h — one SQL statement a function; used by authority only. */
#pragma once
#include "authority/authority.h"

/* Next value of a counter, at least `least`; holds its row until the commit. */
gboolean db_counter_next (Tx *tx, const char *name, gint64 least, gint64 *value, GError **error);

/* Intended: without certificate.  *inserted FALSE: the serial was there already. */
gboolean db_certificate_insert (Tx *tx, const CertificateRow *row, Micros created, gint64 change_seq,
                                gboolean *inserted, GError **error);
gboolean db_certificate_get (Tx *tx, const char *serial, gboolean lock, CertificateRow *out, gboolean *found, GError **error);
/* Serials: char *, owned. */
gboolean db_certificates_valid_of_profile (Tx *tx, const char *profile, GPtrArray *out, GError **error);
gboolean db_certificate_by_fingerprint (Tx *tx, const char *fingerprint, CertificateRow *out, gboolean *found, GError **error);
gboolean db_certificates_of_subject (Tx *tx, const char *subject, GPtrArray *out, GError **error);
gboolean db_certificates_of_application (Tx *tx, const char *application, GPtrArray *out, GError **error);
/* Stores what was signed; one that was revoked meanwhile stays revoked. */
gboolean db_certificate_publish (Tx *tx, const CertificateRow *row, gint64 change_seq, GError **error);
/* Not what is revoked for good already. */
gboolean db_certificate_revoke (Tx *tx, const char *serial, RevocationReason reason, Micros at, gint64 change_seq, GError **error);
/* Held only. */
gboolean db_certificate_unhold (Tx *tx, const char *serial, gint64 change_seq, GError **error);
/* Intended only: it will never be signed. */
gboolean db_certificate_refuse (Tx *tx, const char *serial, GError **error);
/* der and change_seq, in order. */
Rows *db_certificates_after (Tx *tx, gint64 after, guint limit, GError **error);
gboolean db_certificate_key_exists (Tx *tx, const char *spki, gboolean *exists, GError **error);
gboolean db_change_insert (Tx *tx, const CertificateRow *row, Micros at, gint64 change_seq, GError **error);
/* Applies the first changes after `from` to the index; *seen of them, at most limit; *to is the last one read. */
gboolean db_changes_after (Tx *tx, gint64 from, guint limit, StatusIndex *index, guint *seen, gint64 *to, GError **error);

typedef struct {
	guint copy;
	char *serial, *application, *request, *reviewer_statement, *issuer_statement, *state;
	char *encryption_serial;         /* NULL: a signing certificate alone */
} IntentRow;
void intent_row_clear (IntentRow *row);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (IntentRow, intent_row_clear)
gboolean db_intent_insert (Tx *tx, const IntentRow *row, Micros created, GError **error);
/* The open or finished ones, IntentRow items, in order of copy. */
gboolean db_intents_of (Tx *tx, const char *application, gboolean lock, GArray *out, GError **error);
/* Idempotent: what is stored stays. */
gboolean db_envelope_insert (Tx *tx, const char *serial, GBytes *envelope, Micros created, GError **error);
/* *out NULL: none. */
gboolean db_envelope_get (Tx *tx, const char *serial, GBytes **out, GError **error);
gboolean db_intent_finish (Tx *tx, const char *serial, const char *state, Micros at, GError **error);
gboolean db_intents_open (Tx *tx, GPtrArray *applications, GError **error);

/* The in-memory picture of a stored row. */
gboolean status_entry_of_row (const CertificateRow *row, StatusEntry *out, GError **error);
