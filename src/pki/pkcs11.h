/* pki/pkcs11.h — keys that stay in a hardware security module (OASIS PKCS#11 2.40): one token, one logged-in session.
 *
 * The module is its maker's code: only the process that does nothing else loads it (signer/hsm_keeper.h).
 * Errors are DIQI_ERROR_TOKEN (_TOKEN_PIN for a refused PIN) and name slot, token, key label and step; none holds the PIN.
 *
 * A wrong PIN is tried once: after that every call fails, since tokens lock after some tries.  When the token was pulled
 * out or its session ended, the next call starts the module anew, logs in and goes on; keys are found again by
 * their label.
 */
#pragma once
#include "pki/key.h"

typedef struct {
	const char *module;           /* file */
	const char *token;            /* label; NULL: any */
	const char *serial;           /* NULL: any; one of the two must be there */
	gboolean last_try;            /* log in even when a wrong PIN would lock the token: somebody has just typed it */
} Pkcs11Place;

typedef struct Pkcs11 Pkcs11;     /* not thread-safe */

Pkcs11 *pkcs11_open (const Pkcs11Place *place, const char *pin, gsize n, GError **error);
void pkcs11_free (Pkcs11 *token);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Pkcs11, pkcs11_free)

/* For people and `diqi doctor`. */
typedef struct {
	gulong slot;
	char label[33], serial[17], manufacturer[33], model[17];
	gboolean pin_few_tries, pin_last_try, pin_locked;
	gboolean ecdsa, rsa, eddsa, aes_gcm;      /* mechanisms it offers */
} Pkcs11Facts;
gboolean pkcs11_facts (Pkcs11 *token, Pkcs11Facts *out, GError **error);

/* DIQI_ERROR_TOKEN_PIN of pkcs11_open and of what follows: the PIN was refused, or would be the last try; it will not be tried again, and nothing works any more. */
gboolean pkcs11_is_locked_out (const Pkcs11 *token);

/* --- key pairs: exactly one private key of this label, and the public key beside it --------------------- */

typedef struct {
	PublicKey *public_key;        /* NULL: the token has no public half of it; or one we do not know */
	gboolean sensitive, extractable, local;   /* local: made on the token */
} Pkcs11KeyFacts;
void pkcs11_key_facts_clear (Pkcs11KeyFacts *facts);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pkcs11KeyFacts, pkcs11_key_facts_clear)

gboolean pkcs11_find_key (Pkcs11 *token, const char *label, Pkcs11KeyFacts *out, GError **error);
/* Made there, never to leave it (CKA_SENSITIVE, not CKA_EXTRACTABLE).  DIQI_ERROR_EXISTS: the label is taken. */
gboolean pkcs11_make_key (Pkcs11 *token, const char *label, KeyAlgorithm algorithm, Pkcs11KeyFacts *out, GError **error);
/* As PrivateKeySign. */
GBytes *pkcs11_sign (Pkcs11 *token, const char *label, gconstpointer input, gsize n, GError **error);
/* A key pair as any other.  token must outlive it.  public_key NULL: as the token says. */
PrivateKey *private_key_load_pkcs11 (Pkcs11 *token, const char *label, PublicKey *public_key, GError **error);

/* --- a secret key that seals bytes: AES-256-GCM on the token ------------------------------------------- */

gboolean pkcs11_make_sealing_key (Pkcs11 *token, const char *label, GError **error);
gboolean pkcs11_find_sealing_key (Pkcs11 *token, const char *label, Pkcs11KeyFacts *out, GError **error);
/* Format: 03 ‖ nonce 12 ‖ ciphertext ‖ tag 16; context as in pki/seal.h. */
GBytes *pkcs11_seal (Pkcs11 *token, const char *label, const char *context, gconstpointer p, gsize n, GError **error);
/* DIQI_ERROR_FIELD_VALUE: another key or context, or changed. */
GBytes *pkcs11_unseal (Pkcs11 *token, const char *label, const char *context, GBytes *sealed, GError **error);

/* Takes back a key (pair or sealing key) that was just made. */
gboolean pkcs11_delete (Pkcs11 *token, const char *label, GError **error);
