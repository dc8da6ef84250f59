/* pki/envelope_private.h — what envelopes and enveloped keys share.  Private to pki. */
#pragma once
#include "pki/pki_private.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)

/* DIQI_ERROR_ENVELOPE, with one text for all that may be wrong. */
gboolean envelope_fail (GError **error);
/* One whole run of a cipher; `out` has room for n and two blocks.  FALSE with OpenSSL's queue. */
gboolean cipher_run (const EVP_CIPHER *cipher, gboolean encrypt, gboolean padding, const guint8 *key, const guint8 *iv,
                     const guint8 *in, gsize n, guint8 *out, gsize *out_n);

/* SM2Cipher (sm2_cipher.c). */
GBytes *sm2_cipher_seal (const PublicKey *to, gconstpointer p, gsize n, GError **error);
/* `whole` passed der_check.  NULL: not one for this key. */
GBytes *sm2_cipher_open (const PrivateKey *key, Der whole);
