/* api/feeds.c — a holder's calendar: when his certificates lapse, when the sales he may quote in end, by when his
 * applications are promised. */
#include <string.h>

#include "api/routes.h"
#include "base/error.h"
#include "base/random.h"
#include "market/open_bids.h"
#include "outbox/feed.h"
#include "outbox/ics.h"
#include "pki/hmac.h"
#include "registry/reminder.h"
#include "registry/service.h"

#define TOKEN_SALT "token_salt"
#define ADDRESS "/api/v1/feeds/"

/* --- the address -------------------------------------------------------------------------- */

/* As with access codes: a repeated request gets the same token, and yet what is recorded is a salt only. */
static char *
derive_token (const char *salt, const char *key)
{
	Fingerprint mac;
	hmac_sha256 (salt, strlen (salt), key, strlen (key), &mac);
	return base64url_encode (mac.b, sizeof mac.b);
}

static gboolean
open_feed (Tx *tx, ApiCall *call, gpointer arg, json_t **reply, GError **error)
{
	(void) arg;
	g_autofree char *salt = random_token (32);
	g_autofree char *token = derive_token (salt, call->idempotency_key);
	if (!feed_open (tx, call->actor.subject, token, request_arrival (call->request), error))
		return FALSE;
	*reply = json_pack ("{s:s}", TOKEN_SALT, salt);
	return TRUE;
}

static Response *
post_feed (ApiCall *call, GError **error)
{
	guint status = 201;
	if (!json_read_fields (call->body, "", NULL, 0, error))
		return NULL;
	g_autoptr (json_t) recorded = api_mutate_json (call, &status, open_feed, NULL, error);
	if (recorded == NULL)
		return NULL;
	g_autofree char *token = derive_token (json_string_value (json_object_get (recorded, TOKEN_SALT)), call->idempotency_key);
	g_autofree char *address = g_strconcat (call->api->site->base_uri, ADDRESS, token, NULL);
	g_autofree char *path = g_strconcat (ADDRESS, token, NULL);
	g_autoptr (json_t) reply = json_pack ("{s:s, s:s}", "address", address, "path", path);
	return api_reply (call, status, reply);
}

/* --- the calendar --------------------------------------------------------------------------- */

typedef struct {
	ApiCall *call;
	Micros now;
	GString *text;
} Calendar;

static void
add (Calendar *c, const char *kind, const char *id, IcsEvent event)
{
	g_autofree char *uid = g_strdup_printf ("%s-%s@%s", kind, id, c->call->api->site->site);
	event.uid = uid;
	ics_event (c->text, &event);
}

static gboolean
add_certificates (Calendar *c, Tx *tx, const char *subject, GError **error)
{
	g_autoptr (GPtrArray) rows = certificates_of_subject (tx, subject, error);
	if (rows == NULL)
		return FALSE;
	for (guint i = 0; i < rows->len; i++) {
		const CertificateRow *row = rows->pdata[i];
		if (row->encrypts || strcmp (row->status, "valid") != 0 || row->not_after < c->now)
			continue;
		g_autofree char *more = g_strdup_printf ("证书序列号 %s。未缴费延期的，到期后停止服务。", row->serial);
		add (c, "certificate", row->serial, (IcsEvent) { .summary = "CA 证书到期", .description = more, .at = row->not_after,
		                                                .revised = row->not_before, .alarms = { 30, 7 } });
	}
	return TRUE;
}

static gboolean
add_sales (Calendar *c, Tx *tx, const char *subject, GError **error)
{
	g_autoptr (GPtrArray) bids = open_bids (tx, subject, error);
	if (bids == NULL)
		return FALSE;
	for (guint i = 0; i < bids->len; i++) {
		const OpenBid *bid = bids->pdata[i];
		g_autofree char *quiet = g_strdup_printf ("挂牌报价截止：%s", bid->title);
		g_autofree char *end = g_strdup_printf ("挂牌截止：%s", bid->title);
		add (c, "sale-quiet", bid->sale, (IcsEvent) { .summary = quiet, .at = bid->quiet_from, .revised = bid->announced_at, .alarms = { 1 } });
		add (c, "sale-end", bid->sale, (IcsEvent) { .summary = end, .at = bid->listing_end, .revised = bid->announced_at, .alarms = { 1 } });
	}
	return TRUE;
}

static gboolean
add_promises (Calendar *c, Tx *tx, const char *subject, GError **error)
{
	g_autoptr (GPtrArray) rows = registry_promised (tx, subject, error);
	if (rows == NULL)
		return FALSE;
	for (guint i = 0; i < rows->len; i++) {
		const PromisedRow *row = rows->pdata[i];
		Service service;
		const char *label = service_from_name (row->service, &service) ? service_rule (service)->label : row->service;
		g_autofree char *summary = g_strdup_printf ("%s申请承诺办结：%s", label, row->number != NULL ? row->number : row->application);
		add (c, "application", row->application, (IcsEvent) { .summary = summary, .at = row->due, .revised = row->submitted });
	}
	return TRUE;
}

static gboolean
write_calendar (Tx *tx, gpointer arg, GError **error)
{
	Calendar *c = arg;
	g_autofree char *subject = NULL;
	g_string_truncate (c->text, 0);
	if (!feed_owner (tx, request_param (c->call->request, "token"), &subject, error))
		return FALSE;
	ics_begin (c->text, c->call->api->site_name);
	if (!add_certificates (c, tx, subject, error) || !add_sales (c, tx, subject, error) ||
	    !add_promises (c, tx, subject, error))
		return FALSE;
	ics_end (c->text);
	return TRUE;
}

static Response *
get_feed (ApiCall *call, GError **error)
{
	g_autoptr (GString) text = g_string_new (NULL);
	Calendar c = { call, request_arrival (call->request), text };
	if (!store_read (call->api->store, call->route->path, write_calendar, &c, error))
		return NULL;
	Response *response = response_new (200, "text/calendar; charset=utf-8", text->str, text->len);
	response_header (response, "Cache-Control", "private, no-store");
	/* The address is the key: it must not travel on in a Referer. */
	response_header (response, "Referrer-Policy", "no-referrer");
	return response;
}

const ApiRoute feed_routes[] = {
	{ "POST", "/api/v1/feed", PERMIT_HOLDER, API_IDEMPOTENT, 1024, post_feed },
	{ "GET", "/api/v1/feeds/{token}", PERMIT_PUBLIC, 0, 0, get_feed },
	{ NULL, NULL, 0, 0, 0, NULL, NULL, NULL },
};
