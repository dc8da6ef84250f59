/* fuzz/fuzz_ocsp.c — OCSP requests, with OpenSSL as the second reader: what we accept
 * OpenSSL accepts, and both see the same questions and the same nonce.  Any accepted
 * request can be answered. */
#include <stdint.h>
#include <string.h>

#include "service.h"

#include <openssl/ocsp.h>      /* last: it makes macros of our KU_ names */

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void ocsp_request_free_ (OCSP_REQUEST *r) { OCSP_REQUEST_free (r); }
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OCSP_REQUEST, ocsp_request_free_)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OCSP_RESPONSE, OCSP_RESPONSE_free)

/* A root, and the responder it has certified. */
static Certificate *
own_root (OcspResponder **responder)
{
	g_autoptr (GError) error = NULL;
	PrivateKey *key;
	Certificate *root;
	g_autoptr (Certificate) certificate = fuzz_service_new (FUZZ_DIGITAL_SIGNATURE, EKU_OCSP_SIGNING, TRUE, &root, &key);

	*responder = ocsp_responder_new (certificate, key, &error);
	g_assert_no_error (error);
	private_key_free (key);
	return root;
}

static void
check_questions (const OcspRequest *ours, OCSP_REQUEST *theirs)
{
	g_assert_cmpint (OCSP_request_onereq_count (theirs), ==, (int) ours->singles->len);
	for (guint i = 0; i < ours->singles->len; i++) {
		OCSP_CERTID *id = OCSP_onereq_get0_id (OCSP_request_onereq_get0 (theirs, (int) i));
		GBytes *echoed = g_array_index (ours->singles, OcspSingle, i).cert_id;
		guint8 *der = NULL;
		int n = i2d_OCSP_CERTID (id, &der);
		g_assert_cmpmem (der, (gsize) n, g_bytes_get_data (echoed, NULL), g_bytes_get_size (echoed));
		OPENSSL_free (der);
	}
	g_assert_cmpint (OCSP_REQUEST_get_ext_by_NID (theirs, NID_id_pkix_OCSP_Nonce, -1) >= 0, ==, ours->nonce != NULL);
}

static void
check_answer (const OcspResponder *responder, const OcspRequest *request)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) answer = ocsp_responder_sign (responder, request, 0, 0, MICROS_PER_S, &error);
	g_assert_no_error (error);
	gsize n;
	const guint8 *start = g_bytes_get_data (answer, &n), *p = start;
	g_autoptr (OCSP_RESPONSE) response = d2i_OCSP_RESPONSE (NULL, &p, (long) n);

	g_assert_true (response != NULL && p == start + n && der_check (start, n));
}

/* The requestor's name and signature: we look at their outside only, OpenSSL at all of them. */
static gboolean
has_unread_parts (Der whole)
{
	Der request, body, version;

	g_assert_true (der_read (&whole, DER_SEQUENCE, &request) && der_read (&request, DER_SEQUENCE, &body));
	if (der_is_next (&body, DER_CONTEXT_CONSTRUCTED (0)))
		g_assert_true (der_read (&body, DER_CONTEXT_CONSTRUCTED (0), &version));
	return request.n > 0 || der_is_next (&body, DER_CONTEXT_CONSTRUCTED (1));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
	static Certificate *root;
	static OcspResponder *responder;
	g_autoptr (GError) error = NULL;

	if (root == NULL)
		root = own_root (&responder);
	g_autoptr (OcspRequest) ours = ocsp_request_parse (data, size, root, &error);
	if (ours == NULL) {
		g_assert_error (error, DIQI_ERROR, DIQI_ERROR_REQUEST);
		return 0;
	}
	const guint8 *p = data;
	g_autoptr (OCSP_REQUEST) theirs = d2i_OCSP_REQUEST (NULL, &p, (long) size);
	if (theirs != NULL)
		check_questions (ours, theirs);
	else
		g_assert_true (has_unread_parts ((Der) { data, size }));
	check_answer (responder, ours);
	return 0;
}
