#include "base/json.h"

#include <string.h>

#include "base/error.h"

static void
assert_url (const char *bytes, gsize n, const char *text)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *made = base64url_encode (bytes, n);
	g_autoptr (GBytes) back = base64url_decode (text, strlen (text), &error);
	g_assert_no_error (error);
	g_assert_cmpstr (made, ==, text);
	g_assert_cmpmem (g_bytes_get_data (back, NULL), g_bytes_get_size (back), bytes, n);
}

static void
test_base64url (void)
{
	/* RFC 4648 section 10, without padding; and both special characters */
	assert_url ("", 0, "");
	assert_url ("f", 1, "Zg");
	assert_url ("fo", 2, "Zm8");
	assert_url ("foo", 3, "Zm9v");
	assert_url ("foobar", 6, "Zm9vYmFy");
	assert_url ("\xfb\xff\xfe", 3, "-__-");
	assert_url ("\0\0", 2, "AAA");

	static const char *const bad[] = { "Z", "Zm9vY", "Zg==", "Zh", "Zm9", "Zm8=", "+__-", "/w", "Zm 8", "Zm8\n", "Zg\xc3\xa9" };
	for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
		g_autoptr (GError) error = NULL;
		g_autoptr (GBytes) back = base64url_decode (bad[i], strlen (bad[i]), &error);
		if (back != NULL)
			g_error ("accepted %s", bad[i]);
		g_assert_error (error, DIQI_ERROR, DIQI_ERROR_FIELD_VALUE);
	}
	g_assert_null (base64url_decode ("AA\0A", 4, NULL));      /* length rules, not NUL */
}

static void
test_base64 (void)
{
	static const char *const bad[] = { "Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "=", "Zg==Zg==", "Zm9v\n", "Zm9v ", "-__-",
		"Zg==\n", "Z=g=" };
	g_autoptr (GBytes) one = base64_decode_strict ("Zg==", 4, NULL);
	g_assert_cmpmem (g_bytes_get_data (one, NULL), g_bytes_get_size (one), "f", 1);
	g_autoptr (GBytes) none = base64_decode_strict ("", 0, NULL);
	g_assert_cmpuint (g_bytes_get_size (none), ==, 0);
	for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
		g_autoptr (GBytes) back = base64_decode_strict (bad[i], strlen (bad[i]), NULL);
		if (back != NULL)
			g_error ("accepted %s", bad[i]);
	}
}

/* One value has one text: of all texts of four characters around a value only its own decodes. */
static void
test_base64_single_text (void)
{
	guint8 bytes[64];
	for (int round = 0; round < 500; round++) {
		gsize n = (gsize) g_test_rand_int_range (1, sizeof bytes);
		for (gsize i = 0; i < n; i++)
			bytes[i] = (guint8) g_test_rand_int ();
		g_autofree char *text = base64url_encode (bytes, n);
		gsize len = strlen (text);
		for (const char *c = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"; *c != '\0'; c++) {
			char kept = text[len - 1];
			text[len - 1] = *c;
			g_autoptr (GBytes) back = base64url_decode (text, len, NULL);
			gboolean equal = back != NULL && g_bytes_get_size (back) == n && memcmp (g_bytes_get_data (back, NULL), bytes, n) == 0;
			g_assert_cmpint (equal, ==, *c == kept);
			text[len - 1] = kept;
		}
	}
}

static void
test_hex (void)
{
	guint8 out[2];
	g_autofree char *text = hex_encode ("\x00\xa9", 2);
	g_assert_cmpstr (text, ==, "00a9");
	g_assert_true (hex_decode (text, out, 2));
	g_assert_cmpmem (out, 2, "\x00\xa9", 2);
	g_assert_false (hex_decode ("00A9", out, 2));
	g_assert_false (hex_decode ("00a", out, 2));
	g_assert_false (hex_decode ("00a90", out, 2));
	g_assert_false (hex_decode ("00g9", out, 2));
	g_assert_false (hex_decode ("", out, 2));
	g_assert_true (hex_decode ("", out, 0));
}

static void
test_builders (void)
{
	g_autoptr (json_t) value = json_pack ("{so so so so}", "t", json_time (0), "m", json_money ((Money) { 747000000 }), "h",
		json_hex ("\x01\xff", 2), "b", json_base64 ("f", 1));
	g_autofree char *text = jcs_dump (value, NULL, NULL);
	g_assert_cmpstr (text, ==, "{\"b\":\"Zg==\",\"h\":\"01ff\",\"m\":\"747000000\",\"t\":\"1970-01-01T00:00:00.000000Z\"}");
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/encoding/base64url", test_base64url);
	g_test_add_func ("/encoding/base64", test_base64);
	g_test_add_func ("/encoding/single-text", test_base64_single_text);
	g_test_add_func ("/encoding/hex", test_hex);
	g_test_add_func ("/encoding/builders", test_builders);
	return g_test_run ();
}
