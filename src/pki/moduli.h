/* pki/moduli.h — do two RSA keys have a prime in common?
 *
 * Devices that make keys with too little randomness choose the same prime twice; whoever sees both
 * moduli has both private keys by one greatest common divisor (Heninger and others, 2012).  So a new
 * modulus is held against all earlier ones, which are kept multiplied together in blocks: one
 * division a block, and one gcd in the end.
 */
#pragma once
#include "pki/key.h"

#define MODULI_IN_BLOCK 64

/* One new key against many earlier ones. */
typedef struct PrimeCheck PrimeCheck;
PrimeCheck *prime_check_new (const PublicKey *key);        /* NULL: not a key of RSA */
void prime_check_free (PrimeCheck *check);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PrimeCheck, prime_check_free)
void prime_check_against (PrimeCheck *check, GBytes *product);
void prime_check_against_key (PrimeCheck *check, const PublicKey *other);      /* nothing when it is not of RSA */
/* Of all it was held against, its own modulus must not have been one. */
gboolean prime_check_finds (const PrimeCheck *check);

/* product · modulus, big-endian; NULL stands for 1. */
GBytes *moduli_multiply (GBytes *product, const PublicKey *key);
/* The key of a certificate when it is one of RSA, else NULL: tells at once, without reading the certificate. */
PublicKey *moduli_key_of (gconstpointer certificate, gsize n);

/* Blocks in memory. */
typedef struct Moduli Moduli;
Moduli *moduli_new (void);
void moduli_free (Moduli *moduli);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Moduli, moduli_free)
void moduli_add (Moduli *moduli, const PublicKey *key);    /* nothing when it is not of RSA */
void moduli_check (const Moduli *moduli, PrimeCheck *check);
