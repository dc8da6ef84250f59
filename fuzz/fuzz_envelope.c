/* fuzz/fuzz_envelope.c — enveloped keys, envelopes and CSRResponse, with OpenSSL as the second reader.
 *
 * The holders' keys are constant, so that seeds hold real envelopes for them.  What we open by P-256 OpenSSL's CMS opens to the same; a key
 * that comes out is that of the certificate; a CSRResponse that is read is written again and read as the same. */
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "pki/certificate_private.h"
#include "pki/envelope.h"
#include "pki/enveloped_key.h"
#include "pki/pki_private.h"

/* OpenSSL has macros of the same names with other values. */
enum { CA_USAGE = KU_KEY_CERT_SIGN | KU_CRL_SIGN };
#include <openssl/cms.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CMS_ContentInfo, CMS_ContentInfo_free)

/* Made for this file; they protect nothing.  Of each pair: the holder's key, and the key in the seeds' envelopes. */
static const char *const pems[][2] = {
	{ "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgF2FOjQ2uDCLe6auezBY1tNQ/G5kyNlnWbhJr9gudlL+hRANC"
	  "AARLjjt7rWIQ2AIBiJPDzyNJliz98z+G6zMZd3/aWb/rZY+WJ1NWZFoQ8g7orBPoQWSssx2q7r7FAwzFiV3SwEWt", "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgN9dsvKtboT4MekceoLXV6DRvD99Oo7o2mDghj6R8/vGhRANC"
	  "AARWn8q58kcRKsVRGfA9svcil/o2gks/X+w23Df0U5SQFAYtjuYakjm5+yOtu06QQN+5ZKWxZg590lt2WfdJT8Qd" },
	{ "MIGHAgEAMBMGByqGSM49AgEGCCqBHM9VAYItBG0wawIBAQQgnoDQ4u0T4YF+P2fieptbCtiWhpOP0VBorYGDL3p788+hRANC"
	  "AAR8LNLmTeEdQziOZK+/ht85Y091blre4m7mhy5io3nNNN8/+DFggcyorcPje6r31nr7dL+fGntdMav4WPDnZuGi", "MIGHAgEAMBMGByqGSM49AgEGCCqBHM9VAYItBG0wawIBAQQgrUoaqeZQQYCaiVOtoMkDpvvLxwSUtwgM5hq9Q35J0tWhRANC"
	  "AAStYFMQi1RogmQwsz6xRwFhu0Omk1+MxpQzJeOORf8Z2coFLC96mYz2fVgGOXVqH2Na8/d+B7zpH0IXjeV9Sqg7" },
};
enum { P256, SM2 };
#define NOW (G_GINT64_CONSTANT (1795348800) * MICROS_PER_S)

typedef struct {
	PrivateKey *holder[2];
	Certificate *certificate[2];      /* of the enveloped keys */
} Keys;

static PrivateKey *
load (const char *base64)
{
	g_autoptr (GError) error = NULL;
	gsize n;
	g_autofree guchar *der = g_base64_decode (base64, &n);
	PrivateKey *key = private_key_from_pkcs8 (der, n, &error);
	g_assert_no_error (error);
	return key;
}

static Certificate *
certify (const PrivateKey *key)
{
	const NamePart subject[] = { { NAME_COUNTRY, "CN" }, { NAME_ORGANIZATION, "fuzz" }, { NAME_COMMON_NAME, "fuzz" } };
	g_autoptr (PublicKey) public = private_key_public (key);
	CertificateTemplate t = { .subject = subject, .subject_n = G_N_ELEMENTS (subject), .key = public, .not_before = NOW, .not_after = NOW + MICROS_PER_DAY - MICROS_PER_S,
	                          .ca = TRUE, .path_length = -1, .key_usage = CA_USAGE };
	serial_new (NOW, &t.serial);
	g_autoptr (GBytes) der = root_sign_certificate (key, &t, NULL);
	g_assert_nonnull (der);
	return certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), NULL);
}

static const Keys *
keys (void)
{
	static Keys made;

	for (gsize i = 0; made.certificate[SM2] == NULL && i < 2; i++) {
		made.holder[i] = load (pems[i][0]);
		g_autoptr (PrivateKey) key = load (pems[i][1]);
		made.certificate[i] = certify (key);
		g_assert_nonnull (made.certificate[i]);
	}
	return &made;
}

static void
check_refusal (const GError *error)
{
	g_assert_true (error != NULL && error->domain == DIQI_ERROR);
	g_assert_true (error->code == DIQI_ERROR_ENVELOPE || error->code == DIQI_ERROR_ENVELOPE_KEY);
}

static void
check_key (const Keys *k, gsize i, GBytes *bytes)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PrivateKey) key = enveloped_key_open (k->holder[i], bytes, k->certificate[i], &error);

	if (key == NULL)
		check_refusal (error);
	else
		g_assert_true (fingerprint_equal (public_key_fingerprint (key->public_key), public_key_fingerprint (certificate_public_key (k->certificate[i]))));
}

/* OpenSSL reads BER and more schemes: what we take it takes, and not the other way round. */
static void
check_second_reader (const PrivateKey *holder, GBytes *bytes, GBytes *plain)
{
	gsize n, plain_n;
	const guint8 *p = g_bytes_get_data (bytes, &n);
	g_autoptr (CMS_ContentInfo) cms = d2i_CMS_ContentInfo (NULL, &p, (long) n);
	g_autoptr (BIO) out = BIO_new (BIO_s_mem ());
	char *text;

	g_assert_nonnull (cms);
	g_assert_cmpint (CMS_decrypt (cms, holder->pkey, NULL, NULL, out, 0), ==, 1);
	long text_n = BIO_get_mem_data (out, &text);
	gconstpointer expected = g_bytes_get_data (plain, &plain_n);
	g_assert_cmpmem (text, (gsize) text_n, expected, plain_n);
}

static void
check_envelope (const Keys *k, gsize i, GBytes *bytes)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) plain = envelope_open (k->holder[i], bytes, &error);

	if (plain == NULL)
		check_refusal (error);
	else if (i == P256)
		check_second_reader (k->holder[i], bytes, plain);
}

static void
check_response (const void *data, size_t size)
{
	g_autoptr (GError) error = NULL;
	g_auto (CsrResponse) response = { NULL }, again = { NULL };

	if (!csr_response_parse (data, size, &response, &error)) {
		check_refusal (error);
		return;
	}
	g_assert_true ((response.envelope == NULL) == (response.encryption == NULL));
	g_autoptr (GBytes) built = csr_response_build (response.signing, response.encryption, response.envelope);
	g_assert_true (csr_response_parse (g_bytes_get_data (built, NULL), g_bytes_get_size (built), &again, &error));
	g_assert_true (fingerprint_equal (certificate_fingerprint (again.signing), certificate_fingerprint (response.signing)));
	g_assert_true (response.envelope == NULL || g_bytes_equal (again.envelope, response.envelope));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
	pki_init ();
	g_autoptr (GBytes) bytes = g_bytes_new (data, size);
	for (gsize i = 0; i < 2; i++) {
		check_key (keys (), i, bytes);
		check_envelope (keys (), i, bytes);
	}
	check_response (data, size);
	return 0;
}
