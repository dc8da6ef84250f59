/* signer/pinned_ca.c — the CAs of a site.  See pins.h. */
#include <string.h>

#include "base/error.h"
#include "signer/pins_private.h"

const char *
hierarchy_name (KeyAlgorithm algorithm)
{
	return algorithm == KEY_SM2 ? "gm" : "international";
}

void
pinned_ca_free (PinnedCa *ca)
{
	if (ca == NULL)
		return;
	Certificate *const certificates[] = { ca->root, ca->certificate, ca->ocsp, ca->cross };
	for (gsize i = 0; i < G_N_ELEMENTS (certificates); i++)
		if (certificates[i] != NULL)
			certificate_unref (certificates[i]);
	char *const texts[] = { ca->name, ca->ocsp_uri, ca->crl_uri, ca->issuer_uri, ca->cps_uri };
	for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
		g_free (texts[i]);
	g_free (ca);
}

PinnedCa *
pins_nth_ca (const Pins *pins, guint i)
{
	return g_ptr_array_index (pins->cas, i);
}

static gboolean
check_name (const Pins *pins, const char *name, GError **error)
{
	if (!g_regex_match_simple ("^[a-z][a-z0-9]{0,14}(-[0-9]{1,3})?$", name, 0, 0))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/cas/name", "a CA is named like gm or issuing-2");
	/* Neighbours of the CAs' folders under /pki. */
	if (strcmp (name, "root") == 0 || strcmp (name, "tsa") == 0 || strcmp (name, "cps") == 0)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/cas/name", "%s is the name of something else", name);
	if ((pins->cas->len == 0) != (strcmp (name, PINS_FIRST_CA) == 0))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/cas/name", "the first CA, and only it, is " PINS_FIRST_CA);
	if (pins_ca (pins, name) != NULL)
		return diqi_fail (error, DIQI_ERROR_EXISTS, "/cas/name", "the site has a CA %s already", name);
	return pins->cas->len < PINS_MAX_CAS || diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/cas", "at most %d", PINS_MAX_CAS);
}

/* Judged at the start of their own validity: an expired certificate must not keep a signer from
 * starting that still has CRLs to sign. */
static gboolean
check_cross (const Pins *pins, const CaCertificates *ca, GError **error)
{
	const PinnedCa *first = pins_ca (pins, NULL);
	gboolean apart = first != NULL && !fingerprint_equal (certificate_fingerprint (first->root), certificate_fingerprint (ca->root));
	if (apart != (ca->cross != NULL))
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE_CHAIN, NULL, "a CA under a root of its own, and only such a one, is cross-certified");
	if (ca->cross == NULL)
		return TRUE;
	if (!fingerprint_equal (public_key_fingerprint (certificate_public_key (ca->cross)), public_key_fingerprint (certificate_public_key (ca->certificate)))
	    || !certificate_names_issuer (ca->ocsp, ca->cross))
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE_CHAIN, NULL, "a cross certificate for another CA");
	return certificate_verify_chain (ca->cross, &first->root, 1, certificate_not_before (ca->cross), error);
}

/* Judged at the start of their own validity: an expired certificate must not keep a signer from
 * starting that still has CRLs to sign. */
static gboolean
check_chain (const Pins *pins, const CaCertificates *ca, GError **error)
{
	Certificate *const chain[] = { ca->certificate, ca->root };
	if (!certificate_verify_chain (ca->certificate, &chain[1], 1, certificate_not_before (ca->certificate), error)
	    || !certificate_verify_chain (ca->ocsp, chain, 2, certificate_not_before (ca->ocsp), error))
		return FALSE;
	/* Chains are found by the issuer's name: two authorities of one name would be one. */
	if (pins_ca_of (pins, ca->ocsp) != NULL)
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE_CHAIN, NULL, "a second CA with the name of the first");
	return check_cross (pins, ca, error);
}

static void
fill_first (Pins *pins, const PinnedCa *ca)
{
	pins->root = certificate_ref (ca->root);
	pins->issuing = certificate_ref (ca->certificate);
	pins->ocsp = certificate_ref (ca->ocsp);
}

static PinnedCa *
pinned_ca_new (const Pins *pins, const CaCertificates *from)
{
	PinnedCa *ca = g_new0 (PinnedCa, 1);
	ca->name = g_strdup (from->name);
	ca->algorithm = public_key_algorithm (certificate_public_key (from->certificate));
	ca->hierarchy = hierarchy_name (ca->algorithm);
	ca->current = TRUE;
	ca->root = certificate_ref (from->root);
	ca->certificate = certificate_ref (from->certificate);
	ca->ocsp = certificate_ref (from->ocsp);
	ca->cross = from->cross != NULL ? certificate_ref (from->cross) : NULL;
	ca->ocsp_uri = g_strdup_printf ("%s/pki/%s/ocsp", pins->base_uri, ca->name);
	ca->cps_uri = g_strconcat (pins->base_uri, "/pki/cps", NULL);
	ca->crl_uri = g_strdup_printf ("%s/pki/%s/full.crl", pins->base_uri, ca->name);
	ca->shards = pins->shards;
	ca->issuer_uri = g_strdup_printf ("%s/pki/%s/ca.cer", pins->base_uri, ca->name);
	return ca;
}

gboolean
pins_add_ca (Pins *pins, const CaCertificates *from, GError **error)
{
	if (!check_name (pins, from->name, error) || !check_chain (pins, from, error))
		return FALSE;
	PinnedCa *ca = pinned_ca_new (pins, from);
	for (guint i = 0; i < pins->cas->len; i++)
		if (strcmp (pins_nth_ca (pins, i)->hierarchy, ca->hierarchy) == 0)
			pins_nth_ca (pins, i)->current = FALSE;
	g_ptr_array_add (pins->cas, ca);
	if (pins->cas->len == 1)
		fill_first (pins, ca);
	return TRUE;
}

/* Beside the full list. */
static char *
beside (const PinnedCa *ca, const char *rest)
{
	g_autofree char *folder = g_strndup (ca->crl_uri, strlen (ca->crl_uri) - strlen ("full.crl"));
	return g_strconcat (folder, rest, NULL);
}

char *
pins_delta_uri (const PinnedCa *ca)
{
	return beside (ca, "delta.crl");
}

char *
pins_shard_uri (const PinnedCa *ca, guint shard)
{
	g_autofree char *rest = g_strdup_printf ("shard/%u.crl", shard);
	return beside (ca, rest);
}

char *
pins_list_uri (const PinnedCa *ca, const Serial *serial)
{
	return pins_shard_uri (ca, serial->b[sizeof serial->b - 1] % ca->shards);
}

const PinnedCa *
pins_ca (const Pins *pins, const char *name)
{
	for (guint i = 0; i < pins->cas->len; i++)
		if (name == NULL || strcmp (pins_nth_ca (pins, i)->name, name) == 0)
			return pins_nth_ca (pins, i);
	return NULL;
}

const PinnedCa *
pins_ca_for_key (const Pins *pins, KeyAlgorithm algorithm, GError **error)
{
	for (guint i = 0; i < pins->cas->len; i++) {
		const PinnedCa *ca = pins_nth_ca (pins, i);
		if (ca->current && strcmp (ca->hierarchy, hierarchy_name (algorithm)) == 0)
			return ca;
	}
	diqi_error_set (error, DIQI_ERROR_KEY_ALGORITHM, "/request/spki", "this site has no %s hierarchy for a key of %s",
	                hierarchy_name (algorithm), key_algorithm_name (algorithm));
	return NULL;
}

const PinnedCa *
pins_ca_of (const Pins *pins, const Certificate *leaf)
{
	for (guint i = 0; i < pins->cas->len; i++)
		if (certificate_names_issuer (leaf, pins_nth_ca (pins, i)->certificate))
			return pins_nth_ca (pins, i);
	return NULL;
}

gboolean
pins_verify (const Pins *pins, const Certificate *leaf, Micros at, GError **error)
{
	const PinnedCa *ca = pins_ca_of (pins, leaf);
	if (ca == NULL)
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE_CHAIN, NULL, "no authority of this site issued the certificate");
	Certificate *const chain[] = { ca->certificate, ca->root };
	return certificate_verify_chain (leaf, chain, G_N_ELEMENTS (chain), at, error);
}

static void
replace (Certificate **where, Certificate *with)
{
	certificate_unref (*where);
	*where = certificate_ref (with);
}

void
pins_set_ocsp (Pins *pins, const PinnedCa *ca, Certificate *ocsp)
{
	for (guint i = 0; i < pins->cas->len; i++)
		if (pins_nth_ca (pins, i) == ca)
			replace (&pins_nth_ca (pins, i)->ocsp, ocsp);
	if (pins_nth_ca (pins, 0) == ca)
		replace (&pins->ocsp, ocsp);
}

json_t *
pins_describe_cas (const Pins *pins)
{
	json_t *cas = json_array ();
	for (guint i = 0; i < pins->cas->len; i++) {
		const PinnedCa *ca = pins_nth_ca (pins, i);
		json_t *object = json_pack ("{s:s, s:s, s:s, s:b, s:o, s:o, s:o, s:s, s:s, s:s, s:i}", "name", ca->name, "hierarchy", ca->hierarchy,
			"algorithm", key_algorithm_name (ca->algorithm), "current", ca->current, "root", certificate_json (ca->root),
			"certificate", certificate_json (ca->certificate), "ocsp", certificate_json (ca->ocsp),
			"ocsp_uri", ca->ocsp_uri, "crl_uri", ca->crl_uri, "issuer_uri", ca->issuer_uri, "shards", (int) ca->shards);
		if (ca->cross != NULL)
			json_object_set_new (object, "cross", certificate_json (ca->cross));
		json_array_append_new (cas, object);
	}
	return cas;
}

/* --- files ------------------------------------------------------------------------- */

static json_t *
pinned_hash (const Certificate *certificate)
{
	const Fingerprint *fingerprint = certificate_fingerprint (certificate);
	return json_hex (fingerprint->b, sizeof fingerprint->b);
}

json_t *
pins_further_cas (const Pins *pins)
{
	json_t *cas = json_array ();
	for (guint i = 1; i < pins->cas->len; i++) {
		const PinnedCa *ca = pins_nth_ca (pins, i);
		json_t *pin = json_pack ("{s:s, s:o, s:o, s:o}", "name", ca->name, "root", pinned_hash (ca->root),
			"certificate", pinned_hash (ca->certificate), "ocsp", pinned_hash (ca->ocsp));
		if (ca->cross != NULL)
			json_object_set_new (pin, "cross", pinned_hash (ca->cross));
		json_array_append_new (cas, pin);
	}
	return cas;
}

char *
pins_ca_file (const char *ca, const char *what, const char *suffix)
{
	gboolean first = strcmp (ca, PINS_FIRST_CA) == 0;
	if (what == NULL)
		return g_strconcat (ca, suffix, NULL);
	return first ? g_strconcat (what, suffix, NULL) : g_strconcat (ca, "-", what, suffix, NULL);
}

static gboolean
load_further (Pins *pins, const char *dir, const json_t *pin, GError **error)
{
	const char *name, *hashes[4] = { NULL };
	const Field fields[] = {
		{ "name", FIELD_STRING, TRUE, 32, &name }, { "root", FIELD_HEX32, TRUE, 0, &hashes[0] },
		{ "certificate", FIELD_HEX32, TRUE, 0, &hashes[1] }, { "ocsp", FIELD_HEX32, TRUE, 0, &hashes[2] },
		{ "cross", FIELD_HEX32, FALSE, 0, &hashes[3] },
	};
	static const char *const what[] = { "root", NULL, "ocsp", "cross" };
	static const guint usages[] = { 0, 0, EKU_OCSP_SIGNING, 0 };
	Certificate *files[G_N_ELEMENTS (what)] = { NULL };
	if (!JSON_READ (pin, "/cas", fields, error) || !check_name (pins, name, error))
		return FALSE;
	gboolean well = TRUE;
	for (gsize i = 0; well && i < G_N_ELEMENTS (what); i++) {
		g_autofree char *file = pins_ca_file (name, what[i], ".crt");
		well = hashes[i] == NULL || (files[i] = pins_read_certificate (dir, file, hashes[i], usages[i], error)) != NULL;
	}
	well = well && pins_add_ca (pins, &(const CaCertificates) { name, files[0], files[1], files[2], files[3] }, error);
	for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
		if (files[i] != NULL)
			certificate_unref (files[i]);
	return well;
}

gboolean
pins_load_cas (Pins *pins, const char *dir, const json_t *further, GError **error)
{
	size_t i;
	json_t *pin;
	json_array_foreach (further, i, pin)
		if (!load_further (pins, dir, pin, error))
			return FALSE;
	return TRUE;
}
