/* OCSP as a relying party sees it: OpenSSL asks and judges the answers. */
#include <string.h>

#include "base/random.h"
#include "unit/authority/local_ca.h"
#include "unit/support/test_store.h"

/* After ours: it makes macros of names that pki/certificate.h enumerates. */
#include <openssl/ocsp.h>

static X509 *
x509_of (const Certificate *certificate)
{
	g_autoptr (GBytes) der = certificate_der (certificate);
	const unsigned char *p = g_bytes_get_data (der, NULL);
	X509 *x = d2i_X509 (NULL, &p, g_bytes_get_size (der));

	g_assert_nonnull (x);
	return x;
}

static GBytes *
request_for (World *world, const Certificate *certificate, const EVP_MD *digest, gboolean nonce)
{
	OCSP_REQUEST *request = OCSP_REQUEST_new ();
	X509 *leaf = x509_of (certificate), *issuer = x509_of (world->ca->issuing);
	unsigned char *der = NULL;
	int n;
	GBytes *bytes;

	OCSP_request_add0_id (request, OCSP_cert_to_id (digest, leaf, issuer));
	if (nonce)
		OCSP_request_add1_nonce (request, NULL, 16);
	n = i2d_OCSP_REQUEST (request, &der);
	g_assert_cmpint (n, >, 0);
	bytes = g_bytes_new (der, n);
	OPENSSL_free (der);
	OCSP_REQUEST_free (request);
	X509_free (leaf);
	X509_free (issuer);
	return bytes;
}

static GBytes *
answer (World *world, GBytes *request)
{
	const SignerCa *ca = signer_site_ca (authority_site (world->authority), NULL);
	g_autoptr (OcspAnswer) said = ocsp_answer (world->authority, ca, g_bytes_get_data (request, NULL), g_bytes_get_size (request));

	g_assert_nonnull (said);
	return g_bytes_ref (said->der);
}

static OCSP_RESPONSE *
parsed (GBytes *response)
{
	const unsigned char *p = g_bytes_get_data (response, NULL);
	OCSP_RESPONSE *r = d2i_OCSP_RESPONSE (NULL, &p, g_bytes_get_size (response));

	g_assert_nonnull (r);
	return r;
}

/* V_OCSP_CERTSTATUS_… of a response whose signature chains to the issuing authority. */
static int
status_in (World *world, GBytes *response, const Certificate *certificate, const EVP_MD *digest, int *reason)
{
	OCSP_RESPONSE *r = parsed (response);
	OCSP_BASICRESP *basic = OCSP_response_get1_basic (r);
	X509_STORE *store = X509_STORE_new ();
	X509 *leaf = x509_of (certificate), *issuer = x509_of (world->ca->issuing), *root = x509_of (world->ca->root);
	STACK_OF (X509) *extra = sk_X509_new_null ();
	OCSP_CERTID *id = OCSP_cert_to_id (digest, leaf, issuer);
	X509_VERIFY_PARAM *param = X509_STORE_get0_param (store);
	int status = -1;

	g_assert_cmpint (OCSP_response_status (r), ==, OCSP_RESPONSE_STATUS_SUCCESSFUL);
	X509_STORE_add_cert (store, root);
	X509_VERIFY_PARAM_set_time (param, CA_NOW / MICROS_PER_S);
	sk_X509_push (extra, issuer);
	g_assert_cmpint (OCSP_basic_verify (basic, extra, store, 0), ==, 1);
	g_assert_cmpint (OCSP_resp_find_status (basic, id, &status, reason, NULL, NULL, NULL), ==, 1);
	OCSP_CERTID_free (id);
	sk_X509_free (extra);
	X509_STORE_free (store);
	OCSP_BASICRESP_free (basic);
	OCSP_RESPONSE_free (r);
	X509_free (leaf);
	X509_free (issuer);
	X509_free (root);
	return status;
}

static int
ask (World *world, const Certificate *certificate, const EVP_MD *digest, gboolean nonce, int *reason)
{
	g_autoptr (GBytes) request = request_for (world, certificate, digest, nonce);
	g_autoptr (GBytes) response = answer (world, request);

	return status_in (world, response, certificate, digest, reason);
}

static Certificate *
new_certificate (World *world)
{
	g_autoptr (PrivateKey) key = local_key ();
	g_autofree char *id = uuid7_new (CA_NOW);

	return world_issue (world, id, key);
}

/* DigiNotar's lesson: what nobody issued is never "good". */
static void
test_statuses (TestStore *t)
{
	const EVP_MD *digests[] = { EVP_sha1 (), EVP_sha256 () };
	g_autoptr (World) world = world_new (t->store);
	g_autoptr (Certificate) certificate = new_certificate (world);
	g_autoptr (PrivateKey) key = local_key ();
	g_autoptr (Certificate) rogue = local_ca_leaf (world->ca, key, NULL);
	g_autofree char *serial = serial_hex (certificate_serial (certificate));
	g_autoptr (GError) error = NULL;
	int reason;

	for (gsize i = 0; i < 2; i++)
		for (int nonce = 0; nonce < 2; nonce++) {
			g_assert_cmpint (ask (world, certificate, digests[i], nonce, &reason), ==, V_OCSP_CERTSTATUS_GOOD);
			g_assert_cmpint (ask (world, rogue, digests[i], nonce, &reason), ==, V_OCSP_CERTSTATUS_UNKNOWN);
			g_assert_cmpint (ask (world, world->reviewer->certificate, digests[i], nonce, &reason), ==, V_OCSP_CERTSTATUS_GOOD);
		}
	/* At once, also for who asked without nonce before. */
	g_assert_true (world_revoke (world, serial, REASON_KEY_COMPROMISE, &error));
	for (gsize i = 0; i < 2; i++)
		for (int nonce = 0; nonce < 2; nonce++) {
			g_assert_cmpint (ask (world, certificate, digests[i], nonce, &reason), ==, V_OCSP_CERTSTATUS_REVOKED);
			g_assert_cmpint (reason, ==, OCSP_REVOKED_STATUS_KEYCOMPROMISE);
		}
}

/* Both ways at once, also for who asked without nonce before. */
static void
test_hold (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	g_autoptr (Certificate) certificate = new_certificate (world);
	g_autofree char *serial = serial_hex (certificate_serial (certificate));
	g_autoptr (GError) error = NULL;
	int reason;

	for (int nonce = 0; nonce < 2; nonce++) {
		g_assert_cmpint (ask (world, certificate, EVP_sha256 (), nonce, &reason), ==, V_OCSP_CERTSTATUS_GOOD);
		g_assert_true (world_hold (world, serial, &error));
		g_assert_cmpint (ask (world, certificate, EVP_sha256 (), nonce, &reason), ==, V_OCSP_CERTSTATUS_REVOKED);
		g_assert_cmpint (reason, ==, OCSP_REVOKED_STATUS_CERTIFICATEHOLD);
		g_assert_true (world_unhold (world, serial, &error));
		g_assert_cmpint (ask (world, certificate, EVP_sha256 (), nonce, &reason), ==, V_OCSP_CERTSTATUS_GOOD);
	}
	g_assert_true (world_hold (world, serial, &error));
	g_assert_cmpint (ask (world, certificate, EVP_sha256 (), FALSE, &reason), ==, V_OCSP_CERTSTATUS_REVOKED);
	g_assert_true (world_revoke (world, serial, REASON_KEY_COMPROMISE, &error));
	g_assert_cmpint (ask (world, certificate, EVP_sha256 (), FALSE, &reason), ==, V_OCSP_CERTSTATUS_REVOKED);
	g_assert_cmpint (reason, ==, OCSP_REVOKED_STATUS_KEYCOMPROMISE);
}

static void
test_unknown_turns_good (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	g_autoptr (PrivateKey) key = local_key ();
	g_autofree char *id = uuid7_new (CA_NOW);
	g_autoptr (GBytes) der = NULL;
	g_autoptr (Certificate) certificate = NULL;
	g_autoptr (GError) error = NULL;
	Serial serial;
	int reason;

	world_intend (world, id, key, &serial);
	der = world_sign (world, id, &error);
	certificate = certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), &error);
	g_assert_cmpint (ask (world, certificate, EVP_sha1 (), FALSE, &reason), ==, V_OCSP_CERTSTATUS_UNKNOWN);
	world_publish (world, id, der);
	g_assert_cmpint (ask (world, certificate, EVP_sha1 (), FALSE, &reason), ==, V_OCSP_CERTSTATUS_GOOD);
}

static GBytes *
kept (World *world, GBytes *request)
{
	const SignerCa *ca = signer_site_ca (authority_site (world->authority), NULL);
	g_autoptr (OcspAnswer) said = ocsp_answer_kept (world->authority, ca, g_bytes_get_data (request, NULL), g_bytes_get_size (request));

	return said ? g_bytes_ref (said->der) : NULL;
}

static void
test_cache (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	g_autoptr (Certificate) certificate = new_certificate (world);
	g_autoptr (GBytes) plain = request_for (world, certificate, EVP_sha256 (), FALSE);
	g_autoptr (GBytes) nonce = request_for (world, certificate, EVP_sha256 (), TRUE);
	guint before;

	g_assert_null (kept (world, plain));
	g_bytes_unref (answer (world, plain));
	before = world->ca->signed_ocsp;
	g_autoptr (GBytes) again = kept (world, plain);
	g_assert_nonnull (again);
	for (int i = 0; i < 10; i++)
		g_bytes_unref (answer (world, plain));
	g_assert_cmpuint (world->ca->signed_ocsp, ==, before);
	/* A nonce asks for a fresh signature. */
	g_bytes_unref (answer (world, nonce));
	g_assert_null (kept (world, nonce));
	g_bytes_unref (answer (world, nonce));
	g_assert_cmpuint (world->ca->signed_ocsp, ==, before + 2);
	clock_set (world->clock, CA_NOW + 5 * MICROS_PER_MIN);
	g_assert_null (kept (world, plain));
	g_bytes_unref (answer (world, plain));
	g_assert_cmpuint (world->ca->signed_ocsp, ==, before + 3);
}

/* RFC 5019 2.2.3: nothing is said about certificates of others; an "unknown" about ours is signed.  RFC 5019 6: what caches are told. */
static void
test_whose (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	g_autoptr (Certificate) certificate = new_certificate (world);
	const SignerCa *ca = signer_site_ca (authority_site (world->authority), NULL);
	g_autoptr (GBytes) ours = request_for (world, certificate, EVP_sha256 (), FALSE), nonce = request_for (world, certificate, EVP_sha256 (), TRUE);
	Certificate *issuing = world->ca->issuing;
	OCSP_RESPONSE *r;

	world->ca->issuing = world->ca->root;          /* asked as if the root had issued it */
	g_autoptr (GBytes) others = request_for (world, certificate, EVP_sha256 (), FALSE);
	world->ca->issuing = issuing;
	g_autoptr (GBytes) refused = answer (world, others);
	r = parsed (refused);
	g_assert_cmpint (OCSP_response_status (r), ==, OCSP_RESPONSE_STATUS_UNAUTHORIZED);
	OCSP_RESPONSE_free (r);

	g_autoptr (OcspAnswer) kept_answer = ocsp_answer (world->authority, ca, g_bytes_get_data (ours, NULL), g_bytes_get_size (ours));
	g_autoptr (OcspAnswer) again = ocsp_answer (world->authority, ca, g_bytes_get_data (ours, NULL), g_bytes_get_size (ours));
	g_autoptr (OcspAnswer) fresh = ocsp_answer (world->authority, ca, g_bytes_get_data (nonce, NULL), g_bytes_get_size (nonce));
	g_assert_cmpuint (strlen (kept_answer->etag), ==, 42);
	g_assert_cmpstr (kept_answer->etag, ==, again->etag);
	g_assert_cmpstr (kept_answer->last_modified, <, kept_answer->expires);
	g_assert_true (g_str_has_suffix (kept_answer->expires, " GMT"));
	g_assert_cmpstr (fresh->etag, ==, "");
	/* What monitoring counts. */
	g_assert_cmpstr (fresh->result, ==, "answered");
	g_autoptr (OcspAnswer) foreign = ocsp_answer (world->authority, ca, g_bytes_get_data (others, NULL), g_bytes_get_size (others));
	g_assert_cmpstr (foreign->result, ==, "refused");
	world->ca->mood = SIGN_AWAY;
	g_autoptr (OcspAnswer) failed = ocsp_answer (world->authority, ca, g_bytes_get_data (nonce, NULL), g_bytes_get_size (nonce));
	g_assert_cmpstr (failed->result, ==, "failed");
}

static void
test_errors (TestStore *t)
{
	g_autoptr (World) world = world_new (t->store);
	g_autoptr (Certificate) certificate = new_certificate (world);
	g_autoptr (GBytes) request = request_for (world, certificate, EVP_sha256 (), FALSE);
	g_autoptr (GBytes) garbage = g_bytes_new_static ("\x30\x03\x02\x01\x01", 5);
	g_autoptr (GBytes) empty = g_bytes_new_static ("", 0);
	g_autoptr (GBytes) malformed = answer (world, garbage);
	g_autoptr (GBytes) nothing = answer (world, empty);
	g_autoptr (GBytes) later = NULL;
	OCSP_RESPONSE *r;

	r = parsed (malformed);
	g_assert_cmpint (OCSP_response_status (r), ==, OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
	OCSP_RESPONSE_free (r);
	g_assert_true (g_bytes_equal (malformed, nothing));
	world->ca->mood = SIGN_AWAY;
	later = answer (world, request);
	r = parsed (later);
	g_assert_cmpint (OCSP_response_status (r), ==, OCSP_RESPONSE_STATUS_TRYLATER);
	OCSP_RESPONSE_free (r);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	test_store_add ("/authority/ocsp/statuses", test_statuses);
	test_store_add ("/authority/ocsp/hold", test_hold);
	test_store_add ("/authority/ocsp/unknown-turns-good", test_unknown_turns_good);
	test_store_add ("/authority/ocsp/cache", test_cache);
	test_store_add ("/authority/ocsp/whose", test_whose);
	test_store_add ("/authority/ocsp/errors", test_errors);
	return g_test_run ();
}
