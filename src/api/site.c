/* api/site.c — what everybody may know of the site, the time, and a test site's clock. */
#include <string.h>

#include "api/routes.h"
#include "base/error.h"
#include "market/sale.h"

/* Those that are open to new certificates. */
static json_t *
profiles (const Authority *authority)
{
	g_autoptr (json_t) all = authority_profiles (authority);
	json_t *list = json_array ();
	gsize i;
	const json_t *profile;
	json_array_foreach (all, i, profile)
		if (json_is_true (json_object_get (profile, "open")))
			json_array_append_new (list, json_pack ("{s:O, s:O}", "name", json_object_get (profile, "name"),
			                                        "version", json_object_get (profile, "version")));
	return list;
}

static json_t *
algorithms (void)
{
	json_t *list = json_array ();
	for (KeyAlgorithm a = 0; a < KEY_N_ALGORITHMS; a++) {
		if (a != KEY_ED25519)        /* service keys only */
			json_array_append_new (list, json_string (key_algorithm_name (a)));
	}
	return list;
}

static Response *
get_site (ApiCall *call, GError **error)
{
	(void) error;
	const Api *api = call->api;
	const SignerSite *site = api->site;
	g_autofree char *issuing = fingerprint_hex (certificate_fingerprint (site->issuing));
	g_autofree char *root = fingerprint_hex (certificate_fingerprint (site->root));
	g_autofree char *verifier = checkpoint_verifier_key (api->log_origin, certificate_public_key (signer_site_now (&site->log)));
	g_autoptr (json_t) reply = json_pack (
		"{s:s, s:s, s:s, s:o, s:s, s:o, s:s, s:s, s:{s:s, s:s}, s:o, s:o}",
		"site", site->site, "name", api->site_name, "kind", site->test_site ? "test" : "production",
		"time", json_time (clock_now (api->clock)), "base_uri", site->base_uri, "algorithms", algorithms (),
		"issuing_fingerprint", issuing, "root_fingerprint", root,
		"log", "origin", api->log_origin, "verifier_key", verifier,
		"rule_sets", rule_set_list (), "profiles", profiles (api->authority));
	return api_reply (call, 200, reply);
}

static Response *
get_time (ApiCall *call, GError **error)
{
	(void) error;
	g_autoptr (json_t) reply = json_pack ("{s:o}", "time", json_time (clock_now (call->api->clock)));
	return api_reply (call, 200, reply);
}

static Response *
post_clock (ApiCall *call, GError **error)
{
	Api *api = call->api;
	Micros now = -1;
	gint64 advance_ms = -1;
	gboolean synchronised = clock_trust (api->clock).synchronised;
	const Field fields[] = {
		{ "now", FIELD_TIME, FALSE, 0, &now },
		{ "advance_ms", FIELD_INT, FALSE, 0, &advance_ms },
		{ "synchronised", FIELD_BOOL, FALSE, 0, &synchronised },
	};
	if (!JSON_READ (call->body, "", fields, error))
		return NULL;
	if ((now < 0) == (advance_ms < 0)) {
		diqi_error_set (error, DIQI_ERROR_FIELD_MISSING, "/now", "give either now or advance_ms");
		return NULL;
	}
	Micros current = clock_now (api->clock);
	Micros target = current;
	if (now >= 0)
		target = now;
	else if (__builtin_mul_overflow (advance_ms, MICROS_PER_MS, &target) || __builtin_add_overflow (target, current, &target))
		target = -1;
	/* Evidence would contradict itself if time ran backwards. */
	if (target > certificate_not_after (api->site->issuing)) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, now >= 0 ? "/now" : "/advance_ms", "the site's own certificates end before that");
		return NULL;
	}
	if (target < current) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, now >= 0 ? "/now" : "/advance_ms", "the clock only moves forward");
		return NULL;
	}
	/* A test site may run on the system's clock, which nobody sets. */
	if (clock_is_test (api->clock))
		clock_distrust (api->clock, !synchronised);
	if (!api->set_clock (api->set_clock_user, target, error))
		return NULL;
	g_autoptr (json_t) reply = json_pack ("{s:o}", "time", json_time (clock_now (api->clock)));
	return api_reply (call, 200, reply);
}

const ApiRoute site_routes[] = {
	{ "GET", "/api/v1/site", PERMIT_PUBLIC, 0, 0, get_site },
	{ "GET", "/api/v1/time", PERMIT_PUBLIC, 0, 0, get_time },
	{ "POST", "/api/v1/test/clock", PERMIT_TEST_SITE, 0, 1024, post_clock },
	{ NULL, NULL, 0, 0, 0, NULL },
};
