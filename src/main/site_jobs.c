/* main/site_jobs.c — what a site does by itself, and how often. */
#include "api/idempotency.h"
#include "api/quotes.h"
#include "base/civil.h"
#include "base/error.h"
#include "base/log.h"
#include "identity/session.h"
#include "main/site.h"
#include "market/market.h"
#include "registry/disposal.h"
#include "registry/mass_revocation.h"

/* Longer than any client repeats itself; a quote repeated later still meets the log's own refusal. */
#define IDEMPOTENCY_LIFE (60 * MICROS_PER_DAY)
/* Applications in one batch: as many as two officers look through. */
#define DISPOSAL_BATCH 200

/* --- sales ------------------------------------------------------------------------------ */

/* A sale moved by itself: its watchers are told. */
static void
sale_moved (gpointer user, const char *sale)
{
	Site *site = user;
	quotes_announce (&site->api, sale, G_MAXUINT64);
}

static gboolean
settle_sales (gpointer user, GError **error)
{
	Site *site = user;
	return sale_clock_pass (site->sale_clock, error);
}

/* --- ticks for watchers ------------------------------------------------------------------- */

typedef struct {
	Micros now;
	json_t *sales;
} Running;

static gboolean
read_running (Tx *tx, gpointer arg, GError **error)
{
	Running *r = arg;
	g_autofree char *next = NULL;
	g_clear_pointer (&r->sales, json_decref);
	return sale_list (tx, NULL, 200, r->now, &r->sales, &next, error);
}

/* Each second where a deadline runs, every fifth elsewhere. */
static gboolean
send_ticks (gpointer user, GError **error)
{
	Site *site = user;
	if (broadcast_watchers (site->broadcast) == 0)
		return TRUE;
	Running r = { clock_now (site->clock), NULL };
	if (!store_read (site->store, "sale.ticks", read_running, &r, error))
		return FALSE;
	gboolean fifth = (clock_monotonic () / MICROS_PER_S) % 5 == 0;
	gsize i;
	const json_t *sale;
	json_array_foreach (r.sales, i, sale) {
		const char *deadline = json_string_value (json_object_get (sale, "deadline"));
		Micros at = 0;
		if (deadline != NULL && !time_parse (deadline, &at, error))
			break;
		if (deadline != NULL || fifth)
			broadcast_tick (site->broadcast, json_string_value (json_object_get (sale, "sale")), r.now, at,
			                (guint) json_integer_value (json_object_get (sale, "prompts")));
	}
	json_decref (r.sales);
	return TRUE;
}

/* --- housekeeping ---------------------------------------------------------------------------- */

static gboolean
resume_issuing (gpointer user, GError **error)
{
	Site *site = user;
	return registry_resume (site->registry, site->store, NULL, error);
}

static gboolean
purge (Tx *tx, gpointer arg, GError **error)
{
	const Micros *now = arg;
	return session_purge (tx, *now, error) && idempotency_purge (tx, *now - IDEMPOTENCY_LIFE, error);
}

static gboolean
keep_house (gpointer user, GError **error)
{
	Site *site = user;
	Micros now = clock_now (site->clock);
	return store_run (site->store, "purge", purge, &now, error);
}

/* --- records that are due to be destroyed ------------------------------------------------------ */

/* Once a day, by the site's clock: something becomes due at the end of a day. */
static gboolean
list_disposals (gpointer user, GError **error)
{
	Site *site = user;
	gint64 today = civil_to_days (civil_beijing (clock_now (site->clock)));
	if (today == site->disposals_listed)
		return TRUE;
	for (;;) {
		g_autofree char *batch = NULL;
		if (!disposal_list_due (site->store, site->registry, DISPOSAL_BATCH, &batch, error))
			return FALSE;
		if (batch == NULL)
			break;
		log_event (LOG_LEVEL_INFO, "disposal.listed", "batch", "%s", batch, NULL);
	}
	site->disposals_listed = today;
	return TRUE;
}

/* --- revocations ----------------------------------------------------------------------------- */

/* A chunk at a time, so that the other jobs have their turns. */
static gboolean
revoke_many (gpointer user, GError **error)
{
	Site *site = user;
	gboolean more;
	return mass_revocation_work (site->registry, site->store, &more, error);
}

static gboolean
end_holds (gpointer user, GError **error)
{
	Site *site = user;
	guint ended;
	if (!registry_end_holds (site->registry, site->store, config_int (site->config, "authority", "max_hold_days"), &ended, error))
		return FALSE;
	if (ended > 0)
		log_event (LOG_LEVEL_INFO, "holds.ended", "certificates", "%u", ended, NULL);
	return TRUE;
}

/* Changed through this process they count at once; through another, or when the signer's answer was lost, within a second. */
static gboolean
refresh_profiles (gpointer user, GError **error)
{
	Site *site = user;
	g_autoptr (json_t) profiles = NULL;
	gint64 changes;
	if (!signer_profiles_since (site->signer, authority_profile_changes (site->authority), &changes, &profiles, error))
		return FALSE;
	if (profiles != NULL)
		authority_set_profiles (site->authority, profiles, changes);
	return TRUE;
}

void
site_add_jobs (Site *site)
{
	site->sale_clock = sale_clock_new (site->store, site->clock, site->watermark, sale_moved, site);
	jobs_add (site->jobs, "sales", 100, settle_sales, site);
	jobs_add (site->jobs, "ticks", 1000, send_ticks, site);
	jobs_add (site->jobs, "issuing", 5000, resume_issuing, site);
	jobs_add (site->jobs, "revocations", 100, revoke_many, site);
	jobs_add (site->jobs, "holds", 1000, end_holds, site);
	jobs_add (site->jobs, "profiles", 1000, refresh_profiles, site);
	jobs_add (site->jobs, "purge", 60000, keep_house, site);
	jobs_add (site->jobs, "disposals", 1000, list_disposals, site);
	jobs_add (site->jobs, "watch", 600000, site_watch, site);
	jobs_add (site->jobs, "reminders", 600000, site_remind, site);
}
