/* main/cmd_certificate.c — status and revocation of certificates; finding subjects. */
#include <string.h>

#include "base/error.h"
#include "main/cli.h"
#include "main/remote.h"
#include "pki/identity_number.h"

static gboolean
run_status (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autofree char *path = g_strdup_printf ("/api/v1/certificates/%s", cli_argument (cli, 0));
	return remote_print (cli, remote, path, error);
}

static gboolean
run_revoke (Cli *cli, GError **error)
{
	const char *serial = cli_argument (cli, 0), *reason = cli_option (cli, "reason");
	g_autoptr (Remote) remote = remote_open (cli, error);
	if (remote == NULL)
		return FALSE;
	json_t *members = json_pack ("{s:s, s:s}", "serial", serial, "reason", reason != NULL ? reason : "cessationOfOperation");
	if (cli_option (cli, "note") != NULL)
		json_object_set_new (members, "note", json_string (cli_option (cli, "note")));
	g_autofree char *path = g_strdup_printf ("/api/v1/certificates/%s/revoke", serial);
	return remote_act_and_print (cli, remote, path, "certificate.revoke", members, error);
}

static gboolean
run_find (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autofree char *query = g_uri_escape_string (cli_argument (cli, 0), NULL, FALSE);
	g_autofree char *path = g_strdup_printf ("/api/v1/subjects?query=%s", query);
	return remote_print (cli, remote, path, error);
}

static gboolean
run_whoami (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	return remote != NULL && remote_print (cli, remote, "/api/v1/session", error);
}

/* --- a file ---------------------------------------------------------------------------------- */

static Certificate *
read_certificate (const char *path, GError **error)
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

static json_t *
identity_numbers (const Certificate *c, const char *uscc_oid)
{
	json_t *numbers = json_object ();
	for (IdentityNumber which = 0; which < IDENTITY_N_NUMBERS; which++) {
		g_autofree char *value = certificate_identity_number (c, which, uscc_oid);
		if (value != NULL)
			json_object_set_new (numbers, identity_number_name (which), json_string (value));
	}
	return numbers;
}

static gboolean
run_show (Cli *cli, GError **error)
{
	g_autoptr (Certificate) c = read_certificate (cli_argument (cli, 0), error);
	if (c == NULL)
		return FALSE;
	const PublicKey *key = certificate_public_key (c);
	g_autofree char *subject = certificate_subject_text (c), *serial = serial_hex (certificate_serial (c));
	g_autofree char *fingerprint = fingerprint_hex (certificate_fingerprint (c)), *spki = fingerprint_hex (public_key_fingerprint (key));
	g_autoptr (json_t) shown = json_pack ("{s:s, s:s, s:o, s:o, s:s, s:i, s:s, s:s, s:b, s:o}", "subject", subject, "serial", serial,
		"not_before", json_time (certificate_not_before (c)), "not_after", json_time (certificate_not_after (c)),
		"algorithm", key_algorithm_name (public_key_algorithm (key)), "bits", (int) public_key_bits (key), "fingerprint", fingerprint, "spki", spki,
		"ca", certificate_is_ca (c), "identity", identity_numbers (c, cli_option (cli, "uscc-oid")));
	cli_print (cli, shown);
	return TRUE;
}

static const CliOption show_options[] = {
	{ "uscc-oid", "OID", "one more extension to look for the credit code in, where authorities differ", FALSE },
	{ NULL, NULL, NULL, FALSE },
};

static const CliOption revoke_options[] = {
	{ "reason", "NAME", "of RFC 5280: keyCompromise, affiliationChanged, superseded, cessationOfOperation (default), privilegeWithdrawn", FALSE },
	{ "note", "TEXT", "why", FALSE },
	{ NULL, NULL, NULL, FALSE },
};

const CliCommand certificate_commands[] = {
	{ "certificate show", "FILE", 1, 1, "what a certificate (PEM or DER) says, with the identity numbers of GB/T 20518", show_options, run_show },
	{ "certificate status", "SERIAL", 1, 1, "public status of a certificate", NULL, run_status },
	{ "certificate revoke", "SERIAL", 1, 1, "holder or officer: revoke (注销)", revoke_options, run_revoke },
	{ "subject find", "TEXT", 1, 1, "holders by name or credit code, for officers", NULL, run_find },
	{ "whoami", "", 0, 0, "log in with --as and show the session", NULL, run_whoami },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
