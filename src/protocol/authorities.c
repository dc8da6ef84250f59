/* protocol/authorities.c — certificates of the site's authorities, and the lists of their roots. */
#include <string.h>

#include "base/error.h"
#include "protocol/internal.h"
#include "signer/pins.h"

#define ROOT_CRL_MAX (1 << 20)

static Response *
file (GBytes *bytes, const char *type, const char *cache)
{
	Response *response = response_bytes (200, type, bytes);
	response_header (response, "Cache-Control", cache);
	return response;
}

static Response *
certificate_file (const Certificate *certificate)
{
	g_autoptr (GBytes) der = certificate_der (certificate);
	return file (der, "application/pkix-cert", "public, max-age=3600");
}

static Response *
missing (Request *r, const char *what)
{
	g_autoptr (GError) error = NULL;
	diqi_error_set (&error, DIQI_ERROR_NOT_FOUND, NULL, "%s", what);
	return response_problem (r, error, NULL);
}

const SignerCa *
protocol_ca (Request *r, Response **response)
{
	const SignerCa *ca = signer_site_ca (authority_site (protocol_context (r)->authority), request_param (r, "ca"));
	if (ca == NULL)
		*response = missing (r, "this site has no such authority");
	return ca;
}

Response *
protocol_root_certificate (Request *r)
{
	return certificate_file (authority_site (protocol_context (r)->authority)->root);
}

Response *
protocol_ca_certificate (Request *r)
{
	Response *refusal;
	const SignerCa *ca = protocol_ca (r, &refusal);
	return ca != NULL ? certificate_file (ca->certificate) : refusal;
}

Response *
protocol_ca_root (Request *r)
{
	Response *refusal;
	const SignerCa *ca = protocol_ca (r, &refusal);
	return ca != NULL ? certificate_file (ca->root) : refusal;
}

/* From the CA to its root, and after them the certificate by which the first root vouches for it. */
Response *
protocol_ca_chain (Request *r)
{
	Response *refusal;
	const SignerCa *ca = protocol_ca (r, &refusal);
	if (ca == NULL)
		return refusal;
	g_autofree char *certificate = certificate_pem (ca->certificate), *root = certificate_pem (ca->root);
	g_autofree char *cross = ca->cross != NULL ? certificate_pem (ca->cross) : g_strdup ("");
	char *text = g_strconcat (certificate, root, cross, NULL);
	g_autoptr (GBytes) bytes = g_bytes_new_take (text, strlen (text));
	return file (bytes, "application/pem-certificate-chain", "public, max-age=3600");
}

/* Authorities under one root have one list, kept under the name of the first of them. */
static const SignerCa *
first_under (const SignerSite *site, const SignerCa *ca)
{
	for (guint i = 0; i < site->cas->len; i++) {
		const SignerCa *other = g_ptr_array_index (site->cas, i);
		if (fingerprint_equal (certificate_fingerprint (other->root), certificate_fingerprint (ca->root)))
			return other;
	}
	return ca;
}

GBytes *
protocol_root_list (const ProtocolContext *context, const SignerCa *ca, guint64 *number, Micros *next_update, GError **error)
{
	const SignerCa *named = first_under (authority_site (context->authority), ca);
	g_autofree char *name = pins_ca_file (named->name, "root", ".crl");
	g_autofree char *path = g_build_filename (context->ca_folder, name, NULL);
	char *text;
	gsize n;
	if (!g_file_get_contents (path, &text, &n, NULL) || n > ROOT_CRL_MAX) {
		diqi_error_set (error, DIQI_ERROR_NOT_FOUND, NULL, "the root's list has not been put here yet");
		return NULL;
	}
	g_autoptr (GBytes) list = g_bytes_new_take (text, n);
	/* The file came from where the root key is; another one must not be handed on as this root's. */
	return crl_verify (list, named->root, number, next_update, error) ? g_steal_pointer (&list) : NULL;
}

Response *
protocol_root_crl (Request *r)
{
	Response *refusal;
	g_autoptr (GError) error = NULL;
	const SignerCa *ca = protocol_ca (r, &refusal);
	if (ca == NULL)
		return refusal;
	g_autoptr (GBytes) list = protocol_root_list (protocol_context (r), ca, NULL, NULL, &error);
	return list != NULL ? file (list, "application/pkix-crl", "no-cache") : response_problem (r, error, NULL);
}
