/* The fast reader of flat objects never reads anything that the general one reads otherwise, or refuses. */
#include <string.h>

#include "base/json_flat.h"

typedef struct {
	const char *type, *spki, *note;
	gint64 number;
	gboolean base;
	Micros time;
} Got;

#define FIELDS(got) { \
	{ "type", FIELD_STRING, TRUE, 16, &(got).type }, { "time", FIELD_TIME, TRUE, 0, &(got).time }, \
	{ "spki", FIELD_HEX32, FALSE, 0, &(got).spki }, { "number", FIELD_INT, FALSE, 0, &(got).number }, \
	{ "base", FIELD_BOOL, FALSE, 0, &(got).base }, { "note", FIELD_STRING, FALSE, 0, &(got).note }, \
}
#define HASH "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define TIME "2026-04-03T02:00:00.000001Z"
#define WHOLE "{\"base\":true,\"note\":\"a b\",\"number\":17,\"spki\":\"" HASH "\",\"time\":\"" TIME "\",\"type\":\"issue\"}"

static gboolean
read_flat (char *text, gsize n, Got *got)
{
	const Field fields[] = FIELDS (*got);
	FlatObject object;
	return json_flat_split (text, n, &object) && json_flat_read (&object, fields, G_N_ELEMENTS (fields));
}

static gboolean
read_tree (const json_t *json, Got *got)
{
	const Field fields[] = FIELDS (*got);
	return JSON_READ (json, "", fields, NULL);
}

/* TRUE: the fast reader took it; then the general one takes it, with the same values, and it is canonical. */
static gboolean
agree (const char *text, gsize n)
{
	g_autofree char *copy = g_memdup2 (text, n + 1);
	Got fast = { 0 }, slow = { 0 };
	if (!read_flat (copy, n, &fast)) {
		/* Then nothing was touched: the general reader comes next. */
		const Got untouched = { 0 };
		g_assert_cmpmem (copy, n, text, n);
		g_assert_true (memcmp (&fast, &untouched, sizeof fast) == 0);
		return FALSE;
	}
	g_autoptr (json_t) json = json_read_strict (text, n, 1u << 20, NULL);
	g_assert_nonnull (json);
	g_assert_true (jcs_is_canonical (text, n, json));
	g_assert_true (read_tree (json, &slow));
	g_assert_cmpstr (fast.type, ==, slow.type);
	g_assert_cmpstr (fast.spki, ==, slow.spki);
	g_assert_cmpstr (fast.note, ==, slow.note);
	g_assert_cmpint (fast.number, ==, slow.number);
	g_assert_cmpint (fast.base, ==, slow.base);
	g_assert_cmpint (fast.time, ==, slow.time);
	return TRUE;
}

static void
test_taken (void)
{
	static const char *const texts[] = {
		WHOLE, "{\"time\":\"" TIME "\",\"type\":\"\"}", "{\"number\":0,\"time\":\"2026-04-03T10:00:00+08:00\",\"type\":\"x\"}",
		"{\"base\":false,\"number\":999999999999999,\"time\":\"" TIME "\",\"type\":\"0123456789abcdef\"}",
	};
	for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
		g_assert_true (agree (texts[i], strlen (texts[i])));
}

/* Each is left to the general reader: most it refuses, some it takes. */
static void
test_left (void)
{
	static const char *const texts[] = {
		"", "{", "{}", "[]", WHOLE " ", " " WHOLE, WHOLE WHOLE, "{\"type\":\"x\",\"time\":\"" TIME "\"}",
		"{\"time\":\"" TIME "\",\"time\":\"" TIME "\",\"type\":\"x\"}", "{\"time\":\"" TIME "\",\"type\":\"x\",}",
		"{\"time\":\"" TIME "\",\"type\":\"x\",\"zzz\":1}", "{\"time\":\"" TIME "\"}", "{\"time\":\"" TIME "\",\"type\":1}",
		"{\"time\":\"2026-02-30T00:00:00.000000Z\",\"type\":\"x\"}", "{\"time\":\"soon\",\"type\":\"x\"}",
		"{\"number\":-1,\"time\":\"" TIME "\",\"type\":\"x\"}", "{\"number\":01,\"time\":\"" TIME "\",\"type\":\"x\"}",
		"{\"number\":1.0,\"time\":\"" TIME "\",\"type\":\"x\"}", "{\"number\":1e3,\"time\":\"" TIME "\",\"type\":\"x\"}",
		"{\"number\":,\"time\":\"" TIME "\",\"type\":\"x\"}", "{\"number\":9007199254740993,\"time\":\"" TIME "\",\"type\":\"x\"}",
		"{\"number\":\"1\",\"time\":\"" TIME "\",\"type\":\"x\"}", "{\"base\":1,\"time\":\"" TIME "\",\"type\":\"x\"}",
		"{\"base\":null,\"time\":\"" TIME "\",\"type\":\"x\"}", "{\"base\":tru,\"time\":\"" TIME "\",\"type\":\"x\"}",
		"{\"note\":\"\\u0041\",\"time\":\"" TIME "\",\"type\":\"x\"}", "{\"note\":\"\xe5\x9c\xb0\",\"time\":\"" TIME "\",\"type\":\"x\"}",
		"{\"note\":\"\xff\",\"time\":\"" TIME "\",\"type\":\"x\"}", "{\"note\":\"a\nb\",\"time\":\"" TIME "\",\"type\":\"x\"}",
		"{\"note\":[1],\"time\":\"" TIME "\",\"type\":\"x\"}", "{\"note\":{\"a\":1},\"time\":\"" TIME "\",\"type\":\"x\"}",
		"{\"spki\":\"" HASH "0\",\"time\":\"" TIME "\",\"type\":\"x\"}", "{\"spki\":\"00\",\"time\":\"" TIME "\",\"type\":\"x\"}",
		"{\"time\":\"" TIME "\",\"type\":\"0123456789abcdefg\"}", "{\"time\" :\"" TIME "\",\"type\":\"x\"}", "{\"time\":\"" TIME "\",\"type\":\"x",
	};
	for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
		g_assert_false (agree (texts[i], strlen (texts[i])));
	g_autofree char *upper = g_ascii_strup (HASH, -1), *text = g_strdup_printf ("{\"spki\":\"%s\",\"time\":\"" TIME "\",\"type\":\"x\"}", upper);
	g_assert_false (agree (text, strlen (text)));
	g_autofree char *nul = g_strdup (WHOLE);
	*strchr (nul, 'b') = '\0';
	g_assert_false (agree (nul, sizeof WHOLE - 1));
}

/* The name of the field is a beginning of the member's, and the other way round. */
static void
test_names (void)
{
	static const char longer[] = "{\"time\":\"" TIME "\",\"typed\":\"x\"}", shorter[] = "{\"time\":\"" TIME "\",\"typ\":\"x\"}";
	g_assert_false (agree (longer, strlen (longer)));
	g_assert_false (agree (shorter, strlen (shorter)));
	char text[] = WHOLE;
	FlatObject object;
	g_assert_true (json_flat_split (text, strlen (text), &object));
	g_assert_true (json_flat_says (&object, "type", "issue"));
	g_assert_false (json_flat_says (&object, "type", "issu"));
	g_assert_false (json_flat_says (&object, "type", "issue2"));
	g_assert_false (json_flat_says (&object, "typ", "issue"));
	g_assert_false (json_flat_says (&object, "number", "17"));
}

static void
test_many_members (void)
{
	g_autoptr (GString) text = g_string_new ("{");
	for (guint i = 0; i <= JSON_FLAT_MEMBERS; i++)
		g_string_append_printf (text, "%s\"m%02u\":%u", i > 0 ? "," : "", i, i);
	g_string_append_c (text, '}');
	FlatObject object;
	g_assert_false (json_flat_split (text->str, text->len, &object));
}

/* Every text that differs from a good one in a byte, lacks one or has one twice; and many that differ more. */
static void
test_mutations (void)
{
	static const char odd[] = "\"\\{}[],:0123456789aAfFtruelsn. -\x01\x7f\xc3\xa9";
	g_autoptr (GRand) rand = g_rand_new_with_seed (20261123);
	guint taken = 0;
	for (gsize at = 0; at < strlen (WHOLE); at++) {
		for (gsize i = 0; i < sizeof odd; i++) {
			char text[] = WHOLE;
			text[at] = odd[i];
			taken += agree (text, strlen (WHOLE)) ? 1 : 0;
		}
		g_autofree char *less = g_strdup_printf ("%.*s%s", (int) at, WHOLE, WHOLE + at + 1), *more = g_strdup_printf ("%.*s%s", (int) at + 1, WHOLE, WHOLE + at);
		taken += agree (less, strlen (less)) + agree (more, strlen (more));
	}
	for (guint i = 0; i < 20000; i++) {
		char text[] = WHOLE;
		for (guint n = (guint) g_rand_int_range (rand, 1, 5); n > 0; n--)
			text[g_rand_int_range (rand, 0, (gint32) strlen (WHOLE))] = odd[g_rand_int_range (rand, 0, sizeof odd)];
		taken += agree (text, strlen (WHOLE)) ? 1 : 0;
	}
	/* Digits in numbers, letters in texts: the agreement was not vacuous. */
	g_assert_cmpuint (taken, >, 500);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/json-flat/taken", test_taken);
	g_test_add_func ("/json-flat/left", test_left);
	g_test_add_func ("/json-flat/names", test_names);
	g_test_add_func ("/json-flat/many", test_many_members);
	g_test_add_func ("/json-flat/mutations", test_mutations);
	return g_test_run ();
}
