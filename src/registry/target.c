/* registry/target.c — the certificate a service is about, whose it is, and whether it may be served now.
 *
 * Looked at when it is named, when the application is submitted, accepted and approved: between two of these the
 * certificate may have lapsed, been held or revoked.
 */
#include "base/error.h"
#include "identity/session.h"
#include "registry/application_db.h"

/* TARGET_… of a stored certificate; 0: never issued. */
static guint
target_state (const CertificateRow *row, Micros now)
{
	if (!row->der)
		return 0;
	if (g_str_equal (row->status, "revoked"))
		return row->reason == REASON_HOLD ? TARGET_HELD : TARGET_REVOKED;
	return now > row->not_after ? TARGET_LAPSED : TARGET_VALID;
}

static const char *
target_state_name (guint state)
{
	switch (state) {
	case TARGET_VALID:
		return "valid";
	case TARGET_HELD:
		return "on hold";
	case TARGET_LAPSED:
		return "expired";
	case TARGET_REVOKED:
		return "revoked";
	default:
		return "not issued";
	}
}

/* 解挂 lifts what 挂失 held and 解冻 what 冻结 held: a holder does not lift the authority's freeze by finding his token.  A
 * hold that no application made is lifted by either. */
static gboolean
check_hold_origin (Tx *tx, const Application *application, GError **error)
{
	Service wanted = application->service == SERVICE_WITHDRAW_LOSS ? SERVICE_REPORT_LOSS : SERVICE_FREEZE;
	g_autofree char *origin = NULL;

	if (!db_hold_service (tx, application->certificate, &origin, error))
		return FALSE;
	if (!origin || g_str_equal (origin, service_name (wanted)))
		return TRUE;
	return diqi_fail (error, DIQI_ERROR_CERTIFICATE_STATE, "/certificate", "certificate %s is on hold by another service: %s",
	                  application->certificate, origin);
}

static gboolean
check_state (Tx *tx, const Application *application, const CertificateRow *row, Micros now, GError **error)
{
	guint state = target_state (row, now);
	/* Its own hold does not stand in the way of an application that is submitted again. */
	guint allowed = service_rule (application->service)->targets | (application->held ? TARGET_HELD : 0);

	if (!(state & allowed))
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE_STATE, "/certificate", "%s is not possible: certificate %s is %s",
		                  service_name (application->service), row->serial, target_state_name (state));
	if (application->service == SERVICE_RENEW && now > row->not_after + RENEW_GRACE_DAYS * MICROS_PER_DAY)
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE_STATE, "/certificate",
		                  "certificate %s lapsed more than %d days ago: ask for a new one", row->serial, RENEW_GRACE_DAYS);
	if (service_rule (application->service)->effect == EFFECT_UNHOLD)
		return check_hold_origin (tx, application, error);
	return TRUE;
}

/* Only the key of an encryption certificate is ever escrowed; what becomes of double certificates is asked for by the
 * signing certificate, and becomes of both. */
static gboolean
check_use (Service service, const CertificateRow *row, GError **error)
{
	gboolean recover = service_rule (service)->effect == EFFECT_RECOVER;

	if (recover && !row->encrypts)
		return diqi_fail (error, DIQI_ERROR_NOT_ESCROWED, "/certificate", "the key of certificate %s was made by its holder and is nowhere else", row->serial);
	return recover || !row->encrypts ||
	       diqi_fail (error, DIQI_ERROR_CERTIFICATE_USAGE, "/certificate", "%s is an encryption certificate: name the signing certificate %s",
	                  row->serial, row->pair);
}

gboolean
target_take (Tx *tx, Application *application, const char *serial, Micros now, GError **error)
{
	const ServiceRule *rule = service_rule (application->service);
	g_auto (CertificateRow) row = { 0 };
	g_auto (Subject) subject = { 0 };

	if (!serial)
		return (rule->targets & TARGET_NONE) ||
		       diqi_fail (error, DIQI_ERROR_FIELD_MISSING, "/certificate", "%s is about a certificate: name its serial", rule->name);
	if (rule->targets == TARGET_NONE)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/certificate", "%s is not about a certificate", rule->name);
	if (!certificate_load (tx, serial, FALSE, &row, error)) {
		if (g_error_matches (*error, DIQI_ERROR, DIQI_ERROR_CERTIFICATE_UNKNOWN)) {
			g_clear_error (error);
			diqi_error_set (error, DIQI_ERROR_CERTIFICATE_UNKNOWN, "/certificate", "no certificate %s was issued here", serial);
		}
		return FALSE;
	}
	/* Officers' certificates are the list's; what is only intended is nobody's yet. */
	if (!row.subject || !row.der)
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE_UNKNOWN, "/certificate", "no certificate %s was issued to a holder here", serial);
	if (!check_use (application->service, &row, error) || !subject_load (tx, row.subject, &subject, error))
		return FALSE;
	if (subject.kind != application->kind)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/certificate", "certificate %s is of the other kind of holder", serial);
	application->certificate = g_strdup (row.serial);
	application->subject = g_strdup (row.subject);
	return check_state (tx, application, &row, now, error);
}

gboolean
target_check (Tx *tx, const Application *application, Micros now, GError **error)
{
	g_auto (CertificateRow) row = { 0 };

	if (!application->certificate)
		return TRUE;
	return certificate_load (tx, application->certificate, TRUE, &row, error) && check_state (tx, application, &row, now, error);
}

/* --- its holder ------------------------------------------------------------------------------ */

static gboolean
holder_number_fits (Tx *tx, const Registry *registry, const Application *application, gboolean *fits, GError **error)
{
	g_autofree char *number = form_holder_number (application->kind, application->form);
	g_autofree char *known = NULL;
	const SubjectIdentity identity = { registry->site, application->kind, form_holder_name (application->kind, application->form), number };

	if (!subject_find (tx, &identity, &known, error))
		return FALSE;
	*fits = g_strcmp0 (known, application->subject) == 0;
	/* A change may bring a new number, never another holder's. */
	if (!*fits && known)
		return diqi_fail (error, DIQI_ERROR_OTHER_HOLDER, form_number_field (application->kind), "the number is another holder's");
	return TRUE;
}

gboolean
target_check_holder (Tx *tx, const Registry *registry, Application *application, GError **error)
{
	g_auto (Subject) subject = { 0 };
	gboolean fits;

	application->number_differs = FALSE;
	if (!application->certificate)
		return TRUE;
	if (!subject_load (tx, application->subject, &subject, error) ||
	    !holder_number_fits (tx, registry, application, &fits, error))
		return FALSE;
	if (application->service == SERVICE_CHANGE) {
		application->number_differs = !fits;
		return TRUE;
	}
	if (!fits)
		return diqi_fail (error, DIQI_ERROR_OTHER_HOLDER, form_number_field (application->kind), "the certificate belongs to another holder");
	if (g_strcmp0 (subject.name, form_holder_name (application->kind, application->form)) != 0)
		return diqi_fail (error, DIQI_ERROR_OTHER_HOLDER, "/form/name", "the holder is registered under another name: ask for a change first");
	return TRUE;
}

/* --- what becomes of it ------------------------------------------------------------------------ */

gboolean
certificate_end_sessions (Tx *tx, const CertificateRow *row, Micros now, GError **error)
{
	Fingerprint fingerprint;

	if (!row->fingerprint)
		return TRUE;
	if (!hex_decode (row->fingerprint, fingerprint.b, sizeof fingerprint.b))
		return diqi_fail (error, DIQI_ERROR_STORE, NULL, "stored certificate %s is malformed", row->serial);
	return session_close_all (tx, &fingerprint, now, error);
}

/* From now on the holder is called what the new certificate says. */
static gboolean
rename_holder (Tx *tx, const Registry *registry, const Application *application, Micros now, GError **error)
{
	g_autofree char *number = form_holder_number (application->kind, application->form);
	const SubjectIdentity identity = { registry->site, application->kind, form_holder_name (application->kind, application->form), number };

	return subject_add_identity (tx, application->subject, &identity, now, error);
}

gboolean
target_replace (Tx *tx, Registry *registry, const Application *application, Micros now, json_t *effect, GError **error)
{
	g_auto (CertificateRow) old = { 0 };
	RevocationReason reason = service_rule (application->service)->reason;

	if (application->service == SERVICE_CHANGE && !rename_holder (tx, registry, application, now, error))
		return FALSE;
	if (application->service != SERVICE_CHANGE && application->service != SERVICE_REISSUE)
		return TRUE;
	if (g_strcmp0 (application->cause, "lost") == 0)
		reason = REASON_KEY_COMPROMISE;
	if (!certificate_load (tx, application->certificate, TRUE, &old, error))
		return FALSE;
	/* Somebody revoked it meanwhile: that it is. */
	if (target_state (&old, now) == TARGET_REVOKED)
		return TRUE;
	if (!authority_revoke (tx, registry->authority, old.serial, reason, now, error) || !certificate_end_sessions (tx, &old, now, error) ||
	    !certificate_tell_holder (tx, old.serial, "certificate.revoked", reason_name (reason), now, error))
		return FALSE;
	json_object_set_new (effect, "replaced", json_string (old.serial));
	json_object_set_new (effect, "reason", json_string (reason_name (reason)));
	return TRUE;
}
