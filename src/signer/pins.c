/* signer/pins.c — see pins.h. */
#include "signer/pins_private.h"

#include <string.h>

#include "base/error.h"
#include "signer/durable.h"
#include "signer/invariant.h"

#define SITE_MAX_BYTES 65536

static const struct {
	const char *name;              /* file NAME.crt, member of "certificates" */
	gsize offset;
	guint extended_key_usage;      /* what it must have, no more; 0: a CA */
	gboolean later;                /* sites of older versions were made without it */
} certificates[] = {
	{ "root", G_STRUCT_OFFSET (Pins, root), 0, FALSE },
	{ "issuing", G_STRUCT_OFFSET (Pins, issuing), 0, FALSE },
	{ "ocsp", G_STRUCT_OFFSET (Pins, ocsp), EKU_OCSP_SIGNING, FALSE },
	{ "log", G_STRUCT_OFFSET (Pins, log), EKU_DIQI_LOG, FALSE },
	{ "receipt", G_STRUCT_OFFSET (Pins, receipt), EKU_DIQI_RECEIPT, FALSE },
	{ "document", G_STRUCT_OFFSET (Pins, document), PINS_DOCUMENT_USAGE, TRUE },
	{ "tsa", G_STRUCT_OFFSET (Pins, tsa), EKU_TIME_STAMPING, TRUE },
};

static Certificate **
slot (const Pins *pins, gsize i)
{
	return (Certificate **) G_STRUCT_MEMBER_P (pins, certificates[i].offset);
}

void
pins_free (Pins *pins)
{
	if (pins == NULL)
		return;
	for (gsize i = 0; i < G_N_ELEMENTS (certificates); i++)
		if (*slot (pins, i) != NULL)
			certificate_unref (*slot (pins, i));
	g_clear_pointer (&pins->tls, certificate_unref);
	char *const texts[] = { pins->site, pins->name, pins->base_uri, pins->origin };
	for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
		g_free (texts[i]);
	g_clear_pointer (&pins->cas, g_ptr_array_unref);
	g_clear_pointer (&pins->profiles, g_ptr_array_unref);
	g_clear_pointer (&pins->places, key_places_free);
	g_free (pins);
}

static gboolean
check_base_uri (const char *base_uri, GError **error)
{
	gboolean well = strlen (base_uri) <= 200
		&& g_regex_match_simple ("^https?://([a-z0-9.-]+|\\[[0-9a-f:.]+\\])(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*$", base_uri, 0, 0);
	return well || diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/base_uri", "must look like https://host[:port][/path], lower-case, without a / at the end");
}

Pins *
pins_new (const char *site, const char *name, const char *base_uri, gboolean test, KeyAlgorithm algorithm, GError **error)
{
	if (!g_regex_match_simple ("^[a-z0-9][a-z0-9.-]{0,63}$", site, 0, 0)) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, "/site", "1 to 64 of a-z, 0-9, - and .");
		return NULL;
	}
	if (!invariant_name_value (NAME_ORGANIZATION, name, "/name", error) || !check_base_uri (base_uri, error))
		return NULL;
	if (g_utf8_strlen (name, -1) > SITE_NAME_MAX) {
		diqi_error_set (error, DIQI_ERROR_FIELD_LENGTH, "/name", "at most %d characters", SITE_NAME_MAX);
		return NULL;
	}
	if ((INVARIANT_ALGORITHMS & 1u << algorithm) == 0) {
		diqi_error_set (error, DIQI_ERROR_KEY_ALGORITHM, "/algorithm", KEY_ALGORITHM_CHOICE);
		return NULL;
	}
	Pins *pins = g_new0 (Pins, 1);
	pins->site = g_strdup (site);
	pins->name = g_strdup (name);
	pins->base_uri = g_strdup (base_uri);
	pins->origin = g_strdup (strstr (base_uri, "://") + 3);
	pins->test = test;
	pins->algorithm = algorithm;
	pins->shards = PINS_SHARDS;
	pins->cas = g_ptr_array_new_with_free_func ((GDestroyNotify) pinned_ca_free);
	pins->profiles = g_ptr_array_new_with_free_func ((GDestroyNotify) profile_free);
	pins->places = key_places_new ();
	return pins;
}

gboolean
pins_set_shards (Pins *pins, gint64 shards, GError **error)
{
	if (shards < 1 || shards > PINS_MAX_SHARDS)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/shards", "1 to %d shards of the revocation list", PINS_MAX_SHARDS);
	pins->shards = (guint) shards;
	return TRUE;
}

static json_t *
pinned_certificates (const Pins *pins)
{
	json_t *pinned = json_object ();
	for (gsize i = 0; i < G_N_ELEMENTS (certificates); i++) {
		if (*slot (pins, i) == NULL)
			continue;
		const Fingerprint *fingerprint = certificate_fingerprint (*slot (pins, i));
		json_object_set_new (pinned, certificates[i].name, json_hex (fingerprint->b, sizeof fingerprint->b));
	}
	return pinned;
}

const char *
pins_secret_name (Secret which)
{
	static const char *const names[] = { [SECRET_STORAGE] = "storage", [SECRET_TOKENS] = "tokens" };
	return names[which];
}

static json_t *
pinned_secrets (const Pins *pins)
{
	json_t *pinned = json_object ();
	for (Secret i = 0; i < N_SECRETS; i++)
		json_object_set_new (pinned, pins_secret_name (i), json_hex (pins->secrets[i].b, sizeof pins->secrets[i].b));
	return pinned;
}

static void
set_pinned (const Pins *pins, json_t *object)
{
	json_object_set_new (object, "certificates", pinned_certificates (pins));
	if (pins->has_secrets)
		json_object_set_new (object, "secrets", pinned_secrets (pins));
	/* Absent where there is but one: such a folder is as older versions wrote it. */
	if (pins->cas->len > 1)
		json_object_set_new (object, "cas", pins_further_cas (pins));
	key_places_put_json (pins->places, object);
}

GBytes *
pins_site_json (const Pins *pins, const json_t *profile_hashes)
{
	g_autoptr (json_t) object = json_object ();
	json_object_set_new (object, "v", json_integer (1));
	json_object_set_new (object, "site", json_string (pins->site));
	json_object_set_new (object, "kind", json_string (pins->test ? "test" : "production"));
	json_object_set_new (object, "name", json_string (pins->name));
	json_object_set_new (object, "base_uri", json_string (pins->base_uri));
	json_object_set_new (object, "algorithm", json_string (key_algorithm_name (pins->algorithm)));
	json_object_set_new (object, "shards", json_integer ((json_int_t) pins->shards));
	set_pinned (pins, object);
	json_object_set_new (object, "profiles", json_deep_copy (profile_hashes));
	return jcs_bytes (object);
}

/* What site.json says of files; borrowed from it. */
typedef struct {
	json_t *certificates, *cas, *profiles;
} SiteParts;

/* --- loading ------------------------------------------------------------------- */

static char *
read_file (const char *dir, const char *name, gsize *n, GError **error)
{
	g_autofree char *path = g_build_filename (dir, name, NULL);
	g_autoptr (GError) local = NULL;
	char *text = NULL;
	if (!g_file_get_contents (path, &text, n, &local))
		diqi_error_set (error, DIQI_ERROR_CONFIG, NULL, "%s", local->message);
	return text;
}

static gboolean
is_pinned (const Fingerprint *actual, const char *pinned)
{
	g_autofree char *hex = fingerprint_hex (actual);
	return g_strcmp0 (hex, pinned) == 0;
}

Certificate *
pins_read_certificate (const char *dir, const char *file, const char *pinned, guint usage, GError **error)
{
	gsize n;
	g_autofree char *pem = read_file (dir, file, &n, error);
	g_autoptr (Certificate) certificate = pem != NULL ? certificate_parse_pem (pem, n, error) : NULL;
	if (certificate == NULL)
		return NULL;
	if (!is_pinned (certificate_fingerprint (certificate), pinned)) {
		diqi_error_set (error, DIQI_ERROR_CONFIG, NULL, "%s is not the certificate that site.json names", file);
		return NULL;
	}
	gboolean fits = usage == 0 ? certificate_is_ca (certificate)
	                           : !certificate_is_ca (certificate) && certificate_extended_key_usage (certificate) == usage;
	if (!fits) {
		diqi_error_set (error, DIQI_ERROR_CONFIG, NULL, "%s is of the wrong kind", file);
		return NULL;
	}
	return g_steal_pointer (&certificate);
}

static Certificate *
load_certificate (const char *dir, gsize i, const json_t *pinned, GError **error)
{
	g_autofree char *file = g_strconcat (certificates[i].name, ".crt", NULL);
	const char *expected = json_string_value (json_object_get (pinned, certificates[i].name));
	return pins_read_certificate (dir, file, expected, certificates[i].extended_key_usage, error);
}

/* Judged at the start of their own validity: see check_chain of pinned_ca.c. */
static gboolean
check_services (const Pins *pins, GError **error)
{
	Certificate *const leaves[] = { pins->log, pins->receipt, pins->document, pins->tsa };
	for (gsize i = 0; i < G_N_ELEMENTS (leaves); i++)
		if (leaves[i] != NULL && !pins_verify (pins, leaves[i], certificate_not_before (leaves[i]), error))
			return FALSE;
	return TRUE;
}

static gboolean
load_profile (Pins *pins, const char *dir, const json_t *pin, GError **error)
{
	const char *name, *hash;
	gint64 version;
	const Field fields[] = {
		{ "name", FIELD_STRING, TRUE, 32, &name }, { "version", FIELD_INT, TRUE, 0, &version }, { "hash", FIELD_HEX32, TRUE, 0, &hash },
	};
	if (!JSON_READ (pin, "/profiles", fields, error))
		return FALSE;
	if (strchr (name, '/') != NULL || name[0] == '.')
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/profiles", "not a profile's name");
	g_autofree char *file = g_strdup_printf ("profiles/%s-%" G_GINT64_FORMAT ".json", name, version);
	gsize n;
	g_autofree char *text = read_file (dir, file, &n, error);
	if (text == NULL)
		return FALSE;
	Fingerprint actual;
	fingerprint_of (text, n, &actual);
	if (!is_pinned (&actual, hash))
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "%s is not the profile that site.json names", file);
	g_autoptr (Profile) profile = profile_parse (text, n, error);
	if (profile == NULL) {
		g_prefix_error (error, "%s: ", file);
		return FALSE;
	}
	if (strcmp (profile->name, name) != 0 || profile->version != version || pins_profile (pins, name, version) != NULL)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "%s: another name or version inside, or twice", file);
	g_ptr_array_add (pins->profiles, g_steal_pointer (&profile));
	return TRUE;
}

/* The first three are those of the first CA. */
#define FIRST_CA_FILES 3

static gboolean
load_first_ca (Pins *pins, const char *dir, const json_t *pinned, GError **error)
{
	g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func ((GDestroyNotify) certificate_unref);
	for (gsize i = 0; i < FIRST_CA_FILES; i++) {
		Certificate *certificate = load_certificate (dir, i, pinned, error);
		if (certificate == NULL)
			return FALSE;
		g_ptr_array_add (files, certificate);
	}
	return pins_add_ca (pins, &(const CaCertificates) { PINS_FIRST_CA, files->pdata[0], files->pdata[1], files->pdata[2], NULL }, error);
}

static gboolean
load_certificates (Pins *pins, const char *dir, const json_t *pinned, GError **error)
{
	gsize known = FIRST_CA_FILES;
	if (!load_first_ca (pins, dir, pinned, error))
		return FALSE;
	for (gsize i = FIRST_CA_FILES; i < G_N_ELEMENTS (certificates); i++) {
		gboolean named = json_object_get (pinned, certificates[i].name) != NULL;
		known += named;
		if ((named || !certificates[i].later) && (*slot (pins, i) = load_certificate (dir, i, pinned, error)) == NULL)
			return FALSE;
	}
	return json_object_size (pinned) == known
		|| diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/certificates", "exactly root, issuing, ocsp, log, receipt, document and tsa");
}

static gboolean
load_files (Pins *pins, const char *dir, const SiteParts *parts, GError **error)
{
	if (!load_certificates (pins, dir, parts->certificates, error) || !pins_load_cas (pins, dir, parts->cas, error))
		return FALSE;
	size_t i;
	json_t *pin;
	json_array_foreach (parts->profiles, i, pin)
		if (!load_profile (pins, dir, pin, error))
			return FALSE;
	if (pins_newest (pins, "officer") == NULL)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "no profile for officers");
	return check_services (pins, error);
}

static gboolean
read_secrets (Pins *pins, const json_t *secrets, GError **error)
{
	const char *hex[N_SECRETS];
	const Field fields[] = {
		{ "storage", FIELD_HEX32, TRUE, 0, &hex[SECRET_STORAGE] }, { "tokens", FIELD_HEX32, TRUE, 0, &hex[SECRET_TOKENS] },
	};
	if (!JSON_READ (secrets, "/secrets", fields, error))
		return FALSE;
	for (Secret i = 0; i < N_SECRETS; i++)
		if (!hex_decode (hex[i], pins->secrets[i].b, sizeof pins->secrets[i].b))
			return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/secrets", "not a hash");
	pins->has_secrets = TRUE;
	return TRUE;
}

static Pins *
read_site (const json_t *object, SiteParts *parts, GError **error)
{
	const char *site, *kind, *name, *base_uri, *algorithm_name;
	gint64 shards = PINS_SHARDS;
	gint64 v;
	json_t *secrets = NULL, *keys = NULL, *new_keys = NULL;
	const Field fields[] = {
		{ "v", FIELD_INT, TRUE, 0, &v }, { "site", FIELD_STRING, TRUE, 64, &site }, { "kind", FIELD_STRING, TRUE, 16, &kind },
		{ "name", FIELD_STRING, TRUE, SITE_NAME_MAX, &name }, { "base_uri", FIELD_STRING, TRUE, 200, &base_uri },
		{ "shards", FIELD_INT, FALSE, 0, &shards }, { "algorithm", FIELD_STRING, TRUE, 16, &algorithm_name }, { "certificates", FIELD_OBJECT, TRUE, 0, &parts->certificates },
		{ "profiles", FIELD_ARRAY, TRUE, 100, &parts->profiles }, { "secrets", FIELD_OBJECT, FALSE, 0, &secrets },
		{ "cas", FIELD_ARRAY, FALSE, PINS_MAX_CAS, &parts->cas },
		{ "keys", FIELD_OBJECT, FALSE, 0, &keys }, { "new_keys", FIELD_OBJECT, FALSE, 0, &new_keys },
	};
	if (!JSON_READ (object, "", fields, error))
		return NULL;
	KeyAlgorithm algorithm;
	gboolean test = strcmp (kind, "test") == 0;
	if (v != 1 || (!test && strcmp (kind, "production") != 0) || !key_algorithm_from_name (algorithm_name, &algorithm)) {
		diqi_error_set (error, DIQI_ERROR_CONFIG, NULL, "site.json: unknown version, kind or algorithm");
		return NULL;
	}
	g_autoptr (Pins) pins = pins_new (site, name, base_uri, test, algorithm, error);
	if (pins != NULL && !pins_set_shards (pins, shards, error))
		return NULL;
	if (pins == NULL || (secrets != NULL && !read_secrets (pins, secrets, error)))
		return NULL;
	g_clear_pointer (&pins->places, key_places_free);
	if ((pins->places = key_places_read (keys, new_keys, error)) == NULL)
		return NULL;
	return g_steal_pointer (&pins);
}

static json_t *
read_site_json (const char *dir, GError **error)
{
	gsize n;
	g_autofree char *text = read_file (dir, "site.json", &n, error);
	return text != NULL ? json_read_strict (text, n, SITE_MAX_BYTES, error) : NULL;
}

static gboolean
replace_site_json (const char *dir, const json_t *object, GError **error)
{
	g_autoptr (GBytes) site = jcs_bytes (object);
	return durable_replace (dir, "site.json", g_bytes_get_data (site, NULL), g_bytes_get_size (site), 0600, error);
}

Pins *
pins_load (const char *dir, GError **error)
{
	g_autoptr (json_t) object = read_site_json (dir, error);
	if (object == NULL)
		return NULL;
	SiteParts parts = { 0 };
	g_autoptr (Pins) pins = read_site (object, &parts, error);
	if (pins == NULL || !load_files (pins, dir, &parts, error))
		return NULL;
	return g_steal_pointer (&pins);
}

gboolean
pins_add_profile (Pins *pins, const char *dir, const char *text, gsize n, GError **error)
{
	g_autoptr (Profile) profile = profile_parse (text, n, error);
	if (profile == NULL)
		return FALSE;
	if (pins_profile (pins, profile->name, profile->version) != NULL)
		return TRUE;
	g_autoptr (json_t) object = read_site_json (dir, error);
	if (object == NULL)
		return FALSE;
	g_autofree char *folder = g_build_filename (dir, "profiles", NULL);
	g_autofree char *file = g_strdup_printf ("%s-%" G_GINT64_FORMAT ".json", profile->name, profile->version);
	Fingerprint hash;
	fingerprint_of (text, n, &hash);
	json_array_append_new (json_object_get (object, "profiles"), json_pack ("{s:s, s:I, s:o}", "name", profile->name,
		"version", (json_int_t) profile->version, "hash", json_hex (hash.b, sizeof hash.b)));
	if (!durable_replace (folder, file, text, n, 0600, error) || !replace_site_json (dir, object, error))
		return FALSE;
	g_ptr_array_add (pins->profiles, g_steal_pointer (&profile));
	return TRUE;
}

gboolean
pins_rewrite (const Pins *pins, const char *dir, GError **error)
{
	g_autoptr (json_t) object = read_site_json (dir, error);
	if (object == NULL)
		return FALSE;
	set_pinned (pins, object);
	return replace_site_json (dir, object, error);
}

/* --- asking --------------------------------------------------------------------- */

const Profile *
pins_profile (const Pins *pins, const char *name, gint64 version)
{
	for (guint i = 0; i < pins->profiles->len; i++) {
		const Profile *profile = g_ptr_array_index (pins->profiles, i);
		if (strcmp (profile->name, name) == 0 && profile->version == version)
			return profile;
	}
	return NULL;
}

const Profile *
pins_newest (const Pins *pins, const char *name)
{
	const Profile *newest = NULL;
	for (guint i = 0; i < pins->profiles->len; i++) {
		const Profile *profile = g_ptr_array_index (pins->profiles, i);
		if (profile->open && strcmp (profile->name, name) == 0 && (newest == NULL || profile->version > newest->version))
			newest = profile;
	}
	return newest;
}

json_t *
pins_describe (const Pins *pins)
{
	json_t *reply = json_object ();
	json_object_set_new (reply, "site", json_string (pins->site));
	json_object_set_new (reply, "name", json_string (pins->name));
	json_object_set_new (reply, "kind", json_string (pins->test ? "test" : "production"));
	json_object_set_new (reply, "base_uri", json_string (pins->base_uri));
	json_object_set_new (reply, "origin", json_string (pins->origin));
	json_object_set_new (reply, "algorithm", json_string (key_algorithm_name (pins->algorithm)));
	for (gsize i = 0; i < G_N_ELEMENTS (certificates); i++)
		json_object_set_new (reply, certificates[i].name, certificate_json (*slot (pins, i)));
	if (pins->tls != NULL)
		json_object_set_new (reply, "tls", certificate_json (pins->tls));
	json_t *profiles = json_array ();
	for (guint i = 0; i < pins->profiles->len; i++)
		json_array_append_new (profiles, profile_summary (g_ptr_array_index (pins->profiles, i)));
	json_object_set_new (reply, "profiles", profiles);
	json_object_set_new (reply, "cas", pins_describe_cas (pins));
	return reply;
}
