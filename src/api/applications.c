/* api/applications.c — applications for certificates. */
#include <string.h>

#include "api/routes.h"
#include "base/error.h"
#include "base/random.h"
#include "registry/access_code.h"

#define FORM_LIMIT (64 * 1024)
#define CODE_SALT "access_salt"
#define COPIES_MAX 20

static const char *
id_of (ApiCall *call)
{
	return request_param (call->request, "id");
}

/* --- applicants -------------------------------------------------------------------------- */

static gboolean
create (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	const ApplicationCreation *creation = arg;
	g_autofree char *salt = random_token (32);
	g_autofree char *code = access_code_derive (salt, call->idempotency_key);
	if (!application_create (tx, call->api->registry, creation, &code, reply, error))
		return FALSE;
	json_object_set_new (*reply, CODE_SALT, json_string (salt));
	return TRUE;
}

/* A repeated request gets the same code again, and yet nobody can read it in the database: recorded are a salt and
 * a hash of the Idempotency-Key, the code is made from the salt and the key itself. */
static void
show_access_code (const ApiCall *call, json_t *reply)
{
	g_autofree char *code = access_code_derive (json_string_value (json_object_get (reply, CODE_SALT)), call->idempotency_key);
	json_object_set_new (reply, "access_code", json_string (code));
	json_object_del (reply, CODE_SALT);
}

static gboolean
read_creation (ApiCall *call, ApplicationCreation *out, GError **error)
{
	const char *kind = NULL, *service = NULL;
	json_t *form = NULL;
	const Field fields[] = {
		{ "kind", FIELD_STRING, TRUE, 32, &kind },
		{ "form", FIELD_OBJECT, TRUE, 0, &form },
		{ "service", FIELD_STRING, FALSE, 32, &service },
		{ "certificate", FIELD_STRING, FALSE, 40, &out->certificate },
		{ "origin_access_code", FIELD_STRING, FALSE, 64, &out->origin_access_code },
		{ "cause", FIELD_STRING, FALSE, 16, &out->cause },
		{ "point", FIELD_STRING, FALSE, 32, &out->point },
		{ "language", FIELD_STRING, FALSE, 16, &out->language },
	};
	if (!JSON_READ (call->body, "", fields, error))
		return FALSE;
	out->form = form;
	out->actor = call->has_actor ? &call->actor : NULL;
	if (!subject_kind_from_name (kind, &out->kind))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/kind", "kind is \"organization\" or \"person\"");
	if (service != NULL && !service_from_name (service, &out->service))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/service", "no such service: see GET /api/v1/services");
	return TRUE;
}

static Response *
post_application (ApiCall *call, GError **error)
{
	ApplicationCreation creation = { .service = SERVICE_ISSUE };
	if (!read_creation (call, &creation, error))
		return NULL;
	guint status = 201;
	g_autoptr (json_t) reply = api_mutate_json (call, &status, create, &creation, error);
	if (reply == NULL)
		return NULL;
	show_access_code (call, reply);
	return api_reply (call, status, reply);
}

static gboolean
view (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	(void) arg;
	return application_view (tx, call->api->registry, &call->actor, id_of (call), reply, error);
}

static Response *
get_application (ApiCall *call, GError **error)
{
	return api_read (call, view, NULL, error);
}

static gboolean
edit (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	return application_edit (tx, call->api->registry, &call->actor, id_of (call), call->if_match, arg, reply, error);
}

static Response *
put_application (ApiCall *call, GError **error)
{
	json_t *form = NULL;
	const Field fields[] = { { "form", FIELD_OBJECT, TRUE, 0, &form } };
	if (!JSON_READ (call->body, "", fields, error))
		return NULL;
	return api_mutate (call, 200, edit, form, error);
}

typedef struct {
	GPtrArray *csrs;             /* Csr * */
	Statement *statement;        /* NULL: an access code alone */
} Submission;

static void
submission_clear (Submission *submission)
{
	g_clear_pointer (&submission->csrs, g_ptr_array_unref);
	g_clear_pointer (&submission->statement, statement_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Submission, submission_clear)

static gboolean
submit (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	const Submission *submission = arg;
	return application_submit (tx, call->api->registry, &call->actor, id_of (call), (Csr *const *) submission->csrs->pdata,
	                           submission->csrs->len, submission->statement, reply, error);
}

/* base64 DER, or the PEM text as it is. */
static Csr *
read_csr (const char *text, const char *at, GError **error)
{
	if (strstr (text, "-----BEGIN") != NULL)
		return csr_parse (text, strlen (text), at, error);
	g_autoptr (GBytes) der = base64_decode_strict (text, strlen (text), NULL);
	if (der == NULL) {
		diqi_error_set (error, DIQI_ERROR_CSR, at, "csr is neither base64 DER nor PEM");
		return NULL;
	}
	return csr_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), at, error);
}

static gboolean
take_csr (GPtrArray *csrs, const char *text, const char *at, GError **error)
{
	Csr *csr = read_csr (text, at, error);
	if (csr == NULL)
		return FALSE;
	g_ptr_array_add (csrs, csr);
	return TRUE;
}

/* `csr`, or `csrs` for several copies; neither for services without a key. */
static gboolean
read_csrs (const char *one, const json_t *several, GPtrArray *csrs, GError **error)
{
	gsize i;
	json_t *item;
	if (one != NULL && several != NULL)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/csrs", "csr or csrs, not both");
	if (one != NULL)
		return take_csr (csrs, one, "/csr", error);
	json_array_foreach (several, i, item) {
		g_autofree char *at = g_strdup_printf ("/csrs/%zu", i);
		if (!json_is_string (item))
			return diqi_fail (error, DIQI_ERROR_FIELD_TYPE, at, "expected a string");
		if (!take_csr (csrs, json_string_value (item), at, error))
			return FALSE;
	}
	return TRUE;
}

/* What is asked for depends on the service, which the registry knows; what belongs together does not: a request comes with
 * a statement, a statement comes with a request unless a session's certificate signs it, and a session always signs. */
static gboolean
check_members (const ApiCall *call, const Submission *submission, const char *statement, GError **error)
{
	gboolean requests = submission->csrs->len > 0;
	if (statement == NULL && (requests || call->actor.kind == ACTOR_HOLDER))
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, "/statement", "a signed statement is required");
	if (statement != NULL && !requests && call->actor.certificate == NULL)
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, "/csr", "a statement is signed with the key of a request: csr or csrs is required");
	return TRUE;
}

/* With the key to be certified, or with the session's certificate. */
static gboolean
check_submission (ApiCall *call, const Submission *submission, GError **error)
{
	const Statement *statement = submission->statement;
	if (!api_check_statement (call, statement, "application.submit", error))
		return FALSE;
	if (submission->csrs->len == 0) {
		if (call->actor.certificate == NULL || !statement_by_certificate (statement) ||
		    !fingerprint_equal (statement_signer (statement), &call->actor.fingerprint))
			return diqi_fail (error, DIQI_ERROR_STATEMENT_SIGNER, "/statement", "the statement must be signed with the certificate of this session");
		return statement_verify (statement, call->actor.certificate, error);
	}
	const PublicKey *key = csr_public_key (g_ptr_array_index (submission->csrs, 0));
	if (statement_by_certificate (statement) || !fingerprint_equal (statement_signer (statement), public_key_fingerprint (key)))
		return diqi_fail (error, DIQI_ERROR_STATEMENT_SIGNER, "/statement", "the statement must be signed with the key of the request (spki#S256)");
	return statement_verify_spki (statement, key, error);
}

static Response *
post_submit (ApiCall *call, GError **error)
{
	const char *csr = NULL, *text = NULL;
	json_t *csrs = NULL;
	const Field fields[] = {
		{ "csr", FIELD_STRING, FALSE, 2 * CSR_MAX_DER, &csr },
		{ "csrs", FIELD_ARRAY, FALSE, COPIES_MAX, &csrs },
		{ "statement", FIELD_STRING, FALSE, STATEMENT_MAX_BYTES, &text },
	};
	g_auto (Submission) submission = { .csrs = g_ptr_array_new_with_free_func ((GDestroyNotify) csr_free) };
	if (!JSON_READ (call->body, "", fields, error) || !read_csrs (csr, csrs, submission.csrs, error))
		return NULL;
	if (!check_members (call, &submission, text, error))
		return NULL;
	if (text == NULL)
		return api_mutate (call, 200, submit, &submission, error);
	submission.statement = statement_parse (text, -1, error);
	if (submission.statement == NULL || !check_submission (call, &submission, error))
		return NULL;
	return api_mutate (call, 200, submit, &submission, error);
}

static gboolean
lodge (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	const Submission *submission = arg;
	return application_lodge (tx, call->api->registry, &call->actor, id_of (call), (Csr *const *) submission->csrs->pdata,
	                          submission->csrs->len, submission->statement, reply, error);
}

/* With a request: the key that a recovered key goes to. */
static Response *
post_lodge (ApiCall *call, GError **error)
{
	const char *csr = NULL, *text = NULL;
	const Field fields[] = {
		{ "csr", FIELD_STRING, FALSE, 2 * CSR_MAX_DER, &csr },
		{ "statement", FIELD_STRING, TRUE, STATEMENT_MAX_BYTES, &text },
	};
	g_auto (Submission) submission = { .csrs = g_ptr_array_new_with_free_func ((GDestroyNotify) csr_free) };
	if (!JSON_READ (call->body, "", fields, error) || !read_csrs (csr, NULL, submission.csrs, error))
		return NULL;
	submission.statement = api_statement (call, "application.lodge", error);
	return submission.statement != NULL ? api_mutate (call, 200, lodge, &submission, error) : NULL;
}

typedef struct {
	Statement *statement;
	const char *reason;
} Withdrawal;

static gboolean
withdraw (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	const Withdrawal *w = arg;
	return application_withdraw (tx, call->api->registry, &call->actor, id_of (call), w->statement, w->reason, reply, error);
}

/* A session signs; with an access code there is nothing to sign with. */
static Response *
post_withdraw (ApiCall *call, GError **error)
{
	if (call->actor.kind == ACTOR_HOLDER) {
		g_autoptr (Statement) statement = api_only_statement (call, "application.withdraw", error);
		Withdrawal signed_one = { statement, NULL };
		return statement == NULL ? NULL : api_mutate (call, 200, withdraw, &signed_one, error);
	}
	Withdrawal w = { NULL, NULL };
	const Field fields[] = { { "reason", FIELD_STRING, FALSE, 1000, &w.reason } };
	if (!JSON_READ (call->body, "", fields, error))
		return NULL;
	return api_mutate (call, 200, withdraw, &w, error);
}

/* --- acts of officers and holders: all of one shape ----------------------------------------- */

typedef gboolean (*ActFn) (Tx *tx, Registry *registry, const Actor *actor, const char *id,
                           const Statement *statement, json_t **view, GError **error);
typedef struct {
	ActFn fn;
	Statement *statement;
} Act;

static gboolean
do_act (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	const Act *act = arg;
	return act->fn (tx, call->api->registry, &call->actor, id_of (call), act->statement, reply, error);
}

static Response *
act (ApiCall *call, const char *type, ActFn fn, GError **error)
{
	g_autoptr (Statement) statement = api_only_statement (call, type, error);
	if (statement == NULL)
		return NULL;
	Act a = { fn, statement };
	return api_mutate (call, 200, do_act, &a, error);
}

static Response *post_accept (ApiCall *call, GError **error) { return act (call, "application.accept", application_accept, error); }
static Response *post_return (ApiCall *call, GError **error) { return act (call, "application.return", application_return, error); }
static Response *post_reject (ApiCall *call, GError **error) { return act (call, "application.reject", application_reject, error); }
static Response *post_fee (ApiCall *call, GError **error) { return act (call, "fee.record", application_record_fee, error); }
static Response *post_review (ApiCall *call, GError **error) { return act (call, "application.review", application_review, error); }
static Response *post_service_review (ApiCall *call, GError **error) { return act (call, "service.review", application_service_review, error); }
static Response *post_service_complete (ApiCall *call, GError **error) { return act (call, "service.complete", application_service_complete, error); }
static Response *post_deliver (ApiCall *call, GError **error) { return act (call, "certificate.deliver", application_deliver, error); }
static Response *post_confirm (ApiCall *call, GError **error) { return act (call, "certificate.confirm", application_confirm, error); }

static gboolean
issue (ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	const IssueAlso also = { api_record_within, call };
	return application_issue (call->api->registry, call->api->store, &call->actor, id_of (call), arg, &also, reply, error);
}

static Response *
post_issue (ApiCall *call, GError **error)
{
	g_autoptr (Statement) statement = api_only_statement (call, "application.issue", error);
	if (statement == NULL)
		return NULL;
	return api_mutate_outside (call, 200, issue, statement, error);
}

/* --- reading ---------------------------------------------------------------------------------- */

typedef struct {
	const char *state, *cursor;
	guint limit;
} Listing;

static gboolean
list (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	const Listing *listing = arg;
	json_t *items = NULL;
	char *next = NULL;
	if (!application_list (tx, call->api->registry, listing->state, listing->cursor, listing->limit, &items, &next, error))
		return FALSE;
	*reply = api_page (items, next);
	return TRUE;
}

static Response *
get_applications (ApiCall *call, GError **error)
{
	Listing listing = { request_query (call->request, "state"), request_query (call->request, "cursor"), 0 };
	if (!api_limit (call, &listing.limit, error))
		return NULL;
	return api_read (call, list, &listing, error);
}

static gboolean
services (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	json_t *items = NULL;
	(void) arg;
	if (!registry_services (tx, call->api->registry, &items, error))
		return FALSE;
	*reply = json_pack ("{s:o}", "items", items);
	return TRUE;
}

static Response *
get_services (ApiCall *call, GError **error)
{
	return api_read (call, services, NULL, error);
}

static gboolean
request_of (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	(void) arg;
	return application_request (tx, call->api->registry, id_of (call), reply, error);
}

static Response *
get_request (ApiCall *call, GError **error)
{
	return api_read (call, request_of, NULL, error);
}

/* Texts that are not JSON answers: read into a string, sent as they are. */
typedef gboolean (*TextFn) (Tx *tx, ApiCall *call, char **text, GError **error);
typedef struct {
	TextFn fn;
	char *text;
} TextRead;

static gboolean
read_text (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	TextRead *t = arg;
	(void) reply;
	g_clear_pointer (&t->text, g_free);
	return t->fn (tx, call, &t->text, error);
}

static Response *
answer_text (ApiCall *call, TextFn fn, const char *type, GError **error)
{
	TextRead t = { fn, NULL };
	Response *ignored = api_read (call, read_text, &t, error);
	Response *response = NULL;
	if (ignored != NULL)
		response = response_new (200, type, t.text, strlen (t.text));
	g_clear_pointer (&ignored, response_free);
	g_free (t.text);
	return response;
}

static gboolean
form_text_of (Tx *tx, ApiCall *call, char **text, GError **error)
{
	return application_form_document (tx, call->api->registry, &call->actor, id_of (call), text, error);
}

static gboolean
chain_of (Tx *tx, ApiCall *call, char **text, GError **error)
{
	gint64 copy;
	return api_query_int (call, "copy", 0, &copy, error) &&
	       application_certificate_pem (tx, call->api->registry, &call->actor, id_of (call), (guint) MIN (copy, COPIES_MAX), text, error);
}

static gboolean
slip_of (Tx *tx, ApiCall *call, char **text, GError **error)
{
	return application_slip (tx, call->api->registry, &call->actor, id_of (call),
	                         request_header (call->request, "Diqi-Access-Code"), text, error);
}

static Response *
get_form_document (ApiCall *call, GError **error)
{
	return answer_text (call, form_text_of, "application/json", error);
}

static Response *
get_certificate (ApiCall *call, GError **error)
{
	return answer_text (call, chain_of, "application/pem-certificate-chain", error);
}

static gboolean
issued (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	gint64 copy;
	(void) arg;
	return api_query_int (call, "copy", 0, &copy, error) &&
	       application_issued (tx, call->api->registry, &call->actor, id_of (call), (guint) MIN (copy, COPIES_MAX), reply, error);
}

static Response *
get_issued (ApiCall *call, GError **error)
{
	return api_read (call, issued, NULL, error);
}

static Response *
get_slip (ApiCall *call, GError **error)
{
	return answer_text (call, slip_of, "text/plain; charset=utf-8", error);
}

#define READERS (ROLE_CLERK | ROLE_CASHIER | ROLE_REVIEWER | ROLE_ISSUER | ROLE_AUDITOR)
#define ID "/api/v1/applications/{id}"
#define STATEMENT_LIMIT (STATEMENT_MAX_BYTES + 1024)

const ApiRoute application_routes[] = {
	{ "GET", "/api/v1/services", PERMIT_PUBLIC, 0, 0, get_services },
	{ "POST", "/api/v1/applications", PERMIT_PUBLIC, API_IDEMPOTENT, FORM_LIMIT, post_application },
	{ "GET", "/api/v1/applications", READERS, 0, 0, get_applications },
	{ "GET", ID, PERMIT_APPLICANT | READERS, 0, 0, get_application },
	{ "PUT", ID, PERMIT_APPLICANT, API_IF_MATCH, FORM_LIMIT, put_application },
	{ "GET", ID "/form-document", PERMIT_APPLICANT | ROLE_CLERK | ROLE_REVIEWER | ROLE_ISSUER, 0, 0, get_form_document },
	{ "POST", ID "/submit", PERMIT_APPLICANT, API_IDEMPOTENT, STATEMENT_LIMIT + 2 * COPIES_MAX * CSR_MAX_DER, post_submit },
	{ "POST", ID "/lodge", ROLE_CLERK, API_IDEMPOTENT, STATEMENT_LIMIT + 2 * CSR_MAX_DER, post_lodge },
	{ "POST", ID "/withdraw", PERMIT_APPLICANT, API_IDEMPOTENT, STATEMENT_LIMIT, post_withdraw },
	{ "POST", ID "/accept", ROLE_CLERK, API_IDEMPOTENT, STATEMENT_LIMIT, post_accept },
	{ "POST", ID "/return", ROLE_CLERK | ROLE_REVIEWER, API_IDEMPOTENT, STATEMENT_LIMIT, post_return },
	{ "POST", ID "/reject", ROLE_REVIEWER, API_IDEMPOTENT, STATEMENT_LIMIT, post_reject },
	{ "POST", ID "/fee", ROLE_CASHIER, API_IDEMPOTENT, STATEMENT_LIMIT, post_fee },
	{ "GET", ID "/request", ROLE_REVIEWER | ROLE_ISSUER | ROLE_CLERK | ROLE_AUDITOR, 0, 0, get_request },
	{ "POST", ID "/review", ROLE_REVIEWER, API_IDEMPOTENT, STATEMENT_LIMIT, post_review },
	{ "POST", ID "/issue", ROLE_ISSUER, API_IDEMPOTENT, STATEMENT_LIMIT, post_issue },
	{ "POST", ID "/service-review", ROLE_REVIEWER, API_IDEMPOTENT, STATEMENT_LIMIT, post_service_review },
	{ "POST", ID "/complete", ROLE_ISSUER | ROLE_CLERK | ROLE_REVIEWER, API_IDEMPOTENT, STATEMENT_LIMIT, post_service_complete },
	{ "GET", ID "/certificate", PERMIT_APPLICANT | READERS, 0, 0, get_certificate },
	{ "GET", ID "/issued", PERMIT_APPLICANT | READERS, 0, 0, get_issued },
	{ "POST", ID "/deliver", ROLE_CLERK, API_IDEMPOTENT, STATEMENT_LIMIT, post_deliver },
	{ "POST", ID "/confirm", PERMIT_HOLDER, API_IDEMPOTENT, STATEMENT_LIMIT, post_confirm },
	{ "GET", ID "/slip", PERMIT_APPLICANT | ROLE_CLERK, 0, 0, get_slip },
	{ NULL, NULL, 0, 0, 0, NULL },
};
