/* Certificates: what is written is what is read; what is malformed is refused (RFC 5280 4). */
#include "base/error.h"
#include "hierarchy.h"
#include "pki/der.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static Hierarchy *shared;      /* P-256, made once */

static void
test_profile (void)
{
	const Certificate *c = shared->holder;
	g_autofree char *text = certificate_subject_text (c);
	g_autofree char *name = certificate_subject_attribute (c, NAME_COMMON_NAME);
	g_autofree char *none = certificate_subject_attribute (c, NAME_UNIT);

	g_assert_cmpstr (text, ==, "CN=张三,O=太仓某某置业有限公司,ST=江苏省,C=CN");
	g_assert_cmpstr (name, ==, "张三");
	g_assert_null (none);
	g_assert_cmpint (certificate_not_before (c), ==, HIERARCHY_NOW);
	g_assert_cmpint (certificate_not_after (c), ==, HIERARCHY_NOW + 365 * MICROS_PER_DAY);
	g_assert_cmpuint (certificate_key_usage (c), ==, KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION);
	g_assert_cmpuint (certificate_extended_key_usage (c), ==, EKU_CLIENT_AUTH | EKU_DOCUMENT_SIGNING);
	g_assert_false (certificate_is_ca (c));
	g_assert_true (certificate_is_ca (shared->issuing));
	g_assert_true (certificate_has_policy (c, "1.2.156.99999.1.1"));
	g_assert_false (certificate_has_policy (c, "1.2.156.99999.1"));
	g_assert_false (certificate_has_policy (c, "nonsense"));
	g_assert_false (certificate_has_policy (shared->root, "1.2.156.99999.1.1"));
}

static void
test_pem (void)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *pem = certificate_pem (shared->holder);
	g_autofree char *talk = g_strconcat ("made for a test\n", pem, "\n \r\n", NULL);
	g_autofree char *two = g_strconcat (pem, pem, NULL);
	g_autofree char *cut = g_strndup (pem, strlen (pem) - 20);
	g_autoptr (Certificate) back = certificate_parse_pem (talk, strlen (talk), &error);

	g_assert_no_error (error);
	g_assert_true (fingerprint_equal (certificate_fingerprint (back), certificate_fingerprint (shared->holder)));
	g_assert_null (certificate_parse_pem (two, strlen (two), NULL));
	g_assert_null (certificate_parse_pem (cut, strlen (cut), NULL));
	g_assert_null (certificate_parse_pem ("", 0, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CERTIFICATE);
}

/* All extended key usages, each alone, survive; so do Diqi's own. */
static void
test_extended_key_usages (void)
{
	g_autoptr (PublicKey) key = private_key_public (shared->holder_key);
	CertificateTemplate t;

	for (guint bit = 0; bit < 8; bit++) {
		holder_template (shared, key, &t);
		static const char *const hosts[] = { "www.example.test", NULL };
		t.extended_key_usage = 1u << bit;
		/* What belongs to servers and responders (pki/lint.h). */
		t.hosts = t.extended_key_usage == EKU_SERVER_AUTH ? hosts : NULL;
		t.ocsp_no_check = t.extended_key_usage == EKU_OCSP_SIGNING;
		g_autoptr (Certificate) c = issue (shared->issuer, &t);
		g_assert_cmpuint (certificate_extended_key_usage (c), ==, 1u << bit);
	}
}

/* RFC 5280 4.1.2.5: the form of a time changes in 2050, and reading follows. */
static void
test_times (void)
{
	static const gint64 ends[] = { 2524607999, 2524608000, 253402300799 };
	g_autoptr (PublicKey) key = private_key_public (shared->root_key);
	CertificateTemplate t;

	/* Roots: what they sign ends before they do. */
	for (guint i = 0; i < G_N_ELEMENTS (ends); i++) {
		holder_template (shared, key, &t);
		t.ca = TRUE;
		t.key_usage = KU_KEY_CERT_SIGN;
		t.extended_key_usage = 0;
		t.not_after = ends[i] * MICROS_PER_S;
		g_autoptr (Certificate) c = certificate_from (root_sign_certificate (shared->root_key, &t, NULL));
		g_assert_cmpint (certificate_not_after (c), ==, t.not_after);
	}
}

static void
refused_template (CertificateTemplate *t, DiqiErrorCode code, const char *field)
{
	g_autoptr (GError) error = NULL;

	g_assert_null (issuer_sign_certificate (shared->issuer, t, &error));
	g_assert_error (error, DIQI_ERROR, (gint) code);
	g_assert_cmpstr (diqi_error_field (error), ==, field);
}

static void
test_template_refused (void)
{
	g_autoptr (PublicKey) key = private_key_public (shared->holder_key);
	CertificateTemplate good, t;

	holder_template (shared, key, &good);
#define REFUSED(change, code, field) do { t = good; change; refused_template (&t, code, field); } while (0)
	REFUSED (t.serial.b[0] = 0x80, DIQI_ERROR_FIELD_VALUE, "/serial");
	REFUSED (t.serial.b[0] = 0, DIQI_ERROR_FIELD_VALUE, "/serial");
	REFUSED (t.not_before += 1, DIQI_ERROR_FIELD_VALUE, "/not_before");
	REFUSED (t.not_after = t.not_before - MICROS_PER_S, DIQI_ERROR_FIELD_VALUE, "/not_after");
	REFUSED (t.not_after = G_GINT64_CONSTANT (253402300800) * MICROS_PER_S, DIQI_ERROR_FIELD_VALUE, "/not_after");
	REFUSED (t.key_usage = 0, DIQI_ERROR_FIELD_VALUE, "/key_usage");
	REFUSED (t.key_usage = KU_KEY_CERT_SIGN, DIQI_ERROR_FIELD_VALUE, "/key_usage");
	REFUSED (t.key_usage = KU_CRL_SIGN, DIQI_ERROR_FIELD_VALUE, "/key_usage");
	REFUSED (t.ca = TRUE, DIQI_ERROR_FIELD_VALUE, "/key_usage");
	REFUSED (t.path_length = 0, DIQI_ERROR_FIELD_VALUE, "/path_length");
	REFUSED (t.extended_key_usage = 1u << 20, DIQI_ERROR_FIELD_VALUE, "/extended_key_usage");
	REFUSED (t.policy_oid = "1.2.x", DIQI_ERROR_FIELD_VALUE, "/policy_oid");
	REFUSED (t.crl_uri = "http://ca.test/a b", DIQI_ERROR_FIELD_VALUE, "/crl_uri");
	REFUSED (t.ocsp_uri = "", DIQI_ERROR_FIELD_VALUE, "/ocsp_uri");
	REFUSED (t.uscc = "9132<0585", DIQI_ERROR_FIELD_VALUE, "/uscc");
	REFUSED (t.subject_n = 0, DIQI_ERROR_FIELD_MISSING, "/subject");
}

static void
test_names_refused (void)
{
	g_autoptr (PublicKey) key = private_key_public (shared->holder_key);
	g_autofree char *long_name = g_strnfill (65, 'x');
	const struct {
		NamePart part;
		DiqiErrorCode code;
		const char *field;
	} cases[] = {
		{ { NAME_COUNTRY, "cn" }, DIQI_ERROR_FIELD_VALUE, "/subject/C" },
		{ { NAME_COUNTRY, "CHN" }, DIQI_ERROR_FIELD_LENGTH, "/subject/C" },
		{ { NAME_COMMON_NAME, "" }, DIQI_ERROR_FIELD_VALUE, "/subject/CN" },
		{ { NAME_COMMON_NAME, NULL }, DIQI_ERROR_FIELD_VALUE, "/subject/CN" },
		{ { NAME_COMMON_NAME, "a\nb" }, DIQI_ERROR_FIELD_VALUE, "/subject/CN" },
		{ { NAME_COMMON_NAME, "\xff\xfe" }, DIQI_ERROR_FIELD_VALUE, "/subject/CN" },
		{ { NAME_ORGANIZATION, long_name }, DIQI_ERROR_FIELD_LENGTH, "/subject/O" },
		{ { NAME_SERIAL_NUMBER, "编号" }, DIQI_ERROR_FIELD_VALUE, "/subject/serialNumber" },
	};
	CertificateTemplate t;

	for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
		holder_template (shared, key, &t);
		t.subject = &cases[i].part;
		t.subject_n = 1;
		refused_template (&t, cases[i].code, cases[i].field);
	}
	/* 64 characters, not octets (RFC 5280 appendix A). */
	g_autofree char *wide = g_malloc0 (64 * 3 + 1);
	for (guint i = 0; i < 64; i++)
		memcpy (wide + 3 * i, "地", 3);
	const NamePart part = { NAME_ORGANIZATION, wide };
	holder_template (shared, key, &t);
	t.subject = &part;
	t.subject_n = 1;
	g_autoptr (Certificate) c = issue (shared->issuer, &t);
	g_autofree char *back = certificate_subject_attribute (c, NAME_ORGANIZATION);
	g_assert_cmpstr (back, ==, wide);
}

static void
test_wrong_issuer (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PublicKey) key = private_key_public (shared->holder_key);
	CertificateTemplate t;

	g_assert_null (issuer_new (shared->issuing, shared->root_key, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CERTIFICATE);
	g_clear_error (&error);
	g_assert_null (issuer_new (shared->holder, shared->holder_key, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CERTIFICATE_USAGE);
	g_clear_error (&error);
	holder_template (shared, key, &t);
	g_assert_null (root_sign_certificate (shared->root_key, &t, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CERTIFICATE_USAGE);
}

/* --- malformed: one change to a good certificate ------------------------------------- */

static GBytes *
replaced (const char *from, gsize from_n, const char *to)
{
	g_autoptr (GBytes) der = certificate_der (shared->holder);
	gsize n;
	guint8 *copy = g_memdup2 (g_bytes_get_data (der, &n), g_bytes_get_size (der));
	n = g_bytes_get_size (der);
	guint8 *at = memmem (copy, n, from, from_n);

	g_assert_nonnull (at);
	memcpy (at, to, from_n);
	return g_bytes_new_take (copy, n);
}

static void
test_malformed (void)
{
	static const struct {
		const char *what, *from, *to;
		gsize n;
	} cases[] = {
#define CHANGE(what, from, to) { what, from, to, sizeof (from) - 1 }
		CHANGE ("version 1", "\xa0\x03\x02\x01\x02", "\xa0\x03\x02\x01\x00"),
		CHANGE ("version 4", "\xa0\x03\x02\x01\x02", "\xa0\x03\x02\x01\x03"),
		CHANGE ("serial not positive", "\x02\x14\x41", "\x02\x14\xc1"),
		CHANGE ("inner algorithm differs", "\x2a\x86\x48\xce\x3d\x04\x03\x02", "\x2a\x86\x48\xce\x3d\x04\x03\x03"),
		CHANGE ("extension twice", "\x06\x03\x55\x1d\x0e", "\x06\x03\x55\x1d\x23"),
		CHANGE ("critical FALSE written", "\x55\x1d\x0f\x01\x01\xff", "\x55\x1d\x0f\x01\x01\x00"),
		CHANGE ("key usage without a bit", "\x04\x04\x03\x02\x06\xc0", "\x04\x04\x03\x02\x06\x00"),
		CHANGE ("month 13", "261122120000Z", "261322120000Z"),
		CHANGE ("ends before it begins", "271122120000Z", "251122120000Z"),
		CHANGE ("point off the curve", "\x03\x42\x00\x04", "\x03\x42\x00\x05"),
		CHANGE ("unused bits in the key", "\x03\x42\x00\x04", "\x03\x42\x01\x04"),
		CHANGE ("explicit curve", "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x06"),
		CHANGE ("name not UTF-8", "\x0c\x06\xe5\xbc\xa0", "\x0c\x06\xe5\xff\xa0"),
	};

	for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
		g_autoptr (GError) error = NULL;
		g_autoptr (GBytes) der = replaced (cases[i].from, cases[i].n, cases[i].to);
		g_test_message ("%s", cases[i].what);
		g_assert_null (certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), &error));
		g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CERTIFICATE);
	}
}

static void
test_sizes (void)
{
	g_autoptr (GBytes) der = certificate_der (shared->holder);
	gsize n = g_bytes_get_size (der);
	const guint8 *p = g_bytes_get_data (der, NULL);
	g_autofree guint8 *more = g_malloc0 (CERTIFICATE_MAX_DER + 1);

	for (gsize cut = 0; cut < n; cut++)
		g_assert_null (certificate_parse (p, cut, NULL));
	memcpy (more, p, n);
	g_assert_null (certificate_parse (more, n + 1, NULL));
	g_assert_null (certificate_parse (more, CERTIFICATE_MAX_DER + 1, NULL));
}

/* Every single bit: never a crash, and never again a signature that holds. */
static void
test_every_bit (void)
{
	g_autoptr (GBytes) der = certificate_der (shared->holder);
	gsize n = g_bytes_get_size (der);
	g_autofree guint8 *copy = g_memdup2 (g_bytes_get_data (der, NULL), n);
	Certificate *chain[] = { shared->issuing, shared->root };

	for (gsize bit = 0; bit < n * 8; bit++) {
		copy[bit / 8] ^= (guint8) (1u << bit % 8);
		g_autoptr (Certificate) c = certificate_parse (copy, n, NULL);
		g_assert_false (c != NULL && certificate_verify_chain (c, chain, 2, HIERARCHY_NOW, NULL));
		copy[bit / 8] ^= (guint8) (1u << bit % 8);
	}
}

static void
test_serial (void)
{
	Serial a, b;
	g_autofree char *hex = NULL;

	serial_new (HIERARCHY_NOW + 999, &a);
	serial_new (HIERARCHY_NOW + 1000, &b);
	g_assert_cmpint (a.b[0] & 0xc0, ==, 0x40);
	g_assert_cmpint (memcmp (a.b, b.b, 6), <, 0);      /* time first */
	g_assert_cmpint (memcmp (a.b + 6, b.b + 6, 14), !=, 0);
	g_assert_cmpint (serial_time (&a), ==, HIERARCHY_NOW);
	serial_new (0, &b);
	g_assert_cmpint (b.b[0], ==, 0x40);
	g_assert_cmpint (serial_time (&b), ==, 0);
	hex = serial_hex (&a);
	g_assert_true (serial_from_hex (hex, &b));
	g_assert_cmpmem (a.b, sizeof a.b, b.b, sizeof b.b);
	hex[0] = 'G';
	g_assert_false (serial_from_hex (hex, &b));
	g_assert_false (serial_from_hex ("41", &b));
}

/* P-11: the random part is random: no octet of it is stuck, none repeats. */
static void
test_serial_is_random (void)
{
	g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
	guint8 ever_set[20] = { 0 }, ever_clear[20] = { 0 };

	for (int i = 0; i < 2000; i++) {
		Serial s;
		serial_new (HIERARCHY_NOW, &s);
		g_assert_true (g_hash_table_add (seen, serial_hex (&s)));
		for (int k = 0; k < 20; k++) {
			ever_set[k] |= s.b[k];
			ever_clear[k] |= (guint8) ~s.b[k];
		}
	}
	for (int k = 6; k < 20; k++)
		g_assert_cmpint (ever_set[k] & ever_clear[k], ==, 0xff);
}

static int
by_octets (gconstpointer a, gconstpointer b)
{
	return memcmp (a, b, sizeof (Serial));
}

/* P-11: of a million serials of one millisecond, half of them made after a fork with the same memory, no two are alike. */
static void
test_serial_after_fork (void)
{
	const gsize half = 500000;
	gsize size = 2 * half * sizeof (Serial);
	Serial *all = mmap (NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	g_assert_true (all != MAP_FAILED);
	serial_new (HIERARCHY_NOW, &all[0]);     /* whatever is kept between calls is there before the fork */
	pid_t child = fork ();
	g_assert_cmpint (child, >=, 0);
	for (gsize i = 0; i < half; i++)
		serial_new (HIERARCHY_NOW, &all[child == 0 ? half + i : i]);
	if (child == 0)
		_exit (0);
	int status;
	g_assert_true (waitpid (child, &status, 0) == child && status == 0);
	qsort (all, 2 * half, sizeof *all, by_octets);
	for (gsize i = 1; i < 2 * half; i++)
		g_assert_cmpint (by_octets (&all[i - 1], &all[i]), <, 0);
	munmap (all, size);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	g_autoptr (Hierarchy) h = shared = hierarchy_new (KEY_P256);
	g_test_add_func ("/certificate/profile", test_profile);
	g_test_add_func ("/certificate/pem", test_pem);
	g_test_add_func ("/certificate/extended-key-usages", test_extended_key_usages);
	g_test_add_func ("/certificate/times", test_times);
	g_test_add_func ("/certificate/template-refused", test_template_refused);
	g_test_add_func ("/certificate/names-refused", test_names_refused);
	g_test_add_func ("/certificate/wrong-issuer", test_wrong_issuer);
	g_test_add_func ("/certificate/malformed", test_malformed);
	g_test_add_func ("/certificate/sizes", test_sizes);
	g_test_add_func ("/certificate/every-bit", test_every_bit);
	g_test_add_func ("/serial/shape", test_serial);
	g_test_add_func ("/serial/random", test_serial_is_random);
	g_test_add_func ("/serial/after-fork", test_serial_after_fork);
	return g_test_run ();
}
