/* base/encoding.c — base64, base64url and hex.  Decoders accept exactly what the
 * encoder writes, so that one value has one text. */
#include "base/json.h"

#include <string.h>

#include "base/error.h"

#define ALPHABET_COMMON "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
static const char alphabet_standard[] = ALPHABET_COMMON "+/";
static const char alphabet_url[] = ALPHABET_COMMON "-_";

char *
base64url_encode (gconstpointer p, gsize n)
{
	const guint8 *in = p;
	char *text = g_malloc ((n + 2) / 3 * 4 + 1), *out = text;
	guint32 bits = 0;
	guint pending = 0;

	for (gsize i = 0; i < n; i++) {
		bits = bits << 8 | in[i];
		for (pending += 8; pending >= 6; pending -= 6)
			*out++ = alphabet_url[bits >> (pending - 6) & 0x3f];
	}
	if (pending > 0)
		*out++ = alphabet_url[bits << (6 - pending) & 0x3f];
	*out = '\0';
	return text;
}

static GBytes *
fail (GError **error, const char *what)
{
	diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, NULL, "not strict %s", what);
	return NULL;
}

#define NO_DIGIT 0xff

static void
fill_digits (const char *alphabet, guint8 digits[256])
{
	memset (digits, NO_DIGIT, 256);
	for (guint8 i = 0; i < 64; i++)
		digits[(guint8) alphabet[i]] = i;
}

/* The last two or three digits: the bits left over after the last whole byte must be zero (RFC 4648 section 3.5). */
static gboolean
decode_rest (const guint8 *digits, const guint8 *in, gsize n, guint8 *out)
{
	guint8 a = digits[in[0]], b = digits[in[1]], c = n == 3 ? digits[in[2]] : 0;

	if (((a | b | c) & 0x80) != 0 || ((n == 3 ? c & 3 : b & 15) != 0))
		return FALSE;
	out[0] = (guint8) (a << 2 | b >> 4);
	if (n == 3)
		out[1] = (guint8) (b << 4 | c >> 2);
	return TRUE;
}

/* `len` digits without padding. */
static GBytes *
decode (const char *text, gsize len, const char *alphabet, const char *what, GError **error)
{
	gsize whole = len / 4, rest = len % 4, n = whole * 3 + (rest > 0 ? rest - 1 : 0);
	g_autofree guint8 *out = g_malloc (n + 1);
	const guint8 *in = (const guint8 *) text;
	guint8 digits[256], odd = 0, *to = out;

	fill_digits (alphabet, digits);
	for (gsize i = 0; i < whole; i++, in += 4, to += 3) {
		guint8 a = digits[in[0]], b = digits[in[1]], c = digits[in[2]], d = digits[in[3]];
		odd |= a | b | c | d;
		to[0] = (guint8) (a << 2 | b >> 4);
		to[1] = (guint8) (b << 4 | c >> 2);
		to[2] = (guint8) (c << 6 | d);
	}
	if ((odd & 0x80) != 0 || rest == 1 || (rest > 0 && !decode_rest (digits, in, rest, to)))
		return fail (error, what);
	return g_bytes_new_take (g_steal_pointer (&out), n);
}

GBytes *
base64url_decode (const char *text, gsize len, GError **error)
{
	return decode (text, len, alphabet_url, "base64url", error);
}

GBytes *
base64_decode_strict (const char *text, gsize len, GError **error)
{
	gsize padding = 0;

	if (len % 4 != 0)
		return fail (error, "base64");
	while (padding < 2 && padding < len && text[len - 1 - padding] == '=')
		padding++;
	return decode (text, len - padding, alphabet_standard, "base64", error);
}

char *
hex_encode (gconstpointer p, gsize n)
{
	static const char digits[] = "0123456789abcdef";
	const guint8 *bytes = p;
	char *text = g_malloc (2 * n + 1);
	for (gsize i = 0; i < n; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	text[2 * n] = '\0';
	return text;
}

/* The digit's value and 1, so that 0 is none. */
static const guint8 hex_values[256] = {
	['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6, ['6'] = 7, ['7'] = 8, ['8'] = 9, ['9'] = 10,
	['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

gboolean
hex_decode (const char *text, guint8 *out, gsize n)
{
	const guint8 *in = (const guint8 *) text;

	if (strnlen (text, 2 * n + 1) != 2 * n)
		return FALSE;
	for (gsize i = 0; i < n; i++) {
		guint8 high = hex_values[in[2 * i]], low = hex_values[in[2 * i + 1]];
		if (high == 0 || low == 0)
			return FALSE;
		out[i] = (guint8) ((high - 1) << 4 | (low - 1));
	}
	return TRUE;
}

json_t *
json_time (Micros t)
{
	char text[TIME_TEXT_SIZE];
	time_format_to (t, text);
	return json_string (text);
}

json_t *
json_money (Money m)
{
	g_autofree char *text = money_fen_text (m);
	return json_string (text);
}

json_t *
json_hex (gconstpointer p, gsize n)
{
	g_autofree char *text = hex_encode (p, n);
	return json_string (text);
}

json_t *
json_base64 (gconstpointer p, gsize n)
{
	g_autofree char *text = g_base64_encode (n > 0 ? p : (gconstpointer) "", n);
	return json_string (text);
}
