/* main/hsm_options.c — see hsm_options.h. */
#include "main/hsm_options.h"

#include <string.h>

#include "base/error.h"

void
hsm_options_clear (HsmOptions *options)
{
	g_clear_pointer (&options->token, g_free);
	g_clear_pointer (&options->root_token, g_free);
	g_clear_pointer (&options->pin, secret_free);
	g_clear_pointer (&options->root_pin, secret_free);
}

static SignerCreateToken *
token_new (const char *module, const char *label, const char *serial, const char *pin)
{
	SignerCreateToken *token = g_new0 (SignerCreateToken, 1);
	*token = (SignerCreateToken) { { module, label, serial, TRUE }, pin, strlen (pin) };
	return token;
}

static gboolean
check_module (const char *module, const char *option, GError **error)
{
	if (module == NULL)
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, NULL, "%s is missing: the file of the token's PKCS#11 module", option);
	return g_path_is_absolute (module)
		|| diqi_fail (error, DIQI_ERROR_FIELD_VALUE, NULL, "%s needs the whole path, not \"%s\": the signer loads it at every start", option, module);
}

static gboolean
names_pin (const Cli *cli, const char *option)
{
	g_autofree char *file = g_strconcat (option, "-file", NULL), *fd = g_strconcat (option, "-fd", NULL);
	return cli_option (cli, file) != NULL || cli_option (cli, fd) != NULL;
}

static gboolean
read_signers (const Cli *cli, HsmOptions *out, GError **error)
{
	const char *module = cli_option (cli, "hsm-module"), *label = cli_option (cli, "hsm-token");
	/* Without a token the keys would be made in files: nobody who names a PIN or a serial means that. */
	if (module == NULL && label == NULL && cli_option (cli, "hsm-serial") == NULL && !names_pin (cli, "hsm-pin"))
		return TRUE;
	if (label == NULL)
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, NULL, "--hsm-token is missing: the label of the token");
	if (!check_module (module, "--hsm-module", error)
	    || (out->pin = cli_secret (cli, "hsm-pin", "hsm-pin", "PIN of the token of the signer's keys", error)) == NULL)
		return FALSE;
	out->token = token_new (module, label, cli_option (cli, "hsm-serial"), out->pin);
	return TRUE;
}

static gboolean
read_roots (const Cli *cli, HsmOptions *out, GError **error)
{
	const char *module = cli_option (cli, "root-hsm-module"), *label = cli_option (cli, "root-hsm-token");
	if (label == NULL)
		return (module == NULL && !names_pin (cli, "root-hsm-pin")) || diqi_fail (error, DIQI_ERROR_FIELD_MISSING, NULL, "--root-hsm-token is missing: the label of the root's token");
	if (module == NULL)
		module = cli_option (cli, "hsm-module");
	if (!check_module (module, "--root-hsm-module", error)
	    || (out->root_pin = cli_secret (cli, "root-hsm-pin", "root-hsm-pin", "PIN of the root's token", error)) == NULL)
		return FALSE;
	out->root_token = token_new (module, label, NULL, out->root_pin);
	return TRUE;
}

gboolean
hsm_options_read (const Cli *cli, HsmOptions *out, GError **error)
{
	return read_signers (cli, out, error) && read_roots (cli, out, error);
}
