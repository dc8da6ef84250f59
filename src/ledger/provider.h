/* ledger/provider.h — online payment: who may tell that money came, what becomes of it, and money without a place.
 *
 * A provider signs `<timestamp>.<body>` with its key.  A timestamp more than five minutes ahead is refused.  An old one is
 * not: a provider that could not reach us for a day repeats its notification, money that came is money that came, and a
 * replay does nothing because each (provider, transaction, event) counts once.
 *
 * What does not fit goes to the suspense list.  Money that came is posted to "suspense" until two officers apply it or
 * send it back; what is no money (wrong signature, another currency, other facts about a transaction that was counted
 * already) is listed and nothing is posted.
 */
#pragma once
#include "ledger/ledger.h"
#include "pki/key.h"

#define NOTIFICATION_MAX 16384
#define UNSIGNED_PER_DAY 200          /* listed for each provider; further ones are refused all the same */

typedef struct {
	char *name, *currency;
	PublicKey *key;
} Provider;

typedef struct Providers Providers;    /* immutable; thread-safe */
/* [{name, algorithm, public_key, currency}]; path NULL: none.  DIQI_ERROR_CONFIG names the member at fault. */
Providers *providers_load (const char *path, GError **error);
void providers_free (Providers *providers);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Providers, providers_free)
const Provider *providers_find (const Providers *providers, const char *name);       /* NULL: unknown */

typedef struct {
	const char *provider, *transaction, *order_number, *currency, *event;
	Money amount;
	Micros happened;
} Notification;
/* signature: base64 DER, timestamp: RFC 3339, as in the headers; NULL when absent.  DIQI_ERROR_PAYMENT_SIGNATURE. */
gboolean notification_verify (const Provider *provider, const char *signature, const char *timestamp, GBytes *body, Micros now, GError **error);
/* Strings are borrowed from *json, which the caller frees.  DIQI_ERROR_JSON, _FIELD_…. */
gboolean notification_read (const Provider *provider, GBytes *body, json_t **json, Notification *out, GError **error);

typedef enum {
	NOTIFICATION_COUNTED,        /* the order is paid, or a refund that was agreed is */
	NOTIFICATION_REPEATED,       /* known: nothing was done */
	NOTIFICATION_SUSPENDED,      /* on the suspense list */
	NOTIFICATION_RETURNED,       /* came and went: the order stays as it was */
} NotificationFate;
const char *notification_fate_name (NotificationFate fate);
/* payable: may what the order is about be settled now?  currency: the provider's.  *paid: the order that this paid; NULL
 * when none, caller frees. */
gboolean notification_take (Tx *tx, const Notification *n, const char *currency, gboolean payable, Micros now,
                            NotificationFate *fate, char **paid, GError **error);

/* --- suspense ---------------------------------------------------------------------------------- */
/* Something came in a provider's name without its signature: the same body once, at most UNSIGNED_PER_DAY. */
gboolean suspense_list_unsigned (Tx *tx, const Provider *provider, GBytes *body, Micros now, GError **error);
gboolean suspense_list (Tx *tx, gboolean open_only, const char *after, guint limit, json_t *items, GError **error);
gboolean suspense_view (Tx *tx, const char *item, json_t **out, GError **error);

typedef struct {
	const char *item, *resolution, *order, *reason;       /* order (id): of "apply" only, else NULL */
	const char *first, *second;                           /* persons: cashier, administrator */
} Resolution;
/* apply: to an open order of that amount, or (money that went) to a refundable one.  refund: it went back to where it came
 * from.  dismiss: for items that were never posted.  *paid as above. */
gboolean suspense_resolve (Tx *tx, const Resolution *resolution, Micros now, char **paid, GError **error);
