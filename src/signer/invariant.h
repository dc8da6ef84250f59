/* signer/invariant.h — what no profile, officer or caller can change.
 *
 * Compiled in: an issued holder certificate is never a CA and never carries a CA's key usage, lives
 * at most five years and never beyond its issuer, starts at the signer's own clock, has an allowed key, and
 * may not be used for what only the site's services do (OCSP, log, receipts, time stamps, TLS servers).
 * Checked on each profile when it is loaded, on each certificate before the key is used, and on
 * the finished certificate before it leaves.
 */
#pragma once
#include "pki/certificate.h"

#define INVARIANT_MAX_DAYS (5 * 365 + 2)    /* five years, with two leap days */
#define INVARIANT_KEY_USAGE (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)
#define INVARIANT_EXTENDED_KEY_USAGE (EKU_CLIENT_AUTH | EKU_EMAIL | EKU_DOCUMENT_SIGNING)
#define INVARIANT_ALGORITHMS (1u << KEY_P256 | 1u << KEY_P384 | 1u << KEY_RSA3072 | 1u << KEY_RSA4096 | 1u << KEY_SM2)

/* Longest value in characters: RFC 5280 appendix A, upper bounds. */
gsize invariant_name_length (NameAttribute attribute);
/* UTF-8 of 1 to its bound characters, no control or invisible direction character, no blank at
 * an end, no two blanks together.  DIQI_ERROR_FIELD_VALUE, _FIELD_LENGTH. */
gboolean invariant_name_value (NameAttribute attribute, const char *value, const char *field, GError **error);

gboolean invariant_usage (guint key_usage, guint extended_key_usage, guint algorithms, gint64 days, GError **error);

/* Before the key is used.  `now` is the signer's clock. */
gboolean invariant_template (const CertificateTemplate *t, const Certificate *issuer, Micros now, GError **error);
/* After: is the certificate what the template said? */
gboolean invariant_certificate (const Certificate *made, const CertificateTemplate *t, GError **error);
