/* api/sale_evidence.c — see sale_evidence.h. */
#include "api/sale_evidence.h"

#include "base/error.h"
#include "market/sale_bundle.h"

/* Officers who were removed since stay in the list, so that what they signed can be shown. */
static Certificate *
officer_certificate (gpointer user, const Fingerprint *fingerprint, GError **error)
{
	Api *api = user;
	g_autoptr (OfficerList) officers = officers_current (api->officers);
	for (gsize i = 0; i < officer_list_size (officers); i++) {
		const Officer *officer = officer_list_at (officers, i);
		if (fingerprint_equal (certificate_fingerprint (officer->certificate), fingerprint))
			return certificate_ref (officer->certificate);
	}
	diqi_error_set (error, DIQI_ERROR_CERTIFICATE_UNKNOWN, NULL, "a statement of this sale names a certificate that no officer has");
	return NULL;
}

/* Everything leads to the first root: a CA under another is cross-certified by it. */
static const Certificate *
issuer_of (gpointer user, const Certificate *signer)
{
	Api *api = user;
	const SignerCa *ca = signer_site_ca_of (api->site, signer);
	if (ca == NULL)
		return NULL;
	return ca->cross != NULL ? ca->cross : ca->certificate;
}

Response *
get_bundle (ApiCall *call, GError **error)
{
	Api *api = call->api;
	const BundleSources sources = {
		.site = api->site->site, .root = api->site->root, .log = signer_site_now (&api->site->log), .issuer = issuer_of,
		.keeper = api->keeper, .officer = officer_certificate, .user = api,
	};
	const char *sale = request_param (call->request, "id");
	g_autoptr (GBytes) bundle = sale_bundle_build (api->store, &sources, sale, error);
	if (bundle == NULL)
		return NULL;
	g_autofree char *disposition = g_strdup_printf ("attachment; filename=\"%s.bundle.json\"", sale);
	Response *response = response_bytes (200, "application/json", bundle);
	response_header (response, "Content-Disposition", disposition);
	return response;
}
