#include "hierarchy.h"

const NamePart holder_name[4] = {
	{ NAME_COUNTRY, "CN" }, { NAME_PROVINCE, "江苏省" }, { NAME_ORGANIZATION, "太仓某某置业有限公司" }, { NAME_COMMON_NAME, "张三" },
};

static PrivateKey *
generate (KeyAlgorithm a)
{
	g_autoptr (GError) error = NULL;
	PrivateKey *key = private_key_generate (a, &error);

	g_assert_no_error (error);
	return key;
}

Certificate *
certificate_from (GBytes *der)
{
	g_autoptr (GBytes) owned = der;
	g_autoptr (GError) error = NULL;
	g_assert_nonnull (der);
	Certificate *c = certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), &error);

	g_assert_no_error (error);
	return c;
}

Certificate *
issue (const Issuer *issuer, const CertificateTemplate *t)
{
	g_autoptr (GError) error = NULL;
	GBytes *der = issuer_sign_certificate (issuer, t, &error);

	g_assert_no_error (error);
	return certificate_from (der);
}

static void
authority_template (const Hierarchy *h, PublicKey *key, const NamePart *name, int path_length, CertificateTemplate *out)
{
	*out = (CertificateTemplate) {
		.subject = name, .subject_n = 1, .key = key, .ca = TRUE, .path_length = path_length,
		.not_before = h->now, .not_after = h->now + 3650 * MICROS_PER_DAY,
		.key_usage = KU_KEY_CERT_SIGN | KU_CRL_SIGN,
	};
	serial_new (h->now, &out->serial);
}

void
holder_template (const Hierarchy *h, PublicKey *key, CertificateTemplate *out)
{
	*out = (CertificateTemplate) {
		.subject = holder_name, .subject_n = G_N_ELEMENTS (holder_name), .key = key, .path_length = -1,
		.not_before = h->now, .not_after = h->now + 365 * MICROS_PER_DAY,
		.key_usage = KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION, .extended_key_usage = EKU_CLIENT_AUTH | EKU_DOCUMENT_SIGNING,
		.policy_oid = "1.2.156.99999.1.1", .cps_uri = "http://ca.test/cps", .ocsp_uri = "http://ca.test/pki/issuing/ocsp",
		.crl_uri = "http://ca.test/pki/issuing/full.crl", .issuer_uri = "http://ca.test/pki/issuing/ca.cer",
		.uscc = "91320585MA1MTNQW6K",
	};
	serial_new (h->now, &out->serial);
}

static void
make_root (Hierarchy *h)
{
	static const NamePart name[] = { { NAME_COMMON_NAME, "地契 Test Root" } };
	g_autoptr (PublicKey) key = private_key_public (h->root_key);
	g_autoptr (GError) error = NULL;
	CertificateTemplate t;

	authority_template (h, key, name, 1, &t);
	GBytes *der = root_sign_certificate (h->root_key, &t, &error);
	g_assert_no_error (error);
	h->root = certificate_from (der);
}

static void
make_issuing (Hierarchy *h)
{
	static const NamePart name[] = { { NAME_COMMON_NAME, "地契 Test Issuing" } };
	g_autoptr (PublicKey) key = private_key_public (h->issuing_key);
	g_autoptr (GError) error = NULL;
	g_autoptr (Issuer) root = issuer_new (h->root, h->root_key, &error);
	CertificateTemplate t;

	g_assert_no_error (error);
	authority_template (h, key, name, 0, &t);
	h->issuing = issue (root, &t);
	h->issuer = issuer_new (h->issuing, h->issuing_key, &error);
	g_assert_no_error (error);
}

static void
make_leaves (Hierarchy *h)
{
	static const NamePart name[] = { { NAME_COMMON_NAME, "地契 Test OCSP" } };
	g_autoptr (PublicKey) ocsp = private_key_public (h->ocsp_key);
	g_autoptr (PublicKey) holder = private_key_public (h->holder_key);
	CertificateTemplate t;

	holder_template (h, ocsp, &t);
	t.subject = name;
	t.subject_n = 1;
	t.uscc = t.policy_oid = t.cps_uri = t.ocsp_uri = NULL;
	t.key_usage = KU_DIGITAL_SIGNATURE;
	t.extended_key_usage = EKU_OCSP_SIGNING;
	t.ocsp_no_check = TRUE;
	h->ocsp = issue (h->issuer, &t);
	holder_template (h, holder, &t);
	h->holder = issue (h->issuer, &t);
}

Hierarchy *
hierarchy_new (KeyAlgorithm algorithm)
{
	return hierarchy_new_at (algorithm, HIERARCHY_NOW);
}

Hierarchy *
hierarchy_new_at (KeyAlgorithm algorithm, Micros now)
{
	Hierarchy *h = g_new0 (Hierarchy, 1);

	h->now = now;
	h->root_key = generate (algorithm);
	h->issuing_key = generate (algorithm);
	h->ocsp_key = generate (algorithm);
	h->holder_key = generate (algorithm);
	make_root (h);
	make_issuing (h);
	make_leaves (h);
	return h;
}

void
hierarchy_free (Hierarchy *h)
{
	PrivateKey *keys[] = { h->root_key, h->issuing_key, h->ocsp_key, h->holder_key };
	Certificate *certificates[] = { h->root, h->issuing, h->ocsp, h->holder };

	for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
		private_key_free (keys[i]);
		certificate_unref (certificates[i]);
	}
	issuer_free (h->issuer);
	g_free (h);
}

GBytes *
read_file (const char *first, ...)
{
	va_list args;
	g_autoptr (GError) error = NULL;
	char *text;
	gsize n;

	va_start (args, first);
	g_autofree char *below = g_build_filename_valist (first, &args);
	va_end (args);
	g_autofree char *path = g_test_build_filename (G_TEST_DIST, below, NULL);
	g_file_get_contents (path, &text, &n, &error);
	g_assert_no_error (error);
	return g_bytes_new_take (text, n);
}
