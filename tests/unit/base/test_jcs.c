/* RFC 8785: the vectors of its authors, its appendix B, and our limits. */
#include "base/json.h"

#include <locale.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "es6_numbers.h"

static char *
load (const char *folder, const char *name, gsize *len)
{
	g_autoptr (GError) error = NULL;
	char *text = NULL;
	g_autofree char *path = g_test_build_filename (G_TEST_DIST, "tests", "vectors", "jcs", "testdata", folder, name, NULL);
	g_file_get_contents (path, &text, len, &error);
	g_assert_no_error (error);
	return text;
}

static char *
canonical (const char *text, gsize len, gsize *n)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (json_t) value = json_read_strict (text, len, 1 << 20, &error);
	g_assert_no_error (error);
	char *out = jcs_dump (value, n, &error);
	g_assert_no_error (error);
	g_assert_cmpint (jcs_is_canonical (text, len, value), ==, *n == len && memcmp (out, text, len) == 0);
	return out;
}

static void
test_vectors (void)
{
	static const char *const names[] = { "arrays", "french", "structures", "unicode", "values", "weird" };
	for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
		g_autofree char *json = g_strconcat (names[i], ".json", NULL), *txt = g_strconcat (names[i], ".txt", NULL);
		gsize in_len, want_len, got_len, again_len, hex_len;
		g_autofree char *in = load ("input", json, &in_len), *want = load ("output", json, &want_len);
		g_autofree char *hex = load ("outhex", txt, &hex_len);
		g_autofree char *got = canonical (in, in_len, &got_len);
		g_autofree char *again = canonical (got, got_len, &again_len);
		g_assert_cmpmem (got, got_len, want, want_len);
		g_assert_cmpmem (again, again_len, want, want_len);

		g_autoptr (GString) digits = g_string_new (NULL);
		for (const char *p = hex; *p != '\0'; p++)
			if (g_ascii_isxdigit (*p))
				g_string_append_c (digits, *p);
		g_autofree char *got_hex = hex_encode (got, got_len);
		g_assert_cmpstr (got_hex, ==, digits->str);
	}
}

static char *
number_text (guint64 bits)
{
	double d;
	memcpy (&d, &bits, sizeof d);
	g_autoptr (json_t) value = json_real (d);
	return value != NULL ? jcs_dump (value, NULL, NULL) : NULL;
}

/* RFC 8785 appendix B, then powers of two, where the shortest decimal is not the
 * nearest of its length (expected values from ECMAScript engines). */
static void
test_numbers (void)
{
	static const struct {
		guint64 bits;
		const char *text;
	} cases[] = {
		{ 0x0000000000000000, "0" },
		{ 0x8000000000000000, "0" },
		{ 0x0000000000000001, "5e-324" },
		{ 0x8000000000000001, "-5e-324" },
		{ 0x7fefffffffffffff, "1.7976931348623157e+308" },
		{ 0xffefffffffffffff, "-1.7976931348623157e+308" },
		{ 0x4340000000000000, "9007199254740992" },
		{ 0xc340000000000000, "-9007199254740992" },
		{ 0x4430000000000000, "295147905179352830000" },
		{ 0x44b52d02c7e14af5, "9.999999999999997e+22" },
		{ 0x44b52d02c7e14af6, "1e+23" },
		{ 0x44b52d02c7e14af7, "1.0000000000000001e+23" },
		{ 0x444b1ae4d6e2ef4e, "999999999999999700000" },
		{ 0x444b1ae4d6e2ef4f, "999999999999999900000" },
		{ 0x444b1ae4d6e2ef50, "1e+21" },
		{ 0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7" },
		{ 0x3eb0c6f7a0b5ed8d, "0.000001" },
		{ 0x41b3de4355555553, "333333333.3333332" },
		{ 0x41b3de4355555554, "333333333.33333325" },
		{ 0x41b3de4355555555, "333333333.3333333" },
		{ 0x41b3de4355555556, "333333333.3333334" },
		{ 0x41b3de4355555557, "333333333.33333343" },
		{ 0xbecbf647612f3696, "-0.0000033333333333333333" },
		{ 0x43143ff3c1cb0959, "1424953923781206.2" },
		{ 0x3d30000000000000, "5.684341886080802e-14" },
		{ 0x0010000000000000, "2.2250738585072014e-308" },
		{ 0x3fb999999999999a, "0.1" },
		{ 0x3ff0000000000001, "1.0000000000000002" },
	};
	for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
		g_autofree char *text = number_text (cases[i].bits);
		g_assert_cmpstr (text, ==, cases[i].text);
	}
}

static void
test_numbers_round_trip (void)
{
	for (int i = 0; i < 20000; i++) {
		guint64 bits = (guint64) g_test_rand_int () << 32 | (guint32) g_test_rand_int ();
		if (i % 4 == 0)
			bits &= 0xfff0000000000000;      /* powers of two */
		double d;
		memcpy (&d, &bits, sizeof d);
		if (!isfinite (d) || (bits & 0x7fffffffffffffff) == 0)
			continue;
		g_autofree char *text = number_text (bits);
		double back = g_ascii_strtod (text, NULL);
		g_assert_cmpmem (&back, sizeof back, &d, sizeof d);
	}
}

/* The next 32 bytes of the endless part: the SHA-256 of the last 32. */
static void
next_block (guint8 block[32])
{
	gsize n = 32;
	g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
	g_checksum_update (sum, block, 32);
	g_checksum_get_digest (sum, block, &n);
}

/* The number test of the RFC's authors: the hash of its first 10,000 lines is published. */
static void
test_numbers_es6 (void)
{
	const gsize listed = G_N_ELEMENTS (es6_numbers), lines = 10000;
	g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
	guint8 block[32] = { 0 };
	gsize at = sizeof block;

	for (gsize i = 0; i < lines; i++) {
		guint64 bits = i < listed ? es6_numbers[i] : G_GUINT64_CONSTANT (0x0010000000000000) + (i - listed);
		double d = 0;
		while (i >= listed + 2000 && (fpclassify (d) == FP_ZERO || !isfinite (d))) {
			if (at == sizeof block) {
				next_block (block);
				at = 0;
			}
			memcpy (&bits, block + at, 8);
			memcpy (&d, block + at, 8);
			at += 8;
		}
		g_autofree char *text = number_text (bits);
		g_autofree char *line = g_strdup_printf ("%" G_GINT64_MODIFIER "x,%s\n", bits, text);
		g_checksum_update (sum, (const guchar *) line, -1);
	}
	g_assert_cmpstr (g_checksum_get_string (sum), ==, "b9f7a8e75ef22a835685a52ccba7f7d6bdc99e34b010992cbc5864cd12be6892");
}

static void
assert_refused (json_t *value, DiqiErrorCode code)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (json_t) owned = value;
	g_assert_null (jcs_dump (owned, NULL, &error));
	g_assert_error (error, DIQI_ERROR, (int) code);
}

static void
test_refused (void)
{
	assert_refused (json_integer (JSON_MAX_INT + 1), DIQI_ERROR_JSON);
	assert_refused (json_integer (-JSON_MAX_INT - 1), DIQI_ERROR_JSON);
	assert_refused (json_stringn_nocheck ("a\xff", 2), DIQI_ERROR_JSON);
	assert_refused (json_stringn_nocheck ("\xed\xa0\x80", 3), DIQI_ERROR_JSON);      /* lone surrogate */
	assert_refused (json_stringn ("a\0b", 3), DIQI_ERROR_JSON);
	json_t *deep = json_array ();
	for (int i = 1; i < JSON_MAX_DEPTH; i++)
		deep = json_pack ("[o]", deep);
	g_autofree char *fits = jcs_dump (deep, NULL, NULL);
	g_assert_nonnull (fits);
	assert_refused (json_pack ("[o]", deep), DIQI_ERROR_JSON_DEPTH);
}

/* Section 3.2.3: by UTF-16 code units, so U+1F600 (D83D…) comes before U+FB33. */
static void
test_key_order (void)
{
	const char *text = "{\"\xef\xac\xb3\":1,\"\xf0\x9f\x98\x80\":2,\"\xee\x80\x80\":3,\"\xed\x9f\xbf\":4,\"a\":5,\"\":6,\"aa\":7,\"A\":8,\"\xc2\x80\":9}";
	gsize n;
	g_autofree char *out = canonical (text, strlen (text), &n);
	g_assert_cmpstr (out, ==,
		"{\"\":6,\"A\":8,\"a\":5,\"aa\":7,\"\xc2\x80\":9,\"\xed\x9f\xbf\":4,\"\xf0\x9f\x98\x80\":2,\"\xee\x80\x80\":3,\"\xef\xac\xb3\":1}");
}

/* The order of random keys against a comparison of real UTF-16. */
static gint
compare_utf16 (const char *a, const char *b)
{
	glong n, m;
	g_autofree gunichar2 *x = g_utf8_to_utf16 (a, -1, NULL, &n, NULL), *y = g_utf8_to_utf16 (b, -1, NULL, &m, NULL);
	for (glong i = 0; i < MIN (n, m); i++)
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	return n < m ? -1 : n > m;
}

static void
test_key_order_random (void)
{
	static const gunichar pool[] = { 'a', 'b', 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xfffd, 0x10000, 0x10ffff, 0x20000 };
	g_autoptr (json_t) object = json_object ();
	for (int i = 0; i < 2000; i++) {
		g_autoptr (GString) key = g_string_new (NULL);
		for (int k = g_test_rand_int_range (0, 6); k > 0; k--)
			g_string_append_unichar (key, pool[g_test_rand_int_range (0, G_N_ELEMENTS (pool))]);
		json_object_set_new (object, key->str, json_null ());
	}
	g_autofree char *text = jcs_dump (object, NULL, NULL);
	g_autoptr (json_t) back = json_loads (text, 0, NULL);       /* jansson keeps insertion order */
	const char *last = NULL;
	for (void *i = json_object_iter (back); i != NULL; i = json_object_iter_next (back, i)) {
		if (last != NULL)
			g_assert_cmpint (compare_utf16 (last, json_object_iter_key (i)), <, 0);
		last = json_object_iter_key (i);
	}
	g_assert_cmpuint (json_object_size (back), ==, json_object_size (object));
}

static void
test_locale (void)
{
	g_autoptr (json_t) value = json_pack ("[ff]", 1.5, 1e-7);
	static const char *const tries[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "fr_FR" };
	gboolean found = FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS (tries) && !found; i++)
		found = setlocale (LC_NUMERIC, tries[i]) != NULL;
	g_autofree char *text = jcs_dump (value, NULL, NULL);
	g_autoptr (json_t) back = json_read_strict ("[1.5,1e-7]", 10, 100, NULL);
	setlocale (LC_NUMERIC, "C");
	g_assert_cmpstr (text, ==, "[1.5,1e-7]");
	g_assert_true (json_equal (back, value));
	if (!found)
		g_test_skip ("no locale with a decimal comma is installed");
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/jcs/vectors", test_vectors);
	g_test_add_func ("/jcs/numbers", test_numbers);
	g_test_add_func ("/jcs/numbers-es6", test_numbers_es6);
	g_test_add_func ("/jcs/numbers-round-trip", test_numbers_round_trip);
	g_test_add_func ("/jcs/refused", test_refused);
	g_test_add_func ("/jcs/key-order", test_key_order);
	g_test_add_func ("/jcs/key-order-random", test_key_order_random);
	g_test_add_func ("/jcs/locale", test_locale);
	return g_test_run ();
}
