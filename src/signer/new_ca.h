/* signer/new_ca.h — a CA that is being made: its keys and certificates, in memory. */
#pragma once
#include "base/clock.h"
#include "signer/pins.h"
#include "signer/vault.h"

typedef struct {
	char *name;
	PrivateKey *root_key;          /* NULL: the root was there before */
	PrivateKey *key, *ocsp_key;
	Certificate *root, *certificate, *ocsp;
	Certificate *cross;            /* NULL: under the first root itself */
	GBytes *root_crl;              /* NULL: the root was there before */
	Issuer *issuer;
} NewCa;

/* Where the keys go: the signer's, and the root's (only used when a root is made). */
typedef struct {
	Vault *signer, *root;
} NewCaVaults;

typedef struct {
	NewCaVaults vaults;
	const char *name;
	KeyAlgorithm algorithm;
	Certificate *root;             /* the root it comes under; NULL: one is made */
	const PrivateKey *root_key;
	const PrivateKey *first_key;   /* of the first CA's root, to cross-certify a CA under another one; NULL: there is no first yet */
	Micros now;
} NewCaWanted;
/* pins says name and addresses, and which root the first CA has; it is not changed. */
NewCa *new_ca_make (const Pins *pins, const NewCaWanted *wanted, GError **error);
void new_ca_free (NewCa *ca);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NewCa, new_ca_free)
/* A root's own list (RFC 5280 5): what it revoked of its authorities, NULL nothing.  Signed where the root key is, for ROOT_CRL_DAYS. */
#define ROOT_CRL_DAYS 400
GBytes *root_crl_sign (Certificate *root, const PrivateKey *key, guint64 number, const GArray *revoked, Micros now, GError **error);
/* Writes the certificates and the two keys into the signer's folder; site.json is the caller's to write. */
gboolean new_ca_write (const NewCa *ca, const char *signer_dir, Vault *vault, GError **error);
