/* main/cmd_application.c — an application from the form to the holder's confirmation.
 *
 * The applicant, who has no certificate yet, works with a ticket file (number and access code,
 * written by "application new") and the key made by "key new".  Officers work with --as. */
#include <string.h>

#include "base/error.h"
#include "main/cli.h"
#include "main/fetch_issued.h"
#include "main/identity_file.h"
#include "main/papers_seen.h"
#include "main/remote.h"

static char *
application_path (const char *id, const char *verb)
{
	return verb != NULL ? g_strdup_printf ("/api/v1/applications/%s/%s", id, verb) : g_strdup_printf ("/api/v1/applications/%s", id);
}

/* --- the applicant ------------------------------------------------------------------ */

/* The access code of the application that the certificate came of is a secret: it stays in its ticket file. */
static gboolean
add_origin (const Cli *cli, json_t *body, GError **error)
{
	if (cli_option (cli, "origin") == NULL)
		return TRUE;
	g_autoptr (json_t) ticket = json_file_read (cli_option (cli, "origin"), error);
	if (ticket == NULL)
		return FALSE;
	json_object_set (body, "origin_access_code", json_object_get (ticket, "access_code"));
	return TRUE;
}

static json_t *
creation (const Cli *cli, GError **error)
{
	static const char *const members[] = { "service", "certificate", "cause", "point", "language" };
	g_autoptr (json_t) form = json_file_read (cli_option (cli, "form"), error);
	if (form == NULL)
		return NULL;
	g_autoptr (json_t) body = json_pack ("{s:s, s:O}", "kind", cli_argument (cli, 0), "form", form);
	for (gsize i = 0; i < G_N_ELEMENTS (members); i++)
		if (cli_option (cli, members[i]) != NULL)
			json_object_set_new (body, members[i], json_string (cli_option (cli, members[i])));
	return add_origin (cli, body, error) ? g_steal_pointer (&body) : NULL;
}

static gboolean
run_new (Cli *cli, GError **error)
{
	g_autoptr (json_t) body = creation (cli, error);
	/* The access code is shown only once: it must have a place before an application begins. */
	if (body == NULL || !file_is_free (cli_option (cli, "ticket"), error))
		return FALSE;
	g_autoptr (Remote) remote = remote_open_maybe_logged_in (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autoptr (json_t) view = remote_call (remote, "POST", "/api/v1/applications", g_steal_pointer (&body), error);
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

/* One request, or with commas one a copy; the first is the key's. */
static gboolean
read_requests (const Cli *cli, json_t *csrs, json_t *spkis, GError **error)
{
	g_auto (GStrv) paths = g_strsplit (cli_option (cli, "csr"), ",", -1);
	for (gsize i = 0; paths[i] != NULL; i++) {
		g_autoptr (GBytes) bytes = file_read (paths[i], CSR_MAX_DER, error);
		if (bytes == NULL)
			return FALSE;
		g_autoptr (Csr) csr = csr_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL, error);
		if (csr == NULL) {
			g_prefix_error (error, "%s: ", paths[i]);
			return FALSE;
		}
		const Fingerprint *spki = public_key_fingerprint (csr_public_key (csr));
		json_array_append_new (csrs, json_base64 (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)));
		json_array_append_new (spkis, json_hex (spki->b, sizeof spki->b));
	}
	return TRUE;
}

/* The applicant signs the hash of the whole form, as the server keeps it, with the key to be certified; without one (NULL), the holder with his own. */
static char *
submission (Remote *remote, const char *id, const json_t *view, json_t *spkis, const PrivateKey *key, GError **error)
{
	g_autofree char *path = application_path (id, "form-document");
	g_autoptr (GBytes) document = remote_fetch (remote, path, error);
	if (document == NULL)
		return NULL;
	Fingerprint form;
	fingerprint_of (g_bytes_get_data (document, NULL), g_bytes_get_size (document), &form);
	json_t *members = json_pack ("{s:s, s:O, s:o, s:O*}", "application", id, "service", json_object_get (view, "service"),
	                             "form", json_hex (form.b, sizeof form.b), "spki", json_array_get (spkis, 0));
	if (json_object_get (view, "certificate") != NULL)
		json_object_set (members, "certificate", json_object_get (view, "certificate"));
	if (json_array_size (spkis) > 1) {
		json_t *more = json_copy (spkis);
		json_array_remove (more, 0);
		json_object_set_new (members, "more", more);
	}
	return remote_statement (remote, "application.submit", members, key, error);
}

static json_t *
submission_body (Cli *cli, Remote *remote, const char *id, const json_t *view, GError **error)
{
	g_autoptr (json_t) csrs = json_array (), spkis = json_array ();
	/* Without a new key the holder signs, or the ticket alone hands it in. */
	if (cli_option (cli, "key") == NULL && cli_option (cli, "csr") == NULL) {
		g_autofree char *own = cli_option (cli, "as") != NULL ? submission (remote, id, view, spkis, NULL, error) : NULL;
		if (cli_option (cli, "as") == NULL)
			return json_object ();
		return own != NULL ? json_pack ("{s:s}", "statement", own) : NULL;
	}
	if (cli_option (cli, "key") == NULL || cli_option (cli, "csr") == NULL) {
		diqi_error_set (error, DIQI_ERROR_FIELD_MISSING, NULL, "--key and --csr go together");
		return NULL;
	}
	g_autoptr (PrivateKey) key = key_file_load (cli, cli_option (cli, "key"), error);
	if (key == NULL || !read_requests (cli, csrs, spkis, error))
		return NULL;
	g_autofree char *statement = submission (remote, id, view, spkis, key, error);
	return statement != NULL ? json_pack ("{s:O, s:s}", "csrs", csrs, "statement", statement) : NULL;
}

/* With --as it is the holder who hands it in, not whoever has the ticket. */
static gboolean
run_submit (Cli *cli, GError **error)
{
	g_autofree char *id = NULL;
	g_autoptr (Remote) ticket = remote_open_ticket (cli, &id, error);
	if (ticket == NULL)
		return FALSE;
	g_autoptr (Remote) remote = cli_option (cli, "as") != NULL ? remote_open_logged_in (cli, error) : g_steal_pointer (&ticket);
	if (remote == NULL)
		return FALSE;
	g_autofree char *view_path = application_path (id, NULL);
	g_autoptr (json_t) view = remote_call (remote, "GET", view_path, NULL, error);
	if (view == NULL)
		return FALSE;
	g_autoptr (json_t) body = submission_body (cli, remote, id, view, error);
	if (body == NULL)
		return FALSE;
	g_autofree char *path = application_path (id, "submit");
	g_autoptr (json_t) done = remote_call (remote, "POST", path, g_steal_pointer (&body), error);
	cli_print (cli, done);
	return done != NULL;
}

static gboolean
run_withdraw (Cli *cli, GError **error)
{
	g_autofree char *id = NULL;
	g_autoptr (Remote) remote = remote_open_ticket (cli, &id, error);
	if (remote == NULL)
		return FALSE;
	g_autofree char *path = application_path (id, "withdraw");
	json_t *body = json_object ();
	if (cli_option (cli, "reason") != NULL)
		json_object_set_new (body, "reason", json_string (cli_option (cli, "reason")));
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

/* As the server keeps it: the signing certificate's chain, or with --p12 files of certificates and keys. */
static gboolean
run_certificate (Cli *cli, GError **error)
{
	g_autofree char *id = NULL;
	if (cli_option (cli, "p12") == NULL && cli_wants_json (cli)) {
		g_autoptr (Remote) remote = remote_open_ticket (cli, &id, error);
		g_autoptr (json_t) issued = remote != NULL ? issued_fetch (remote, id, error) : NULL;
		cli_print (cli, issued);
		return issued != NULL;
	}
	if (cli_option (cli, "p12") == NULL) {
		g_autoptr (GBytes) pem = fetch_for_ticket (cli, "certificate", error);
		if (pem != NULL)
			cli_print_bytes (pem);
		return pem != NULL;
	}
	if (cli_option (cli, "key") == NULL)
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, NULL, "--p12 needs --key, the key made with \"key new\"");
	g_autoptr (Remote) remote = remote_open_ticket (cli, &id, error);
	g_autoptr (json_t) issued = remote != NULL ? issued_fetch (remote, id, error) : NULL;
	if (issued == NULL || !issued_write_p12 (cli, issued, cli_option (cli, "key"), cli_option (cli, "p12"), error))
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
	return remote_print_columns (cli, remote, path->str, "application number service form.name state submitted due", error);
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

/* Of a recovery: the key that the recovered one goes to, which whoever asks for it brings as a request. */
static gboolean
lodge_with_key (Cli *cli, Remote *remote, const char *path, json_t *members, GError **error)
{
	g_autoptr (json_t) csrs = json_array (), spkis = json_array (), owned = members;
	if (!read_requests (cli, csrs, spkis, error))
		return FALSE;
	json_object_set (owned, "spki", json_array_get (spkis, 0));
	g_autofree char *statement = remote_statement (remote, "application.lodge", g_steal_pointer (&owned), NULL, error);
	if (statement == NULL)
		return FALSE;
	json_t *body = json_pack ("{s:O, s:s}", "csr", json_array_get (csrs, 0), "statement", statement);
	g_autoptr (json_t) view = remote_call (remote, "POST", path, body, error);
	cli_print (cli, view);
	return view != NULL;
}

/* For somebody who stands at the counter. */
static gboolean
run_lodge (Cli *cli, GError **error)
{
	const char *id = cli_argument (cli, 0);
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autoptr (json_t) view = get_view (remote, id, error);
	if (view == NULL)
		return FALSE;
	g_autofree char *document_path = application_path (id, "form-document");
	g_autoptr (GBytes) document = remote_fetch (remote, document_path, error);
	if (document == NULL)
		return FALSE;
	Fingerprint form;
	fingerprint_of (g_bytes_get_data (document, NULL), g_bytes_get_size (document), &form);
	json_t *members = json_pack ("{s:s, s:O, s:o}", "application", id, "service", json_object_get (view, "service"),
	                             "form", json_hex (form.b, sizeof form.b));
	if (json_object_get (view, "certificate") != NULL)
		json_object_set (members, "certificate", json_object_get (view, "certificate"));
	g_autofree char *path = application_path (id, "lodge");
	return cli_option (cli, "csr") == NULL ? remote_act_and_print (cli, remote, path, "application.lodge", members, error)
	                                       : lodge_with_key (cli, remote, path, members, error);
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

/* Both approvals sign the hash of the exact request; it is shown before it is signed.  A new certificate has a profile,
 * any other service has none, and approvals of its own. */
typedef struct {
	const char *verb, *type;                   /* of a new certificate; NULL: there is none such */
	const char *service_verb, *service_type;   /* of other services */
} Approval;

static gboolean
approve (Cli *cli, const Approval *approval, GError **error)
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
	gboolean certificate = json_object_get (facts, "profile") != NULL;
	if ((certificate ? approval->verb : approval->service_verb) == NULL)
		return diqi_fail (error, DIQI_ERROR_APPLICATION_STATE, NULL, certificate ? "a new certificate is issued: use \"application issue\""
		                                                                         : "no certificate is issued: use \"application complete\"");
	cli_note (cli, "approving: %s", request);
	Fingerprint hash;        /* of what is shown, not of what the server says its hash is */
	fingerprint_of (request, strlen (request), &hash);
	json_t *members = json_pack ("{s:s, s:o}", "application", id, "request", json_hex (hash.b, sizeof hash.b));
	if (certificate) {
		json_object_set (members, "profile", json_object_get (facts, "profile"));
		json_object_set (members, "profile_version", json_object_get (facts, "profile_version"));
	}
	if (!certificate && cli_option (cli, "answer") != NULL)
		json_object_set_new (members, "answer", json_string (cli_option (cli, "answer")));
	g_autofree char *path = application_path (id, certificate ? approval->verb : approval->service_verb);
	return remote_act_and_print (cli, remote, path, certificate ? approval->type : approval->service_type, members, error);
}

static gboolean
run_review (Cli *cli, GError **error)
{
	return approve (cli, &(Approval) { "review", "application.review", "service-review", "service.review" }, error);
}

static gboolean
run_issue (Cli *cli, GError **error)
{
	return approve (cli, &(Approval) { "issue", "application.issue", NULL, NULL }, error);
}

static gboolean
run_complete (Cli *cli, GError **error)
{
	return approve (cli, &(Approval) { NULL, NULL, "complete", "service.complete" }, error);
}

/* What a hand-over says beside its method: point, tokens, who took them. */
static void
add_recipient (const Cli *cli, json_t *members)
{
	const char *tokens = cli_option (cli, "token"), *point = cli_option (cli, "point"), *recipient = cli_option (cli, "recipient");
	if (tokens != NULL) {
		g_auto (GStrv) serials = g_strsplit (tokens, ",", -1);
		json_t *list = json_array ();
		for (guint i = 0; serials[i] != NULL; i++)
			json_array_append_new (list, json_string (g_strstrip (serials[i])));
		json_object_set_new (members, "tokens", list);
	}
	if (point != NULL)
		json_object_set_new (members, "point", json_string (point));
	if (recipient != NULL)
		json_object_set_new (members, "recipient", json_string (recipient));
	if (cli_flag (cli, "identity-seen"))
		json_object_set_new (members, "identity_seen", json_true ());
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
	if (with_method) {
		json_object_set_new (members, "method", json_string (method != NULL ? method : "counter"));
		add_recipient (cli, members);
	}
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
static const CliOption new_options[] = {
	{ "form", "FILE", "the form as JSON", TRUE }, TICKET,
	{ "service", "NAME", "of \"service list\"; issue when absent", FALSE },
	{ "certificate", "SERIAL", "the certificate it is about", FALSE },
	{ "origin", "FILE", "ticket of the application that the certificate came of: proves who asks", FALSE },
	{ "cause", "WHICH", "of a reissue: lost or damaged", FALSE },
	{ "point", "CODE", "acceptance point", FALSE }, { "language", "TAG", "of messages: zh-CN (default) or en", FALSE }, END };
static const CliOption edit_options[] = { { "form", "FILE", "the whole form as JSON", TRUE }, TICKET, END };
static const CliOption lodge_options[] = { { "csr", "FILE", "recover_key: request of the key that the recovered one goes to", FALSE }, END };
static const CliOption withdraw_options[] = { TICKET, { "reason", "TEXT", "why", FALSE }, END };
static const CliOption complete_options[] = { { "answer", "TEXT", "of service other: what the applicant is told", FALSE }, END };
static const CliOption ticket_options[] = { TICKET, END };
static const CliOption submit_options[] = {
	TICKET, { "key", "FILE", "the key made with \"key new\"; services with a new key", FALSE },
	{ "csr", "FILE", "its certificate request; of several copies the key's first, with commas", FALSE }, END };
static const CliOption certificate_options[] = {
	TICKET, { "key", "FILE", "the key, to make a PKCS#12", FALSE }, { "p12", "FILE.p12", "write key and certificate there; of double certificates the other two to FILE-encryption.p12", FALSE }, END };
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
	{ "method", "HOW", "cash (default), card, transfer", FALSE }, { "slip", "NUMBER", "of the payment slip", FALSE }, END };
static const CliOption deliver_options[] = {
	{ "method", "HOW", "counter (default), post, download", FALSE }, { "point", "CODE", "where; the application's when absent", FALSE },
	{ "token", "A,B", "serials from the point's stock, one a certificate", FALSE }, { "recipient", "NAME", "who takes them", FALSE },
	{ "identity-seen", NULL, "his identity was seen", FALSE }, END };

const CliCommand application_commands[] = {
	{ "application new", "organization|person", 1, 1, "start an application for a service with a form; --as: in this holder's or clerk's session", new_options, run_new },
	{ "application edit", "", 0, 0, "replace the form of a draft or returned application", edit_options, run_edit },
	{ "application submit", "", 0, 0, "hand it in; for a new certificate with the key's request, signed by that key; a holder with --as", submit_options, run_submit },
	{ "application withdraw", "", 0, 0, "take it back (撤回), until it is issued", withdraw_options, run_withdraw },
	{ "application status", "", 0, 0, "where the application stands", ticket_options, run_status },
	{ "application slip", "", 0, 0, "the acceptance slip (受理回执)", ticket_options, run_slip },
	{ "application certificate", "", 0, 0, "fetch what was issued, and the key of the encryption certificate", certificate_options, run_certificate },
	{ "application list", "", 0, 0, "applications, for officers", list_options, run_list },
	{ "application show", "APPLICATION", 1, 1, "one application, for officers", NULL, run_show },
	{ "application lodge", "APPLICATION", 1, 1, "clerk: hand it in for somebody at the counter; services without a new certificate", lodge_options, run_lodge },
	{ "application accept", "APPLICATION", 1, 1, "clerk: originals seen, accepted (受理)", accept_options, run_accept },
	{ "application return", "APPLICATION", 1, 1, "clerk or reviewer: return for correction (补正)", return_options, run_return },
	{ "application reject", "APPLICATION", 1, 1, "reviewer: refuse", reject_options, run_reject },
	{ "application fee", "APPLICATION YUAN", 2, 2, "cashier: record the fee", fee_options, run_fee },
	{ "application review", "APPLICATION", 1, 1, "reviewer: approve the exact request (审核)", NULL, run_review },
	{ "application issue", "APPLICATION", 1, 1, "issuer: approve the same request; the signer issues (发证)", NULL, run_issue },
	{ "application complete", "APPLICATION", 1, 1, "issuer: second approval of a service without a new key (办结); clerk, reviewer: answer", complete_options, run_complete },
	{ "application deliver", "APPLICATION", 1, 1, "clerk: certificate handed over", deliver_options, run_deliver },
	{ "application confirm", "APPLICATION", 1, 1, "holder: accept the certificate", NULL, run_confirm },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
