/* pki/cms.h — signing documents: detached CMS SignedData (RFC 5652) as a PAdES signature holds it (ETSI EN 319 142-1).
 *
 * The signer never sees the document, only its digest, and signs what is built here: the DER of the signed
 * attributes.  They begin with the tag of a SET, so a signature over them is never one over a certificate, a
 * status answer, a statement or anything else of ours, which all begin otherwise.
 */
#pragma once
#include "pki/certificate.h"

#define DOCUMENT_DIGEST_BYTES 48      /* the longest */

/* What a document signed by a key of this algorithm is digested with, the digest of its signatures: SM3 for SM2, SHA-384
 * for P-384, SHA-256 otherwise.  Returns its size. */
gsize document_digest_size (KeyAlgorithm algorithm);
gsize document_digest (KeyAlgorithm algorithm, gconstpointer p, gsize n, guint8 out[DOCUMENT_DIGEST_BYTES]);

/* Signed attributes: contentType (data), messageDigest, signingCertificateV2 (RFC 5035).
 * digest: document_digest_size (of the key) bytes.  Holds the signer's certificate and `chain`.  DER.  Ed25519 is refused (RFC 8419 wants SHA-512). */
GBytes *cms_sign_digest (const PrivateKey *key, const Certificate *certificate, Certificate *const *chain, gsize n,
                         const guint8 digest[DOCUMENT_DIGEST_BYTES], GError **error);

/* The same over a content that the message holds (RFC 5652 5.2), of a type of its own: `type` is the content of an OBJECT IDENTIFIER.
 * chain: n certificates besides the signer's; `certificates` FALSE: none at all is in it. */
GBytes *cms_sign_content (const PrivateKey *key, const Certificate *certificate, Certificate *const *chain, gsize n, gboolean certificates,
                          gconstpointer type, gsize type_n, GBytes *content, GError **error);
