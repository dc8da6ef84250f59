/* A small authority for tests: root, issuing authority, OCSP responder, one holder. */
#pragma once
#include "pki/certificate.h"

#define HIERARCHY_NOW (G_GINT64_CONSTANT (1795348800) * MICROS_PER_S)      /* 2026-11-22T12:00:00Z */

typedef struct {
	Micros now;
	PrivateKey *root_key, *issuing_key, *ocsp_key, *holder_key;
	Certificate *root, *issuing, *ocsp, *holder;
	Issuer *issuer;
} Hierarchy;

Hierarchy *hierarchy_new (KeyAlgorithm algorithm);                        /* at HIERARCHY_NOW */
Hierarchy *hierarchy_new_at (KeyAlgorithm algorithm, Micros now);
void hierarchy_free (Hierarchy *h);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Hierarchy, hierarchy_free)

/* The holder's template: change what a test is about, then sign. */
extern const NamePart holder_name[4];
void holder_template (const Hierarchy *h, PublicKey *key, CertificateTemplate *out);
Certificate *certificate_from (GBytes *der);           /* takes der; aborts the test when it is refused */
Certificate *issue (const Issuer *issuer, const CertificateTemplate *t);
GBytes *read_file (const char *first, ...) G_GNUC_NULL_TERMINATED;     /* below the source folder */
