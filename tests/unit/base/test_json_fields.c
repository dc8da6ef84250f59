#include "base/json.h"

#include <string.h>

#include "base/error.h"

typedef struct {
	const char *name, *hash, *id;
	gint64 count;
	gboolean agreed;
	json_t *holder, *items;
	Money price;
	Micros at;
	GBytes *der;
} Everything;

static gboolean
read_all (const char *text, const char *at, Everything *out, GError **error)
{
	static json_t *kept = NULL;      /* strings are borrowed from the object */
	const Field fields[] = {
		{ "name", FIELD_STRING, TRUE, 5, &out->name },
		{ "hash", FIELD_HEX32, FALSE, 0, &out->hash },
		{ "id", FIELD_UUID, FALSE, 0, &out->id },
		{ "count", FIELD_INT, FALSE, 0, &out->count },
		{ "agreed", FIELD_BOOL, FALSE, 0, &out->agreed },
		{ "holder", FIELD_OBJECT, FALSE, 0, &out->holder },
		{ "items", FIELD_ARRAY, FALSE, 2, &out->items },
		{ "price_fen", FIELD_MONEY, FALSE, 0, &out->price },
		{ "at", FIELD_TIME, FALSE, 0, &out->at },
		{ "a/b~c", FIELD_BASE64, FALSE, 4, &out->der },
	};
	json_decref (kept);
	kept = *text == '\0' ? NULL : json_read_strict (text, strlen (text), 1 << 20, NULL);
	g_assert_true (kept != NULL || *text == '\0');
	return JSON_READ (kept, at, fields, error);
}

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define UUID "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"

static void
test_good (void)
{
	g_autoptr (GError) error = NULL;
	Everything e = { .count = 77 };

	g_assert_true (read_all ("{\"name\":\"太\\n仓\\t!\",\"hash\":\"" HASH "\",\"id\":\"" UUID "\",\"agreed\":true,\"holder\":{\"x\":1},"
		"\"items\":[1,2],\"price_fen\":\"747000000\",\"at\":\"2026-04-03T10:00:00+08:00\",\"a/b~c\":\"AAECAw==\"}", "", &e, &error));
	g_assert_no_error (error);
	g_assert_cmpstr (e.name, ==, "太\n仓\t!");
	g_assert_cmpstr (e.hash, ==, HASH);
	g_assert_cmpstr (e.id, ==, UUID);
	g_assert_cmpint (e.count, ==, 77);       /* absent: untouched */
	g_assert_true (e.agreed);
	g_assert_cmpint (json_integer_value (json_object_get (e.holder, "x")), ==, 1);
	g_assert_cmpuint (json_array_size (e.items), ==, 2);
	g_assert_cmpint (e.price.fen, ==, 747000000);
	g_assert_cmpint (e.at, ==, 1775181600000000);
	g_assert_cmpmem (g_bytes_get_data (e.der, NULL), g_bytes_get_size (e.der), "\0\1\2\3", 4);
	g_bytes_unref (e.der);
	read_all ("", "", &e, NULL);             /* lets go of the object */
}

static const struct {
	const char *text;
	DiqiErrorCode code;
	const char *field;
} bad_cases[] = {
	{ "{}", DIQI_ERROR_FIELD_MISSING, "/name" },
	{ "[]", DIQI_ERROR_FIELD_TYPE, "" },
	{ "\"name\"", DIQI_ERROR_FIELD_TYPE, "" },
	{ "{\"name\":\"x\",\"nam\":1}", DIQI_ERROR_FIELD_UNKNOWN, "/nam" },
	{ "{\"name\":\"x\",\"/~\":1}", DIQI_ERROR_FIELD_UNKNOWN, "/~1~0" },
	{ "{\"name\":\"x\",\"~1\":1}", DIQI_ERROR_FIELD_UNKNOWN, "/~01" },
	{ "{\"name\":\"x\",\"\":1}", DIQI_ERROR_FIELD_UNKNOWN, "/" },
	{ "{\"name\":null}", DIQI_ERROR_FIELD_TYPE, "/name" },
	{ "{\"name\":1}", DIQI_ERROR_FIELD_TYPE, "/name" },
	{ "{\"name\":[\"x\"]}", DIQI_ERROR_FIELD_TYPE, "/name" },
	{ "{\"name\":\"123456\"}", DIQI_ERROR_FIELD_LENGTH, "/name" },
	{ "{\"name\":\"太仓虚构甲置\"}", DIQI_ERROR_FIELD_LENGTH, "/name" },
	{ "{\"name\":\"a\\u0007\"}", DIQI_ERROR_FIELD_VALUE, "/name" },
	{ "{\"name\":\"a\\r\"}", DIQI_ERROR_FIELD_VALUE, "/name" },
	{ "{\"name\":\"\\u007f\"}", DIQI_ERROR_FIELD_VALUE, "/name" },
	{ "{\"name\":\"\\u0085\"}", DIQI_ERROR_FIELD_VALUE, "/name" },
	{ "{\"name\":\"\\u202e1\"}", DIQI_ERROR_FIELD_VALUE, "/name" },
	{ "{\"name\":\"\\u2066\"}", DIQI_ERROR_FIELD_VALUE, "/name" },
	{ "{\"name\":\"x\",\"hash\":\"ABCD\"}", DIQI_ERROR_FIELD_VALUE, "/hash" },
	{ "{\"name\":\"x\",\"hash\":\"" HASH "0\"}", DIQI_ERROR_FIELD_VALUE, "/hash" },
	{ "{\"name\":\"x\",\"hash\":12}", DIQI_ERROR_FIELD_TYPE, "/hash" },
	{ "{\"name\":\"x\",\"id\":\"017F22E2-79b0-7cc3-98c4-dc0c0c07398f\"}", DIQI_ERROR_FIELD_VALUE, "/id" },
	{ "{\"name\":\"x\",\"count\":1.5}", DIQI_ERROR_FIELD_TYPE, "/count" },
	{ "{\"name\":\"x\",\"count\":\"1\"}", DIQI_ERROR_FIELD_TYPE, "/count" },
	{ "{\"name\":\"x\",\"agreed\":1}", DIQI_ERROR_FIELD_TYPE, "/agreed" },
	{ "{\"name\":\"x\",\"agreed\":\"true\"}", DIQI_ERROR_FIELD_TYPE, "/agreed" },
	{ "{\"name\":\"x\",\"holder\":[]}", DIQI_ERROR_FIELD_TYPE, "/holder" },
	{ "{\"name\":\"x\",\"items\":{}}", DIQI_ERROR_FIELD_TYPE, "/items" },
	{ "{\"name\":\"x\",\"items\":[1,2,3]}", DIQI_ERROR_FIELD_LENGTH, "/items" },
	{ "{\"name\":\"x\",\"price_fen\":747000000}", DIQI_ERROR_FIELD_TYPE, "/price_fen" },
	{ "{\"name\":\"x\",\"price_fen\":\"-1\"}", DIQI_ERROR_FIELD_VALUE, "/price_fen" },
	{ "{\"name\":\"x\",\"at\":\"2026-04-03T23:59:60Z\"}", DIQI_ERROR_FIELD_VALUE, "/at" },
	{ "{\"name\":\"x\",\"at\":0}", DIQI_ERROR_FIELD_TYPE, "/at" },
	{ "{\"name\":\"x\",\"a/b~c\":\"AAECAwQ=\"}", DIQI_ERROR_FIELD_LENGTH, "/a~1b~0c" },
	{ "{\"name\":\"x\",\"a/b~c\":\"AAECAwQFBgcI\"}", DIQI_ERROR_FIELD_LENGTH, "/a~1b~0c" },
	{ "{\"name\":\"x\",\"a/b~c\":\"AAECAx==\"}", DIQI_ERROR_FIELD_VALUE, "/a~1b~0c" },
	{ "{\"name\":\"x\",\"a/b~c\":\"AAECAw\"}", DIQI_ERROR_FIELD_VALUE, "/a~1b~0c" },
};

static void
test_bad (void)
{
	for (gsize i = 0; i < G_N_ELEMENTS (bad_cases); i++) {
		for (int inner = 0; inner < 2; inner++) {
			g_autoptr (GError) error = NULL;
			Everything e = { 0 };
			const char *at = inner ? "/form/0" : "";
			g_autofree char *field = g_strconcat (at, bad_cases[i].field, NULL);
			if (read_all (bad_cases[i].text, at, &e, &error))
				g_error ("accepted %s", bad_cases[i].text);
			g_assert_error (error, DIQI_ERROR, (int) bad_cases[i].code);
			g_assert_cmpstr (diqi_error_field (error), ==, field);
			g_assert_null (e.der);
		}
	}
	Everything e = { 0 };
	g_assert_false (read_all ("{\"name\":1}", "", &e, NULL));       /* no place for an error is fine */
	g_assert_false (read_all ("{\"name\":\"x\",\"at\":\"\"}", "", &e, NULL));
	read_all ("", "", &e, NULL);
}

/* A name of a megabyte is refused, not echoed. */
static void
test_long_unknown (void)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *name = g_strnfill (500000, '/'), *text = g_strdup_printf ("{\"%s\":1}", name);
	Everything e = { 0 };
	g_assert_false (read_all (text, "/form", &e, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_FIELD_UNKNOWN);
	g_assert_cmpstr (diqi_error_field (error), ==, "/form");
	g_assert_cmpuint (strlen (error->message), <, 200);
	read_all ("", "", &e, NULL);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/json-fields/good", test_good);
	g_test_add_func ("/json-fields/bad", test_bad);
	g_test_add_func ("/json-fields/long-unknown", test_long_unknown);
	return g_test_run ();
}
