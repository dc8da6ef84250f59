/* pki/oaep.h — a few secret bytes for the holder of an RSA key: RSAES-OAEP with SHA-256 (RFC 8017 7.1), no label. */
#pragma once
#include "pki/key.h"

/* DIQI_ERROR_KEY_ALGORITHM: not an RSA key. */
GBytes *oaep_encrypt (const PublicKey *key, gconstpointer p, gsize n, GError **error);
/* Wiped with the last reference.  DIQI_ERROR_FIELD_VALUE: not for this key. */
GBytes *oaep_decrypt (const PrivateKey *key, GBytes *encrypted, GError **error);
