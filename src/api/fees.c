/* api/fees.c — prices, orders, waivers, refunds, invoices, suspense, the book, the bank's statement. */
#include "registry/fee.h"

#include <string.h>

#include "api/routes.h"
#include "api/two_officers.h"
#include "base/error.h"

#define STATEMENT_LIMIT (STATEMENT_MAX_BYTES + 1024)
#define TWO_LIMIT (2 * STATEMENT_MAX_BYTES + 1024)
/* In JSON a line end takes two bytes, a quote too. */
#define FILE_LIMIT (RECONCILE_FILE_MAX + RECONCILE_FILE_MAX / 2 + STATEMENT_LIMIT)

/* --- acts of one officer ----------------------------------------------------------------- */

typedef gboolean (*OneFn) (Tx *tx, Registry *registry, const Actor *actor, const char *id, const Statement *statement, json_t **view, GError **error);
typedef struct {
	OneFn fn;
	const char *id;
	Statement *statement;
} One;

static gboolean
run_one (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	const One *one = arg;

	return one->fn (tx, call->api->registry, &call->actor, one->id, one->statement, reply, error);
}

static Response *
act_of_one (ApiCall *call, guint status, const char *type, const char *param, OneFn fn, GError **error)
{
	g_autoptr (Statement) statement = api_only_statement (call, type, error);
	One one = { fn, request_param (call->request, param), statement };

	return statement ? api_mutate (call, status, run_one, &one, error) : NULL;
}

static Response *
post_refund (ApiCall *call, GError **error)
{
	return act_of_one (call, 201, "refund.request", "id", fee_refund_request, error);
}

static Response *
post_refund_approve (ApiCall *call, GError **error)
{
	return act_of_one (call, 200, "refund.approve", "id", fee_refund_approve, error);
}

static Response *
post_refund_pay (ApiCall *call, GError **error)
{
	return act_of_one (call, 200, "refund.pay", "id", fee_refund_pay, error);
}

static Response *
post_invoice_issue (ApiCall *call, GError **error)
{
	return act_of_one (call, 200, "invoice.issue", "id", fee_invoice_issue, error);
}

/* --- acts of two officers ------------------------------------------------------------------ */

typedef gboolean (*TwoFn) (Tx *tx, Registry *registry, const TwoOfficers *two, const char *id, json_t **view, GError **error);
typedef struct {
	TwoFn fn;
	const char *id;
	TwoOfficers two;
} Two;

static void
two_clear (Two *two)
{
	two_officers_clear (&two->two);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Two, two_clear)

static gboolean
run_two (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	const Two *two = arg;

	return two->fn (tx, call->api->registry, &two->two, two->id, reply, error);
}

static Response *
act_of_two (ApiCall *call, guint status, const char *type, TwoFn fn, GError **error)
{
	g_auto (Two) two = { .fn = fn, .id = request_param (call->request, "id") };
	json_t *statements = NULL;
	const Field fields[] = { { "statements", FIELD_ARRAY, TRUE, 2, &statements } };

	if (!JSON_READ (call->body, "", fields, error) || !api_two_officers (call, statements, type, &two.two, error))
		return NULL;
	return api_mutate (call, status, run_two, &two, error);
}

static gboolean
change_tariff (Tx *tx, Registry *registry, const TwoOfficers *two, const char *id, json_t **view, GError **error)
{
	(void) id;
	return fee_tariff_change (tx, registry, two, view, error);
}

static Response *
post_tariff (ApiCall *call, GError **error)
{
	return act_of_two (call, 201, "tariff.change", change_tariff, error);
}

static Response *
post_waiver (ApiCall *call, GError **error)
{
	return act_of_two (call, 200, "fee.waive", fee_waive, error);
}

static Response *
post_resolve (ApiCall *call, GError **error)
{
	return act_of_two (call, 200, "suspense.resolve", fee_suspense_resolve, error);
}

/* --- invoices and the bank's statement -------------------------------------------------------- */

typedef struct {
	const char *title, *tax_number, *mail;
} InvoiceBody;

static gboolean
request_invoice (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	const InvoiceBody *body = arg;

	return fee_invoice_request (tx, call->api->registry, &call->actor, request_param (call->request, "id"),
	                            body->title, body->tax_number, body->mail, reply, error);
}

static Response *
post_invoice (ApiCall *call, GError **error)
{
	InvoiceBody body = { 0 };
	const Field fields[] = {
		{ "title", FIELD_STRING, TRUE, 100, &body.title },
		{ "tax_number", FIELD_STRING, FALSE, 20, &body.tax_number },
		{ "mail", FIELD_STRING, TRUE, 100, &body.mail },
	};

	return JSON_READ (call->body, "", fields, error) ? api_mutate (call, 201, request_invoice, &body, error) : NULL;
}

typedef struct {
	const char *file;
	gsize n;
	Statement *statement;
} BankFile;

static gboolean
reconcile (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	const BankFile *file = arg;

	return fee_reconcile (tx, call->api->registry, &call->actor, file->file, file->n, file->statement, reply, error);
}

/* Not a FIELD_STRING: a file may hold carriage returns, and is checked by its own reader. */
static gboolean
read_file_member (ApiCall *call, BankFile *file, GError **error)
{
	const json_t *member = json_object_get (call->body, "file");
	const char *statement = NULL;
	const Field fields[] = { { "statement", FIELD_STRING, TRUE, STATEMENT_MAX_BYTES, &statement } };
	g_autoptr (json_t) rest = json_copy (call->body);

	if (!member)
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, "/file", "the text of the CSV file is required");
	if (!json_is_string (member))
		return diqi_fail (error, DIQI_ERROR_FIELD_TYPE, "/file", "\"file\" must be a string");
	json_object_del (rest, "file");
	if (!JSON_READ (rest, "", fields, error))
		return FALSE;
	file->file = json_string_value (member);
	file->n = json_string_length (member);
	return TRUE;
}

static Response *
post_reconciliation (ApiCall *call, GError **error)
{
	BankFile file = { 0 };
	g_autoptr (Statement) statement = NULL;

	if (!read_file_member (call, &file, error))
		return NULL;
	statement = file.statement = api_statement (call, "reconciliation.import", error);
	return statement ? api_mutate (call, 201, reconcile, &file, error) : NULL;
}

/* --- reading ------------------------------------------------------------------------------------ */

typedef gboolean (*ListFn) (Tx *tx, const char *filter, const char *after, guint limit, json_t *items, GError **error);
typedef struct {
	ListFn fn;
	const char *filter, *after, *id_member;
	guint limit;
} Listing;

static gboolean
run_list (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	const Listing *l = arg;
	g_autoptr (json_t) items = json_array ();
	gsize n;
	const char *next;

	(void) call;
	if (!l->fn (tx, l->filter, l->after, l->limit, items, error))
		return FALSE;
	n = json_array_size (items);
	next = n == l->limit ? json_string_value (json_object_get (json_array_get (items, n - 1), l->id_member)) : NULL;
	*reply = api_page (json_incref (items), g_strdup (next));
	return TRUE;
}

static Response *
list (ApiCall *call, ListFn fn, const char *id_member, const char *const *filters, GError **error)
{
	const char *state = request_query (call->request, "state"), *cursor = request_query (call->request, "cursor");
	Listing listing = { fn, state ? state : "", cursor ? cursor : "", id_member, 0 };

	if (state && !g_strv_contains (filters, state)) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, "/state", "there is no state \"%.32s\"", state);
		return NULL;
	}
	return api_limit (call, &listing.limit, error) ? api_read (call, run_list, &listing, error) : NULL;
}

static Response *
get_orders (ApiCall *call, GError **error)
{
	static const char *const states[] = { "open", "paid", "waived", "refundable", "refunded", "cancelled", "free", NULL };

	return list (call, order_list, "order", states, error);
}

static Response *
get_refunds (ApiCall *call, GError **error)
{
	static const char *const states[] = { "requested", "approved", "paid", NULL };

	return list (call, refund_list, "refund", states, error);
}

static gboolean
list_invoices (Tx *tx, const char *filter, const char *after, guint limit, json_t *items, GError **error)
{
	return invoice_list (tx, *filter != '\0', after, limit, items, error);
}

static Response *
get_invoices (ApiCall *call, GError **error)
{
	static const char *const states[] = { "open", NULL };

	return list (call, list_invoices, "invoice", states, error);
}

static gboolean
list_suspense (Tx *tx, const char *filter, const char *after, guint limit, json_t *items, GError **error)
{
	return suspense_list (tx, *filter != '\0', after, limit, items, error);
}

static Response *
get_suspense (ApiCall *call, GError **error)
{
	static const char *const states[] = { "open", NULL };

	return list (call, list_suspense, "item", states, error);
}

static gboolean
read_tariffs (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	json_t *rows = NULL;

	(void) call;
	(void) arg;
	if (!tariff_list (tx, &rows, error))
		return FALSE;
	*reply = json_pack ("{s:o}", "items", rows);
	return TRUE;
}

static Response *
get_tariffs (ApiCall *call, GError **error)
{
	return api_read (call, read_tariffs, NULL, error);
}

static gboolean
read_order (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	(void) arg;
	return order_view (tx, request_param (call->request, "id"), reply, error);
}

static Response *
get_order (ApiCall *call, GError **error)
{
	return api_read (call, read_order, NULL, error);
}

static gboolean
read_own_order (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	(void) arg;
	return fee_order_view (tx, call->api->registry, &call->actor, request_param (call->request, "id"), reply, error);
}

static Response *
get_own_order (ApiCall *call, GError **error)
{
	return api_read (call, read_own_order, NULL, error);
}

static gboolean
read_balances (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	json_t *accounts = NULL;

	(void) call;
	(void) arg;
	if (!ledger_balances (tx, &accounts, error))
		return FALSE;
	*reply = json_pack ("{s:o}", "accounts", accounts);
	return TRUE;
}

static Response *
get_balances (ApiCall *call, GError **error)
{
	return api_read (call, read_balances, NULL, error);
}

/* A fault in the book is an answer, not a failure of the service. */
static gboolean
check_book (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	g_autoptr (GError) fault = NULL;

	(void) call;
	(void) arg;
	if (ledger_check (tx, &fault)) {
		*reply = json_pack ("{s:b}", "balanced", TRUE);
		return TRUE;
	}
	if (!g_error_matches (fault, DIQI_ERROR, DIQI_ERROR_INTERNAL)) {
		g_propagate_error (error, g_steal_pointer (&fault));
		return FALSE;
	}
	*reply = json_pack ("{s:b, s:s}", "balanced", FALSE, "fault", fault->message);
	return TRUE;
}

static Response *
post_check (ApiCall *call, GError **error)
{
	return api_read (call, check_book, NULL, error);
}

static gboolean
read_reconciliations (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	g_autoptr (json_t) items = json_array ();

	(void) call;
	if (!reconcile_list (tx, *(guint *) arg, items, error))
		return FALSE;
	*reply = json_pack ("{s:O}", "items", items);
	return TRUE;
}

static Response *
get_reconciliations (ApiCall *call, GError **error)
{
	guint limit;

	return api_limit (call, &limit, error) ? api_read (call, read_reconciliations, &limit, error) : NULL;
}

static gboolean
read_reconciliation (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	(void) arg;
	return reconcile_view (tx, request_param (call->request, "date"), reply, error);
}

static Response *
get_reconciliation (ApiCall *call, GError **error)
{
	return api_read (call, read_reconciliation, NULL, error);
}

#define APPLICATION "/api/v1/applications/{id}"
#define OFFICE (ROLE_CASHIER | ROLE_AUDITOR | ROLE_ADMINISTRATOR)
#define WAIVERS (ROLE_ADMINISTRATOR | ROLE_REVIEWER | ROLE_ISSUER)

const ApiRoute fee_routes[] = {
	{ "GET", "/api/v1/tariffs", PERMIT_PUBLIC, 0, 0, get_tariffs, NULL, NULL },
	{ "POST", "/api/v1/tariffs", ROLE_ADMINISTRATOR, API_IDEMPOTENT, TWO_LIMIT, post_tariff, NULL, NULL },
	{ "GET", "/api/v1/orders", OFFICE, 0, 0, get_orders, NULL, NULL },
	{ "GET", "/api/v1/orders/{id}", OFFICE | ROLE_REVIEWER, 0, 0, get_order, NULL, NULL },
	{ "GET", APPLICATION "/order", PERMIT_APPLICANT | OFFICE | ROLE_CLERK, 0, 0, get_own_order, NULL, NULL },
	{ "POST", APPLICATION "/waiver", WAIVERS, API_IDEMPOTENT, TWO_LIMIT, post_waiver, NULL, NULL },
	{ "POST", APPLICATION "/invoice", PERMIT_APPLICANT | ROLE_CASHIER, API_IDEMPOTENT, 4096, post_invoice, NULL, NULL },
	{ "GET", "/api/v1/invoices", OFFICE, 0, 0, get_invoices, NULL, NULL },
	{ "POST", "/api/v1/invoices/{id}/issue", ROLE_CASHIER, API_IDEMPOTENT, STATEMENT_LIMIT, post_invoice_issue, NULL, NULL },
	{ "POST", "/api/v1/orders/{id}/refunds", ROLE_CASHIER, API_IDEMPOTENT, STATEMENT_LIMIT, post_refund, NULL, NULL },
	{ "GET", "/api/v1/refunds", OFFICE | ROLE_REVIEWER, 0, 0, get_refunds, NULL, NULL },
	{ "POST", "/api/v1/refunds/{id}/approve", ROLE_ADMINISTRATOR | ROLE_REVIEWER, API_IDEMPOTENT, STATEMENT_LIMIT, post_refund_approve, NULL, NULL },
	{ "POST", "/api/v1/refunds/{id}/pay", ROLE_CASHIER, API_IDEMPOTENT, STATEMENT_LIMIT, post_refund_pay, NULL, NULL },
	{ "GET", "/api/v1/suspense", OFFICE, 0, 0, get_suspense, NULL, NULL },
	{ "POST", "/api/v1/suspense/{id}/resolve", ROLE_CASHIER | ROLE_ADMINISTRATOR, API_IDEMPOTENT, TWO_LIMIT, post_resolve, NULL, NULL },
	{ "GET", "/api/v1/ledger/balances", OFFICE, 0, 0, get_balances, NULL, NULL },
	{ "POST", "/api/v1/ledger/check", OFFICE, API_NO_BODY, 1024, post_check, NULL, NULL },
	{ "POST", "/api/v1/reconciliations", ROLE_CASHIER, API_IDEMPOTENT, FILE_LIMIT, post_reconciliation, NULL, NULL },
	{ "GET", "/api/v1/reconciliations", OFFICE, 0, 0, get_reconciliations, NULL, NULL },
	{ "GET", "/api/v1/reconciliations/{date}", OFFICE, 0, 0, get_reconciliation, NULL, NULL },
	{ NULL, NULL, 0, 0, 0, NULL, NULL, NULL },
};
