/* signer/hierarchy.h — the certificates and keys of a new site, in memory.  Part of create.h. */
#pragma once
#include "signer/create.h"
#include "signer/new_ca.h"
#include "signer/own_certificate.h"

typedef struct Hierarchy {
	char *signer_dir, *root_dir;
	Vault *vault, *root_vault;
	KeyPlaces *root_places;
	gboolean made;                      /* what was made on tokens stays */
	Pins *pins;                         /* with certificates and profiles */
	GPtrArray *profile_files;           /* GBytes, beside pins->profiles */
	GPtrArray *cas;                     /* NewCa, beside pins->cas */
	PrivateKey *keys[OWN_N];            /* of the services from OWN_LOG on */
	PrivateKey *tls_key;
	Certificate *tls, *tls_root;        /* tls_root: what vouches for tls */
} Hierarchy;

Hierarchy *hierarchy_new (const SignerCreate *in, GError **error);
void hierarchy_free (Hierarchy *h);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Hierarchy, hierarchy_free)

/* Takes back what was made on tokens; hierarchy_free does so unless `made` was set. */
void hierarchy_discard (Hierarchy *h);
/* "log" …: name of a service's key. */
const char *hierarchy_key_name (OwnKind kind);
/* A service's certificate as a new site gets it, for a key that a folder of an older version lacks. */
Certificate *hierarchy_service (const Pins *pins, const Issuer *issuer, OwnKind kind, const PrivateKey *key, Micros now, GError **error);
/* Of the first CA. */
const Issuer *hierarchy_issuer (const Hierarchy *h);
/* Key and certificate of one officer, from the newest profile of that name. */
Certificate *hierarchy_staff (const Hierarchy *h, const char *profile, const SignerCreateOfficer *officer, Micros now, PrivateKey **key, GError **error);
