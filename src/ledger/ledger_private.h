/* ledger/ledger_private.h — rows of the ledger in memory, and its SQL (one statement a function); used by ledger only. */
#pragma once
#include "ledger/ledger.h"

#define RECEIPT_PREFIX "SJ"
#define ORDER_PREFIX "DD"

typedef enum { ORDER_OPEN, ORDER_PAID, ORDER_WAIVED, ORDER_REFUNDABLE, ORDER_REFUNDED, ORDER_CANCELLED, ORDER_FREE, N_ORDER_STATES } OrderState;
const char *order_state_name (OrderState state);
gboolean order_state_from_name (const char *name, OrderState *out);

typedef struct {
	char *id, *number, *about;
	OrderState state;
	gint64 amount_fen;
	Micros opened, rendered;      /* rendered 0: not yet */
} Order;
void order_clear (Order *order);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Order, order_clear)
/* Locks it; DIQI_ERROR_NOT_FOUND. */
gboolean order_lock (Tx *tx, const char *id, Order *out, GError **error);
gboolean order_expect (const Order *order, OrderState state, GError **error);
gboolean order_move (Tx *tx, Order *order, OrderState to, Micros now, GError **error);

/* --- the book ------------------------------------------------------------------------------ */
#define POSTINGS_MAX 4
typedef struct {
	const char *account;
	gint64 amount_fen;            /* debit positive, credit negative */
} Posting;
typedef struct {
	const char *kind, *order, *reference, *by;
	Micros happened, at;          /* when the money moved, when it was entered */
	Posting postings[POSTINGS_MAX];       /* ended by a NULL account */
} Entry;
/* The postings must sum to zero: anything else is DIQI_ERROR_INTERNAL. */
gboolean book_enter (Tx *tx, const Entry *entry, GError **error);
gint64 value_day (Micros at);         /* days since 1970, Beijing */
/* The account on which money by this method arrives; online: caller frees "online:<provider>". */
char *method_account (const char *method, const char *provider);

/* Next number of a row that has no gaps: 1, 2, …; held until the end of the transaction. */
gboolean counter_next (Tx *tx, const char *name, gint64 *value, GError **error);

/* An open order is paid in full by money that `debit` shows (an asset account, or "suspense"). */
typedef struct {
	const char *method, *account, *debit, *reference, *by;
	Micros happened;
} Received;
gboolean order_receive (Tx *tx, Order *order, const Received *money, Micros now, GError **error);

/* --- rows ------------------------------------------------------------------------------------ */
gboolean db_order_insert (Tx *tx, const Order *order, GError **error);
gboolean db_order_update (Tx *tx, const Order *order, Micros now, GError **error);
typedef enum { ORDER_BY_ID, ORDER_BY_ABOUT, ORDER_BY_NUMBER } OrderKey;
gboolean db_order_get (Tx *tx, OrderKey by, const char *value, gboolean lock, Order *out, gboolean *found, GError **error);
/* state "": all; after "": from the first.  Appends {order, number, about, state, amount_fen, opened}. */
gboolean db_order_list (Tx *tx, const char *state, const char *after, guint limit, json_t *items, GError **error);
gboolean db_lines_delete (Tx *tx, const char *order, GError **error);
gboolean db_line_insert (Tx *tx, const char *order, gint64 line, const char *service, gint64 pieces, gint64 unit_fen, GError **error);
gboolean db_lines (Tx *tx, const char *order, json_t *items, GError **error);
gboolean db_ledger_counter_next (Tx *tx, const char *name, gint64 *value, GError **error);

gboolean db_tariff_at (Tx *tx, const char *service, Micros now, Tariff *out, gboolean *found, GError **error);
gboolean db_tariff_latest (Tx *tx, const char *service, Micros *valid_from, gboolean *found, GError **error);
gboolean db_tariff_insert (Tx *tx, const char *service, Micros valid_from, gint64 amount_fen, gint64 days, const char *source, GError **error);
gboolean db_tariffs (Tx *tx, json_t *items, GError **error);

typedef struct {
	const char *id, *order, *method, *account, *reference, *by;
	gint64 amount_fen;
	Micros received;
	gint64 receipt_year, receipt_sequence;
} NewPayment;
gboolean db_payment_insert (Tx *tx, const NewPayment *payment, GError **error);
gboolean db_waiver_insert (Tx *tx, const char *order, gint64 amount_fen, const char *first, const char *second,
                           const char *reason, Micros now, GError **error);
/* Of one order, as order_view shows them. */
gboolean db_payments (Tx *tx, const char *order, json_t *items, json_t **receipt, GError **error);
gboolean db_waiver (Tx *tx, const char *order, json_t **waiver, GError **error);

gboolean db_entry_insert (Tx *tx, const char *id, const Entry *entry, gint64 last_line, GError **error);
gboolean db_posting_insert (Tx *tx, const char *entry, gint64 line, const Posting *posting, gint64 before_fen, GError **error);
/* *entry: NULL, or the first whose postings do not sum to zero or are not all its own. */
gboolean db_entry_unbalanced (Tx *tx, char **entry, GError **error);
gboolean db_posting_orphan (Tx *tx, char **entry, GError **error);
gboolean db_balances (Tx *tx, json_t *accounts, GError **error);
/* What the book says of orders, compared with their states; *order NULL: all agree. */
gboolean db_order_unbooked (Tx *tx, char **order, GError **error);
