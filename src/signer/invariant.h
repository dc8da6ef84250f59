/* signer/invariant.h — what no profile, officer or caller can change.
 *
 * Compiled in: what kinds of certificates there are, and for each the longest validity, the key usages, the
 * extended key usages and the policy by which an outsider knows it.  A holder's key either signs or is encrypted to, never
 * both (Electronic Signature Law article 13: the key centre knows the latter); only the site's own services get a service's
 * extended key usage.  An issued certificate is never a CA and never carries a CA's key usage, lives never beyond its
 * issuer, starts at the signer's own clock and has an allowed key.
 * Checked on each profile when it is loaded, on each certificate before the key is used, and on
 * the finished certificate before it leaves.
 */
#pragma once
#include "pki/certificate.h"

typedef enum { HOLDER_ORGANIZATION, HOLDER_PERSON, HOLDER_OFFICER, HOLDER_SITE } ProfileHolder;
typedef enum { CARRIER_HARD, CARRIER_SOFT, CARRIER_NONE } ProfileCarrier;
typedef enum { USE_SIGN, USE_ENCRYPT, USE_SERVICE } ProfileUse;

typedef struct {
	const char *name;
	ProfileHolder holder;
	ProfileCarrier carrier;
	ProfileUse use;
	const char *policy;
	int max_days;
	guint algorithms;              /* 1 << KeyAlgorithm */
	guint key_usage;               /* the most */
	guint extended_key_usage;      /* the most; of a service exactly this */
} CertificateKind;

/* How long two approvals carry a certificate; and how far a serial, a statement and the signer's clock may be apart. */
#define APPROVAL_MAX_AGE (30 * MICROS_PER_DAY)
#define CLOCK_TOLERANCE (5 * MICROS_PER_MIN)
#define INVARIANT_MAX_DAYS (5 * 365 + 2)    /* five years, with two leap days */
/* Keys of hierarchies and holders; Ed25519 signs where a profile allows it, and encrypts nothing (RFC 8410). */
#define INVARIANT_ALGORITHMS (1u << KEY_P256 | 1u << KEY_P384 | 1u << KEY_RSA3072 | 1u << KEY_RSA4096 | 1u << KEY_SM2)

/* NULL: there is no such kind. */
const CertificateKind *invariant_kind (const char *name);
/* By the policy it names; NULL: by none of ours. */
const CertificateKind *invariant_kind_of (const Certificate *certificate);
/* NULL: no kind for this.  A service has no kind of this sort: they are many. */
const CertificateKind *invariant_kind_for (ProfileHolder holder, ProfileCarrier carrier, ProfileUse use);

/* Longest value in characters: RFC 5280 appendix A, upper bounds. */
gsize invariant_name_length (NameAttribute attribute);
/* UTF-8 of 1 to its bound characters, no control or invisible direction character, no blank at
 * an end, no two blanks together.  DIQI_ERROR_FIELD_VALUE, _FIELD_LENGTH. */
gboolean invariant_name_value (NameAttribute attribute, const char *value, const char *field, GError **error);

/* What a profile of this kind asks for.  DIQI_ERROR_SIGNER with the member. */
gboolean invariant_usage (const CertificateKind *kind, guint key_usage, guint extended_key_usage, guint algorithms, gint64 days, GError **error);
/* The part of a profile's key usage that a key of this algorithm can have: RFC 8813 3 (elliptic curves only agree on keys), RFC 3279 2.3.1
 * (RSA never does); SM2 has all of them (GM/T 0015). */
guint invariant_key_usage (guint key_usage, KeyAlgorithm algorithm);

/* Before the key is used.  `now` is the signer's clock. */
gboolean invariant_template (const CertificateKind *kind, const CertificateTemplate *t, const Certificate *issuer, Micros now, GError **error);
/* After: is the certificate what the template said? */
gboolean invariant_certificate (const Certificate *made, const CertificateTemplate *t, GError **error);
