/* pki/enveloped_key.h — the private key of an encryption certificate on its way to the holder.
 *
 * To an SM2 key, of an SM2 key: SM2EnvelopedKey (GM/T 0009 7.4, GB/T 35276): a session key of SM4 under the holder's signing
 * key (SM2Cipher), the 32 bytes of d under it (SM4-ECB, no padding), and the public key.  Written with SM4-ECB as
 * 1.2.156.10197.1.104.1; 1.2.156.10197.1.104, which others write, is read too.
 * Else: CMS EnvelopedData (pki/envelope.h) whose content, id-data, is the key's OneAsymmetricKey (RFC 5958) in DER, so
 *   openssl cms -decrypt -inform DER -in FILE -recip CERTIFICATE -inkey KEY | openssl pkey -inform DER
 * opens it.  The ECDH of it uses the holder's signing key: a signature key of P-256 or P-384 agrees here on one key with
 * one ephemeral key, once; a token whose key may only sign cannot open it (private_key_elsewhere_opens).
 */
#pragma once
#include "pki/certificate.h"

/* `certificate`: the holder's signing certificate, NULL for a bare key.  DIQI_ERROR_KEY_ALGORITHM: one of the two is SM2 and
 * the other is not, or a key that cannot be encrypted to. */
GBytes *enveloped_key_build (const PublicKey *holder, const Certificate *certificate, const PrivateKey *key, GError **error);
/* Opens it and checks that the private key belongs to `encryption` (and, in SM2EnvelopedKey, to the public key
 * said there).  DIQI_ERROR_ENVELOPE; DIQI_ERROR_ENVELOPE_KEY: it opens, but the key is not that of the certificate. */
PrivateKey *enveloped_key_open (const PrivateKey *holder, GBytes *envelope, const Certificate *encryption, GError **error);

/* CSRResponse ::= SEQUENCE { signCertificates SET OF Certificate, encryptedPrivateKey [0] SM2EnvelopedKey OPTIONAL,
 *                            encryptCertificates [1] SET OF Certificate OPTIONAL }       GM/T 0092-2020 8
 * Written as the libraries in use read it: [0] explicit, [1] implicit; both taggings of both are read.  Each set holds the
 * certificate alone; of a set with more the first is the holder's. */
typedef struct {
	Certificate *signing, *encryption;      /* encryption and envelope: both or neither */
	GBytes *envelope;                       /* SM2EnvelopedKey, whole */
} CsrResponse;
void csr_response_clear (CsrResponse *response);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CsrResponse, csr_response_clear)
GBytes *csr_response_build (const Certificate *signing, const Certificate *encryption, GBytes *envelope);
gboolean csr_response_parse (gconstpointer der, gsize n, CsrResponse *out, GError **error);
