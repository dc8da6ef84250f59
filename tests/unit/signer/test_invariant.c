/* P-09: what is compiled in, asked directly, as if profile, officers and caller had all agreed to it. */
#include <string.h>

#include "fixture.h"
#include "signer/invariant.h"

static Fixture fixture;
static PublicKey *key;
static const CertificateKind *kind;

static const NamePart subject[] = { { NAME_COUNTRY, "CN" }, { NAME_ORGANIZATION, "虚构置业有限公司" }, { NAME_COMMON_NAME, "虚构置业有限公司" } };

static CertificateTemplate
good (void)
{
	CertificateTemplate t = {
		.subject = subject, .subject_n = G_N_ELEMENTS (subject), .key = key, .not_before = T0, .not_after = T0 + 365 * MICROS_PER_DAY - MICROS_PER_S,
		.path_length = -1, .key_usage = KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION, .extended_key_usage = EKU_CLIENT_AUTH,
		.policy_oid = POLICY_ORGANIZATION, .ocsp_uri = "http://o/", .crl_uri = "http://c/", .issuer_uri = "http://i/",
	};
	serial_new (T0, &t.serial);
	return t;
}

static gboolean
allowed (const CertificateTemplate *t)
{
	return invariant_template (kind, t, fixture.created.issuing, T0 + 1, NULL);
}

static void
test_template (void)
{
	CertificateTemplate t = good ();
	g_assert_true (allowed (&t));
#define REFUSED(change) G_STMT_START { t = good (); change; if (allowed (&t)) g_error ("allowed: %s", #change); } G_STMT_END
	REFUSED (t.ca = TRUE);
	REFUSED (t.path_length = 0);
	REFUSED (t.ocsp_no_check = TRUE);
	REFUSED (t.key_usage |= KU_KEY_CERT_SIGN);
	REFUSED (t.key_usage |= KU_CRL_SIGN);
	REFUSED (t.key_usage |= KU_KEY_ENCIPHERMENT);
	REFUSED (t.key_usage = 0);
	REFUSED (t.extended_key_usage = 0);
	REFUSED (t.extended_key_usage |= EKU_OCSP_SIGNING);
	REFUSED (t.extended_key_usage |= EKU_SERVER_AUTH);
	REFUSED (t.extended_key_usage |= EKU_TIME_STAMPING);
	REFUSED (t.extended_key_usage |= EKU_DIQI_LOG);
	REFUSED (t.extended_key_usage |= EKU_DIQI_RECEIPT);
	REFUSED (t.not_before -= MICROS_PER_DAY);
	REFUSED (t.not_before += MICROS_PER_S);
	REFUSED (t.not_before -= 1);
	REFUSED (t.not_after = T0 + 1828 * MICROS_PER_DAY);
	REFUSED (t.not_after = T0);
	REFUSED (t.not_after = certificate_not_after (fixture.created.issuing) + MICROS_PER_S);
	REFUSED (t.serial.b[0] = 0);
	REFUSED (t.serial.b[0] |= 0x80);
	REFUSED (t.policy_oid = NULL);
	REFUSED (t.policy_oid = POLICY_OFFICER);
	static const char *const hosts[] = { "a.test", NULL };
	REFUSED (t.hosts = hosts);
	REFUSED (t.issuer_uri = NULL);
	REFUSED (t.ocsp_uri = NULL);
	REFUSED (t.crl_uri = NULL);
	REFUSED (t.subject_n = 0);
	REFUSED (t.subject_n = 2);
	REFUSED ((t.subject++, t.subject_n--));
}

/* Sign, encrypt, serve: what the one may have the other may not, whatever the profile says. */
static void
test_matrix (void)
{
	static const char *const names[] = { "organization", "person-soft", "officer", "organization-encryption", "recovery-agent", "server", "ocsp", "tsa",
	                                     "document", "log", "receipt" };
	for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
		const CertificateKind *k = invariant_kind (names[i]);
		for (guint usage = 0; usage < 1u << 9; usage++) {
			gboolean well = invariant_usage (k, usage, k->extended_key_usage, 1u << KEY_P256, 1, NULL);
			if (k->use == USE_ENCRYPT)
				g_assert_cmpint (well, ==, (usage & ~0x1cu) == 0 && (usage & 0x14u) != 0);
			else
				g_assert_cmpint (well, ==, (usage & ~k->key_usage) == 0 && (usage & KU_DIGITAL_SIGNATURE) != 0);
			g_assert_false (well && (usage & (KU_KEY_CERT_SIGN | KU_CRL_SIGN)) != 0);
		}
		for (guint extended = 0; extended < 1u << 9; extended++) {
			guint usage = k->use == USE_ENCRYPT ? KU_KEY_AGREEMENT : KU_DIGITAL_SIGNATURE;
			gboolean well = invariant_usage (k, usage, extended, 1u << KEY_P256, 1, NULL);
			guint services = EKU_SERVER_AUTH | EKU_OCSP_SIGNING | EKU_TIME_STAMPING | EKU_DIQI_LOG | EKU_DIQI_RECEIPT;
			g_assert_cmpint (well && k->use == USE_SERVICE, ==, k->use == USE_SERVICE && extended == k->extended_key_usage);
			g_assert_false (well && k->use != USE_SERVICE && (extended & services) != 0);
		}
		g_assert_false (invariant_usage (k, k->key_usage, k->extended_key_usage, 1u << KEY_P256, k->max_days + 1, NULL));
		g_assert_cmpint (invariant_usage (k, k->key_usage, k->extended_key_usage, 1u << KEY_ED25519, 1, NULL), ==, k->use != USE_ENCRYPT);
	}
	/* RFC 8813 3, RFC 3279 2.3.1 */
	g_assert_cmpuint (invariant_key_usage (0x1c, KEY_P256), ==, KU_KEY_AGREEMENT);
	g_assert_cmpuint (invariant_key_usage (0x1c, KEY_RSA3072), ==, KU_KEY_ENCIPHERMENT | KU_DATA_ENCIPHERMENT);
	g_assert_cmpuint (invariant_key_usage (0x1c, KEY_SM2), ==, 0x1c);
}

/* Near its end the issuing certificate limits what may be issued at all. */
static void
test_issuer_end (void)
{
	CertificateTemplate t = good ();
	Micros end = certificate_not_after (fixture.created.issuing);
	t.not_before = end - 100 * MICROS_PER_DAY;
	t.not_after = end;
	g_assert_true (invariant_template (kind, &t, fixture.created.issuing, t.not_before, NULL));
	t.not_after = end + MICROS_PER_S;
	g_assert_false (invariant_template (kind, &t, fixture.created.issuing, t.not_before, NULL));
}

/* The finished certificate against the template: another one with each single difference. */
static void
test_result (void)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *dir = fixture_copy (&fixture);
	g_autoptr (SignerClient) client = fixture_run (dir);
	g_autoptr (PrivateKey) holder = private_key_generate (KEY_P256, &error);
	g_autoptr (Certificate) made = fixture_certificate (&fixture, client, holder);
	g_autoptr (PublicKey) public = private_key_public (holder);
	const NamePart parts[] = { { NAME_COUNTRY, "CN" }, { NAME_PROVINCE, "江苏省" }, { NAME_ORGANIZATION, "虚构置业有限公司" }, { NAME_COMMON_NAME, "虚构置业有限公司" } };
	CertificateTemplate same = good (), t;
	same.serial = *certificate_serial (made);
	same.key = public;
	same.extended_key_usage = EKU_CLIENT_AUTH | EKU_DOCUMENT_SIGNING;
	same.policy_oid = "2.25.305447819689411628422610157834667034486.3.1";
	same.subject = parts;
	same.subject_n = G_N_ELEMENTS (parts);
	same.uscc = "91350100M000100Y43";
	g_assert_true (invariant_certificate (made, &same, &error));
	g_assert_no_error (error);
#define DIFFERENT(change) G_STMT_START { t = same; change; if (invariant_certificate (made, &t, NULL)) g_error ("not seen: %s", #change); } G_STMT_END
	DIFFERENT (t.key_usage = KU_DIGITAL_SIGNATURE);
	DIFFERENT (t.extended_key_usage = EKU_CLIENT_AUTH);
	DIFFERENT (t.serial.b[19] ^= 1);
	DIFFERENT (t.not_before += MICROS_PER_S);
	DIFFERENT (t.not_after += MICROS_PER_S);
	DIFFERENT (t.key = key);
	DIFFERENT (t.policy_oid = "2.25.1.1");
	DIFFERENT (t.uscc = NULL);
	DIFFERENT (t.uscc = "91350100M0001TGQXM");
	DIFFERENT (t.subject_n = 3);
	DIFFERENT (t.subject = subject; t.subject_n = 3);
	g_assert_false (invariant_certificate (fixture.created.issuing, &same, NULL));
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	fixture_init (&fixture, KEY_P256, TRUE, T0 - MICROS_PER_DAY);
	g_autoptr (PrivateKey) private = private_key_generate (KEY_P256, NULL);
	key = private_key_public (private);
	kind = invariant_kind ("organization");
	g_test_add_func ("/signer/invariant/P-09-template", test_template);
	g_test_add_func ("/signer/invariant/P-09-matrix", test_matrix);
	g_test_add_func ("/signer/invariant/issuer-end", test_issuer_end);
	g_test_add_func ("/signer/invariant/P-13-result", test_result);
	int result = g_test_run ();
	public_key_unref (key);
	fixture_clear (&fixture);
	return result;
}
