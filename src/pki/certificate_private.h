/* pki/certificate_private.h — the parsed certificate and the issuer, as the sources of
 * this folder see them. */
#pragma once
#include "pki/certificate.h"
#include "pki/der.h"

/* What a CertID names an issuer by (RFC 6960 4.1.1), in each hash that ocsp_request.c knows. */
#define CERT_ID_HASHES 5
typedef struct {
	guint8 name[CERT_ID_HASHES][64], key[CERT_ID_HASHES][64];
} IssuerHashes;

struct Certificate {
	gatomicrefcount references;
	GBytes *der;                   /* all Der members point into it */
	Fingerprint fingerprint;
	Der tbs, signature_algorithm, signature;
	Der issuer, subject;           /* whole Names */
	Serial serial;
	Micros not_before, not_after;
	PublicKey *key;
	gboolean ca;
	int path_length;               /* -1 none */
	guint key_usage, extended_key_usage;
	Der subject_key_identifier, authority_key_identifier;      /* empty when absent */
	Der extensions;                /* the whole SEQUENCE, empty when absent */
	Der distribution_points;       /* content of the extension, empty when absent */
	Der policies;                  /* content of the extension, empty when absent */
	IssuerHashes *hashes;          /* atomic; NULL until first asked for (ocsp_request.c) */
	gboolean unknown_critical;     /* holds a critical extension this program does not process, or one that limits what its chain says */
};

struct Issuer {
	Certificate *certificate;      /* NULL: signs only its own root */
	PrivateKey *key;
	GBytes *authority_key;         /* AuthorityKeyIdentifier extension, whole; NULL without certificate */
};

/* AlgorithmIdentifier `algorithm` is the one signature algorithm of this kind of key. */
gboolean signature_algorithm_fits (Der algorithm, KeyAlgorithm a);
/* One of the identity extensions (identity_number.c): read on demand, critical or not. */
gboolean identity_number_oid (Der oid);
/* SHA-1 with RSA: only in a build for NIST's test certificates (pki/path.h). */
gboolean signature_is_admitted_old (Der algorithm);
/* SEQUENCE { tbs, algorithm, BIT STRING signature over tbs }; takes tbs. */
GBytes *sign_structure (const PrivateKey *key, GByteArray *tbs, GError **error);
/* Is what `algorithm` and `signature` say about tbs true of key? */
gboolean verify_structure (const PublicKey *key, Der tbs, Der algorithm, Der signature);

/* certificate_verify_chain that also says what failed where (pki/path.h). */
typedef struct PathFault PathFault;
gboolean certificate_verify_path (const Certificate *leaf, Certificate *const *chain, gsize n, Micros at, PathFault *fault, GError **error);
/* Name and key identifier of the issuer, and its signature. */
gboolean certificate_is_signed_by (const Certificate *c, const Certificate *issuer);

/* A serial as it came: 1 to 20 octets, positive; shorter ones are padded in front. */
gboolean serial_read (Der *in, Serial *out);
void serial_put (GByteArray *w, const Serial *serial);

/* Extended key usages by bit (certificate.c); NULL after the last. */
const Der *extended_key_usage_oid (guint bit);
