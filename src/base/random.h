/* base/random.h — the one source of randomness outside key generation: getrandom(2). */
#pragma once
#include <glib.h>

/* Fills p with n unpredictable bytes; aborts the process if the kernel refuses. */
void random_bytes (gpointer p, gsize n);

/* n random bytes as base64url without padding; caller frees. */
char *random_token (gsize n);

/* UUIDv7 (RFC 9562): 48 bits of milliseconds of `now`, then random; strictly
 * growing within one process so that keys stay in insertion order.  36 chars. */
char *uuid7_new (gint64 now_micros);
gboolean uuid_is_valid (const char *text);
