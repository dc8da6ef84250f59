/* pki/envelope.h — a few secret bytes for the holder of one key, whatever kind of key it is.
 *
 *   P-256, P-384   CMS EnvelopedData (RFC 5652), ephemeral-static ECDH (RFC 5753: X9.63 KDF with SHA-256, AES-256 key wrap)
 *   RSA            CMS EnvelopedData, RSAES-OAEP with SHA-256 (RFC 8017)
 *   SM2            SM2Cipher (GM/T 0009 7.2): SEQUENCE { x, y, SM3 hash, ciphertext }, C1 C3 C2; up to ENVELOPE_SM2_MAX bytes
 * The content of the first two is encrypted by AES-256-CBC, so `openssl cms -decrypt` opens it.  That tells nobody whether
 * it was changed: whoever opens one must check what is inside by its meaning.
 * The recipient is named by issuer and serial of its certificate, or, having none, by the key identifier (RFC 7093).
 * Own strict DER in both directions: nothing from outside reaches OpenSSL's CMS.
 */
#pragma once
#include "pki/certificate.h"

#define ENVELOPE_MAX 65536
#define ENVELOPE_SM2_MAX 1024

/* certificate: the recipient's, NULL when it has none.  DIQI_ERROR_KEY_ALGORITHM: a key that cannot be encrypted to. */
GBytes *envelope_seal (const PublicKey *to, const Certificate *certificate, gconstpointer p, gsize n, GError **error);
/* Wiped with the last reference.  DIQI_ERROR_ENVELOPE with one text for all that is wrong inside. */
GBytes *envelope_open (const PrivateKey *key, GBytes *envelope, GError **error);
