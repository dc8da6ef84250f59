/* OCSP and CRL: P-14 and P-16. */
#include <string.h>

#include "fixture.h"

static Fixture fixture;

typedef struct {
	char *dir;
	SignerClient *client;
	PrivateKey *key;
	Certificate *certificate;
} Case;

static void
case_init (Case *c)
{
	*c = (Case) { .dir = fixture_copy (&fixture), .key = private_key_generate (KEY_P256, NULL) };
	c->client = fixture_run (c->dir);
	c->certificate = fixture_certificate (&fixture, c->client, c->key);
}

static void
case_clear (Case *c)
{
	signer_client_free (c->client);
	certificate_unref (c->certificate);
	private_key_free (c->key);
	g_free (c->dir);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Case, case_clear)

/* A CertID with SHA-1 of this issuer (or of `issuer`), made by the openssl command, so by another hand. */
static OcspRequest *
request_for (const Case *c, const Certificate *issuer, const Serial *serial)
{
	g_autofree char *pem = certificate_pem (issuer);
	g_autofree char *issuer_file = g_build_filename (c->dir, "i.pem", NULL), *out = g_build_filename (c->dir, "r.der", NULL);
	g_autofree char *hex = serial_hex (serial);
	g_autofree char *number = g_strconcat ("0x", hex, NULL);
	g_assert_true (g_file_set_contents (issuer_file, pem, -1, NULL));
	const char *const argv[] = { "openssl", "ocsp", "-issuer", issuer_file, "-serial", number, "-no_nonce", "-reqout", out, NULL };
	g_assert_true (g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL));
	g_autofree char *der = NULL;
	gsize n;
	g_assert_true (g_file_get_contents (out, &der, &n, NULL));
	g_autoptr (GError) error = NULL;
	OcspRequest *request = ocsp_request_parse (der, n, fixture.created.issuing, &error);
	g_assert_no_error (error);
	return request;
}

static GBytes *
answer (Case *c, const Certificate *issuer, const Serial *serial, CertStatus status, GError **error)
{
	g_autoptr (OcspRequest) request = request_for (c, issuer, serial);
	OcspSingle *single = &g_array_index (request->singles, OcspSingle, 0);
	single->status = status;
	single->revoked_at = T0;
	single->reason = REASON_KEY_COMPROMISE;
	return signer_sign_ocsp (c->client, NULL, request, T0, T0 + MICROS_PER_HOUR, error);
}

static char *
openssl_status (const Case *c, GBytes *response)
{
	g_autofree char *file = g_build_filename (c->dir, "resp.der", NULL), *root = g_build_filename (c->dir, "root.crt", NULL),
	                *issuing = g_build_filename (c->dir, "issuing.crt", NULL);
	char *out = NULL;
	g_assert_true (g_file_set_contents (file, g_bytes_get_data (response, NULL), (gssize) g_bytes_get_size (response), NULL));
	const char *const argv[] = { "openssl", "ocsp", "-respin", file, "-CAfile", root, "-verify_other", issuing, "-attime", "1775008800",
	                             "-noverify", "-resp_text", NULL };
	g_assert_true (g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, NULL, NULL, NULL));
	return out;
}

static void
test_ocsp (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	const Certificate *issuing = fixture.created.issuing;
	const Serial *serial = certificate_serial (c.certificate);
	g_autoptr (GBytes) good = answer (&c, issuing, serial, CERT_STATUS_GOOD, &error);
	g_assert_no_error (error);
	g_autofree char *text = openssl_status (&c, good);
	g_assert_nonnull (strstr (text, "Cert Status: good"));
	g_autoptr (GBytes) revoked = answer (&c, issuing, serial, CERT_STATUS_REVOKED, &error);
	g_assert_no_error (error);
	g_autofree char *revoked_text = openssl_status (&c, revoked);
	g_assert_nonnull (strstr (revoked_text, "Cert Status: revoked"));
	/* Officers and services are in the journal from the first day. */
	g_autoptr (GBytes) officer = answer (&c, issuing, certificate_serial (fixture.created.officers[CLERK].certificate), CERT_STATUS_GOOD, &error);
	g_assert_no_error (error);
}

/* P-14: DigiNotar's serials: shaped right, never issued here. */
static void
test_ocsp_unissued (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	Serial never;
	serial_new (T0, &never);
	assert_refused (answer (&c, fixture.created.issuing, &never, CERT_STATUS_GOOD, &error), error, SIGNER);
	assert_refused (answer (&c, fixture.created.issuing, &never, CERT_STATUS_REVOKED, &error), error, SIGNER);
	g_autoptr (GBytes) unknown = answer (&c, fixture.created.issuing, &never, CERT_STATUS_UNKNOWN, &error);
	g_assert_no_error (error);
	/* A serial of ours under another issuer's name. */
	assert_refused (answer (&c, fixture.created.root, certificate_serial (c.certificate), CERT_STATUS_GOOD, &error), error, SIGNER);
}

/* What the caller says about a CertID does not count, only its bytes. */
static void
test_ocsp_lying_caller (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	Serial never;
	serial_new (T0, &never);
	g_autoptr (OcspRequest) request = request_for (&c, fixture.created.issuing, &never);
	OcspSingle *single = &g_array_index (request->singles, OcspSingle, 0);
	single->serial = *certificate_serial (c.certificate);
	single->ours = TRUE;
	single->status = CERT_STATUS_GOOD;
	assert_refused (signer_sign_ocsp (c.client, NULL, request, T0, T0 + MICROS_PER_HOUR, &error), error, SIGNER);
	/* Bytes that are no request, and statuses for more than it asks about. */
	GBytes *der = request->der;
	request->der = g_bytes_new_static ("\x05\x00", 2);
	GBytes *made = signer_sign_ocsp (c.client, NULL, request, T0, T0 + MICROS_PER_HOUR, &error);
	g_assert_null (made);
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_REQUEST);
	g_clear_error (&error);
	g_bytes_unref (request->der);
	request->der = der;
	OcspSingle second = { .cert_id = g_bytes_ref (single->cert_id), .status = CERT_STATUS_UNKNOWN };
	single->status = CERT_STATUS_UNKNOWN;
	g_array_append_val (request->singles, second);
	assert_refused (signer_sign_ocsp (c.client, NULL, request, T0, T0 + MICROS_PER_HOUR, &error), error, FIELD_VALUE);
}

static void
test_ocsp_times (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	g_autoptr (OcspRequest) request = request_for (&c, fixture.created.issuing, certificate_serial (c.certificate));
	static const Micros windows[][2] = {
		{ 6 * MICROS_PER_MIN, MICROS_PER_HOUR }, { 0, 0 }, { 0, MICROS_PER_HOUR + MICROS_PER_S }, { -MICROS_PER_HOUR - MICROS_PER_S, -30 * MICROS_PER_MIN },
	};
	for (gsize i = 0; i < G_N_ELEMENTS (windows); i++)
		assert_refused (signer_sign_ocsp (c.client, NULL, request, T0 + windows[i][0], T0 + windows[i][1], &error), error, SIGNER);
}

/* I-01: rows changed in a database, or an old copy of it, bring no certificate back; a restart does not either. */
static void
test_once_revoked (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	const Serial *serial = certificate_serial (c.certificate);
	const RevokedEntry entry = { *serial, T0, REASON_KEY_COMPROMISE };
	g_assert_true (signer_revoke (c.client, NULL, &entry, 1, &error));
	for (guint run = 0; run < 2; run++) {
		static const CertStatus claims[] = { CERT_STATUS_GOOD, CERT_STATUS_UNKNOWN, CERT_STATUS_REVOKED };
		for (gsize i = 0; i < G_N_ELEMENTS (claims); i++) {
			g_autoptr (GBytes) response = answer (&c, fixture.created.issuing, serial, claims[i], &error);
			g_assert_no_error (error);
			g_autofree char *text = openssl_status (&c, response);
			g_assert_nonnull (strstr (text, "Cert Status: revoked"));
			g_assert_nonnull (strstr (text, "keyCompromise"));
		}
		signer_client_free (c.client);
		c.client = fixture_run (c.dir);
	}
}

/* A hold is remembered as well: only its rightful end makes it good. */
static void
test_held_stays_held (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	const RevokedEntry entry = { *certificate_serial (c.certificate), T0, REASON_HOLD };
	g_assert_true (signer_revoke (c.client, NULL, &entry, 1, &error));
	g_autoptr (GBytes) response = answer (&c, fixture.created.issuing, &entry.serial, CERT_STATUS_GOOD, &error);
	g_autofree char *text = openssl_status (&c, response);
	g_assert_nonnull (strstr (text, "certificateHold"));
}

/* Revoked while the clock was ahead: when it is right again the answer is revoked, as of now at the latest. */
static void
test_revoked_ahead (void)
{
	g_auto (Case) c;
	case_init (&c);
	g_autoptr (GError) error = NULL;
	const RevokedEntry entry = { *certificate_serial (c.certificate), T0 + 30 * MICROS_PER_DAY, REASON_KEY_COMPROMISE };
	g_assert_true (signer_freeze_clock (c.client, entry.revoked_at, &error));
	g_assert_true (signer_revoke (c.client, NULL, &entry, 1, &error));
	g_assert_true (signer_freeze_clock (c.client, T0, &error));
	g_autoptr (OcspRequest) request = request_for (&c, fixture.created.issuing, &entry.serial);
	OcspSingle *single = &g_array_index (request->singles, OcspSingle, 0);
	*single = (OcspSingle) { .cert_id = single->cert_id, .status = CERT_STATUS_REVOKED, .revoked_at = entry.revoked_at, .reason = entry.reason,
	                         .serial = single->serial, .ours = TRUE, .names_issuer = TRUE };
	g_autoptr (GBytes) response = signer_sign_ocsp (c.client, NULL, request, T0, T0 + MICROS_PER_HOUR, &error);
	g_assert_no_error (error);
	g_autofree char *text = openssl_status (&c, response);
	g_assert_nonnull (strstr (text, "Cert Status: revoked"));
	g_assert_nonnull (strstr (text, "Revocation Time: Apr  1 02:00:00 2026 GMT"));
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	fixture_init (&fixture, KEY_P256, TRUE, T0 - MICROS_PER_DAY);
	g_test_add_func ("/signer/status/ocsp", test_ocsp);
	g_test_add_func ("/signer/status/held-stays-held", test_held_stays_held);
	g_test_add_func ("/signer/status/P-14-unissued", test_ocsp_unissued);
	g_test_add_func ("/signer/status/P-14-lying-caller", test_ocsp_lying_caller);
	g_test_add_func ("/signer/status/ocsp-times", test_ocsp_times);
	g_test_add_func ("/signer/status/I-01-once-revoked", test_once_revoked);
	g_test_add_func ("/signer/status/revoked-ahead", test_revoked_ahead);
	int result = g_test_run ();
	fixture_clear (&fixture);
	return result;
}
