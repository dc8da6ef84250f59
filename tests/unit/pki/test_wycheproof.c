/* Every verdict of Project Wycheproof on the algorithms we use.
 *
 * Of sm4_gcm_test.json none: no message or file of ours is SM4-GCM (SM4 wraps the private key of an SM2EnvelopedKey in ECB, as
 * GM/T 0009 has it, and its integrity is the key pair's), and OpenSSL 3.0 has no SM4-GCM.
 *
 * Judged is the verification code itself: key sizes below policy (RSA-2048) included.
 * One exception of the vectors' own making: "acceptable" (a DigestInfo without NULL, RFC 8017
 * A.2.4 says it is to be written) is refused here. */
#include "base/error.h"
#include "base/json.h"
#include "hierarchy.h"
#include "pki/envelope_private.h"

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
	DiqiErrorCode policy;          /* what a holder with such a key is told */
} suites[] = {
	{ "ecdsa_secp256r1_sha256_test.json", SIGNATURE_DER, 484 },
	{ "ecdsa_secp256r1_sha256_p1363_test.json", SIGNATURE_RAW, 262 },
	{ "ed25519_test.json", SIGNATURE_RAW, 151 },
	{ "rsa_signature_2048_sha256_test.json", SIGNATURE_DER, 259, DIQI_ERROR_KEY_ALGORITHM },
	{ "rsa_signature_3072_sha256_test.json", SIGNATURE_DER, 259 },
};

/* The verification code is judged whatever the size; policy refuses RSA-2048 for its size before any signature is looked at. */
static void
check_policy (const json_t *group, DiqiErrorCode expected)
{
	g_autoptr (GBytes) spki = hex_member (group, "publicKeyDer");
	g_autoptr (PublicKey) key = public_key_from_spki (g_bytes_get_data (spki, NULL), g_bytes_get_size (spki), NULL);
	g_autoptr (GError) error = NULL;
	gboolean strong = public_key_check_strength (key, &error);

	/* The Ed25519 and P-256 groups hold some published keys: those are refused as weak. */
	if (expected != 0)      /* or for its exponent, which some groups have at 3 */
		g_assert_true (g_error_matches (error, DIQI_ERROR, (gint) expected) || g_error_matches (error, DIQI_ERROR, DIQI_ERROR_KEY_WEAK));
	else
		g_assert_true (strong || g_error_matches (error, DIQI_ERROR, DIQI_ERROR_KEY_WEAK));
}

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
	json_array_foreach (json_object_get (root, "testGroups"), i, group)
		check_policy (group, suite->policy);
	g_test_message ("%s: %u verdicts%s", suite->file, count, suite->policy != 0 ? ", and each key refused by policy for its size" : "");
}

/* RFC 3394 as the envelopes use it (256 bits), and with the other sizes through the same code. */
static void
run_wrap (void)
{
	g_autoptr (GBytes) text = read_file ("tests", "vectors", "wycheproof", "aes_wrap_test.json", NULL);
	g_autoptr (json_t) root = json_loadb (g_bytes_get_data (text, NULL), g_bytes_get_size (text), 0, NULL);
	g_assert_nonnull (root);
	guint count = 0;
	json_t *group, *one;
	size_t i, k;

	json_array_foreach (json_object_get (root, "testGroups"), i, group) {
		g_autofree char *name = g_strdup_printf ("AES-%d-WRAP", (int) json_integer_value (json_object_get (group, "keySize")));
		EVP_CIPHER *cipher = EVP_CIPHER_fetch (NULL, name, NULL);
		g_assert_nonnull (cipher);
		json_array_foreach (json_object_get (group, "tests"), k, one) {
			g_autoptr (GBytes) key = hex_member (one, "key"), message = hex_member (one, "msg"), wrapped = hex_member (one, "ct");
			gsize n = 0;
			gsize size = g_bytes_get_size (wrapped);
			g_autofree guint8 *out = g_malloc0 (size + 32);
			gboolean good = cipher_run (cipher, FALSE, FALSE, g_bytes_get_data (key, NULL), NULL, g_bytes_get_data (wrapped, NULL), size, out, &n)
			                && n > 0 && n == g_bytes_get_size (message) && memcmp (out, g_bytes_get_data (message, NULL), n) == 0;
			/* "acceptable": a key of 64 bits, which RFC 3394 does not wrap. */
			gboolean invalid = g_str_equal (json_string_value (json_object_get (one, "result")), "invalid");
			gboolean valid = g_str_equal (json_string_value (json_object_get (one, "result")), "valid");
			if ((good && invalid) || (!good && valid)) {
				g_test_message ("tcId %d (%s): we say %d", (int) json_integer_value (json_object_get (one, "tcId")), json_string_value (json_object_get (one, "comment")), good);
				g_test_fail ();
			}
			count++;
		}
		EVP_CIPHER_free (cipher);
	}
	g_assert_cmpuint (count, ==, 165);
	g_test_message ("aes_wrap_test.json: %u verdicts", count);
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
	g_test_add_func ("/wycheproof/aes_wrap_test.json", run_wrap);
	return g_test_run ();
}
