/* pki/lint_certificate.c — rules over a TBSCertificate.  See lint.h. */
#include "pki/lint.h"

#include "pki/certificate_private.h"
#include "pki/extension.h"
#include "pki/lint_view.h"
#include "pki/name.h"
#include "pki/pki_private.h"

#define OID_ANY_POLICY "\x55\x1d\x20\x00"
#define OID_ANY_EXTENDED_KEY_USAGE "\x55\x1d\x25\x00"
#define OID_EKU_SERVER_AUTH "\x2b\x06\x01\x05\x05\x07\x03\x01"
#define OID_EKU_TIME_STAMPING "\x2b\x06\x01\x05\x05\x07\x03\x08"
#define OID_EKU_OCSP_SIGNING "\x2b\x06\x01\x05\x05\x07\x03\x09"
/* Identity extensions: 1.2.156.10260.4 (GB/T 20518), 1.2.86.11.7 (its older arc). */
#define OID_ARC_IDENTITY "\x2a\x81\x1c\xd0\x14\x04"
#define OID_ARC_IDENTITY_OLD "\x2a\x56\x0b\x07"

/* --- helpers of rules --------------------------------------------------------------------- */

static const LintExtension *
has (const LintView *v, Der oid)
{
	return lint_extension (&v->extensions, oid);
}

static gboolean
starts (Der bytes, Der prefix)
{
	return bytes.n >= prefix.n && memcmp (bytes.p, prefix.p, prefix.n) == 0;
}

static gboolean
has_usage (const LintView *v, Der oid)
{
	Der list = v->usages, one;

	while (der_read_oid (&list, &one))
		if (der_equal (one, oid))
			return TRUE;
	return FALSE;
}

static gsize
count_usages (const LintView *v)
{
	Der list = v->usages, one;
	gsize n = 0;

	while (der_read_oid (&list, &one))
		n++;
	return n;
}

/* --- the body --------------------------------------------------------------------------------- */

static gboolean is_version_3 (const LintView *v) { return v->version == 2; }

/* der_check has seen that the INTEGER is minimal. */
static gboolean
serial_in_range (const LintView *v)
{
	gsize octets = v->serial.n > 0 && v->serial.p[0] == 0 ? v->serial.n - 1 : v->serial.n;
	gboolean zero = v->serial.n == 1 && v->serial.p[0] == 0;
	return v->serial.n > 0 && (v->serial.p[0] & 0x80) == 0 && !zero && octets <= 20 && v->serial.n <= 20;
}

/* At least 64 random bits at its end: few different octets in fourteen happen by chance once in 10^20. */
static gboolean
serial_is_random (const LintView *v)
{
	guint8 seen[256] = { 0 };
	guint different = 0;
	if (v->serial.n < 16)
		return FALSE;
	for (gsize i = v->serial.n - 14; i < v->serial.n; i++)
		different += seen[v->serial.p[i]]++ == 0;
	return different >= 4;
}

static gboolean algorithm_is_signers (const LintView *v) { return der_equal (v->algorithm, v->signs); }
static gboolean issuer_is_named (const LintView *v) { return der_equal (v->issuer, v->by != NULL ? v->by->subject : v->subject); }
static gboolean time_is_well_formed (const LintView *v) { return v->time_form; }
static gboolean validity_in_order (const LintView *v) { return v->not_before < v->not_after; }

static gboolean
within_issuer (const LintView *v)
{
	return v->by == NULL || (v->not_before >= v->by->not_before && v->not_after <= v->by->not_after);
}

static gboolean subject_not_empty (const LintView *v) { return v->subject.n > 2; }
static gboolean no_unique_ids (const LintView *v) { return !v->unique_ids; }

typedef struct {
	Der oid[NAME_N_ATTRIBUTES + 4];
	gsize n;
	gboolean well, twice, short_enough;
} NameView;

/* One attribute a relative name, each once; text of the right sort. */
static void
read_attribute (NameView *name, Der pair)
{
	static const guint8 country[] = { 0x55, 0x04, 0x06 };
	Der oid, value;
	guint8 tag;

	if (!der_read_oid (&pair, &oid) || !der_next (&pair, &tag, &value) || pair.n != 0 || name->n == G_N_ELEMENTS (name->oid)) {
		name->well = FALSE;
		return;
	}
	for (gsize i = 0; i < name->n; i++)
		name->twice |= der_equal (name->oid[i], oid);
	name->oid[name->n++] = oid;
	gboolean is_country = der_equal (oid, (Der) { country, sizeof country });
	name->well &= tag == DER_UTF8_STRING || tag == DER_PRINTABLE_STRING;
	name->well &= value.n > 0 && g_utf8_validate_len ((const char *) value.p, value.n, NULL) && memchr (value.p, 0, value.n) == NULL;
	name->well &= !is_country || (tag == DER_PRINTABLE_STRING && value.n == 2);
	/* RFC 5280 appendix A bounds characters; 256 of UTF-8's four octets is more than any of them. */
	name->short_enough &= value.n <= 4 * 256;
}

static NameView
read_name (Der whole)
{
	NameView name = { .well = TRUE, .short_enough = TRUE };
	Der list, set, pair;

	if (!der_read (&whole, DER_SEQUENCE, &list))
		name.well = FALSE;
	while (name.well && list.n > 0) {
		name.well = der_read (&list, DER_SET, &set) && der_read (&set, DER_SEQUENCE, &pair) && set.n == 0;
		if (name.well)
			read_attribute (&name, pair);
	}
	return name;
}

static gboolean
subject_is_text (const LintView *v)
{
	NameView name = read_name (v->subject);
	return name.well && name.short_enough;
}

static gboolean
subject_without_twins (const LintView *v)
{
	return !read_name (v->subject).twice;
}

/* --- the key ----------------------------------------------------------------------------------- */

static gboolean key_is_known_sort (const LintView *v) { return v->kind != LINT_OTHER; }

static gboolean
rsa_is_large (const LintView *v)
{
	return v->kind != LINT_RSA || (v->modulus.n >= 3072 / 8 && (v->modulus.p[0] & 0x80) != 0 && v->exponent == 65537);
}

static gboolean
subject_key_is_right (const LintView *v)
{
	const LintExtension *extension = has (v, DER_LITERAL (OID_SUBJECT_KEY_IDENTIFIER));
	Fingerprint hash;
	Der value, id;

	if (extension == NULL || extension->critical)
		return FALSE;
	value = extension->value;
	fingerprint_of (v->key.p, v->key.n, &hash);
	return der_check (value.p, value.n) && der_read (&value, DER_OCTET_STRING, &id) && id.n == 20 && memcmp (id.p, hash.b, id.n) == 0;
}

/* --- extensions ---------------------------------------------------------------------------------- */

static gboolean extensions_once (const LintView *v) { return !v->extensions.twice; }

static gboolean
is_known_extension (Der oid)
{
	static const char *const known[] = {
		OID_SUBJECT_KEY_IDENTIFIER, OID_KEY_USAGE, OID_SUBJECT_ALT_NAME, OID_BASIC_CONSTRAINTS, OID_CRL_DISTRIBUTION_POINTS,
		OID_CERTIFICATE_POLICIES, OID_AUTHORITY_KEY_IDENTIFIER, OID_EXTENDED_KEY_USAGE, OID_AUTHORITY_INFORMATION_ACCESS, OID_OCSP_NO_CHECK,
		OID_FRESHEST_CRL,
	};
	for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
		if (der_equal (oid, (Der) { (const guint8 *) known[i], strlen (known[i]) }))
			return TRUE;
	return starts (oid, DER_LITERAL (OID_ARC_IDENTITY)) || starts (oid, DER_LITERAL (OID_ARC_IDENTITY_OLD));
}

static gboolean
extensions_known (const LintView *v)
{
	for (gsize i = 0; i < v->extensions.n; i++)
		if (!is_known_extension (v->extensions.item[i].oid))
			return FALSE;
	return TRUE;
}

/* Critical are keyUsage, basicConstraints and the single usage of a time stamp key; no other. */
static gboolean
critical_where_asked (const LintView *v)
{
	for (gsize i = 0; i < v->extensions.n; i++) {
		const LintExtension *e = &v->extensions.item[i];
		gboolean stamping = der_equal (e->oid, DER_LITERAL (OID_EXTENDED_KEY_USAGE)) && has_usage (v, DER_LITERAL (OID_EKU_TIME_STAMPING));
		gboolean asked = der_equal (e->oid, DER_LITERAL (OID_KEY_USAGE)) || der_equal (e->oid, DER_LITERAL (OID_BASIC_CONSTRAINTS)) || stamping;
		if (e->critical != asked)
			return FALSE;
	}
	return TRUE;
}

static gboolean
authority_key_is_right (const LintView *v)
{
	const LintExtension *extension = has (v, DER_LITERAL (OID_AUTHORITY_KEY_IDENTIFIER));
	return v->by == NULL ? extension == NULL : extension != NULL && lint_authority_key_is (extension, v->by);
}

static gboolean key_usage_is_there (const LintView *v) { return v->key_usage != 0; }

static gboolean
key_usage_fits_authority (const LintView *v)
{
	return v->ca ? (v->key_usage & KU_KEY_CERT_SIGN) != 0 : (v->key_usage & (KU_KEY_CERT_SIGN | KU_CRL_SIGN)) == 0;
}

static gboolean
key_usage_fits_key (const LintView *v)
{
	guint encipherment = KU_KEY_ENCIPHERMENT | KU_DATA_ENCIPHERMENT;
	switch (v->kind) {
	case LINT_RSA:
		return (v->key_usage & KU_KEY_AGREEMENT) == 0;
	case LINT_EC:
		return (v->key_usage & encipherment) == 0;
	case LINT_EDWARDS:
		return (v->key_usage & (encipherment | KU_KEY_AGREEMENT)) == 0;
	default:
		return TRUE;
	}
}

static gboolean
key_signs_or_encrypts (const LintView *v)
{
	gboolean signs = (v->key_usage & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) != 0;
	gboolean encrypts = (v->key_usage & (KU_KEY_ENCIPHERMENT | KU_DATA_ENCIPHERMENT | KU_KEY_AGREEMENT)) != 0;
	return v->ca || !(signs && encrypts);
}

static gboolean
constraints_only_of_authorities (const LintView *v)
{
	gboolean there = has (v, DER_LITERAL (OID_BASIC_CONSTRAINTS)) != NULL;
	return there == v->ca && (v->by != NULL || v->ca);
}

static gboolean
usages_well_formed (const LintView *v)
{
	const LintExtension *extension = has (v, DER_LITERAL (OID_EXTENDED_KEY_USAGE));
	Der list = v->usages, one, rest;

	if (extension == NULL)
		return TRUE;
	if (list.n == 0 || v->ca)
		return FALSE;
	while (list.n > 0) {
		if (!der_read_oid (&list, &one) || der_equal (one, DER_LITERAL (OID_ANY_EXTENDED_KEY_USAGE)))
			return FALSE;
		rest = list;
		Der other;
		while (der_read_oid (&rest, &other))
			if (der_equal (one, other))
				return FALSE;
	}
	return TRUE;
}

static gboolean
service_usage_is_alone (const LintView *v)
{
	gboolean service = has_usage (v, DER_LITERAL (OID_EKU_OCSP_SIGNING)) || has_usage (v, DER_LITERAL (OID_EKU_TIME_STAMPING));
	return !service || count_usages (v) == 1;
}

static gboolean
no_check_of_responders (const LintView *v)
{
	const LintExtension *extension = has (v, DER_LITERAL (OID_OCSP_NO_CHECK));
	gboolean null = extension != NULL && der_equal (extension->value, DER_LITERAL ("\x05\x00"));
	return has_usage (v, DER_LITERAL (OID_EKU_OCSP_SIGNING)) ? null : extension == NULL;
}

static gboolean
is_host_name (Der name)
{
	gsize label = 0;
	for (gsize i = 0; i < name.n; i++) {
		guint8 c = name.p[i];
		if (c == '.' && label > 0 && name.p[i - 1] != '-')
			label = 0;
		else if (g_ascii_islower (c) || g_ascii_isdigit (c) || (c == '-' && label > 0))
			label++;
		else
			return FALSE;
		if (label > 63)
			return FALSE;
	}
	return name.n > 0 && name.n <= 253 && label > 0 && name.p[name.n - 1] != '-';
}

static gboolean
hosts_of_servers (const LintView *v)
{
	const LintExtension *extension = has (v, DER_LITERAL (OID_SUBJECT_ALT_NAME));
	Der value, list, name;
	guint8 tag;

	if (!has_usage (v, DER_LITERAL (OID_EKU_SERVER_AUTH)))
		return extension == NULL;
	if (extension == NULL)
		return FALSE;
	value = extension->value;
	if (!der_check (value.p, value.n) || !der_read (&value, DER_SEQUENCE, &list) || list.n == 0)
		return FALSE;
	while (list.n > 0) {
		if (!der_next (&list, &tag, &name))
			return FALSE;
		gboolean address = tag == DER_CONTEXT (7) && (name.n == 4 || name.n == 16);
		if (!address && !(tag == DER_CONTEXT (2) && is_host_name (name)))
			return FALSE;
	}
	return TRUE;
}

static gboolean
policies_well_formed (const LintView *v)
{
	const LintExtension *extension = has (v, DER_LITERAL (OID_CERTIFICATE_POLICIES));
	Der value, list, one, oid, seen[8];
	gsize n = 0;

	if (extension == NULL)
		return TRUE;
	value = extension->value;
	if (!der_check (value.p, value.n) || !der_read (&value, DER_SEQUENCE, &list) || list.n == 0)
		return FALSE;
	while (list.n > 0) {
		if (n == G_N_ELEMENTS (seen) || !der_read (&list, DER_SEQUENCE, &one) || !der_read_oid (&one, &oid))
			return FALSE;
		if (!v->ca && der_equal (oid, DER_LITERAL (OID_ANY_POLICY)))
			return FALSE;
		for (gsize i = 0; i < n; i++)
			if (der_equal (seen[i], oid))
				return FALSE;
		seen[n++] = oid;
	}
	return TRUE;
}

static gboolean
is_web_address (Der uri)
{
	gsize scheme = starts (uri, DER_LITERAL ("http://")) ? 7 : starts (uri, DER_LITERAL ("https://")) ? 8 : 0;
	for (gsize i = 0; i < uri.n; i++)
		if (uri.p[i] <= 0x20 || uri.p[i] >= 0x7f)
			return FALSE;
	return scheme > 0 && uri.n > scheme;
}

static gboolean
points_are_addresses (const LintView *v)
{
	const LintExtension *extension = has (v, DER_LITERAL (OID_CRL_DISTRIBUTION_POINTS));
	Der value, list, point, name, full, uri;

	if (extension == NULL)
		return TRUE;
	value = extension->value;
	if (!der_check (value.p, value.n) || !der_read (&value, DER_SEQUENCE, &list) || list.n == 0)
		return FALSE;
	while (list.n > 0)
		if (!der_read (&list, DER_SEQUENCE, &point) || !der_read (&point, DER_CONTEXT_CONSTRUCTED (0), &name) || point.n != 0
		    || !der_read (&name, DER_CONTEXT_CONSTRUCTED (0), &full) || name.n != 0 || !der_read (&full, DER_CONTEXT (6), &uri) || !is_web_address (uri))
			return FALSE;
	return TRUE;
}

static gboolean
access_is_addresses (const LintView *v)
{
	const LintExtension *extension = has (v, DER_LITERAL (OID_AUTHORITY_INFORMATION_ACCESS));
	Der value, list, one, method, uri;

	if (extension == NULL)
		return TRUE;
	value = extension->value;
	if (!der_check (value.p, value.n) || !der_read (&value, DER_SEQUENCE, &list) || list.n == 0)
		return FALSE;
	while (list.n > 0) {
		if (!der_read (&list, DER_SEQUENCE, &one) || !der_read_oid (&one, &method) || !der_read (&one, DER_CONTEXT (6), &uri) || one.n != 0 || !is_web_address (uri))
			return FALSE;
		if (!der_equal (method, DER_LITERAL (OID_AD_OCSP)) && !der_equal (method, DER_LITERAL (OID_AD_CA_ISSUERS)))
			return FALSE;
	}
	return TRUE;
}

/* --- the table --------------------------------------------------------------------------------------- */

static const LintRule rules[] = {
	{ "cert.structure", "X.690; RFC 5280 4.1", "the bytes are not a TBSCertificate in DER" },
	{ "cert.version", "RFC 5280 4.1.2.1", "not version 3" },
	{ "cert.serial.range", "RFC 5280 4.1.2.2", "the serial number is not positive or over 20 octets" },
	{ "cert.serial.random", "CA/B BR 7.1", "the serial number does not look random" },
	{ "cert.algorithm", "RFC 5280 4.1.2.3", "the signature algorithm is not that of the signing key" },
	{ "cert.issuer", "RFC 5280 4.1.2.4", "the issuer is not named as it names itself" },
	{ "cert.time.form", "RFC 5280 4.1.2.5", "a year before 2050 is UTCTime, any other GeneralizedTime" },
	{ "cert.time.order", "RFC 5280 4.1.2.5", "validity ends before it begins" },
	{ "cert.time.issuer", "RFC 5280 6.1.3", "validity reaches beyond the issuer's" },
	{ "cert.subject.empty", "RFC 5280 4.1.2.6", "the subject is empty" },
	{ "cert.subject.text", "RFC 5280 4.1.2.4", "the subject holds something other than proper text" },
	{ "cert.subject.twice", "X.501", "the subject names one attribute twice" },
	{ "cert.unique_ids", "RFC 5280 4.1.2.8", "unique identifiers are not used" },
	{ "cert.key.algorithm", "RFC 5480 2; RFC 8410 3; GM/T 0006", "not a key of an algorithm and form we certify" },
	{ "cert.key.rsa", "NIST SP 800-57 1, 5.6.1", "an RSA key of less than 3072 bits or another exponent than 65537" },
	{ "cert.extension.twice", "RFC 5280 4.2", "an extension twice" },
	{ "cert.extension.unknown", "RFC 5280 4.2", "an extension that this program does not issue" },
	{ "cert.extension.critical", "RFC 5280 4.2.1; RFC 3161 2.3", "an extension is critical that must not be, or the other way round" },
	{ "cert.ski", "RFC 5280 4.2.1.2; RFC 7093 2", "the subject key identifier is not that of the key" },
	{ "cert.aki", "RFC 5280 4.2.1.1", "the authority key identifier is not the issuer's" },
	{ "cert.key_usage", "RFC 5280 4.2.1.3", "no key usage" },
	{ "cert.key_usage.authority", "RFC 5280 4.2.1.3, 4.2.1.9", "key usage and basic constraints do not agree on what an authority is" },
	{ "cert.key_usage.key", "RFC 3279 2.3.1; RFC 8813 3; RFC 8410 5", "a key usage that a key of this algorithm cannot have" },
	{ "cert.key_usage.both", "GM/T 0034; Electronic Signature Law 13", "one key to sign and to be encrypted to" },
	{ "cert.constraints", "RFC 5280 4.2.1.9", "basic constraints belong to authorities and only to them" },
	{ "cert.eku", "RFC 5280 4.2.1.12", "extended key usage is empty, of an authority, any, or one twice" },
	{ "cert.eku.alone", "RFC 3161 2.3; CA/B BR 7.1.2.8.5", "status or time stamp service together with another usage" },
	{ "cert.no_check", "RFC 6960 4.2.2.2.1", "id-pkix-ocsp-nocheck belongs to responders and only to them" },
	{ "cert.san", "RFC 5280 4.2.1.6; RFC 6125 6.4", "names of hosts belong to servers, as lower-case DNS names or addresses" },
	{ "cert.policy", "RFC 5280 4.2.1.4", "policies are empty, one twice, or any in a certificate that is no CA's" },
	{ "cert.crl", "RFC 5280 4.2.1.13", "a distribution point that is no web address" },
	{ "cert.access", "RFC 5280 4.2.2.1", "an access description that is no web address of status or issuer" },
};

typedef gboolean (*Rule) (const LintView *v);
/* In the order of the table; the first is the reading itself. */
static const Rule judges[G_N_ELEMENTS (rules)] = {
	NULL, is_version_3, serial_in_range, serial_is_random, algorithm_is_signers, issuer_is_named, time_is_well_formed, validity_in_order, within_issuer,
	subject_not_empty, subject_is_text, subject_without_twins, no_unique_ids, key_is_known_sort, rsa_is_large, extensions_once, extensions_known,
	critical_where_asked, subject_key_is_right, authority_key_is_right, key_usage_is_there, key_usage_fits_authority, key_usage_fits_key,
	key_signs_or_encrypts, constraints_only_of_authorities, usages_well_formed, service_usage_is_alone, no_check_of_responders, hosts_of_servers,
	policies_well_formed, points_are_addresses, access_is_addresses,
};

const LintRule *
lint_certificate_rules (gsize *n)
{
	*n = G_N_ELEMENTS (rules);
	return rules;
}

gboolean
lint_certificate (Der tbs, const Certificate *issuer, KeyAlgorithm signs, GError **error)
{
	LintView v = { .by = issuer, .signs = algorithm_facts (signs)->signature_algorithm };

	if (!lint_view_read (tbs, &v))
		return lint_refuse (&rules[0], error);
	for (gsize i = 1; i < G_N_ELEMENTS (rules); i++)
		if (!judges[i] (&v))
			return lint_refuse (&rules[i], error);
	return TRUE;
}
