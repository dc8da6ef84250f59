/* main/cmd_transcript.c — what ceremonies left behind: the list in the public record, transcripts, and checking one without any server. */
#include <string.h>

#include "base/error.h"
#include "evidence/bundle.h"
#include "identity/officers.h"
#include "main/cli.h"
#include "main/remote.h"
#include "signer/ceremony_log.h"
#include "signer/transcript.h"
#include "signer/transcript_status.h"

#define FILE_MAX (1 << 20)
#define LISTS_MAX 64

/* --- from the site ------------------------------------------------------------------------- */

static gboolean
run_list (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	g_autoptr (json_t) list = remote != NULL ? remote_call (remote, "GET", "/api/v1/ceremonies", NULL, error) : NULL;
	g_autoptr (json_t) open = json_incref (json_object_get (list, "open"));
	if (list != NULL && !cli_wants_json (cli))
		json_object_del (list, "open");
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
	GPtrArray *lists;                /* GBytes, of --list */
	OfficerList *officers;           /* NULL: the bundle has none */
	const BundleLeaf *list_leaf;     /* that names it by hash */
	TranscriptStatus *statuses;      /* of each signer */
} Check;

static void
check_clear (Check *check)
{
	g_clear_pointer (&check->transcript, transcript_free);
	g_clear_pointer (&check->root, certificate_unref);
	g_clear_pointer (&check->chain, g_ptr_array_unref);
	g_clear_pointer (&check->bundle, bundle_free);
	g_clear_pointer (&check->lists, g_ptr_array_unref);
	g_clear_pointer (&check->officers, officer_list_unref);
	g_clear_pointer (&check->statuses, g_free);
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

/* --- the standing of those who signed ----------------------------------------------------------- */

static gboolean
read_lists (Cli *cli, Check *check, GError **error)
{
	const GPtrArray *paths = cli_options (cli, "list");
	check->lists = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
	for (guint i = 0; paths != NULL && i < paths->len; i++) {
		g_autoptr (GBytes) file = file_read (paths->pdata[i], CRL_MAX_DER, error);
		GPtrArray *read = file != NULL ? lists_read (file, LISTS_MAX, error) : NULL;
		if (read == NULL) {
			g_prefix_error (error, "%s: ", (const char *) paths->pdata[i]);
			return FALSE;
		}
		g_ptr_array_extend_and_steal (check->lists, read);
	}
	return TRUE;
}

static gboolean
names_list (const BundleLeaf *leaf, const json_t *list, const char *hash)
{
	return g_str_has_prefix (leaf->type, "officers.") && g_strcmp0 (json_string_value (json_object_get (leaf->effect, "list")), hash) == 0
		&& json_equal (json_object_get (leaf->effect, "version"), json_object_get (list, "version"));
}

/* The log's proof may bring a list of officers: what counts is that a leaf names it. */
static gboolean
check_officers (Check *check, GError **error)
{
	const json_t *list = check->bundle != NULL ? json_object_get (bundle_subject (check->bundle), "officers") : NULL;
	g_autoptr (GError) failure = NULL;
	if (list == NULL)
		return TRUE;
	g_autoptr (GBytes) text = jcs_bytes (list);
	Fingerprint hash;
	fingerprint_of (g_bytes_get_data (text, NULL), g_bytes_get_size (text), &hash);
	g_autofree char *hex = fingerprint_hex (&hash);
	for (guint i = 0; i < bundle_leaves (check->bundle) && check->list_leaf == NULL; i++)
		if (names_list (bundle_leaf (check->bundle, i), list, hex))
			check->list_leaf = bundle_leaf (check->bundle, i);
	check->officers = check->list_leaf != NULL ? officer_list_parse (list, &failure) : NULL;
	return check->officers != NULL || diqi_fail (error, DIQI_ERROR_BUNDLE, "/subject/officers", "the log's proof: %s",
		failure != NULL ? failure->message : "no leaf names this list of officers");
}

/* The signer's entry, also of one who was removed; NULL: none. */
static const Officer *
entry_of (const Check *check, const TranscriptSigner *signer)
{
	for (gsize i = 0; i < officer_list_size (check->officers); i++) {
		const Officer *officer = officer_list_at (check->officers, i);
		if (fingerprint_equal (certificate_fingerprint (officer->certificate), certificate_fingerprint (signer->certificate)))
			return officer;
	}
	return NULL;
}

static gboolean
check_signer (const Check *check, guint i, GError **error)
{
	const Transcript *t = check->transcript;
	const TranscriptSigner *signer = g_ptr_array_index (t->signers, i);
	TranscriptStatus *status = &check->statuses[i];
	g_autofree char *at = g_strdup_printf ("/certificates/%u", i);
	transcript_status (t, signer, transcript_issuer (t, signer, check->root, check->chain), (GBytes *const *) check->lists->pdata, check->lists->len, status);
	if (check->officers != NULL && entry_of (check, signer) == NULL)
		return diqi_fail (error, DIQI_ERROR_BUNDLE, at, "%s is not in the list of officers that the log names", signer->name);
	if (status->standing != STANDING_REVOKED)
		return TRUE;
	g_autofree char *when = time_format (status->revoked_at), *met = time_format (t->met);
	return diqi_fail (error, DIQI_ERROR_BUNDLE, at, "the certificate of %s was %s on %s (%s), and the ceremony began on %s", signer->name,
	                  status->reason == REASON_HOLD ? "put on hold" : "revoked", when, reason_name (status->reason), met);
}

static gboolean
check_standing (Cli *cli, Check *check, GError **error)
{
	if (!read_lists (cli, check, error) || !check_officers (check, error))
		return FALSE;
	check->statuses = g_new0 (TranscriptStatus, check->transcript->signers->len);
	for (guint i = 0; i < check->transcript->signers->len; i++)
		if (!check_signer (check, i, error))
			return FALSE;
	return TRUE;
}

/* Nobody comes back into the list with a certificate that was removed: who is active in a later list was so then.  One who was removed lost
 * his certificate with it. */
static const char *
role_of (const Check *check, const TranscriptSigner *signer, const TranscriptStatus *status)
{
	const Officer *entry = check->officers != NULL ? entry_of (check, signer) : NULL;
	gboolean officer = entry != NULL && (!entry->removed || status->standing == STANDING_REVOKED_SINCE);
	return officer ? "officer" : "unknown";
}

static json_t *
roles_of (const Check *check, const TranscriptSigner *signer)
{
	const json_t *entries = check->officers != NULL ? json_object_get (officer_list_document (check->officers), "officers") : NULL;
	for (gsize i = 0; i < json_array_size (entries); i++)
		if (entry_of (check, signer) == officer_list_at (check->officers, i))
			return json_incref (json_object_get (json_array_get (entries, i), "roles"));
	return NULL;
}

static json_t *
status_view (const TranscriptStatus *status)
{
	json_t *view = json_pack ("{s:s}", "status", transcript_standing_name (status->standing));
	if (status->standing == STANDING_UNKNOWN)
		return view;
	json_object_set_new (view, "list", json_integer ((json_int_t) status->number));
	json_object_set_new (view, "list_made", json_time (status->made));
	if (status->standing != STANDING_GOOD) {
		json_object_set_new (view, "revoked_at", json_time (status->revoked_at));
		json_object_set_new (view, "reason", json_string (reason_name (status->reason)));
	}
	return view;
}

/* --- telling ------------------------------------------------------------------------------------ */

static json_t *
signatures (const Cli *cli, const Check *check)
{
	json_t *list = json_array ();
	for (guint i = 0; i < check->transcript->signers->len; i++) {
		const TranscriptSigner *signer = g_ptr_array_index (check->transcript->signers, i);
		g_autofree char *serial = serial_hex (certificate_serial (signer->certificate)), *hash = fingerprint_hex (certificate_fingerprint (signer->certificate));
		g_autoptr (json_t) status = status_view (&check->statuses[i]);
		json_t *view = json_pack ("{s:s, s:o, s:s, s:s, s:s, s:s, s:o*}", "signed_by", signer->name, "time", json_time (statement_time (signer->statement)),
			"person", signer->person, "certificate", serial, "certificate_sha256", hash, "role", role_of (check, signer, &check->statuses[i]),
			"roles", roles_of (check, signer));
		json_object_update (view, status);
		/* Too wide for a table. */
		if (!cli_wants_json (cli))
			json_object_del (view, "certificate_sha256");
		json_array_append_new (list, view);
	}
	return list;
}

static gboolean
is_unknown (const Check *check)
{
	for (guint i = 0; i < check->transcript->signers->len; i++)
		if (check->statuses[i].standing == STANDING_UNKNOWN)
			return TRUE;
	return FALSE;
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
	json_t *out = json_pack ("{s:s, s:o, s:o, s:s, s:s, s:s, s:o, s:o, s:s, s:b, s:s, s:b}", "verdict", "valid", "steps", steps (t), "signatures", signatures (cli, check),
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
	if (check->officers != NULL) {
		json_object_set_new (out, "officers_version", json_integer (officer_list_version (check->officers)));
		json_object_set_new (out, "officers_logged", json_time (check->list_leaf->time));
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
		&& check_script (cli, check, error) && check_log (cli, check, error)
		&& check_standing (cli, check, error);
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
	if (check.officers == NULL)
		cli_note (cli, "no list of officers came with a --bundle: whether those who signed were officers then is unknown");
	if (is_unknown (&check))
		cli_note (cli, "whether certificates of status unknown were revoked then is not known: give the full list of their CA, made since, by --list");
	return TRUE;
}

static const CliOption verify_options[] = {
	{ "root", "FILE", "the root certificate you trust, PEM or DER", FALSE },
	{ "script", "FILE", "the script that should have been run", FALSE },
	{ "bundle", "FILE", "the log's proof (\"ceremony evidence\")", FALSE },
	{ "list", "FILE", "revocation lists of the issuing CAs, made since the ceremony, PEM or DER; may be given again", FALSE },
	{ "chain", "FILE", "issuing CAs in PEM, for transcripts of older versions, which bring none", FALSE },
	{ NULL, NULL, NULL, FALSE },
};

const CliCommand transcript_commands[] = {
	{ "ceremony verify", "TRANSCRIPT", 1, 1, "check a ceremony's transcript offline: who signed what, when, and with what standing", verify_options, run_verify },
	{ "ceremony list", "", 0, 0, "ceremonies in the public record, for administrator and auditor", NULL, run_list },
	{ "ceremony show", "HASH|open [FILE]", 1, 2, "a signed transcript; open: how far the one came that was cut off", NULL, run_show },
	{ "ceremony evidence", "HASH [FILE]", 1, 2, "the proof that the log has it", NULL, run_evidence },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
