/* Weak keys: each published one is refused, and for the reason that makes it weak. */
#include "base/error.h"
#include "base/json.h"
#include "hierarchy.h"
#include "pki/pki_private.h"

#include <string.h>

static const char *const labels[] = { "PUBLIC KEY", "RSA PUBLIC KEY", "RSA PRIVATE KEY", NULL };
enum { SPKI, PKCS1, PKCS1_PRIVATE };

/* RSAPublicKey from a file that holds it, or a private key that begins with the same numbers. */
static Der
rsa_numbers (Der pkcs1, guint which, GByteArray *w)
{
	Der sequence, n, e;
	guint64 version;

	g_assert_true (der_read (&pkcs1, DER_SEQUENCE, &sequence));
	if (which == PKCS1_PRIVATE)
		g_assert_true (der_read_uint (&sequence, &version));
	g_assert_true (der_read_whole (&sequence, DER_INTEGER, &n));
	g_assert_true (der_read_whole (&sequence, DER_INTEGER, &e));
	gsize at = der_open (w, DER_SEQUENCE);
	der_put_der (w, n);
	der_put_der (w, e);
	der_close (w, at);
	return (Der) { w->data, w->len };
}

static GBytes *
as_spki (GBytes *der, guint which)
{
	g_autoptr (GByteArray) numbers = g_byte_array_new ();
	GByteArray *w = g_byte_array_new ();
	Der rsa = rsa_numbers ((Der) { g_bytes_get_data (der, NULL), g_bytes_get_size (der) }, which, numbers);
	gsize at = der_open (w, DER_SEQUENCE);

	der_put_raw (w, "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00", 15);
	der_put_octet_bits (w, rsa.p, rsa.n);
	der_close (w, at);
	return der_done (w);
}

static PublicKey *
load (const char *file, GError **error)
{
	g_autoptr (GBytes) text = read_file ("tests", "vectors", "badkeys", file, NULL);
	guint which;
	g_autoptr (GBytes) der = pem_decode (g_bytes_get_data (text, NULL), g_bytes_get_size (text), 8192, labels, &which);
	g_assert_nonnull (der);
	g_autoptr (GBytes) spki = which == SPKI ? g_bytes_ref (der) : as_spki (der, which);

	return public_key_from_spki (g_bytes_get_data (spki, NULL), g_bytes_get_size (spki), error);
}

/* Each file is judged as verdicts.json states, which the signer's and the registry's tests go by too. */
static void
test_vector (gconstpointer data)
{
	const json_t *v = data;
	g_autoptr (GError) error = NULL;
	const char *spki = json_string_value (json_object_get (v, "spki"));
	g_autoptr (GBytes) der = base64_decode_strict (spki, strlen (spki), &error);
	g_assert_no_error (error);
	g_autoptr (PublicKey) key = public_key_from_spki (g_bytes_get_data (der, NULL), g_bytes_get_size (der), &error);

	g_assert_false (key != NULL && public_key_check_strength (key, &error));
	g_assert_cmpstr (diqi_error_code_name (error), ==, json_string_value (json_object_get (v, "code")));
	g_test_message ("%s", error->message);
	g_assert_nonnull (strstr (error->message, json_string_value (json_object_get (v, "says"))));
}

static json_t *
read_verdicts (void)
{
	g_autoptr (GBytes) text = read_file ("tests", "vectors", "badkeys", "verdicts.json", NULL);
	json_t *verdicts = json_loadb (g_bytes_get_data (text, NULL), g_bytes_get_size (text), 0, NULL);
	g_assert_nonnull (verdicts);
	return verdicts;
}

static gboolean
is_judged (const json_t *verdicts, const char *file)
{
	size_t i;
	json_t *v;
	json_array_foreach (verdicts, i, v)
		if (g_str_equal (json_string_value (json_object_get (v, "file")), file))
			return TRUE;
	return FALSE;
}

/* No file without a verdict, and the verdict is of the key in the file. */
static void
test_complete (gconstpointer data)
{
	const json_t *verdicts = data;
	g_autofree char *folder = g_test_build_filename (G_TEST_DIST, "tests", "vectors", "badkeys", NULL);
	g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
	guint n = 0;

	for (const char *name = g_dir_read_name (dir); name != NULL; name = g_dir_read_name (dir)) {
		if (g_str_equal (name, "LICENSE") || g_str_equal (name, "verdicts.json"))
			continue;
		g_test_message ("%s", name);
		g_assert_true (is_judged (verdicts, name));
		n++;
	}
	g_assert_cmpuint (n, ==, json_array_size (verdicts));
	size_t i;
	json_t *v;
	json_array_foreach (verdicts, i, v) {
		const char *file = json_string_value (json_object_get (v, "file"));
		g_autoptr (PublicKey) key = g_str_has_suffix (file, ".key") ? load (file, NULL) : NULL;
		g_autoptr (GBytes) spki = key != NULL ? public_key_spki (key) : NULL;
		g_autofree char *base64 = spki != NULL ? g_base64_encode (g_bytes_get_data (spki, NULL), g_bytes_get_size (spki)) : NULL;
		if (base64 != NULL)
			g_assert_cmpstr (base64, ==, json_string_value (json_object_get (v, "spki")));
	}
}

/* The vanity modulus without the list of known keys: its pattern gives it away. */
static void
test_vanity_by_pattern (void)
{
	g_autoptr (PublicKey) key = load ("rsa-vanity.key", NULL);
	Der modulus, exponent;

	public_key_rsa (key, &modulus, &exponent);
	g_assert_cmpstr (rsa_weakness (modulus, exponent), ==, "the modulus follows a pattern");
}

static void
test_good_keys (void)
{
	static const KeyAlgorithm good[] = { KEY_P256, KEY_P256, KEY_P256, KEY_P384, KEY_SM2, KEY_SM2, KEY_ED25519, KEY_RSA3072, KEY_RSA3072, KEY_RSA4096 };

	for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
		g_autoptr (GError) error = NULL;
		g_autoptr (PrivateKey) key = private_key_generate (good[i], &error);
		g_autoptr (PublicKey) public = private_key_public (key);
		g_assert_true (public_key_check_strength (public, &error));
		g_assert_no_error (error);
	}
}

static const char *
weakness_of (BIGNUM *p, BIGNUM *q)
{
	g_autoptr (BN_CTX) ctx = BN_CTX_new ();
	g_autoptr (BIGNUM) n = BN_new ();
	guint8 bytes[1024];

	g_assert_true (BN_mul (n, p, q, ctx));
	return rsa_weakness ((Der) { bytes, (gsize) BN_bn2bin (n, bytes) }, DER_LITERAL ("\x01\x00\x01"));
}

static void
random_prime (BIGNUM *p, int bits)
{
	g_assert_true (BN_generate_prime_ex (p, bits, FALSE, NULL, NULL, NULL));
}

/* Neighbouring primes, found by Fermat at once; and two independent ones of our own, found sound. */
static void
test_fermat (void)
{
	g_autoptr (BIGNUM) p = BN_new (), q = BN_new ();

	random_prime (p, 1024);
	g_assert_nonnull (BN_copy (q, p));
	do {
		g_assert_true (BN_add_word (q, 2));
	} while (BN_check_prime (q, NULL, NULL) != 1);
	g_assert_cmpstr (weakness_of (p, q), ==, "the primes are close to each other (Fermat)");
	g_assert_cmpstr (weakness_of (p, p), ==, "the primes are close to each other (Fermat)");
	random_prime (q, 1024);
	g_assert_null (weakness_of (p, q));
}

/* ROCA's form: prime = k·M + (65537^a mod M), M the product of the first primes. */
static void
roca_prime (BIGNUM *p, const BIGNUM *m, BN_CTX *ctx)
{
	g_autoptr (BIGNUM) k = BN_new (), a = BN_new (), g = BN_new (), rest = BN_new ();

	g_assert_true (BN_set_word (g, 65537));
	do {
		g_assert_true (BN_rand (k, 1536 - BN_num_bits (m), BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) && BN_rand (a, 60, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY));
		g_assert_true (BN_mod_exp (rest, g, a, m, ctx) && BN_mul (p, k, m, ctx) && BN_add (p, p, rest));
	} while (BN_check_prime (p, ctx, NULL) != 1);
}

static void
test_roca (void)
{
	static const BN_ULONG primes[] = { 2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
	                                   101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167 };
	g_autoptr (BN_CTX) ctx = BN_CTX_new ();
	g_autoptr (BIGNUM) m = BN_new (), p = BN_new (), q = BN_new ();

	g_assert_true (BN_one (m));
	for (guint i = 0; i < G_N_ELEMENTS (primes); i++)
		g_assert_true (BN_mul_word (m, primes[i]));
	roca_prime (p, m, ctx);
	roca_prime (q, m, ctx);
	g_assert_cmpstr (weakness_of (p, q), ==, "made by a faulty library (ROCA, CVE-2017-15361)");
}

/* The examples of standards: everybody has their private halves. */
static void
test_standard_examples (void)
{
	static const guint8 sm2_example[] = "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x81\x1c\xcf\x55\x01\x82\x2d\x03\x42\x00\x04"
		"\x09\xf9\xdf\x31\x1e\x54\x21\xa1\x50\xdd\x7d\x16\x1e\x4b\xc5\xc6\x72\x17\x9f\xad\x18\x33\xfc\x07\x6b\xb0\x8f\xf3\x56\xf3\x50\x20"
		"\xcc\xea\x49\x0c\xe2\x67\x75\xa5\x2d\xc6\xea\x71\x8c\xc1\xaa\x60\x0a\xed\x05\xfb\xf3\x5e\x08\x4a\x66\x32\xf6\x07\x2d\xa9\xad\x13";
	g_autoptr (GError) error = NULL;
	g_autoptr (PublicKey) key = public_key_from_spki (sm2_example, sizeof sm2_example - 1, &error);

	g_assert_no_error (error);
	g_assert_false (public_key_check_strength (key, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_KEY_WEAK);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	g_autoptr (json_t) verdicts = read_verdicts ();
	size_t i;
	json_t *v;
	json_array_foreach (verdicts, i, v) {
		g_autofree char *path = g_strconcat ("/key-strength/badkeys/", json_string_value (json_object_get (v, "file")), NULL);
		g_test_add_data_func (path, v, test_vector);
	}
	g_test_add_data_func ("/key-strength/badkeys/complete", verdicts, test_complete);
	g_test_add_func ("/key-strength/vanity-by-pattern", test_vanity_by_pattern);
	g_test_add_func ("/key-strength/good-keys", test_good_keys);
	g_test_add_func ("/key-strength/fermat", test_fermat);
	g_test_add_func ("/key-strength/roca", test_roca);
	g_test_add_func ("/key-strength/standard-examples", test_standard_examples);
	return g_test_run ();
}
