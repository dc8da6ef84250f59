/* main/cmd_certificate.c — status and revocation of certificates; finding subjects. */
#include <string.h>

#include "base/error.h"
#include "main/cli.h"
#include "main/identity_file.h"
#include "main/remote.h"
#include "pki/der.h"
#include "pki/identity_number.h"
#include "signer/profile.h"

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
	if (cli_option (cli, "cause") != NULL)
		json_object_set_new (members, "cause", json_string (cli_option (cli, "cause")));
	if (cli_option (cli, "note") != NULL)
		json_object_set_new (members, "note", json_string (cli_option (cli, "note")));
	g_autofree char *path = g_strdup_printf ("/api/v1/certificates/%s/revoke", serial);
	return remote_act_and_print (cli, remote, path, "certificate.revoke", members, error);
}

/* --- many at once -------------------------------------------------------------------------- */

/* One serial number a line; what is signed is the hash of exactly these lines. */
static json_t *
read_serials (const char *path, Fingerprint *hash, GError **error)
{
	g_autofree char *text = NULL;
	g_autoptr (GError) local = NULL;
	if (!g_file_get_contents (path, &text, NULL, &local)) {
		diqi_error_set (error, DIQI_ERROR_CONFIG, NULL, "%s", local->message);
		return NULL;
	}
	/* A line ends with LF, or CR LF. */
	g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
	g_autoptr (GString) list = g_string_new (NULL);
	g_autoptr (json_t) serials = json_array ();
	for (gsize i = 0; lines[i] != NULL; i++) {
		Serial serial;
		if (*g_strstrip (lines[i]) == '\0')
			continue;
		g_autofree char *lower = g_ascii_strdown (lines[i], -1);
		if (!serial_from_hex (lower, &serial)) {
			diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, NULL, "%s: line %zu is not the number of a certificate, 40 hex digits", path, i + 1);
			return NULL;
		}
		json_array_append_new (serials, json_string (lower));
		g_string_append_printf (list, "%s\n", lower);
	}
	if (json_array_size (serials) == 0) {
		diqi_error_set (error, DIQI_ERROR_FIELD_MISSING, NULL, "%s names no certificate", path);
		return NULL;
	}
	fingerprint_of (list->str, list->len, hash);
	return g_steal_pointer (&serials);
}

static gboolean
run_revoke_many_sign (Cli *cli, GError **error)
{
	Fingerprint hash;
	g_autoptr (json_t) serials = read_serials (cli_argument (cli, 0), &hash, error);
	g_autoptr (Remote) remote = serials != NULL ? remote_open_logged_in (cli, error) : NULL;
	if (remote == NULL)
		return FALSE;
	cli_note (cli, "revoking %zu certificates", json_array_size (serials));
	json_t *members = json_pack ("{s:o, s:I, s:s, s:s}", "list", json_hex (hash.b, sizeof hash.b), "count", (json_int_t) json_array_size (serials),
	                             "reason", cli_option (cli, "reason"), "cause", cli_option (cli, "cause"));
	g_autofree char *statement = remote_statement (remote, "certificate.revoke_many", members, NULL, error);
	return statement != NULL && file_write_new (cli_argument (cli, 1), statement, strlen (statement), 0644, error);
}

static gboolean
read_signed (const char *path, char **out, GError **error)
{
	g_autoptr (GError) local = NULL;
	if (!g_file_get_contents (path, out, NULL, &local))
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "%s", local->message);
	g_strstrip (*out);
	return TRUE;
}

static gboolean
run_revoke_many (Cli *cli, GError **error)
{
	Fingerprint hash;
	g_autofree char *first = NULL, *second = NULL;
	g_autoptr (json_t) serials = read_serials (cli_argument (cli, 0), &hash, error);
	if (serials == NULL || !read_signed (cli_argument (cli, 1), &first, error) || !read_signed (cli_argument (cli, 2), &second, error))
		return FALSE;
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	if (remote == NULL)
		return FALSE;
	json_t *body = json_pack ("{s:O, s:[s, s]}", "serials", serials, "statements", first, second);
	g_autoptr (json_t) view = remote_call (remote, "POST", "/api/v1/revocations", body, error);
	cli_print (cli, view);
	return view != NULL;
}

static gboolean
run_revoke_many_show (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autofree char *path = g_strdup_printf ("/api/v1/revocations/%s", cli_argument (cli, 0));
	return remote_print (cli, remote, path, error);
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
	const char *uscc_oid = cli_option (cli, "uscc-oid");
	g_autoptr (GByteArray) encoded = g_byte_array_new ();
	if (uscc_oid != NULL && !der_put_oid_text (encoded, uscc_oid))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, NULL, "--uscc-oid takes an object identifier in dots, like 1.2.156.10260.4.1.4, not \"%s\"", uscc_oid);
	g_autoptr (Certificate) c = certificate_file_read (cli_argument (cli, 0), error);
	if (c == NULL)
		return FALSE;
	const PublicKey *key = certificate_public_key (c);
	g_autofree char *subject = certificate_subject_text (c), *issuer = certificate_issuer_text (c), *policy = certificate_policy (c), *serial = serial_hex (certificate_serial (c));
	g_autofree char *fingerprint = fingerprint_hex (certificate_fingerprint (c)), *spki = fingerprint_hex (public_key_fingerprint (key));
	g_autoptr (json_t) shown = json_pack ("{s:s, s:s, s:s, s:o, s:o, s:s, s:i, s:s, s:s, s:b, s:o, s:o, s:s*}", "subject", subject, "issuer", issuer, "serial", serial,
		"not_before", json_time (certificate_not_before (c)), "not_after", json_time (certificate_not_after (c)),
		"algorithm", key_algorithm_name (public_key_algorithm (key)), "bits", (int) public_key_bits (key), "fingerprint", fingerprint, "spki", spki,
		"ca", certificate_is_ca (c), "key_usage", key_usage_words (certificate_key_usage (c)),
		"extended_key_usage", extended_key_usage_words (certificate_extended_key_usage (c)), "policy", policy);
	json_t *numbers = identity_numbers (c, uscc_oid);
	if (json_object_size (numbers) > 0 || cli_wants_json (cli))
		json_object_set (shown, "identity", numbers);
	json_decref (numbers);
	cli_print (cli, shown);
	return TRUE;
}

static const CliOption show_options[] = {
	{ "uscc-oid", "OID", "one more extension to look for the credit code in, where authorities differ", FALSE },
	{ NULL, NULL, NULL, FALSE },
};

#define CAUSES "of the contract: key_replaced, false_registration, unpaid, law, stolen_or_forged, duties_unmet, other"
static const CliOption revoke_options[] = {
	{ "reason", "NAME", "of RFC 5280: keyCompromise, affiliationChanged, superseded, cessationOfOperation (default), privilegeWithdrawn", FALSE },
	{ "cause", "NAME", CAUSES, FALSE },
	{ "note", "TEXT", "why", FALSE },
	{ NULL, NULL, NULL, FALSE },
};
static const CliOption many_options[] = {
	{ "reason", "NAME", "of RFC 5280: keyCompromise, superseded, cessationOfOperation, privilegeWithdrawn", TRUE },
	{ "cause", "NAME", CAUSES, TRUE },
	{ NULL, NULL, NULL, FALSE },
};

const CliCommand certificate_commands[] = {
	{ "certificate show", "FILE", 1, 1, "what a certificate (PEM or DER) says, with the identity numbers of GB/T 20518", show_options, run_show },
	{ "certificate status", "SERIAL", 1, 1, "public status of a certificate", NULL, run_status },
	{ "certificate revoke", "SERIAL", 1, 1, "holder or officer: revoke (注销)", revoke_options, run_revoke },
	{ "certificate revoke-many-sign", "FILE STATEMENT", 2, 2, "reviewer or issuer: sign for revoking all of a list (one serial a line)", many_options, run_revoke_many_sign },
	{ "certificate revoke-many", "FILE FIRST SECOND", 3, 3, "revoke all of a list, signed by a reviewer and an issuer", NULL, run_revoke_many },
	{ "certificate revoke-many-show", "BATCH", 1, 1, "how far it is", NULL, run_revoke_many_show },
	{ "subject find", "TEXT", 1, 1, "holders by name or credit code, for officers", NULL, run_find },
	{ "whoami", "", 0, 0, "log in with --as and show the session", NULL, run_whoami },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
