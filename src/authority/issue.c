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

gboolean
authority_each_certificate (Tx *tx, gint64 after, guint limit, AuthorityCertificateFn fn, gpointer user, GError **error)
{
	g_autoptr (Rows) rows = db_certificates_after (tx, after, limit, error);

	if (!rows)
		return FALSE;
	while (rows_next (rows, NULL)) {
		g_autoptr (GBytes) der = rows_bytes (rows, 0);

		if (!fn (tx, der, rows_int (rows, 1), user, error))
			return FALSE;
	}
	return TRUE;
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
	const SignerCa *ca = signer_site_ca_for_key (authority->site, intent->algorithm);
	g_autofree char *request = g_strndup (intent->request, intent->request_n);
	gboolean inserted;

	if (!ca)
		return diqi_fail (error, DIQI_ERROR_KEY_ALGORITHM, "/spki", "this site has no authority for keys of %s", key_algorithm_name (intent->algorithm));
	serial_new (now, serial);
	hex = serial_hex (serial);
	const CertificateRow row = {
		.serial = hex,
		.issuer = ca->id,
		.subject = (char *) intent->subject,
		.application = (char *) intent->application,
		.copy = intent->copy,
		.profile = (char *) intent->profile,
		.profile_version = intent->profile_version,
		.spki = spki,
		.status = (char *) "intended",
	};
	const IntentRow stored = {
		.copy = intent->copy,
		.serial = hex,
		.application = (char *) intent->application,
		.request = request,
		.reviewer_statement = (char *) intent->reviewer_statement,
		.issuer_statement = (char *) intent->issuer_statement,
	};
	if (!db_certificate_insert (tx, &row, now, 0, &inserted, error))
		return FALSE;
	if (!inserted)
		return diqi_fail (error, DIQI_ERROR_STORE, NULL, "serial %s came up twice", hex);
	return db_intent_insert (tx, &stored, now, error);
}

/* IntentRow items of all copies. */
static GArray *
intents_of (Tx *tx, const char *application, gboolean lock, GError **error)
{
	g_autoptr (GArray) intents = g_array_new (FALSE, TRUE, sizeof (IntentRow));

	g_array_set_clear_func (intents, (GDestroyNotify) intent_row_clear);
	if (!db_intents_of (tx, application, lock, intents, error))
		return NULL;
	return g_steal_pointer (&intents);
}

gboolean
authority_intend (Tx *tx, Authority *authority, const IssueIntent *intent, Micros now, Serial *serial, GError **error)
{
	g_autoptr (GArray) intents = intents_of (tx, intent->application, TRUE, error);

	if (!intents)
		return FALSE;
	for (guint i = 0; i < intents->len; i++) {
		const IntentRow *row = &g_array_index (intents, IntentRow, i);

		if (row->copy == intent->copy)
			return known_intent (row, intent, serial, error);
	}
	return new_intent (tx, authority, intent, now, serial, error);
}

typedef struct {
	const char *application;
	GArray *intents;
	GPtrArray *stored;               /* CertificateRow *, in order of copy */
} LoadArgs;

static void
load_args_clear (LoadArgs *args)
{
	g_clear_pointer (&args->intents, g_array_unref);
	g_clear_pointer (&args->stored, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (LoadArgs, load_args_clear)

static gboolean
load_intents (Tx *tx, gpointer arg, GError **error)
{
	LoadArgs *args = arg;

	/* A read may be repeated. */
	load_args_clear (args);
	args->intents = intents_of (tx, args->application, FALSE, error);
	args->stored = args->intents ? certificates_of_application (tx, args->application, error) : NULL;
	return args->stored != NULL;
}

static GBytes *
stored_der (const LoadArgs *args, const char *serial)
{
	for (guint i = 0; i < args->stored->len; i++) {
		const CertificateRow *row = g_ptr_array_index (args->stored, i);

		if (g_str_equal (row->serial, serial))
			return row->der ? g_bytes_ref (row->der) : NULL;
	}
	return NULL;
}

static GBytes *
sign_intent (Authority *authority, const LoadArgs *args, const IntentRow *intent, GError **error)
{
	g_auto (IssuedPair) pair = { NULL };
	GBytes *der = stored_der (args, intent->serial);
	Serial serial;

	if (der)
		return der;
	if (!serial_from_hex (intent->serial, &serial)) {
		diqi_error_set (error, DIQI_ERROR_STORE, NULL, "stored serial %s is malformed", intent->serial);
		return NULL;
	}
	if (!authority->calls.issue (authority->signer, intent->request, strlen (intent->request), intent->copy, &serial, NULL,
	                             intent->reviewer_statement, intent->issuer_statement, &pair, error))
		return NULL;
	return g_steal_pointer (&pair.certificate);
}

/* Verified and kept in the cache now, so that authority_publish need not do it while it holds the writer.
 * What does not verify is refused there. */
static void
prepare_publish (Authority *authority, GBytes *der)
{
	g_autoptr (Certificate) ignored G_GNUC_UNUSED = authority_verified (authority, der, clock_now (authority->clock), NULL);
}

/* The signer has signed a part of it: the rest follows when what stands in the way is gone, and nothing of it is void. */
static void
not_final (const char *application, guint copy, GError *refusal, GError **error)
{
	diqi_error_set (error, DIQI_ERROR_UNAVAILABLE, NULL, "application %s is signed in part; copy %u: %s", application, copy, refusal->message);
	g_error_free (refusal);
}

static GPtrArray *
sign_all (Authority *authority, const LoadArgs *args, GError **error)
{
	g_autoptr (GPtrArray) ders = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

	for (guint i = 0; i < args->intents->len; i++) {
		const IntentRow *intent = &g_array_index (args->intents, IntentRow, i);
		GError *failure = NULL;
		GBytes *der = sign_intent (authority, args, intent, &failure);

		if (!der && i > 0 && authority_refusal_is_final (failure))
			not_final (args->application, intent->copy, failure, error);
		else if (!der)
			g_propagate_error (error, failure);
		if (!der)
			return NULL;
		g_ptr_array_add (ders, der);
		FAILPOINT ("authority.signed");
		prepare_publish (authority, der);
	}
	return g_steal_pointer (&ders);
}

GPtrArray *
authority_sign (Authority *authority, const char *application, GError **error)
{
	g_auto (LoadArgs) args = { .application = application };

	if (!store_read (authority->store, "issue.load", load_intents, &args, error))
		return NULL;
	if (args.intents->len == 0) {
		diqi_error_set (error, DIQI_ERROR_APPLICATION_STATE, NULL, "nothing is to be signed for application %s", application);
		return NULL;
	}
	return sign_all (authority, &args, error);
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
	g_autoptr (GArray) intents = intents_of (tx, application, TRUE, error);

	(void) authority;
	if (!intents)
		return FALSE;
	if (intents->len == 0 || !g_str_equal (g_array_index (intents, IntentRow, 0).state, "open"))
		return diqi_fail (error, DIQI_ERROR_APPLICATION_STATE, NULL, "no issue of application %s is open", application);
	for (guint i = 0; i < intents->len; i++) {
		const IntentRow *intent = &g_array_index (intents, IntentRow, i);

		if (!db_intent_finish (tx, intent->serial, "refused", now, error) || !db_certificate_refuse (tx, intent->serial, error))
			return FALSE;
	}
	return TRUE;
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

	if (!certificate_row_fill (authority, row, certificate, error) || !authority_next_change (tx, &change_seq, error) || !db_certificate_publish (tx, row, change_seq, error))
		return FALSE;
	if (g_str_equal (row->status, "intended")) {
		g_free (row->status);
		row->status = g_strdup ("valid");
	}
	return authority_changed (tx, authority, row, now, change_seq, error) &&
	       db_intent_finish (tx, row->serial, "done", now, error);
}

static Certificate *
publish_one (Tx *tx, Authority *authority, const char *serial, GBytes *der, Micros now, GError **error)
{
	g_autoptr (Certificate) certificate = NULL;
	g_auto (CertificateRow) row = { 0 };

	if (!certificate_load (tx, serial, TRUE, &row, error))
		return NULL;
	if (row.der && !g_bytes_equal (row.der, der)) {
		diqi_error_set (error, DIQI_ERROR_INTERNAL, NULL, "serial %s was signed twice with different contents", row.serial);
		return NULL;
	}
	certificate = row.der ? certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), error)
	                      : authority_verified (authority, der, now, error);
	if (!certificate)
		return NULL;
	if (!row.der && (!check_signed (certificate, &row, error) ||
	                 !store_signed (tx, authority, &row, certificate, now, error)))
		return NULL;
	return g_steal_pointer (&certificate);
}

gboolean
authority_publish (Tx *tx, Authority *authority, const char *application, const GPtrArray *ders, Micros now,
                   GPtrArray **out, GError **error)
{
	g_autoptr (GPtrArray) certificates = g_ptr_array_new_with_free_func ((GDestroyNotify) certificate_unref);
	g_autoptr (GArray) intents = intents_of (tx, application, TRUE, error);

	if (!intents)
		return FALSE;
	if (intents->len == 0)
		return diqi_fail (error, DIQI_ERROR_APPLICATION_STATE, NULL, "nothing is to be issued for application %s", application);
	if (intents->len != ders->len)
		return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "application %s has %u copies, not %u", application, intents->len, ders->len);
	for (guint i = 0; i < intents->len; i++) {
		Certificate *certificate = publish_one (tx, authority, g_array_index (intents, IntentRow, i).serial,
		                                        g_ptr_array_index (ders, i), now, error);

		if (!certificate)
			return FALSE;
		g_ptr_array_add (certificates, certificate);
	}
	if (out)
		*out = g_steal_pointer (&certificates);
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
