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

static int
digit_of (const char *alphabet, char c)
{
	/* Both alphabets begin alike (RFC 4648 sections 4 and 5). */
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == alphabet[62] ? 62 : c == alphabet[63] ? 63 : -1;
}

static GBytes *
fail (GError **error, const char *what)
{
	diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, NULL, "not strict %s", what);
	return NULL;
}

/* `len` digits without padding.  The bits left over after the last whole byte
 * must be zero (RFC 4648 section 3.5). */
static GBytes *
decode (const char *text, gsize len, const char *alphabet, const char *what, GError **error)
{
	g_autofree guint8 *out = g_malloc (len * 3 / 4 + 1);
	guint32 bits = 0;
	guint pending = 0;
	gsize n = 0;

	if (len % 4 == 1)
		return fail (error, what);
	for (gsize i = 0; i < len; i++) {
		int digit = digit_of (alphabet, text[i]);
		if (digit < 0)
			return fail (error, what);
		bits = bits << 6 | (guint32) digit;
		pending += 6;
		if (pending >= 8) {
			pending -= 8;
			out[n++] = (guint8) (bits >> pending);
			bits &= (1u << pending) - 1;
		}
	}
	if (bits != 0)
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

static int
hex_digit (char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

gboolean
hex_decode (const char *text, guint8 *out, gsize n)
{
	if (strnlen (text, 2 * n + 1) != 2 * n)
		return FALSE;
	for (gsize i = 0; i < n; i++) {
		int high = hex_digit (text[2 * i]), low = hex_digit (text[2 * i + 1]);
		if (high < 0 || low < 0)
			return FALSE;
		out[i] = (guint8) (high << 4 | low);
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
