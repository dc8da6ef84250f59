/* ledger/suspense_db.h — rows of notifications and of the suspense list; used by ledger only. */
#pragma once
#include "ledger/money_db.h"
#include "ledger/provider.h"

typedef struct {
	char *id, *provider, *transaction, *state;
	gint64 amount_fen, posted;
} Suspended;
void suspended_clear (Suspended *item);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Suspended, suspended_clear)

typedef struct {
	const char *kind, *provider, *digest, *detail;
	const Notification *notification;     /* NULL for what is not signed */
	gint64 posted;
} NewSuspended;

/* *fresh FALSE: there already. */
gboolean db_provider_event_insert (Tx *tx, const Notification *n, Micros now, gboolean *fresh, GError **error);
/* *same: with exactly these facts. */
gboolean db_provider_event_same (Tx *tx, const Notification *n, gboolean *same, GError **error);
/* The other event of a transaction, in the same currency. */
gboolean db_provider_event_amount (Tx *tx, const Notification *n, const char *event, gint64 *fen, gboolean *found, GError **error);
/* The order that a transaction paid; NULL none. */
gboolean db_payment_by_reference (Tx *tx, const char *account, const char *reference, char **order, GError **error);

/* *fresh FALSE: the same was listed before. */
gboolean db_suspense_insert (Tx *tx, const char *id, const NewSuspended *item, Micros now, gboolean *fresh, GError **error);
gboolean db_suspense_known (Tx *tx, const char *provider, const char *digest, gboolean *known, GError **error);
gboolean db_suspense_get (Tx *tx, const char *id, Suspended *out, gboolean *found, GError **error);
/* The open item of a transaction with this `posted`. */
gboolean db_suspense_of (Tx *tx, const char *provider, const char *transaction, gint64 posted, Suspended *out, gboolean *found, GError **error);
gboolean db_suspense_resolve (Tx *tx, const Resolution *resolution, Micros now, GError **error);
gboolean db_suspense_returned (Tx *tx, const char *id, Micros now, GError **error);
/* id "": all. */
gboolean db_suspense_list (Tx *tx, const char *id, gboolean open_only, const char *after, guint limit, json_t *items, GError **error);

gboolean suspend (Tx *tx, const NewSuspended *item, Micros now, GError **error);
