/* OCSP: requests as clients make them, answers as another reader understands them (RFC 6960, 9654).
 * The other reader is OpenSSL's. */
#include "base/error.h"
#include "hierarchy.h"
#include "pki/pki_private.h"

#include <openssl/ocsp.h>
#include <string.h>

#define NEXT (HIERARCHY_NOW + MICROS_PER_HOUR)

static void ocsp_request_free_ (OCSP_REQUEST *r) { OCSP_REQUEST_free (r); }
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OCSP_REQUEST, ocsp_request_free_)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OCSP_RESPONSE, OCSP_RESPONSE_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OCSP_BASICRESP, OCSP_BASICRESP_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_STORE, X509_STORE_free)

static Hierarchy *shared;

static X509 *
x509 (const Certificate *c)
{
	g_autoptr (GBytes) der = certificate_der (c);
	gsize n;
	const guint8 *p = g_bytes_get_data (der, &n);

	return d2i_X509 (NULL, &p, (long) n);
}

static GBytes *
encoded (OCSP_REQUEST *request)
{
	guint8 *der = NULL;
	int n = i2d_OCSP_REQUEST (request, &der);
	g_assert_cmpint (n, >, 0);
	GBytes *bytes = g_bytes_new (der, (gsize) n);

	OPENSSL_free (der);
	return bytes;
}

static OCSP_REQUEST *
ask (const EVP_MD *md, const Certificate *subject, const Certificate *issuer)
{
	g_autoptr (X509) s = x509 (subject), i = x509 (issuer);
	OCSP_REQUEST *request = OCSP_REQUEST_new ();

	g_assert_nonnull (OCSP_request_add0_id (request, OCSP_cert_to_id (md, s, i)));
	return request;
}

static OcspRequest *
parse (GBytes *der, GError **error)
{
	return ocsp_request_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), shared->issuing, error);
}

static OcspSingle *
single (OcspRequest *request, guint i)
{
	return &g_array_index (request->singles, OcspSingle, i);
}

static void
test_cert_ids (void)
{
	const EVP_MD *const digests[] = { EVP_sha1 (), EVP_sha256 (), EVP_sha384 (), EVP_sha512 (), EVP_sm3 () };

	for (guint i = 0; i < G_N_ELEMENTS (digests); i++) {
		g_autoptr (GError) error = NULL;
		g_autoptr (OCSP_REQUEST) asked = ask (digests[i], shared->holder, shared->issuing);
		g_autoptr (GBytes) der = encoded (asked);
		g_autoptr (OcspRequest) request = parse (der, &error);
		g_assert_no_error (error);
		g_assert_cmpuint (request->singles->len, ==, 1);
		g_assert_true (single (request, 0)->ours);
		g_assert_cmpmem (single (request, 0)->serial.b, 20, certificate_serial (shared->holder)->b, 20);
		g_assert_cmpint (single (request, 0)->status, ==, CERT_STATUS_UNKNOWN);
		g_assert_null (request->nonce);
	}
}

/* Another issuer, or a hash we do not compute: a right request about a certificate that is not ours. */
static void
test_not_ours (void)
{
	g_autoptr (Hierarchy) other = hierarchy_new (KEY_P256);
	g_autoptr (OCSP_REQUEST) foreign = ask (EVP_sha1 (), other->holder, other->issuing);
	g_autoptr (OCSP_REQUEST) foreign_sm3 = ask (EVP_sm3 (), other->holder, other->issuing);
	g_autoptr (OCSP_REQUEST) sha512_256 = ask (EVP_sha512_256 (), shared->holder, shared->issuing);
	OCSP_REQUEST *const asked[] = { foreign, foreign_sm3, sha512_256 };

	for (guint i = 0; i < G_N_ELEMENTS (asked); i++) {
		g_autoptr (GError) error = NULL;
		g_autoptr (GBytes) der = encoded (asked[i]);
		g_autoptr (OcspRequest) request = parse (der, &error);
		g_assert_no_error (error);
		g_assert_false (single (request, 0)->ours);
	}
}

static void
request_is (OCSP_REQUEST *asked, gboolean good)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) der = encoded (asked);
	g_autoptr (OcspRequest) request = parse (der, &error);

	g_assert_cmpint (request != NULL, ==, good);
	if (!good)
		g_assert_error (error, DIQI_ERROR, DIQI_ERROR_REQUEST);
}

/* RFC 9654 2.1: 1 to 128 octets. */
static void
test_nonce (void)
{
	static const struct {
		int size;
		gboolean good;
	} cases[] = { { 1, TRUE }, { 16, TRUE }, { 32, TRUE }, { 128, TRUE }, { 129, FALSE }, { 1000, FALSE } };

	for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
		g_autoptr (OCSP_REQUEST) asked = ask (EVP_sha1 (), shared->holder, shared->issuing);
		g_assert_cmpint (OCSP_request_add1_nonce (asked, NULL, cases[i].size), ==, 1);
		request_is (asked, cases[i].good);
	}
}

static void
add_value (OCSP_REQUEST *request, const char *oid, gboolean critical, const char *bytes, int n)
{
	ASN1_OBJECT *object = OBJ_txt2obj (oid, 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new ();
	ASN1_OCTET_STRING_set (value, (const guint8 *) bytes, n);
	X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ (NULL, object, critical, value);

	g_assert_cmpint (OCSP_REQUEST_add_ext (request, extension, -1), ==, 1);
	X509_EXTENSION_free (extension);
	ASN1_OCTET_STRING_free (value);
	ASN1_OBJECT_free (object);
}

static void
add_extension (OCSP_REQUEST *request, const char *oid, gboolean critical)
{
	add_value (request, oid, critical, "\x05", 2);
}

/* RFC 6960 4.4.3, 4.4.7, RFC 9654 2.1: known, so also critical; but whole, and with the answer that we have. */
static void
test_known_extensions (void)
{
	static const struct {
		const char *oid, *value;
		int n;
		gboolean good;
	} cases[] = {
		{ "1.3.6.1.5.5.7.48.1.4", "\x30\x0b\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x01", 13, TRUE },       /* basic */
		{ "1.3.6.1.5.5.7.48.1.4", "\x30\x05\x06\x03\x2a\x03\x04", 7, FALSE },                                /* something else only */
		{ "1.3.6.1.5.5.7.48.1.4", "\x30\x00", 2, FALSE },
		{ "1.3.6.1.5.5.7.48.1.8", "\x30\x0e\x30\x0c\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02", 16, TRUE },  /* ecdsa-with-SHA256 */
		{ "1.3.6.1.5.5.7.48.1.8", "\x30\x02\x30\x00", 4, FALSE },
		{ "1.3.6.1.5.5.7.48.1.8", "\x30\x0e\x30\x0c\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03", 15, FALSE },      /* cut off */
		{ "1.3.6.1.5.5.7.48.1.2", "\x04\x00", 2, FALSE },                                                      /* a nonce of nothing */
		{ "1.3.6.1.5.5.7.48.1.2", "\x04\x01\x7f", 3, TRUE },
		{ "1.3.6.1.5.5.7.48.1.2", "\x7f", 1, FALSE },                                                          /* no OCTET STRING inside */
		{ "1.3.6.1.5.5.7.48.1.2", "\x04\x01\x7f\x00", 4, FALSE },                                              /* and something after it */
	};

	for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
		for (int critical = 0; critical < 2; critical++) {
			g_autoptr (OCSP_REQUEST) asked = ask (EVP_sha256 (), shared->holder, shared->issuing);
			add_value (asked, cases[i].oid, critical, cases[i].value, cases[i].n);
			request_is (asked, cases[i].good);
		}
}

static void
test_extensions (void)
{
	g_autoptr (OCSP_REQUEST) known_not = ask (EVP_sha1 (), shared->holder, shared->issuing);
	g_autoptr (OCSP_REQUEST) critical = ask (EVP_sha1 (), shared->holder, shared->issuing);
	g_autoptr (OCSP_REQUEST) twice = ask (EVP_sha1 (), shared->holder, shared->issuing);

	add_extension (known_not, "1.2.3.4", FALSE);
	request_is (known_not, TRUE);
	add_extension (critical, "1.2.3.4", TRUE);
	request_is (critical, FALSE);
	add_extension (twice, "1.2.3.4", FALSE);
	add_extension (twice, "1.2.3.4", FALSE);
	request_is (twice, FALSE);
}

static void
add_serial (OCSP_REQUEST *request, long number)
{
	g_autoptr (X509) issuer = x509 (shared->issuing);
	ASN1_INTEGER *serial = ASN1_INTEGER_new ();

	ASN1_INTEGER_set (serial, number);
	OCSP_request_add0_id (request, OCSP_cert_id_new (EVP_sha1 (), X509_get_subject_name (issuer), X509_get0_pubkey_bitstr (issuer), serial));
	ASN1_INTEGER_free (serial);
}

static void
test_many (void)
{
	g_autoptr (OCSP_REQUEST) asked = OCSP_REQUEST_new ();
	request_is (asked, FALSE);      /* nothing asked */
	for (long i = 1; i <= OCSP_MAX_SINGLE; i++)
		add_serial (asked, i);
	request_is (asked, TRUE);
	add_serial (asked, OCSP_MAX_SINGLE + 1);
	request_is (asked, FALSE);
	g_autoptr (OCSP_REQUEST) repeated = OCSP_REQUEST_new ();
	add_serial (repeated, 9);
	add_serial (repeated, 9);
	request_is (repeated, FALSE);
}

/* A serial that serial_new cannot have made is not ours whatever the hashes say. */
static void
test_serial_shape (void)
{
	g_autoptr (OCSP_REQUEST) asked = OCSP_REQUEST_new ();
	add_serial (asked, 1);
	add_serial (asked, -1);
	add_serial (asked, 0);
	g_autoptr (GBytes) der = encoded (asked);
	g_autoptr (OcspRequest) request = parse (der, NULL);

	g_assert_nonnull (request);
	for (guint i = 0; i < 3; i++)
		g_assert_false (single (request, i)->ours);
}

static void
test_malformed (void)
{
	g_autoptr (OCSP_REQUEST) asked = ask (EVP_sha256 (), shared->holder, shared->issuing);
	OCSP_request_add1_nonce (asked, NULL, 16);
	g_autoptr (GBytes) der = encoded (asked);
	gsize n = g_bytes_get_size (der);
	g_autofree guint8 *copy = g_malloc0 (OCSP_MAX_REQUEST + 1);

	memcpy (copy, g_bytes_get_data (der, NULL), n);
	for (gsize cut = 0; cut < n; cut++)
		g_assert_null (ocsp_request_parse (copy, cut, shared->issuing, NULL));
	g_assert_null (ocsp_request_parse (copy, n + 1, shared->issuing, NULL));
	g_assert_null (ocsp_request_parse (copy, OCSP_MAX_REQUEST + 1, shared->issuing, NULL));
	for (gsize bit = 0; bit < n * 8; bit++) {      /* never a crash, never two answers for one question */
		copy[bit / 8] ^= (guint8) (1u << bit % 8);
		g_autoptr (OcspRequest) request = ocsp_request_parse (copy, n, shared->issuing, NULL);
		g_assert_true (request == NULL || request->singles->len == 1);
		copy[bit / 8] ^= (guint8) (1u << bit % 8);
	}
}

/* --- answers --------------------------------------------------------------------------- */

static OCSP_BASICRESP *
read_answer (GBytes *der)
{
	gsize n;
	const guint8 *start = g_bytes_get_data (der, &n), *p = start;
	g_autoptr (OCSP_RESPONSE) response = d2i_OCSP_RESPONSE (NULL, &p, (long) n);

	g_assert_nonnull (response);
	g_assert_true (p == start + n);
	g_assert_cmpint (OCSP_response_status (response), ==, OCSP_RESPONSE_STATUS_SUCCESSFUL);
	OCSP_BASICRESP *basic = OCSP_response_get1_basic (response);
	g_assert_nonnull (basic);
	return basic;
}

static void
assert_trusted (OCSP_BASICRESP *basic)
{
	g_autoptr (X509_STORE) store = X509_STORE_new ();
	g_autoptr (X509) root = x509 (shared->root), issuing = x509 (shared->issuing);
	STACK_OF (X509) *extra = sk_X509_new_null ();
	X509_VERIFY_PARAM *param = X509_STORE_get0_param (store);

	X509_VERIFY_PARAM_set_time (param, HIERARCHY_NOW / MICROS_PER_S);
	X509_STORE_add_cert (store, root);
	sk_X509_push (extra, issuing);
	g_assert_cmpint (OCSP_basic_verify (basic, extra, store, 0), ==, 1);
	sk_X509_free (extra);
}

static void
assert_status (OCSP_BASICRESP *basic, int index, int status, int reason)
{
	int got_reason = -1;
	ASN1_GENERALIZEDTIME *revoked_at, *this_update, *next_update;
	OCSP_SINGLERESP *one = OCSP_resp_get0 (basic, index);

	g_assert_cmpint (OCSP_single_get0_status (one, &got_reason, &revoked_at, &this_update, &next_update), ==, status);
	g_assert_cmpint (got_reason, ==, reason);
	g_assert_cmpstr ((const char *) ASN1_STRING_get0_data (this_update), ==, "20261122120000Z");
	g_assert_cmpstr ((const char *) ASN1_STRING_get0_data (next_update), ==, "20261122130000Z");
	if (status == V_OCSP_CERTSTATUS_REVOKED)
		g_assert_cmpstr ((const char *) ASN1_STRING_get0_data (revoked_at), ==, "20261122115959Z");
}

static void
test_answer (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (OCSP_REQUEST) asked = ask (EVP_sha1 (), shared->holder, shared->issuing);
	add_serial (asked, 2);
	add_serial (asked, 3);
	add_serial (asked, 4);
	OCSP_request_add1_nonce (asked, NULL, 32);
	g_autoptr (GBytes) der = encoded (asked);
	g_autoptr (OcspRequest) request = parse (der, &error);
	g_autoptr (OcspResponder) responder = ocsp_responder_new (shared->ocsp, shared->ocsp_key, &error);
	g_assert_no_error (error);

	single (request, 0)->status = CERT_STATUS_GOOD;
	single (request, 1)->status = single (request, 2)->status = CERT_STATUS_REVOKED;
	single (request, 1)->revoked_at = single (request, 2)->revoked_at = HIERARCHY_NOW - 1;
	single (request, 1)->reason = REASON_HOLD;
	g_autoptr (GBytes) answer = ocsp_responder_sign (responder, request, HIERARCHY_NOW, HIERARCHY_NOW, NEXT, &error);
	g_assert_no_error (error);

	g_autoptr (OCSP_BASICRESP) basic = read_answer (answer);
	g_assert_cmpint (OCSP_check_nonce (asked, basic), ==, 1);
	assert_trusted (basic);
	g_assert_cmpint (OCSP_resp_count (basic), ==, 4);
	assert_status (basic, 0, V_OCSP_CERTSTATUS_GOOD, -1);
	assert_status (basic, 1, V_OCSP_CERTSTATUS_REVOKED, OCSP_REVOKED_STATUS_CERTIFICATEHOLD);
	assert_status (basic, 2, V_OCSP_CERTSTATUS_REVOKED, -1);
	assert_status (basic, 3, V_OCSP_CERTSTATUS_UNKNOWN, -1);
}

/* P-14: no "good" for what cannot be ours. */
static void
test_good_only_for_ours (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (OCSP_REQUEST) asked = OCSP_REQUEST_new ();
	add_serial (asked, 2);
	g_autoptr (GBytes) der = encoded (asked);
	g_autoptr (OcspRequest) request = parse (der, &error);
	g_autoptr (OcspResponder) responder = ocsp_responder_new (shared->ocsp, shared->ocsp_key, &error);

	single (request, 0)->status = CERT_STATUS_GOOD;
	g_assert_null (ocsp_responder_sign (responder, request, HIERARCHY_NOW, HIERARCHY_NOW, NEXT, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_REQUEST);
}

static void
test_responder (void)
{
	g_autoptr (GError) error = NULL;

	g_assert_null (ocsp_responder_new (shared->holder, shared->holder_key, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CERTIFICATE_USAGE);
	g_clear_error (&error);
	g_assert_null (ocsp_responder_new (shared->ocsp, shared->holder_key, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CERTIFICATE);
}

static void
test_error_answers (void)
{
	static const OcspErrorStatus statuses[] = { OCSP_MALFORMED, OCSP_INTERNAL_ERROR, OCSP_TRY_LATER, OCSP_UNAUTHORIZED };

	for (guint i = 0; i < G_N_ELEMENTS (statuses); i++) {
		g_autoptr (GBytes) der = ocsp_error_response (statuses[i]);
		gsize n;
		const guint8 *p = g_bytes_get_data (der, &n);
		g_autoptr (OCSP_RESPONSE) response = d2i_OCSP_RESPONSE (NULL, &p, (long) n);
		g_assert_cmpint (OCSP_response_status (response), ==, (int) statuses[i]);
	}
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	g_autoptr (Hierarchy) h = shared = hierarchy_new (KEY_P256);
	g_test_add_func ("/ocsp/cert-ids", test_cert_ids);
	g_test_add_func ("/ocsp/not-ours", test_not_ours);
	g_test_add_func ("/ocsp/nonce", test_nonce);
	g_test_add_func ("/ocsp/extensions", test_extensions);
	g_test_add_func ("/ocsp/known-extensions", test_known_extensions);
	g_test_add_func ("/ocsp/many", test_many);
	g_test_add_func ("/ocsp/serial-shape", test_serial_shape);
	g_test_add_func ("/ocsp/malformed", test_malformed);
	g_test_add_func ("/ocsp/answer", test_answer);
	g_test_add_func ("/ocsp/good-only-for-ours", test_good_only_for_ours);
	g_test_add_func ("/ocsp/responder", test_responder);
	g_test_add_func ("/ocsp/error-answers", test_error_answers);
	return g_test_run ();
}
