/* ledger/money_db.h — rows of refunds, invoices, notifications and suspense; one SQL statement a function; used by ledger only. */
#pragma once
#include "ledger/ledger_private.h"

/* --- refunds --------------------------------------------------------------------------------- */
typedef struct {
	char *id, *order, *state, *requested_by, *method, *reference;
	gint64 amount_fen;
} Refund;
void refund_clear (Refund *refund);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Refund, refund_clear)

typedef struct {
	const char *id, *order, *state, *reason, *requested_by;
	gint64 amount_fen;
	Micros requested;
} NewRefund;
gboolean db_refund_insert (Tx *tx, const NewRefund *refund, GError **error);
gboolean db_refund_get (Tx *tx, const char *id, Refund *out, gboolean *found, GError **error);
gboolean db_refund_approve (Tx *tx, const char *id, const char *by, Micros now, GError **error);
gboolean db_refund_pay (Tx *tx, const char *id, const char *method, const char *reference, const char *by, Micros now, GError **error);
/* state "": all. */
gboolean db_refunds_sum (Tx *tx, const char *order, const char *state, gint64 *fen, GError **error);
/* id "": all; state "": all. */
gboolean db_refund_list (Tx *tx, const char *id, const char *state, const char *after, guint limit, json_t *items, GError **error);
gboolean db_order_refunds (Tx *tx, const char *order, json_t *items, GError **error);
/* Paid online by us with this reference already. */
gboolean db_refund_confirmed (Tx *tx, const char *order, gint64 amount_fen, const char *reference, gboolean *found, GError **error);
/* An approved one of this amount; NULL none. */
gboolean db_refund_agreed (Tx *tx, const char *order, gint64 amount_fen, char **id, GError **error);
gboolean db_payment_account (Tx *tx, const char *order, char **account, GError **error);

/* Money leaves `out->debit` (an asset account or "suspense") for what is due on the order. */
gboolean refund_enter (Tx *tx, Order *order, gint64 amount_fen, const Received *out, Micros now, GError **error);
gboolean refund_by_provider (Tx *tx, Order *order, gint64 amount_fen, const Received *out, Micros now, gboolean *known, GError **error);
gboolean refund_by_resolution (Tx *tx, Order *order, gint64 amount_fen, const Received *out, const char *second, const char *reason,
                               Micros now, GError **error);

/* --- invoices --------------------------------------------------------------------------------- */
gboolean db_invoice_exists (Tx *tx, const char *order, gboolean *there, GError **error);
gboolean db_invoice_insert (Tx *tx, const char *id, const char *order, const InvoiceRequest *request, Micros now, GError **error);
gboolean db_invoice_lock (Tx *tx, const char *id, gboolean *found, gboolean *open, GError **error);
gboolean db_invoice_number_taken (Tx *tx, const char *number, gboolean *taken, GError **error);
gboolean db_invoice_issue (Tx *tx, const char *id, const char *number, const char *by, Micros now, GError **error);
/* id "": all; order "": all. */
gboolean db_invoice_forget (Tx *tx, const char *about, GError **error);
gboolean db_invoice_list (Tx *tx, const char *id, const char *order, gboolean open_only, const char *after, guint limit,
                          json_t *items, GError **error);
