/* pki/diversify.h — a number of its own for each name, from one key. */
#pragma once
#include <glib.h>

#define DIVERSIFY_KEY_BYTES 32
#define DIVERSIFY_MAX_DIGITS 18

/* Decimal digits, each number equally likely: HMAC-SHA-256 (key, context ‖ 0 ‖ round), its first eight octets as a
 * number, taken if below the largest multiple of 10^digits, else the next round.  Writes digits + 1 characters. */
void diversify_digits (const guint8 key[DIVERSIFY_KEY_BYTES], const char *context, guint digits, char *out);
