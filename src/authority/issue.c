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

/* The row of one certificate that is only intended. */
static gboolean
reserve (Tx *tx, const CertificateRow *row, Micros now, GError **error)
{
	gboolean inserted;

	if (!db_certificate_insert (tx, row, now, 0, &inserted, error))
		return FALSE;
	return inserted || diqi_fail (error, DIQI_ERROR_STORE, NULL, "serial %s came up twice", row->serial);
}

static gboolean
reserve_encryption (Tx *tx, const SignerCa *ca, const IssueIntent *intent, const char *serial, const char *pair, Micros now, GError **error)
{
	const CertificateRow row = {
		.serial = (char *) serial, .issuer = ca->id, .pair = (char *) pair, .encrypts = TRUE,
		.subject = (char *) intent->subject, .application = (char *) intent->application, .copy = intent->copy,
		.profile = (char *) intent->encryption_profile, .profile_version = intent->encryption_version,
		.spki = (char *) "", .status = (char *) "intended",
	};

	return !serial || reserve (tx, &row, now, error);
}

static gboolean
new_intent (Tx *tx, Authority *authority, const IssueIntent *intent, Micros now, Serial *serial, GError **error)
{
	g_autofree char *hex = NULL, *encryption = NULL;
	g_autofree char *spki = fingerprint_hex (intent->spki);
	const SignerCa *ca = signer_site_ca_for_key (authority->site, intent->algorithm);
	g_autofree char *request = g_strndup (intent->request, intent->request_n);
	Serial encryption_serial;

	if (!ca)
		return diqi_fail (error, DIQI_ERROR_KEY_ALGORITHM, "/spki", "this site has no authority for keys of %s", key_algorithm_name (intent->algorithm));
	serial_new (now, serial);
	hex = serial_hex (serial);
	if (intent->encryption_profile) {
		serial_new (now, &encryption_serial);
		encryption = serial_hex (&encryption_serial);
	}
	const CertificateRow row = {
		.serial = hex,
		.issuer = ca->id,
		.pair = encryption,
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
		.encryption_serial = encryption,
	};
	return reserve (tx, &row, now, error) && reserve_encryption (tx, ca, intent, encryption, hex, now, error) &&
	       db_intent_insert (tx, &stored, now, error);
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
	for (guint i = 0; serial && i < args->stored->len; i++) {
		const CertificateRow *row = g_ptr_array_index (args->stored, i);

		if (g_str_equal (row->serial, serial))
			return row->der ? g_bytes_ref (row->der) : NULL;
	}
	return NULL;
}

static void
pair_free (gpointer p)
{
	issued_pair_clear (p);
	g_free (p);
}

static gboolean
read_serial (const char *hex, Serial *out, GError **error)
{
	return !hex || serial_from_hex (hex, out) || diqi_fail (error, DIQI_ERROR_STORE, NULL, "stored serial %s is malformed", hex);
}

/* Both are stored together: what is stored needs no signer. */
static gboolean
sign_intent (Authority *authority, const LoadArgs *args, const IntentRow *intent, IssuedPair *out, GError **error)
{
	Serial serial, encryption;

	out->certificate = stored_der (args, intent->serial);
	out->encryption = stored_der (args, intent->encryption_serial);
	if (out->certificate)
		return TRUE;
	if (!read_serial (intent->serial, &serial, error) || !read_serial (intent->encryption_serial, &encryption, error))
		return FALSE;
	return authority->calls.issue (authority->signer, intent->request, strlen (intent->request), intent->copy, &serial,
	                               intent->encryption_serial ? &encryption : NULL, intent->reviewer_statement, intent->issuer_statement,
	                               out, error);
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
	g_autoptr (GPtrArray) pairs = g_ptr_array_new_with_free_func (pair_free);

	for (guint i = 0; i < args->intents->len; i++) {
		const IntentRow *intent = &g_array_index (args->intents, IntentRow, i);
		IssuedPair *pair = g_new0 (IssuedPair, 1);
		GError *failure = NULL;
		gboolean done;

		g_ptr_array_add (pairs, pair);
		done = sign_intent (authority, args, intent, pair, &failure);
		if (!done && i > 0 && authority_refusal_is_final (failure))
			not_final (args->application, intent->copy, failure, error);
		else if (!done)
			g_propagate_error (error, failure);
		if (!done)
			return NULL;
		FAILPOINT ("authority.signed");
		prepare_publish (authority, pair->certificate);
		if (pair->encryption)
			prepare_publish (authority, pair->encryption);
	}
	return g_steal_pointer (&pairs);
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

		if (!db_intent_finish (tx, intent->serial, "refused", now, error) || !db_certificate_refuse (tx, intent->serial, error) ||
		    (intent->encryption_serial && !db_certificate_refuse (tx, intent->encryption_serial, error)))
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

	gboolean signs = (certificate_key_usage (certificate) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) != 0;

	/* The key of an encryption certificate is known to the key centre: it may never sign. */
	if (!g_str_equal (serial, row->serial) || signs == row->encrypts || certificate_is_ca (certificate) ||
	    (!row->encrypts && !g_str_equal (spki, row->spki)))
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
	return authority_changed (tx, authority, row, now, change_seq, error);
}

static Certificate *
publish_one (Tx *tx, Authority *authority, const char *serial, GBytes *der, Micros now, gboolean *fresh, GError **error)
{
	g_autoptr (Certificate) certificate = NULL;
	g_auto (CertificateRow) row = { 0 };

	if (!certificate_load (tx, serial, TRUE, &row, error))
		return NULL;
	*fresh = row.der == NULL;
	if (row.der && !g_bytes_equal (row.der, der)) {
		diqi_error_set (error, DIQI_ERROR_INTERNAL, NULL, "serial %s was signed twice with different contents", row.serial);
		return NULL;
	}
	certificate = row.der ? certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), error)
	                      : authority_verified (authority, der, now, error);
	if (!certificate)
		return NULL;
	if (*fresh && (!check_signed (certificate, &row, error) ||
	               !store_signed (tx, authority, &row, certificate, now, error)))
		return NULL;
	return g_steal_pointer (&certificate);
}

static gboolean
publish_encryption (Tx *tx, Authority *authority, const char *serial, const IssuedPair *pair, Micros now, GError **error)
{
	g_autoptr (Certificate) certificate = NULL;
	gboolean fresh;

	if (!serial)
		return TRUE;
	if (!pair->encryption)
		return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "the signer returned no encryption certificate %s", serial);
	certificate = publish_one (tx, authority, serial, pair->encryption, now, &fresh, error);
	if (!certificate)
		return FALSE;
	if (fresh && !pair->envelope)
		return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "the signer returned no key for encryption certificate %s", serial);
	return !fresh || db_envelope_insert (tx, serial, pair->envelope, now, error);
}

/* Both of double certificates, or none. */
static Certificate *
publish_pair (Tx *tx, Authority *authority, const IntentRow *intent, const IssuedPair *pair, Micros now, GError **error)
{
	gboolean fresh;
	g_autoptr (Certificate) certificate = publish_one (tx, authority, intent->serial, pair->certificate, now, &fresh, error);

	if (!certificate || !publish_encryption (tx, authority, intent->encryption_serial, pair, now, error) ||
	    (fresh && !db_intent_finish (tx, intent->serial, "done", now, error)))
		return NULL;
	return g_steal_pointer (&certificate);
}

gboolean
authority_publish (Tx *tx, Authority *authority, const char *application, const GPtrArray *pairs, Micros now,
                   GPtrArray **out, GError **error)
{
	g_autoptr (GPtrArray) certificates = g_ptr_array_new_with_free_func ((GDestroyNotify) certificate_unref);
	g_autoptr (GArray) intents = intents_of (tx, application, TRUE, error);

	if (!intents)
		return FALSE;
	if (intents->len == 0)
		return diqi_fail (error, DIQI_ERROR_APPLICATION_STATE, NULL, "nothing is to be issued for application %s", application);
	if (intents->len != pairs->len)
		return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "application %s has %u copies, not %u", application, intents->len, pairs->len);
	for (guint i = 0; i < intents->len; i++) {
		Certificate *certificate = publish_pair (tx, authority, &g_array_index (intents, IntentRow, i),
		                                         g_ptr_array_index (pairs, i), now, error);

		if (!certificate)
			return FALSE;
		g_ptr_array_add (certificates, certificate);
	}
	if (out)
		*out = g_steal_pointer (&certificates);
	return TRUE;
}

GBytes *
authority_envelope (Tx *tx, const char *serial, GError **error)
{
	GBytes *envelope = NULL;

	if (!db_envelope_get (tx, serial, &envelope, error))
		return NULL;
	if (!envelope)
		diqi_error_set (error, DIQI_ERROR_NOT_FOUND, NULL, "no key came with certificate %s", serial);
	return envelope;
}

GPtrArray *
authority_unfinished (Tx *tx, GError **error)
{
	g_autoptr (GPtrArray) applications = g_ptr_array_new_with_free_func (g_free);

	if (!db_intents_open (tx, applications, error))
		return NULL;
	return g_steal_pointer (&applications);
}
