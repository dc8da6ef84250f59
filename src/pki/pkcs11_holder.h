/* pki/pkcs11_holder.h — what a holder's token carries for one certificate: a key pair and the certificate, and the same for
 * the encryption certificate, whose key is brought in.
 *
 * The three objects of one certificate (private key, public key, certificate) have one label and one CKA_ID, as other programs
 * expect.  Each is written once: what is there already, and is the same, is left; so whoever was interrupted begins
 * again and ends with each object once.  The order in which they are written makes a half of a pair worth nothing.
 *
 * P-256, P-384 and RSA.  PKCS#11 has no mechanism for SM2: such tokens speak SKF (GM/T 0016), and are refused here.
 */
#pragma once
#include "pki/certificate.h"
#include "pki/pkcs11.h"

#define PKCS11_ID_BYTES 18

typedef struct {
	char label[64];
	guint8 id[PKCS11_ID_BYTES];
} Pkcs11Name;

typedef struct {
	gboolean private_key, public_key;
	Certificate *certificate;                 /* NULL none */
} Pkcs11Holdings;
void pkcs11_holdings_clear (Pkcs11Holdings *holdings);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pkcs11Holdings, pkcs11_holdings_clear)
gboolean pkcs11_holdings (Pkcs11 *token, const Pkcs11Name *name, Pkcs11Holdings *out, GError **error);

/* The key pair of this name, made on the token when it is not there: it signs, and opens what is sealed to it (ECDH,
 * or RSA).  A public key left over without its private key is replaced.  *made may be NULL.  token must outlive the key. */
PrivateKey *pkcs11_holder_key (Pkcs11 *token, const Pkcs11Name *name, KeyAlgorithm algorithm, gboolean *made, GError **error);
/* The one that is there; NULL with DIQI_ERROR_TOKEN when it is not. */
PrivateKey *pkcs11_holder_key_open (Pkcs11 *token, const Pkcs11Name *name, GError **error);
/* Brings in a key pair that was made elsewhere; afterwards it does not leave the token (CKA_SENSITIVE, not CKA_EXTRACTABLE).  *written
 * FALSE: it is there already.  Half of one is replaced. */
gboolean pkcs11_import_key (Pkcs11 *token, const Pkcs11Name *name, const PrivateKey *key, gboolean *written, GError **error);
/* DIQI_ERROR_EXISTS: another certificate has this name. */
gboolean pkcs11_put_certificate (Pkcs11 *token, const Pkcs11Name *name, const Certificate *certificate, gboolean *written, GError **error);

/* The holder chooses another PIN, knowing the present one. */
gboolean pkcs11_change_pin (Pkcs11 *token, const char *from, const char *to, GError **error);
