/* pki/hmac.h — HMAC-SHA-256 (RFC 2104), for notices to and from other services. */
#pragma once
#include "pki/key.h"

void hmac_sha256 (gconstpointer key, gsize key_n, gconstpointer p, gsize n, Fingerprint *out);
/* In constant time: compares what was computed with what was claimed. */
gboolean hmac_equal (const Fingerprint *computed, const Fingerprint *claimed);
