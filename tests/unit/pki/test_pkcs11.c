/* Keys behind PKCS#11, with SoftHSM2 as the token: made there, signing what OpenSSL verifies, sealing; what is said when the token, the
 * key or the PIN is wrong; a token that goes and comes back. */
#include "base/error.h"
#include "pki/pkcs11.h"

#include <glib/gstdio.h>
#include <string.h>

/* SoftHSM 2.6.1 forgets 24 bytes with every Ed25519 signature and is unloaded before the leaks are listed, so it
 * cannot be named in lsan.supp. */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#define LEAKS_OFF() __lsan_disable ()
#define LEAKS_ON() __lsan_enable ()
#else
#define LEAKS_OFF() (void) 0
#define LEAKS_ON() (void) 0
#endif

#define PIN "7531 2468"

static char *module, *folder;

static const char *
find_module (void)
{
	static const char *const places[] = { "/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so" };
	const char *named = g_getenv ("SOFTHSM2_MODULE");

	for (gsize i = 0; named == NULL && i < G_N_ELEMENTS (places); i++)
		if (g_file_test (places[i], G_FILE_TEST_EXISTS))
			return places[i];
	return named;
}

static void
new_token (const char *label)
{
	const char *const argv[] = { "softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", "12345678", "--pin", PIN, NULL };
	g_autoptr (GError) error = NULL;
	int status;

	g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, NULL, &status, &error);
	g_assert_no_error (error);
	g_assert_cmpint (status, ==, 0);
}

static Pkcs11 *
try_open (const char *label, const char *pin, GError **error)
{
	return pkcs11_open (&(Pkcs11Place) { .module = module, .token = label }, pin, strlen (pin), error);
}

static Pkcs11 *
open_token (void)
{
	g_autoptr (GError) error = NULL;
	Pkcs11 *token = try_open ("diqi", PIN, &error);

	g_assert_no_error (error);
	return token;
}

static void
refused (gboolean done, GError **error, DiqiErrorCode code, const char *words)
{
	g_assert_false (done);
	g_assert_error (*error, DIQI_ERROR, (int) code);
	if (strstr ((*error)->message, words) == NULL)
		g_error ("\"%s\" does not say \"%s\"", (*error)->message, words);
	g_assert_null (strstr ((*error)->message, PIN));
	g_clear_error (error);
}

/* --- key pairs ---------------------------------------------------------------------------- */

static void
sign_and_verify (const PrivateKey *key, SignatureForm form)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PublicKey) public = private_key_public (key);
	g_autoptr (GBytes) signature = private_key_sign (key, form, "土地", 6, &error);

	g_assert_no_error (error);
	gconstpointer p = g_bytes_get_data (signature, NULL);
	g_assert_true (public_key_verify (public, form, "土地", 6, p, g_bytes_get_size (signature)));
	g_assert_false (public_key_verify (public, form, "土", 3, p, g_bytes_get_size (signature)));
}

static void
test_sign (gconstpointer data)
{
	KeyAlgorithm algorithm = (KeyAlgorithm) GPOINTER_TO_INT (data);
	const char *label = key_algorithm_name (algorithm);
	g_autoptr (GError) error = NULL;
	g_autoptr (Pkcs11) token = open_token ();
	g_auto (Pkcs11KeyFacts) made = { 0 }, found = { 0 };

	pkcs11_make_key (token, label, algorithm, &made, &error);
	g_assert_no_error (error);
	g_assert_true (made.sensitive && made.local && !made.extractable);
	g_assert_cmpint (public_key_algorithm (made.public_key), ==, algorithm);
	refused (pkcs11_make_key (token, label, algorithm, &found, &error), &error, DIQI_ERROR_EXISTS, "make key: there is a key of this label already");

	g_autoptr (PrivateKey) key = private_key_load_pkcs11 (token, label, NULL, &error);
	g_assert_no_error (error);
	if (algorithm == KEY_ED25519)
		LEAKS_OFF ();
	sign_and_verify (key, SIGNATURE_DER);
	sign_and_verify (key, SIGNATURE_RAW);
	if (algorithm == KEY_ED25519)
		LEAKS_ON ();
	refused (private_key_encrypt_pem (key, "correct horse", 13, &error) != NULL, &error, DIQI_ERROR_KEY_ALGORITHM, "does not leave its token");
	refused (private_key_plain_pem (key, &error) != NULL, &error, DIQI_ERROR_KEY_ALGORITHM, "does not leave its token");

	/* The key of somebody else's certificate: found at the first signature. */
	g_autoptr (PrivateKey) other = private_key_generate (algorithm, &error);
	g_autoptr (PublicKey) others = private_key_public (other);
	g_autoptr (PrivateKey) wrong = private_key_load_pkcs11 (token, label, others, &error);
	g_assert_no_error (error);
	if (algorithm == KEY_ED25519)
		LEAKS_OFF ();
	refused (private_key_sign (wrong, SIGNATURE_DER, "x", 1, &error) != NULL, &error, DIQI_ERROR_TOKEN, "does not verify");
	if (algorithm == KEY_ED25519)
		LEAKS_ON ();

	pkcs11_delete (token, label, &error);
	g_assert_no_error (error);
	refused (pkcs11_find_key (token, label, &found, &error), &error, DIQI_ERROR_TOKEN, "find key: there is no key of this label");
}

static void
test_sm2 (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (Pkcs11) token = open_token ();
	g_auto (Pkcs11KeyFacts) made = { 0 };
	g_autoptr (PrivateKey) key = private_key_generate (KEY_SM2, &error);
	g_autoptr (PublicKey) public = private_key_public (key);

	refused (pkcs11_make_key (token, "sm2", KEY_SM2, &made, &error), &error, DIQI_ERROR_KEY_ALGORITHM, "keep them in files");
	refused (private_key_elsewhere (public, NULL, NULL, NULL, &error) != NULL, &error, DIQI_ERROR_KEY_ALGORITHM, "keep them in files");
}

/* --- sealing -------------------------------------------------------------------------------- */

static void
test_seal (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (Pkcs11) token = open_token ();
	Pkcs11KeyFacts facts;

	g_assert_true (pkcs11_make_sealing_key (token, "secrets", &error));
	g_assert_true (pkcs11_find_sealing_key (token, "secrets", &facts, &error));
	g_assert_true (facts.sensitive && !facts.extractable);
	refused (pkcs11_make_sealing_key (token, "secrets", &error), &error, DIQI_ERROR_EXISTS, "already");
	g_autoptr (GBytes) sealed = pkcs11_seal (token, "secrets", "storage of x", "0123456789", 10, &error);
	g_assert_no_error (error);
	g_autoptr (GBytes) opened = pkcs11_unseal (token, "secrets", "storage of x", sealed, &error);
	g_assert_no_error (error);
	g_assert_cmpmem (g_bytes_get_data (opened, NULL), g_bytes_get_size (opened), "0123456789", 10);
	refused (pkcs11_unseal (token, "secrets", "storage of y", sealed, &error) != NULL, &error, DIQI_ERROR_TOKEN, "unseal: changed, or sealed by another key");
	g_autofree guint8 *copy = g_memdup2 (g_bytes_get_data (sealed, NULL), g_bytes_get_size (sealed));
	copy[g_bytes_get_size (sealed) - 1] ^= 1;
	g_autoptr (GBytes) changed = g_bytes_new (copy, g_bytes_get_size (sealed));
	refused (pkcs11_unseal (token, "secrets", "storage of x", changed, &error) != NULL, &error, DIQI_ERROR_TOKEN, "unseal");
	refused (pkcs11_unseal (token, "nothing", "storage of x", sealed, &error) != NULL, &error, DIQI_ERROR_TOKEN, "key \"nothing\": find key");
	g_assert_true (pkcs11_delete (token, "secrets", &error));
}

/* --- refusals --------------------------------------------------------------------------------- */

static void
test_open (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (Pkcs11) none = NULL;

	refused ((none = try_open ("diqi", "wrong-pin", &error)) != NULL, &error, DIQI_ERROR_TOKEN_PIN, "login: wrong PIN");
	refused ((none = try_open ("absent", PIN, &error)) != NULL, &error, DIQI_ERROR_TOKEN, "token \"absent\": find token: not in any slot");
	refused ((none = try_open ("twin", PIN, &error)) != NULL, &error, DIQI_ERROR_TOKEN, "several of this label");
	refused ((none = pkcs11_open (&(Pkcs11Place) { .module = "/nonexistent.so", .token = "diqi" }, PIN, strlen (PIN), &error)) != NULL, &error,
	         DIQI_ERROR_TOKEN, "loading the PKCS#11 module");
	refused ((none = try_open ("diqi", "", &error)) != NULL, &error, DIQI_ERROR_FIELD_LENGTH, "PIN");
}

static void
test_facts (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (Pkcs11) token = open_token ();
	Pkcs11Facts facts;

	g_assert_true (pkcs11_facts (token, &facts, &error));
	g_assert_cmpstr (facts.label, ==, "diqi");
	g_assert_cmpint ((int) strlen (facts.serial), >, 0);
	g_assert_true (facts.ecdsa && facts.rsa && facts.aes_gcm && !facts.pin_locked);
	/* By its serial too; a module serves one at a time in a process. */
	pkcs11_free (g_steal_pointer (&token));
	g_autoptr (Pkcs11) same = pkcs11_open (&(Pkcs11Place) { .module = module, .serial = facts.serial }, PIN, strlen (PIN), &error);
	g_assert_no_error (error);
}

/* --- a token that goes and comes back ----------------------------------------------------------- */

static void
test_loss (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (Pkcs11) token = open_token ();
	g_auto (Pkcs11KeyFacts) made = { 0 };
	g_autofree char *here = g_build_filename (folder, "tokens", NULL), *away = g_build_filename (folder, "away", NULL);

	g_assert_true (pkcs11_make_key (token, "loss", KEY_P256, &made, &error));
	g_autoptr (PrivateKey) key = private_key_load_pkcs11 (token, "loss", NULL, &error);
	sign_and_verify (key, SIGNATURE_DER);
	g_assert_cmpint (g_rename (here, away), ==, 0);
	g_assert_cmpint (g_mkdir (here, 0700), ==, 0);
	refused (private_key_sign (key, SIGNATURE_DER, "x", 1, &error) != NULL, &error, DIQI_ERROR_TOKEN, "sign: token \"diqi\": find token");
	refused (private_key_sign (key, SIGNATURE_DER, "x", 1, &error) != NULL, &error, DIQI_ERROR_TOKEN, "find token");
	g_assert_false (pkcs11_is_locked_out (token));
	g_assert_cmpint (g_rmdir (here), ==, 0);
	g_assert_cmpint (g_rename (away, here), ==, 0);
	sign_and_verify (key, SIGNATURE_DER);
	g_assert_true (pkcs11_delete (token, "loss", &error));
}

static void
prepare (void)
{
	g_autoptr (GError) error = NULL;
	folder = g_dir_make_tmp ("diqi-pkcs11-XXXXXX", &error);
	g_autofree char *configuration = g_build_filename (folder, "softhsm2.conf", NULL), *tokens = g_build_filename (folder, "tokens", NULL);
	g_autofree char *text = g_strdup_printf ("directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n", tokens);

	g_assert_cmpint (g_mkdir (tokens, 0700), ==, 0);
	g_assert_true (g_file_set_contents (configuration, text, -1, &error));
	g_setenv ("SOFTHSM2_CONF", configuration, TRUE);
	new_token ("diqi");
	new_token ("twin");
	new_token ("twin");
}

int
main (int argc, char **argv)
{
	g_autofree char *program = g_find_program_in_path ("softhsm2-util");
	static const KeyAlgorithm algorithms[] = { KEY_P256, KEY_P384, KEY_RSA3072, KEY_RSA4096, KEY_ED25519 };

	g_test_init (&argc, &argv, NULL);
	pki_init ();
	if (program == NULL || find_module () == NULL) {
		g_print ("1..0 # SKIP no SoftHSM2\n");
		return 0;
	}
	module = g_strdup (find_module ());
	prepare ();
	for (gsize i = 0; i < G_N_ELEMENTS (algorithms); i++) {
		g_autofree char *path = g_strdup_printf ("/pki/pkcs11/sign/%s", key_algorithm_name (algorithms[i]));
		g_test_add_data_func (path, GINT_TO_POINTER (algorithms[i]), test_sign);
	}
	g_test_add_func ("/pki/pkcs11/sm2", test_sm2);
	g_test_add_func ("/pki/pkcs11/seal", test_seal);
	g_test_add_func ("/pki/pkcs11/open", test_open);
	g_test_add_func ("/pki/pkcs11/facts", test_facts);
	g_test_add_func ("/pki/pkcs11/loss", test_loss);
	int failed = g_test_run ();
	const char *const argv_rm[] = { "rm", "-rf", folder, NULL };
	g_spawn_sync (NULL, (char **) argv_rm, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
	g_free (folder);
	g_free (module);
	return failed;
}
