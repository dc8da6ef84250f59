/* pki/der_write.c — see der.h: the writer. */
#include "pki/der.h"

#include "base/civil.h"

static gsize
encode_length (gsize n, guint8 out[9])
{
	gsize count = 0;

	if (n < 0x80) {
		out[0] = (guint8) n;
		return 1;
	}
	for (gsize rest = n; rest > 0; rest >>= 8)
		count++;
	out[0] = (guint8) (0x80 | count);
	for (gsize i = 0; i < count; i++)
		out[1 + i] = (guint8) (n >> (8 * (count - 1 - i)));
	return 1 + count;
}

void
der_put_raw (GByteArray *w, gconstpointer p, gsize n)
{
	g_assert (n < G_MAXINT);
	if (n > 0)
		g_byte_array_append (w, p, (guint) n);
}

void
der_put_der (GByteArray *w, Der whole)
{
	der_put_raw (w, whole.p, whole.n);
}

void
der_put (GByteArray *w, guint8 tag, gconstpointer p, gsize n)
{
	guint8 header[10] = { tag };
	gsize length = encode_length (n, header + 1);

	der_put_raw (w, header, 1 + length);
	der_put_raw (w, p, n);
}

/* One octet is kept for the length; a longer one moves the content once, which for
 * the objects here is cheaper than encoding from the back. */
gsize
der_open (GByteArray *w, guint8 tag)
{
	const guint8 header[2] = { tag, 0 };

	der_put_raw (w, header, sizeof header);
	return w->len;
}

void
der_close (GByteArray *w, gsize at)
{
	guint8 length[9];
	gsize content = w->len - at;
	gsize n = encode_length (content, length);

	if (n > 1) {
		g_byte_array_set_size (w, (guint) (w->len + n - 1));
		memmove (w->data + at + n - 1, w->data + at, content);
	}
	memcpy (w->data + at - 1, length, n);
}

void
der_put_oid (GByteArray *w, Der oid)
{
	der_put (w, DER_OID, oid.p, oid.n);
}

/* Wide enough for the arcs below 2.25, which are UUIDs as numbers (ITU-T X.667). */
typedef unsigned __int128 Arc;
#define ARC_MAX ((Arc) -1)

static void
put_base128 (GByteArray *w, Arc value)
{
	guint8 digits[19];
	guint n = 0;

	do
		digits[n++] = value & 0x7f;
	while ((value >>= 7) != 0);
	while (n-- > 0) {
		guint8 octet = digits[n] | (n > 0 ? 0x80 : 0);
		g_byte_array_append (w, &octet, 1);
	}
}

/* Decimal digits without a leading zero; *text is moved past them. */
static gboolean
read_arc (const char **text, Arc *out)
{
	const char *p = *text;

	if (!g_ascii_isdigit (*p) || (*p == '0' && g_ascii_isdigit (p[1])))
		return FALSE;
	for (*out = 0; g_ascii_isdigit (*p); p++) {
		guint digit = (guint) (*p - '0');
		if (*out > (ARC_MAX - digit) / 10)
			return FALSE;
		*out = *out * 10 + digit;
	}
	*text = p;
	return TRUE;
}

static gboolean
put_arcs (GByteArray *w, const char *dotted)
{
	Arc first = 0, arc;
	guint index = 0;

	for (const char *p = dotted;; p++, index++) {
		if (!read_arc (&p, &arc))
			return FALSE;
		if (index == 0)
			first = arc;
		else if (index == 1 && (first > 2 || (first < 2 && arc > 39) || arc > ARC_MAX - 80))
			return FALSE;
		else
			put_base128 (w, index == 1 ? first * 40 + arc : arc);
		if (*p == '\0')
			return index >= 1;
		if (*p != '.')
			return FALSE;
	}
}

gboolean
der_put_oid_text (GByteArray *w, const char *dotted)
{
	g_autoptr (GByteArray) content = g_byte_array_new ();

	if (!put_arcs (content, dotted))
		return FALSE;
	der_put (w, DER_OID, content->data, content->len);
	return TRUE;
}

void
der_put_unsigned (GByteArray *w, gconstpointer big_endian, gsize n)
{
	const guint8 *p = big_endian;

	while (n > 1 && p[0] == 0) {
		p++;
		n--;
	}
	guint8 header[11] = { DER_INTEGER };
	gsize sign = n == 0 || p[0] & 0x80 ? 1 : 0;
	gsize length = encode_length (n + sign, header + 1);
	header[1 + length] = 0;
	der_put_raw (w, header, 1 + length + sign);
	der_put_raw (w, p, n);
}

void
der_put_uint (GByteArray *w, guint64 value)
{
	guint64 big_endian = GUINT64_TO_BE (value);

	der_put_unsigned (w, &big_endian, sizeof big_endian);
}

void
der_put_boolean (GByteArray *w, gboolean value)
{
	const guint8 octet = value ? 0xff : 0x00;

	der_put (w, DER_BOOLEAN, &octet, 1);
}

void
der_put_octet_bits (GByteArray *w, gconstpointer p, gsize n)
{
	guint8 header[11] = { DER_BIT_STRING };
	gsize length = encode_length (n + 1, header + 1);

	header[1 + length] = 0;
	der_put_raw (w, header, length + 2);
	der_put_raw (w, p, n);
}

void
der_put_flags (GByteArray *w, guint flags)
{
	guint8 content[5] = { 0 };
	gsize n = 0;

	for (guint bit = 0; bit < 32; bit++) {
		if (flags & (1u << bit)) {
			content[1 + bit / 8] |= 0x80 >> (bit % 8);
			content[0] = (guint8) (7 - bit % 8);
			n = bit / 8 + 1;
		}
	}
	der_put (w, DER_BIT_STRING, content, n + 1);
}

/* --- time -------------------------------------------------------------------------- */

static void
put_two (guint8 **at, gint64 value)
{
	*(*at)++ = (guint8) ('0' + value / 10 % 10);
	*(*at)++ = (guint8) ('0' + value % 10);
}

static void
put_text (GByteArray *w, guint8 tag, CivilDate date, gint64 in_day)
{
	guint8 text[15], *at = text;

	if (tag == DER_GENERALIZED_TIME)
		put_two (&at, date.year / 100);
	put_two (&at, date.year);
	put_two (&at, date.month);
	put_two (&at, date.day);
	put_two (&at, in_day / 3600);
	put_two (&at, in_day / 60 % 60);
	put_two (&at, in_day % 60);
	*at++ = 'Z';
	der_put (w, tag, text, (gsize) (at - text));
}

/* Seconds since 1970, rounded down also before it. */
static gint64
whole_seconds (Micros time)
{
	return time / MICROS_PER_S - (time % MICROS_PER_S < 0 ? 1 : 0);
}

static gint64
split_day (gint64 seconds, gint64 *in_day)
{
	gint64 days = seconds / 86400 - (seconds % 86400 < 0 ? 1 : 0);

	*in_day = seconds - days * 86400;
	return days;
}

void
der_put_time (GByteArray *w, Micros time)
{
	gint64 in_day;
	CivilDate date = civil_from_days (split_day (whole_seconds (time), &in_day));

	put_text (w, date.year >= 1950 && date.year < 2050 ? DER_UTC_TIME : DER_GENERALIZED_TIME, date, in_day);
}

void
der_put_generalized_time (GByteArray *w, Micros time)
{
	gint64 in_day;
	CivilDate date = civil_from_days (split_day (whole_seconds (time), &in_day));

	put_text (w, DER_GENERALIZED_TIME, date, in_day);
}

GBytes *
der_done (GByteArray *w)
{
	return g_byte_array_free_to_bytes (w);
}
