/* main/cmd_transcript.c — what ceremonies left behind: the list in the public record, transcripts, and checking one without any server. */
#include <string.h>

#include "base/error.h"
#include "evidence/bundle.h"
#include "main/cli.h"
#include "main/remote.h"
#include "signer/ceremony_log.h"
#include "signer/transcript.h"

#define FILE_MAX (1 << 20)

/* --- from the site ------------------------------------------------------------------------- */

static gboolean
run_list (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	g_autoptr (json_t) list = remote != NULL ? remote_call (remote, "GET", "/api/v1/ceremonies", NULL, error) : NULL;
	const json_t *open = json_object_get (list, "open");
	cli_print_columns (cli, list, "held transcript leaf kept failed interrupted");
	if (open != NULL) {
		g_autofree char *text = ceremony_log_tell (open);
		cli_note (cli, "%s\nrun that script again; \"diqi ceremony show open\" has the times", text);
	}
	return list != NULL;
}

static gboolean
show_open (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	g_autoptr (json_t) list = remote != NULL ? remote_call (remote, "GET", "/api/v1/ceremonies", NULL, error) : NULL;
	const json_t *open = json_object_get (list, "open");
	if (list == NULL)
		return FALSE;
	if (open == NULL)
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no ceremony was cut off");
	cli_print (cli, open);
	return TRUE;
}

static gboolean
fetch (Cli *cli, const char *suffix, GError **error)
{
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autofree char *name = g_uri_escape_string (cli_argument (cli, 0), NULL, FALSE);
	g_autofree char *path = g_strdup_printf ("/api/v1/ceremonies/%s%s", name, suffix);
	g_autoptr (GBytes) bytes = remote_fetch (remote, path, error);
	if (bytes == NULL)
		return FALSE;
	if (cli_argument (cli, 1) != NULL)
		return file_write_new (cli_argument (cli, 1), g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), 0644, error);
	cli_print_bytes (bytes);
	return TRUE;
}

static gboolean
run_show (Cli *cli, GError **error)
{
	return strcmp (cli_argument (cli, 0), "open") == 0 ? show_open (cli, error) : fetch (cli, "", error);
}

static gboolean
run_evidence (Cli *cli, GError **error)
{
	return fetch (cli, "/evidence", error);
}

/* --- verifying ---------------------------------------------------------------------------------- */

typedef struct {
	Transcript *transcript;
	Certificate *root;
	gboolean pinned;                 /* the root was given, not found in the file */
	GPtrArray *chain;                /* Certificate, of --chain */
	Bundle *bundle;                  /* NULL: none was given */
	const BundleLeaf *leaf;
} Check;

static void
check_clear (Check *check)
{
	g_clear_pointer (&check->transcript, transcript_free);
	g_clear_pointer (&check->root, certificate_unref);
	g_clear_pointer (&check->chain, g_ptr_array_unref);
	g_clear_pointer (&check->bundle, bundle_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Check, check_clear)

static gboolean
read_pem (const char *text, GPtrArray *out, GError **error)
{
	static const char end[] = "-----END CERTIFICATE-----";
	for (const char *at = text, *stop; (stop = strstr (at, end)) != NULL; at = stop + strlen (end)) {
		g_autofree char *block = g_strdup_printf ("%.*s\n", (int) (stop - at) + (int) strlen (end), at);
		Certificate *one = certificate_parse_pem (block, strlen (block), error);
		if (one == NULL)
			return FALSE;
		g_ptr_array_add (out, one);
	}
	return out->len > 0 || diqi_fail (error, DIQI_ERROR_CERTIFICATE, NULL, "no certificate");
}

/* One certificate in DER, or any number in PEM; out is empty. */
static gboolean
read_certificates (const char *path, GPtrArray *out, GError **error)
{
	g_autoptr (GBytes) bytes = file_read (path, FILE_MAX, error);
	if (bytes == NULL)
		return FALSE;
	gsize n;
	const char *p = g_bytes_get_data (bytes, &n);
	g_autofree char *text = g_strndup (p, n);
	gboolean der = n > 0 && p[0] == 0x30;
	Certificate *one = der ? certificate_parse (p, n, error) : NULL;
	if (one != NULL)
		g_ptr_array_add (out, one);
	if (der ? one != NULL : read_pem (text, out, error))
		return TRUE;
	g_prefix_error (error, "%s: ", path);
	return FALSE;
}

/* The root the caller trusts; else the one that the transcript brought, which a person must then compare. */
static gboolean
choose_root (Cli *cli, Check *check, GError **error)
{
	const char *path = cli_option (cli, "root");
	g_autoptr (GPtrArray) given = g_ptr_array_new_with_free_func ((GDestroyNotify) certificate_unref);
	check->pinned = path != NULL;
	if (path != NULL && !read_certificates (path, given, error))
		return FALSE;
	const GPtrArray *from = path != NULL ? given : check->transcript->authorities;
	for (guint i = from->len; i > 0 && check->root == NULL; i--) {
		Certificate *one = g_ptr_array_index (from, i - 1);
		if (certificate_is_ca (one) && certificate_names_issuer (one, one))
			check->root = certificate_ref (one);
	}
	return check->root != NULL || diqi_fail (error, DIQI_ERROR_FIELD_MISSING, NULL, "no root certificate %s: say --root FILE", path != NULL ? "in that file" : "came with it");
}

static gboolean
check_script (Cli *cli, const Check *check, GError **error)
{
	const char *path = cli_option (cli, "script");
	if (path == NULL)
		return TRUE;
	g_autoptr (GBytes) script = file_read (path, FILE_MAX, error);
	if (script == NULL)
		return FALSE;
	Fingerprint hash;
	fingerprint_of (g_bytes_get_data (script, NULL), g_bytes_get_size (script), &hash);
	return fingerprint_equal (&hash, &check->transcript->script)
		|| diqi_fail (error, DIQI_ERROR_BUNDLE, "/transcript/script", "another script than %s was run", path);
}

/* Does the leaf say of this transcript what the file says? */
static gboolean
leaf_fits (const BundleLeaf *leaf, const Transcript *transcript)
{
	g_autofree char *hash = fingerprint_hex (&transcript->hash);
	g_autoptr (json_t) wanted = transcript_effect (transcript);
	json_object_set_new (wanted, "transcript", json_string (hash));
	json_object_set (wanted, "held", json_object_get (leaf->effect, "held"));
	return strcmp (leaf->type, "ceremony.held") == 0 && strcmp (leaf->subject, hash) == 0 && json_equal (wanted, leaf->effect);
}

static gboolean
check_log (Cli *cli, Check *check, GError **error)
{
	const char *path = cli_option (cli, "bundle");
	if (path == NULL)
		return TRUE;
	g_autoptr (GBytes) bytes = file_read (path, BUNDLE_MAX_BYTES, error);
	if (bytes == NULL || !bundle_open (bytes, check->root, &check->bundle, error)) {
		g_prefix_error (error, "the log's proof: ");
		return FALSE;
	}
	if (strcmp (bundle_kind (check->bundle), "ceremony") != 0 || strcmp (bundle_site (check->bundle), check->transcript->site) != 0)
		return diqi_fail (error, DIQI_ERROR_BUNDLE, "/kind", "%s: not the log's proof of a ceremony of this site", path);
	for (guint i = 0; i < bundle_leaves (check->bundle) && check->leaf == NULL; i++)
		if (leaf_fits (bundle_leaf (check->bundle, i), check->transcript))
			check->leaf = bundle_leaf (check->bundle, i);
	return check->leaf != NULL || diqi_fail (error, DIQI_ERROR_BUNDLE, "/leaves", "%s proves another transcript than this one", path);
}

static json_t *
signatures (const Transcript *transcript)
{
	json_t *list = json_array ();
	for (guint i = 0; i < transcript->signers->len; i++) {
		const TranscriptSigner *signer = g_ptr_array_index (transcript->signers, i);
		g_autofree char *serial = serial_hex (certificate_serial (signer->certificate));
		json_array_append_new (list, json_pack ("{s:s, s:o, s:s, s:s}", "signed_by", signer->name, "time", json_time (statement_time (signer->statement)),
		                                        "person", signer->person, "certificate", serial));
	}
	return list;
}

static json_t *
steps (const Transcript *transcript)
{
	json_t *list = json_array ();
	for (size_t i = 0; i < json_array_size (transcript->steps); i++) {
		const json_t *step = json_array_get (transcript->steps, i);
		json_array_append_new (list, json_pack ("{s:O, s:O*, s:O*, s:O*}", "step", json_object_get (step, "step"), "done", json_object_get (step, "done"),
		                                        "time", json_object_get (step, "time"), "found", json_object_get (step, "found")));
	}
	return list;
}

static json_t *
findings (Cli *cli, const Check *check)
{
	const Transcript *t = check->transcript;
	g_autofree char *hash = fingerprint_hex (&t->hash), *root = fingerprint_hex (certificate_fingerprint (check->root)), *script = fingerprint_hex (&t->script);
	json_t *out = json_pack ("{s:s, s:o, s:o, s:s, s:s, s:s, s:o, s:o, s:s, s:b, s:s, s:b}", "verdict", "valid", "steps", steps (t), "signatures", signatures (t),
		"site", t->site, "program", t->program, "transcript_sha256", hash, "begun", json_time (t->begun), "ended", json_time (t->ended),
		"script_sha256", script, "script_compared", cli_option (cli, "script") != NULL, "root_sha256", root, "root_pinned", check->pinned);
	if (t->failure != NULL)
		json_object_set_new (out, "failure", json_string (t->failure));
	if (t->interruptions != NULL)
		json_object_set (out, "interruptions", (json_t *) t->interruptions);
	if (t->abandoned != NULL)
		json_object_set (out, "abandoned", (json_t *) t->abandoned);
	if (check->leaf != NULL) {
		json_object_set_new (out, "log_leaf", json_integer ((json_int_t) check->leaf->index));
		json_object_set_new (out, "log_size", json_integer ((json_int_t) bundle_checkpoint (check->bundle)->size));
	}
	return out;
}

static gboolean
verify (Cli *cli, GBytes *bytes, Check *check, GError **error)
{
	const char *chain = cli_option (cli, "chain");
	check->chain = g_ptr_array_new_with_free_func ((GDestroyNotify) certificate_unref);
	return (chain == NULL || read_certificates (chain, check->chain, error)) && (check->transcript = transcript_open (bytes, error)) != NULL
		&& choose_root (cli, check, error) && transcript_check_chains (check->transcript, check->root, check->chain, error)
		&& check_script (cli, check, error) && check_log (cli, check, error);
}

static gboolean
run_verify (Cli *cli, GError **error)
{
	g_autoptr (GBytes) bytes = file_read (cli_argument (cli, 0), TRANSCRIPT_MAX, error);
	g_auto (Check) check = { NULL };
	g_autoptr (GError) failure = NULL;
	if (bytes == NULL)
		return FALSE;
	if (!verify (cli, bytes, &check, &failure)) {
		gboolean judged = g_error_matches (failure, DIQI_ERROR, DIQI_ERROR_BUNDLE);
		g_propagate_prefixed_error (error, g_steal_pointer (&failure), "%s", judged ? "NOT VALID: " : "");
		return FALSE;
	}
	g_autoptr (json_t) out = findings (cli, &check);
	cli_print (cli, out);
	if (!check.pinned)
		cli_note (cli, "no --root was given: compare root_sha256 with the fingerprint the authority publishes");
	if (check.leaf == NULL)
		cli_note (cli, "no --bundle was given: nothing was said about the public log");
	return TRUE;
}

static const CliOption verify_options[] = {
	{ "root", "FILE", "the root certificate you trust, PEM or DER", FALSE },
	{ "script", "FILE", "the script that should have been run", FALSE },
	{ "bundle", "FILE", "the log's proof (\"ceremony evidence\")", FALSE },
	{ "chain", "FILE", "issuing CAs in PEM, for transcripts of older versions, which bring none", FALSE },
	{ NULL, NULL, NULL, FALSE },
};

const CliCommand transcript_commands[] = {
	{ "ceremony verify", "TRANSCRIPT", 1, 1, "check a ceremony's transcript offline: who signed what, and when", verify_options, run_verify },
	{ "ceremony list", "", 0, 0, "ceremonies in the public record, for administrator and auditor", NULL, run_list },
	{ "ceremony show", "HASH|open [FILE]", 1, 2, "a signed transcript; open: how far the one came that was cut off", NULL, run_show },
	{ "ceremony evidence", "HASH [FILE]", 1, 2, "the proof that the log has it", NULL, run_evidence },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
