/* authority/certificates.c — stored certificates: looking them up, showing and revoking them. */
#include "authority/authority_private.h"

#include <string.h>

#include "authority/authority_db.h"
#include "authority/crl_db.h"
#include "base/error.h"

void
certificate_row_clear (CertificateRow *row)
{
	g_free (row->serial);
	g_free (row->issuer);
	g_free (row->subject);
	g_free (row->application);
	g_free (row->profile);
	g_free (row->status);
	g_free (row->fingerprint);
	g_free (row->spki);
	g_free (row->pair);
	g_clear_pointer (&row->der, g_bytes_unref);
	memset (row, 0, sizeof *row);
}

gboolean
certificate_row_fill (const Authority *authority, CertificateRow *row, const Certificate *certificate, GError **error)
{
	const SignerCa *ca = signer_site_ca_of (authority->site, certificate);

	if (!ca)
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE_CHAIN, NULL, "no authority of this site issued the certificate");
	g_free (row->serial);
	g_free (row->issuer);
	row->issuer = g_strdup (ca->id);
	g_free (row->spki);
	row->serial = serial_hex (certificate_serial (certificate));
	row->fingerprint = fingerprint_hex (certificate_fingerprint (certificate));
	row->spki = fingerprint_hex (public_key_fingerprint (certificate_public_key (certificate)));
	row->der = certificate_der (certificate);
	row->not_before = certificate_not_before (certificate);
	row->not_after = certificate_not_after (certificate);
	return TRUE;
}

gboolean
certificate_load (Tx *tx, const char *serial, gboolean lock, CertificateRow *out, GError **error)
{
	gboolean found;

	if (!db_certificate_get (tx, serial, lock, out, &found, error))
		return FALSE;
	return found || diqi_fail (error, DIQI_ERROR_CERTIFICATE_UNKNOWN, "/serial", "no certificate %s was issued here", serial);
}

static void
row_free (gpointer p)
{
	certificate_row_clear (p);
	g_free (p);
}

GPtrArray *
certificates_of_subject (Tx *tx, const char *subject, GError **error)
{
	g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (row_free);

	if (!db_certificates_of_subject (tx, subject, rows, error))
		return NULL;
	return g_steal_pointer (&rows);
}

GPtrArray *
certificates_of_application (Tx *tx, const char *application, GError **error)
{
	g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (row_free);

	if (!db_certificates_of_application (tx, application, rows, error))
		return NULL;
	return g_steal_pointer (&rows);
}

static gboolean
is_held (const CertificateRow *row)
{
	return g_str_equal (row->status, "revoked") && row->reason == REASON_HOLD;
}

static const char *
status_at (const CertificateRow *row, Micros now)
{
	if (is_held (row))
		return "held";
	if (!g_str_equal (row->status, "valid"))
		return row->status;
	return now > row->not_after ? "expired" : "valid";
}

json_t *
certificate_view (const CertificateRow *row, Micros now)
{
	json_t *view = json_object ();

	json_object_set_new (view, "serial", json_string (row->serial));
	json_object_set_new (view, "status", json_string (status_at (row, now)));
	json_object_set_new (view, "profile", json_string (row->profile));
	json_object_set_new (view, "use", json_string (row->encrypts ? "encrypt" : "sign"));
	if (row->pair)
		json_object_set_new (view, "pair", json_string (row->pair));
	if (row->der) {
		json_object_set_new (view, "not_before", json_time (row->not_before));
		json_object_set_new (view, "not_after", json_time (row->not_after));
	}
	if (g_str_equal (row->status, "revoked")) {
		json_object_set_new (view, "revoked_at", json_time (row->revoked_at));
		json_object_set_new (view, "reason", json_string (reason_name (row->reason)));
	}
	return view;
}

GBytes *
authority_issuer_der (const Authority *authority, const Certificate *certificate, GError **error)
{
	const SignerCa *ca = signer_site_ca_of (authority->site, certificate);

	if (ca)
		return certificate_der (ca->certificate);
	diqi_error_set (error, DIQI_ERROR_CERTIFICATE_CHAIN, NULL, "no authority of this site issued the certificate");
	return NULL;
}

char *
certificate_chain_pem (const Authority *authority, const CertificateRow *row, GError **error)
{
	g_autoptr (Certificate) leaf = NULL;
	g_autofree char *leaf_pem = NULL;
	g_autofree char *issuing_pem = NULL;
	const SignerCa *ca;

	if (!row->der) {
		diqi_error_set (error, DIQI_ERROR_CERTIFICATE_STATE, NULL, "certificate %s is not issued yet", row->serial);
		return NULL;
	}
	leaf = certificate_parse (g_bytes_get_data (row->der, NULL), g_bytes_get_size (row->der), error);
	if (!leaf)
		return NULL;
	leaf_pem = certificate_pem (leaf);
	ca = signer_site_ca_of (authority->site, leaf);
	if (!ca) {
		diqi_error_set (error, DIQI_ERROR_CERTIFICATE_CHAIN, NULL, "no authority of this site issued certificate %s", row->serial);
		return NULL;
	}
	issuing_pem = certificate_pem (ca->certificate);
	return g_strconcat (leaf_pem, issuing_pem, NULL);
}

/* --- revoking, holding, freeing --------------------------------------------------------- */

/* The row as it is from now on, into the log of changes, and after the commit into index and CRL. */
static gboolean
set_status (Tx *tx, Authority *authority, CertificateRow *row, const char *status, Micros now, gint64 change_seq, GError **error)
{
	g_free (row->status);
	row->status = g_strdup (status);
	return authority_changed (tx, authority, row, now, change_seq, error);
}

/* Its new revoked_at and reason are in row. */
static gboolean
store_revoked (Tx *tx, Authority *authority, CertificateRow *row, Micros now, GError **error)
{
	gint64 change_seq;

	return authority_next_change (tx, &change_seq, error) &&
	       db_certificate_revoke (tx, row->serial, row->reason, row->revoked_at, change_seq, error) &&
	       set_status (tx, authority, row, "revoked", now, change_seq, error);
}

/* Double certificates: what becomes of the signing certificate becomes of the encryption certificate too. */
typedef gboolean (*RowChange) (Tx *tx, Authority *authority, CertificateRow *row, const CertificateRow *like, Micros now, GError **error);

static gboolean
change_pair (Tx *tx, Authority *authority, const CertificateRow *row, RowChange change, Micros now, GError **error)
{
	g_auto (CertificateRow) pair = { 0 };

	if (row->encrypts || !row->pair)
		return TRUE;
	return certificate_load (tx, row->pair, TRUE, &pair, error) && change (tx, authority, &pair, row, now, error);
}

static gboolean
revoke_like (Tx *tx, Authority *authority, CertificateRow *row, const CertificateRow *like, Micros now, GError **error)
{
	/* Revoked alone before: that it stays. */
	if (g_str_equal (row->status, "revoked") && !is_held (row))
		return TRUE;
	row->revoked_at = like->revoked_at;
	row->reason = like->reason;
	return store_revoked (tx, authority, row, now, error);
}

static gboolean
hold_like (Tx *tx, Authority *authority, CertificateRow *row, const CertificateRow *like, Micros now, GError **error)
{
	return !g_str_equal (row->status, "valid") || revoke_like (tx, authority, row, like, now, error);
}

static gboolean
unhold_row (Tx *tx, Authority *authority, CertificateRow *row, const HoldLifting *lifting, Micros now, GError **error)
{
	gint64 change_seq;

	if (!authority_next_change (tx, &change_seq, error) || !db_certificate_unhold (tx, row->serial, change_seq, error) ||
	    !db_lifting_insert (tx, row->serial, change_seq, lifting, error))
		return FALSE;
	row->revoked_at = 0;
	row->reason = 0;
	return set_status (tx, authority, row, "valid", now, change_seq, error);
}

static gboolean
unhold_pair (Tx *tx, Authority *authority, const CertificateRow *row, const HoldLifting *lifting, Micros now, GError **error)
{
	g_auto (CertificateRow) pair = { 0 };

	if (row->encrypts || !row->pair)
		return TRUE;
	return certificate_load (tx, row->pair, TRUE, &pair, error) &&
	       (!is_held (&pair) || unhold_row (tx, authority, &pair, lifting, now, error));
}

gboolean
authority_revoke (Tx *tx, Authority *authority, const char *serial, RevocationReason reason, Micros now, GError **error)
{
	g_auto (CertificateRow) row = { 0 };

	/* RFC 5280 5.3.1: a hold may be lifted, and removeFromCRL lifts it; neither ends a certificate. */
	if (reason == REASON_HOLD || reason == REASON_REMOVE_FROM_CRL)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/reason", "reason %s does not revoke for good", reason_name (reason));
	if (!certificate_load (tx, serial, TRUE, &row, error))
		return FALSE;
	if (g_str_equal (row.status, "revoked") && !is_held (&row))
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE_STATE, NULL, "certificate %s is revoked already", serial);
	/* X.509 (2019) 9.5.2.2: what supersedes a hold keeps the date on which the certificate was placed on hold. */
	if (!is_held (&row))
		row.revoked_at = now;
	row.reason = reason;
	return store_revoked (tx, authority, &row, now, error) && change_pair (tx, authority, &row, revoke_like, now, error);
}

gboolean
authority_hold (Tx *tx, Authority *authority, const char *serial, Micros now, GError **error)
{
	g_auto (CertificateRow) row = { 0 };

	if (!certificate_load (tx, serial, TRUE, &row, error))
		return FALSE;
	if (!g_str_equal (row.status, "valid"))
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE_STATE, NULL, "certificate %s is not valid but %s", serial, status_at (&row, now));
	row.revoked_at = now;
	row.reason = REASON_HOLD;
	return store_revoked (tx, authority, &row, now, error) && change_pair (tx, authority, &row, hold_like, now, error);
}

gboolean
authority_unhold (Tx *tx, Authority *authority, const char *serial, const HoldLifting *lifting, Micros now, GError **error)
{
	g_auto (CertificateRow) row = { 0 };

	if (!certificate_load (tx, serial, TRUE, &row, error))
		return FALSE;
	if (!is_held (&row))
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE_STATE, NULL, "certificate %s is not held but %s", serial, status_at (&row, now));
	return unhold_row (tx, authority, &row, lifting, now, error) && unhold_pair (tx, authority, &row, lifting, now, error);
}
