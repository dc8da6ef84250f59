/* main/shares.c — see shares.h. */
#include "main/shares.h"

#include <string.h>

#include "base/error.h"
#include "pki/key.h"
#include "signer/activation.h"

static char *
share_passphrase (const char *share, const char *file, GError **error)
{
	g_autofree char *prompt = g_strdup_printf ("Passphrase of the share %s", share);
	return file != NULL ? secret_read_file (file, error) : secret_ask (prompt, "--share-passphrases FILES", error);
}

static char *
join (const char *signer_dir, const ActivationShare *shares, gsize shares_n, GError **error)
{
	gsize n = 0;
	char *joined = activation_join (signer_dir, shares, shares_n, &n, error);
	char *out = joined != NULL ? g_strndup (joined, n) : NULL;
	pki_secret_free (joined, n + 1);
	return out;
}

static char *
passphrase_of_shares (const char *signer_dir, const char *list, const char *passphrases, GError **error)
{
	g_auto (GStrv) files = g_strsplit (list, ",", -1);
	g_auto (GStrv) secrets = passphrases != NULL ? g_strsplit (passphrases, ",", -1) : NULL;
	guint n = g_strv_length (files);
	ActivationShare shares[ACTIVATION_MAX] = { 0 };
	if (n > ACTIVATION_MAX || (secrets != NULL && g_strv_length (secrets) != n)) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, NULL, "--shares names at most %d files, and --share-passphrases one for each", ACTIVATION_MAX);
		return NULL;
	}
	gboolean well = TRUE;
	for (guint i = 0; well && i < n; i++) {
		shares[i].file = files[i];
		well = (shares[i].passphrase = share_passphrase (files[i], secrets != NULL ? secrets[i] : NULL, error)) != NULL;
	}
	char *out = well ? join (signer_dir, shares, n, error) : NULL;
	for (guint i = 0; i < n; i++)
		secret_free ((char *) shares[i].passphrase);
	return out;
}

char *
signer_passphrase (const Cli *cli, const char *signer_dir, GError **error)
{
	const char *shares = cli_option (cli, "shares");
	if (shares != NULL)
		return passphrase_of_shares (signer_dir, shares, cli_option (cli, "share-passphrases"), error);
	return cli_secret (cli, "passphrase", "signer-passphrase", "Passphrase of the signer's keys", error);
}
