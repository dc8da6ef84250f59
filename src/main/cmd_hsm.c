/* main/cmd_hsm.c — tokens that hold a site's keys. */
#include <string.h>

#include "base/config.h"
#include "base/error.h"
#include "main/cli.h"
#include "signer/token_pin.h"

static char *
signer_folder (const Cli *cli, GError **error)
{
	g_autofree char *path = g_build_filename (cli_option (cli, "dir"), "diqi.conf", NULL);
	g_autoptr (Config) config = config_load (path, error);
	return config != NULL ? config_path (config, "signer", "dir") : NULL;
}

/* The signer reads the PIN at its next start; a running one keeps its session. */
static gboolean
run_pin (Cli *cli, GError **error)
{
	const char *token = cli_option (cli, "token");
	g_autofree char *dir = signer_folder (cli, error);
	g_autoptr (Secret) passphrase = dir != NULL ? cli_secret (cli, "passphrase", "signer-passphrase", "Passphrase of the signer's keys", error) : NULL;
	g_autoptr (Secret) pin = passphrase != NULL ? cli_secret (cli, "hsm-pin", "hsm-pin", "PIN that the token has now", error) : NULL;
	if (pin == NULL)
		return FALSE;
	const TokenPin in = { dir, passphrase, strlen (passphrase), token, pin, strlen (pin) };
	if (!token_pin_store (&in, error))
		return FALSE;
	cli_note (cli, "token \"%s\" took the PIN; the signer uses it from its next start", token);
	return TRUE;
}

static const CliOption pin_options[] = {
	{ "dir", "DIR", "the site", TRUE }, { "token", "LABEL", "which token", TRUE },
	{ "passphrase-fd", "N", "read the signer's passphrase from this descriptor", FALSE }, { "passphrase-file", "FILE", "read it from a file", FALSE },
	{ "hsm-pin-fd", "N", "read the PIN from this descriptor", FALSE }, { "hsm-pin-file", "FILE", "read it from a file", FALSE },
	{ NULL, NULL, NULL, FALSE },
};

const CliCommand hsm_commands[] = {
	{ "hsm pin", "", 0, 0, "store the PIN of a token that holds a site's keys, after it was changed there", pin_options, run_pin },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
