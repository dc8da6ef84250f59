/* main/site_watch.c — the site's own certificates and its roots' lists: renewed in time, and an alarm 30 and 14 days before one ends that was not; beside them
 * what the host gives (site_alarms.c).
 *
 * The signer renews its services, and the web server's certificate if it made it, by itself when it is asked (signer/renew.h).  What a root signs
 * is made in a ceremony (docs/operations.md), and a TLS certificate of another authority comes from there: of those people must be told.
 */
#include "base/error.h"
#include "main/site.h"
#include "signer/pins.h"

static const struct {
	Micros left;
	const char *template_name;
} stages[] = { { 30 * MICROS_PER_DAY, "alarm.ends" }, { 14 * MICROS_PER_DAY, "alarm.ends" }, { 0, "alarm.ended" } };

/* How many of the stages have come. */
static guint
stage_of (Micros end, Micros now)
{
	guint n = 0;
	for (gsize i = 0; i < G_N_ELEMENTS (stages); i++)
		n += end - now <= stages[i].left;
	return n;
}

typedef struct {
	Site *site;
	SiteAlarms *alarms;
} Watch;

/* end 0: it is missing, or cannot be used, which is as bad as ended. */
static void
watch (const Watch *w, const char *what, Micros end)
{
	guint stage = stage_of (end, clock_now (w->site->clock));
	g_autofree char *label = g_strdup_printf ("what=\"%s\"", what), *at = time_format (end);
	metrics_set (w->site->metrics, "ca_expires_timestamp_seconds", "When a certificate of the site itself, or a root's list, ends", label, end / MICROS_PER_S);
	metrics_set (w->site->metrics, "ca_expires_alarm", "0: fine, 1: ends within 30 days, 2: within 14 days, 3: has ended", label, stage);
	if (stage == 0)
		site_alarms_add (w->alarms, what, 0, at, NULL, NULL, NULL);
	else if (end == 0)
		site_alarms_add (w->alarms, what, stage, "missing", "alarm.missing", json_pack ("{s:s}", "what", what), "authority.ends");
	else {
		g_autofree char *days = g_strdup_printf ("%d", (int) (stages[stage - 1].left / MICROS_PER_DAY));
		json_t *params = json_pack ("{s:s, s:s, s:s}", "what", what, "expires", at, "days", days);
		site_alarms_add (w->alarms, what, stage, at, stages[stage - 1].template_name, params, "authority.ends");
	}
}

static void
watch_ca_file (const Watch *w, const char *ca, const char *file, const Certificate *certificate)
{
	g_autofree char *what = pins_ca_file (ca, file, "");
	if (certificate != NULL)
		watch (w, what, certificate_not_after (certificate));
}

/* The list is put there by a ceremony. */
static void
watch_root_list (const Watch *w, const SignerCa *ca)
{
	Micros next_update = 0;
	g_autoptr (GBytes) list = protocol_root_list (&w->site->protocol, ca, NULL, &next_update, NULL);
	g_autofree char *what = pins_ca_file (ca->name, "root", ".crl");
	watch (w, what, list != NULL ? next_update : 0);
}

static void
watch_ca (const Watch *w, const SignerSite *facts, guint i)
{
	const SignerCa *ca = g_ptr_array_index (facts->cas, i);
	watch_ca_file (w, ca->name, NULL, ca->certificate);
	watch_ca_file (w, ca->name, "ocsp", ca->ocsp);
	watch_ca_file (w, ca->name, "cross", ca->cross);
	for (guint j = 0; j < i; j++) {
		const SignerCa *other = g_ptr_array_index (facts->cas, j);
		if (fingerprint_equal (certificate_fingerprint (other->root), certificate_fingerprint (ca->root)))
			return;
	}
	watch_ca_file (w, ca->name, "root", ca->root);
	watch_root_list (w, ca);
}

static void
watch_all (const Watch *w)
{
	const SignerSite *facts = authority_site (w->site->authority);
	const struct {
		const char *what;
		const Certificate *certificate;
	} services[] = { { "log", facts->log }, { "receipt", facts->receipt }, { "document", facts->document }, { "tsa", facts->tsa } };
	for (guint i = 0; i < facts->cas->len; i++)
		watch_ca (w, facts, i);
	for (gsize i = 0; i < G_N_ELEMENTS (services); i++)
		watch (w, services[i].what, certificate_not_after (services[i].certificate));
	Micros tls = site_tls_end (w->site);
	if (tls != 0)
		watch (w, "tls", tls);
	else
		site_alarms_add (w->alarms, "tls", 0, "", NULL, NULL, NULL);
}

/* Each time all of it, whether something was renewed just now or not: what was, may not have been taken in then. */
static gboolean
renew (Site *site, char **no_stamps, GError **error)
{
	gboolean renewed;
	if (!signer_renew (site->signer, &renewed, no_stamps, error))
		return FALSE;
	g_autoptr (SignerSite) fresh = signer_get_site (site->signer, error);
	if (fresh == NULL)
		return FALSE;
	authority_renewed (site->authority, fresh);
	return authority_adopt_services (site->authority, error);
}

gboolean
site_watch (gpointer user, GError **error)
{
	Site *site = user;
	g_autofree char *no_stamps = NULL;
	g_autoptr (GError) failure = NULL;
	gboolean renewed = renew (site, &no_stamps, &failure);
	site_tls_look (site);
	g_autoptr (SiteAlarms) alarms = site_alarms_new (site);
	watch_all (&(Watch) { site, alarms });
	/* People are told above all when renewing does not work; only of the clock nothing is known then. */
	if (renewed)
		site_alarms_look_at_clock (alarms, no_stamps);
	site_alarms_look_at_disks (alarms);
	if (!site_alarms_tell (alarms, error))
		return FALSE;
	if (!renewed)
		g_propagate_error (error, g_steal_pointer (&failure));
	return renewed;
}
