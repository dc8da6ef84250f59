/* PKCS#12: what is written opens, what is not protected or not right does not (RFC 7292). */
#include "base/error.h"
#include "hierarchy.h"
#include "pki/pki_private.h"

#include <string.h>

#define PASSWORD "一次性 password 42"

static GBytes *
build (const Hierarchy *h)
{
	g_autoptr (GError) error = NULL;
	Certificate *chain[] = { h->issuing, h->root };
	GBytes *p12 = pkcs12_build (h->holder_key, h->holder, chain, 2, "张三", PASSWORD, &error);

	g_assert_no_error (error);
	return p12;
}

static void
test_round_trip (gconstpointer data)
{
	g_autoptr (Hierarchy) h = hierarchy_new ((KeyAlgorithm) GPOINTER_TO_INT (data));
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) p12 = build (h);
	g_autoptr (PrivateKey) key = NULL;
	g_autoptr (Certificate) certificate = NULL;

	g_assert_true (pkcs12_open (p12, PASSWORD, &key, &certificate, &error));
	g_assert_no_error (error);
	g_assert_true (fingerprint_equal (certificate_fingerprint (certificate), certificate_fingerprint (h->holder)));
	g_autoptr (GBytes) signature = private_key_sign (key, SIGNATURE_DER, "x", 1, &error);
	g_assert_true (public_key_verify (certificate_public_key (h->holder), SIGNATURE_DER, "x", 1, g_bytes_get_data (signature, NULL), g_bytes_get_size (signature)));
}

static void
refused (GBytes *p12, const char *password, const char *reason)
{
	g_autoptr (GError) error = NULL;
	PrivateKey *key = NULL;
	Certificate *certificate = NULL;

	g_assert_false (pkcs12_open (p12, password, &key, &certificate, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_FIELD_VALUE);
	g_test_message ("%s", error->message);
	g_assert_nonnull (strstr (error->message, reason));
	g_assert_true (key == NULL && certificate == NULL);
}

static void
test_password (void)
{
	g_autoptr (Hierarchy) h = hierarchy_new (KEY_P256);
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) p12 = build (h);

	refused (p12, "wrong", "wrong password");
	refused (p12, "", "wrong password");
	g_assert_null (pkcs12_build (h->holder_key, h->holder, NULL, 0, "x", "", &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_FIELD_VALUE);
}

static GBytes *
encoded (PKCS12 *p12)
{
	guint8 *der = NULL;
	int n = i2d_PKCS12 (p12, &der);
	g_assert_cmpint (n, >, 0);
	GBytes *bytes = g_bytes_new (der, (gsize) n);

	OPENSSL_free (der);
	return bytes;
}

static PKCS12 *
create (const Hierarchy *h, int key_scheme, int certificate_scheme, int mac_iterations)
{
	gsize n;
	g_autoptr (GBytes) der = certificate_der (h->holder);
	const guint8 *p = g_bytes_get_data (der, &n);
	g_autoptr (X509) x = d2i_X509 (NULL, &p, (long) n);

	return PKCS12_create (PASSWORD, "x", h->holder_key->pkey, x, NULL, key_scheme, certificate_scheme, 2048, mac_iterations, 0);
}

static void
test_protection (void)
{
	g_autoptr (Hierarchy) h = hierarchy_new (KEY_P256);
	const int tdes = NID_pbe_WithSHA1And3_Key_TripleDES_CBC;
	g_autoptr (PKCS12) no_mac = create (h, NID_aes_256_cbc, NID_aes_256_cbc, -1);
	g_autoptr (PKCS12) old_key = create (h, tdes, NID_aes_256_cbc, 1000);
	g_autoptr (PKCS12) old_certificate = create (h, NID_aes_256_cbc, tdes, 1000);
	g_autoptr (GBytes) a = encoded (no_mac), b = encoded (old_key), c = encoded (old_certificate);

	refused (a, PASSWORD, "no MAC");
	refused (b, PASSWORD, "PBES2");
	refused (c, PASSWORD, "PBES2");
}

static GBytes *
with_keys (const Hierarchy *h, guint keys)
{
	STACK_OF (PKCS12_SAFEBAG) *bags = NULL;
	STACK_OF (PKCS7) *safes = NULL;

	for (guint i = 0; i < keys; i++)
		g_assert_nonnull (PKCS12_add_key (&bags, h->holder_key->pkey, 0, 2048, NID_aes_256_cbc, PASSWORD));
	g_assert_cmpint (PKCS12_add_safe (&safes, bags, -1, 0, NULL), ==, 1);
	g_autoptr (PKCS12) p12 = PKCS12_add_safes (safes, 0);
	g_assert_cmpint (PKCS12_set_mac (p12, PASSWORD, -1, NULL, 0, 2048, NULL), ==, 1);
	sk_PKCS12_SAFEBAG_pop_free (bags, PKCS12_SAFEBAG_free);
	sk_PKCS7_pop_free (safes, PKCS7_free);
	return encoded (p12);
}

static void
test_contents (void)
{
	g_autoptr (Hierarchy) h = hierarchy_new (KEY_P256);
	g_autoptr (GBytes) two = with_keys (h, 2), alone = with_keys (h, 1);

	refused (two, PASSWORD, "more than one private key");
	refused (alone, PASSWORD, "no private key with a certificate");
}

static void
test_changed (void)
{
	g_autoptr (Hierarchy) h = hierarchy_new (KEY_P256);
	g_autoptr (PKCS12) quick = create (h, NID_aes_256_cbc, NID_aes_256_cbc, 1);
	g_autoptr (GBytes) p12 = encoded (quick);
	gsize n = g_bytes_get_size (p12);
	g_autofree guint8 *copy = g_memdup2 (g_bytes_get_data (p12, NULL), n);

	for (gsize cut = 0; cut < n; cut += 7) {
		g_autoptr (GBytes) part = g_bytes_new_static (copy, cut);
		refused (part, PASSWORD, "PKCS#12");
	}
	for (gsize bit = 0; bit < n * 8; bit += 13) {
		copy[bit / 8] ^= (guint8) (1u << bit % 8);
		g_autoptr (GBytes) changed = g_bytes_new_static (copy, n);
		g_autoptr (PrivateKey) key = NULL;
		g_autoptr (Certificate) certificate = NULL;
		/* The MAC does not cover the version and its own parameters: what opens is what was put in. */
		if (pkcs12_open (changed, PASSWORD, &key, &certificate, NULL))
			g_assert_true (fingerprint_equal (certificate_fingerprint (certificate), certificate_fingerprint (h->holder)));
		copy[bit / 8] ^= (guint8) (1u << bit % 8);
	}
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	g_test_add_data_func ("/pkcs12/round-trip/p256", GINT_TO_POINTER (KEY_P256), test_round_trip);
	g_test_add_data_func ("/pkcs12/round-trip/p384", GINT_TO_POINTER (KEY_P384), test_round_trip);
	g_test_add_data_func ("/pkcs12/round-trip/rsa3072", GINT_TO_POINTER (KEY_RSA3072), test_round_trip);
	g_test_add_data_func ("/pkcs12/round-trip/sm2", GINT_TO_POINTER (KEY_SM2), test_round_trip);
	g_test_add_func ("/pkcs12/password", test_password);
	g_test_add_func ("/pkcs12/protection", test_protection);
	g_test_add_func ("/pkcs12/contents", test_contents);
	g_test_add_func ("/pkcs12/changed", test_changed);
	return g_test_run ();
}
