/* signer/issue.c — see issue.h. */
#include "signer/issue.h"

#include <string.h>

#include "base/error.h"
#include "base/idnum.h"
#include "base/log.h"
#include "signer/approval.h"
#include "signer/invariant.h"

/* What a checked request or list entry comes down to. */
typedef struct {
	const Profile *profile;
	const NamePart *subject;
	gsize subject_n;
	PublicKey *const *keys;                   /* of the whole request; the one to certify: */
	gsize keys_n;
	guint copy;
	gint64 validity_days;
	const char *uscc;
	Serial serial;
	Micros now, asked;                        /* asked: when the serials were made */
	const Fingerprint *request, *reviewer, *issuer;
} Order;

static void
template_fill (const PinnedCa *ca, const Order *order, CertificateTemplate *t)
{
	Micros start = order->now - order->now % MICROS_PER_S;
	PublicKey *key = order->keys[order->copy];
	*t = (CertificateTemplate) {
		.serial = order->serial, .subject = order->subject, .subject_n = order->subject_n, .key = key,
		.not_before = start,
		/* notAfter is the last second of validity (RFC 5280 4.1.2.5). */
		.not_after = start + order->validity_days * MICROS_PER_DAY - MICROS_PER_S,
		.ca = FALSE, .path_length = -1,
		.key_usage = profile_key_usage (order->profile, public_key_algorithm (key)), .extended_key_usage = order->profile->extended_key_usage,
		.policy_oid = order->profile->policy, .uscc = order->uscc,
		.ocsp_uri = ca->ocsp_uri, .crl_uri = ca->crl_uri, .issuer_uri = ca->issuer_uri,
	};
}

static gboolean
check_fresh (const Keyring *keyring, const Order *order, GError **error)
{
	if (journal_by_serial (keyring->journal, &order->serial) != NULL)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/serial", "the serial number was used");
	Micros made = serial_time (&order->serial);
	return (made <= order->asked + CLOCK_TOLERANCE && made >= order->asked - CLOCK_TOLERANCE)
		|| diqi_fail (error, DIQI_ERROR_SIGNER, "/serial", "the serial number was not made now");
}

static gboolean
check_key (const Keyring *keyring, const Order *order, guint copy, GError **error)
{
	const PublicKey *key = order->keys[copy];
	g_autofree char *at = copy == 0 ? g_strdup ("/request/spki") : g_strdup_printf ("/request/more/%u", copy - 1);
	const JournalIssue *known = journal_by_spki (keyring->journal, public_key_fingerprint (key));
	if ((order->profile->algorithms & 1u << public_key_algorithm (key)) == 0)
		return diqi_fail (error, DIQI_ERROR_KEY_ALGORITHM, at, "the profile does not allow %s", key_algorithm_name (public_key_algorithm (key)));
	if (known != NULL && (order->request == NULL || !known->has_request || !fingerprint_equal (&known->request, order->request)))
		return diqi_fail (error, DIQI_ERROR_KEY_REUSED, at, "the key has a certificate from another request");
	return public_key_check_strength (key, error);
}

/* Of all copies, so that none is signed when another must be refused. */
static gboolean
check_keys (const Keyring *keyring, const Order *order, GError **error)
{
	for (guint i = 0; i < order->keys_n; i++)
		if (!check_key (keyring, order, i, error))
			return FALSE;
	return TRUE;
}

static gboolean
check_by_profile (const Order *order, GError **error)
{
	const Profile *profile = order->profile;
	if (order->validity_days < 1 || order->validity_days > profile->validity_days)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/request/validity_days", "1 to %" G_GINT64_FORMAT " days", profile->validity_days);
	if (profile->uscc && order->uscc == NULL)
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, "/request/uscc", "the profile asks for it");
	if (!profile->uscc && order->uscc != NULL)
		return diqi_fail (error, DIQI_ERROR_FIELD_UNKNOWN, "/request/uscc", "the profile has none");
	/* A wrong check digit may have been accepted by an officer with a reason: early real codes have one. */
	if (order->uscc != NULL && !uscc_require (order->uscc, TRUE, "/request/uscc", error))
		return FALSE;
	return profile_check_subject (profile, order->subject, order->subject_n, "/request/subject", error);
}

/* The one place that uses an issuing key for a certificate. */
static Certificate *
sign (const KeyringCa *ca, const Order *order, GError **error)
{
	CertificateTemplate t;
	template_fill (ca->pin, order, &t);
	if (!invariant_template (order->profile->kind, &t, ca->pin->certificate, order->now, error))
		return NULL;
	g_autoptr (GBytes) der = issuer_sign_certificate (ca->issuer, &t, error);
	if (der == NULL)
		return NULL;
	g_autoptr (Certificate) made = certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), error);
	if (made == NULL || !invariant_certificate (made, &t, error))
		return NULL;
	return g_steal_pointer (&made);
}

static Certificate *
carry_out (Keyring *keyring, const Order *order, GError **error)
{
	if (!keyring_check_clock (keyring, order->now, error) || !check_by_profile (order, error) || !check_fresh (keyring, order, error)
	    || !check_keys (keyring, order, error))
		return NULL;
	/* The holder's key says which hierarchy: one whose kind its holder's software can check. */
	const KeyringCa *ca = keyring_ca_for_key (keyring, public_key_algorithm (order->keys[order->copy]), error);
	g_autoptr (Certificate) made = ca != NULL ? sign (ca, order, error) : NULL;
	if (made == NULL)
		return NULL;
	g_autofree char *profile = g_strdup_printf ("%s-%" G_GINT64_FORMAT, order->profile->name, order->profile->version);
	const JournalEntry entry = { order->now, ca->pin->name, order->request, order->copy, profile, order->reviewer, order->issuer, made };
	journal_add_issue (keyring->journal, &entry);
	g_autofree char *serial = serial_hex (&order->serial);
	log_event (LOG_LEVEL_INFO, "signer.issued", "serial", "%s", serial, "profile", "%s", profile, NULL);
	return g_steal_pointer (&made);
}

static const Profile *
find_profile (const Keyring *keyring, const CertificateRequest *request, GError **error)
{
	if (strcmp (request->site, keyring->pins->site) != 0) {
		diqi_error_set (error, DIQI_ERROR_SIGNER, "/request/site", "a request for another site");
		return NULL;
	}
	const Profile *profile = pins_profile (keyring->pins, request->profile, request->profile_version);
	if (profile == NULL) {
		diqi_error_set (error, DIQI_ERROR_SIGNER, "/request/profile", "no pinned profile of this name and version");
		return NULL;
	}
	if (profile->kind->use != USE_SIGN || profile->kind->holder == HOLDER_OFFICER || profile->kind->holder == HOLDER_SITE) {
		/* Officers come only through a change of their list, encryption keys only from the key centre, services not from outside. */
		diqi_error_set (error, DIQI_ERROR_SIGNER, "/request/profile", "not a holder's profile");
		return NULL;
	}
	return profile;
}

/* The first copy of this request that was signed; NULL: none yet. */
static const JournalIssue *
first_copy (const Keyring *keyring, const CertificateRequest *request)
{
	for (guint copy = 0; copy < request->keys_n; copy++) {
		const JournalIssue *issue = journal_by_request (keyring->journal, &request->hash, copy);
		if (issue != NULL)
			return issue;
	}
	return NULL;
}

static gboolean
check_approvals (Keyring *keyring, const IssueOrder *in, const CertificateRequest *request, Micros now,
                 Fingerprint *reviewer, Fingerprint *issuer, GError **error)
{
	const Court court = { keyring->pins, officers_log_current (keyring->officers), now, keyring->journal };
	const ApprovalTarget target = { request->application, request->profile, request->profile_version, request->hash };
	return approvals_check (&court, &target, in->reviewer, in->issuer, reviewer, issuer, error);
}

GBytes *
issue_carry_out (Keyring *keyring, const IssueOrder *in, GError **error)
{
	g_autoptr (CertificateRequest) request = certificate_request_parse (in->request, in->request_n, error);
	const Profile *profile = request != NULL ? find_profile (keyring, request, error) : NULL;
	if (profile == NULL)
		return NULL;
	if (in->copy >= request->keys_n) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, "/copy", "the request has %" G_GSIZE_FORMAT " keys", request->keys_n);
		return NULL;
	}
	const JournalIssue *earlier = journal_by_request (keyring->journal, &request->hash, in->copy);
	if (earlier != NULL)
		return journal_certificate (keyring->journal, earlier, error);

	const JournalIssue *sibling = first_copy (keyring, request);
	if (sibling == NULL && !profile->open) {
		diqi_error_set (error, DIQI_ERROR_SIGNER, "/request/profile_version", "this version is closed to new certificates");
		return NULL;
	}
	Micros now = keyring_now (keyring);
	Fingerprint reviewer, issuer;
	if (sibling != NULL ? !journal_approvals (keyring->journal, sibling, &reviewer, &issuer, error)
	                    : !check_approvals (keyring, in, request, now, &reviewer, &issuer, error))
		return NULL;
	const Order order = { profile, request->subject, request->subject_n, request->keys, request->keys_n, in->copy, request->validity_days,
	                      request->uscc, in->serial, now, sibling != NULL ? serial_time (&sibling->serial) : now,
	                      &request->hash, &reviewer, &issuer };
	g_autoptr (Certificate) made = carry_out (keyring, &order, error);
	return made != NULL ? certificate_der (made) : NULL;
}

static Certificate *
issued_before (Keyring *keyring, const JournalIssue *earlier, GError **error)
{
	g_autoptr (GBytes) der = journal_certificate (keyring->journal, earlier, error);
	return der != NULL ? certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), error) : NULL;
}

Certificate *
issue_officer (gpointer user, const Officer *officer, const Fingerprint *request, GError **error)
{
	Keyring *keyring = user;
	const JournalIssue *earlier = journal_by_request (keyring->journal, request, 0);
	if (earlier != NULL)
		return issued_before (keyring, earlier, error);
	const Profile *profile = pins_newest (keyring->pins, "officer");
	const NamePart subject[] = {
		{ NAME_COUNTRY, "CN" }, { NAME_ORGANIZATION, keyring->pins->name },
		{ NAME_COMMON_NAME, officer->name }, { NAME_SERIAL_NUMBER, officer->person },
	};
	PublicKey *const keys[] = { officer->key };
	Micros now = keyring_now (keyring);
	Order order = { profile, subject, G_N_ELEMENTS (subject), keys, 1, 0, profile->validity_days, NULL, { { 0 } },
	                now, now, request, NULL, NULL };
	serial_new (order.now, &order.serial);
	return carry_out (keyring, &order, error);
}
