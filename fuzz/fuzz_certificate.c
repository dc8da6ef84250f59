/* fuzz/fuzz_certificate.c — certificates and revocation lists, with OpenSSL as the second
 * reader: what we accept OpenSSL accepts, and both read the same serial, times, names and
 * key.  Nothing that was not signed by its issuer ends a chain well. */
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <openssl/x509.h>

#include "base/error.h"
#include "pki/certificate_private.h"
#include "pki/path.h"
#include "pki/pki_private.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void
check_name (Der ours, const X509_NAME *theirs)
{
	const unsigned char *der;
	size_t n;

	g_assert_cmpint (X509_NAME_get0_der (theirs, &der, &n), ==, 1);
	g_assert_cmpmem (ours.p, ours.n, der, n);
}

static void
check_time (Micros ours, const ASN1_TIME *theirs)
{
	struct tm tm;

	g_assert_cmpint (ASN1_TIME_to_tm (theirs, &tm), ==, 1);
	g_assert_cmpint (ours, ==, (gint64) timegm (&tm) * MICROS_PER_S);
}

static void
check_serial (const Serial *ours, const ASN1_INTEGER *theirs)
{
	g_autoptr (BIGNUM) number = ASN1_INTEGER_to_BN (theirs, NULL);
	guint8 padded[20];

	g_assert_cmpint (BN_bn2binpad (number, padded, sizeof padded), ==, 20);
	g_assert_false (BN_is_negative (number));
	g_assert_cmpmem (ours->b, 20, padded, 20);
}

static void
check_second_reader (const Certificate *c)
{
	g_autoptr (GBytes) der = certificate_der (c);
	gsize n;
	const guint8 *start = g_bytes_get_data (der, &n), *p = start;
	g_autoptr (X509) x = d2i_X509 (NULL, &p, (long) n);
	g_autofree char *text = certificate_subject_text (c);

	g_assert_true (x != NULL && p == start + n);
	check_name (c->subject, X509_get_subject_name (x));
	check_name (c->issuer, X509_get_issuer_name (x));
	check_time (certificate_not_before (c), X509_get0_notBefore (x));
	check_time (certificate_not_after (c), X509_get0_notAfter (x));
	check_serial (certificate_serial (c), X509_get0_serialNumber (x));
	g_assert_cmpint (EVP_PKEY_eq (X509_get0_pubkey (x), c->key->pkey), ==, 1);
	g_assert_true (g_utf8_validate (text, -1, NULL));
}

static void
check_list (const void *data, size_t size, const Certificate *issuer)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) crl = g_bytes_new_static (data, size);
	RevokedEntry entry;

	if (!crl_verify (crl, issuer, NULL, NULL, &error))
		g_assert_true (error->domain == DIQI_ERROR);
	crl_find (crl, certificate_serial (issuer), &entry);
}

/* What `diqi certificate check` makes of a file that somebody hands a relying party: nothing in it leads to our root, and what it says
 * of addresses can be printed. */
static void
check_file (const void *data, size_t size, Certificate *root)
{
	g_autoptr (GBytes) file = g_bytes_new_static (data, size);
	g_autoptr (GPtrArray) certificates = certificates_read (file, 8, NULL);
	g_autoptr (GPtrArray) lists = lists_read (file, 8, NULL);
	if (certificates == NULL)
		return;
	const PathPool pool = { (Certificate *const *) certificates->pdata, certificates->len, &root, 1 };
	const Path path = { .lists = lists != NULL ? (GBytes *const *) lists->pdata : NULL, .lists_n = lists != NULL ? lists->len : 0 };
	for (guint i = 0; i < certificates->len; i++) {
		g_autoptr (GPtrArray) chain = NULL;
		PathFault fault;
		g_assert_false (path_find (certificates->pdata[i], &pool, &path, &chain, &fault, NULL));
		g_assert_cmpuint (fault.place, <=, chain->len);
		g_assert_true (fault.field != NULL && fault.rule != NULL);
		g_auto (GStrv) addresses = certificate_addresses (certificates->pdata[i], i % 2 == 0 ? ADDRESS_LIST : ADDRESS_ISSUER);
		for (guint k = 0; addresses[k] != NULL; k++)
			g_assert_true (g_str_has_prefix (addresses[k], "http") && g_str_is_ascii (addresses[k]) && strpbrk (addresses[k], " \r\n\t\033") == NULL);
		g_autofree char *policy = certificate_policy (certificates->pdata[i]);
		g_assert_true (policy == NULL || strspn (policy, "0123456789.") == strlen (policy));
	}
}

static Certificate *
own_root (void)
{
	g_autoptr (PrivateKey) key = private_key_generate (KEY_P256, NULL);
	g_autoptr (PublicKey) public = private_key_public (key);
	const NamePart name = { NAME_COMMON_NAME, "root" };
	CertificateTemplate t = { .subject = &name, .subject_n = 1, .key = public, .ca = TRUE, .path_length = -1, .not_after = MICROS_PER_DAY,
	                          .key_usage = KU_KEY_CERT_SIGN | KU_CRL_SIGN };

	serial_new (0, &t.serial);
	g_autoptr (GBytes) der = root_sign_certificate (key, &t, NULL);
	return certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), NULL);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
	static Certificate *root;
	g_autoptr (GError) error = NULL;

	if (root == NULL)
		root = own_root ();
	check_list (data, size, root);
	check_file (data, size, root);
	g_autoptr (Certificate) c = certificate_parse (data, size, &error);
	if (c == NULL) {
		g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CERTIFICATE);
		return 0;
	}
	check_second_reader (c);
	g_assert_false (certificate_verify_chain (c, &root, 1, 0, NULL));
	return 0;
}
