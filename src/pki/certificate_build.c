/* pki/certificate_build.c — writing a certificate from a template (RFC 5280 4). */
#include "pki/certificate_private.h"

#include <arpa/inet.h>

#include "pki/extension.h"
#include "pki/lint.h"
#include "pki/name.h"
#include "pki/pki_private.h"

#define LAST_TIME G_GINT64_CONSTANT (253402300799000000)      /* 9999-12-31 23:59:59, RFC 5280 4.1.2.5 */
#define MAX_URI 1024

/* --- is the template one that can be written? ------------------------------------------ */

static gboolean
check_uri (const char *uri, const char *field, GError **error)
{
	if (uri == NULL)
		return TRUE;
	gsize n = strlen (uri);
	if (n == 0 || n > MAX_URI || strchr (uri, ':') == NULL)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, field, "not a URI of at most %d characters", MAX_URI);
	for (gsize i = 0; i < n; i++) {
		if (!g_ascii_isgraph (uri[i]))
			return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, field, "a URI has only visible ASCII characters (RFC 3986)");
	}
	return TRUE;
}

static gboolean
check_times (const CertificateTemplate *t, GError **error)
{
	if (t->not_before < 0 || t->not_before % MICROS_PER_S != 0 || t->not_before > LAST_TIME)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/not_before", "start of validity is not a whole second from 1970 to 9999");
	if (t->not_after % MICROS_PER_S != 0 || t->not_after > LAST_TIME || t->not_after < t->not_before)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/not_after", "end of validity is not a whole second after its start");
	return TRUE;
}

static gboolean
check_usage (const CertificateTemplate *t, GError **error)
{
	gboolean signs = (t->key_usage & (KU_KEY_CERT_SIGN | KU_CRL_SIGN)) != 0;

	if (t->key_usage == 0 || t->key_usage >> 9 != 0)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/key_usage", "key usage is empty or unknown");
	if (t->ca != ((t->key_usage & KU_KEY_CERT_SIGN) != 0) || (signs && !t->ca))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/key_usage", "keyCertSign goes with an authority and only with one (RFC 5280 4.2.1.9)");
	if (t->path_length < -1 || t->path_length > 255 || (t->path_length >= 0 && !t->ca))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/path_length", "a path length goes only with an authority");
	for (guint bit = 0; bit < 32; bit++) {
		if (t->extended_key_usage & 1u << bit && extended_key_usage_oid (bit) == NULL)
			return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/extended_key_usage", "unknown extended key usage");
	}
	return TRUE;
}

static gboolean
check_template (const CertificateTemplate *t, GError **error)
{
	/* 20 octets, positive: the shape serial_new gives (RFC 5280 4.1.2.2). */
	if (t->serial.b[0] == 0 || t->serial.b[0] & 0x80)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/serial", "serial number is not positive and 20 octets long");
	for (const char *p = t->uscc; p != NULL && *p != '\0'; p++) {
		if (!g_ascii_isalnum (*p) && *p != '-')
			return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/uscc", "organisation code has only letters and digits");
	}
	return check_times (t, error) && check_usage (t, error) && check_uri (t->cps_uri, "/cps_uri", error)
	       && check_uri (t->ocsp_uri, "/ocsp_uri", error) && check_uri (t->crl_uri, "/crl_uri", error)
	       && check_uri (t->issuer_uri, "/issuer_uri", error);
}

/* --- extensions ------------------------------------------------------------------------- */

static void
put_subject_key (GByteArray *w, const PublicKey *key)
{
	ExtensionAt at = extension_open (w, DER_LITERAL (OID_SUBJECT_KEY_IDENTIFIER), FALSE);
	guint8 id[20];

	public_key_identifier (key, id);
	der_put (w, DER_OCTET_STRING, id, sizeof id);
	extension_close (w, at);
}

static void
put_key_usage (GByteArray *w, guint usage)
{
	ExtensionAt at = extension_open (w, DER_LITERAL (OID_KEY_USAGE), TRUE);

	der_put_flags (w, usage);
	extension_close (w, at);
}

/* RFC 5280 4.2.1.9: critical in an authority's certificate; a leaf says it by leaving it out. */
static void
put_basic_constraints (GByteArray *w, const CertificateTemplate *t)
{
	if (!t->ca)
		return;
	ExtensionAt at = extension_open (w, DER_LITERAL (OID_BASIC_CONSTRAINTS), TRUE);
	gsize sequence = der_open (w, DER_SEQUENCE);
	der_put_boolean (w, TRUE);
	if (t->path_length >= 0)
		der_put_uint (w, (guint64) t->path_length);
	der_close (w, sequence);
	extension_close (w, at);
}

/* RFC 6960 4.2.2.2 and RFC 3161 2.3: a time stamp key's single usage is critical. */
static void
put_extended_key_usage (GByteArray *w, guint usage)
{
	if (usage == 0)
		return;
	ExtensionAt at = extension_open (w, DER_LITERAL (OID_EXTENDED_KEY_USAGE), usage == EKU_TIME_STAMPING);
	gsize sequence = der_open (w, DER_SEQUENCE);
	for (guint bit = 0; extended_key_usage_oid (bit) != NULL; bit++) {
		if (usage & 1u << bit)
			der_put_oid (w, *extended_key_usage_oid (bit));
	}
	der_close (w, sequence);
	extension_close (w, at);
}

static gboolean
put_policy (GByteArray *w, const CertificateTemplate *t, GError **error)
{
	if (t->policy_oid == NULL)
		return TRUE;
	ExtensionAt at = extension_open (w, DER_LITERAL (OID_CERTIFICATE_POLICIES), FALSE);
	gsize list = der_open (w, DER_SEQUENCE), policy = der_open (w, DER_SEQUENCE);
	if (!der_put_oid_text (w, t->policy_oid))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/policy_oid", "not an object identifier");
	if (t->cps_uri != NULL) {
		gsize qualifiers = der_open (w, DER_SEQUENCE), one = der_open (w, DER_SEQUENCE);
		der_put_oid (w, DER_LITERAL (OID_QUALIFIER_CPS));
		der_put (w, DER_IA5_STRING, t->cps_uri, strlen (t->cps_uri));
		der_close (w, one);
		der_close (w, qualifiers);
	}
	der_close (w, policy);
	der_close (w, list);
	extension_close (w, at);
	return TRUE;
}

#define URI_NAME DER_CONTEXT (6)      /* GeneralName uniformResourceIdentifier */

static void
put_crl_distribution_point (GByteArray *w, const char *uri)
{
	if (uri == NULL)
		return;
	ExtensionAt at = extension_open (w, DER_LITERAL (OID_CRL_DISTRIBUTION_POINTS), FALSE);
	gsize list = der_open (w, DER_SEQUENCE), point = der_open (w, DER_SEQUENCE);
	gsize name = der_open (w, DER_CONTEXT_CONSTRUCTED (0)), full = der_open (w, DER_CONTEXT_CONSTRUCTED (0));
	der_put (w, URI_NAME, uri, strlen (uri));
	der_close (w, full);
	der_close (w, name);
	der_close (w, point);
	der_close (w, list);
	extension_close (w, at);
}

static void
put_access (GByteArray *w, Der method, const char *uri)
{
	if (uri == NULL)
		return;
	gsize at = der_open (w, DER_SEQUENCE);
	der_put_oid (w, method);
	der_put (w, URI_NAME, uri, strlen (uri));
	der_close (w, at);
}

static void
put_authority_access (GByteArray *w, const CertificateTemplate *t)
{
	if (t->ocsp_uri == NULL && t->issuer_uri == NULL)
		return;
	ExtensionAt at = extension_open (w, DER_LITERAL (OID_AUTHORITY_INFORMATION_ACCESS), FALSE);
	gsize list = der_open (w, DER_SEQUENCE);
	put_access (w, DER_LITERAL (OID_AD_OCSP), t->ocsp_uri);
	put_access (w, DER_LITERAL (OID_AD_CA_ISSUERS), t->issuer_uri);
	der_close (w, list);
	extension_close (w, at);
}

/* RFC 6960 4.2.2.2.1 */
static void
put_ocsp_no_check (GByteArray *w, gboolean wanted)
{
	if (!wanted)
		return;
	ExtensionAt at = extension_open (w, DER_LITERAL (OID_OCSP_NO_CHECK), FALSE);
	der_put (w, DER_NULL, NULL, 0);
	extension_close (w, at);
}

/* GM/T 0015 5.2.4: organizationCode, in practice the unified social credit code; or the identifier the profile names. */
static gboolean
put_organization_code (GByteArray *w, const CertificateTemplate *t, GError **error)
{
	g_autoptr (GByteArray) named = g_byte_array_new ();
	Der oid = DER_LITERAL (OID_ORGANIZATION_CODE);

	if (t->uscc == NULL)
		return TRUE;
	if (t->uscc_oid != NULL) {
		if (!der_put_oid_text (named, t->uscc_oid))
			return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/uscc_oid", "not an object identifier");
		Der whole = { named->data, named->len };
		der_read_oid (&whole, &oid);
	}
	ExtensionAt at = extension_open (w, oid, FALSE);
	der_put (w, DER_PRINTABLE_STRING, t->uscc, strlen (t->uscc));
	extension_close (w, at);
	return TRUE;
}

/* RFC 5280 4.2.1.6: an address is an iPAddress, never a dNSName. */
static gboolean
put_host (GByteArray *w, const char *host, GError **error)
{
	guint8 address[16];

	if (inet_pton (AF_INET, host, address) == 1)
		der_put (w, DER_CONTEXT (7), address, 4);
	else if (inet_pton (AF_INET6, host, address) == 1)
		der_put (w, DER_CONTEXT (7), address, 16);
	else if (g_regex_match_simple ("^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$", host, 0, 0))
		der_put (w, DER_CONTEXT (2), host, strlen (host));
	else
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/hosts", "neither a lower-case DNS name nor an address");
	return TRUE;
}

static gboolean
put_hosts (GByteArray *w, const char *const *hosts, GError **error)
{
	if (hosts == NULL || hosts[0] == NULL)
		return TRUE;
	ExtensionAt at = extension_open (w, DER_LITERAL (OID_SUBJECT_ALT_NAME), FALSE);
	gsize list = der_open (w, DER_SEQUENCE);
	for (gsize i = 0; hosts[i] != NULL; i++) {
		if (!put_host (w, hosts[i], error))
			return FALSE;
	}
	der_close (w, list);
	extension_close (w, at);
	return TRUE;
}

static gboolean
put_extensions (GByteArray *w, const Issuer *issuer, const CertificateTemplate *t, GError **error)
{
	gsize outer = der_open (w, DER_CONTEXT_CONSTRUCTED (3)), list = der_open (w, DER_SEQUENCE);

	if (issuer->authority_key != NULL)
		der_put_raw (w, g_bytes_get_data (issuer->authority_key, NULL), g_bytes_get_size (issuer->authority_key));
	put_subject_key (w, t->key);
	put_key_usage (w, t->key_usage);
	put_basic_constraints (w, t);
	put_extended_key_usage (w, t->extended_key_usage);
	if (!put_policy (w, t, error))
		return FALSE;
	put_crl_distribution_point (w, t->crl_uri);
	put_authority_access (w, t);
	put_ocsp_no_check (w, t->ocsp_no_check);
	if (!put_hosts (w, t->hosts, error))
		return FALSE;
	if (!put_organization_code (w, t, error))
		return FALSE;
	der_close (w, list);
	der_close (w, outer);
	return TRUE;
}

/* --- the body ----------------------------------------------------------------------------- */

static void
put_version_3 (GByteArray *w)
{
	gsize at = der_open (w, DER_CONTEXT_CONSTRUCTED (0));

	der_put_uint (w, 2);
	der_close (w, at);
}

static gboolean
put_issuer (GByteArray *w, const Issuer *issuer, const CertificateTemplate *t, GError **error)
{
	if (issuer->certificate == NULL)      /* a root names itself */
		return name_put (w, t->subject, t->subject_n, error);
	der_put_der (w, issuer->certificate->subject);
	return TRUE;
}

static gboolean
put_tbs (GByteArray *w, const Issuer *issuer, const CertificateTemplate *t, GError **error)
{
	gsize body = der_open (w, DER_SEQUENCE);

	put_version_3 (w);
	serial_put (w, &t->serial);
	der_put_der (w, algorithm_facts (private_key_algorithm (issuer->key))->signature_algorithm);
	if (!put_issuer (w, issuer, t, error))
		return FALSE;
	gsize validity = der_open (w, DER_SEQUENCE);
	der_put_time (w, t->not_before);
	der_put_time (w, t->not_after);
	der_close (w, validity);
	if (!name_put (w, t->subject, t->subject_n, error))
		return FALSE;
	der_put_raw (w, g_bytes_get_data (t->key->spki, NULL), g_bytes_get_size (t->key->spki));
	if (!put_extensions (w, issuer, t, error))
		return FALSE;
	der_close (w, body);
	return TRUE;
}

static gboolean
is_own_key (const Issuer *issuer, const PublicKey *key)
{
	return fingerprint_equal (public_key_fingerprint (key), public_key_fingerprint (issuer->key->public_key));
}

GBytes *
issuer_sign_certificate (const Issuer *issuer, const CertificateTemplate *t, GError **error)
{
	g_autoptr (GByteArray) w = NULL;

	if (!check_template (t, error))
		return NULL;
	if (issuer->certificate == NULL && (!t->ca || !is_own_key (issuer, t->key))) {
		diqi_error_set (error, DIQI_ERROR_CERTIFICATE_USAGE, NULL, "without a certificate of its own an issuer signs only its root");
		return NULL;
	}
	w = g_byte_array_sized_new (2048);
	if (!put_tbs (w, issuer, t, error))
		return NULL;
	if (!lint_certificate ((Der) { w->data, w->len }, issuer->certificate, private_key_algorithm (issuer->key), error))
		return NULL;
	return sign_structure (issuer->key, g_steal_pointer (&w), error);
}

GBytes *
root_sign_certificate (const PrivateKey *key, const CertificateTemplate *t, GError **error)
{
	g_autoptr (Issuer) root = issuer_new (NULL, key, error);

	return root == NULL ? NULL : issuer_sign_certificate (root, t, error);
}
