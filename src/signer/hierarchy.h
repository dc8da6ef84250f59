/* signer/hierarchy.h — the certificates and keys of a new site, in memory.  Part of create.h. */
#pragma once
#include "signer/create.h"
#include "signer/pins.h"

typedef enum { NEW_ROOT, NEW_ISSUING, NEW_OCSP, NEW_LOG, NEW_RECEIPT, NEW_DOCUMENT, NEW_N_KEYS } NewKey;

typedef struct {
	Pins *pins;                         /* with certificates and profiles */
	GPtrArray *profile_files;           /* GBytes, beside pins->profiles */
	PrivateKey *keys[NEW_N_KEYS];
	Issuer *issuer;
	PrivateKey *tls_key;
	Certificate *tls, *tls_root;        /* tls_root: what vouches for tls */
} Hierarchy;

Hierarchy *hierarchy_new (const SignerCreate *in, GError **error);
void hierarchy_free (Hierarchy *h);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Hierarchy, hierarchy_free)

/* A service's certificate as a new site gets it, for a key that a folder of an older version lacks. */
Certificate *hierarchy_service (const Pins *pins, const Issuer *issuer, NewKey kind, const PrivateKey *key, Micros now, GError **error);
/* Key and certificate of one officer, from the newest officer profile. */
Certificate *hierarchy_officer (const Hierarchy *h, const SignerCreateOfficer *officer, Micros now, PrivateKey **key, GError **error);
