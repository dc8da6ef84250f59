/* fuzz/fuzz_json.c — whatever the strict reader accepts has one canonical form:
 * writing it and reading it back gives the same value and the same bytes, and a
 * text is called canonical exactly when it is those bytes.  What the fast reader of flat objects takes is an object in canonical form. */
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "base/json_flat.h"

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

static void
check_flat (const json_t *value, const char *text, gsize size)
{
	g_autofree char *copy = g_memdup2 (text, size);
	FlatObject flat;
	if (!json_flat_split (copy, size, &flat))
		return;
	g_assert_true (value != NULL && jcs_is_canonical (text, size, value));
	g_assert_true (json_object_size (value) == flat.n);
	for (guint i = 0; i < flat.n; i++) {
		const FlatMember *m = &flat.members[i];
		g_autofree char *name = g_strndup (m->name, m->name_n);
		const json_t *member = json_object_get (value, name);
		if (m->kind == FLAT_STRING)
			g_assert_true (json_string_length (member) == m->n && memcmp (json_string_value (member), m->text, m->n) == 0);
		else if (m->kind == FLAT_INT)
			g_assert_true (json_is_integer (member) && json_integer_value (member) == m->number);
		else
			g_assert_true (json_is_boolean (member) && json_is_true (member) == (m->number != 0));
	}
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
	g_autoptr (GError) error = NULL;
	const char *text = size > 0 ? (const char *) data : "";
	g_autoptr (json_t) value = json_read_strict (text, size, LIMIT, &error);

	if (size > 0 && size <= LIMIT)
		check_flat (value, text, size);
	if (value == NULL)
		check_refusal (error, size);
	else
		check_value (value, text, size);
	return 0;
}
