/* main/cmd_application.c — 新办 from the form to the holder's confirmation.
 *
 * The applicant, who has no certificate yet, works with a ticket file (number and access code,
 * written by "application new") and the key made by "key new".  Officers work with --as. */
#include <string.h>

#include "base/error.h"
#include "main/cli.h"
#include "main/identity_file.h"
#include "main/papers_seen.h"
#include "main/remote.h"

static char *
application_path (const char *id, const char *verb)
{
	return verb != NULL ? g_strdup_printf ("/api/v1/applications/%s/%s", id, verb) : g_strdup_printf ("/api/v1/applications/%s", id);
}

/* --- the applicant ------------------------------------------------------------------ */

static gboolean
run_new (Cli *cli, GError **error)
{
	g_autoptr (json_t) form = json_file_read (cli_option (cli, "form"), error);
	if (form == NULL)
		return FALSE;
	g_autoptr (Remote) remote = remote_open (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autoptr (json_t) view = remote_call (remote, "POST", "/api/v1/applications",
	                                        json_pack ("{s:s, s:O}", "kind", cli_argument (cli, 0), "form", form), error);
	if (view == NULL)
		return FALSE;
	json_t *ticket = json_pack ("{s:O, s:O, s:s}", "application", json_object_get (view, "application"),
	                            "access_code", json_object_get (view, "access_code"), "server", remote_server (remote));
	g_autofree char *text = json_dumps (ticket, JSON_INDENT (2));
	json_decref (ticket);
	if (!file_write_new (cli_option (cli, "ticket"), text, strlen (text), 0600, error)) {
		/* The code is shown only once: better on the screen than lost. */
		cli_note (cli, "%s", text);
		return FALSE;
	}
	cli_note (cli, "kept number and access code in %s", cli_option (cli, "ticket"));
	json_object_del (view, "access_code");
	cli_print (cli, view);
	return TRUE;
}

static gboolean
run_edit (Cli *cli, GError **error)
{
	g_autofree char *id = NULL, *etag = NULL;
	g_autoptr (json_t) form = json_file_read (cli_option (cli, "form"), error);
	if (form == NULL)
		return FALSE;
	g_autoptr (Remote) remote = remote_open_ticket (cli, &id, error);
	if (remote == NULL)
		return FALSE;
	g_autofree char *path = application_path (id, NULL);
	g_autoptr (json_t) before = remote_call_etag (remote, "GET", path, NULL, NULL, &etag, error);
	if (before == NULL)
		return FALSE;
	g_autoptr (json_t) view = remote_call_etag (remote, "PUT", path, json_pack ("{s:O}", "form", form), etag, NULL, error);
	cli_print (cli, view);
	return view != NULL;
}

/* The applicant signs the hash of the whole form, as the server keeps it, with the key to be certified. */
static char *
submission (Remote *remote, const char *id, const PrivateKey *key, GError **error)
{
	g_autofree char *path = application_path (id, "form-document");
	g_autoptr (GBytes) document = remote_fetch (remote, path, error);
	if (document == NULL)
		return NULL;
	Fingerprint form;
	fingerprint_of (g_bytes_get_data (document, NULL), g_bytes_get_size (document), &form);
	g_autofree char *form_hex = fingerprint_hex (&form);
	g_autoptr (PublicKey) public_key = private_key_public (key);
	g_autofree char *spki_hex = fingerprint_hex (public_key_fingerprint (public_key));
	return remote_statement (remote, "application.submit",
	                          json_pack ("{s:s, s:s, s:s, s:s}", "application", id, "service", "issue",
	                                     "form", form_hex, "spki", spki_hex), key, error);
}

static gboolean
run_submit (Cli *cli, GError **error)
{
	g_autofree char *id = NULL;
	g_autoptr (PrivateKey) key = key_file_load (cli, cli_option (cli, "key"), error);
	if (key == NULL)
		return FALSE;
	g_autoptr (GBytes) csr = file_read (cli_option (cli, "csr"), CSR_MAX_DER, error);
	if (csr == NULL)
		return FALSE;
	g_autoptr (Remote) remote = remote_open_ticket (cli, &id, error);
	if (remote == NULL)
		return FALSE;
	g_autofree char *statement = submission (remote, id, key, error);
	if (statement == NULL)
		return FALSE;
	g_autofree char *path = application_path (id, "submit");
	json_t *body = json_pack ("{s:o, s:s}", "csr", json_base64 (g_bytes_get_data (csr, NULL), g_bytes_get_size (csr)),
	                          "statement", statement);
	g_autoptr (json_t) view = remote_call (remote, "POST", path, body, error);
	cli_print (cli, view);
	return view != NULL;
}

static gboolean
run_status (Cli *cli, GError **error)
{
	g_autofree char *id = NULL;
	g_autoptr (Remote) remote = remote_open_ticket (cli, &id, error);
	if (remote == NULL)
		return FALSE;
	g_autofree char *path = application_path (id, NULL);
	return remote_print (cli, remote, path, error);
}

/* What the server keeps for the application of --ticket under this name. */
static GBytes *
fetch_for_ticket (Cli *cli, const char *what, GError **error)
{
	g_autofree char *id = NULL;
	g_autoptr (Remote) remote = remote_open_ticket (cli, &id, error);
	if (remote == NULL)
		return NULL;
	g_autofree char *path = application_path (id, what);
	return remote_fetch (remote, path, error);
}

static gboolean
run_slip (Cli *cli, GError **error)
{
	g_autoptr (GBytes) slip = fetch_for_ticket (cli, "slip", error);
	if (slip == NULL)
		return FALSE;
	cli_print_bytes (slip);
	return TRUE;
}

/* One of the blocks of a PEM chain: the leaf, then the issuing CA. */
static Certificate *
chain_block (GBytes *pem, guint block, GError **error)
{
	static const char end[] = "-----END CERTIFICATE-----";
	gsize n;
	const char *text = g_bytes_get_data (pem, &n), *limit = text + n;
	for (guint i = 0;; i++) {
		const char *mark = g_strstr_len (text, limit - text, end);
		if (mark == NULL) {
			diqi_error_set (error, DIQI_ERROR_CERTIFICATE, NULL, "the server sent %u certificates, not leaf and issuing CA", i);
			return NULL;
		}
		const char *next = mark + strlen (end);
		if (i == block)
			return certificate_parse_pem (text, (gsize) (next - text), error);
		text = next;
	}
}

static gboolean
write_p12 (Cli *cli, GBytes *pem, const char *key_path, const char *p12_path, GError **error)
{
	g_autoptr (Certificate) leaf = chain_block (pem, 0, error);
	if (leaf == NULL)
		return FALSE;
	g_autoptr (Certificate) issuing = chain_block (pem, 1, error);
	if (issuing == NULL)
		return FALSE;
	g_autoptr (PrivateKey) key = key_file_load (cli, key_path, error);
	if (key == NULL)
		return FALSE;
	g_autoptr (PublicKey) public_key = private_key_public (key);
	if (!fingerprint_equal (public_key_fingerprint (public_key), public_key_fingerprint (certificate_public_key (leaf))))
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE, NULL, "the certificate was issued for another key than %s", key_path);
	g_autoptr (Secret) pin = key_file_pin (cli, p12_path, error);
	if (pin == NULL)
		return FALSE;
	g_autofree char *name = certificate_subject_attribute (leaf, NAME_COMMON_NAME);
	g_autoptr (GBytes) p12 = pkcs12_build (key, leaf, &issuing, 1, name, pin, error);
	return p12 != NULL && file_write_new (p12_path, g_bytes_get_data (p12, NULL), g_bytes_get_size (p12), 0600, error);
}

static gboolean
run_certificate (Cli *cli, GError **error)
{
	g_autoptr (GBytes) pem = fetch_for_ticket (cli, "certificate", error);
	if (pem == NULL)
		return FALSE;
	if (cli_option (cli, "p12") == NULL) {
		cli_print_bytes (pem);
		return TRUE;
	}
	if (cli_option (cli, "key") == NULL)
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, NULL, "--p12 needs --key, the key made with \"key new\"");
	if (!write_p12 (cli, pem, cli_option (cli, "key"), cli_option (cli, "p12"), error))
		return FALSE;
	cli_note (cli, "made %s; use it with --as", cli_option (cli, "p12"));
	return TRUE;
}

/* --- officers ------------------------------------------------------------------------- */

static json_t *
get_view (Remote *remote, const char *id, GError **error)
{
	g_autofree char *path = application_path (id, NULL);
	return remote_call (remote, "GET", path, NULL, error);
}

static gboolean
run_list (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	if (remote == NULL)
		return FALSE;
	const char *state = cli_option (cli, "state"), *cursor = cli_option (cli, "cursor");
	g_autoptr (GString) path = g_string_new ("/api/v1/applications?");
	if (state != NULL)
		g_string_append_printf (path, "state=%s&", state);
	if (cursor != NULL)
		g_string_append_printf (path, "cursor=%s", cursor);
	return remote_print (cli, remote, path->str, error);
}

static gboolean
run_show (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autofree char *path = application_path (cli_argument (cli, 0), NULL);
	return remote_print (cli, remote, path, error);
}

/* An act over the version the officer looked at. */
static gboolean
act_on_version (Cli *cli, const char *verb, const char *type, json_t *more, GError **error)
{
	g_autoptr (json_t) members = more;
	const char *id = cli_argument (cli, 0);
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autoptr (json_t) before = get_view (remote, id, error);
	if (before == NULL)
		return FALSE;
	json_object_set_new (members, "application", json_string (id));
	json_object_set (members, "version", json_object_get (before, "version"));
	if (strcmp (type, "application.accept") == 0) {
		g_autofree char *document_path = application_path (id, "form-document");
		g_autoptr (GBytes) document = remote_fetch (remote, document_path, error);
		if (document == NULL)
			return FALSE;
		Fingerprint form;
		fingerprint_of (g_bytes_get_data (document, NULL), g_bytes_get_size (document), &form);
		json_object_set_new (members, "form", json_hex (form.b, sizeof form.b));
		json_t *papers = papers_seen (cli, remote, before, error);
		if (papers == NULL)
			return FALSE;
		json_object_set_new (members, "papers", papers);
	}
	g_autofree char *path = application_path (id, verb);
	return remote_act_and_print (cli, remote, path, type, g_steal_pointer (&members), error);
}

static gboolean
run_accept (Cli *cli, GError **error)
{
	json_t *members = json_object ();
	const char *field = cli_option (cli, "override"), *reason = cli_option (cli, "reason");
	if (field != NULL)
		json_object_set_new (members, "overrides", json_pack ("[{s:s, s:s}]", "field", field, "reason", reason != NULL ? reason : ""));
	return act_on_version (cli, "accept", "application.accept", members, error);
}

static gboolean
run_return (Cli *cli, GError **error)
{
	json_t *members = json_pack ("{s:s}", "reason", cli_option (cli, "reason"));
	if (cli_option (cli, "field") != NULL)
		json_object_set_new (members, "fields", json_pack ("[s]", cli_option (cli, "field")));
	return act_on_version (cli, "return", "application.return", members, error);
}

static gboolean
run_reject (Cli *cli, GError **error)
{
	return act_on_version (cli, "reject", "application.reject", json_pack ("{s:s}", "reason", cli_option (cli, "reason")), error);
}

static gboolean
run_fee (Cli *cli, GError **error)
{
	Money amount;
	const char *id = cli_argument (cli, 0), *method = cli_option (cli, "method");
	if (!money_parse_yuan (cli_argument (cli, 1), &amount, error))
		return FALSE;
	g_autoptr (Remote) remote = remote_open (cli, error);
	if (remote == NULL)
		return FALSE;
	json_t *members = json_pack ("{s:s, s:o, s:s}", "application", id, "amount_fen", json_money (amount),
	                             "method", method != NULL ? method : "cash");
	if (cli_option (cli, "slip") != NULL)
		json_object_set_new (members, "slip", json_string (cli_option (cli, "slip")));
	g_autofree char *path = application_path (id, "fee");
	return remote_act_and_print (cli, remote, path, "fee.record", members, error);
}

/* Both approvals sign the hash of the exact request; it is shown before it is signed. */
static gboolean
approve (Cli *cli, const char *verb, const char *type, GError **error)
{
	const char *id = cli_argument (cli, 0);
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autofree char *request_path = application_path (id, "request");
	g_autoptr (json_t) facts = remote_call (remote, "GET", request_path, NULL, error);
	if (facts == NULL)
		return FALSE;
	const char *request = json_string_value (json_object_get (facts, "request"));
	if (request == NULL)
		return diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "the server sent no request to approve");
	cli_note (cli, "approving: %s", request);
	Fingerprint hash;        /* of what is shown, not of what the server says its hash is */
	fingerprint_of (request, strlen (request), &hash);
	json_t *members = json_pack ("{s:s, s:o, s:O, s:O}", "application", id, "request", json_hex (hash.b, sizeof hash.b),
	                             "profile", json_object_get (facts, "profile"), "profile_version", json_object_get (facts, "profile_version"));
	g_autofree char *path = application_path (id, verb);
	return remote_act_and_print (cli, remote, path, type, members, error);
}

static gboolean
run_review (Cli *cli, GError **error)
{
	return approve (cli, "review", "application.review", error);
}

static gboolean
run_issue (Cli *cli, GError **error)
{
	return approve (cli, "issue", "application.issue", error);
}

static gboolean
handover (Cli *cli, const char *verb, const char *type, gboolean with_method, GError **error)
{
	const char *id = cli_argument (cli, 0);
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autoptr (json_t) before = get_view (remote, id, error);
	if (before == NULL)
		return FALSE;
	json_t *members = json_pack ("{s:s, s:O?}", "application", id, "serial", json_object_get (before, "serial"));
	const char *method = cli_option (cli, "method");
	if (with_method)
		json_object_set_new (members, "method", json_string (method != NULL ? method : "counter"));
	g_autofree char *path = application_path (id, verb);
	return remote_act_and_print (cli, remote, path, type, members, error);
}

static gboolean
run_deliver (Cli *cli, GError **error)
{
	return handover (cli, "deliver", "certificate.deliver", TRUE, error);
}

static gboolean
run_confirm (Cli *cli, GError **error)
{
	return handover (cli, "confirm", "certificate.confirm", FALSE, error);
}

#define TICKET { "ticket", "FILE", "number and access code of the application", TRUE }
#define END { NULL, NULL, NULL, FALSE }
static const CliOption new_options[] = { { "form", "FILE", "the form as JSON", TRUE }, TICKET, END };
static const CliOption ticket_options[] = { TICKET, END };
static const CliOption submit_options[] = {
	TICKET, { "key", "FILE", "the key made with \"key new\"", TRUE }, { "csr", "FILE", "its certificate request", TRUE }, END };
static const CliOption certificate_options[] = {
	TICKET, { "key", "FILE", "the key, to make a PKCS#12", FALSE }, { "p12", "FILE", "write key and certificate there", FALSE }, END };
static const CliOption list_options[] = {
	{ "state", "STATE", "only these", FALSE }, { "cursor", "TEXT", "next page", FALSE }, END };
static const CliOption accept_options[] = {
	{ "papers", "LIST", "originals and copies you saw: NAME, NAME=COPIES or NAME=SCAN, with commas (see \"paper list\")", FALSE },
	{ "papers-seen", NULL, "all that the service asks for, originals and copies", FALSE },
	{ "override", "POINTER", "accept this field although its check fails (\"/uscc\")", FALSE }, { "reason", "TEXT", "why", FALSE }, END };
static const CliOption return_options[] = {
	{ "reason", "TEXT", "what is to be corrected", TRUE }, { "field", "POINTER", "where", FALSE }, END };
static const CliOption reject_options[] = { { "reason", "TEXT", "why", TRUE }, END };
static const CliOption fee_options[] = {
	{ "method", "HOW", "cash (default), card, transfer, online", FALSE }, { "slip", "NUMBER", "of the payment slip", FALSE }, END };
static const CliOption deliver_options[] = { { "method", "HOW", "counter (default), post, download", FALSE }, END };

const CliCommand application_commands[] = {
	{ "application new", "organization|person", 1, 1, "start an application (新办) with a form", new_options, run_new },
	{ "application edit", "", 0, 0, "replace the form of a draft or returned application", new_options, run_edit },
	{ "application submit", "", 0, 0, "hand it in with the key's request, signed by that key", submit_options, run_submit },
	{ "application status", "", 0, 0, "where the application stands", ticket_options, run_status },
	{ "application slip", "", 0, 0, "the acceptance slip (受理回执)", ticket_options, run_slip },
	{ "application certificate", "", 0, 0, "fetch the issued certificate", certificate_options, run_certificate },
	{ "application list", "", 0, 0, "applications, for officers", list_options, run_list },
	{ "application show", "APPLICATION", 1, 1, "one application, for officers", NULL, run_show },
	{ "application accept", "APPLICATION", 1, 1, "clerk: originals seen, accepted (受理)", accept_options, run_accept },
	{ "application return", "APPLICATION", 1, 1, "clerk or reviewer: return for correction (补正)", return_options, run_return },
	{ "application reject", "APPLICATION", 1, 1, "reviewer: refuse", reject_options, run_reject },
	{ "application fee", "APPLICATION YUAN", 2, 2, "cashier: record the fee", fee_options, run_fee },
	{ "application review", "APPLICATION", 1, 1, "reviewer: approve the exact request (审核)", NULL, run_review },
	{ "application issue", "APPLICATION", 1, 1, "issuer: approve the same request; the signer issues (发证)", NULL, run_issue },
	{ "application deliver", "APPLICATION", 1, 1, "clerk: certificate handed over", deliver_options, run_deliver },
	{ "application confirm", "APPLICATION", 1, 1, "holder: accept the certificate", NULL, run_confirm },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
