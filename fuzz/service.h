/* fuzz/service.h — a root made for one run, and the certificate of a service that it has signed.
 *
 * key_usage is a number: the names of its bits are macros of OpenSSL's in the harnesses that have it as second reader. */
#pragma once
#include "base/error.h"
#include "pki/certificate_private.h"
#include "pki/pki_private.h"

enum { FUZZ_DIGITAL_SIGNATURE = 1 << 0, FUZZ_NON_REPUDIATION = 1 << 1, FUZZ_KEY_CERT_SIGN = 1 << 5, FUZZ_CRL_SIGN = 1 << 6 };

static inline Certificate *
fuzz_parsed (GBytes *der, GError *error)
{
	g_assert_no_error (error);
	g_autoptr (GBytes) owned = der;
	Certificate *certificate = certificate_parse (g_bytes_get_data (owned, NULL), g_bytes_get_size (owned), &error);
	g_assert_no_error (error);
	return certificate;
}

/* *root and *key are the caller's. */
static inline Certificate *
fuzz_service_new (guint key_usage, guint extended_key_usage, gboolean no_check, Certificate **root, PrivateKey **key)
{
	const NamePart root_name = { NAME_COMMON_NAME, "root" }, service_name = { NAME_COMMON_NAME, "service" };
	GError *error = NULL;
	PrivateKey *root_key = private_key_generate (KEY_P256, NULL);
	*key = private_key_generate (KEY_P256, NULL);
	g_autoptr (PublicKey) root_public = private_key_public (root_key), public = private_key_public (*key);
	CertificateTemplate r = { .subject = &root_name, .subject_n = 1, .key = root_public, .ca = TRUE, .path_length = -1,
	                          .not_after = MICROS_PER_DAY, .key_usage = FUZZ_KEY_CERT_SIGN | FUZZ_CRL_SIGN };
	CertificateTemplate s = { .subject = &service_name, .subject_n = 1, .key = public, .path_length = -1, .not_after = MICROS_PER_DAY - MICROS_PER_S,
	                          .key_usage = key_usage, .extended_key_usage = extended_key_usage, .ocsp_no_check = no_check };

	serial_new (0, &r.serial);
	serial_new (0, &s.serial);
	GBytes *der = root_sign_certificate (root_key, &r, &error);
	*root = fuzz_parsed (der, error);
	g_autoptr (Issuer) issuer = issuer_new (*root, root_key, &error);
	g_assert_no_error (error);
	der = issuer_sign_certificate (issuer, &s, &error);
	private_key_free (root_key);
	return fuzz_parsed (der, error);
}
