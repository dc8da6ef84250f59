/* main/cmd_key.c — key pairs on the applicant's side: the server never sees a private key. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "main/cli.h"
#include "main/identity_file.h"
#include "pki/certificate.h"

#define PIN_LEAST 6

PrivateKey *
key_file_load (const Cli *cli, const char *path, GError **error)
{
	g_autoptr (GBytes) pem = file_read (path, 1 << 16, error);
	if (pem == NULL)
		return NULL;
	g_autoptr (Secret) pin = key_file_pin (cli, path, error);
	if (pin == NULL)
		return NULL;
	PrivateKey *key = private_key_load_pem (pem, pin, strlen (pin), error);
	if (key == NULL)
		g_prefix_error (error, "%s: ", path);
	return key;
}

char *
key_file_pin (const Cli *cli, const char *path, GError **error)
{
	if (cli_option (cli, "pin-file") != NULL)
		return secret_read_file (cli_option (cli, "pin-file"), error);
	g_autofree char *prompt = g_strdup_printf ("PIN of %s", path);
	return secret_ask (prompt, "--pin-file FILE", error);
}

char *
key_file_new_pin (const Cli *cli, const char *path, GError **error)
{
	const char *file = cli_option (cli, "pin-file");
	g_autofree char *prompt = g_strdup_printf ("新 PIN / new PIN for %s", path);
	g_autoptr (Secret) pin = file != NULL ? secret_read_file (file, error) : secret_ask_new (prompt, "--pin-file FILE", error);
	if (pin == NULL)
		return NULL;
	if (strlen (pin) < PIN_LEAST) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, NULL, "the PIN must have at least %d characters", PIN_LEAST);
		return NULL;
	}
	return g_steal_pointer (&pin);
}

gboolean
file_is_free (const char *path, GError **error)
{
	if (g_file_test (path, G_FILE_TEST_EXISTS))
		return diqi_fail (error, DIQI_ERROR_EXISTS, NULL, "%s exists already; it is not overwritten", path);
	g_autofree char *folder = g_path_get_dirname (path);
	return access (folder, W_OK | X_OK) == 0 || diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "cannot make %s: %s", path, g_strerror (errno));
}

Certificate *
certificate_file_read (const char *path, GError **error)
{
	g_autoptr (GBytes) bytes = file_read (path, 2 * CERTIFICATE_MAX_DER, error);
	if (bytes == NULL)
		return NULL;
	gsize n;
	const char *p = g_bytes_get_data (bytes, &n);
	Certificate *c = n > 0 && p[0] == 0x30 ? certificate_parse (p, n, error) : certificate_parse_pem (p, n, error);
	if (c == NULL)
		g_prefix_error (error, "%s: ", path);
	return c;
}

gboolean
p12_file_write (const char *path, const PrivateKey *key, const Certificate *certificate, Certificate *issuing, const char *pin, GError **error)
{
	g_autofree char *name = certificate_subject_attribute (certificate, NAME_COMMON_NAME);
	g_autoptr (GBytes) p12 = pkcs12_build (key, certificate, &issuing, issuing != NULL ? 1 : 0, name, pin, error);
	return p12 != NULL && file_write_new (path, g_bytes_get_data (p12, NULL), g_bytes_get_size (p12), 0600, error);
}

static gboolean
run_key_new (Cli *cli, GError **error)
{
	const char *name = cli_argument (cli, 0);
	const char *algorithm_name = cli_option (cli, "algorithm");
	KeyAlgorithm algorithm = KEY_P256;
	if (algorithm_name != NULL && !key_algorithm_choose (algorithm_name, NULL, &algorithm, error))
		return FALSE;
	g_autofree char *key_path = g_strconcat (name, ".key", NULL);
	g_autofree char *csr_path = g_strconcat (name, ".csr", NULL);
	/* Both or none: a key without its request could not be handed in. */
	if (!file_is_free (key_path, error) || !file_is_free (csr_path, error))
		return FALSE;
	g_autoptr (Secret) pin = key_file_new_pin (cli, key_path, error);
	if (pin == NULL)
		return FALSE;

	g_autoptr (PrivateKey) key = private_key_generate (algorithm, error);
	if (key == NULL)
		return FALSE;
	g_autoptr (GBytes) pem = private_key_encrypt_pem (key, pin, strlen (pin), error);
	if (pem == NULL)
		return FALSE;
	g_autofree char *base = g_path_get_basename (name);
	g_autoptr (GBytes) csr = csr_build (key, base, error);
	if (csr == NULL)
		return FALSE;
	if (!file_write_new (key_path, g_bytes_get_data (pem, NULL), g_bytes_get_size (pem), 0600, error) ||
	    !file_write_new (csr_path, g_bytes_get_data (csr, NULL), g_bytes_get_size (csr), 0644, error))
		return FALSE;
	cli_note (cli, "made %s (keep it secret) and %s (goes with the application)", key_path, csr_path);
	return TRUE;
}

static const CliOption key_new_options[] = {
	{ "algorithm", "NAME", KEY_ALGORITHM_CHOICE " (default p256)", FALSE },
	{ NULL, NULL, NULL, FALSE },
};

const CliCommand key_commands[] = {
	{ "key new", "NAME", 1, 1, "make a key pair here: NAME.key (encrypted) and NAME.csr (DER)", key_new_options, run_key_new },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
