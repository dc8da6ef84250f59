/* signer/invariant.c — see invariant.h.  TurkTrust 2011: the check after signing compared with the
 * profile, and the profile was wrong; so nothing here reads a profile. */
#include "signer/invariant.h"

#include <string.h>

#include "base/error.h"
#include "pki/identity_number.h"

static const guint8 name_bounds[NAME_N_ATTRIBUTES] = {
	[NAME_COUNTRY] = 2, [NAME_PROVINCE] = 128, [NAME_LOCALITY] = 128, [NAME_ORGANIZATION] = 64, [NAME_UNIT] = 64,
	[NAME_COMMON_NAME] = 64, [NAME_SERIAL_NUMBER] = 64, [NAME_ORGANIZATION_IDENTIFIER] = 64,
};

gsize
invariant_name_length (NameAttribute attribute)
{
	return name_bounds[attribute];
}

/* Characters that change how the rest of a name is shown, or do not show at all. */
static gboolean
is_deceptive (gunichar c)
{
	GUnicodeType type = g_unichar_type (c);
	return type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT || type == G_UNICODE_SURROGATE || type == G_UNICODE_UNASSIGNED
		|| type == G_UNICODE_PRIVATE_USE || type == G_UNICODE_LINE_SEPARATOR || type == G_UNICODE_PARAGRAPH_SEPARATOR;
}

/* Letters and marks that show as a blank or not at all, though Unicode counts them among letters and marks: with one of them a name looks
 * like another's.  Asked of certificates to come only: what is on record was judged without. */
static gboolean
shows (const char *value)
{
	static const struct {
		gunichar first, last;
	} hidden[] = {
		{ 0x034f, 0x034f }, { 0x115f, 0x1160 }, { 0x17b4, 0x17b5 }, { 0x180b, 0x180f }, { 0x2800, 0x2800 }, { 0x3164, 0x3164 },
		{ 0xfe00, 0xfe0f }, { 0xffa0, 0xffa0 }, { 0xe0100, 0xe01ef },
	};
	for (const char *p = value; *p != '\0'; p = g_utf8_next_char (p))
		for (gsize i = 0; i < G_N_ELEMENTS (hidden); i++)
			if (g_utf8_get_char (p) >= hidden[i].first && g_utf8_get_char (p) <= hidden[i].last)
				return FALSE;
	return TRUE;
}

gboolean
invariant_name_value (NameAttribute attribute, const char *value, const char *field, GError **error)
{
	if (!g_utf8_validate (value, -1, NULL))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, field, "not UTF-8");
	glong n = g_utf8_strlen (value, -1);
	if (n == 0)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, field, "empty");
	if ((gsize) n > invariant_name_length (attribute))
		return diqi_fail (error, DIQI_ERROR_FIELD_LENGTH, field, "%s has at most %" G_GSIZE_FORMAT " characters", name_attribute_key (attribute), invariant_name_length (attribute));
	gboolean blank_before = TRUE;
	for (const char *p = value; *p != '\0'; p = g_utf8_next_char (p)) {
		gunichar c = g_utf8_get_char (p);
		gboolean blank = g_unichar_isspace (c);
		if (is_deceptive (c) || (blank && blank_before))
			return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, field, "a character that a name may not have there");
		blank_before = blank;
	}
	return !blank_before || diqi_fail (error, DIQI_ERROR_FIELD_VALUE, field, "ends with a blank");
}

/* --- kinds of certificates ----------------------------------------------------------------- */

#define SIGN_USAGE (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)
#define ENCRYPT_USAGE (KU_KEY_ENCIPHERMENT | KU_DATA_ENCIPHERMENT | KU_KEY_AGREEMENT)
#define SIGN_EXTENDED (EKU_CLIENT_AUTH | EKU_EMAIL | EKU_DOCUMENT_SIGNING)
#define SIGN_ALGORITHMS (INVARIANT_ALGORITHMS | 1u << KEY_ED25519)
#define SERVICE_DAYS (3 * 365 + 1)
/* CA/Browser Forum Baseline Requirements 6.3.2 */
#define SERVER_DAYS 398

#define SIGNS(name, holder, carrier, policy) { name, holder, carrier, USE_SIGN, policy, INVARIANT_MAX_DAYS, SIGN_ALGORITHMS, SIGN_USAGE, SIGN_EXTENDED }
#define ENCRYPTS(name, holder, carrier, policy) \
	{ name, holder, carrier, USE_ENCRYPT, policy, INVARIANT_MAX_DAYS, INVARIANT_ALGORITHMS, ENCRYPT_USAGE, EKU_EMAIL }
#define SERVES(name, policy, days, usage, extended) { name, HOLDER_SITE, CARRIER_NONE, USE_SERVICE, policy, days, SIGN_ALGORITHMS, usage, extended }

static const CertificateKind kinds[] = {
	SIGNS ("organization", HOLDER_ORGANIZATION, CARRIER_HARD, POLICY_ORGANIZATION),
	SIGNS ("organization-soft", HOLDER_ORGANIZATION, CARRIER_SOFT, POLICY_ORGANIZATION_SOFT),
	SIGNS ("person", HOLDER_PERSON, CARRIER_HARD, POLICY_PERSON),
	SIGNS ("person-soft", HOLDER_PERSON, CARRIER_SOFT, POLICY_PERSON_SOFT),
	SIGNS ("officer", HOLDER_OFFICER, CARRIER_NONE, POLICY_OFFICER),
	ENCRYPTS ("organization-encryption", HOLDER_ORGANIZATION, CARRIER_HARD, POLICY_ORGANIZATION_ENCRYPTION),
	ENCRYPTS ("organization-soft-encryption", HOLDER_ORGANIZATION, CARRIER_SOFT, POLICY_ORGANIZATION_SOFT_ENCRYPTION),
	ENCRYPTS ("person-encryption", HOLDER_PERSON, CARRIER_HARD, POLICY_PERSON_ENCRYPTION),
	ENCRYPTS ("person-soft-encryption", HOLDER_PERSON, CARRIER_SOFT, POLICY_PERSON_SOFT_ENCRYPTION),
	ENCRYPTS ("recovery-agent", HOLDER_OFFICER, CARRIER_NONE, POLICY_RECOVERY_AGENT),
	SERVES ("server", POLICY_SERVER, SERVER_DAYS, KU_DIGITAL_SIGNATURE, EKU_SERVER_AUTH),
	SERVES ("ocsp", POLICY_OCSP, SERVICE_DAYS, KU_DIGITAL_SIGNATURE, EKU_OCSP_SIGNING),
	SERVES ("tsa", POLICY_TSA, INVARIANT_MAX_DAYS, SIGN_USAGE, EKU_TIME_STAMPING),
	/* Mail signing beside it: NSS, and with it pdfsig, trusts no signature on a document without (docs/decisions/0018). */
	SERVES ("document", POLICY_DOCUMENT, SERVICE_DAYS, SIGN_USAGE, EKU_DOCUMENT_SIGNING | EKU_EMAIL),
	SERVES ("log", POLICY_LOG, SERVICE_DAYS, KU_DIGITAL_SIGNATURE, EKU_DIQI_LOG),
	SERVES ("receipt", POLICY_RECEIPT, SERVICE_DAYS, SIGN_USAGE, EKU_DIQI_RECEIPT),
};

const CertificateKind *
invariant_kind (const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
		if (strcmp (kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

const CertificateKind *
invariant_kind_of (const Certificate *certificate)
{
	for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
		if (certificate_has_policy (certificate, kinds[i].policy))
			return &kinds[i];
	return NULL;
}

const CertificateKind *
invariant_kind_for (ProfileHolder holder, ProfileCarrier carrier, ProfileUse use)
{
	for (gsize i = 0; i < G_N_ELEMENTS (kinds) && use != USE_SERVICE; i++)
		if (kinds[i].holder == holder && kinds[i].carrier == carrier && kinds[i].use == use)
			return &kinds[i];
	return NULL;
}

guint
invariant_key_usage (guint key_usage, KeyAlgorithm algorithm)
{
	switch (algorithm) {
	case KEY_SM2:
		return key_usage;
	case KEY_RSA3072:
	case KEY_RSA4096:
		return key_usage & ~(guint) KU_KEY_AGREEMENT;
	default:
		return key_usage & ~(guint) (KU_KEY_ENCIPHERMENT | KU_DATA_ENCIPHERMENT);
	}
}

/* --- usage ------------------------------------------------------------------------------------ */

static gboolean
check_key_usage (const CertificateKind *kind, guint key_usage, GError **error)
{
	gboolean within = key_usage != 0 && (key_usage & ~kind->key_usage) == 0;
	gboolean signs = (key_usage & KU_DIGITAL_SIGNATURE) != 0;
	gboolean takes_keys = (key_usage & (KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT)) != 0;
	return (within && (kind->use == USE_ENCRYPT ? takes_keys : signs))
		|| diqi_fail (error, DIQI_ERROR_SIGNER, "/key_usage", kind->use == USE_ENCRYPT
			? "an encryption key takes keys and does nothing else" : "a signing key signs and does nothing else");
}

static gboolean
check_extended_key_usage (const CertificateKind *kind, guint usage, GError **error)
{
	gboolean within = kind->use == USE_SERVICE ? usage == kind->extended_key_usage : (usage & ~kind->extended_key_usage) == 0;
	/* None at all would say "for everything" (RFC 5280 4.2.1.12). */
	return (within && (usage != 0 || kind->use == USE_ENCRYPT))
		|| diqi_fail (error, DIQI_ERROR_SIGNER, "/extended_key_usage", "an extended key usage that %s certificates never have", kind->name);
}

gboolean
invariant_usage (const CertificateKind *kind, guint key_usage, guint extended_key_usage, guint algorithms, gint64 days, GError **error)
{
	if (!check_key_usage (kind, key_usage, error) || !check_extended_key_usage (kind, extended_key_usage, error))
		return FALSE;
	if (algorithms == 0 || (algorithms & ~kind->algorithms) != 0)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/algorithms", "an algorithm that %s certificates never have", kind->name);
	if (days < 1 || days > kind->max_days)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/validity_days", "1 to %d days", kind->max_days);
	return TRUE;
}

/* --- one certificate ---------------------------------------------------------------------------- */

static gboolean
check_validity (const CertificateKind *kind, const CertificateTemplate *t, const Certificate *issuer, Micros now, GError **error)
{
	/* WoSign 2016 back-dated certificates: the start is this clock's, nobody else's. */
	if (t->not_before > now || now - t->not_before >= MICROS_PER_S || t->not_before % MICROS_PER_S != 0 || t->not_after % MICROS_PER_S != 0)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/not_before", "validity does not start now");
	if (t->not_after <= t->not_before || t->not_after - t->not_before >= kind->max_days * MICROS_PER_DAY)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/validity_days", "validity is too long");
	if (t->not_before < certificate_not_before (issuer) || t->not_after > certificate_not_after (issuer))
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/validity_days", "validity reaches beyond the issuing certificate's");
	return TRUE;
}

static gboolean
check_subject (const CertificateKind *kind, const CertificateTemplate *t, GError **error)
{
	gboolean seen[NAME_N_ATTRIBUTES] = { FALSE };
	for (gsize i = 0; i < t->subject_n; i++) {
		const NamePart *part = &t->subject[i];
		if (seen[part->attribute])
			return diqi_fail (error, DIQI_ERROR_SIGNER, "/subject", "%s twice", name_attribute_key (part->attribute));
		seen[part->attribute] = TRUE;
		if (!invariant_name_value (part->attribute, part->value, "/subject", error))
			return FALSE;
		if (kind->holder != HOLDER_SITE && !shows (part->value))
			return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/subject", "a character that does not show");
	}
	if (t->subject_n == 0 || t->subject[0].attribute != NAME_COUNTRY || strcmp (t->subject[0].value, "CN") != 0)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/subject", "subject must begin with C=CN");
	return seen[NAME_COMMON_NAME] || diqi_fail (error, DIQI_ERROR_SIGNER, "/subject", "subject without CN");
}

static gboolean
check_serial (const Serial *serial, GError **error)
{
	/* RFC 5280 4.1.2.2: positive, at most 20 octets.  Of serial_new's form: by that OCSP knows ours, and of any other never says "revoked". */
	return (serial->b[0] & 0xc0) == 0x40 || diqi_fail (error, DIQI_ERROR_SIGNER, "/serial", "not a serial number of this authority");
}

/* What only some kinds have. */
static gboolean
check_kind (const CertificateKind *kind, const CertificateTemplate *t, GError **error)
{
	gboolean ocsp = (kind->extended_key_usage & EKU_OCSP_SIGNING) != 0;
	if (t->ca || t->path_length != -1)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/ca", "a leaf is never an authority");
	/* RFC 6960 4.2.2.2.1: nobody asks for the status of the one who tells it. */
	if (t->ocsp_no_check != ocsp || (t->ocsp_uri == NULL) != ocsp)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/ocsp_no_check", "exactly the certificates of status services go unchecked");
	if (t->hosts != NULL && (kind->extended_key_usage & EKU_SERVER_AUTH) == 0)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/hosts", "only a server has names of hosts");
	if (t->uscc != NULL && kind->holder != HOLDER_ORGANIZATION)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/uscc", "only an organisation has a credit code");
	if (g_strcmp0 (t->policy_oid, kind->policy) != 0)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/policy", "not the policy of %s certificates", kind->name);
	return (t->crl_uri != NULL && t->issuer_uri != NULL) || diqi_fail (error, DIQI_ERROR_SIGNER, "/crl_uri", "a certificate without addresses of status and issuer");
}

gboolean
invariant_template (const CertificateKind *kind, const CertificateTemplate *t, const Certificate *issuer, Micros now, GError **error)
{
	KeyAlgorithm algorithm = public_key_algorithm (t->key);
	if (!check_kind (kind, t, error) || !invariant_usage (kind, t->key_usage, t->extended_key_usage, 1u << algorithm, 1, error))
		return FALSE;
	if (invariant_key_usage (t->key_usage, algorithm) != t->key_usage)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/key_usage", "a key usage that %s keys cannot have", key_algorithm_name (algorithm));
	if (!public_key_check_strength (t->key, error) || !check_serial (&t->serial, error))
		return FALSE;
	return check_validity (kind, t, issuer, now, error) && check_subject (kind, t, error);
}

static gboolean
same_subject (const Certificate *made, const CertificateTemplate *t)
{
	gsize present = 0;
	for (int a = 0; a < NAME_N_ATTRIBUTES; a++) {
		g_autofree char *value = certificate_subject_attribute (made, (NameAttribute) a);
		present += value != NULL;
	}
	for (gsize i = 0; i < t->subject_n; i++) {
		g_autofree char *value = certificate_subject_attribute (made, t->subject[i].attribute);
		if (g_strcmp0 (value, t->subject[i].value) != 0)
			return FALSE;
	}
	return present == t->subject_n;
}

/* As the template has it or none, and no other number of a person or organisation. */
static gboolean
same_credit_code (const Certificate *made, const CertificateTemplate *t)
{
	gboolean found = FALSE;
	for (IdentityNumber which = 0; which < IDENTITY_N_NUMBERS; which++) {
		g_autofree char *value = certificate_identity_number (made, which, t->uscc_oid);
		if (value != NULL && (g_strcmp0 (value, t->uscc) != 0 || found))
			return FALSE;
		found |= value != NULL;
	}
	return found == (t->uscc != NULL);
}

gboolean
invariant_certificate (const Certificate *made, const CertificateTemplate *t, GError **error)
{
	const Fingerprint *made_key = public_key_fingerprint (certificate_public_key (made));
	const char *wrong = NULL;
	if (certificate_is_ca (made))
		wrong = "CA:TRUE";
	else if (certificate_key_usage (made) != t->key_usage)
		wrong = "key usage";
	else if (certificate_extended_key_usage (made) != t->extended_key_usage)
		wrong = "extended key usage";
	else if (memcmp (certificate_serial (made), &t->serial, sizeof (Serial)) != 0)
		wrong = "serial";
	else if (certificate_not_before (made) != t->not_before || certificate_not_after (made) != t->not_after)
		wrong = "validity";
	else if (!fingerprint_equal (made_key, public_key_fingerprint (t->key)))
		wrong = "key";
	else if (!certificate_has_policy (made, t->policy_oid))
		wrong = "policy";
	else if (!same_credit_code (made, t))
		wrong = "credit code";
	else if (!same_subject (made, t))
		wrong = "subject";
	if (wrong != NULL)
		return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "the finished certificate has another %s than was to be signed", wrong);
	return TRUE;
}
