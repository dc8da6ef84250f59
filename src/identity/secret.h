/* identity/secret.h — bearer secrets (session tokens, access codes): stored hashed, compared in constant time.
 * They carry at least 80 random bits, so one round of SHA-256 is enough. */
#pragma once
#include <string.h>
#include "pki/key.h"

static inline void
secret_hash (const char *secret, Fingerprint *out)
{
	fingerprint_of (secret, strlen (secret), out);
}

/* Time depends on nothing but the size of a hash. */
static inline gboolean
secret_equal (const Fingerprint *a, const Fingerprint *b)
{
	guint8 differ = 0;

	for (gsize i = 0; i < sizeof a->b; i++)
		differ |= a->b[i] ^ b->b[i];
	return differ == 0;
}
