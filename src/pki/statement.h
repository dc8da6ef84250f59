/* pki/statement.h — a statement: what somebody binds himself to.
 *
 * JWS compact serialisation (RFC 7515).  Protected header, canonical JSON with
 * exactly: "alg", "typ":"diqi-statement+json", and one of "x5t#S256" (base64url
 * SHA-256 of the signer's certificate DER) or "spki#S256" (of the SPKI, for an
 * applicant who has no certificate yet).  Payload: canonical JSON object (RFC 8785)
 * with at least "type", "site", "time", "nonce".  alg: "ES256", "RS256", "EdDSA",
 * or the private name "SM2-SM3".
 *
 * One statement has one byte form: non-canonical payload or header, padding, or
 * unknown header members are refused.  Two statements are the same if signer and
 * payload are, whatever the signature bytes (malleability): statement_identity.
 */
#pragma once
#include "base/clock.h"
#include "base/json.h"
#include "pki/certificate.h"

#define STATEMENT_MAX_BYTES 65536

typedef struct Statement Statement;        /* immutable, reference counted */

/* Parses and checks the form, not the signature.  DIQI_ERROR_STATEMENT. */
Statement *statement_parse (const char *compact, gssize n, GError **error);
Statement *statement_ref (Statement *s);
void statement_unref (Statement *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Statement, statement_unref)

const char *statement_compact (const Statement *s);
const json_t *statement_payload (const Statement *s);            /* borrowed */
const char *statement_type (const Statement *s);
const char *statement_site (const Statement *s);
const char *statement_nonce (const Statement *s);
Micros statement_time (const Statement *s);
gboolean statement_by_certificate (const Statement *s);          /* else by SPKI */
const Fingerprint *statement_signer (const Statement *s);        /* certificate or SPKI fingerprint */
const Fingerprint *statement_identity (const Statement *s);      /* SHA-256 (signer ‖ payload bytes) */
const Fingerprint *statement_payload_hash (const Statement *s);  /* SHA-256 of the payload bytes */

/* Signature by this key, alg fits the key, signer fingerprint fits.  DIQI_ERROR_STATEMENT_SIGNATURE. */
gboolean statement_verify (const Statement *s, const Certificate *signer, GError **error);
gboolean statement_verify_spki (const Statement *s, const PublicKey *key, GError **error);

/* Signature and alg only, for a signer whose binding to this key is proven elsewhere (a bidder's key
 * in an evidence bundle).  DIQI_ERROR_STATEMENT_SIGNATURE. */
gboolean statement_verify_signature (const Statement *s, const PublicKey *key, GError **error);

/* The parts of the header and the signature, for those who write a statement out again. */
const char *statement_alg (const Statement *s);
GBytes *statement_signature (const Statement *s);                /* new reference */
/* Is this text meant to be a statement?  For walking through JSON that may hold some; says nothing
 * about its form. */
gboolean statement_looks_like_one (const char *text);

/* payload is borrowed; "type", "site", "time", "nonce" must be there. certificate NULL: signs as SPKI. */
char *statement_sign (const json_t *payload, const PrivateKey *key, const Certificate *certificate, GError **error);
