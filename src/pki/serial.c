/* pki/serial.c — certificate serial numbers.
 *
 * 20 octets: 01 and the lowest 46 bits of milliseconds, then 112 random bits.  The
 * leading 01 keeps the INTEGER positive and its length the same whatever the clock
 * says; time first keeps database keys growing.  46 bits of milliseconds last until
 * the year 4199.  RFC 5280 4.1.2.2: positive, at most 20 octets.
 */
#include "pki/certificate_private.h"

#include <string.h>

#include "base/json.h"
#include "base/random.h"

#define TIME_MASK ((G_GUINT64_CONSTANT (1) << 46) - 1)

void
serial_new (Micros now, Serial *out)
{
	guint64 ms = now < 0 ? 0 : (guint64) (now / MICROS_PER_MS);
	guint64 first = GUINT64_TO_BE ((ms & TIME_MASK) << 16 | G_GUINT64_CONSTANT (1) << 62);

	memcpy (out->b, &first, 6);
	random_bytes (out->b + 6, sizeof out->b - 6);
}

Micros
serial_time (const Serial *serial)
{
	guint64 first;

	memcpy (&first, serial->b, sizeof first);
	return (Micros) (GUINT64_FROM_BE (first) >> 16 & TIME_MASK) * MICROS_PER_MS;
}

char *
serial_hex (const Serial *serial)
{
	return hex_encode (serial->b, sizeof serial->b);
}

gboolean
serial_from_hex (const char *text, Serial *out)
{
	return strlen (text) == 2 * sizeof out->b && hex_decode (text, out->b, sizeof out->b);
}

gboolean
serial_read (Der *in, Serial *out)
{
	Der magnitude, copy = *in;

	if (!der_read_positive (&copy, &magnitude) || magnitude.n > sizeof out->b
	    || (magnitude.n == sizeof out->b && magnitude.p[0] & 0x80))
		return FALSE;
	memset (out->b, 0, sizeof out->b);
	memcpy (out->b + sizeof out->b - magnitude.n, magnitude.p, magnitude.n);
	*in = copy;
	return TRUE;
}

void
serial_put (GByteArray *w, const Serial *serial)
{
	der_put_unsigned (w, serial->b, sizeof serial->b);
}
