/* authority/lifetimes.h — how long what the authority says holds; also what the practice statement (/pki/cps) promises. */
#pragma once
#include "base/clock.h"

/* nextUpdate − thisUpdate of a revocation list; a new one is published before half of it is over, or when something was revoked. */
#define CRL_LIFE MICROS_PER_DAY
/* So old it is made anew: early enough that the new one is there before the half, however many there are to make. */
#define CRL_RENEWAL (CRL_LIFE / 2 - 10 * MICROS_PER_MIN)
/* A long full list waits this long for further revocations; deltas and shards never do. */
#define FULL_PAUSE MICROS_PER_MIN
/* nextUpdate − thisUpdate of an OCSP answer. */
#define OCSP_LIFE (10 * MICROS_PER_MIN)
