/* fuzz/fuzz_json.c — whatever the strict reader accepts has one canonical form:
 * writing it and reading it back gives the same value and the same bytes, and a
 * text is called canonical exactly when it is those bytes. */
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"

#define LIMIT (64 * 1024)

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void
check_refusal (const GError *error, gsize size)
{
	g_assert_true (error != NULL && error->domain == DIQI_ERROR);
	g_assert_true ((error->code == DIQI_ERROR_TOO_LARGE) == (size > LIMIT));
	const char *field = diqi_error_field (error);
	g_assert_true (error->code != DIQI_ERROR_JSON_DUPLICATE || (field != NULL && *field == '/'));
	g_assert_true (field == NULL || g_utf8_validate (field, -1, NULL));
	g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

static void
check_value (const json_t *value, const char *text, gsize size)
{
	g_autoptr (GError) error = NULL;
	gsize len, again_len;
	g_autofree char *canonical = jcs_dump (value, &len, &error);
	g_assert_no_error (error);
	g_assert_true (g_utf8_validate_len (canonical, len, NULL));
	g_assert_true (jcs_is_canonical (text, size, value) == (len == size && memcmp (canonical, text, len) == 0));

	/* numbers may grow: 1e-7 to 1e-7, but 1e-6 to 0.000001 */
	g_autoptr (json_t) back = json_read_strict (canonical, len, 8 * LIMIT, &error);
	g_assert_no_error (error);
	g_assert_true (json_equal (back, value));
	g_autofree char *again = jcs_dump (back, &again_len, &error);
	g_assert_no_error (error);
	g_assert_true (again_len == len && memcmp (again, canonical, len) == 0);
	g_assert_true (jcs_is_canonical (canonical, len, back));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
	g_autoptr (GError) error = NULL;
	const char *text = size > 0 ? (const char *) data : "";
	g_autoptr (json_t) value = json_read_strict (text, size, LIMIT, &error);

	if (value == NULL)
		check_refusal (error, size);
	else
		check_value (value, text, size);
	return 0;
}
