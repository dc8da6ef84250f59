/* signer/client_site.c — the message "site", and what it says about the authorities of the site. */
#include <string.h>

#include "base/error.h"
#include "signer/client_private.h"
#include "signer/pins.h"

void
signer_ca_free (SignerCa *ca)
{
	if (ca == NULL)
		return;
	char *const texts[] = { ca->name, ca->id, ca->hierarchy, ca->ocsp_uri, ca->crl_uri, ca->issuer_uri };
	for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
		g_free (texts[i]);
	Certificate *const certificates[] = { ca->root, ca->certificate, ca->ocsp, ca->cross };
	for (gsize i = 0; i < G_N_ELEMENTS (certificates); i++)
		if (certificates[i] != NULL)
			certificate_unref (certificates[i]);
	g_free (ca);
}

void
signer_site_free (SignerSite *site)
{
	if (site == NULL)
		return;
	g_free (site->site);
	g_free (site->name);
	g_free (site->base_uri);
	g_free (site->origin);
	Certificate *const certificates[] = { site->root, site->issuing, site->ocsp, site->log, site->receipt, site->document, site->tsa, site->tls };
	for (gsize i = 0; i < G_N_ELEMENTS (certificates); i++)
		if (certificates[i] != NULL)
			certificate_unref (certificates[i]);
	g_clear_pointer (&site->cas, g_ptr_array_unref);
	g_clear_pointer (&site->retired, g_ptr_array_unref);
	json_decref (site->profiles);
	g_free (site);
}

static gboolean
read_text (const json_t *reply, const char *key, char **out, GError **error)
{
	const char *text = json_string_value (json_object_get (reply, key));
	*out = g_strdup (text);
	return text != NULL || diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "the signer's reply lacks %s", key);
}

static gboolean
read_certificate (const json_t *reply, const char *key, Certificate **out, GError **error)
{
	const char *text = json_string_value (json_object_get (reply, key));
	if (text == NULL)
		return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "the signer's reply lacks %s", key);
	g_autoptr (GBytes) der = base64_decode_strict (text, strlen (text), error);
	*out = der != NULL ? certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), error) : NULL;
	return *out != NULL;
}

static gboolean
read_algorithm (const json_t *reply, KeyAlgorithm *out, GError **error)
{
	const char *name = json_string_value (json_object_get (reply, "algorithm"));
	return (name != NULL && key_algorithm_from_name (name, out))
		|| diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "the signer's site has an unknown algorithm");
}

static gboolean
read_ca (const json_t *object, GPtrArray *cas, GError **error)
{
	SignerCa *ca = g_new0 (SignerCa, 1);
	g_ptr_array_add (cas, ca);
	json_int_t shards = json_integer_value (json_object_get (object, "shards"));
	ca->current = json_is_true (json_object_get (object, "current"));
	ca->shards = (guint) shards;
	if (shards < 1 || shards > PINS_MAX_SHARDS)
		return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "the signer's reply lacks shards");
	if (!read_certificate (object, "certificate", &ca->certificate, error))
		return FALSE;
	ca->id = fingerprint_hex (certificate_fingerprint (ca->certificate));
	if (json_object_get (object, "cross") != NULL && !read_certificate (object, "cross", &ca->cross, error))
		return FALSE;
	return read_text (object, "name", &ca->name, error) && read_text (object, "hierarchy", &ca->hierarchy, error)
		&& read_algorithm (object, &ca->algorithm, error)
		&& read_certificate (object, "root", &ca->root, error)
		&& read_certificate (object, "ocsp", &ca->ocsp, error) && read_text (object, "ocsp_uri", &ca->ocsp_uri, error)
		&& read_text (object, "crl_uri", &ca->crl_uri, error) && read_text (object, "issuer_uri", &ca->issuer_uri, error);
}

static gboolean
read_cas (const json_t *reply, SignerSite *site, GError **error)
{
	const json_t *cas = json_object_get (reply, "cas");
	size_t i;
	json_t *object;
	site->cas = g_ptr_array_new_with_free_func ((GDestroyNotify) signer_ca_free);
	json_array_foreach (cas, i, object)
		if (!read_ca (object, site->cas, error))
			return FALSE;
	return site->cas->len > 0 || diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "the signer's reply lacks cas");
}

static gboolean
read_texts (const json_t *reply, SignerSite *site, GError **error)
{
	const struct {
		const char *name;
		char **to;
	} texts[] = { { "site", &site->site }, { "name", &site->name }, { "base_uri", &site->base_uri }, { "origin", &site->origin } };
	for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
		if (!read_text (reply, texts[i].name, texts[i].to, error))
			return FALSE;
	return TRUE;
}

static gboolean
read_certificates (const json_t *reply, SignerSite *site, GError **error)
{
	const struct {
		const char *name;
		Certificate **to;
	} certificates[] = { { "root", &site->root }, { "issuing", &site->issuing }, { "ocsp", &site->ocsp }, { "log", &site->log },
	                     { "receipt", &site->receipt }, { "document", &site->document }, { "tsa", &site->tsa } };
	for (gsize i = 0; i < G_N_ELEMENTS (certificates); i++)
		if (!read_certificate (reply, certificates[i].name, certificates[i].to, error))
			return FALSE;
	/* A site may have its TLS certificate from elsewhere. */
	return json_object_get (reply, "tls") == NULL || read_certificate (reply, "tls", &site->tls, error);
}

SignerSite *
signer_get_site (SignerClient *client, GError **error)
{
	g_autoptr (json_t) reply = client_call (client, json_pack ("{s:s}", "type", "site"), error);
	if (reply == NULL)
		return NULL;
	g_autoptr (SignerSite) site = g_new0 (SignerSite, 1);
	if (!read_algorithm (reply, &site->algorithm, error) || !read_texts (reply, site, error) || !read_certificates (reply, site, error)
	    || !read_cas (reply, site, error))
		return NULL;
	site->test_site = g_strcmp0 (json_string_value (json_object_get (reply, "kind")), "test") == 0;
	site->profiles = json_incref (json_object_get (reply, "profiles"));
	return g_steal_pointer (&site);
}

void
signer_site_add_ca (SignerSite *site, const char *name, Certificate *root, Certificate *certificate, Certificate *ocsp)
{
	SignerCa *ca = g_new0 (SignerCa, 1);
	ca->name = g_strdup (name);
	ca->id = fingerprint_hex (certificate_fingerprint (certificate));
	ca->algorithm = public_key_algorithm (certificate_public_key (certificate));
	ca->hierarchy = g_strdup (hierarchy_name (ca->algorithm));
	ca->current = TRUE;
	ca->root = certificate_ref (root);
	ca->certificate = certificate_ref (certificate);
	ca->ocsp = certificate_ref (ocsp);
	ca->ocsp_uri = g_strdup_printf ("%s/pki/%s/ocsp", site->base_uri, name);
	ca->crl_uri = g_strdup_printf ("%s/pki/%s/full.crl", site->base_uri, name);
	ca->shards = PINS_SHARDS;
	ca->issuer_uri = g_strdup_printf ("%s/pki/%s/ca.cer", site->base_uri, name);
	if (site->cas == NULL)
		site->cas = g_ptr_array_new_with_free_func ((GDestroyNotify) signer_ca_free);
	g_ptr_array_add (site->cas, ca);
}

gboolean
signer_renew (SignerClient *client, gboolean *renewed, char **no_stamps, GError **error)
{
	g_autoptr (json_t) reply = client_call (client, json_pack ("{s:s}", "type", "renew"), error);
	*renewed = json_array_size (json_object_get (reply, "renewed")) > 0;
	*no_stamps = g_strdup (json_string_value (json_object_get (reply, "no_stamps")));
	return reply != NULL;
}

static void
replace (SignerSite *site, Certificate **where, Certificate *with)
{
	if (fingerprint_equal (certificate_fingerprint (*where), certificate_fingerprint (with)))
		return;
	if (site->retired == NULL)
		site->retired = g_ptr_array_new_with_free_func ((GDestroyNotify) certificate_unref);
	g_ptr_array_add (site->retired, *where);
	g_atomic_pointer_set (where, certificate_ref (with));
}

void
signer_site_renewed (SignerSite *site, const SignerSite *fresh)
{
	replace (site, &site->ocsp, fresh->ocsp);
	replace (site, &site->log, fresh->log);
	replace (site, &site->receipt, fresh->receipt);
	replace (site, &site->document, fresh->document);
	replace (site, &site->tsa, fresh->tsa);
	if (site->tls != NULL && fresh->tls != NULL)
		replace (site, &site->tls, fresh->tls);
	for (guint i = 0; i < site->cas->len && i < fresh->cas->len; i++)
		replace (site, &((SignerCa *) g_ptr_array_index (site->cas, i))->ocsp, ((SignerCa *) g_ptr_array_index (fresh->cas, i))->ocsp);
}

Certificate *
signer_site_now (Certificate *const *certificate)
{
	return g_atomic_pointer_get ((Certificate **) certificate);
}

/* --- asking -------------------------------------------------------------------------- */

const SignerCa *
signer_site_ca (const SignerSite *site, const char *name)
{
	for (guint i = 0; i < site->cas->len; i++) {
		const SignerCa *ca = g_ptr_array_index (site->cas, i);
		if (name == NULL || strcmp (ca->name, name) == 0)
			return ca;
	}
	return NULL;
}

const SignerCa *
signer_site_ca_of (const SignerSite *site, const Certificate *leaf)
{
	for (guint i = 0; i < site->cas->len; i++) {
		const SignerCa *ca = g_ptr_array_index (site->cas, i);
		if (certificate_names_issuer (leaf, ca->certificate))
			return ca;
	}
	return NULL;
}

const SignerCa *
signer_site_ca_for_key (const SignerSite *site, KeyAlgorithm algorithm)
{
	for (guint i = 0; i < site->cas->len; i++) {
		const SignerCa *ca = g_ptr_array_index (site->cas, i);
		if (ca->current && strcmp (ca->hierarchy, hierarchy_name (algorithm)) == 0)
			return ca;
	}
	return NULL;
}
