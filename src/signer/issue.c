/* signer/issue.c — see issue.h. */
#include "signer/issue.h"

#include <string.h>

#include "base/error.h"
#include "base/idnum.h"
#include "base/log.h"
#include "pki/enveloped_key.h"
#include "signer/approval.h"
#include "signer/invariant.h"

/* What a checked request or list entry comes down to. */
typedef struct {
	const Profile *profile;
	const NamePart *subject;
	gsize subject_n;
	PublicKey *const *keys;                   /* of the whole request; the one that this is about: */
	gsize keys_n;
	guint copy;
	PublicKey *made;                          /* to be certified in its place: a key pair of our own making; NULL none */
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
	PublicKey *key = order->made != NULL ? order->made : order->keys[order->copy];
	*t = (CertificateTemplate) {
		.serial = order->serial, .subject = order->subject, .subject_n = order->subject_n, .key = key,
		.not_before = start,
		/* notAfter is the last second of validity (RFC 5280 4.1.2.5). */
		.not_after = start + order->validity_days * MICROS_PER_DAY - MICROS_PER_S,
		.ca = FALSE, .path_length = -1,
		.key_usage = profile_key_usage (order->profile, public_key_algorithm (key)), .extended_key_usage = order->profile->extended_key_usage,
		.policy_oid = order->profile->policy, .uscc = order->uscc, .uscc_oid = order->profile->uscc_oid,
		.ocsp_uri = ca->ocsp_uri, .issuer_uri = ca->issuer_uri, .cps_uri = ca->cps_uri,
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

/* With a certified key, or with another of the same request.  One that is certified itself was looked at then. */
static gboolean
shares_prime (const Keyring *keyring, const Order *order, guint copy)
{
	g_autoptr (PrimeCheck) check = prime_check_new (order->keys[copy]);
	if (check == NULL || journal_by_spki (keyring->journal, public_key_fingerprint (order->keys[copy])) != NULL)
		return FALSE;
	journal_check_primes (keyring->journal, check);
	for (guint i = 0; i < order->keys_n; i++)
		if (i != copy)
			prime_check_against_key (check, order->keys[i]);
	return prime_check_finds (check);
}

/* A holder with it would have the key identifier by which an issuer is looked for. */
static gboolean
is_authority (const Keyring *keyring, const PublicKey *key)
{
	for (guint i = 0; i < keyring->cas->len; i++) {
		const PinnedCa *pin = ((const KeyringCa *) g_ptr_array_index (keyring->cas, i))->pin;
		const Certificate *const authorities[] = { pin->certificate, pin->root };
		for (gsize k = 0; k < G_N_ELEMENTS (authorities); k++)
			if (fingerprint_equal (public_key_fingerprint (certificate_public_key (authorities[k])), public_key_fingerprint (key)))
				return TRUE;
	}
	return FALSE;
}

static gboolean
check_key (const Keyring *keyring, const Order *order, guint copy, GError **error)
{
	const PublicKey *key = order->keys[copy];
	g_autofree char *at = copy == 0 ? g_strdup ("/request/spki") : g_strdup_printf ("/request/more/%u", copy - 1);
	const JournalIssue *known = journal_by_spki (keyring->journal, public_key_fingerprint (key));
	if (!public_key_check_strength (key, error))
		return FALSE;
	if ((order->profile->algorithms & 1u << public_key_algorithm (key)) == 0)
		return diqi_fail (error, DIQI_ERROR_KEY_ALGORITHM, at, "the profile does not allow %s", key_algorithm_name (public_key_algorithm (key)));
	if (known != NULL && (order->request == NULL || !known->has_request || !fingerprint_equal (&known->request, order->request)))
		return diqi_fail (error, DIQI_ERROR_KEY_REUSED, at, "the key has a certificate from another request");
	if (is_authority (keyring, key))
		return diqi_fail (error, DIQI_ERROR_KEY_REUSED, at, "the key of an authority of this site");
	return !shares_prime (keyring, order, copy)
		|| diqi_fail (error, DIQI_ERROR_KEY_WEAK, at, "weak RSA key: it shares a prime with an earlier key, and both are broken by that");
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
	g_autofree char *list = pins_list_uri (ca->pin, &order->serial);
	t.crl_uri = list;
	if (!invariant_template (order->profile->kind, &t, ca->pin->certificate, order->now, error))
		return NULL;
	g_autoptr (GBytes) der = issuer_sign_certificate (ca->issuer, &t, error);
	if (der == NULL)
		return NULL;
	g_autoptr (Certificate) made = certificate_parse_over (g_bytes_get_data (der, NULL), g_bytes_get_size (der), t.key, error);
	if (made == NULL || !invariant_certificate (made, &t, error))
		return NULL;
	return g_steal_pointer (&made);
}

static gboolean
check_order (const Keyring *keyring, const Order *order, GError **error)
{
	return keyring_check_clock (keyring, order->now, error) && check_by_profile (order, error) && check_fresh (keyring, order, error)
		&& check_keys (keyring, order, error);
}

/* The holder's key says which hierarchy: one whose kind its holder's software can check. */
static const KeyringCa *
ca_for (const Keyring *keyring, const Order *order, GError **error)
{
	return keyring_ca_for_key (keyring, public_key_algorithm (order->keys[order->copy]), error);
}

static void
remember (Keyring *keyring, const KeyringCa *ca, const Order *order, const Certificate *made)
{
	g_autofree char *profile = g_strdup_printf ("%s-%" G_GINT64_FORMAT, order->profile->name, order->profile->version);
	const JournalEntry entry = { order->now, ca->pin->name, order->request, order->copy, profile, order->reviewer, order->issuer, made, order->made != NULL };
	journal_add_issue (keyring->journal, &entry);
	g_autofree char *serial = serial_hex (&order->serial);
	log_event (LOG_LEVEL_INFO, "signer.issued", "serial", "%s", serial, "profile", "%s", profile, NULL);
}

static Certificate *
carry_out (Keyring *keyring, const Order *order, GError **error)
{
	if (!check_order (keyring, order, error))
		return NULL;
	const KeyringCa *ca = ca_for (keyring, order, error);
	g_autoptr (Certificate) made = ca != NULL ? sign (ca, order, error) : NULL;
	if (made != NULL)
		remember (keyring, ca, order, made);
	return g_steal_pointer (&made);
}

/* --- double certificates ------------------------------------------------------------------ */

static gboolean
check_encryption (const Keyring *keyring, const Order *order, const Order *encryption, GError **error)
{
	const AgentList *agents = agents_log_current (keyring->agents);
	if (agents == NULL)
		return diqi_fail (error, DIQI_ERROR_KEY_CENTRE, "/request/encryption", "no recovery agents are set");
	if (!agents_log_can_open (keyring->agents, agents->version))
		return diqi_fail (error, DIQI_ERROR_KEY_CENTRE, "/request/encryption", "fewer recovery agents are officers still than a key needs: set them anew");
	if (memcmp (&order->serial, &encryption->serial, sizeof order->serial) == 0)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/encryption_serial", "two certificates with one serial number");
	return check_by_profile (encryption, error) && check_fresh (keyring, encryption, error) && check_keys (keyring, encryption, error);
}

/* Nothing is gathered before everything is made. */
static gboolean
keep_pair (Keyring *keyring, const KeyringCa *ca, const Order *order, const Order *encryption, const PrivateKey *key, Issued *out, GError **error)
{
	g_autoptr (Certificate) second = sign (ca, encryption, error);
	g_autoptr (Certificate) first = second != NULL ? sign (ca, order, error) : NULL;
	g_autoptr (GBytes) envelope = first != NULL ? enveloped_key_build (order->keys[order->copy], first, key, error) : NULL;
	const EscrowOrder escrow = { keyring->pins->site, agents_log_current (keyring->agents), key, &encryption->serial, envelope, order->now };
	if (envelope == NULL || !escrow_add (keyring->escrow, &escrow, error))
		return FALSE;
	/* In this order: of a torn write the first line may stay, and then the second certificate follows when it is asked for again. */
	remember (keyring, ca, encryption, second);
	remember (keyring, ca, order, first);
	out->certificate = certificate_der (first);
	out->encryption = certificate_der (second);
	out->envelope = g_steal_pointer (&envelope);
	return TRUE;
}

static PrivateKey *
make_pair (const Keyring *keyring, KeyAlgorithm algorithm, GError **error)
{
	return key_algorithm_is_rsa (algorithm) ? key_maker_take (keyring->maker, algorithm, error) : private_key_generate (algorithm, error);
}

static gboolean
carry_out_pair (Keyring *keyring, const Order *order, const Profile *profile, const Serial *serial, Issued *out, GError **error)
{
	Order encryption = *order;
	encryption.profile = profile;
	encryption.serial = *serial;
	if (!check_order (keyring, order, error) || !check_encryption (keyring, order, &encryption, error))
		return FALSE;
	const KeyringCa *ca = ca_for (keyring, order, error);
	g_autoptr (PrivateKey) key = ca != NULL ? make_pair (keyring, public_key_algorithm (order->keys[order->copy]), error) : NULL;
	g_autoptr (PublicKey) public = key != NULL ? private_key_public (key) : NULL;
	if (public == NULL)
		return FALSE;
	encryption.made = public;
	return keep_pair (keyring, ca, order, &encryption, key, out, error);
}

/* The encryption certificate is there already: with the same envelope as before. */
static gboolean
read_pair (Keyring *keyring, const JournalIssue *issue, Issued *out, GError **error)
{
	g_autoptr (EscrowKey) key = NULL;
	if (!escrow_find (keyring->escrow, &issue->serial, &key, error))
		return FALSE;
	if (key == NULL)
		return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "an encryption certificate whose key was not escrowed");
	out->encryption = journal_certificate (keyring->journal, issue, error);
	out->envelope = out->encryption != NULL ? escrow_key_envelope (key, error) : NULL;
	return out->envelope != NULL;
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

/* Of the same kind of holder and carrier.  *out NULL: the request has no "encryption". */
static gboolean
find_encryption (const Keyring *keyring, const CertificateRequest *request, const Profile *signing, const Profile **out, GError **error)
{
	*out = NULL;
	if (request->encryption_profile == NULL)
		return TRUE;
	*out = pins_profile (keyring->pins, request->encryption_profile, request->encryption_version);
	if (*out == NULL)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/request/encryption/profile", "no pinned profile of this name and version");
	const CertificateKind *kind = (*out)->kind;
	return (kind->use == USE_ENCRYPT && kind->holder == signing->kind->holder && kind->carrier == signing->kind->carrier)
		|| diqi_fail (error, DIQI_ERROR_SIGNER, "/request/encryption/profile", "not the encryption profile of these holders and carriers");
}

/* The first copy of this request that was signed; NULL: none yet. */
static const JournalIssue *
first_copy (const Keyring *keyring, const CertificateRequest *request)
{
	for (guint copy = 0; copy < request->keys_n; copy++) {
		const JournalIssue *issue = journal_by_request (keyring->journal, &request->hash, copy);
		if (issue == NULL)
			issue = journal_encryption (keyring->journal, &request->hash, copy);
		if (issue != NULL)
			return issue;
	}
	return NULL;
}

/* What was called revoked is not followed by another copy: it may be the approvals that were wrong. */
static gboolean
check_siblings (const Keyring *keyring, const CertificateRequest *request, GError **error)
{
	for (guint copy = 0; copy < request->keys_n; copy++) {
		const JournalIssue *issue = journal_by_request (keyring->journal, &request->hash, copy);
		const JournalIssue *pair = journal_encryption (keyring->journal, &request->hash, copy);
		if ((issue != NULL && journal_revocation (keyring->journal, &issue->serial) != NULL)
		    || (pair != NULL && journal_revocation (keyring->journal, &pair->serial) != NULL))
			return diqi_fail (error, DIQI_ERROR_CERTIFICATE_STATE, "/request", "copy %u of this request was revoked or is held: no more are made", copy);
	}
	return TRUE;
}

static gboolean
check_approvals (Keyring *keyring, const IssueOrder *in, const CertificateRequest *request, Micros now,
                 Fingerprint *reviewer, Fingerprint *issuer, GError **error)
{
	const Court court = { keyring->pins, officers_log_current (keyring->officers), now, keyring->journal };
	const ApprovalTarget target = { request->application, request->profile, request->profile_version, request->hash };
	return approvals_check (&court, &target, in->reviewer, in->issuer, reviewer, issuer, error);
}

/* A serial for each certificate, and for no other. */
static gboolean
check_serials (const IssueOrder *in, const CertificateRequest *request, GError **error)
{
	if (request->encryption_profile != NULL && in->encryption_serial == NULL)
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, "/encryption_serial", "the request has \"encryption\"");
	return request->encryption_profile != NULL || in->encryption_serial == NULL
		|| diqi_fail (error, DIQI_ERROR_FIELD_UNKNOWN, "/encryption_serial", "the request has no \"encryption\"");
}

/* What is there already, of a copy asked for again; *all: nothing is left to do. */
static gboolean
read_earlier (Keyring *keyring, const CertificateRequest *request, guint copy, Issued *out, gboolean *all, GError **error)
{
	const JournalIssue *signing = journal_by_request (keyring->journal, &request->hash, copy);
	const JournalIssue *encryption = journal_encryption (keyring->journal, &request->hash, copy);
	if (encryption != NULL && !read_pair (keyring, encryption, out, error))
		return FALSE;
	if (signing != NULL && (out->certificate = journal_certificate (keyring->journal, signing, error)) == NULL)
		return FALSE;
	*all = signing != NULL;
	return TRUE;
}

static gboolean
issue_anew (Keyring *keyring, const IssueOrder *in, const CertificateRequest *request, const Profile *profile, const Profile *encryption,
            Issued *out, GError **error)
{
	const JournalIssue *sibling = first_copy (keyring, request);
	if (sibling == NULL && (!profile->open || (encryption != NULL && !encryption->open)))
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/request/profile_version", "this version is closed to new certificates");
	Micros now = keyring_now (keyring);
	Fingerprint reviewer, issuer;
	gboolean carried = sibling != NULL && now - serial_time (&sibling->serial) <= APPROVAL_MAX_AGE;
	if (!check_siblings (keyring, request, error)
	    || (carried ? !journal_approvals (keyring->journal, sibling, &reviewer, &issuer, error)
	                : !check_approvals (keyring, in, request, now, &reviewer, &issuer, error)))
		return FALSE;
	const Order order = { .profile = profile, .subject = request->subject, .subject_n = request->subject_n, .keys = request->keys,
	                      .keys_n = request->keys_n, .copy = in->copy, .validity_days = request->validity_days, .uscc = request->uscc,
	                      .serial = in->serial, .now = now, .asked = sibling != NULL ? serial_time (&sibling->serial) : now,
	                      .request = &request->hash, .reviewer = &reviewer, .issuer = &issuer };
	/* The second is there without the first only after a torn write. */
	if (encryption != NULL && out->encryption == NULL)
		return carry_out_pair (keyring, &order, encryption, in->encryption_serial, out, error);
	g_autoptr (Certificate) made = carry_out (keyring, &order, error);
	out->certificate = made != NULL ? certificate_der (made) : NULL;
	return made != NULL;
}

void
issued_clear (Issued *issued)
{
	g_clear_pointer (&issued->certificate, g_bytes_unref);
	g_clear_pointer (&issued->encryption, g_bytes_unref);
	g_clear_pointer (&issued->envelope, g_bytes_unref);
}

gboolean
issue_carry_out (Keyring *keyring, const IssueOrder *in, Issued *out, GError **error)
{
	g_autoptr (CertificateRequest) request = certificate_request_parse (in->request, in->request_n, error);
	const Profile *profile = request != NULL ? find_profile (keyring, request, error) : NULL, *encryption;
	gboolean all;
	if (profile == NULL || !find_encryption (keyring, request, profile, &encryption, error) || !check_serials (in, request, error))
		return FALSE;
	if (in->copy >= request->keys_n)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/copy", "the request has %" G_GSIZE_FORMAT " keys", request->keys_n);
	return read_earlier (keyring, request, in->copy, out, &all, error) && (all || issue_anew (keyring, in, request, profile, encryption, out, error));
}

static Certificate *
issued_before (Keyring *keyring, const JournalIssue *earlier, GError **error)
{
	g_autoptr (GBytes) der = journal_certificate (keyring->journal, earlier, error);
	return der != NULL ? certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), error) : NULL;
}

/* Of somebody who serves here, by the newest profile of that name. */
static Certificate *
issue_staff (Keyring *keyring, const char *profile_name, const char *name, const char *person, PublicKey *key, const Fingerprint *request, GError **error)
{
	const JournalIssue *earlier = journal_by_request (keyring->journal, request, 0);
	if (earlier != NULL)
		return issued_before (keyring, earlier, error);
	const Profile *profile = pins_newest (keyring->pins, profile_name);
	if (profile == NULL) {
		diqi_error_set (error, DIQI_ERROR_SIGNER, NULL, "no open profile %s", profile_name);
		return NULL;
	}
	const NamePart subject[] = {
		{ NAME_COUNTRY, "CN" }, { NAME_ORGANIZATION, keyring->pins->name }, { NAME_COMMON_NAME, name }, { NAME_SERIAL_NUMBER, person },
	};
	PublicKey *const keys[] = { key };
	Micros now = keyring_now (keyring);
	Order order = { .profile = profile, .subject = subject, .subject_n = G_N_ELEMENTS (subject), .keys = keys, .keys_n = 1,
	                .validity_days = profile->validity_days, .now = now, .asked = now, .request = request };
	serial_new (order.now, &order.serial);
	return carry_out (keyring, &order, error);
}

Certificate *
issue_officer (gpointer user, const Officer *officer, const Fingerprint *request, GError **error)
{
	return issue_staff (user, "officer", officer->name, officer->person, officer->key, request, error);
}

Certificate *
issue_agent (gpointer user, const Agent *agent, const Fingerprint *request, GError **error)
{
	return issue_staff (user, "recovery-agent", agent->name, agent->person, agent->key, request, error);
}
