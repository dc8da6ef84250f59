/* api/applications.c — applications for certificates. */
#include <string.h>

#include "api/routes.h"
#include "base/error.h"
#include "base/random.h"
#include "registry/access_code.h"

#define FORM_LIMIT (64 * 1024)
#define CODE_SALT "access_salt"

static const char *
id_of (ApiCall *call)
{
	return request_param (call->request, "id");
}

/* --- applicants -------------------------------------------------------------------------- */

typedef struct {
	SubjectKind kind;
	json_t *form;
} Creation;

static gboolean
create (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	const Creation *creation = arg;
	g_autofree char *salt = random_token (32);
	g_autofree char *code = access_code_derive (salt, call->idempotency_key);
	if (!application_create (tx, call->api->registry, creation->kind, creation->form, &code, reply, error))
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

static Response *
post_application (ApiCall *call, GError **error)
{
	const char *kind = NULL;
	Creation creation = { 0 };
	const Field fields[] = {
		{ "kind", FIELD_STRING, TRUE, 32, &kind },
		{ "form", FIELD_OBJECT, TRUE, 0, &creation.form },
	};
	if (!JSON_READ (call->body, "", fields, error))
		return NULL;
	if (!subject_kind_from_name (kind, &creation.kind)) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, "/kind", "kind is \"organization\" or \"person\"");
		return NULL;
	}
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
	Csr *csr;
	Statement *statement;
} Submission;

static gboolean
submit (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	const Submission *submission = arg;
	return application_submit (tx, call->api->registry, &call->actor, id_of (call), submission->csr, submission->statement, reply, error);
}

/* base64 DER, or the PEM text as it is. */
static Csr *
read_csr (const char *text, GError **error)
{
	if (strstr (text, "-----BEGIN") != NULL)
		return csr_parse (text, strlen (text), "/csr", error);
	g_autoptr (GBytes) der = base64_decode_strict (text, strlen (text), NULL);
	if (der == NULL) {
		diqi_error_set (error, DIQI_ERROR_CSR, "/csr", "csr is neither base64 DER nor PEM");
		return NULL;
	}
	return csr_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), "/csr", error);
}

static Response *
post_submit (ApiCall *call, GError **error)
{
	const char *csr_text = NULL, *text = NULL;
	const Field fields[] = {
		{ "csr", FIELD_STRING, TRUE, 2 * CSR_MAX_DER, &csr_text },
		{ "statement", FIELD_STRING, TRUE, STATEMENT_MAX_BYTES, &text },
	};
	if (!JSON_READ (call->body, "", fields, error))
		return NULL;
	g_autoptr (Csr) csr = read_csr (csr_text, error);
	if (csr == NULL)
		return NULL;
	g_autoptr (Statement) statement = statement_parse (text, -1, error);
	if (statement == NULL || !api_check_statement (call, statement, "application.submit", error))
		return NULL;
	const Fingerprint *key = public_key_fingerprint (csr_public_key (csr));
	if (statement_by_certificate (statement) || !fingerprint_equal (statement_signer (statement), key)) {
		diqi_error_set (error, DIQI_ERROR_STATEMENT_SIGNER, "/statement", "the statement must be signed with the key of the request (spki#S256)");
		return NULL;
	}
	if (!statement_verify_spki (statement, csr_public_key (csr), error))
		return NULL;
	Submission submission = { csr, statement };
	return api_mutate (call, 200, submit, &submission, error);
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
static Response *post_deliver (ApiCall *call, GError **error) { return act (call, "certificate.deliver", application_deliver, error); }
static Response *post_confirm (ApiCall *call, GError **error) { return act (call, "certificate.confirm", application_confirm, error); }

static gboolean
issue (ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	return application_issue (call->api->registry, call->api->store, &call->actor, id_of (call), arg, reply, error);
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
	return application_certificate_pem (tx, call->api->registry, &call->actor, id_of (call), text, error);
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

static Response *
get_slip (ApiCall *call, GError **error)
{
	return answer_text (call, slip_of, "text/plain; charset=utf-8", error);
}

#define READERS (ROLE_CLERK | ROLE_CASHIER | ROLE_REVIEWER | ROLE_ISSUER | ROLE_AUDITOR)
#define ID "/api/v1/applications/{id}"
#define STATEMENT_LIMIT (STATEMENT_MAX_BYTES + 1024)

const ApiRoute application_routes[] = {
	{ "POST", "/api/v1/applications", PERMIT_PUBLIC, API_IDEMPOTENT, FORM_LIMIT, post_application },
	{ "GET", "/api/v1/applications", READERS, 0, 0, get_applications },
	{ "GET", ID, PERMIT_APPLICANT | READERS, 0, 0, get_application },
	{ "PUT", ID, PERMIT_APPLICANT, API_IF_MATCH, FORM_LIMIT, put_application },
	{ "GET", ID "/form-document", PERMIT_APPLICANT | ROLE_CLERK | ROLE_REVIEWER | ROLE_ISSUER, 0, 0, get_form_document },
	{ "POST", ID "/submit", PERMIT_APPLICANT, API_IDEMPOTENT, STATEMENT_LIMIT + 2 * CSR_MAX_DER, post_submit },
	{ "POST", ID "/accept", ROLE_CLERK, API_IDEMPOTENT, STATEMENT_LIMIT, post_accept },
	{ "POST", ID "/return", ROLE_CLERK | ROLE_REVIEWER, API_IDEMPOTENT, STATEMENT_LIMIT, post_return },
	{ "POST", ID "/reject", ROLE_REVIEWER, API_IDEMPOTENT, STATEMENT_LIMIT, post_reject },
	{ "POST", ID "/fee", ROLE_CASHIER, API_IDEMPOTENT, STATEMENT_LIMIT, post_fee },
	{ "GET", ID "/request", ROLE_REVIEWER | ROLE_ISSUER | ROLE_CLERK | ROLE_AUDITOR, 0, 0, get_request },
	{ "POST", ID "/review", ROLE_REVIEWER, API_IDEMPOTENT, STATEMENT_LIMIT, post_review },
	{ "POST", ID "/issue", ROLE_ISSUER, API_IDEMPOTENT, STATEMENT_LIMIT, post_issue },
	{ "GET", ID "/certificate", PERMIT_APPLICANT | READERS, 0, 0, get_certificate },
	{ "POST", ID "/deliver", ROLE_CLERK, API_IDEMPOTENT, STATEMENT_LIMIT, post_deliver },
	{ "POST", ID "/confirm", PERMIT_HOLDER, API_IDEMPOTENT, STATEMENT_LIMIT, post_confirm },
	{ "GET", ID "/slip", PERMIT_APPLICANT | ROLE_CLERK, 0, 0, get_slip },
	{ NULL, NULL, 0, 0, 0, NULL },
};
