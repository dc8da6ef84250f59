/* pki/pki_private.h — what the sources of this folder share and nobody else sees:
 * clean-up of OpenSSL's types, the key structs, the fetched algorithms.
 */
#pragma once
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "base/error.h"
#include "pki/certificate.h"
#include "pki/der.h"
#include "pki/key.h"

static inline void bio_free_ (BIO *bio) { BIO_free (bio); }
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIO, bio_free_)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIGNUM, BN_clear_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BN_CTX, BN_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_MD_CTX, EVP_MD_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY_CTX, EVP_PKEY_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PKCS12, PKCS12_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_ALGOR, X509_ALGOR_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509_SIG, X509_SIG_free)

/* --- algorithms (key.c) ------------------------------------------------------------ */

/* The facts of a key algorithm that are bytes on the wire. */
typedef struct {
	const char *name;             /* public_key_algorithm_name */
	const char *digest;           /* NULL: the signature brings its own */
	Der signature_algorithm;      /* AlgorithmIdentifier of its signatures, whole */
	Der spki_prefix;              /* everything before the raw key; empty when it has no fixed size (RSA) */
	gsize raw_size;               /* size of that raw key */
} AlgorithmFacts;
const AlgorithmFacts *algorithm_facts (KeyAlgorithm a);

/* GM/T 0009: the identity hashed into every SM2 signature unless parties agree otherwise. */
#define SM2_DEFAULT_ID "1234567812345678"

typedef struct {
	EVP_MD *sha1, *sha256, *sha384, *sha512, *sm3;
	EVP_CIPHER *aes256gcm, *aes256cbc, *aes256wrap, *sm4ecb;
	EVP_MAC *hmac;
	EVP_KDF *x963kdf;
	EVP_PKEY *curve[KEY_N_ALGORITHMS];    /* parameters only: P-256, P-384 and SM2 */
} PkiAlgorithms;
/* Fetched once; thread-safe. */
const PkiAlgorithms *pki_algorithms (void);

/* Sets the error from what OpenSSL queued last, and empties its queue. */
gboolean openssl_fail (GError **error, DiqiErrorCode code, const char *field, const char *what);

void sha1_of (gconstpointer p, gsize n, guint8 out[20]);

/* --- keys (key.c, spki.c, signature.c) ----------------------------------------------- */

struct PublicKey {
	gatomicrefcount references;
	KeyAlgorithm algorithm;
	guint bits;
	GBytes *spki;
	Der raw;                      /* BIT STRING content, inside spki */
	Fingerprint fingerprint;
	EVP_PKEY *pkey;
	EVP_MD_CTX *verifier;         /* atomic; initialised at the first verification, copied for each: most keys are only certified */
};

typedef struct KeyElsewhere KeyElsewhere;

struct PrivateKey {
	PublicKey *public_key;
	EVP_PKEY *pkey;               /* NULL when elsewhere */
	EVP_MD_CTX *signer;           /* atomic; as verifier: a key made for one envelope never signs */
	KeyElsewhere *elsewhere;      /* key_elsewhere.c */
};
KeyElsewhere *key_elsewhere_ref (KeyElsewhere *elsewhere);
void key_elsewhere_unref (KeyElsewhere *elsewhere);
/* Here, or elsewhere with an opener.  DIQI_ERROR_KEY_ALGORITHM: the key does not open anything. */
gboolean private_key_can_open (const PrivateKey *key, GError **error);
GBytes *key_elsewhere_agree (const PrivateKey *key, const PublicKey *peer, GError **error);
GBytes *key_elsewhere_decrypt (const PrivateKey *key, gconstpointer input, gsize n, GError **error);
GBytes *key_elsewhere_sign (const PrivateKey *key, SignatureForm form, gconstpointer message, gsize n, GError **error);

/* Takes pkey, also on failure. */
PrivateKey *private_key_take (EVP_PKEY *pkey, GError **error);
/* A second holder of the same key; the key material is shared. */
PrivateKey *private_key_share (const PrivateKey *key);

/* NULL on failure (OpenSSL's queue says why). */
EVP_MD_CTX *signature_context (KeyAlgorithm a, EVP_PKEY *pkey, gboolean sign);

/* RFC 7093 2 (1): leftmost 160 bits of the SHA-256 of the BIT STRING's content. */
void public_key_identifier (const PublicKey *key, guint8 out[20]);

/* Rounds of a password's derivation.  Sanitizer builds, which are never shipped, do with a hundredth: OpenSSL 3.0 allocates memory
 * in every round, and each test site derives some fifty keys. */
#ifdef DIQI_FAILPOINTS
#define PASSWORD_ROUNDS(n) ((n) / 100)
#else
#define PASSWORD_ROUNDS(n) (n)
#endif

/* An AlgorithmIdentifier is PBES2 with PBKDF2 of a bounded iteration count (key_pem.c):
 * a file from outside must not choose how long we compute. */
gboolean pbes2_is_bounded (Der algorithm);
/* PBES2, AES-256-CBC, PBKDF2-HMAC-SHA-256; the caller owns it.  NULL on failure. */
X509_ALGOR *pbes2_new (int iterations);

/* RSA numbers inside spki; the key must be one of RSA. */
void public_key_rsa (const PublicKey *key, Der *modulus, Der *exponent);

/* RSA weaknesses that need only the public key (key_weak_rsa.c); NULL when none was found. */
const char *rsa_weakness (Der modulus, Der exponent);
/* Keys whose private half is public (key_known.c). */
gboolean key_is_known (Der number);

/* --- PEM (pem.c), RFC 7468 ------------------------------------------------------------ */

/* The one block in text whose label is one of labels; text before it is allowed, after it
 * only white space.  NULL, no GError, when it is not that. */
GBytes *pem_decode (const char *text, gsize n, gsize max_der, const char *const *labels, guint *which);
/* The first block of label in text[*from..n): its DER and *from behind its end.  FALSE, no GError: there is none (*der NULL), or it is broken. */
gboolean pem_next (const char *text, gsize n, const char *label, gsize *from, GBytes **der);
char *pem_encode (const char *label, gconstpointer der, gsize n);
/* Bytes wiped when the last reference goes; takes nothing, copies. */
GBytes *secret_bytes (gconstpointer p, gsize n);
/* The same, zero; to be filled by its maker alone, before anybody else sees it. */
GBytes *secret_bytes_new (gsize n);
