/* api/cps.c — the document of the practice statement.  See cps.h. */
#include "api/cps.h"

#include <string.h>

#include "authority/lifetimes.h"
#include "base/error.h"
#include "registry/cause.h"
#include "registry/disposal.h"
#include "registry/service.h"
#include "signer/invariant.h"

/* --- authorities ------------------------------------------------------------------------ */

static json_t *
certificate_facts (const Certificate *certificate)
{
	g_autofree char *fingerprint = fingerprint_hex (certificate_fingerprint (certificate));
	g_autofree char *subject = certificate_subject_text (certificate);
	return json_pack ("{s:s, s:s, s:o, s:o}", "subject", subject, "sha256", fingerprint, "not_before", json_time (certificate_not_before (certificate)),
	                  "not_after", json_time (certificate_not_after (certificate)));
}

static json_t *
authorities (const SignerSite *site)
{
	json_t *list = json_array ();
	for (guint i = 0; i < site->cas->len; i++) {
		const SignerCa *ca = g_ptr_array_index (site->cas, i);
		json_array_append_new (list, json_pack ("{s:s, s:s, s:s, s:b, s:o, s:o, s:s, s:i, s:s, s:s}", "name", ca->name, "hierarchy", ca->hierarchy,
			"algorithm", key_algorithm_name (ca->algorithm), "current", ca->current, "root", certificate_facts (ca->root),
			"certificate", certificate_facts (ca->certificate), "crl", ca->crl_uri, "crl_shards", (int) ca->shards, "ocsp", ca->ocsp_uri, "issuer", ca->issuer_uri));
	}
	return list;
}

/* --- profiles ------------------------------------------------------------------------------ */

/* The newest open version of each name: what a new certificate is of. */
static gboolean
is_in_use (const json_t *all, const json_t *profile)
{
	const json_t *other;
	gsize i;
	json_array_foreach (all, i, other)
		if (json_is_true (json_object_get (other, "open")) && json_equal (json_object_get (other, "name"), json_object_get (profile, "name")) &&
		    json_integer_value (json_object_get (other, "version")) > json_integer_value (json_object_get (profile, "version")))
			return FALSE;
	return json_is_true (json_object_get (profile, "open"));
}

static void
add_of (json_t *list, const json_t *all, const char *use, const char *holder)
{
	json_t *profile;
	gsize i;
	json_array_foreach ((json_t *) all, i, profile) {
		if (g_strcmp0 (json_string_value (json_object_get (profile, "use")), use) != 0 ||
		    g_strcmp0 (json_string_value (json_object_get (profile, "holder")), holder) != 0 || !is_in_use (all, profile))
			continue;
		json_t *shown = json_copy (profile);
		json_object_del (shown, "text");
		json_array_append_new (list, shown);
	}
}

/* Holders' first, the site's own last. */
static json_t *
profiles_in_use (const json_t *all)
{
	static const char *const uses[] = { "sign", "encrypt", "service" }, *const holders[] = { "organization", "person", "officer", "site" };
	json_t *list = json_array ();
	for (gsize u = 0; u < G_N_ELEMENTS (uses); u++)
		for (gsize h = 0; h < G_N_ELEMENTS (holders); h++)
			add_of (list, all, uses[u], holders[h]);
	return list;
}

/* --- services -------------------------------------------------------------------------------- */

/* tariffs: rows by service and time; the last that has begun holds. */
static const json_t *
tariff_of (const json_t *tariffs, const char *service, Micros now)
{
	const json_t *row, *found = NULL;
	gsize i;
	json_array_foreach (tariffs, i, row) {
		Micros from;
		if (g_strcmp0 (json_string_value (json_object_get (row, "service")), service) == 0 &&
		    time_parse (json_string_value (json_object_get (row, "valid_from")), &from, NULL) && from <= now)
			found = row;
	}
	return found;
}

static json_t *
services (const json_t *tariffs, Micros now)
{
	json_t *list = json_array ();
	for (Service s = 0; s < N_SERVICES; s++) {
		const ServiceRule *rule = service_rule (s);
		const json_t *tariff = tariff_of (tariffs, rule->name, now);
		json_t *item = json_pack ("{s:s, s:s, s:s, s:s, s:b}", "service", rule->name, "label", rule->label, "label_en", rule->label_en,
			"effect", service_effect_name (rule->effect), "at_once", rule->hold_at_once);
		if (rule->reason != REASON_UNSPECIFIED)
			json_object_set_new (item, "reason", json_string (reason_name (rule->reason)));
		if (tariff != NULL) {
			json_object_set (item, "fee_fen", json_object_get (tariff, "amount_fen"));
			json_object_set (item, "promised_working_days", json_object_get (tariff, "promised_working_days"));
		}
		json_array_append_new (list, item);
	}
	return list;
}

/* Article 四.7 of the contract, and what RFC 5280 calls it; without a reason: any that fits. */
static json_t *
revocation_cause_list (void)
{
	json_t *list = json_array ();
	gsize n;
	const RevocationCause *causes = revocation_causes (&n);
	for (gsize i = 0; i < n; i++) {
		json_t *item = json_pack ("{s:s, s:s, s:b}", "cause", causes[i].name, "label", causes[i].label, "holder", causes[i].holder);
		if (causes[i].reason != REASON_UNSPECIFIED)
			json_object_set_new (item, "reason", json_string (reason_name (causes[i].reason)));
		json_array_append_new (list, item);
	}
	return list;
}

/* --- key centre ----------------------------------------------------------------------------------- */

/* NULL: the site has none. */
static json_t *
key_centre (SignerClient *signer, GError **error)
{
	g_autoptr (json_t) agents = signer_get_agents (signer, error);
	if (agents == NULL)
		return NULL;
	return json_pack ("{s:O, s:i}", "threshold", json_object_get (agents, "threshold"), "agents", (int) json_array_size (json_object_get (agents, "agents")));
}

/* --- the document -------------------------------------------------------------------------------------- */

static gboolean
read_tariffs (Tx *tx, gpointer arg, GError **error)
{
	json_t **tariffs = arg;
	g_clear_pointer (tariffs, json_decref);
	return tariff_list (tx, tariffs, error);
}

static json_t *
seconds (Micros duration)
{
	return json_integer (duration / MICROS_PER_S);
}

json_t *
cps_document (const Api *api, Micros now, GError **error)
{
	g_autoptr (json_t) tariffs = NULL;
	gint64 changes;
	g_autoptr (json_t) profiles = signer_get_profiles (api->signer, &changes, error);
	g_autoptr (json_t) centre = profiles != NULL ? key_centre (api->signer, error) : NULL;
	if (centre == NULL || !store_read (api->store, "page.cps", read_tariffs, &tariffs, error))
		return NULL;
	return json_pack (
		"{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:{s:o, s:o, s:o}, s:{s:o}, s:{s:i, s:o, s:o}, s:o, s:o, s:I, s:I, s:O, s:{s:i}}",
		"name", api->site_name, "site", api->site->site, "kind", api->site->test_site ? "test" : "production", "base_uri", api->site->base_uri,
		"generated", json_time (now), "authorities", authorities (api->site), "profiles", profiles_in_use (profiles),
		"crl", "life_s", seconds (CRL_LIFE), "published_every_s", seconds (CRL_LIFE / 2), "full_latency_s", seconds (FULL_PAUSE), "ocsp", "life_s", seconds (OCSP_LIFE),
		"approvals", "persons", 2, "valid_s", seconds (APPROVAL_MAX_AGE), "clock_tolerance_s", seconds (CLOCK_TOLERANCE),
		"services", services (tariffs, now), "causes", revocation_cause_list (), "max_hold_days", (json_int_t) api->max_hold_days,
		"hold_warning_days", (json_int_t) MIN (api->hold_warning_days, api->max_hold_days), "key_centre", centre, "retention", "years_after_end", DISPOSAL_YEARS);
}

static const Api *
api_of (Request *r)
{
	return request_user (r);
}

Response *
cps_route_json (Request *r)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (json_t) document = cps_document (api_of (r), request_arrival (r), &error);
	return document != NULL ? response_json (200, document) : response_problem (r, error, NULL);
}

Response *
cps_route_page (Request *r)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (json_t) document = cps_document (api_of (r), request_arrival (r), &error);
	return document != NULL ? cps_page (document) : response_problem (r, error, NULL);
}
