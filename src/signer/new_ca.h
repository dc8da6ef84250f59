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
	Issuer *issuer;
} NewCa;

/* Where the keys go: the signer's, and the root's (only used when a root is made). */
typedef struct {
	Vault *signer, *root;
} NewCaVaults;

/* root and root_key: the root it comes under; both NULL: a root is made too.  pins says name and addresses; it is not changed. */
NewCa *new_ca_make (const NewCaVaults *vaults, const Pins *pins, const char *name, KeyAlgorithm algorithm, Certificate *root, const PrivateKey *root_key,
                    Micros now, GError **error);
void new_ca_free (NewCa *ca);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NewCa, new_ca_free)
/* Writes the certificates and the two keys into the signer's folder; site.json is the caller's to write. */
gboolean new_ca_write (const NewCa *ca, const char *signer_dir, Vault *vault, GError **error);
