/* ledger/ledger.h — tariff, orders, payments and the double-entry book, in fen.
 *
 * Knows no application and no officer: an order names what it is for (`about`, a UUID) and who acted (`by`, a
 * person's UUID or "system" or "provider:<name>").  Every function takes the caller's transaction.  Each entry's postings sum to
 * zero; entries and postings are insert-only.  Lock order: order row, then counters.
 */
#pragma once
#include "base/clock.h"
#include "base/json.h"
#include "base/money.h"
#include "store/store.h"

/* --- tariff ------------------------------------------------------------------------------ */
typedef struct {
	gint64 amount_fen;            /* per piece */
	gint64 promised_working_days;
} Tariff;
/* The row of `service` that is valid at `now`. */
gboolean tariff_at (Tx *tx, const char *service, Micros now, Tariff *out, GError **error);
/* valid_from must be later than every row of the service and not before now.  DIQI_ERROR_FIELD_… */
gboolean tariff_add (Tx *tx, const char *service, Micros valid_from, gint64 amount_fen, gint64 promised_working_days,
                     const char *source, Micros now, GError **error);
gboolean tariff_list (Tx *tx, json_t **out, GError **error);

/* --- orders -------------------------------------------------------------------------------- */
typedef struct {
	const char *service;
	gint64 pieces;
} OrderLine;
/* Opens the order for `about`, or gives the open one again after its lines were brought up to date; one that is paid
 * or waived stays as it is.  *amount_fen: what it asks; *settled: nothing (more) to pay. */
gboolean order_open (Tx *tx, const char *about, const OrderLine *lines, gsize n, Micros now,
                     char **order, gint64 *amount_fen, gboolean *settled, GError **error);
gboolean order_of (Tx *tx, const char *about, char **order, GError **error);         /* NULL: none */
/* {order, number, about, state, amount_fen, lines, payments, refunds, receipt?, invoice?} */
gboolean order_view (Tx *tx, const char *order, json_t **out, GError **error);
/* Cashier's payment of exactly the amount.  method: cash, card, transfer.  DIQI_ERROR_FIELD_VALUE, DIQI_ERROR_ORDER_STATE. */
gboolean order_pay (Tx *tx, const char *order, Money amount, const char *method, const char *slip, const char *by,
                    Micros now, GError **error);
gboolean order_waive (Tx *tx, const char *order, const char *first, const char *second, const char *reason, Micros now, GError **error);
/* The service was rendered: prepaid becomes income. */
gboolean order_render (Tx *tx, const char *about, Micros now, GError **error);
/* The application was rejected or withdrawn: an open order is cancelled, a paid one becomes refundable. */
gboolean order_drop (Tx *tx, const char *about, Micros now, GError **error);

gboolean order_find (Tx *tx, const char *number, char **order, char **about, GError **error);   /* both NULL: none */
gboolean order_about (Tx *tx, const char *order, char **about, GError **error);      /* DIQI_ERROR_NOT_FOUND */
/* state "": all; after "": from the first.  Appends {order, number, about, state, amount_fen, opened}. */
gboolean order_list (Tx *tx, const char *state, const char *after, guint limit, json_t *items, GError **error);

/* --- refunds: of a refundable order, in parts if need be ------------------------------------- */
/* *refund: new id, caller frees.  At most what is neither paid nor asked back yet: DIQI_ERROR_FIELD_VALUE. */
gboolean refund_request (Tx *tx, const char *order, Money amount, const char *reason, const char *by, Micros now, char **refund, GError **error);
/* order and amount are what was agreed to: DIQI_ERROR_STATEMENT_TARGET.  DIQI_ERROR_SAME_PERSON. */
gboolean refund_approve (Tx *tx, const char *refund, const char *order, Money amount, const char *by, Micros now, GError **error);
/* method: cash, card, transfer, online (only where it came from).  The last part makes the order "refunded". */
gboolean refund_pay (Tx *tx, const char *refund, const char *method, const char *reference, const char *by, Micros now, GError **error);
gboolean refund_list (Tx *tx, const char *state, const char *after, guint limit, json_t *items, GError **error);
gboolean refund_view (Tx *tx, const char *refund, json_t **out, GError **error);

/* --- invoices ---------------------------------------------------------------------------------- */
typedef struct {
	const char *title, *tax_number, *mail;        /* tax_number NULL for a person */
	Micros due;                                   /* the caller knows the working days */
} InvoiceRequest;
/* Once for a paid order.  *invoice: new id, caller frees.  DIQI_ERROR_ORDER_STATE, _EXISTS. */
gboolean invoice_request (Tx *tx, const char *order, const InvoiceRequest *request, Micros now, char **invoice, GError **error);
gboolean invoice_issue (Tx *tx, const char *invoice, const char *number, const char *by, Micros now, GError **error);
/* Retention is over: the payer of the order about this goes, number and days of the invoice stay. */
gboolean invoice_forget (Tx *tx, const char *about, GError **error);
gboolean invoice_list (Tx *tx, gboolean open_only, const char *after, guint limit, json_t *items, GError **error);
gboolean invoice_view (Tx *tx, const char *invoice, json_t **out, GError **error);

/* --- the book ------------------------------------------------------------------------------------ */
/* Does the book balance, entry by entry and in whole?  DIQI_ERROR_INTERNAL with the first entry that does not. */
gboolean ledger_check (Tx *tx, GError **error);
gboolean ledger_balances (Tx *tx, json_t **out, GError **error);     /* {account: fen string} */
