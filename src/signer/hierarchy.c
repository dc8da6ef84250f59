/* signer/hierarchy.c — see hierarchy.h and create.h. */
#include "signer/hierarchy.h"

#include <gio/gio.h>
#include <string.h>

#include "base/error.h"
#include "signer/invariant.h"

/* Root outlives what it signs, and that outlives the five years a holder's certificate may have. */
#define ROOT_DAYS (20 * 365 + 5)
#define ISSUING_DAYS (12 * 365 + 3)
#define SERVICE_DAYS (3 * 365)
#define TLS_DAYS 397

void
hierarchy_free (Hierarchy *h)
{
	if (h == NULL)
		return;
	g_clear_pointer (&h->issuer, issuer_free);
	for (gsize i = 0; i < NEW_N_KEYS; i++)
		g_clear_pointer (&h->keys[i], private_key_free);
	g_clear_pointer (&h->tls_key, private_key_free);
	g_clear_pointer (&h->tls, certificate_unref);
	g_clear_pointer (&h->tls_root, certificate_unref);
	g_clear_pointer (&h->profile_files, g_ptr_array_unref);
	pins_free (h->pins);
	g_free (h);
}

/* --- profiles --------------------------------------------------------------------- */

static gboolean
load_profile (Hierarchy *h, const char *name, GError **error)
{
	g_autofree char *path = g_strconcat (PROFILE_FOLDER "/", name, NULL);
	g_autoptr (GBytes) text = g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
	if (text == NULL)
		return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "the program lacks %s", path);
	g_autoptr (Profile) profile = profile_parse (g_bytes_get_data (text, NULL), g_bytes_get_size (text), error);
	if (profile == NULL) {
		g_prefix_error (error, "%s: ", name);
		return FALSE;
	}
	g_ptr_array_add (h->pins->profiles, g_steal_pointer (&profile));
	g_ptr_array_add (h->profile_files, g_steal_pointer (&text));
	return TRUE;
}

static gboolean
load_profiles (Hierarchy *h, GError **error)
{
	g_auto (GStrv) names = g_resources_enumerate_children (PROFILE_FOLDER, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
	h->profile_files = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
	for (gsize i = 0; names != NULL && names[i] != NULL; i++)
		if (!load_profile (h, names[i], error))
			return FALSE;
	return pins_newest (h->pins, HOLDER_OFFICER) != NULL || diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "the program has no profile for officers");
}

/* --- certificates -------------------------------------------------------------------- */

/* What differs between the site's own certificates. */
typedef struct {
	const char *title;             /* after the site's name, as CN */
	gint64 days;
	guint key_usage, extended_key_usage;
	gboolean ca, ocsp_no_check;
	int path_length;
	const char *const *hosts;
} OwnCertificate;

static const OwnCertificate own[NEW_N_KEYS] = {
	[NEW_ROOT] = { "根证书 Root CA", ROOT_DAYS, KU_KEY_CERT_SIGN | KU_CRL_SIGN, 0, TRUE, FALSE, 1, NULL },
	[NEW_ISSUING] = { "签发机构 Issuing CA", ISSUING_DAYS, KU_KEY_CERT_SIGN | KU_CRL_SIGN, 0, TRUE, FALSE, 0, NULL },
	/* RFC 6960 4.2.2.2.1: nobody asks for the status of the one who tells it. */
	[NEW_OCSP] = { "状态服务 OCSP", SERVICE_DAYS, KU_DIGITAL_SIGNATURE, EKU_OCSP_SIGNING, FALSE, TRUE, -1, NULL },
	[NEW_LOG] = { "日志 Log", SERVICE_DAYS, KU_DIGITAL_SIGNATURE, EKU_DIQI_LOG, FALSE, FALSE, -1, NULL },
	[NEW_RECEIPT] = { "回执 Receipt", SERVICE_DAYS, KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION, EKU_DIQI_RECEIPT, FALSE, FALSE, -1, NULL },
	[NEW_DOCUMENT] = { "文件签章 Document", SERVICE_DAYS, KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION, PINS_DOCUMENT_USAGE, FALSE, FALSE, -1, NULL },
};

/* issuer NULL: signs itself. */
static Certificate *
make (const Pins *pins, const OwnCertificate *kind, const Issuer *issuer, const PrivateKey *key, Micros now, GError **error)
{
	Micros start = now - now % MICROS_PER_S;
	g_autofree char *cn = g_strdup_printf ("%s %s", pins->name, kind->title);
	g_autoptr (PublicKey) public = private_key_public (key);
	const NamePart subject[] = { { NAME_COUNTRY, "CN" }, { NAME_ORGANIZATION, pins->name }, { NAME_COMMON_NAME, cn } };
	CertificateTemplate t = {
		.subject = subject, .subject_n = G_N_ELEMENTS (subject), .key = public,
		.not_before = start, .not_after = start + kind->days * MICROS_PER_DAY - MICROS_PER_S,
		.ca = kind->ca, .path_length = kind->path_length, .key_usage = kind->key_usage,
		.extended_key_usage = kind->extended_key_usage, .ocsp_no_check = kind->ocsp_no_check, .hosts = kind->hosts,
	};
	/* The root's own list is not published: only what the issuing CA signs has status addresses. */
	if (issuer != NULL && !kind->ca) {
		t.ocsp_uri = kind->ocsp_no_check ? NULL : pins->ocsp_uri;
		t.crl_uri = pins->crl_uri;
		t.issuer_uri = pins->issuer_uri;
	}
	serial_new (now, &t.serial);
	g_autoptr (GBytes) der = issuer != NULL ? issuer_sign_certificate (issuer, &t, error) : root_sign_certificate (key, &t, error);
	return der != NULL ? certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), error) : NULL;
}

Certificate *
hierarchy_service (const Pins *pins, const Issuer *issuer, NewKey kind, const PrivateKey *key, Micros now, GError **error)
{
	g_assert (kind >= NEW_OCSP && kind < NEW_N_KEYS);
	return make (pins, &own[kind], issuer, key, now, error);
}

static gboolean
make_keys (Hierarchy *h, KeyAlgorithm algorithm, GError **error)
{
	for (gsize i = 0; i < NEW_N_KEYS; i++) {
		h->keys[i] = private_key_generate (i == NEW_LOG ? KEY_ED25519 : algorithm, error);
		if (h->keys[i] == NULL)
			return FALSE;
	}
	h->tls_key = private_key_generate (KEY_P256, error);
	return h->tls_key != NULL;
}

static gboolean
make_authorities (Hierarchy *h, Micros now, GError **error)
{
	Pins *pins = h->pins;
	pins->root = make (pins, &own[NEW_ROOT], NULL, h->keys[NEW_ROOT], now, error);
	if (pins->root == NULL)
		return FALSE;
	g_autoptr (Issuer) root = issuer_new (pins->root, h->keys[NEW_ROOT], error);
	pins->issuing = root != NULL ? make (pins, &own[NEW_ISSUING], root, h->keys[NEW_ISSUING], now, error) : NULL;
	h->issuer = pins->issuing != NULL ? issuer_new (pins->issuing, h->keys[NEW_ISSUING], error) : NULL;
	return h->issuer != NULL;
}

static gboolean
make_services (Hierarchy *h, Micros now, GError **error)
{
	Certificate **const made[NEW_N_KEYS] = { [NEW_OCSP] = &h->pins->ocsp, [NEW_LOG] = &h->pins->log, [NEW_RECEIPT] = &h->pins->receipt,
	                                             [NEW_DOCUMENT] = &h->pins->document };
	for (gsize i = NEW_OCSP; i < NEW_N_KEYS; i++) {
		*made[i] = make (h->pins, &own[i], h->issuer, h->keys[i], now, error);
		if (*made[i] == NULL)
			return FALSE;
	}
	return TRUE;
}

/* --- TLS ------------------------------------------------------------------------------- */

static Issuer *
tls_issuer (Hierarchy *h, KeyAlgorithm algorithm, Micros now, GError **error)
{
	if (algorithm != KEY_SM2) {
		h->tls_root = certificate_ref (h->pins->root);
		return issuer_new (h->pins->issuing, h->keys[NEW_ISSUING], error);
	}
	static const OwnCertificate kind = { "网站 TLS CA", TLS_DAYS, KU_KEY_CERT_SIGN, 0, TRUE, FALSE, 0, NULL };
	g_autoptr (PrivateKey) key = private_key_generate (KEY_P256, error);
	h->tls_root = key != NULL ? make (h->pins, &kind, NULL, key, now, error) : NULL;
	return h->tls_root != NULL ? issuer_new (h->tls_root, key, error) : NULL;
}

/* "https://[::1]:8443/x" → "::1" */
static char *
uri_host (const char *base_uri)
{
	const char *host = strstr (base_uri, "://") + 3;
	if (host[0] == '[')
		return g_strndup (host + 1, strcspn (host + 1, "]"));
	return g_strndup (host, strcspn (host, ":/"));
}

static gboolean
make_tls (Hierarchy *h, const SignerCreate *in, GError **error)
{
	g_autoptr (Issuer) issuer = tls_issuer (h, in->algorithm, in->now, error);
	if (issuer == NULL)
		return FALSE;
	g_autofree char *host = uri_host (in->base_uri);
	const char *const from_uri[] = { host, NULL };
	const OwnCertificate kind = { "网站 TLS", TLS_DAYS, KU_DIGITAL_SIGNATURE, EKU_SERVER_AUTH, FALSE, FALSE, -1,
	                              in->hosts != NULL ? in->hosts : from_uri };
	h->tls = make (h->pins, &kind, issuer, h->tls_key, in->now, error);
	return h->tls != NULL;
}

Hierarchy *
hierarchy_new (const SignerCreate *in, GError **error)
{
	g_autoptr (Hierarchy) h = g_new0 (Hierarchy, 1);
	h->pins = pins_new (in->site, in->name, in->base_uri, in->test, in->algorithm, error);
	if (h->pins == NULL || !load_profiles (h, error) || !make_keys (h, in->algorithm, error)
	    || !make_authorities (h, in->now, error) || !make_services (h, in->now, error) || !make_tls (h, in, error))
		return NULL;
	return g_steal_pointer (&h);
}

/* --- officers ---------------------------------------------------------------------------- */

Certificate *
hierarchy_officer (const Hierarchy *h, const SignerCreateOfficer *officer, Micros now, PrivateKey **key, GError **error)
{
	const Profile *profile = pins_newest (h->pins, HOLDER_OFFICER);
	const NamePart subject[] = {
		{ NAME_COUNTRY, "CN" }, { NAME_ORGANIZATION, h->pins->name }, { NAME_COMMON_NAME, officer->name }, { NAME_SERIAL_NUMBER, officer->person },
	};
	*key = private_key_generate (h->pins->algorithm, error);
	if (*key == NULL || !profile_check_subject (profile, subject, G_N_ELEMENTS (subject), "/officers", error))
		return NULL;
	g_autoptr (PublicKey) public = private_key_public (*key);
	Micros start = now - now % MICROS_PER_S;
	CertificateTemplate t = {
		.subject = subject, .subject_n = G_N_ELEMENTS (subject), .key = public,
		.not_before = start, .not_after = start + profile->validity_days * MICROS_PER_DAY - MICROS_PER_S, .path_length = -1,
		.key_usage = profile->key_usage, .extended_key_usage = profile->extended_key_usage, .policy_oid = profile->policy,
		.ocsp_uri = h->pins->ocsp_uri, .crl_uri = h->pins->crl_uri, .issuer_uri = h->pins->issuer_uri,
	};
	serial_new (now, &t.serial);
	g_autoptr (GBytes) der = invariant_template (&t, h->pins->issuing, now, error) ? issuer_sign_certificate (h->issuer, &t, error) : NULL;
	g_autoptr (Certificate) made = der != NULL ? certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), error) : NULL;
	return made != NULL && invariant_certificate (made, &t, error) ? g_steal_pointer (&made) : NULL;
}
