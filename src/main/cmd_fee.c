/* main/cmd_fee.c — diqi fee …: prices, orders, payments, waivers, refunds, invoices, suspense, the bank's statement.
 *
 * What two officers sign is signed by each with a command of his own ("fee waive … STATEMENT"), within five minutes,
 * and sent with "fee send STATEMENT STATEMENT". */
#include <string.h>

#include "base/error.h"
#include "main/cli.h"
#include "main/remote.h"

static gboolean
show (Cli *cli, const char *path, GError **error)
{
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);

	return remote != NULL && remote_print (cli, remote, path, error);
}

static gboolean
show_list (Cli *cli, const char *what, GError **error)
{
	g_autofree char *path = cli_option (cli, "state") ? g_strdup_printf ("/api/v1/%s?limit=200&state=%s", what, cli_option (cli, "state"))
	                                                  : g_strdup_printf ("/api/v1/%s?limit=200", what);

	return show (cli, path, error);
}

static gboolean
act (Cli *cli, const char *path, const char *type, json_t *members, GError **error)
{
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);

	if (remote == NULL) {
		json_decref (members);
		return FALSE;
	}
	return remote_act_and_print (cli, remote, path, type, members, error);
}

static void
add_option (const Cli *cli, json_t *members, const char *member)
{
	if (cli_option (cli, member) != NULL)
		json_object_set_new (members, member, json_string (cli_option (cli, member)));
}

/* --- what two officers sign -------------------------------------------------------------- */

static gboolean
sign_to (Cli *cli, Remote *remote, const char *type, json_t *members, const char *path, GError **error)
{
	g_autofree char *shown = json_dumps (members, JSON_INDENT (2) | JSON_SORT_KEYS);
	g_autofree char *statement = NULL;

	cli_note (cli, "signing %s:\n%s", type, shown);
	statement = remote_statement (remote, type, members, NULL, error);
	return statement != NULL && file_write_new (path, statement, strlen (statement), 0644, error);
}

static char *
read_statement (const char *path, Statement **parsed, GError **error)
{
	g_autoptr (GBytes) bytes = file_read (path, STATEMENT_MAX_BYTES, error);
	g_autofree char *text = bytes != NULL ? g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)) : NULL;

	if (text == NULL)
		return NULL;
	g_strstrip (text);
	*parsed = statement_parse (text, -1, error);
	return *parsed != NULL ? g_steal_pointer (&text) : NULL;
}

/* Where a statement goes follows from its type. */
static char *
path_of (const Statement *statement, GError **error)
{
	static const struct { const char *type, *before, *member, *after; } ways[] = {
		{ "fee.waive", "/api/v1/applications/", "application", "/waiver" },
		{ "suspense.resolve", "/api/v1/suspense/", "item", "/resolve" },
		{ "tariff.change", "/api/v1/tariffs", NULL, "" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS (ways); i++) {
		const char *id = ways[i].member ? json_string_value (json_object_get (statement_payload (statement), ways[i].member)) : "";

		if (strcmp (ways[i].type, statement_type (statement)) == 0 && id != NULL)
			return g_strconcat (ways[i].before, id, ways[i].after, NULL);
	}
	diqi_error_set (error, DIQI_ERROR_STATEMENT_TYPE, NULL, "%s is not a statement of two officers about money", statement_type (statement));
	return NULL;
}

static gboolean
run_send (Cli *cli, GError **error)
{
	g_autoptr (Statement) one = NULL;
	g_autoptr (Statement) other = NULL;
	g_autofree char *first = read_statement (cli_argument (cli, 0), &one, error);
	g_autofree char *second = first != NULL ? read_statement (cli_argument (cli, 1), &other, error) : NULL;
	g_autofree char *path = second != NULL ? path_of (one, error) : NULL;
	g_autoptr (Remote) remote = path != NULL ? remote_open_logged_in (cli, error) : NULL;
	g_autoptr (json_t) reply = NULL;

	if (remote == NULL)
		return FALSE;
	reply = remote_call (remote, "POST", path, json_pack ("{s:[s, s]}", "statements", first, second), error);
	cli_print (cli, reply);
	return reply != NULL;
}

static gboolean
run_waive (Cli *cli, GError **error)
{
	const char *id = cli_argument (cli, 0);
	g_autofree char *path = g_strdup_printf ("/api/v1/applications/%s", id);
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	g_autoptr (json_t) view = remote != NULL ? remote_call (remote, "GET", path, NULL, error) : NULL;

	if (view == NULL)
		return FALSE;
	return sign_to (cli, remote, "fee.waive",
		json_pack ("{s:s, s:s, s:O, s:s}", "application", id, "order", cli_argument (cli, 1),
		           "amount_fen", json_object_get (view, "amount_fen"), "reason", cli_option (cli, "reason")), cli_argument (cli, 2), error);
}

static gboolean
run_resolve (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open (cli, error);
	json_t *members;

	if (remote == NULL)
		return FALSE;
	members = json_pack ("{s:s, s:s, s:s}", "item", cli_argument (cli, 0), "resolution", cli_argument (cli, 1), "reason", cli_option (cli, "reason"));
	add_option (cli, members, "order");
	return sign_to (cli, remote, "suspense.resolve", members, cli_argument (cli, 2), error);
}

static gboolean
run_price (Cli *cli, GError **error)
{
	Money amount;
	gint64 days;
	g_autoptr (Remote) remote = NULL;

	if (!money_parse_yuan (cli_argument (cli, 1), &amount, error) || !cli_int (cli, "days", 5, &days, error))
		return FALSE;
	remote = remote_open (cli, error);
	return remote != NULL && sign_to (cli, remote, "tariff.change",
		json_pack ("{s:s, s:s, s:o, s:I, s:s}", "service", cli_argument (cli, 0), "valid_from", cli_argument (cli, 2), "amount_fen", json_money (amount),
		           "promised_working_days", (json_int_t) days, "source", cli_option (cli, "source")), cli_argument (cli, 3), error);
}

/* --- orders and payments ------------------------------------------------------------------- */

static gboolean
run_tariff (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open (cli, error);

	return remote != NULL && remote_print (cli, remote, "/api/v1/tariffs", error);
}

static gboolean
run_order (Cli *cli, GError **error)
{
	g_autofree char *path = g_strdup_printf ("/api/v1/applications/%s/order", cli_argument (cli, 0));

	return show (cli, path, error);
}

static gboolean
run_orders (Cli *cli, GError **error)
{
	return show_list (cli, "orders", error);
}

static gboolean
run_pay (Cli *cli, GError **error)
{
	const char *id = cli_argument (cli, 0), *method = cli_option (cli, "method");
	g_autofree char *path = g_strdup_printf ("/api/v1/applications/%s/fee", id);
	Money amount;
	json_t *members;

	if (!money_parse_yuan (cli_argument (cli, 1), &amount, error))
		return FALSE;
	members = json_pack ("{s:s, s:o, s:s}", "application", id, "amount_fen", json_money (amount), "method", method != NULL ? method : "cash");
	add_option (cli, members, "slip");
	return act (cli, path, "fee.record", members, error);
}

/* --- refunds ------------------------------------------------------------------------------------ */

static gboolean
run_refunds (Cli *cli, GError **error)
{
	return show_list (cli, "refunds", error);
}

static gboolean
run_refund_request (Cli *cli, GError **error)
{
	g_autofree char *path = g_strdup_printf ("/api/v1/orders/%s/refunds", cli_argument (cli, 0));
	Money amount;

	if (!money_parse_yuan (cli_argument (cli, 1), &amount, error))
		return FALSE;
	return act (cli, path, "refund.request", json_pack ("{s:s, s:o, s:s}", "order", cli_argument (cli, 0), "amount_fen", json_money (amount),
	                                                    "reason", cli_option (cli, "reason")), error);
}

static json_t *
find_refund (Remote *remote, const char *refund, GError **error)
{
	g_autoptr (json_t) page = remote_call (remote, "GET", "/api/v1/refunds?state=requested&limit=200", NULL, error);
	const json_t *items = json_object_get (page, "items");

	if (page == NULL)
		return NULL;
	for (gsize i = 0; i < json_array_size (items); i++)
		if (g_strcmp0 (json_string_value (json_object_get (json_array_get (items, i), "refund")), refund) == 0)
			return json_incref (json_array_get (items, i));
	diqi_error_set (error, DIQI_ERROR_NOT_FOUND, NULL, "no refund %s waits to be approved", refund);
	return NULL;
}

static gboolean
run_refund_approve (Cli *cli, GError **error)
{
	const char *id = cli_argument (cli, 0);
	g_autofree char *path = g_strdup_printf ("/api/v1/refunds/%s/approve", id);
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	g_autoptr (json_t) refund = remote != NULL ? find_refund (remote, id, error) : NULL;

	if (refund == NULL)
		return FALSE;
	cli_note (cli, "approving %s fen back for order %s: %s", json_string_value (json_object_get (refund, "amount_fen")),
	          json_string_value (json_object_get (refund, "number")), json_string_value (json_object_get (refund, "reason")));
	return remote_act_and_print (cli, remote, path, "refund.approve",
		json_pack ("{s:s, s:O, s:O}", "refund", id, "order", json_object_get (refund, "order"), "amount_fen", json_object_get (refund, "amount_fen")), error);
}

static gboolean
run_refund_pay (Cli *cli, GError **error)
{
	g_autofree char *path = g_strdup_printf ("/api/v1/refunds/%s/pay", cli_argument (cli, 0));
	const char *method = cli_option (cli, "method");
	json_t *members = json_pack ("{s:s, s:s}", "refund", cli_argument (cli, 0), "method", method != NULL ? method : "cash");

	add_option (cli, members, "reference");
	return act (cli, path, "refund.pay", members, error);
}

/* --- invoices --------------------------------------------------------------------------------------- */

static gboolean
run_invoices (Cli *cli, GError **error)
{
	return show_list (cli, "invoices", error);
}

static gboolean
run_invoice_request (Cli *cli, GError **error)
{
	g_autofree char *path = g_strdup_printf ("/api/v1/applications/%s/invoice", cli_argument (cli, 0));
	json_t *body = json_pack ("{s:s, s:s}", "title", cli_option (cli, "title"), "mail", cli_option (cli, "mail"));
	g_autoptr (Remote) remote = NULL;
	g_autoptr (json_t) reply = NULL;

	if (cli_option (cli, "tax-number") != NULL)
		json_object_set_new (body, "tax_number", json_string (cli_option (cli, "tax-number")));
	remote = remote_open_logged_in (cli, error);
	if (remote == NULL) {
		json_decref (body);
		return FALSE;
	}
	reply = remote_call (remote, "POST", path, body, error);
	cli_print (cli, reply);
	return reply != NULL;
}

static gboolean
run_invoice_issue (Cli *cli, GError **error)
{
	g_autofree char *path = g_strdup_printf ("/api/v1/invoices/%s/issue", cli_argument (cli, 0));

	return act (cli, path, "invoice.issue", json_pack ("{s:s, s:s}", "invoice", cli_argument (cli, 0), "number", cli_argument (cli, 1)), error);
}

/* --- the book ------------------------------------------------------------------------------------------ */

static gboolean
run_suspense (Cli *cli, GError **error)
{
	return show_list (cli, "suspense", error);
}

static gboolean
run_balances (Cli *cli, GError **error)
{
	return show (cli, "/api/v1/ledger/balances", error);
}

static gboolean
run_check (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	g_autoptr (json_t) reply = remote != NULL ? remote_call (remote, "POST", "/api/v1/ledger/check", NULL, error) : NULL;

	if (reply == NULL)
		return FALSE;
	cli_print (cli, reply);
	return json_is_true (json_object_get (reply, "balanced")) || diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "the book does not balance");
}

static json_t *
send_bank_file (Remote *remote, const char *date, GBytes *file, GError **error)
{
	gsize n;
	const char *text = g_bytes_get_data (file, &n);
	Fingerprint hash;
	g_autofree char *hex = NULL, *statement = NULL;
	json_t *content = json_stringn (text ? text : "", n);

	if (content == NULL) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, "/file", "the file is not UTF-8");
		return NULL;
	}
	fingerprint_of (text, n, &hash);
	hex = fingerprint_hex (&hash);
	statement = remote_statement (remote, "reconciliation.import", json_pack ("{s:s, s:s}", "date", date, "file", hex), NULL, error);
	if (statement == NULL) {
		json_decref (content);
		return NULL;
	}
	return remote_call (remote, "POST", "/api/v1/reconciliations", json_pack ("{s:s, s:o}", "statement", statement, "file", content), error);
}

static gboolean
run_reconcile (Cli *cli, GError **error)
{
	g_autoptr (GBytes) file = file_read (cli_argument (cli, 0), 2 * 1024 * 1024, error);
	g_autoptr (Remote) remote = file != NULL ? remote_open_logged_in (cli, error) : NULL;
	g_autoptr (json_t) report = remote != NULL ? send_bank_file (remote, cli_argument (cli, 1), file, error) : NULL;

	cli_print (cli, report);
	return report != NULL;
}

static gboolean
run_reconciliations (Cli *cli, GError **error)
{
	g_autofree char *path = cli_argument (cli, 0) != NULL ? g_strdup_printf ("/api/v1/reconciliations/%s", cli_argument (cli, 0))
	                                                      : g_strdup ("/api/v1/reconciliations");

	return show (cli, path, error);
}

#define END { NULL, NULL, NULL, FALSE }
#define REASON { "reason", "TEXT", "why", TRUE }
static const CliOption state_options[] = { { "state", "STATE", "only these", FALSE }, END };
static const CliOption reason_options[] = { REASON, END };
static const CliOption pay_options[] = {
	{ "method", "HOW", "cash (default), card, transfer", FALSE }, { "slip", "NUMBER", "of the slip; a transfer needs it", FALSE }, END };
static const CliOption refund_pay_options[] = {
	{ "method", "HOW", "cash (default), card, transfer, online", FALSE }, { "reference", "NUMBER", "of slip or transaction", FALSE }, END };
static const CliOption resolve_options[] = { { "order", "ORDER", "apply the money to this order", FALSE }, REASON, END };
static const CliOption price_options[] = {
	{ "days", "N", "promised working days (default 5)", FALSE }, { "source", "TEXT", "what says so", TRUE }, END };
static const CliOption invoice_options[] = {
	{ "title", "NAME", "whose invoice (抬头)", TRUE }, { "tax-number", "NUMBER", "of an organisation (税号)", FALSE },
	{ "mail", "ADDRESS", "where to", TRUE }, END };

const CliCommand fee_commands[] = {
	{ "fee tariff", "", 0, 0, "prices and promised times, with their validity", NULL, run_tariff },
	{ "fee order", "APPLICATION", 1, 1, "what an application costs, and what was paid", NULL, run_order },
	{ "fee orders", "", 0, 0, "orders, for the office", state_options, run_orders },
	{ "fee pay", "APPLICATION YUAN", 2, 2, "cashier: record the fee (缴费)", pay_options, run_pay },
	{ "fee waive", "APPLICATION ORDER STATEMENT", 3, 3, "sign a waiver (减免); two officers do", reason_options, run_waive },
	{ "fee price", "SERVICE YUAN FROM STATEMENT", 4, 4, "administrator: sign a new price from a time on; two do", price_options, run_price },
	{ "fee resolve", "ITEM apply|refund|dismiss STATEMENT", 3, 3, "sign what becomes of money without a place; cashier and administrator do",
	  resolve_options, run_resolve },
	{ "fee send", "STATEMENT STATEMENT", 2, 2, "send what two officers signed", NULL, run_send },
	{ "fee refunds", "", 0, 0, "refunds", state_options, run_refunds },
	{ "fee refund request", "ORDER YUAN", 2, 2, "cashier: ask for a refund (退费)", reason_options, run_refund_request },
	{ "fee refund approve", "REFUND", 1, 1, "administrator or reviewer, another person: agree", NULL, run_refund_approve },
	{ "fee refund pay", "REFUND", 1, 1, "cashier: paid back", refund_pay_options, run_refund_pay },
	{ "fee invoices", "", 0, 0, "invoice requests; --state open: those to be issued", state_options, run_invoices },
	{ "fee invoice request", "APPLICATION", 1, 1, "ask for an invoice (发票)", invoice_options, run_invoice_request },
	{ "fee invoice issue", "INVOICE NUMBER", 2, 2, "cashier: invoice made", NULL, run_invoice_issue },
	{ "fee suspense", "", 0, 0, "money without a place", state_options, run_suspense },
	{ "fee reconcile", "FILE DATE", 2, 2, "cashier: compare a day with the bank's statement (对账)", NULL, run_reconcile },
	{ "fee reconciliations", "[DATE]", 0, 1, "what comparisons found", NULL, run_reconciliations },
	{ "fee balances", "", 0, 0, "accounts of the book", NULL, run_balances },
	{ "fee check", "", 0, 0, "does the book balance?", NULL, run_check },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
