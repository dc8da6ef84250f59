/* registry/fee_office.c — the cashier's office: refunds, invoices, the bank's statement. */
#include <string.h>

#include "base/error.h"
#include "calendar/calendar.h"
#include "registry/application_private.h"
#include "registry/fee.h"

#define REASON_MAX 1000
#define INVOICE_WORKING_DAYS 15

static gboolean
expect_role (const Actor *actor, guint roles, const char *type, GError **error)
{
	return actor_has_role (actor, roles) || diqi_fail (error, DIQI_ERROR_PERMISSION, NULL, "%s is not yours to do", type);
}

static gboolean
expect_text (const char *member, const char *text, GError **error)
{
	g_autofree char *at = g_strdup_printf ("/statement/%s", member);

	return text[strspn (text, " \t\n")] != '\0' || diqi_fail (error, DIQI_ERROR_FIELD_MISSING, at, "%s must say something", member);
}

/* The leaf names the order, the refund and the person; the rest is in the statement. */
static gboolean
append_act (Tx *tx, const Actor *actor, const Statement *statement, const char *subject, Micros now, json_t *effect, GError **error)
{
	g_autoptr (json_t) owned = effect;

	json_object_set_new (owned, "person", json_string (actor->person));
	return evidence_append (tx, statement_type (statement), subject, now, statement, owned, NULL, error);
}

/* --- refunds ------------------------------------------------------------------------------------- */

gboolean
fee_refund_request (Tx *tx, Registry *registry, const Actor *actor, const char *order, const Statement *statement, json_t **view, GError **error)
{
	Micros now = clock_now (registry->clock);
	const char *said, *reason;
	Money amount;
	g_autofree char *refund = NULL;
	g_autoptr (json_t) shown = NULL;
	const Field fields[] = {
		{ "order", FIELD_UUID, TRUE, 0, &said },
		{ "amount_fen", FIELD_MONEY, TRUE, 0, &amount },
		{ "reason", FIELD_STRING, TRUE, REASON_MAX, &reason },
	};

	if (!expect_role (actor, ROLE_CASHIER, "refund.request", error) ||
	    !expect_statement (registry, actor, statement, "refund.request", now, error) || !EXPECT_MEMBERS (statement, fields, error) ||
	    !expect_same ("order", said, order, error) || !expect_text ("reason", reason, error) ||
	    !refund_request (tx, order, amount, reason, actor->person, now, &refund, error) || !refund_view (tx, refund, &shown, error) ||
	    !append_act (tx, actor, statement, order, now, json_pack ("{s:s, s:o}", "refund", refund, "amount_fen", json_money (amount)), error))
		return FALSE;
	*view = g_steal_pointer (&shown);
	return TRUE;
}

gboolean
fee_refund_approve (Tx *tx, Registry *registry, const Actor *actor, const char *refund, const Statement *statement, json_t **view, GError **error)
{
	Micros now = clock_now (registry->clock);
	const char *said, *order;
	Money amount;
	g_autoptr (json_t) shown = NULL;
	const Field fields[] = {
		{ "refund", FIELD_UUID, TRUE, 0, &said },
		{ "order", FIELD_UUID, TRUE, 0, &order },
		{ "amount_fen", FIELD_MONEY, TRUE, 0, &amount },
	};

	if (!expect_role (actor, ROLE_ADMINISTRATOR | ROLE_REVIEWER, "refund.approve", error) ||
	    !expect_statement (registry, actor, statement, "refund.approve", now, error) || !EXPECT_MEMBERS (statement, fields, error) ||
	    !expect_same ("refund", said, refund, error) ||
	    !refund_approve (tx, refund, order, amount, actor->person, now, error) || !refund_view (tx, refund, &shown, error) ||
	    !append_act (tx, actor, statement, order, now, json_pack ("{s:s}", "refund", refund), error))
		return FALSE;
	*view = g_steal_pointer (&shown);
	return TRUE;
}

gboolean
fee_refund_pay (Tx *tx, Registry *registry, const Actor *actor, const char *refund, const Statement *statement, json_t **view, GError **error)
{
	Micros now = clock_now (registry->clock);
	const char *said, *method, *reference = NULL;
	g_autoptr (json_t) shown = NULL;
	const Field fields[] = {
		{ "refund", FIELD_UUID, TRUE, 0, &said },
		{ "method", FIELD_STRING, TRUE, 16, &method },
		{ "reference", FIELD_STRING, FALSE, 100, &reference },
	};

	if (!expect_role (actor, ROLE_CASHIER, "refund.pay", error) ||
	    !expect_statement (registry, actor, statement, "refund.pay", now, error) || !EXPECT_MEMBERS (statement, fields, error) ||
	    !expect_same ("refund", said, refund, error) ||
	    !refund_pay (tx, refund, method, reference, actor->person, now, error) || !refund_view (tx, refund, &shown, error) ||
	    !order_tell_refunds (tx, form_text (shown, "order"), now, error) ||
	    !append_act (tx, actor, statement, json_string_value (json_object_get (shown, "order")), now,
	                 json_pack ("{s:s, s:s}", "refund", refund, "method", method), error))
		return FALSE;
	*view = g_steal_pointer (&shown);
	return TRUE;
}

/* --- invoices --------------------------------------------------------------------------------------- */

/* Letters and digits, as on the licence or the tax registration. */
static gboolean
is_tax_number (const char *text)
{
	gsize n = strspn (text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	return text[n] == '\0' && n >= 15 && n <= 20;
}

static gboolean
is_mail (const char *text)
{
	const char *at = strchr (text, '@');

	return at && at != text && strchr (at, '.') && !strpbrk (text, " \t\r\n<>,;") && !strchr (at + 1, '@') && !g_str_has_suffix (text, ".");
}

static gboolean
check_invoice (const char *title, const char *tax_number, const char *mail, GError **error)
{
	if (title[strspn (title, " \t\n")] == '\0')
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, "/title", "whose invoice?");
	if (tax_number && !is_tax_number (tax_number))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/tax_number", "15 to 20 digits and capital letters");
	return is_mail (mail) || diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/mail", "not an e-mail address");
}

gboolean
fee_invoice_request (Tx *tx, Registry *registry, const Actor *actor, const char *id, const char *title,
                     const char *tax_number, const char *mail, json_t **view, GError **error)
{
	g_auto (Application) application = { 0 };
	Micros now = clock_now (registry->clock);
	InvoiceRequest request = { .title = title, .tax_number = tax_number, .mail = mail };
	g_autofree char *order = NULL, *invoice = NULL;

	if (!application_load (tx, id, TRUE, &application, error) ||
	    !application_check_reader (&application, actor, ROLE_CASHIER, error) || !check_invoice (title, tax_number, mail, error) ||
	    !order_of (tx, id, &order, error))
		return FALSE;
	if (!order)
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "application %s has no order yet", id);
	return calendar_due (tx, now, INVOICE_WORKING_DAYS, &request.due, error) &&
	       invoice_request (tx, order, &request, now, &invoice, error) && invoice_view (tx, invoice, view, error);
}

gboolean
fee_invoice_issue (Tx *tx, Registry *registry, const Actor *actor, const char *invoice, const Statement *statement, json_t **view, GError **error)
{
	Micros now = clock_now (registry->clock);
	const char *said, *number;
	g_autoptr (json_t) shown = NULL;
	const Field fields[] = {
		{ "invoice", FIELD_UUID, TRUE, 0, &said },
		{ "number", FIELD_STRING, TRUE, 40, &number },
	};

	if (!expect_role (actor, ROLE_CASHIER, "invoice.issue", error) ||
	    !expect_statement (registry, actor, statement, "invoice.issue", now, error) || !EXPECT_MEMBERS (statement, fields, error) ||
	    !expect_same ("invoice", said, invoice, error) || !expect_text ("number", number, error) ||
	    !invoice_issue (tx, invoice, number, actor->person, now, error) || !invoice_view (tx, invoice, &shown, error) ||
	    !order_tell (tx, form_text (shown, "order"), "invoice.issued", json_pack ("{s:s}", "invoice", number), invoice, now, error) ||
	    !append_act (tx, actor, statement, json_string_value (json_object_get (shown, "order")), now, json_pack ("{s:s}", "invoice", invoice), error))
		return FALSE;
	*view = g_steal_pointer (&shown);
	return TRUE;
}

/* --- the bank's statement ------------------------------------------------------------------------------- */

gboolean
fee_reconcile (Tx *tx, Registry *registry, const Actor *actor, const char *file, gsize n, const Statement *statement, json_t **view, GError **error)
{
	Micros now = clock_now (registry->clock);
	g_autofree char *hash = hash_hex (file, n);
	const char *date, *said;
	g_autoptr (json_t) report = NULL;
	const Field fields[] = {
		{ "date", FIELD_STRING, TRUE, 10, &date },
		{ "file", FIELD_HEX32, TRUE, 0, &said },
	};

	if (!expect_role (actor, ROLE_CASHIER, "reconciliation.import", error) ||
	    !expect_statement (registry, actor, statement, "reconciliation.import", now, error) || !EXPECT_MEMBERS (statement, fields, error) ||
	    !expect_same ("file", said, hash, error) || !reconcile_import (tx, date, file, n, actor->person, now, &report, error) ||
	    !append_act (tx, actor, statement, registry->site, now,
	                 json_pack ("{s:s, s:O, s:O}", "date", date, "version", json_object_get (report, "version"), "agrees", json_object_get (report, "agrees")), error))
		return FALSE;
	*view = g_steal_pointer (&report);
	return TRUE;
}
