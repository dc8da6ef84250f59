/* Requests: possession proven, key screened, one form (RFC 2986). */
#include "base/error.h"
#include "hierarchy.h"
#include "pki/certificate_private.h"
#include "pki/pki_private.h"

#include <string.h>

#define FIELD "/csr"

static PrivateKey *
generate (KeyAlgorithm a)
{
	g_autoptr (GError) error = NULL;
	PrivateKey *key = private_key_generate (a, &error);

	g_assert_no_error (error);
	return key;
}

static Csr *
parse (GBytes *bytes, GError **error)
{
	return csr_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), FIELD, error);
}

static void
test_round_trip (gconstpointer data)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PrivateKey) key = generate ((KeyAlgorithm) GPOINTER_TO_INT (data));
	g_autoptr (PublicKey) public = private_key_public (key);
	g_autoptr (GBytes) der = csr_build (key, "张三", &error);
	g_assert_no_error (error);
	g_autoptr (Csr) csr = parse (der, &error);
	g_assert_no_error (error);
	g_assert_true (fingerprint_equal (public_key_fingerprint (public), public_key_fingerprint (csr_public_key (csr))));

	g_autofree char *pem = pem_encode ("NEW CERTIFICATE REQUEST", g_bytes_get_data (der, NULL), g_bytes_get_size (der));
	g_autoptr (Csr) from_pem = csr_parse (pem, strlen (pem), FIELD, &error);
	g_assert_no_error (error);
	g_autoptr (GBytes) same = csr_der (from_pem);
	g_assert_true (g_bytes_equal (der, same));
}

static void
refused (GBytes *der, DiqiErrorCode code)
{
	g_autoptr (GError) error = NULL;

	g_assert_null (parse (der, &error));
	g_assert_error (error, DIQI_ERROR, (gint) code);
	g_assert_cmpstr (diqi_error_field (error), ==, FIELD);
}

/* A request over another's key, signed with one's own. */
static void
test_stolen_key (void)
{
	g_autoptr (PrivateKey) own = generate (KEY_P256), other = generate (KEY_P256);
	g_autoptr (GBytes) theirs = csr_build (other, "x", NULL);
	Der whole = { g_bytes_get_data (theirs, NULL), g_bytes_get_size (theirs) }, request, info;
	GByteArray *body = g_byte_array_new ();

	g_assert_true (der_read (&whole, DER_SEQUENCE, &request) && der_read_whole (&request, DER_SEQUENCE, &info));
	der_put_der (body, info);
	g_autoptr (GBytes) forged = sign_structure (own, body, NULL);
	refused (forged, DIQI_ERROR_CSR_SIGNATURE);
}

/* The weak key is found before its slow or meaningless signature is looked at. */
static void
test_weak_key (void)
{
	g_autoptr (GBytes) fermat = read_file ("tests", "vectors", "badkeys", "rsa-fermat.csr", NULL);

	refused (fermat, DIQI_ERROR_KEY_WEAK);
}

static void
test_sizes (void)
{
	g_autoptr (PrivateKey) key = generate (KEY_P256);
	g_autoptr (GBytes) der = csr_build (key, "x", NULL);
	gsize n = g_bytes_get_size (der);
	g_autofree guint8 *big = g_malloc0 (3 * CSR_MAX_DER);

	memcpy (big, g_bytes_get_data (der, NULL), n);
	for (gsize cut = 0; cut < n; cut++) {
		g_autoptr (GError) error = NULL;
		g_assert_null (csr_parse (big, cut, FIELD, &error));
		g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CSR);
	}
	g_assert_null (csr_parse (big, n + 1, FIELD, NULL));
	g_assert_null (csr_parse (big, CSR_MAX_DER + 1, FIELD, NULL));
	g_assert_null (csr_parse (big, 3 * CSR_MAX_DER, FIELD, NULL));
	g_assert_null (csr_parse (NULL, 0, FIELD, NULL));
}

static void
test_every_bit (void)
{
	g_autoptr (PrivateKey) key = generate (KEY_P256);
	g_autoptr (GBytes) der = csr_build (key, "x", NULL);
	gsize n = g_bytes_get_size (der);
	g_autofree guint8 *copy = g_memdup2 (g_bytes_get_data (der, NULL), n);

	for (gsize bit = 0; bit < n * 8; bit++) {
		copy[bit / 8] ^= (guint8) (1u << bit % 8);
		g_assert_null (csr_parse (copy, n, FIELD, NULL));
		copy[bit / 8] ^= (guint8) (1u << bit % 8);
	}
}

/* info with its attributes replaced, signed rightly: only the form is wrong. */
static GBytes *
with_attributes (const PrivateKey *key, const char *attributes, gsize n)
{
	g_autoptr (GBytes) der = csr_build (key, "x", NULL);
	Der whole = { g_bytes_get_data (der, NULL), g_bytes_get_size (der) }, request, info;
	GByteArray *w = g_byte_array_new ();

	g_assert_true (der_read (&whole, DER_SEQUENCE, &request) && der_read (&request, DER_SEQUENCE, &info));
	gsize at = der_open (w, DER_SEQUENCE);
	der_put_raw (w, info.p, info.n - 2);      /* without a0 00 */
	der_put_raw (w, attributes, n);
	der_close (w, at);
	return sign_structure (key, w, NULL);
}

static void
test_attributes (void)
{
	g_autoptr (PrivateKey) key = generate (KEY_P256);
	static const struct {
		const char *bytes;
		gsize n;
		gboolean good;
	} cases[] = {
#define CASE(text, good) { text, sizeof (text) - 1, good }
		CASE ("\xa0\x00", TRUE),
		CASE ("\xa0\x0d\x30\x0b\x06\x03\x55\x04\x03\x31\x04\x0c\x02\x68\x69", TRUE),
		CASE ("", FALSE),
		CASE ("\xa0\x09\x30\x07\x06\x03\x55\x04\x03\x31\x00", FALSE),      /* SET OF without a value */
		CASE ("\xa0\x02\x30\x00", FALSE),
		CASE ("\xa0\x00\x05\x00", FALSE),
		CASE ("\xa1\x00", FALSE),
	};

	for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
		g_autoptr (GBytes) der = with_attributes (key, cases[i].bytes, cases[i].n);
		g_autoptr (Csr) csr = parse (der, NULL);
		g_assert_cmpint (csr != NULL, ==, cases[i].good);
	}
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	g_test_add_data_func ("/csr/round-trip/p256", GINT_TO_POINTER (KEY_P256), test_round_trip);
	g_test_add_data_func ("/csr/round-trip/p384", GINT_TO_POINTER (KEY_P384), test_round_trip);
	g_test_add_data_func ("/csr/round-trip/ed25519", GINT_TO_POINTER (KEY_ED25519), test_round_trip);
	g_test_add_data_func ("/csr/round-trip/rsa3072", GINT_TO_POINTER (KEY_RSA3072), test_round_trip);
	g_test_add_data_func ("/csr/round-trip/sm2", GINT_TO_POINTER (KEY_SM2), test_round_trip);
	g_test_add_func ("/csr/stolen-key", test_stolen_key);
	g_test_add_func ("/csr/weak-key", test_weak_key);
	g_test_add_func ("/csr/sizes", test_sizes);
	g_test_add_func ("/csr/every-bit", test_every_bit);
	g_test_add_func ("/csr/attributes", test_attributes);
	return g_test_run ();
}
