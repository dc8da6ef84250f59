/* signer/own_certificate.c — see own_certificate.h. */
#include "signer/own_certificate.h"

#include <string.h>

#include "base/error.h"
#include "signer/invariant.h"

/* Root outlives what it signs, and that outlives the five years a holder's certificate may have. */
#define ROOT_DAYS (20 * 365 + 5)
#define ISSUING_DAYS (12 * 365 + 3)

static const OwnCertificate own[OWN_N] = {
	[OWN_ROOT] = { "根证书 Root CA", NULL, ROOT_DAYS, KU_KEY_CERT_SIGN | KU_CRL_SIGN, 1, NULL },
	[OWN_ISSUING] = { "签发机构 Issuing CA", NULL, ISSUING_DAYS, KU_KEY_CERT_SIGN | KU_CRL_SIGN, 0, NULL },
	[OWN_OCSP] = { "状态服务 OCSP", "ocsp", 0, 0, -1, NULL },
	[OWN_LOG] = { "日志 Log", "log", 0, 0, -1, NULL },
	[OWN_RECEIPT] = { "回执 Receipt", "receipt", 0, 0, -1, NULL },
	[OWN_DOCUMENT] = { "文件签章 Document", "document", 0, 0, -1, NULL },
	[OWN_TSA] = { "时间戳 TSA", "tsa", 0, 0, -1, NULL },
};

const OwnCertificate *
own_certificate (OwnKind kind)
{
	g_assert (kind < OWN_N);
	return &own[kind];
}

/* Two authorities of one site never have one name: chains are found by it. */
static char *
common_name (const Pins *pins, const OwnCertificate *kind, const char *ca)
{
	gboolean first = strcmp (ca, PINS_FIRST_CA) == 0;
	return first ? g_strdup_printf ("%s %s", pins->name, kind->title)
	             : g_strdup_printf ("%s %.*s %s", pins->name, (int) strcspn (kind->title, " "), kind->title, ca);
}

#define ANY_POLICY "2.5.29.32.0"

/* A CA below a root says any policy: without it, who insists on a holder's policy would find none (RFC 5280 6.1.3 d).
 * A root is an anchor, of which that is not asked. */
static void
fill_authority (const OwnCertificate *kind, CertificateTemplate *t, gboolean root)
{
	t->ca = TRUE;
	t->policy_oid = root ? NULL : ANY_POLICY;
	t->path_length = kind->path_length;
	t->key_usage = kind->key_usage;
	t->not_after = t->not_before + kind->days * MICROS_PER_DAY - MICROS_PER_S;
}

static gboolean
fill_service (const Profile *profile, CertificateTemplate *t, const Issuer *issuer, Micros now, GError **error)
{
	KeyAlgorithm algorithm = public_key_algorithm (t->key);
	if ((profile->algorithms & 1u << algorithm) == 0)
		return diqi_fail (error, DIQI_ERROR_KEY_ALGORITHM, NULL, "profile %s does not allow %s", profile->name, key_algorithm_name (algorithm));
	t->path_length = -1;
	t->key_usage = profile_key_usage (profile, algorithm);
	t->extended_key_usage = profile->extended_key_usage;
	/* In the last years of an authority its services end with it. */
	t->not_after = MIN (t->not_before + profile->validity_days * MICROS_PER_DAY - MICROS_PER_S, certificate_not_after (issuer_certificate (issuer)));
	t->policy_oid = profile->policy;
	if ((profile->extended_key_usage & EKU_OCSP_SIGNING) != 0) {
		t->ocsp_no_check = TRUE;
		t->ocsp_uri = NULL;
	}
	return profile_check_subject (profile, t->subject, t->subject_n, "/subject", error)
		&& invariant_template (profile->kind, t, issuer_certificate (issuer), now, error);
}

/* t: what authorities and services have in common. */
static GBytes *
sign (const Pins *pins, const OwnCertificate *kind, CertificateTemplate *t, const Issuer *issuer, const PrivateKey *key, Micros now, GError **error)
{
	if (kind->profile == NULL) {
		fill_authority (kind, t, issuer == NULL);
		return issuer != NULL ? issuer_sign_certificate (issuer, t, error) : root_sign_certificate (key, t, error);
	}
	const Profile *profile = pins_newest (pins, kind->profile);
	if (profile == NULL) {
		diqi_error_set (error, DIQI_ERROR_CONFIG, NULL, "no open profile %s", kind->profile);
		return NULL;
	}
	return fill_service (profile, t, issuer, now, error) ? issuer_sign_certificate (issuer, t, error) : NULL;
}

/* Where to ask about a certificate: of a leaf at its CA, of a CA at its root. */
typedef struct {
	char *ocsp, *crl, *cer;
} Addresses;

static void
addresses_clear (Addresses *a)
{
	g_free (a->ocsp);
	g_free (a->crl);
	g_free (a->cer);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Addresses, addresses_clear)

static Addresses
addresses_at (const Pins *pins, const char *ca, gboolean root)
{
	return (Addresses) {
		root ? NULL : g_strdup_printf ("%s/pki/%s/ocsp", pins->base_uri, ca),
		g_strdup_printf ("%s/pki/%s/%s", pins->base_uri, ca, root ? "root.crl" : "full.crl"),
		g_strdup_printf ("%s/pki/%s/%s", pins->base_uri, ca, root ? "root.cer" : "ca.cer"),
	};
}

/* key NULL: of a certificate that does not sign itself. */
static Certificate *
make (const Pins *pins, const OwnCertificate *kind, const char *cn, const Addresses *at, const Issuer *issuer, const PrivateKey *key,
      PublicKey *public, Micros now, GError **error)
{
	const NamePart subject[] = { { NAME_COUNTRY, "CN" }, { NAME_ORGANIZATION, pins->name }, { NAME_COMMON_NAME, cn } };
	CertificateTemplate t = {
		.subject = subject, .subject_n = G_N_ELEMENTS (subject), .key = public, .not_before = now - now % MICROS_PER_S,
		.ocsp_uri = at->ocsp, .crl_uri = at->crl, .issuer_uri = at->cer, .hosts = kind->hosts,
	};
	if (issuer == NULL)
		t.ocsp_uri = t.crl_uri = t.issuer_uri = NULL;
	serial_new (now, &t.serial);
	g_autoptr (GBytes) der = sign (pins, kind, &t, issuer, key, now, error);
	return der != NULL ? certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), error) : NULL;
}

Certificate *
own_certificate_make (const Pins *pins, const OwnCertificate *kind, const char *ca, const Issuer *issuer, const PrivateKey *key,
                      Micros now, GError **error)
{
	g_autofree char *cn = common_name (pins, kind, ca);
	g_auto (Addresses) at = addresses_at (pins, ca, kind->profile == NULL);
	g_autoptr (PublicKey) public = private_key_public (key);
	return make (pins, kind, cn, &at, issuer, key, public, now, error);
}

Certificate *
own_certificate_cross (const Pins *pins, const char *ca, const PrivateKey *key, const char *by, const Issuer *root, Micros now, GError **error)
{
	const OwnCertificate *kind = own_certificate (OWN_ISSUING);
	g_autofree char *cn = common_name (pins, kind, ca);
	g_auto (Addresses) at = addresses_at (pins, by, TRUE);
	g_autoptr (PublicKey) public = private_key_public (key);
	return make (pins, kind, cn, &at, root, key, public, now, error);
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

Certificate *
own_certificate_tls (const Pins *pins, const char *ca, const Issuer *issuer, PublicKey *key, const char *const *hosts, Micros now, GError **error)
{
	g_autofree char *host = uri_host (pins->base_uri);
	const char *const from_uri[] = { host, NULL };
	const OwnCertificate kind = { "网站 TLS", "server", 0, 0, -1, hosts != NULL ? hosts : from_uri };
	g_autofree char *cn = common_name (pins, &kind, PINS_FIRST_CA);
	g_auto (Addresses) at = addresses_at (pins, ca, FALSE);
	return make (pins, &kind, cn, &at, issuer, NULL, key, now, error);
}
