/* main/site_watch.c — the site's own certificates and its roots' lists: renewed in time, and an alarm 30 and 14 days before one ends that was not.
 *
 * The signer renews its services by itself when it is asked (signer/renew.h).  What a root signs, and the certificate of the web server, are made
 * in a ceremony (docs/operations.md): of those people must be told.
 */
#include "base/error.h"
#include "base/log.h"
#include "main/site.h"
#include "signer/pins.h"

static const struct {
	Micros left;
	LogLevel level;
	const char *say;
} alarms[] = {
	{ 30 * MICROS_PER_DAY, LOG_LEVEL_WARN, "ends within 30 days" }, { 14 * MICROS_PER_DAY, LOG_LEVEL_ERROR_, "ends within 14 days" },
	{ 0, LOG_LEVEL_ERROR_, "has ended" },
};

/* How many of the alarms have gone off. */
static guint
alarm_of (Micros end, Micros now)
{
	guint n = 0;
	for (gsize i = 0; i < G_N_ELEMENTS (alarms); i++)
		n += end - now <= alarms[i].left;
	return n;
}

/* Each alarm once, until what it was about has been replaced. */
static void
watch (Site *site, const char *what, Micros end)
{
	guint before = GPOINTER_TO_UINT (g_hash_table_lookup (site->alarms, what)), now = alarm_of (end, clock_now (site->clock));
	g_autofree char *label = g_strdup_printf ("what=\"%s\"", what);
	metrics_set (site->metrics, "ca_expires_timestamp_seconds", "When a certificate of the site itself, or a root's list, ends", label, end / MICROS_PER_S);
	metrics_set (site->metrics, "ca_expires_alarm", "0: fine, 1: ends within 30 days, 2: within 14 days, 3: has ended", label, now);
	g_hash_table_insert (site->alarms, g_strdup (what), GUINT_TO_POINTER (now));
	if (now <= before)
		return;
	g_autofree char *at = time_format (end);
	log_event (alarms[now - 1].level, "authority.ends", "what", "%s", what, "ends", "%s", at, "detail", "%s", alarms[now - 1].say, NULL);
}

static void
watch_ca_file (Site *site, const char *ca, const char *file, const Certificate *certificate)
{
	g_autofree char *what = pins_ca_file (ca, file, "");
	if (certificate != NULL)
		watch (site, what, certificate_not_after (certificate));
}

/* The list is put there by a ceremony; when it is missing or not the root's, it is as good as ended. */
static void
watch_root_list (Site *site, const SignerCa *ca)
{
	Micros next_update = 0;
	g_autoptr (GBytes) list = protocol_root_list (&site->protocol, ca, NULL, &next_update, NULL);
	g_autofree char *what = pins_ca_file (ca->name, "root", ".crl");
	watch (site, what, list != NULL ? next_update : 0);
}

static void
watch_ca (Site *site, const SignerSite *facts, guint i)
{
	const SignerCa *ca = g_ptr_array_index (facts->cas, i);
	watch_ca_file (site, ca->name, NULL, ca->certificate);
	watch_ca_file (site, ca->name, "ocsp", ca->ocsp);
	watch_ca_file (site, ca->name, "cross", ca->cross);
	for (guint j = 0; j < i; j++) {
		const SignerCa *other = g_ptr_array_index (facts->cas, j);
		if (fingerprint_equal (certificate_fingerprint (other->root), certificate_fingerprint (ca->root)))
			return;
	}
	watch_ca_file (site, ca->name, "root", ca->root);
	watch_root_list (site, ca);
}

static void
watch_all (Site *site)
{
	const SignerSite *facts = authority_site (site->authority);
	const struct {
		const char *what;
		const Certificate *certificate;
	} services[] = { { "log", facts->log }, { "receipt", facts->receipt }, { "document", facts->document }, { "tsa", facts->tsa } };
	for (guint i = 0; i < facts->cas->len; i++)
		watch_ca (site, facts, i);
	for (gsize i = 0; i < G_N_ELEMENTS (services); i++)
		watch (site, services[i].what, certificate_not_after (services[i].certificate));
	Micros tls = site_tls_end (site);
	if (tls != 0)
		watch (site, "tls", tls);
}

gboolean
site_watch (gpointer user, GError **error)
{
	Site *site = user;
	gboolean renewed;
	if (!signer_renew (site->signer, &renewed, error))
		return FALSE;
	if (renewed) {
		g_autoptr (SignerSite) fresh = signer_get_site (site->signer, error);
		if (fresh == NULL)
			return FALSE;
		authority_renewed (site->authority, fresh);
	}
	site_tls_look (site);
	watch_all (site);
	return TRUE;
}
