/* main/manage.c — health and metrics, on a listener of their own. */
#include <string.h>

#include "base/error.h"
#include "main/site.h"

static Site *
site_of (Request *r)
{
	return request_user (r);
}

static Response *
livez (Request *r)
{
	(void) r;
	g_autoptr (json_t) body = json_pack ("{s:s}", "status", "pass");
	return response_json (200, body);
}

static gboolean
add_check (json_t *checks, const char *name, gboolean good, const char *what)
{
	json_t *check = json_pack ("{s:s}", "status", good ? "pass" : "fail");
	if (!good && what != NULL)
		json_object_set_new (check, "output", json_string (what));
	json_object_set_new (checks, name, check);
	return good;
}

static gboolean
signer_answers (Site *site, json_t *checks)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (SignerSite) facts = signer_get_site (site->signer, &error);
	return add_check (checks, "signer", facts != NULL, error != NULL ? error->message : NULL);
}

static gboolean
store_answers (Site *site, json_t *checks)
{
	g_autoptr (GError) error = NULL;
	gboolean good = store_ping (site->store, &error);
	return add_check (checks, "store", good, error != NULL ? error->message : NULL);
}

/* Two seconds without a checkpoint over a committed leaf break the promise of one. */
static gboolean
log_is_signed (Site *site, json_t *checks)
{
	return add_check (checks, "log", log_keeper_lag (site->keeper) < 2 * MICROS_PER_S, "leaves wait for a checkpoint");
}

/* Of every CA the full list, the delta and all shards: a relying party has but one of them. */
static gboolean
lists_are_fresh (Site *site, json_t *checks)
{
	return add_check (checks, "crl", authority_lists_end (site->authority) > clock_now (site->clock), "a CRL is missing or stale");
}

static Response *
readyz (Request *r)
{
	Site *site = site_of (r);
	g_autoptr (json_t) checks = json_object ();
	gboolean good = add_check (checks, "draining", !g_atomic_int_get (&site->draining), "the service is stopping");
	good = store_answers (site, checks) && good;
	good = signer_answers (site, checks) && good;
	good = log_is_signed (site, checks) && good;
	good = lists_are_fresh (site, checks) && good;
	g_autoptr (json_t) body = json_pack ("{s:s, s:O}", "status", good ? "pass" : "fail", "checks", checks);
	return response_json (good ? 200 : 503, body);
}

static void
gauges (Site *site)
{
	StoreStats stats;
	store_stats (site->store, &stats);
	metrics_set (site->metrics, "store_commits_total", "Commits of the database", NULL, (gint64) stats.commits);
	metrics_set (site->metrics, "store_transactions_total", "Transactions committed", NULL, (gint64) stats.transactions);
	metrics_set (site->metrics, "store_retries_total", "Transactions run again after a lost race", NULL, (gint64) stats.retries);
	metrics_set (site->metrics, "ca_certificates_known", "Certificates in the status index", NULL,
	             (gint64) status_index_size (authority_status (site->authority)));
	metrics_set (site->metrics, "auction_stream_clients", "Watchers of live sales", NULL, broadcast_watchers (site->broadcast));
	metrics_set (site->metrics, "log_lag_microseconds", "Age of the oldest leaf without a checkpoint", NULL, log_keeper_lag (site->keeper));
	g_autoptr (GBytes) crl = authority_crl (site->authority, NULL, NULL);
	metrics_set (site->metrics, "ca_crl_next_update_timestamp_seconds", "When the first of all CRLs must be replaced", NULL,
	             authority_lists_end (site->authority) / MICROS_PER_S);
	metrics_set (site->metrics, "ca_crl_size_bytes", "Size of the CRL", NULL, crl != NULL ? (gint64) g_bytes_get_size (crl) : 0);
}

static Response *
metrics_page (Request *r)
{
	Site *site = site_of (r);
	gauges (site);
	g_autofree char *text = metrics_text (site->metrics);
	return response_new (200, "application/openmetrics-text; version=1.0.0; charset=utf-8", text, strlen (text));
}

static const Route routes[] = {
	{ .method = "GET", .path = "/livez", .handler = livez, .permission = PERMIT_PUBLIC },
	{ .method = "GET", .path = "/readyz", .handler = readyz, .permission = PERMIT_PUBLIC, .blocking = TRUE },
	{ .method = "GET", .path = "/health", .handler = readyz, .permission = PERMIT_PUBLIC, .blocking = TRUE },
	{ .method = "GET", .path = "/metrics", .handler = metrics_page, .permission = PERMIT_PUBLIC, .blocking = TRUE },
};

const Route *
manage_routes (gsize *n)
{
	*n = G_N_ELEMENTS (routes);
	return routes;
}
