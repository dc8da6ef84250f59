/* fuzz/fuzz_csr.c — certification requests, with OpenSSL as the second reader.
 *
 * What we accept OpenSSL accepts and verifies, over the same key bytes; one accepted
 * encoding, so encoding it again gives the same bytes.  A fuzzer cannot sign, so the input is taken
 * twice: as a whole request, and as the subject and attributes of one that the harness signs. */
#include <stdint.h>
#include <string.h>

#include <openssl/x509.h>

#include "base/error.h"
#include "pki/certificate_private.h"
#include "pki/pki_private.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_REQ, X509_REQ_free)

static void
check_refusal (const GError *error)
{
	g_assert_true (error != NULL && error->domain == DIQI_ERROR);
	g_assert_true (error->code == DIQI_ERROR_CSR || error->code == DIQI_ERROR_CSR_SIGNATURE
	               || error->code == DIQI_ERROR_KEY_ALGORITHM || error->code == DIQI_ERROR_KEY_WEAK);
	g_assert_cmpstr (diqi_error_field (error), ==, "/csr");
	g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

static void
set_sm2_identity (X509_REQ *request, const Csr *csr)
{
	ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new ();

	if (public_key_algorithm (csr_public_key (csr)) != KEY_SM2) {
		ASN1_OCTET_STRING_free (id);
		return;
	}
	ASN1_OCTET_STRING_set (id, (const unsigned char *) SM2_DEFAULT_ID, (int) strlen (SM2_DEFAULT_ID));
	X509_REQ_set0_distinguishing_id (request, id);
}

static void
check_second_reader (const Csr *csr)
{
	g_autoptr (GBytes) der = csr_der (csr);
	g_autoptr (GBytes) spki = public_key_spki (csr_public_key (csr));
	gsize n;
	const guint8 *start = g_bytes_get_data (der, &n), *p = start;
	g_autoptr (X509_REQ) request = d2i_X509_REQ (NULL, &p, (long) n);
	g_assert_true (request != NULL && p == start + n);
	set_sm2_identity (request, csr);
	EVP_PKEY *key = X509_REQ_get0_pubkey (request);
	g_assert_cmpint (X509_REQ_verify (request, key), ==, 1);

	guint8 *again = NULL;
	int again_n = i2d_X509_PUBKEY (X509_REQ_get_X509_PUBKEY (request), &again);
	g_assert_cmpmem (again, (gsize) again_n, g_bytes_get_data (spki, NULL), g_bytes_get_size (spki));
	OPENSSL_free (again);
}

static gboolean
check (const void *data, size_t size)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (Csr) csr = csr_parse (data, size, "/csr", &error);

	if (csr == NULL) {
		check_refusal (error);
		return FALSE;
	}
	g_assert_no_error (error);
	check_second_reader (csr);
	return TRUE;
}

static const PrivateKey *
signing_key (void)
{
	static PrivateKey *key;

	if (key == NULL)
		key = private_key_generate (KEY_P256, NULL);
	return key;
}

/* The input up to the middle byte is the subject, the rest the attributes. */
static void
check_signed (const guint8 *data, gsize size)
{
	const PrivateKey *key = signing_key ();
	gsize cut = size == 0 ? 0 : data[0] * size / 256;
	GBytes *spki = key->public_key->spki;
	GByteArray *w = g_byte_array_new ();
	gsize at = der_open (w, DER_SEQUENCE);

	der_put_uint (w, 0);
	der_put_raw (w, data + (size > 0), cut > 0 ? cut - 1 : 0);
	der_put_raw (w, g_bytes_get_data (spki, NULL), g_bytes_get_size (spki));
	der_put_raw (w, data + cut, size - cut);
	der_close (w, at);
	g_autoptr (GBytes) request = sign_structure (key, w, NULL);
	check (g_bytes_get_data (request, NULL), g_bytes_get_size (request));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
	pki_init ();
	check (data, size);
	check_signed (data, size);
	return 0;
}
