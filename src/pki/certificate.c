/* pki/certificate.c — reading a certificate (RFC 5280 4.1, 4.2).
 *
 * Version 3 only, one encoding, every field looked at.  Critical extensions this
 * program does not process are remembered and end every chain they appear in.
 */
#include "pki/certificate_private.h"

#include "pki/extension.h"
#include "pki/name.h"
#include "pki/pki_private.h"

/* Diqi's own arc: 2.25.305447819689411628422610157834667034486 (X.667), see certificate.h. */
#define DIQI_ARC "\x69\x83\xcb\xcb\x8e\x8e\x93\xb8\xd2\x88\xb7\xbf\xcd\xbb\xe7\xc1\x94\xe0\x8e\x76"
#define OID(text) { (const guint8 *) (text), sizeof (text) - 1 }

static const Der extended_usages[] = {
	OID ("\x2b\x06\x01\x05\x05\x07\x03\x02"),      /* clientAuth */
	OID ("\x2b\x06\x01\x05\x05\x07\x03\x01"),      /* serverAuth */
	OID ("\x2b\x06\x01\x05\x05\x07\x03\x09"),      /* OCSPSigning */
	OID ("\x2b\x06\x01\x05\x05\x07\x03\x08"),      /* timeStamping */
	OID ("\x2b\x06\x01\x05\x05\x07\x03\x04"),      /* emailProtection */
	OID ("\x2b\x06\x01\x05\x05\x07\x03\x24"),      /* documentSigning */
	OID (DIQI_ARC "\x01"),
	OID (DIQI_ARC "\x02"),
};

const Der *
extended_key_usage_oid (guint bit)
{
	return bit < G_N_ELEMENTS (extended_usages) ? &extended_usages[bit] : NULL;
}

static const char *const pem_labels[] = { "CERTIFICATE", NULL };

/* --- extensions ---------------------------------------------------------------------- */

static gboolean
read_basic_constraints (Certificate *c, Der value)
{
	Der sequence;
	guint64 path_length;

	if (!der_read (&value, DER_SEQUENCE, &sequence) || value.n != 0)
		return FALSE;
	if (der_is_next (&sequence, DER_BOOLEAN) && (!der_read_boolean (&sequence, &c->ca) || !c->ca))
		return FALSE;      /* DEFAULT FALSE is not written in DER */
	if (sequence.n == 0)
		return TRUE;
	/* RFC 5280 4.2.1.9: a path length only with cA. */
	if (!c->ca || !der_read_uint (&sequence, &path_length) || path_length > 255 || sequence.n != 0)
		return FALSE;
	c->path_length = (int) path_length;
	return TRUE;
}

static gboolean
read_key_usage (Certificate *c, Der value)
{
	/* RFC 5280 4.2.1.3: at least one bit. */
	return der_read_flags (&value, &c->key_usage) && value.n == 0 && c->key_usage != 0;
}

static gboolean
read_extended_key_usage (Certificate *c, Der value)
{
	Der list, oid;

	if (!der_read (&value, DER_SEQUENCE, &list) || value.n != 0 || list.n == 0)
		return FALSE;
	while (list.n > 0) {
		if (!der_read_oid (&list, &oid))
			return FALSE;
		for (guint bit = 0; bit < G_N_ELEMENTS (extended_usages); bit++) {
			if (der_equal (oid, extended_usages[bit]))
				c->extended_key_usage |= 1u << bit;
		}
	}
	return TRUE;
}

static gboolean
read_subject_key_identifier (Certificate *c, Der value)
{
	return der_read (&value, DER_OCTET_STRING, &c->subject_key_identifier) && value.n == 0
	       && c->subject_key_identifier.n > 0;
}

static gboolean
read_authority_key_identifier (Certificate *c, Der value)
{
	Der sequence, ignored;
	guint8 tag;

	if (!der_read (&value, DER_SEQUENCE, &sequence) || value.n != 0)
		return FALSE;
	if (der_is_next (&sequence, DER_CONTEXT (0)) && (!der_read (&sequence, DER_CONTEXT (0), &c->authority_key_identifier)
	                                                 || c->authority_key_identifier.n == 0))
		return FALSE;
	while (sequence.n > 0) {      /* issuer and serial: names chain by themselves */
		if (!der_next (&sequence, &tag, &ignored) || (tag & 0xdf) < DER_CONTEXT (1))
			return FALSE;
	}
	return TRUE;
}

static gboolean
read_policies (Certificate *c, Der value)
{
	Der list, one, oid;

	if (!der_read (&value, DER_SEQUENCE, &c->policies) || value.n != 0 || c->policies.n == 0)
		return FALSE;
	for (list = c->policies; list.n > 0;) {
		if (!der_read (&list, DER_SEQUENCE, &one) || !der_read_oid (&one, &oid))
			return FALSE;
	}
	return TRUE;
}

static gboolean
read_distribution_points (Certificate *c, Der value)
{
	return der_read (&value, DER_SEQUENCE, &c->distribution_points) && value.n == 0 && c->distribution_points.n > 0;
}

/* These limit names and policies of everything below.  They are not processed here, so they end the chain, said to be critical
 * or not (RFC 5280 wants them critical, older certificates are not always). */
static gboolean
read_limit (Certificate *c, G_GNUC_UNUSED Der value)
{
	c->unknown_critical = TRUE;
	return TRUE;
}

/* Held by certificates of other makers too; nothing here depends on what they say. */
static gboolean
accept_unread (G_GNUC_UNUSED Certificate *c, G_GNUC_UNUSED Der value)
{
	return TRUE;
}

static const struct {
	Der oid;
	gboolean (*read) (Certificate *c, Der value);
} known_extensions[] = {
	{ OID (OID_BASIC_CONSTRAINTS), read_basic_constraints },
	{ OID (OID_KEY_USAGE), read_key_usage },
	{ OID (OID_EXTENDED_KEY_USAGE), read_extended_key_usage },
	{ OID (OID_SUBJECT_KEY_IDENTIFIER), read_subject_key_identifier },
	{ OID (OID_AUTHORITY_KEY_IDENTIFIER), read_authority_key_identifier },
	{ OID (OID_CERTIFICATE_POLICIES), read_policies },
	{ OID (OID_CRL_DISTRIBUTION_POINTS), read_distribution_points },
	{ OID (OID_NAME_CONSTRAINTS), read_limit },
	{ OID (OID_POLICY_MAPPINGS), read_limit },
	{ OID (OID_POLICY_CONSTRAINTS), read_limit },
	{ OID (OID_INHIBIT_ANY_POLICY), read_limit },
	{ OID (OID_SUBJECT_ALT_NAME), accept_unread },
};

static gboolean
read_extension (Der oid, gboolean critical, Der value, gpointer user)
{
	Certificate *c = user;

	for (guint i = 0; i < G_N_ELEMENTS (known_extensions); i++) {
		if (der_equal (oid, known_extensions[i].oid))
			return (known_extensions[i].read == accept_unread || der_check (value.p, value.n))
			       && known_extensions[i].read (c, value);
	}
	c->unknown_critical |= critical && !identity_number_oid (oid);
	return TRUE;
}

/* --- the body ------------------------------------------------------------------------- */

static gboolean
known_signature_algorithm (Der algorithm)
{
	for (int a = 0; a < KEY_N_ALGORITHMS; a++) {
		if (signature_algorithm_fits (algorithm, (KeyAlgorithm) a))
			return TRUE;
	}
	return signature_is_admitted_old (algorithm);
}

static gboolean
read_validity (Der *in, Certificate *c)
{
	Der validity;

	return der_read (in, DER_SEQUENCE, &validity) && der_read_time (&validity, &c->not_before)
	       && der_read_time (&validity, &c->not_after) && validity.n == 0 && c->not_before <= c->not_after;
}

static gboolean
read_version_3 (Der *in)
{
	Der version;
	guint64 number;

	return der_read (in, DER_CONTEXT_CONSTRUCTED (0), &version) && der_read_uint (&version, &number) && number == 2 && version.n == 0;
}

/* NULL, or what is wrong; so too below. */
static const char *
read_extensions (Certificate *c, Der body)
{
	if (body.n == 0)
		return NULL;
	/* Unique identifiers [1], [2] are no part of the profile (RFC 5280 4.1.2.8). */
	if (!der_read (&body, DER_CONTEXT_CONSTRUCTED (3), &c->extensions) || body.n != 0)
		return "unknown field after the public key";
	return extensions_read (c->extensions, read_extension, c) ? NULL : "an extension is malformed, or there twice";
}

static const char *
read_tbs (Certificate *c, Der body, Der *spki)
{
	Der algorithm;

	if (!read_version_3 (&body))
		return "not a version 3 certificate";
	if (!serial_read (&body, &c->serial))
		return "serial number is not 1 to 20 octets and positive (RFC 5280 4.1.2.2)";
	if (!der_read_whole (&body, DER_SEQUENCE, &algorithm) || !der_equal (algorithm, c->signature_algorithm))
		return "inner and outer signature algorithm differ (RFC 5280 4.1.1.2)";
	if (!known_signature_algorithm (algorithm))
		return "signature algorithm not supported";
	if (!der_read_whole (&body, DER_SEQUENCE, &c->issuer) || !name_is_well_formed (c->issuer) || c->issuer.n == 2)
		return "issuer name malformed or empty";
	if (!read_validity (&body, c))
		return "validity malformed (RFC 5280 4.1.2.5)";
	if (!der_read_whole (&body, DER_SEQUENCE, &c->subject) || !name_is_well_formed (c->subject))
		return "subject name malformed";
	if (!der_read_whole (&body, DER_SEQUENCE, spki))
		return "no public key";
	return read_extensions (c, body);
}

static const char *
read_certificate (Certificate *c, Der whole, Der *spki)
{
	Der certificate, body;

	if (!der_check (whole.p, whole.n) || !der_read (&whole, DER_SEQUENCE, &certificate))
		return "not one value in DER";
	Der copy = certificate;
	if (!der_read_whole (&certificate, DER_SEQUENCE, &c->tbs) || !der_read (&copy, DER_SEQUENCE, &body)
	    || !der_read_whole (&certificate, DER_SEQUENCE, &c->signature_algorithm)
	    || !der_read_octet_bits (&certificate, &c->signature) || certificate.n != 0)
		return "not a Certificate";
	return read_tbs (c, body, spki);
}

static PublicKey *
key_of (Der spki, PublicKey *expected, GError **error)
{
	g_autoptr (GError) why = NULL;
	PublicKey *key;

	if (expected != NULL && der_equal (spki, (Der) { g_bytes_get_data (expected->spki, NULL), g_bytes_get_size (expected->spki) }))
		return public_key_ref (expected);
	key = public_key_from_spki (spki.p, spki.n, &why);
	if (key == NULL)
		diqi_error_set (error, DIQI_ERROR_CERTIFICATE, NULL, "%s", why->message);
	return key;
}

Certificate *
certificate_parse (gconstpointer der, gsize n, GError **error)
{
	return certificate_parse_over (der, n, NULL, error);
}

Certificate *
certificate_parse_over (gconstpointer der, gsize n, PublicKey *key, GError **error)
{
	g_autoptr (Certificate) c = NULL;
	Der spki;

	if (n == 0 || n > CERTIFICATE_MAX_DER) {
		diqi_error_set (error, DIQI_ERROR_CERTIFICATE, NULL, "certificate is empty or over %d bytes", CERTIFICATE_MAX_DER);
		return NULL;
	}
	c = g_new0 (Certificate, 1);
	g_atomic_ref_count_init (&c->references);
	c->path_length = -1;
	c->der = g_bytes_new (der, n);
	const char *wrong = read_certificate (c, (Der) { g_bytes_get_data (c->der, NULL), n }, &spki);
	if (wrong != NULL) {
		diqi_error_set (error, DIQI_ERROR_CERTIFICATE, NULL, "%s", wrong);
		return NULL;
	}
	c->key = key_of (spki, key, error);
	if (c->key == NULL)
		return NULL;
	fingerprint_of (der, n, &c->fingerprint);
	return g_steal_pointer (&c);
}

Certificate *
certificate_parse_pem (const char *pem, gsize n, GError **error)
{
	g_autoptr (GBytes) der = pem_decode (pem, n, CERTIFICATE_MAX_DER, pem_labels, NULL);

	if (der == NULL) {
		diqi_error_set (error, DIQI_ERROR_CERTIFICATE, NULL, "not one certificate in PEM");
		return NULL;
	}
	return certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), error);
}

Certificate *
certificate_ref (Certificate *c)
{
	g_atomic_ref_count_inc (&c->references);
	return c;
}

void
certificate_unref (Certificate *c)
{
	if (c == NULL || !g_atomic_ref_count_dec (&c->references))
		return;
	public_key_unref (c->key);
	g_bytes_unref (c->der);
	g_free (c->hashes);
	g_free (c);
}

/* --- what it says ----------------------------------------------------------------------- */

GBytes *certificate_der (const Certificate *c) { return g_bytes_ref (c->der); }
json_t *certificate_json (const Certificate *c) { return json_base64 (g_bytes_get_data (c->der, NULL), g_bytes_get_size (c->der)); }
const Fingerprint *certificate_fingerprint (const Certificate *c) { return &c->fingerprint; }
PublicKey *certificate_public_key (const Certificate *c) { return c->key; }
const Serial *certificate_serial (const Certificate *c) { return &c->serial; }
Micros certificate_not_before (const Certificate *c) { return c->not_before; }
Micros certificate_not_after (const Certificate *c) { return c->not_after; }
char *certificate_subject_text (const Certificate *c) { return name_text (c->subject); }
char *certificate_issuer_text (const Certificate *c) { return name_text (c->issuer); }
char *certificate_subject_attribute (const Certificate *c, NameAttribute a) { return name_attribute_text (c->subject, a); }
gboolean certificate_is_ca (const Certificate *c) { return c->ca; }
guint certificate_key_usage (const Certificate *c) { return c->key_usage; }
guint certificate_extended_key_usage (const Certificate *c) { return c->extended_key_usage; }

char *
certificate_pem (const Certificate *c)
{
	gsize n;
	gconstpointer der = g_bytes_get_data (c->der, &n);

	return pem_encode ("CERTIFICATE", der, n);
}

gboolean
certificate_has_policy (const Certificate *c, const char *oid)
{
	g_autoptr (GByteArray) wanted = g_byte_array_new ();
	Der list = c->policies, one, whole;

	if (!der_put_oid_text (wanted, oid))
		return FALSE;
	while (der_read (&list, DER_SEQUENCE, &one)) {
		if (der_read_whole (&one, DER_OID, &whole) && der_equal (whole, (Der) { wanted->data, wanted->len }))
			return TRUE;
	}
	return FALSE;
}

char *
certificate_policy (const Certificate *c)
{
	Der list = c->policies, one, whole;

	if (!der_read (&list, DER_SEQUENCE, &one) || !der_read_whole (&one, DER_OID, &whole))
		return NULL;
	const guint8 *p = whole.p;
	ASN1_OBJECT *oid = d2i_ASN1_OBJECT (NULL, &p, (long) whole.n);
	char text[256];
	int n = oid != NULL ? OBJ_obj2txt (text, sizeof text, oid, 1) : 0;
	ASN1_OBJECT_free (oid);
	ERR_clear_error ();
	return n > 0 && n < (int) sizeof text ? g_strdup (text) : NULL;
}
