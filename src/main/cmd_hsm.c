/* main/cmd_hsm.c — tokens that hold a site's keys. */
#include <string.h>

#include "base/config.h"
#include "base/error.h"
#include "main/cli.h"
#include "main/hsm_options.h"
#include "main/shares.h"
#include "signer/token_use.h"

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
	g_autoptr (Secret) passphrase = dir != NULL ? signer_passphrase (cli, dir, error) : NULL;
	g_autoptr (Secret) pin = passphrase != NULL ? cli_secret (cli, "hsm-pin", "hsm-pin", "PIN that the token has now", error) : NULL;
	if (pin == NULL)
		return FALSE;
	const TokenUse in = { dir, passphrase, strlen (passphrase), { .token = token }, pin, strlen (pin) };
	if (!token_store_pin (&in, error))
		return FALSE;
	cli_note (cli, "token \"%s\" took the PIN; the signer uses it from its next start", token);
	return TRUE;
}

static gboolean
run_use (Cli *cli, GError **error)
{
	g_auto (HsmOptions) hsm = { 0 };
	g_autofree char *dir = signer_folder (cli, error);
	g_autoptr (Secret) passphrase = dir != NULL ? signer_passphrase (cli, dir, error) : NULL;
	if (passphrase == NULL || !hsm_options_read (cli, &hsm, error))
		return FALSE;
	const TokenUse in = { dir, passphrase, strlen (passphrase), hsm.token->place, hsm.token->pin, hsm.token->pin_n };
	if (!token_take_into_use (&in, error))
		return FALSE;
	cli_note (cli, "keys that are made from now on are made on token \"%s\"; those that are there stay in their files\n"
	          "  - back up the signer's folder\n  - a new CA there: diqi ceremony", hsm.token->place.token);
	return TRUE;
}

static const CliOption use_options[] = {
	{ "dir", "DIR", "the site; its signer must not run", TRUE },
	{ "passphrase-fd", "N", "read the signer's passphrase from this descriptor", FALSE }, { "passphrase-file", "FILE", "read it from a file", FALSE },
	SHARE_OPTIONS,
	{ "hsm-module", "FILE", "the token's PKCS#11 module, by its whole path", TRUE }, { "hsm-token", "LABEL", "which token", TRUE },
	{ "hsm-serial", "TEXT", "its serial, when several have this label", FALSE },
	{ "hsm-pin-fd", "N", "read the token's PIN from this descriptor", FALSE }, { "hsm-pin-file", "FILE", "read it from a file", FALSE },
	{ NULL, NULL, NULL, FALSE },
};
static const CliOption pin_options[] = {
	{ "dir", "DIR", "the site", TRUE }, { "token", "LABEL", "which token", TRUE },
	{ "passphrase-fd", "N", "read the signer's passphrase from this descriptor", FALSE }, { "passphrase-file", "FILE", "read it from a file", FALSE },
	SHARE_OPTIONS,
	{ "hsm-pin-fd", "N", "read the PIN from this descriptor", FALSE }, { "hsm-pin-file", "FILE", "read it from a file", FALSE },
	{ NULL, NULL, NULL, FALSE },
};

const CliCommand hsm_commands[] = {
	{ "hsm pin", "", 0, 0, "store the PIN of a token that holds a site's keys, after it was changed there", pin_options, run_pin },
	{ "hsm use", "", 0, 0, "make a site's further keys on a token", use_options, run_use },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
