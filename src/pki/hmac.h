/* pki/hmac.h — HMAC-SHA-256 (RFC 2104), for notices to and from other services. */
#pragma once
#include "pki/key.h"

void hmac_sha256 (gconstpointer key, gsize key_n, gconstpointer p, gsize n, Fingerprint *out);
