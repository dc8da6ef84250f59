/* Every verdict of Project Wycheproof on the algorithms we verify.
 *
 * Judged is the verification code itself: key sizes below policy (RSA-2048) included.
 * One exception of the vectors' own making: "acceptable" (a DigestInfo without NULL, RFC 8017
 * A.2.4 says it is to be written) is refused here. */
#include "base/error.h"
#include "base/json.h"
#include "hierarchy.h"

#include <string.h>

static GBytes *
hex_member (const json_t *object, const char *name)
{
	const char *hex = json_string_value (json_object_get (object, name));
	g_assert_nonnull (hex);
	gsize n = strlen (hex) / 2;
	g_autofree guint8 *out = g_malloc (n + 1);

	g_assert_true (hex_decode (hex, out, n));
	return g_bytes_new (out, n);
}

static void
run_group (const json_t *group, SignatureForm form, guint *count)
{
	g_autoptr (GBytes) spki = hex_member (group, "publicKeyDer");
	g_autoptr (GError) error = NULL;
	g_autoptr (PublicKey) key = public_key_from_spki (g_bytes_get_data (spki, NULL), g_bytes_get_size (spki), &error);
	g_assert_no_error (error);
	json_t *one;
	size_t i;

	json_array_foreach (json_object_get (group, "tests"), i, one) {
		g_autoptr (GBytes) message = hex_member (one, "msg"), signature = hex_member (one, "sig");
		const char *result = json_string_value (json_object_get (one, "result"));
		gboolean good = public_key_verify (key, form, g_bytes_get_data (message, NULL), g_bytes_get_size (message),
		                                   g_bytes_get_data (signature, NULL), g_bytes_get_size (signature));
		if (good != g_str_equal (result, "valid")) {
			g_test_message ("tcId %d (%s): we say %d, vector says %s", (int) json_integer_value (json_object_get (one, "tcId")),
			                json_string_value (json_object_get (one, "comment")), good, result);
			g_test_fail ();
		}
		(*count)++;
	}
}

static const struct suite {
	const char *file;
	SignatureForm form;
	guint tests;
} suites[] = {
	{ "ecdsa_secp256r1_sha256_test.json", SIGNATURE_DER, 484 },
	{ "ecdsa_secp256r1_sha256_p1363_test.json", SIGNATURE_RAW, 262 },
	{ "ed25519_test.json", SIGNATURE_RAW, 151 },
	{ "rsa_signature_2048_sha256_test.json", SIGNATURE_DER, 259 },
	{ "rsa_signature_3072_sha256_test.json", SIGNATURE_DER, 259 },
};

static void
run_suite (gconstpointer data)
{
	const struct suite *suite = data;
	g_autoptr (GBytes) text = read_file ("tests", "vectors", "wycheproof", suite->file, NULL);
	g_autoptr (json_t) root = json_loadb (g_bytes_get_data (text, NULL), g_bytes_get_size (text), 0, NULL);
	g_assert_nonnull (root);
	guint count = 0;
	json_t *group;
	size_t i;

	json_array_foreach (json_object_get (root, "testGroups"), i, group)
		run_group (group, suite->form, &count);
	g_assert_cmpuint (count, ==, suite->tests);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	for (guint i = 0; i < G_N_ELEMENTS (suites); i++) {
		g_autofree char *path = g_strconcat ("/wycheproof/", suites[i].file, NULL);
		g_test_add_data_func (path, &suites[i], run_suite);
	}
	return g_test_run ();
}
