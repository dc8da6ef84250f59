/* registry/fee.h — acts about money: what officers sign over the ledger, and what providers tell.
 *
 * Each checks its statement, does one thing in the ledger, and appends the act to the log, in the caller's transaction.
 * Where an order is settled the application goes on with it.  `view` out parameters: new reference; may not be NULL.
 */
#pragma once
#include "ledger/provider.h"
#include "ledger/reconcile.h"
#include "registry/two_officers.h"

/* fee.waive: administrator, reviewer or issuer, and another of them.  view: the application. */
gboolean fee_waive (Tx *tx, Registry *registry, const TwoOfficers *two, const char *application, json_t **view, GError **error);
/* tariff.change: two administrators.  view: all rows. */
gboolean fee_tariff_change (Tx *tx, Registry *registry, const TwoOfficers *two, json_t **view, GError **error);
/* suspense.resolve: cashier and administrator.  view: the item. */
gboolean fee_suspense_resolve (Tx *tx, Registry *registry, const TwoOfficers *two, const char *item, json_t **view, GError **error);
/* A verified notification.  view: {transaction, event, fate}.  Only what was counted, suspended or returned becomes a leaf. */
gboolean fee_notification (Tx *tx, Registry *registry, const Provider *provider, const Notification *notification, json_t **view, GError **error);

/* refund.request by a cashier, refund.approve by another person, refund.pay by a cashier.  view: the refund. */
gboolean fee_refund_request (Tx *tx, Registry *registry, const Actor *actor, const char *order, const Statement *statement, json_t **view, GError **error);
gboolean fee_refund_approve (Tx *tx, Registry *registry, const Actor *actor, const char *refund, const Statement *statement, json_t **view, GError **error);
gboolean fee_refund_pay (Tx *tx, Registry *registry, const Actor *actor, const char *refund, const Statement *statement, json_t **view, GError **error);

/* The payer, or a cashier for him.  tax_number NULL for a person.  Due in 15 working days.  view: the request. */
gboolean fee_invoice_request (Tx *tx, Registry *registry, const Actor *actor, const char *application, const char *title,
                              const char *tax_number, const char *mail, json_t **view, GError **error);
/* invoice.issue by a cashier. */
gboolean fee_invoice_issue (Tx *tx, Registry *registry, const Actor *actor, const char *invoice, const Statement *statement, json_t **view, GError **error);

/* reconciliation.import by a cashier: the statement names the file's hash.  view: the report. */
gboolean fee_reconcile (Tx *tx, Registry *registry, const Actor *actor, const char *file, gsize n, const Statement *statement, json_t **view, GError **error);

/* The order of an application, for who may see the application.  DIQI_ERROR_NOT_FOUND before the submission. */
gboolean fee_order_view (Tx *tx, Registry *registry, const Actor *actor, const char *application, json_t **view, GError **error);
