/* The strict reader: what it refuses, with which code, and that it reads nothing too long. */
#include "base/json.h"

#include <string.h>
#include <sys/mman.h>

#include "base/error.h"

#define LIMIT (1 << 20)

static void
assert_refused_bytes (const char *text, gsize len, DiqiErrorCode code, const char *field)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (json_t) value = json_read_strict (text, len, LIMIT, &error);
	if (value != NULL)
		g_error ("accepted %s", text);
	g_assert_error (error, DIQI_ERROR, (int) code);
	g_assert_cmpstr (diqi_error_field (error), ==, field);
}

static void
assert_refused (const char *text, DiqiErrorCode code, const char *field)
{
	assert_refused_bytes (text, strlen (text), code, field);
}

static void
test_malformed (void)
{
	static const char *const bad[] = {
		"", " ", "{", "}", "[", "]", "{]", "[}", "[1,]", "[,1]", "{\"a\":1,}", "{\"a\"}", "{a:1}", "{'a':1}", "{1:1}", "nul",
		"True", "NaN", "Infinity", "-Infinity", "+1", "01", "-", "-01", "1.", ".1", "1e", "1e+", "0x10", "1_000", "\"", "\"a",
		"\"\\x\"", "\"\\u12\"", "\"a\nb\"", "\"a\tb\"", "\"\x01\"", "// c\n1", "/* c */ 1", "[1] // c",
		/* one value and nothing after it */
		"1 2", "{}{}", "{} x", "[]]", "{}\xef\xbb\xbf", "\xef\xbb\xbf{}",
		/* beyond a double, beyond 53 bits */
		"1e309", "-1e309", "9007199254740992", "-9007199254740992", "[9007199254740993]", "{\"a\":[18446744073709551616]}",
		"9223372036854775807", "1e20", "9007199254740992.0", "{\"a\":{\"b\":-1e16}}",
	};
	for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
		assert_refused (bad[i], DIQI_ERROR_JSON, NULL);
}

static void
test_utf8 (void)
{
	static const char *const bad[] = {
		"\"\x80\"", "\"\xff\"", "\"\xc3\"", "\"\xe4\xb8\"",                    /* stray and cut short */
		"\"\xc0\x80\"", "\"\xc1\xbf\"", "\"\xe0\x80\xaf\"", "\"\xf0\x80\x80\xaf\"",  /* overlong */
		"\"\xed\xa0\x80\"", "\"\xed\xbf\xbf\"",                                /* surrogates */
		"\"\xf4\x90\x80\x80\"", "\"\xf5\x80\x80\x80\"", "\"\xf8\x88\x80\x80\x80\"", /* over U+10FFFF */
		"{\"\xff\":1}", "\xff", "[1,\xc3\x28]",
		/* lone surrogates as escapes, and NUL */
		"\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\\ud800x\"", "\"\\udc00\\ud800\"", "\"\\ud800\\ud800\"",
		"\"\\u0000\"", "{\"\\u0000\":1}", "{\"a\\u0000b\":1}",
	};
	for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
		assert_refused (bad[i], DIQI_ERROR_JSON, NULL);
	assert_refused_bytes (NULL, 0, DIQI_ERROR_JSON, NULL);
	assert_refused_bytes ("[1]\0", 4, DIQI_ERROR_JSON, NULL);
	assert_refused_bytes ("\"a\0b\"", 5, DIQI_ERROR_JSON, NULL);
	assert_refused_bytes ("[\0]", 3, DIQI_ERROR_JSON, NULL);
	assert_refused_bytes ("[1\0]", 4, DIQI_ERROR_JSON, NULL);      /* jansson alone accepts these two */
	assert_refused_bytes ("1\0", 2, DIQI_ERROR_JSON, NULL);
	assert_refused_bytes ("{\"a\":1\0,\"a\":2}", 14, DIQI_ERROR_JSON, NULL);
	g_autoptr (json_t) pair = json_read_strict ("\"\\ud83d\\ude00\"", 14, LIMIT, NULL);
	g_assert_cmpstr (json_string_value (pair), ==, "\xf0\x9f\x98\x80");
}

static void
test_duplicates (void)
{
	assert_refused ("{\"a\":1,\"a\":1}", DIQI_ERROR_JSON_DUPLICATE, "/a");
	assert_refused ("{\"a\":1,\"\\u0061\":2}", DIQI_ERROR_JSON_DUPLICATE, "/a");
	assert_refused ("{\"x\":{\"price_fen\":\"1\", \"price_fen\" : \"2\"}}", DIQI_ERROR_JSON_DUPLICATE, "/x/price_fen");
	assert_refused ("{\"s\":\"[{,:\\\"\",\"l\":[0,[],{\"k\":1},{\"b\":[1,2,{}],\"c\":{},\"b\":1}]}", DIQI_ERROR_JSON_DUPLICATE,
		"/l/3/b");
	assert_refused ("{\"a/b~c\":1,\"z\":2,\"a/b~c\":1}", DIQI_ERROR_JSON_DUPLICATE, "/a~1b~0c");
	assert_refused ("{\"\":1,\"\":1}", DIQI_ERROR_JSON_DUPLICATE, "/");
	assert_refused ("{\"宗地\":1,\"宗地\":1}", DIQI_ERROR_JSON_DUPLICATE, "/宗地");
	assert_refused ("{\"q\\\"\\\\\":1,\"q\\\"\\\\\":1}", DIQI_ERROR_JSON_DUPLICATE, "/q\"\\");
	g_autoptr (json_t) fine = json_read_strict ("[{\"a\":1},{\"a\":{\"a\":1}}]", 23, LIMIT, NULL);
	g_assert_nonnull (fine);
}

static char *
nested (gsize depth, const char *open, const char *close)
{
	GString *text = g_string_new (NULL);
	for (gsize i = 0; i < depth; i++)
		g_string_append (text, open);
	for (gsize i = 0; i < depth; i++)
		g_string_append (text, close);
	return g_string_free (text, FALSE);
}

static void
test_depth (void)
{
	g_autofree char *fits = nested (JSON_MAX_DEPTH, "[", "]"), *over = nested (JSON_MAX_DEPTH + 1, "[", "]");
	g_autoptr (json_t) value = json_read_strict (fits, strlen (fits), LIMIT, NULL);
	g_assert_nonnull (value);
	assert_refused (over, DIQI_ERROR_JSON_DEPTH, NULL);
	g_autofree char *objects = nested (JSON_MAX_DEPTH, "{\"a\":", "}"), *mixed = nested (JSON_MAX_DEPTH / 2 + 1, "{\"a\":[", "]}");
	assert_refused (objects, DIQI_ERROR_JSON, NULL);        /* the innermost has no value; not too deep */
	assert_refused (mixed, DIQI_ERROR_JSON_DEPTH, NULL);
	/* 10^5 levels, closed or not, as in "A-14" attacks: no stack is used */
	g_autofree char *bomb = nested (100000, "[", "]"), *open = nested (100000, "{\"\":", "");
	assert_refused (bomb, DIQI_ERROR_JSON_DEPTH, NULL);
	assert_refused (open, DIQI_ERROR_JSON_DEPTH, NULL);
	/* brackets inside strings do not count, brackets side by side neither */
	g_autofree char *braces = nested (1000, "[{", ""), *quoted = g_strconcat ("\"", braces, "\\\"[[\"", NULL);
	g_autoptr (json_t) string = json_read_strict (quoted, strlen (quoted), LIMIT, NULL);
	g_assert_true (json_is_string (string));
	g_autofree char *siblings = nested (1000, "[],", ""), *flat = g_strconcat ("[", siblings, "0]", NULL);
	g_autoptr (json_t) array = json_read_strict (flat, strlen (flat), LIMIT, NULL);
	g_assert_cmpuint (json_array_size (array), ==, 1001);
	/* an unmatched bracket cannot lower the count below where it is */
	g_autofree char *tricky = nested (200, "][", "");
	assert_refused (tricky, DIQI_ERROR_JSON, NULL);
}

static void
test_size (void)
{
	/* Refused unread: who touches this memory dies. */
	gsize n = 10 * 1024 * 1024;
	char *big = mmap (NULL, n, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	g_autoptr (GError) error = NULL;

	g_assert_true (big != MAP_FAILED);
	g_assert_null (json_read_strict (big, n, LIMIT, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_TOO_LARGE);
	munmap (big, n);
	/* the limit itself passes, one less does not */
	g_autofree char *text = g_strnfill (LIMIT, 'a');
	text[0] = text[LIMIT - 1] = '"';
	g_autoptr (json_t) value = json_read_strict (text, LIMIT, LIMIT, NULL);
	g_assert_cmpuint (json_string_length (value), ==, LIMIT - 2);
	g_assert_null (json_read_strict (text, LIMIT, LIMIT - 1, NULL));
}

static void
test_numbers (void)
{
	static const struct {
		const char *text;
		gint64 value;
	} integers[] = { { "0", 0 }, { "-0", 0 }, { "-0.0", 0 }, { "1.0", 1 }, { "1e0", 1 }, { "10e-1", 1 }, { "1E2", 100 },
		{ "-25e1", -250 }, { "9007199254740991", JSON_MAX_INT }, { "-9007199254740991.0", -JSON_MAX_INT }, { "1e-400", 0 } };
	for (gsize i = 0; i < G_N_ELEMENTS (integers); i++) {
		g_autoptr (json_t) value = json_read_strict (integers[i].text, strlen (integers[i].text), LIMIT, NULL);
		g_assert_true (json_is_integer (value));
		g_assert_cmpint (json_integer_value (value), ==, integers[i].value);
	}
	const char *inside = "{\"a\":[1.0,{\"b\":2e1}],\"c\":3.0,\"d\":0.5,\"e\":1e21}";
	g_autoptr (json_t) value = json_read_strict (inside, strlen (inside), LIMIT, NULL);
	g_autofree char *text = jcs_dump (value, NULL, NULL);
	g_assert_cmpstr (text, ==, "{\"a\":[1,{\"b\":20}],\"c\":3,\"d\":0.5,\"e\":1e+21}");
	g_assert_true (json_is_integer (json_object_get (value, "c")));
	g_assert_true (json_is_real (json_object_get (value, "e")));
}

/* An error says where, and does not repeat what was sent. */
static void
test_message (void)
{
	g_autoptr (GError) error = NULL;
	g_assert_null (json_read_strict ("{\n\"pin\": secret}", 16, LIMIT, &error));
	g_assert_nonnull (strstr (error->message, "line 2"));
	g_assert_null (strstr (error->message, "secret"));
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/json/malformed", test_malformed);
	g_test_add_func ("/json/utf8", test_utf8);
	g_test_add_func ("/json/duplicates", test_duplicates);
	g_test_add_func ("/json/depth", test_depth);
	g_test_add_func ("/json/size", test_size);
	g_test_add_func ("/json/numbers", test_numbers);
	g_test_add_func ("/json/message", test_message);
	return g_test_run ();
}
