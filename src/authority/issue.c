/* authority/issue.c — intent stored → signed → stored. */
#include "authority/authority_private.h"

#include <string.h>

#include "authority/authority_db.h"
#include "base/error.h"
#include "base/failpoint.h"

gboolean
authority_key_known (Tx *tx, const Fingerprint *spki, gboolean *known, GError **error)
{
	g_autofree char *hex = fingerprint_hex (spki);

	return db_certificate_key_exists (tx, hex, known, error);
}

/* Asked again for what is intended or done already: the same request gets the same serial. */
static gboolean
known_intent (const IntentRow *row, const IssueIntent *intent, Serial *serial, GError **error)
{
	if (strlen (row->request) != intent->request_n || memcmp (row->request, intent->request, intent->request_n) != 0)
		return diqi_fail (error, DIQI_ERROR_APPLICATION_STATE, NULL,
		                  "application %s is being issued from another request", intent->application);
	if (!serial_from_hex (row->serial, serial))
		return diqi_fail (error, DIQI_ERROR_STORE, NULL, "stored serial %s is malformed", row->serial);
	return TRUE;
}

static gboolean
new_intent (Tx *tx, Authority *authority, const IssueIntent *intent, Micros now, Serial *serial, GError **error)
{
	g_autofree char *hex = NULL;
	g_autofree char *spki = fingerprint_hex (intent->spki);
	g_autofree char *issuer = fingerprint_hex (certificate_fingerprint (authority->site->issuing));
	g_autofree char *request = g_strndup (intent->request, intent->request_n);
	gboolean inserted;

	serial_new (now, serial);
	hex = serial_hex (serial);
	const CertificateRow row = {
		.serial = hex,
		.subject = (char *) intent->subject,
		.application = (char *) intent->application,
		.profile = (char *) intent->profile,
		.profile_version = intent->profile_version,
		.spki = spki,
		.status = (char *) "intended",
	};
	const IntentRow stored = {
		.serial = hex,
		.application = (char *) intent->application,
		.request = request,
		.reviewer_statement = (char *) intent->reviewer_statement,
		.issuer_statement = (char *) intent->issuer_statement,
	};
	if (!db_certificate_insert (tx, &row, issuer, now, 0, &inserted, error))
		return FALSE;
	if (!inserted)
		return diqi_fail (error, DIQI_ERROR_STORE, NULL, "serial %s came up twice", hex);
	return db_intent_insert (tx, &stored, now, error);
}

gboolean
authority_intend (Tx *tx, Authority *authority, const IssueIntent *intent, Micros now, Serial *serial, GError **error)
{
	g_auto (IntentRow) row = { 0 };
	gboolean found;

	if (!db_intent_get (tx, intent->application, TRUE, &row, &found, error))
		return FALSE;
	if (found)
		return known_intent (&row, intent, serial, error);
	return new_intent (tx, authority, intent, now, serial, error);
}

typedef struct {
	const char *application;
	IntentRow intent;
	CertificateRow certificate;
	gboolean found;
} LoadArgs;

static gboolean
load_intent (Tx *tx, gpointer arg, GError **error)
{
	LoadArgs *args = arg;

	/* A read may be repeated. */
	intent_row_clear (&args->intent);
	certificate_row_clear (&args->certificate);
	if (!db_intent_get (tx, args->application, FALSE, &args->intent, &args->found, error))
		return FALSE;
	return !args->found || certificate_load (tx, args->intent.serial, FALSE, &args->certificate, error);
}

static GBytes *
sign_intent (Authority *authority, const LoadArgs *args, GError **error)
{
	const IntentRow *intent = &args->intent;
	Serial serial;

	if (args->certificate.der)
		return g_bytes_ref (args->certificate.der);
	if (!serial_from_hex (intent->serial, &serial)) {
		diqi_error_set (error, DIQI_ERROR_STORE, NULL, "stored serial %s is malformed", intent->serial);
		return NULL;
	}
	return authority->calls.issue (authority->signer, intent->request, strlen (intent->request), &serial,
	                               intent->reviewer_statement, intent->issuer_statement, error);
}

/* Verified and kept in the cache now, so that authority_publish need not do it while it holds the writer.
 * What does not verify is refused there. */
static void
prepare_publish (Authority *authority, GBytes *der)
{
	g_autoptr (Certificate) ignored G_GNUC_UNUSED = authority_verified (authority, der, clock_now (authority->clock), NULL);
}

GBytes *
authority_sign (Authority *authority, const char *application, GError **error)
{
	LoadArgs args = { .application = application };
	GBytes *der = NULL;
	gboolean loaded = store_read (authority->store, "issue.load", load_intent, &args, error);

	if (loaded && args.found)
		der = sign_intent (authority, &args, error);
	else if (loaded)
		diqi_error_set (error, DIQI_ERROR_APPLICATION_STATE, NULL, "nothing is to be signed for application %s", application);
	intent_row_clear (&args.intent);
	certificate_row_clear (&args.certificate);
	if (der) {
		FAILPOINT ("authority.signed");
		prepare_publish (authority, der);
	}
	return der;
}

gboolean
authority_refusal_is_final (const GError *error)
{
	switch (diqi_error_kind (error)) {
	case ERROR_KIND_INVALID:
	case ERROR_KIND_FORBIDDEN:
	case ERROR_KIND_UNPROCESSABLE:
	case ERROR_KIND_CONFLICT:
		return TRUE;
	default:
		return FALSE;
	}
}

gboolean
authority_abandon (Tx *tx, Authority *authority, const char *application, Micros now, GError **error)
{
	g_auto (IntentRow) intent = { 0 };
	gboolean found;

	if (!db_intent_get (tx, application, TRUE, &intent, &found, error))
		return FALSE;
	if (!found || !g_str_equal (intent.state, "open"))
		return diqi_fail (error, DIQI_ERROR_APPLICATION_STATE, NULL, "no issue of application %s is open", application);
	(void) authority;
	return db_intent_finish (tx, intent.serial, "refused", now, error) && db_certificate_refuse (tx, intent.serial, error);
}

/* The signer is trusted to sign, not to be free of mistakes: what is stored is what was intended. */
static gboolean
check_signed (const Certificate *certificate, const CertificateRow *row, GError **error)
{
	g_autofree char *serial = serial_hex (certificate_serial (certificate));
	g_autofree char *spki = fingerprint_hex (public_key_fingerprint (certificate_public_key (certificate)));

	if (!g_str_equal (serial, row->serial) || !g_str_equal (spki, row->spki) || certificate_is_ca (certificate))
		return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "the signer returned another certificate than was intended as %s", row->serial);
	return TRUE;
}

static gboolean
store_signed (Tx *tx, Authority *authority, CertificateRow *row, const Certificate *certificate, Micros now, GError **error)
{
	gint64 change_seq;

	certificate_row_fill (row, certificate);
	if (!authority_next_change (tx, &change_seq, error) || !db_certificate_publish (tx, row, change_seq, error))
		return FALSE;
	if (g_str_equal (row->status, "intended")) {
		g_free (row->status);
		row->status = g_strdup ("valid");
	}
	return authority_changed (tx, authority, row, now, change_seq, error) &&
	       db_intent_finish (tx, row->serial, "done", now, error);
}

gboolean
authority_publish (Tx *tx, Authority *authority, const char *application, GBytes *der, Micros now,
                   Certificate **out, GError **error)
{
	g_autoptr (Certificate) certificate = NULL;
	g_auto (IntentRow) intent = { 0 };
	g_auto (CertificateRow) row = { 0 };
	gboolean found;

	if (!db_intent_get (tx, application, TRUE, &intent, &found, error))
		return FALSE;
	if (!found)
		return diqi_fail (error, DIQI_ERROR_APPLICATION_STATE, NULL, "nothing is to be issued for application %s", application);
	if (!certificate_load (tx, intent.serial, TRUE, &row, error))
		return FALSE;
	if (row.der && !g_bytes_equal (row.der, der))
		return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "serial %s was signed twice with different contents", row.serial);
	certificate = row.der ? certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), error)
	                      : authority_verified (authority, der, now, error);
	if (!certificate)
		return FALSE;
	if (!row.der && (!check_signed (certificate, &row, error) ||
	                 !store_signed (tx, authority, &row, certificate, now, error)))
		return FALSE;
	if (out)
		*out = g_steal_pointer (&certificate);
	return TRUE;
}

GPtrArray *
authority_unfinished (Tx *tx, GError **error)
{
	g_autoptr (GPtrArray) applications = g_ptr_array_new_with_free_func (g_free);

	if (!db_intents_open (tx, applications, error))
		return NULL;
	return g_steal_pointer (&applications);
}
