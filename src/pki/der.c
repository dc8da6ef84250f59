/* pki/der.c — see der.h: the structural check and the cursor. */
#include "pki/der.h"

#include "base/civil.h"

/* Reads tag and length.  Refuses high tag numbers (no format here uses them),
 * indefinite and non-minimal lengths (X.690 10.1). */
static gboolean
read_header (const Der *in, guint8 *tag, gsize *header, gsize *length)
{
	if (in->n < 2 || (in->p[0] & 0x1f) == 0x1f)
		return FALSE;
	*tag = in->p[0];
	if (in->p[1] < 0x80) {
		*header = 2;
		*length = in->p[1];
		return *length <= in->n - 2;
	}
	gsize count = in->p[1] & 0x7f;
	if (count == 0 || count > 4 || in->n < 2 + count || in->p[2] == 0)
		return FALSE;
	gsize value = 0;
	for (gsize i = 0; i < count; i++)
		value = value << 8 | in->p[2 + i];
	if (value < 0x80)
		return FALSE;
	*header = 2 + count;
	*length = value;
	return value <= in->n - *header;
}

static gboolean
integer_is_minimal (Der c)
{
	if (c.n == 0)
		return FALSE;
	if (c.n == 1)
		return TRUE;
	return !((c.p[0] == 0x00 && c.p[1] < 0x80) || (c.p[0] == 0xff && c.p[1] >= 0x80));
}

static gboolean
oid_is_well_formed (Der c)
{
	gboolean start = TRUE;

	if (c.n == 0 || c.p[c.n - 1] & 0x80)
		return FALSE;
	for (gsize i = 0; i < c.n; i++) {
		if (start && c.p[i] == 0x80)
			return FALSE;
		start = (c.p[i] & 0x80) == 0;
	}
	return TRUE;
}

static gboolean
bit_string_is_well_formed (Der c)
{
	if (c.n == 0 || c.p[0] > 7 || (c.n == 1 && c.p[0] != 0))
		return FALSE;
	return c.n == 1 || (c.p[c.n - 1] & ((1u << c.p[0]) - 1)) == 0;
}

static gboolean
primitive_is_well_formed (guint8 tag, Der c)
{
	switch (tag) {
	case 0x00:
		return FALSE;      /* end-of-contents has no place in DER */
	case DER_BOOLEAN:
		return c.n == 1 && (c.p[0] == 0x00 || c.p[0] == 0xff);
	case DER_INTEGER:
	case DER_ENUMERATED:
		return integer_is_minimal (c);
	case DER_BIT_STRING:
		return bit_string_is_well_formed (c);
	case DER_NULL:
		return c.n == 0;
	case DER_OID:
		return oid_is_well_formed (c);
	case DER_SEQUENCE & ~0x20:
	case DER_SET & ~0x20:
		return FALSE;      /* X.690 8.9, 8.11: always constructed */
	default:
		return TRUE;
	}
}

gboolean
der_check (gconstpointer p, gsize n)
{
	Der level[DER_MAX_DEPTH];      /* what is left of each open value */
	guint depth = 0;

	if (p == NULL)
		return FALSE;
	level[0] = (Der) { p, n };
	do {
		Der *in = &level[depth];
		guint8 tag;
		gsize header, length;
		if (!read_header (in, &tag, &header, &length))
			return FALSE;
		Der content = { in->p + header, length };
		in->p += header + length;
		in->n -= header + length;
		if (depth == 0 && in->n != 0)
			return FALSE;
		if (tag & 0x20) {
			/* Universal strings are primitive in DER (X.690 10.2). */
			if ((tag & 0xc0) == 0 && tag != DER_SEQUENCE && tag != DER_SET)
				return FALSE;
			if (depth + 1 == DER_MAX_DEPTH)
				return FALSE;
			level[++depth] = content;
		} else if (!primitive_is_well_formed (tag, content)) {
			return FALSE;
		}
		while (depth > 0 && level[depth].n == 0)
			depth--;
	} while (depth > 0);
	return TRUE;
}

gboolean
der_next (Der *in, guint8 *tag, Der *content)
{
	gsize header, length;

	if (!read_header (in, tag, &header, &length))
		return FALSE;
	*content = (Der) { in->p + header, length };
	in->p += header + length;
	in->n -= header + length;
	return TRUE;
}

gboolean
der_is_next (const Der *in, guint8 tag)
{
	return in->n > 0 && in->p[0] == tag;
}

gboolean
der_read (Der *in, guint8 tag, Der *content)
{
	guint8 got;

	return der_is_next (in, tag) && der_next (in, &got, content);
}

gboolean
der_read_whole (Der *in, guint8 tag, Der *whole)
{
	const guint8 *start = in->p;
	Der content;

	if (!der_read (in, tag, &content))
		return FALSE;
	*whole = (Der) { start, (gsize) (in->p - start) };
	return TRUE;
}

gboolean
der_read_oid (Der *in, Der *oid)
{
	return der_read (in, DER_OID, oid);
}

gboolean
der_read_positive (Der *in, Der *magnitude)
{
	Der copy = *in, c;

	if (!der_read (&copy, DER_INTEGER, &c) || !integer_is_minimal (c) || c.p[0] & 0x80)
		return FALSE;
	if (c.p[0] == 0) {
		if (c.n == 1)
			return FALSE;
		c.p++;
		c.n--;
	}
	*in = copy;
	*magnitude = c;
	return TRUE;
}

gboolean
der_read_uint (Der *in, guint64 *value)
{
	Der copy = *in, c;

	if (!der_read (&copy, DER_INTEGER, &c) || !integer_is_minimal (c) || c.p[0] & 0x80 || c.n > 9)
		return FALSE;
	if (c.n == 9 && c.p[0] != 0)
		return FALSE;
	guint64 v = 0;
	for (gsize i = 0; i < c.n; i++)
		v = v << 8 | c.p[i];
	*in = copy;
	*value = v;
	return TRUE;
}

gboolean
der_read_boolean (Der *in, gboolean *value)
{
	Der copy = *in, c;

	if (!der_read (&copy, DER_BOOLEAN, &c) || !primitive_is_well_formed (DER_BOOLEAN, c))
		return FALSE;
	*in = copy;
	*value = c.p[0] == 0xff;
	return TRUE;
}

gboolean
der_read_octet_bits (Der *in, Der *octets)
{
	Der copy = *in, c;

	if (!der_read (&copy, DER_BIT_STRING, &c) || c.n == 0 || c.p[0] != 0)
		return FALSE;
	*in = copy;
	*octets = (Der) { c.p + 1, c.n - 1 };
	return TRUE;
}

gboolean
der_read_flags (Der *in, guint *flags)
{
	Der copy = *in, c;
	guint v = 0;

	if (!der_read (&copy, DER_BIT_STRING, &c) || !bit_string_is_well_formed (c) || c.n > 4)
		return FALSE;
	/* X.690 11.2.2: the last bit kept is a one. */
	if (c.n > 1 && (c.p[c.n - 1] & (1u << c.p[0])) == 0)
		return FALSE;
	for (gsize i = 1; i < c.n; i++) {
		for (guint bit = 0; bit < 8; bit++) {
			if (c.p[i] & (0x80u >> bit))
				v |= 1u << ((i - 1) * 8 + bit);
		}
	}
	*in = copy;
	*flags = v;
	return TRUE;
}

/* --- time -------------------------------------------------------------------------- */

static gboolean
two_digits (const guint8 *p, gint64 *out)
{
	if (!g_ascii_isdigit (p[0]) || !g_ascii_isdigit (p[1]))
		return FALSE;
	*out = (p[0] - '0') * 10 + (p[1] - '0');
	return TRUE;
}

/* MMDDHHMMSSZ after the year. */
static gboolean
finish_time (gint64 year, const guint8 *p, Micros *time)
{
	gint64 month, day, hour, minute, second;

	if (!two_digits (p, &month) || !two_digits (p + 2, &day) || !two_digits (p + 4, &hour)
	    || !two_digits (p + 6, &minute) || !two_digits (p + 8, &second) || p[10] != 'Z')
		return FALSE;
	CivilDate date = { (int) year, (int) month, (int) day };
	if (year < 1950 || !civil_is_valid (date) || hour > 23 || minute > 59 || second > 59)
		return FALSE;
	*time = (((civil_to_days (date) * 24 + hour) * 60 + minute) * 60 + second) * MICROS_PER_S;
	return TRUE;
}

static gboolean
utc_time (Der c, Micros *time)
{
	gint64 year;

	if (c.n != 13 || !two_digits (c.p, &year))
		return FALSE;
	return finish_time (year >= 50 ? 1900 + year : 2000 + year, c.p + 2, time);
}

static gboolean
generalized_time (Der c, Micros *time)
{
	gint64 century, year;

	if (c.n != 15 || !two_digits (c.p, &century) || !two_digits (c.p + 2, &year))
		return FALSE;
	return finish_time (century * 100 + year, c.p + 4, time);
}

gboolean
der_read_generalized_time (Der *in, Micros *time)
{
	Der copy = *in, c;

	if (!der_read (&copy, DER_GENERALIZED_TIME, &c) || !generalized_time (c, time))
		return FALSE;
	*in = copy;
	return TRUE;
}

gboolean
der_read_time (Der *in, Micros *time)
{
	Der copy = *in, c;

	if (!der_is_next (in, DER_UTC_TIME))
		return der_read_generalized_time (in, time);
	if (!der_read (&copy, DER_UTC_TIME, &c) || !utc_time (c, time))
		return FALSE;
	*in = copy;
	return TRUE;
}
