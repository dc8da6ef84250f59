/* pki/key.h — key pairs and public keys.  OpenSSL types never leave pki. */
#pragma once
#include <glib.h>

/* An RSA key of 3073 to 4096 bits counts as KEY_RSA4096, any other as KEY_RSA3072 (its size: public_key_bits). */
typedef enum { KEY_P256, KEY_RSA3072, KEY_SM2, KEY_ED25519, KEY_P384, KEY_RSA4096, KEY_N_ALGORITHMS } KeyAlgorithm;

typedef struct PrivateKey PrivateKey;     /* holds its public key too */
typedef struct PublicKey PublicKey;       /* immutable, reference counted, thread-safe */

typedef struct { guint8 b[32]; } Fingerprint;     /* SHA-256 */
void fingerprint_of (gconstpointer p, gsize n, Fingerprint *out);
gboolean fingerprint_equal (const Fingerprint *a, const Fingerprint *b);
char *fingerprint_hex (const Fingerprint *f);     /* 64 lower-case digits */

/* Call once before anything else in the process: fetches algorithms. */
void pki_init (void);

/* For a process that holds keys, before pki_init: OpenSSL's locked and guarded heap, where key
 * material then lies; FALSE if the system refuses.  Memory from it is wiped when freed. */
gboolean pki_secure_heap (gsize n);
gpointer pki_secret_alloc (gsize n);
void pki_secret_free (gpointer secret, gsize n);

const char *key_algorithm_name (KeyAlgorithm a);                        /* "p256" "rsa3072" "sm2" "ed25519" "p384" "rsa4096" */
gboolean key_algorithm_from_name (const char *name, KeyAlgorithm *out);
gboolean key_algorithm_is_rsa (KeyAlgorithm a);
/* For people: what a site and its holders may choose among (Ed25519 is for service keys and
 * profiles that name it). */
#define KEY_ALGORITHM_CHOICE "p256, p384, rsa3072, rsa4096 or sm2"
/* One of that choice; DIQI_ERROR_KEY_ALGORITHM with `field`. */
gboolean key_algorithm_choose (const char *name, const char *field, KeyAlgorithm *out, GError **error);

PrivateKey *private_key_generate (KeyAlgorithm algorithm, GError **error);
void private_key_free (PrivateKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PrivateKey, private_key_free)
KeyAlgorithm private_key_algorithm (const PrivateKey *key);
PublicKey *private_key_public (const PrivateKey *key);                  /* new reference */
/* PKCS#8 PEM, PBES2 with AES-256-CBC and PBKDF2-SHA-256 (200,000 rounds). */
GBytes *private_key_encrypt_pem (const PrivateKey *key, const char *passphrase, gsize n, GError **error);
/* NULL passphrase: an unencrypted PKCS#8 PEM (client files only). */
PrivateKey *private_key_load_pem (GBytes *pem, const char *passphrase, gsize n, GError **error);
GBytes *private_key_plain_pem (const PrivateKey *key, GError **error);
/* PKCS#8, which is OneAsymmetricKey (RFC 5958), in DER, unencrypted; wiped with the last reference.  For what encrypts it at once. */
GBytes *private_key_pkcs8 (const PrivateKey *key, GError **error);
/* The halves must belong together.  DIQI_ERROR_FIELD_VALUE, _KEY_ALGORITHM. */
PrivateKey *private_key_from_pkcs8 (gconstpointer der, gsize n, GError **error);

/* Signature over message.  P-256: ECDSA-SHA-256, P-384: ECDSA-SHA-384, DER when der, else r‖s (64 or 96 bytes).
 * RSA: RSASSA-PKCS1-v1_5 SHA-256.  SM2: SM3 with ID 1234567812345678, DER or r‖s.  Ed25519: pure. */
typedef enum { SIGNATURE_DER, SIGNATURE_RAW } SignatureForm;
GBytes *private_key_sign (const PrivateKey *key, SignatureForm form, gconstpointer message, gsize n, GError **error);

/* A key whose private half is not in this process (pki/pkcs11.h).  sign gets what only the key can do: for ECDSA the digest
 * (answer r‖s), for RSA a DigestInfo, for Ed25519 the message.  Every answer is verified before private_key_sign
 * returns it (DIQI_ERROR_TOKEN).  user is given to release, also on failure.  Not for SM2 (DIQI_ERROR_KEY_ALGORITHM). */
typedef GBytes *(*PrivateKeySign) (gpointer user, gconstpointer input, gsize n, GError **error);
PrivateKey *private_key_elsewhere (PublicKey *public_key, PrivateKeySign sign, gpointer user, GDestroyNotify release, GError **error);
/* Lets it open what is sealed to it, too.  agree: the ECDH secret with the raw point of a peer on the same curve; decrypt: RSA
 * without unpadding, as long as the modulus.  What they return is wiped with its last reference. */
typedef struct {
	GBytes *(*agree) (gpointer user, gconstpointer point, gsize n, GError **error);
	GBytes *(*decrypt) (gpointer user, gconstpointer input, gsize n, GError **error);
} PrivateKeyOpener;
void private_key_elsewhere_opens (PrivateKey *key, const PrivateKeyOpener *opener);
/* FALSE, with DIQI_ERROR_KEY_ALGORITHM, for one of these: it cannot be written. */
gboolean private_key_is_here (const PrivateKey *key, GError **error);

/* DER SubjectPublicKeyInfo, read strictly (named curve, uncompressed point on the curve,
 * consumed to the end) and without OpenSSL's generic decoder on the P-256/SM2 path. */
PublicKey *public_key_from_spki (gconstpointer der, gsize n, GError **error);
/* One "PUBLIC KEY" block (RFC 7468); DIQI_ERROR_FIELD_VALUE. */
PublicKey *public_key_parse_pem (const char *pem, gsize n, GError **error);
PublicKey *public_key_ref (PublicKey *key);
void public_key_unref (PublicKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PublicKey, public_key_unref)
KeyAlgorithm public_key_algorithm (const PublicKey *key);
guint public_key_bits (const PublicKey *key);
GBytes *public_key_spki (const PublicKey *key);                         /* new reference */
const Fingerprint *public_key_fingerprint (const PublicKey *key);       /* of the SPKI */
/* TRUE iff the signature is right.  Strict: DER minimal, r and s in 1..n-1. */
gboolean public_key_verify (const PublicKey *key, SignatureForm form, gconstpointer message, gsize n,
                            gconstpointer signature, gsize signature_n);

/* Policy for keys: P-256, P-384, RSA 3072..4096 (e = 65537), SM2, Ed25519; which of them a certificate may
 * have is for its profile to say.
 * Refuses small, known weak (Debian, ROCA, Fermat-close, small factor, RFC 9500 test keys…)
 * with DIQI_ERROR_KEY_ALGORITHM or DIQI_ERROR_KEY_WEAK. */
gboolean public_key_check_strength (const PublicKey *key, GError **error);
