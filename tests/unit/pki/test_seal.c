/* Sealing, numbers from a key, and OAEP: opens only as it was closed. */
#include "base/error.h"
#include "pki/diversify.h"
#include "pki/key.h"
#include "pki/oaep.h"
#include "pki/seal.h"

#include <string.h>

static const char text[] = "身份证扫描件";

static GBytes *
with_bit_flipped (GBytes *bytes, gsize i)
{
	gsize n;
	gconstpointer p = g_bytes_get_data (bytes, &n);
	guint8 *copy = g_memdup2 (p, n);

	copy[i] ^= 1;
	return g_bytes_new_take (copy, n);
}

static void
refused (GBytes *opened, GError **error)
{
	g_assert_null (opened);
	g_assert_error (*error, DIQI_ERROR, DIQI_ERROR_FIELD_VALUE);
	g_clear_error (error);
}

static void
test_key (void)
{
	g_autoptr (GError) error = NULL;
	guint8 key[SEAL_KEY_BYTES], other[SEAL_KEY_BYTES];

	seal_new_key (key);
	seal_new_key (other);
	g_autoptr (GBytes) sealed = seal_encrypt (key, "scan 1", text, sizeof text, &error);
	g_autoptr (GBytes) twice = seal_encrypt (key, "scan 1", text, sizeof text, &error);
	g_autoptr (GBytes) opened = seal_decrypt (key, "scan 1", sealed, &error);
	g_assert_no_error (error);
	g_assert_cmpuint (g_bytes_get_size (sealed), ==, sizeof text + SEAL_OVERHEAD);
	g_assert_cmpmem (g_bytes_get_data (opened, NULL), g_bytes_get_size (opened), text, sizeof text);
	g_assert_false (g_bytes_equal (sealed, twice));
	refused (seal_decrypt (other, "scan 1", sealed, &error), &error);
	refused (seal_decrypt (key, "scan 2", sealed, &error), &error);
	refused (seal_decrypt (key, "scan 11", sealed, &error), &error);
	for (gsize i = 0; i < g_bytes_get_size (sealed); i++) {
		g_autoptr (GBytes) changed = with_bit_flipped (sealed, i);
		refused (seal_decrypt (key, "scan 1", changed, &error), &error);
		g_autoptr (GBytes) cut = g_bytes_new_from_bytes (sealed, 0, i);
		refused (seal_decrypt (key, "scan 1", cut, &error), &error);
	}
}

static void
test_empty (void)
{
	g_autoptr (GError) error = NULL;
	guint8 key[SEAL_KEY_BYTES];

	seal_new_key (key);
	g_autoptr (GBytes) sealed = seal_encrypt (key, "", NULL, 0, &error);
	g_autoptr (GBytes) opened = seal_decrypt (key, "", sealed, &error);
	g_assert_no_error (error);
	g_assert_cmpuint (g_bytes_get_size (opened), ==, 0);
}

static void
test_passphrase (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) sealed = seal_lock ("correct horse", 13, "storage", text, sizeof text, &error);
	g_autoptr (GBytes) opened = seal_unlock ("correct horse", 13, "storage", sealed, &error);

	g_assert_no_error (error);
	g_assert_cmpmem (g_bytes_get_data (opened, NULL), g_bytes_get_size (opened), text, sizeof text);
	refused (seal_unlock ("correct horsf", 13, "storage", sealed, &error), &error);
	refused (seal_unlock ("correct horse", 13, "tokens", sealed, &error), &error);
	refused (seal_lock ("", 0, "storage", text, sizeof text, &error), &error);
	const guint8 key[SEAL_KEY_BYTES] = { 0 };
	refused (seal_decrypt (key, "storage", sealed, &error), &error);
	/* Rounds are bounded and authenticated. */
	g_autoptr (GBytes) endless = with_bit_flipped (sealed, 1);
	g_autoptr (GBytes) other = with_bit_flipped (sealed, 4);
	refused (seal_unlock ("correct horse", 13, "storage", endless, &error), &error);
	refused (seal_unlock ("correct horse", 13, "storage", other, &error), &error);
}

/* Figures computed by another program (hmac and hashlib of Python). */
static void
test_digits (void)
{
	guint8 key[DIVERSIFY_KEY_BYTES];
	char out[DIVERSIFY_MAX_DIGITS + 1];

	for (guint i = 0; i < sizeof key; i++)
		key[i] = (guint8) i;
	diversify_digits (key, "token 1", 16, out);
	g_assert_cmpstr (out, ==, "2254820089611544");
	diversify_digits (key, "token 2", 16, out);
	g_assert_cmpstr (out, ==, "0014700760117004");
	diversify_digits (key, "token 1", 6, out);
	g_assert_cmpstr (out, ==, "611544");
	diversify_digits (key, "again 93", 18, out);     /* takes a second round */
	g_assert_cmpstr (out, ==, "790946550667049936");
}

static void
test_oaep (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PrivateKey) key = private_key_generate (KEY_RSA3072, &error);
	g_autoptr (PrivateKey) other = private_key_generate (KEY_RSA3072, &error);
	g_autoptr (PrivateKey) p256 = private_key_generate (KEY_P256, &error);
	g_autoptr (PublicKey) public = private_key_public (key);
	g_autoptr (PublicKey) curve = private_key_public (p256);
	g_autoptr (GBytes) sealed = oaep_encrypt (public, "1234567890123456", 16, &error);
	g_autoptr (GBytes) opened = oaep_decrypt (key, sealed, &error);

	g_assert_no_error (error);
	g_assert_cmpmem (g_bytes_get_data (opened, NULL), g_bytes_get_size (opened), "1234567890123456", 16);
	refused (oaep_decrypt (other, sealed, &error), &error);
	g_autoptr (GBytes) changed = with_bit_flipped (sealed, 100);
	refused (oaep_decrypt (key, changed, &error), &error);
	g_assert_null (oaep_encrypt (curve, "x", 1, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_KEY_ALGORITHM);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	g_test_add_func ("/pki/seal/key", test_key);
	g_test_add_func ("/pki/seal/empty", test_empty);
	g_test_add_func ("/pki/seal/passphrase", test_passphrase);
	g_test_add_func ("/pki/diversify/digits", test_digits);
	g_test_add_func ("/pki/oaep/opens-for-its-key", test_oaep);
	return g_test_run ();
}
