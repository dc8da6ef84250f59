/* main/cmd_log.c — the evidence log, and verifying a bundle without any server. */
#include <string.h>

#include "base/error.h"
#include "main/cli.h"
#include "main/identity_file.h"
#include "main/remote.h"
#include "market/sale_replay.h"

static gboolean
run_checkpoint (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autoptr (GBytes) note = remote_fetch (remote, "/checkpoint", error);
	if (note == NULL)
		return FALSE;
	cli_print_bytes (note);
	return TRUE;
}

static gboolean
run_proof (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autofree char *path = g_strdup_printf ("/api/v1/log/proof?index=%s", cli_argument (cli, 0));
	return remote_print (cli, remote, path, error);
}

/* --- verifying ---------------------------------------------------------------------------- */

static json_t *
findings (const Bundle *bundle, const SaleReplay *replay, gboolean pinned)
{
	const SaleState *sale = &replay->state;
	gboolean won = sale->result == RESULT_WON;
	g_autofree char *root = fingerprint_hex (certificate_fingerprint (bundle_root (bundle)));
	json_t *out = json_pack ("{s:s, s:s, s:s, s:s, s:s, s:s}", "verdict", "valid", "site", bundle_site (bundle),
		"notice", replay->number, "parcel", replay->parcel, "title", replay->title,
		"result", won ? "won" : "failed");
	if (won) {
		g_autofree char *yuan = money_format_yuan (sale->price), *capitals = money_format_capitals (sale->price);
		json_object_set_new (out, "winner", json_string (replay->winner != NULL ? replay->winner : ""));
		json_object_set_new (out, "bidder_no", json_string (sale->leader));
		json_object_set_new (out, "price_yuan", json_string (yuan));
		json_object_set_new (out, "price_capitals", json_string (capitals));
	}
	json_object_set_new (out, "quotes_accepted", json_integer (replay->quotes_accepted));
	json_object_set_new (out, "quotes_refused", json_integer (replay->quotes_refused));
	json_object_set_new (out, "outages", json_integer (replay->outages));
	json_object_set_new (out, "leaves", json_integer (bundle_leaves (bundle)));
	json_object_set_new (out, "log_size", json_integer ((json_int_t) bundle_checkpoint (bundle)->size));
	json_object_set_new (out, "root_sha256", json_string (root));
	json_object_set_new (out, "root_pinned", json_boolean (pinned));
	return out;
}

/* No server, no database: the file, and the root the citizen trusts. */
static gboolean
run_verify (Cli *cli, GError **error)
{
	const char *root_path = cli_option (cli, "root");
	g_autoptr (Certificate) root = root_path != NULL ? certificate_file_read (root_path, error) : NULL;
	if (root_path != NULL && root == NULL)
		return FALSE;
	g_autoptr (GBytes) bytes = file_read (cli_argument (cli, 0), BUNDLE_MAX_BYTES, error);
	if (bytes == NULL)
		return FALSE;
	g_autoptr (GError) failure = NULL;
	g_autoptr (Bundle) bundle = NULL;
	g_auto (SaleReplay) replay = { 0 };
	if (!bundle_open (bytes, root, &bundle, &failure) || !sale_replay (bundle, &replay, &failure)) {
		g_autofree char *part = bundle_part_name (diqi_error_field (failure), TRUE);
		g_propagate_prefixed_error (error, g_steal_pointer (&failure), "NOT VALID: %s: ", part);
		return FALSE;
	}
	g_autoptr (json_t) out = findings (bundle, &replay, root != NULL);
	cli_print (cli, out);
	if (root == NULL)
		cli_note (cli, "no --root was given: compare root_sha256 with the fingerprint the authority publishes");
	return TRUE;
}

static const CliOption verify_options[] = {
	{ "root", "FILE", "the root certificate you trust, PEM or DER", FALSE },
	{ NULL, NULL, NULL, FALSE },
};

const CliCommand log_commands[] = {
	{ "verify", "BUNDLE", 1, 1, "check a sale's evidence and replay it, offline", verify_options, run_verify },
	{ "log checkpoint", "", 0, 0, "newest signed checkpoint", NULL, run_checkpoint },
	{ "log proof", "INDEX", 1, 1, "that a leaf is in the log", NULL, run_proof },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
