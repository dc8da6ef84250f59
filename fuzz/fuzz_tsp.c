/* fuzz/fuzz_tsp.c — time-stamp requests, with OpenSSL as the second reader: what we accept OpenSSL accepts, with the same
 * imprint and the same nonce, and it can be stamped. */
#include <stdint.h>
#include <string.h>

#include "pki/tsp.h"
#include "service.h"

#include <openssl/ts.h>      /* last: it makes macros of our names */

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TS_REQ, TS_REQ_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TS_RESP, TS_RESP_free)

static void
check_same (const TspRequest *ours, TS_REQ *theirs)
{
	const ASN1_OCTET_STRING *imprint = TS_MSG_IMPRINT_get_msg (TS_REQ_get_msg_imprint (theirs));
	const ASN1_INTEGER *nonce = TS_REQ_get_nonce (theirs);

	g_assert_cmpmem (ASN1_STRING_get0_data (imprint), (gsize) ASN1_STRING_length (imprint), ours->imprint, ours->imprint_n);
	g_assert_cmpint (nonce != NULL, ==, ours->nonce_n > 0);
	g_assert_cmpint (TS_REQ_get_cert_req (theirs) != 0, ==, ours->certificates);
	if (nonce != NULL) {
		guint8 der[2 + sizeof ours->nonce], *end = der;      /* i2d moves it */
		g_assert_cmpint (i2d_ASN1_INTEGER (nonce, NULL), ==, 2 + (int) ours->nonce_n);
		i2d_ASN1_INTEGER (nonce, &end);
		g_assert_cmpmem (der + 2, ours->nonce_n, ours->nonce, ours->nonce_n);
	}
}

static void
check_stamp (const PrivateKey *key, const Certificate *certificate, const TspRequest *request)
{
	TspStamp stamp = { .request = request, .time = MICROS_PER_S + 5, .accuracy = MICROS_PER_S, .ordering = TRUE };
	g_autoptr (GError) error = NULL;

	serial_new (0, &stamp.serial);
	g_autoptr (GBytes) answer = tsp_stamp (key, certificate, NULL, 0, &stamp, &error);
	g_assert_no_error (error);
	gsize n;
	const guint8 *start = g_bytes_get_data (answer, &n), *p = start;
	g_autoptr (TS_RESP) response = d2i_TS_RESP (NULL, &p, (long) n);
	g_assert_true (response != NULL && p == start + n && der_check (start, n));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
	static PrivateKey *key;
	static Certificate *certificate;
	TspRequest ours;
	TspFailure failure;
	const char *detail;

	if (certificate == NULL) {
		g_autoptr (Certificate) root = NULL;
		certificate = fuzz_service_new (FUZZ_DIGITAL_SIGNATURE | FUZZ_NON_REPUDIATION, EKU_TIME_STAMPING, FALSE, &root, &key);
	}
	if (!tsp_request_parse (data, size, &ours, &failure, &detail)) {
		g_autoptr (GBytes) refusal = tsp_failure (failure, detail);
		g_assert_true (der_check (g_bytes_get_data (refusal, NULL), g_bytes_get_size (refusal)));
		return 0;
	}
	const guint8 *p = data;
	g_autoptr (TS_REQ) theirs = d2i_TS_REQ (NULL, &p, (long) size);
	g_assert_true (theirs != NULL && p == data + size);
	check_same (&ours, theirs);
	check_stamp (key, certificate, &ours);
	return 0;
}
