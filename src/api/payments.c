/* api/payments.c — what payment providers tell.
 *
 * No session, no Idempotency-Key: a machine sends what it signed, as often as it likes, and gets the same answer.  The
 * signature is checked over the bytes as they came, before anything in them is read.
 */
#include "api/routes.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "registry/fee.h"

typedef struct {
	const Provider *provider;
	Notification notification;
	GBytes *body;
} Taken;

static gboolean
take (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	Taken *t = arg;

	return fee_notification (tx, call->api->registry, t->provider, &t->notification, reply, error);
}

typedef struct {
	const Provider *provider;
	GBytes *body;
	Micros now;
} Unsigned;

static gboolean
list_unsigned (Tx *tx, gpointer arg, GError **error)
{
	const Unsigned *u = arg;

	return suspense_list_unsigned (tx, u->provider, u->body, u->now, error);
}

/* Listed in a transaction of its own: the refusal that follows undoes nothing. */
static void
note_unsigned (ApiCall *call, const Provider *provider)
{
	Unsigned u = { provider, request_body (call->request), clock_now (call->api->clock) };
	g_autoptr (GError) error = NULL;

	if (!store_run (call->api->store, "suspense.unsigned", list_unsigned, &u, &error))
		log_event (LOG_LEVEL_WARN, "payment.unsigned_not_listed", "provider", "%s", provider->name, "error", "%s", error->message, NULL);
}

static Response *
post_notification (ApiCall *call, GError **error)
{
	const char *name = request_param (call->request, "provider");
	Taken taken = { .provider = providers_find (call->api->providers, name), .body = request_body (call->request) };
	g_autoptr (json_t) json = NULL;
	g_autoptr (json_t) reply = NULL;
	guint status = 200;

	if (!taken.provider) {
		diqi_error_set (error, DIQI_ERROR_NOT_FOUND, NULL, "this site has no payment provider \"%.32s\"", name);
		return NULL;
	}
	if (!notification_verify (taken.provider, request_header (call->request, "Diqi-Signature"), request_header (call->request, "Diqi-Timestamp"),
	                          taken.body, clock_now (call->api->clock), error)) {
		note_unsigned (call, taken.provider);
		return NULL;
	}
	if (!notification_read (taken.provider, taken.body, &json, &taken.notification, error))
		return NULL;
	reply = api_mutate_json (call, &status, take, &taken, error);
	if (!reply)
		return NULL;
	FAILPOINT ("pay.committed");
	return api_reply (call, status, reply);
}

const ApiRoute payment_routes[] = {
	{ "POST", "/api/v1/payments/{provider}/notifications", PERMIT_PUBLIC, API_NO_BODY, NOTIFICATION_MAX, post_notification, NULL, NULL },
	{ NULL, NULL, 0, 0, 0, NULL, NULL, NULL },
};
