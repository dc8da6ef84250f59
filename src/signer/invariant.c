/* signer/invariant.c — see invariant.h.  TurkTrust 2011: the check after signing compared with the
 * profile, and the profile was wrong; so nothing here reads a profile. */
#include "signer/invariant.h"

#include <string.h>

#include "base/error.h"

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

gboolean
invariant_usage (guint key_usage, guint extended_key_usage, guint algorithms, gint64 days, GError **error)
{
	if ((key_usage & KU_DIGITAL_SIGNATURE) == 0 || (key_usage & ~(guint) INVARIANT_KEY_USAGE) != 0)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/key_usage", "holders sign; any other key usage is refused");
	if (extended_key_usage == 0 || (extended_key_usage & ~(guint) INVARIANT_EXTENDED_KEY_USAGE) != 0)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/extended_key_usage", "an extended key usage that holders never get");
	if (algorithms == 0 || (algorithms & ~INVARIANT_ALGORITHMS) != 0)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/algorithms", "an algorithm that holders never use");
	if (days < 1 || days > INVARIANT_MAX_DAYS)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/validity_days", "1 to %d days", INVARIANT_MAX_DAYS);
	return TRUE;
}

static gboolean
check_validity (const CertificateTemplate *t, const Certificate *issuer, Micros now, GError **error)
{
	/* WoSign 2016 back-dated certificates: the start is this clock's, nobody else's. */
	if (t->not_before > now || now - t->not_before >= MICROS_PER_S || t->not_before % MICROS_PER_S != 0 || t->not_after % MICROS_PER_S != 0)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/not_before", "validity does not start now");
	if (t->not_after <= t->not_before || t->not_after - t->not_before > INVARIANT_MAX_DAYS * MICROS_PER_DAY)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/validity_days", "validity is too long");
	if (t->not_before < certificate_not_before (issuer) || t->not_after > certificate_not_after (issuer))
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/validity_days", "validity reaches beyond the issuing certificate's");
	return TRUE;
}

static gboolean
check_subject (const CertificateTemplate *t, GError **error)
{
	gboolean seen[NAME_N_ATTRIBUTES] = { FALSE };
	for (gsize i = 0; i < t->subject_n; i++) {
		const NamePart *part = &t->subject[i];
		if (seen[part->attribute])
			return diqi_fail (error, DIQI_ERROR_SIGNER, "/subject", "%s twice", name_attribute_key (part->attribute));
		seen[part->attribute] = TRUE;
		if (!invariant_name_value (part->attribute, part->value, "/subject", error))
			return FALSE;
	}
	if (t->subject_n == 0 || t->subject[0].attribute != NAME_COUNTRY || strcmp (t->subject[0].value, "CN") != 0)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/subject", "subject must begin with C=CN");
	return seen[NAME_COMMON_NAME] || diqi_fail (error, DIQI_ERROR_SIGNER, "/subject", "subject without CN");
}

static gboolean
check_serial (const Serial *serial, GError **error)
{
	/* RFC 5280 4.1.2.2: positive, at most 20 octets; ours always have 20. */
	gboolean well = serial->b[0] != 0 && (serial->b[0] & 0x80) == 0;
	return well || diqi_fail (error, DIQI_ERROR_SIGNER, "/serial", "not a serial number of this authority");
}

gboolean
invariant_template (const CertificateTemplate *t, const Certificate *issuer, Micros now, GError **error)
{
	if (t->ca || t->path_length != -1 || t->ocsp_no_check)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/ca", "this signer issues no CA or service certificate");
	guint algorithm = 1u << public_key_algorithm (t->key);
	if (!invariant_usage (t->key_usage, t->extended_key_usage, algorithm, 1, error))
		return FALSE;
	if (!public_key_check_strength (t->key, error) || !check_serial (&t->serial, error))
		return FALSE;
	if (t->policy_oid == NULL || t->ocsp_uri == NULL || t->crl_uri == NULL || t->issuer_uri == NULL)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/policy", "a certificate without policy or status addresses");
	return check_validity (t, issuer, now, error) && check_subject (t, error);
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
	else if (!same_subject (made, t))
		wrong = "subject";
	if (wrong != NULL)
		return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "the finished certificate has another %s than was to be signed", wrong);
	return TRUE;
}
