#include "base/error.h"

#include <string.h>

static void
test_field (void)
{
	GError *error = NULL;
	g_assert_false (diqi_fail (&error, DIQI_ERROR_QUOTE_LATE, "/price_fen", "late by %d ms", 1));
	g_assert_cmpstr (error->message, ==, "late by 1 ms");
	g_assert_cmpstr (diqi_error_field (error), ==, "/price_fen");
	g_assert_cmpstr (diqi_error_code_name (error), ==, "quote.late");
	g_assert_cmpint (diqi_error_kind (error), ==, ERROR_KIND_CONFLICT);
	/* GLib's own handling keeps the field */
	GError *copy = g_error_copy (error), *moved = NULL;
	g_error_free (error);
	g_propagate_prefixed_error (&moved, copy, "sale: ");
	g_assert_cmpstr (diqi_error_field (moved), ==, "/price_fen");
	g_assert_cmpstr (moved->message, ==, "sale: late by 1 ms");
	diqi_error_put_field (moved, "/other");      /* the first name stands */
	g_assert_cmpstr (diqi_error_field (moved), ==, "/price_fen");
	g_error_free (moved);
}

static void
test_put_field (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GError) foreign = g_error_new (G_FILE_ERROR, G_FILE_ERROR_NOENT, "gone");
	diqi_error_set (&error, DIQI_ERROR_FIELD_VALUE, NULL, "bad");
	g_assert_null (diqi_error_field (error));
	diqi_error_put_field (error, "/at");
	g_assert_cmpstr (diqi_error_field (error), ==, "/at");
	diqi_error_put_field (foreign, "/at");
	g_assert_null (diqi_error_field (foreign));
	g_assert_cmpstr (diqi_error_code_name (foreign), ==, "internal");
	g_assert_false (diqi_fail (NULL, DIQI_ERROR_JSON, "/x", "nobody listens"));
}

/* Public codes: one name each, of the documented shape, with both titles. */
static void
test_codes (void)
{
	g_autoptr (GRegex) shape = g_regex_new ("^[a-z_]+(\\.[a-z_]+)?$", 0, 0, NULL);
	for (int i = 0; i < DIQI_ERROR_N_CODES; i++) {
		DiqiErrorCode back;
		const char *name = diqi_code_name ((DiqiErrorCode) i);
		g_assert_true (g_regex_match (shape, name, 0, NULL));
		g_assert_true (diqi_code_from_name (name, &back));
		g_assert_cmpint (back, ==, i);       /* not found earlier: names differ */
		g_assert_cmpuint (strlen (diqi_code_title_zh ((DiqiErrorCode) i)), >, 0);
		g_assert_true (g_str_is_ascii (diqi_code_title_en ((DiqiErrorCode) i)));
	}
	DiqiErrorCode none;
	g_assert_false (diqi_code_from_name ("no.such", &none));
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/error/field", test_field);
	g_test_add_func ("/error/put-field", test_put_field);
	g_test_add_func ("/error/codes", test_codes);
	return g_test_run ();
}
