/* base/jcs.c — RFC 8785, the JSON Canonicalization Scheme.
 *
 * Members are sorted by UTF-16 code units, strings escape the least that JSON
 * allows, numbers are written as ECMAScript's Number::toString does.  Nothing
 * here looks at the locale.
 */
#include "base/json.h"

#include <math.h>
#include <string.h>

#include "base/error.h"

/* --- numbers (section 3.2.2.3, ECMA-262 Number::toString) ----------------------- */

/* d > 0 as the decimal digits × 10^(exponent - n), exponent counted so that the
 * value is 0.DIGITS × 10^exponent. */
typedef struct {
	char digits[24];
	int n, exponent;
} Decimal;

static gboolean
same (double a, double b)
{
	return memcmp (&a, &b, sizeof a) == 0;
}

static void
split (const char *text, Decimal *out)
{
	const char *e = strchr (text, 'e');
	out->n = 0;
	for (const char *p = text; p < e; p++)
		if (g_ascii_isdigit (*p))
			out->digits[out->n++] = *p;
	out->exponent = (int) g_ascii_strtoll (e + 1, NULL, 10) + 1;
}

/* The next larger decimal with as many digits; FALSE at 99…9, which a shorter
 * decimal has already stood for. */
static gboolean
next_up (Decimal *d)
{
	int i = d->n - 1;
	while (i >= 0 && d->digits[i] == '9')
		d->digits[i--] = '0';
	if (i < 0)
		return FALSE;
	d->digits[i]++;
	return TRUE;
}

static double
value_of (const Decimal *d)
{
	char text[48];
	g_snprintf (text, sizeof text, "0.%.*se%d", d->n, d->digits, d->exponent);
	return g_ascii_strtod (text, NULL);
}

/* The shortest decimal that reads back as v, the nearest of them.  At a power of
 * two the doubles below lie closer than those above, so the nearest decimal of a
 * length may miss v while the next one up still hits it (2^-44 is such a value). */
static void
shortest (double v, Decimal *out)
{
	static const char *const formats[] = { "%.0e", "%.1e", "%.2e", "%.3e", "%.4e", "%.5e", "%.6e", "%.7e", "%.8e",
		"%.9e", "%.10e", "%.11e", "%.12e", "%.13e", "%.14e", "%.15e", "%.16e" };
	char text[G_ASCII_DTOSTR_BUF_SIZE];

	for (gsize i = 0; i < G_N_ELEMENTS (formats); i++) {
		split (g_ascii_formatd (text, sizeof text, formats[i], v), out);
		if (same (value_of (out), v))
			return;
		Decimal up = *out;
		if (next_up (&up) && same (value_of (&up), v)) {
			*out = up;
			return;
		}
	}
	g_assert_not_reached ();       /* 17 digits identify every double */
}

static void
append_zeros (GString *out, int n)
{
	for (; n > 0; n--)
		g_string_append_c (out, '0');
}

static void
append_decimal (GString *out, const Decimal *d)
{
	int n = d->exponent;
	if (d->n <= n && n <= 21) {
		g_string_append_len (out, d->digits, d->n);
		append_zeros (out, n - d->n);
	} else if (0 < n && n <= 21) {
		g_string_append_printf (out, "%.*s.%.*s", n, d->digits, d->n - n, d->digits + n);
	} else if (-6 < n && n <= 0) {
		g_string_append (out, "0.");
		append_zeros (out, -n);
		g_string_append_len (out, d->digits, d->n);
	} else {
		g_string_append_c (out, d->digits[0]);
		if (d->n > 1)
			g_string_append_printf (out, ".%.*s", d->n - 1, d->digits + 1);
		g_string_append_printf (out, "e%+d", n - 1);
	}
}

static gboolean
append_real (GString *out, double v, GError **error)
{
	Decimal d;

	if (!isfinite (v))
		return diqi_fail (error, DIQI_ERROR_JSON, NULL, "JSON has no number for NaN and infinity");
	if (fpclassify (v) == FP_ZERO) {
		g_string_append_c (out, '0');          /* minus zero as well */
		return TRUE;
	}
	if (v < 0)
		g_string_append_c (out, '-');
	shortest (fabs (v), &d);
	append_decimal (out, &d);
	return TRUE;
}

static gboolean
append_integer (GString *out, json_int_t i, GError **error)
{
	if (i < -JSON_MAX_INT || i > JSON_MAX_INT)
		return diqi_fail (error, DIQI_ERROR_JSON, NULL, "integer of more than 53 bits");
	g_string_append_printf (out, "%" JSON_INTEGER_FORMAT, i);
	return TRUE;
}

/* --- strings (section 3.2.2.2) -------------------------------------------------- */

static void
append_escaped (GString *out, guchar c)
{
	static const char *const named[0x20] = {
		['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f", ['\r'] = "\\r",
	};
	if (c == '"' || c == '\\')
		g_string_append_printf (out, "\\%c", c);
	else if (named[c] != NULL)
		g_string_append (out, named[c]);
	else
		g_string_append_printf (out, "\\u%04x", c);
}

static gboolean
append_string (GString *out, const char *s, gsize len, GError **error)
{
	if (!g_utf8_validate_len (s, len, NULL))
		return diqi_fail (error, DIQI_ERROR_JSON, NULL, "string is not valid UTF-8 or holds NUL");
	g_string_append_c (out, '"');
	const char *end = s + len, *plain = s;
	for (const char *p = s; p < end; p++) {
		guchar c = (guchar) *p;
		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		g_string_append_len (out, plain, p - plain);
		append_escaped (out, c);
		plain = p + 1;
	}
	g_string_append_len (out, plain, end - plain);
	g_string_append_c (out, '"');
	return TRUE;
}

/* --- objects (section 3.2.3) ------------------------------------------------------ */

typedef struct {
	const char *name;
	gsize len;
	const json_t *value;
} Member;

/* The rank of a UTF-8 byte such that comparing ranks compares UTF-16 code units:
 * only U+E000…U+FFFF (EE, EF) change places with what needs surrogates (F0…F4). */
static guint
utf16_rank (char byte)
{
	guchar b = (guchar) byte;
	return b == 0xee || b == 0xef ? b + 0x10u : b;
}

static int
compare_members (gconstpointer a, gconstpointer b)
{
	const Member *x = a, *y = b;
	gsize n = MIN (x->len, y->len), i = 0;
	while (i < n && x->name[i] == y->name[i])
		i++;
	if (i < n)
		return utf16_rank (x->name[i]) < utf16_rank (y->name[i]) ? -1 : 1;
	return x->len < y->len ? -1 : x->len > y->len;
}

static gboolean append_value (GString *out, const json_t *value, guint depth, GError **error);

static gboolean
append_object (GString *out, const json_t *object, guint depth, GError **error)
{
	gsize n = json_object_size (object), k = 0;
	g_autofree Member *members = g_new (Member, MAX (n, 1));
	json_t *borrowed = (json_t *) object;      /* jansson's iterators do not know const; nothing is changed */

	for (void *i = json_object_iter (borrowed); i != NULL; i = json_object_iter_next (borrowed, i))
		members[k++] = (Member) { json_object_iter_key (i), json_object_iter_key_len (i), json_object_iter_value (i) };
	qsort (members, n, sizeof *members, compare_members);
	g_string_append_c (out, '{');
	for (gsize i = 0; i < n; i++) {
		if (i > 0)
			g_string_append_c (out, ',');
		if (!append_string (out, members[i].name, members[i].len, error))
			return FALSE;
		g_string_append_c (out, ':');
		if (!append_value (out, members[i].value, depth + 1, error))
			return FALSE;
	}
	g_string_append_c (out, '}');
	return TRUE;
}

static gboolean
append_array (GString *out, const json_t *array, guint depth, GError **error)
{
	g_string_append_c (out, '[');
	for (gsize i = 0; i < json_array_size (array); i++) {
		if (i > 0)
			g_string_append_c (out, ',');
		if (!append_value (out, json_array_get (array, i), depth + 1, error))
			return FALSE;
	}
	g_string_append_c (out, ']');
	return TRUE;
}

static gboolean
append_value (GString *out, const json_t *value, guint depth, GError **error)
{
	/* What the reader would refuse is not written either; this also bounds the recursion. */
	if (depth >= JSON_MAX_DEPTH && (json_is_object (value) || json_is_array (value)))
		return diqi_fail (error, DIQI_ERROR_JSON_DEPTH, NULL, "nested deeper than %d levels", JSON_MAX_DEPTH);
	switch (json_typeof (value)) {
	case JSON_OBJECT:
		return append_object (out, value, depth, error);
	case JSON_ARRAY:
		return append_array (out, value, depth, error);
	case JSON_STRING:
		return append_string (out, json_string_value (value), json_string_length (value), error);
	case JSON_INTEGER:
		return append_integer (out, json_integer_value (value), error);
	case JSON_REAL:
		return append_real (out, json_real_value (value), error);
	case JSON_TRUE:
	case JSON_FALSE:
		g_string_append (out, json_is_true (value) ? "true" : "false");
		return TRUE;
	case JSON_NULL:
		g_string_append (out, "null");
		return TRUE;
	}
	g_assert_not_reached ();
}

char *
jcs_dump (const json_t *value, gsize *len, GError **error)
{
	GString *out = g_string_sized_new (256);

	if (!append_value (out, value, 0, error)) {
		g_string_free (out, TRUE);
		return NULL;
	}
	if (len != NULL)
		*len = out->len;
	return g_string_free (out, FALSE);
}

GBytes *
jcs_bytes (const json_t *value)
{
	g_autoptr (GError) error = NULL;
	gsize len;
	char *text = jcs_dump (value, &len, &error);
	if (text == NULL)
		g_error ("jcs_bytes: %s", error->message);
	return g_bytes_new_take (text, len);
}

gboolean
jcs_is_canonical (const char *text, gsize len, const json_t *parsed)
{
	gsize n;
	g_autofree char *canonical = jcs_dump (parsed, &n, NULL);
	return canonical != NULL && n == len && memcmp (canonical, text, len) == 0;
}
