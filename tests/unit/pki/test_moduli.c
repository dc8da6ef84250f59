/* Common primes of RSA keys: found wherever the earlier key lies, and nowhere else. */
#include "hierarchy.h"
#include "pki/moduli.h"
#include "pki/pki_private.h"

/* An RSA key of these two primes; only its public half matters here. */
static PublicKey *
key_of (const BIGNUM *p, const BIGNUM *q)
{
	g_autoptr (BN_CTX) ctx = BN_CTX_new ();
	g_autoptr (BIGNUM) n = BN_new ();
	g_autoptr (GError) error = NULL;
	g_autoptr (GByteArray) numbers = g_byte_array_new ();
	GByteArray *w = g_byte_array_new ();
	guint8 bytes[1024];

	g_assert_true (BN_mul (n, p, q, ctx));
	gsize at = der_open (numbers, DER_SEQUENCE);
	der_put_unsigned (numbers, bytes, (gsize) BN_bn2bin (n, bytes));
	der_put_uint (numbers, 65537);
	der_close (numbers, at);
	at = der_open (w, DER_SEQUENCE);
	der_put_raw (w, "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00", 15);
	der_put_octet_bits (w, numbers->data, numbers->len);
	der_close (w, at);
	g_autoptr (GBytes) der = der_done (w);
	PublicKey *key = public_key_from_spki (g_bytes_get_data (der, NULL), g_bytes_get_size (der), &error);
	g_assert_no_error (error);
	return key;
}

static BIGNUM *
prime (void)
{
	BIGNUM *p = BN_new ();

	/* Small for the test's sake: what is tested does not depend on the size. */
	g_assert_true (BN_generate_prime_ex (p, 256, FALSE, NULL, NULL, NULL));
	return p;
}

static PublicKey *
fresh (void)
{
	g_autoptr (BIGNUM) p = prime (), q = prime ();

	return key_of (p, q);
}

static gboolean
found (const Moduli *moduli, const PublicKey *key)
{
	g_autoptr (PrimeCheck) check = prime_check_new (key);

	moduli_check (moduli, check);
	return prime_check_finds (check);
}

/* The shared one stands at the start, at both sides of a block's end, and last. */
static void
test_found_anywhere (void)
{
	static const guint places[] = { 0, MODULI_IN_BLOCK - 1, MODULI_IN_BLOCK, 2 * MODULI_IN_BLOCK };

	for (guint i = 0; i < G_N_ELEMENTS (places); i++) {
		g_autoptr (Moduli) moduli = moduli_new ();
		g_autoptr (BIGNUM) common = prime (), p = prime (), q = prime ();
		g_autoptr (PublicKey) early = key_of (p, common), late = key_of (common, q), sound = fresh ();

		for (guint k = 0; k <= 2 * MODULI_IN_BLOCK; k++) {
			g_autoptr (PublicKey) other = fresh ();
			moduli_add (moduli, k == places[i] ? early : other);
		}
		g_assert_true (found (moduli, late));
		g_assert_false (found (moduli, sound));
		g_test_message ("place %u", places[i]);
	}
}

static void
test_two_keys (void)
{
	g_autoptr (BIGNUM) common = prime (), p = prime (), q = prime ();
	g_autoptr (PublicKey) early = key_of (p, common), late = key_of (common, q), sound = fresh ();
	g_autoptr (PrimeCheck) check = prime_check_new (late);

	g_assert_false (prime_check_finds (check));
	prime_check_against_key (check, sound);
	g_assert_false (prime_check_finds (check));
	prime_check_against_key (check, early);
	g_assert_true (prime_check_finds (check));
	/* Once found, nothing that comes later hides it. */
	prime_check_against_key (check, sound);
	g_assert_true (prime_check_finds (check));
}

static void
test_other_kinds (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PrivateKey) p256 = private_key_generate (KEY_P256, &error);
	g_autoptr (PublicKey) public = private_key_public (p256), rsa = fresh ();
	g_autoptr (Moduli) moduli = moduli_new ();
	g_autoptr (PrimeCheck) check = prime_check_new (rsa);

	g_assert_null (prime_check_new (public));
	moduli_add (moduli, public);
	prime_check_against_key (check, public);
	g_assert_false (found (moduli, rsa));
	g_assert_false (prime_check_finds (check));
}

static void
test_key_of_certificate (void)
{
	g_autoptr (Hierarchy) rsa = hierarchy_new (KEY_RSA3072), p256 = hierarchy_new (KEY_P256);
	g_autoptr (GBytes) a = certificate_der (rsa->holder), b = certificate_der (p256->holder);
	g_autoptr (PublicKey) key = moduli_key_of (g_bytes_get_data (a, NULL), g_bytes_get_size (a));

	g_assert_nonnull (key);
	g_assert_true (fingerprint_equal (public_key_fingerprint (key), public_key_fingerprint (certificate_public_key (rsa->holder))));
	g_assert_null (moduli_key_of (g_bytes_get_data (b, NULL), g_bytes_get_size (b)));
	g_assert_null (moduli_key_of ("", 0));
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	g_test_add_func ("/moduli/found-anywhere", test_found_anywhere);
	g_test_add_func ("/moduli/two-keys", test_two_keys);
	g_test_add_func ("/moduli/other-kinds", test_other_kinds);
	g_test_add_func ("/moduli/key-of-certificate", test_key_of_certificate);
	return g_test_run ();
}
