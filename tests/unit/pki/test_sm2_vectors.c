/* SM2 by the standard's own example, and our negative set (tests/vectors/sm2), every verdict. */
#include <string.h>

#include "base/json.h"
#include "hierarchy.h"

static GBytes *
hex_bytes (const char *hex)
{
	gsize n = strlen (hex) / 2;
	g_autofree guint8 *out = g_malloc (n + 1);

	g_assert_true (hex_decode (hex, out, n));
	return g_bytes_new (out, n);
}

static const char *
text (const json_t *object, const char *member)
{
	const char *value = json_string_value (json_object_get (object, member));
	g_assert_nonnull (value);
	return value;
}

static PublicKey *
read_key (const char *hex, GError **error)
{
	g_autoptr (GBytes) der = hex_bytes (hex);

	return public_key_from_spki (g_bytes_get_data (der, NULL), g_bytes_get_size (der), error);
}

static gboolean
verifies (const PublicKey *key, const json_t *test, SignatureForm form)
{
	g_autoptr (GBytes) message = hex_bytes (text (test, "msg")), signature = hex_bytes (text (test, "sig"));

	return public_key_verify (key, form, g_bytes_get_data (message, NULL), g_bytes_get_size (message),
	                          g_bytes_get_data (signature, NULL), g_bytes_get_size (signature));
}

/* GB/T 32918.5-2017 annex A.2: the recommended curve, ID 1234567812345678, "message digest". */
static void
test_standard (gconstpointer data)
{
	const json_t *standard = json_object_get (data, "standard");
	g_autoptr (GError) error = NULL;
	g_autoptr (PublicKey) key = read_key (text (standard, "spki"), &error);

	g_assert_no_error (error);
	g_assert_cmpint (public_key_algorithm (key), ==, KEY_SM2);
	g_assert_cmpstr (text (standard, "spki"), ==, "3059301306072a8648ce3d020106082a811ccf5501822d034200"
		"0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13");
	g_assert_true (verifies (key, standard, SIGNATURE_RAW));
}

static void
test_signatures (gconstpointer data)
{
	g_autoptr (PublicKey) key = read_key (text (data, "spki"), NULL);
	guint valid = 0, invalid = 0;
	size_t i;
	json_t *one;

	json_array_foreach (json_object_get (data, "signatures"), i, one) {
		gboolean wanted = g_str_equal (text (one, "result"), "valid");
		gboolean good = verifies (key, one, g_str_equal (text (one, "form"), "raw") ? SIGNATURE_RAW : SIGNATURE_DER);
		if (good != wanted) {
			g_test_message ("signature %d (%s): we say %d", (int) json_integer_value (json_object_get (one, "tcId")), text (one, "comment"), good);
			g_test_fail ();
		}
		*(wanted ? &valid : &invalid) += 1;
	}
	g_test_message ("SM2 signatures: %u right ones accepted, %u wrong ones refused", valid, invalid);
	g_assert_cmpuint (valid, >=, 16);
	g_assert_cmpuint (invalid, >=, 100);
}

static void
test_keys (gconstpointer data)
{
	guint refused = 0;
	size_t i;
	json_t *one;

	json_array_foreach (json_object_get (data, "keys"), i, one) {
		g_autoptr (PublicKey) key = read_key (text (one, "spki"), NULL);
		gboolean wanted = g_str_equal (text (one, "result"), "valid");
		if ((key != NULL) != wanted) {
			g_test_message ("key %d (%s): we say %d", (int) json_integer_value (json_object_get (one, "kcId")), text (one, "comment"), key != NULL);
			g_test_fail ();
		}
		refused += !wanted;
	}
	g_test_message ("SM2 keys: %u wrong ones refused", refused);
	g_assert_cmpuint (refused, >=, 28);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	g_autoptr (GBytes) file = read_file ("tests", "vectors", "sm2", "negative.json", NULL);
	g_autoptr (json_t) vectors = json_loadb (g_bytes_get_data (file, NULL), g_bytes_get_size (file), 0, NULL);
	g_assert_nonnull (vectors);
	g_test_add_data_func ("/sm2/standard", vectors, test_standard);
	g_test_add_data_func ("/sm2/P-17-negative-signatures", vectors, test_signatures);
	g_test_add_data_func ("/sm2/P-17-negative-keys", vectors, test_keys);
	return g_test_run ();
}
