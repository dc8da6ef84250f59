/* pki/moduli.c — see moduli.h. */
#include "pki/moduli.h"

#include <string.h>

#include "pki/pki_private.h"

#define OID_RSA_ENCRYPTION "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"

struct PrimeCheck {
	BIGNUM *modulus, *rest;       /* rest: product of all it was held against, modulo modulus */
	BN_CTX *ctx;
};

static BIGNUM *
modulus_of (const PublicKey *key)
{
	Der modulus, exponent;

	if (!key_algorithm_is_rsa (key->algorithm))
		return NULL;
	public_key_rsa (key, &modulus, &exponent);
	return BN_bin2bn (modulus.p, (int) modulus.n, NULL);
}

static void
must (gboolean done)
{
	if (!done)      /* these fail for want of memory alone */
		g_error ("arithmetic on moduli failed");
}

PrimeCheck *
prime_check_new (const PublicKey *key)
{
	BIGNUM *modulus = modulus_of (key);

	if (modulus == NULL)
		return NULL;
	PrimeCheck *check = g_new0 (PrimeCheck, 1);
	check->modulus = modulus;
	check->rest = BN_new ();
	check->ctx = BN_CTX_new ();
	must (check->rest != NULL && check->ctx != NULL && BN_one (check->rest));
	return check;
}

void
prime_check_free (PrimeCheck *check)
{
	if (check == NULL)
		return;
	BN_free (check->modulus);
	BN_free (check->rest);
	BN_CTX_free (check->ctx);
	g_free (check);
}

static void
hold_against (PrimeCheck *check, const BIGNUM *number)
{
	g_autoptr (BIGNUM) rest = BN_new ();

	must (rest != NULL && BN_mod (rest, number, check->modulus, check->ctx)
	      && BN_mod_mul (check->rest, check->rest, rest, check->modulus, check->ctx));
}

void
prime_check_against (PrimeCheck *check, GBytes *product)
{
	gsize n;
	gconstpointer p = g_bytes_get_data (product, &n);
	g_autoptr (BIGNUM) number = BN_bin2bn (p, (int) n, NULL);

	must (number != NULL);
	hold_against (check, number);
}

void
prime_check_against_key (PrimeCheck *check, const PublicKey *other)
{
	g_autoptr (BIGNUM) modulus = modulus_of (other);

	if (modulus != NULL)
		hold_against (check, modulus);
}

gboolean
prime_check_finds (const PrimeCheck *check)
{
	g_autoptr (BIGNUM) common = BN_new ();

	must (common != NULL && BN_gcd (common, check->rest, check->modulus, check->ctx));
	return !BN_is_one (common);
}

GBytes *
moduli_multiply (GBytes *product, const PublicKey *key)
{
	g_autoptr (BN_CTX) ctx = BN_CTX_new ();
	g_autoptr (BIGNUM) modulus = modulus_of (key);
	g_autoptr (BIGNUM) number = product == NULL ? BN_dup (BN_value_one ())
	                            : BN_bin2bn (g_bytes_get_data (product, NULL), (int) g_bytes_get_size (product), NULL);

	must (ctx != NULL && modulus != NULL && number != NULL && BN_mul (number, number, modulus, ctx));
	gsize n = (gsize) BN_num_bytes (number);
	guint8 *out = g_malloc (n);
	BN_bn2bin (number, out);
	return g_bytes_new_take (out, n);
}

PublicKey *
moduli_key_of (gconstpointer der, gsize n)
{
	if (memmem (der, n, OID_RSA_ENCRYPTION, sizeof OID_RSA_ENCRYPTION - 1) == NULL)
		return NULL;
	g_autoptr (Certificate) certificate = certificate_parse (der, n, NULL);
	PublicKey *key = certificate != NULL ? certificate_public_key (certificate) : NULL;
	return key != NULL && key_algorithm_is_rsa (key->algorithm) ? public_key_ref (key) : NULL;
}

/* --- blocks ------------------------------------------------------------------------ */

struct Moduli {
	GPtrArray *blocks;            /* GBytes, the last one growing */
	guint in_last;
};

Moduli *
moduli_new (void)
{
	Moduli *moduli = g_new0 (Moduli, 1);

	moduli->blocks = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
	return moduli;
}

void
moduli_free (Moduli *moduli)
{
	if (moduli == NULL)
		return;
	g_ptr_array_unref (moduli->blocks);
	g_free (moduli);
}

void
moduli_add (Moduli *moduli, const PublicKey *key)
{
	GPtrArray *blocks = moduli->blocks;

	if (!key_algorithm_is_rsa (key->algorithm))
		return;
	if (blocks->len == 0 || moduli->in_last == MODULI_IN_BLOCK) {
		g_ptr_array_add (blocks, moduli_multiply (NULL, key));
		moduli->in_last = 1;
		return;
	}
	GBytes *grown = moduli_multiply (g_ptr_array_index (blocks, blocks->len - 1), key);
	g_bytes_unref (g_ptr_array_index (blocks, blocks->len - 1));
	blocks->pdata[blocks->len - 1] = grown;
	moduli->in_last++;
}

void
moduli_check (const Moduli *moduli, PrimeCheck *check)
{
	for (guint i = 0; i < moduli->blocks->len; i++)
		prime_check_against (check, g_ptr_array_index (moduli->blocks, i));
}
