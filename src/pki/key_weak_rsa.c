/* pki/key_weak_rsa.c — RSA weaknesses that show in the public key.
 *
 * CA/Browser Forum Baseline Requirements 6.1.1.3 and 6.1.6 ask for most of these checks.
 * Cheap ones first; the dearest (one modular power, to tell a prime modulus) last.
 */
#include "pki/pki_private.h"

#include <stdlib.h>

#define SMALL_PRIME_LIMIT 65536      /* Baseline Requirements 6.1.6 ask for 752 */
#define FERMAT_ROUNDS 100            /* Baseline Requirements 6.1.1.3 */
#define ROCA_PRIME_LIMIT 167
#define REPEATED_WINDOWS 8

/* Random moduli of 512 bytes repeat a window of three bytes less than once in a hundred
 * keys; eight times is a text, a run or a pattern somebody put there. */
static int
compare_windows (const void *a, const void *b)
{
	guint32 x = *(const guint32 *) a, y = *(const guint32 *) b;

	return x < y ? -1 : x > y;
}

static gboolean
has_pattern (Der n)
{
	if (n.n < 3)
		return FALSE;
	gsize count = n.n - 2, repeated = 0;
	g_autofree guint32 *windows = g_new (guint32, count);
	for (gsize i = 0; i < count; i++)
		windows[i] = (guint32) n.p[i] << 16 | (guint32) n.p[i + 1] << 8 | n.p[i + 2];
	qsort (windows, count, sizeof *windows, compare_windows);
	for (gsize i = 1; i < count; i++)
		repeated += windows[i] == windows[i - 1];
	return repeated >= REPEATED_WINDOWS;
}

/* Calls fn for each prime up to limit until it returns FALSE. */
typedef gboolean (*PrimeFn) (BN_ULONG prime, gpointer user);
static gboolean
for_each_prime (gsize limit, PrimeFn fn, gpointer user)
{
	g_autofree guint8 *composite = g_malloc0 (limit + 1);

	for (gsize p = 2; p <= limit; p++) {
		if (composite[p])
			continue;
		if (!fn ((BN_ULONG) p, user))
			return FALSE;
		for (gsize multiple = p * p; multiple <= limit; multiple += p)
			composite[multiple] = 1;
	}
	return TRUE;
}

static gboolean
does_not_divide (BN_ULONG prime, gpointer user)
{
	return BN_mod_word (user, prime) != 0;
}

/* ROCA, CVE-2017-15361: primes of the faulty library are powers of 65537 modulo many small
 * primes, so the modulus is one too.  Chance for another key: below 2^-27. */
static gboolean
is_power_of_65537 (BN_ULONG prime, gpointer user)
{
	if (prime == 2)
		return TRUE;
	BN_ULONG rest = BN_mod_word (user, prime), power = 1;
	do {
		if (power == rest)
			return TRUE;
		power = power * (65537 % prime) % prime;
	} while (power != 1);
	return FALSE;
}

/* Largest x with x² <= n, by Newton's method from above. */
static gboolean
square_root (BIGNUM *x, const BIGNUM *n, BN_CTX *ctx)
{
	g_autoptr (BIGNUM) y = BN_new ();

	BN_zero (x);
	if (BN_is_zero (n))
		return TRUE;
	if (!BN_set_bit (x, (BN_num_bits (n) + 1) / 2))
		return FALSE;
	for (;;) {
		if (!BN_div (y, NULL, n, x, ctx) || !BN_add (y, y, x) || !BN_rshift1 (y, y))
			return FALSE;
		if (BN_cmp (y, x) >= 0)
			return TRUE;
		if (BN_copy (x, y) == NULL)
			return FALSE;
	}
}

static gboolean
is_residue (BN_ULONG value, BN_ULONG modulus)
{
	for (BN_ULONG i = 0; i <= modulus / 2; i++) {
		if (i * i % modulus == value % modulus)
			return TRUE;
	}
	return FALSE;
}

/* Nearly all numbers that are not squares fail one of the residues. */
static gboolean
is_square (const BIGNUM *n, BN_CTX *ctx)
{
	static const BN_ULONG moduli[] = { 64, 63, 65, 11 };
	g_autoptr (BIGNUM) root = BN_new ();
	BN_ULONG rest = BN_mod_word (n, 64 * 63 * 65 * 11);

	for (guint i = 0; i < G_N_ELEMENTS (moduli); i++) {
		if (!is_residue (rest, moduli[i]))
			return FALSE;
	}
	return square_root (root, n, ctx) && BN_sqr (root, root, ctx) && BN_cmp (root, n) == 0;
}

/* Fermat: primes so close that n is a² - b² with a just above its root. */
static gboolean
has_close_primes (const BIGNUM *n, BN_CTX *ctx)
{
	g_autoptr (BIGNUM) a = BN_new ();
	g_autoptr (BIGNUM) rest = BN_new ();

	if (!square_root (a, n, ctx))
		return FALSE;
	for (int round = 0; round < FERMAT_ROUNDS; round++) {
		if (!BN_sqr (rest, a, ctx) || !BN_sub (rest, rest, n))
			return FALSE;
		if (!BN_is_negative (rest) && is_square (rest, ctx))
			return TRUE;
		if (!BN_add_word (a, 1))
			return FALSE;
	}
	return FALSE;
}

/* A prime modulus has no trapdoor: 2^(n-1) = 1 (mod n). */
static gboolean
is_prime (const BIGNUM *n, BN_CTX *ctx)
{
	g_autoptr (BIGNUM) power = BN_dup (n), two = BN_new ();

	return BN_sub_word (power, 1) && BN_set_word (two, 2) && BN_mod_exp (power, two, power, n, ctx) && BN_is_one (power);
}

const char *
rsa_weakness (Der modulus, Der exponent)
{
	g_autoptr (BIGNUM) n = BN_bin2bn (modulus.p, (int) modulus.n, NULL);
	g_autoptr (BN_CTX) ctx = BN_CTX_new ();

	if (!der_equal (exponent, DER_LITERAL ("\x01\x00\x01")))
		return "the public exponent is not 65537";
	if (!for_each_prime (SMALL_PRIME_LIMIT, does_not_divide, n))
		return "the modulus has a small factor";
	if (has_pattern (modulus))
		return "the modulus follows a pattern";
	if (for_each_prime (ROCA_PRIME_LIMIT, is_power_of_65537, n))
		return "made by a faulty library (ROCA, CVE-2017-15361)";
	if (has_close_primes (n, ctx))
		return "the primes are close to each other (Fermat)";
	if (is_prime (n, ctx))
		return "the modulus is a prime";
	return NULL;
}
