/* Documents: what the signer signs verifies elsewhere, and an older site gets the key at its next start. */
#include <glib/gstdio.h>
#include <string.h>

#include "fixture.h"
#include "pki/cms.h"

static Fixture fixture;

static const char content[] = "土地使用权出让 — a document's bytes";

static GBytes *
sign (SignerClient *client, KeyAlgorithm algorithm)
{
	g_autoptr (GError) error = NULL;
	guint8 digest[DOCUMENT_DIGEST_BYTES];
	gsize size = document_digest (algorithm, content, sizeof content, digest);
	GBytes *cms = signer_sign_document (client, digest, size, &error);
	g_assert_no_error (error);
	return cms;
}

static char *
save (const char *dir, const char *name, gconstpointer p, gsize n)
{
	char *path = g_build_filename (dir, name, NULL);
	g_assert_true (g_file_set_contents (path, p, (gssize) n, NULL));
	return path;
}

/* Does OpenSSL's own command accept it as CAdES, at T0, up to our root? */
static gboolean
openssl_accepts (const char *dir, GBytes *cms, const char *bytes, gsize n)
{
	g_autofree char *message = save (dir, "document.cms", g_bytes_get_data (cms, NULL), g_bytes_get_size (cms));
	g_autofree char *text = save (dir, "document.bin", bytes, n);
	g_autofree char *root = g_build_filename (dir, "root.crt", NULL);
	const char *const argv[] = { "openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", message, "-content", text,
	                             "-CAfile", root, "-attime", "1775008800", "-purpose", "smimesign", "-x509_strict", "-out", "/dev/null", NULL };
	int status;
	g_autofree char *said = NULL;
	g_assert_true (g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, &said, &status, NULL));
	g_test_message ("%s", said);
	return status == 0;
}

static void
test_openssl_verifies (gconstpointer data)
{
	KeyAlgorithm algorithm = (KeyAlgorithm) GPOINTER_TO_INT (data);
	Fixture other;
	fixture_init (&other, algorithm, TRUE, T0 - MICROS_PER_DAY);
	g_autofree char *dir = fixture_copy (&other);
	g_autoptr (SignerClient) client = fixture_run (dir);
	g_autoptr (GBytes) cms = sign (client, algorithm);
	g_assert_true (openssl_accepts (dir, cms, content, sizeof content));
	g_assert_false (openssl_accepts (dir, cms, content, sizeof content - 1));
	/* ETSI EN 319 142-1 6.3: no signing-time attribute (1.2.840.113549.1.9.5) in a PDF's signature. */
	g_assert_null (memmem (g_bytes_get_data (cms, NULL), g_bytes_get_size (cms), "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x05", 11));
	g_clear_pointer (&client, signer_client_free);
	fixture_clear (&other);
}

static void
test_refuses (void)
{
	g_autofree char *dir = fixture_copy (&fixture);
	g_autoptr (SignerClient) client = fixture_run (dir);
	g_autoptr (GError) error = NULL;
	assert_refused (signer_sign_document (client, content, 31, &error), error, FIELD_VALUE);
	assert_refused (signer_sign_document (client, content, 33, &error), error, FIELD_VALUE);
	g_autoptr (SignerSite) site = signer_get_site (client, &error);
	g_assert_no_error (error);
	g_assert_true (signer_freeze_clock (client, certificate_not_after (site->document) + 1, &error));
	guint8 digest[DOCUMENT_DIGEST_BYTES] = { 0 };
	assert_refused (signer_sign_document (client, digest, 32, &error), error, CERTIFICATE_EXPIRED);
}

/* --- a folder of the version before documents ------------------------------------------------ */

static json_t *
site_json (const char *dir)
{
	g_autofree char *path = g_build_filename (dir, "site.json", NULL);
	json_t *site = json_load_file (path, 0, NULL);
	g_assert_nonnull (site);
	return site;
}

static void
make_older (const char *dir, gboolean with_files)
{
	g_autoptr (json_t) site = site_json (dir);
	json_object_del (json_object_get (site, "certificates"), "document");
	g_autofree char *text = jcs_dump (site, NULL, NULL), *path = save (dir, "site.json", text, strlen (text));
	g_autofree char *key = g_build_filename (dir, "document.key", NULL), *certificate = g_build_filename (dir, "document.crt", NULL);
	if (!with_files)
		g_assert_true (g_remove (key) == 0 && g_remove (certificate) == 0);
}

static char *
document_of (SignerClient *client)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (SignerSite) site = signer_get_site (client, &error);
	g_assert_no_error (error);
	g_assert_cmpuint (certificate_extended_key_usage (site->document), ==, EKU_DOCUMENT_SIGNING | EKU_EMAIL);
	return serial_hex (certificate_serial (site->document));
}

static void
test_older_site (gconstpointer with_files)
{
	g_autofree char *dir = fixture_copy (&fixture);
	make_older (dir, GPOINTER_TO_INT (with_files));
	SignerClient *client = fixture_run (dir);
	g_autofree char *made = document_of (client);
	g_autoptr (GBytes) cms = sign (client, KEY_P256);
	g_assert_true (openssl_accepts (dir, cms, content, sizeof content));
	signer_client_free (client);
	/* Made once; and journaled like every certificate of the issuing CA. */
	client = fixture_run (dir);
	g_autofree char *again = document_of (client);
	g_assert_cmpstr (made, ==, again);
	signer_client_free (client);
	g_autofree char *path = g_build_filename (dir, "journal.log", NULL), *journal = NULL;
	g_assert_true (g_file_get_contents (path, &journal, NULL, NULL));
	g_assert_nonnull (strstr (journal, made));
	g_assert_nonnull (strstr (journal, "\"profile\":\"service-document\""));
}

/* Named by site.json, but gone: that is no older version, and nothing is made in its place. */
static void
test_lost_key (void)
{
	g_autofree char *dir = fixture_copy (&fixture), *key = g_build_filename (dir, "document.key", NULL);
	g_autoptr (GError) error = NULL;
	g_assert_true (g_remove (key) == 0);
	assert_refused (fixture_start (dir, &error), error, CONFIG);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	fixture_init (&fixture, KEY_P256, TRUE, T0 - MICROS_PER_DAY);
	g_test_add_data_func ("/signer/document/openssl-verifies/p256", GINT_TO_POINTER (KEY_P256), test_openssl_verifies);
	g_test_add_data_func ("/signer/document/openssl-verifies/p384", GINT_TO_POINTER (KEY_P384), test_openssl_verifies);
	g_test_add_data_func ("/signer/document/openssl-verifies/rsa", GINT_TO_POINTER (KEY_RSA3072), test_openssl_verifies);
	g_test_add_func ("/signer/document/refuses", test_refuses);
	g_test_add_data_func ("/signer/document/older-site", GINT_TO_POINTER (FALSE), test_older_site);
	g_test_add_data_func ("/signer/document/older-site-crashed", GINT_TO_POINTER (TRUE), test_older_site);
	g_test_add_func ("/signer/document/lost-key", test_lost_key);
	int failed = g_test_run ();
	fixture_clear (&fixture);
	return failed;
}
