/* pki/seal.h — keeping bytes secret and unchanged: AES-256-GCM under a random key, or under a passphrase.
 *
 * `context` is a text that says what the bytes are and whose ("scan 0190…"); it is not stored, and opening
 * with another context fails, so sealed bytes cannot be moved to another place.
 *
 * A key may seal some 2^32 times (random nonces of 96 bits, SP 800-38D 8.3).  Formats, first octet the version:
 *   01 ‖ nonce 12 ‖ ciphertext ‖ tag 16
 *   02 ‖ rounds 4 ‖ salt 16 ‖ nonce 12 ‖ ciphertext ‖ tag 16      PBKDF2-HMAC-SHA-256
 */
#pragma once
#include <glib.h>

#define SEAL_KEY_BYTES 32
#define SEAL_OVERHEAD 29       /* of seal_encrypt */

void seal_new_key (guint8 key[SEAL_KEY_BYTES]);
GBytes *seal_encrypt (const guint8 key[SEAL_KEY_BYTES], const char *context, gconstpointer p, gsize n, GError **error);
/* The bytes are wiped with their last reference.  DIQI_ERROR_FIELD_VALUE: another key or context, or changed. */
GBytes *seal_decrypt (const guint8 key[SEAL_KEY_BYTES], const char *context, GBytes *sealed, GError **error);

/* The same under a passphrase (n > 0); for small secrets in files. */
GBytes *seal_lock (const char *passphrase, gsize passphrase_n, const char *context, gconstpointer p, gsize n, GError **error);
GBytes *seal_unlock (const char *passphrase, gsize passphrase_n, const char *context, GBytes *sealed, GError **error);
