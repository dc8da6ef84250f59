/* signer/own_certificate.c — see own_certificate.h. */
#include "signer/own_certificate.h"

#include <string.h>

#include "base/error.h"

/* Root outlives what it signs, and that outlives the five years a holder's certificate may have. */
#define ROOT_DAYS (20 * 365 + 5)
#define ISSUING_DAYS (12 * 365 + 3)
#define SERVICE_DAYS (3 * 365)

static const OwnCertificate own[OWN_N] = {
	[OWN_ROOT] = { "根证书 Root CA", ROOT_DAYS, KU_KEY_CERT_SIGN | KU_CRL_SIGN, 0, TRUE, FALSE, 1, NULL },
	[OWN_ISSUING] = { "签发机构 Issuing CA", ISSUING_DAYS, KU_KEY_CERT_SIGN | KU_CRL_SIGN, 0, TRUE, FALSE, 0, NULL },
	/* RFC 6960 4.2.2.2.1: nobody asks for the status of the one who tells it. */
	[OWN_OCSP] = { "状态服务 OCSP", SERVICE_DAYS, KU_DIGITAL_SIGNATURE, EKU_OCSP_SIGNING, FALSE, TRUE, -1, NULL },
	[OWN_LOG] = { "日志 Log", SERVICE_DAYS, KU_DIGITAL_SIGNATURE, EKU_DIQI_LOG, FALSE, FALSE, -1, NULL },
	[OWN_RECEIPT] = { "回执 Receipt", SERVICE_DAYS, KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION, EKU_DIQI_RECEIPT, FALSE, FALSE, -1, NULL },
	[OWN_DOCUMENT] = { "文件签章 Document", SERVICE_DAYS, KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION, PINS_DOCUMENT_USAGE, FALSE, FALSE, -1, NULL },
	[OWN_TSA] = { "时间戳 TSA", SERVICE_DAYS, KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION, EKU_TIME_STAMPING, FALSE, FALSE, -1, NULL },
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

Certificate *
own_certificate_make (const Pins *pins, const OwnCertificate *kind, const char *ca, const Issuer *issuer, const PrivateKey *key,
                      Micros now, GError **error)
{
	Micros start = now - now % MICROS_PER_S;
	g_autofree char *cn = common_name (pins, kind, ca);
	g_autofree char *base = g_strdup_printf ("%s/pki/%s", pins->base_uri, ca);
	g_autofree char *ocsp = g_strconcat (base, "/ocsp", NULL), *crl = g_strconcat (base, "/full.crl", NULL), *cer = g_strconcat (base, "/ca.cer", NULL);
	g_autoptr (PublicKey) public = private_key_public (key);
	const NamePart subject[] = { { NAME_COUNTRY, "CN" }, { NAME_ORGANIZATION, pins->name }, { NAME_COMMON_NAME, cn } };
	CertificateTemplate t = {
		.subject = subject, .subject_n = G_N_ELEMENTS (subject), .key = public,
		.not_before = start, .not_after = start + kind->days * MICROS_PER_DAY - MICROS_PER_S,
		.ca = kind->ca, .path_length = kind->path_length, .key_usage = kind->key_usage,
		.extended_key_usage = kind->extended_key_usage, .ocsp_no_check = kind->ocsp_no_check, .hosts = kind->hosts,
	};
	if (issuer != NULL && !kind->ca) {
		t.ocsp_uri = kind->ocsp_no_check ? NULL : ocsp;
		t.crl_uri = crl;
		t.issuer_uri = cer;
	}
	serial_new (now, &t.serial);
	g_autoptr (GBytes) der = issuer != NULL ? issuer_sign_certificate (issuer, &t, error) : root_sign_certificate (key, &t, error);
	return der != NULL ? certificate_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), error) : NULL;
}
