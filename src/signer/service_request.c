/* signer/service_request.c — see service_request.h. */
#include "signer/service_request.h"

#include <string.h>

#include "base/error.h"
#include "signer/protocol.h"

void
service_request_clear (ServiceRequest *request)
{
	g_clear_pointer (&request->json, json_decref);
}

gboolean
service_request_read (const char *text, const char *site, const ServiceRequestKind *kind, const Field *extra, ServiceRequest *out, GError **error)
{
	const char *type, *of_site, *service, *act, *form;
	const Field fields[] = {
		{ "type", FIELD_STRING, TRUE, 32, &type }, { "site", FIELD_STRING, TRUE, 64, &of_site },
		{ "application", FIELD_UUID, TRUE, 0, &out->application }, { "service", FIELD_STRING, TRUE, 32, &service },
		{ "certificates", FIELD_ARRAY, TRUE, kind->certificates_max, &out->certificates }, { "act", FIELD_STRING, TRUE, 16, &act },
		{ "form", FIELD_HEX32, TRUE, 0, &form }, extra != NULL ? *extra : (Field) { NULL },
	};
	gsize n = strlen (text);
	fingerprint_of (text, n, &out->hash);
	out->json = json_read_strict (text, n, REQUEST_MAX_BYTES, error);
	if (out->json == NULL)
		return FALSE;
	if (!jcs_is_canonical (text, n, out->json))
		return diqi_fail (error, DIQI_ERROR_REQUEST, "/request", "not in canonical form (RFC 8785)");
	if (!json_read_fields (out->json, "/request", fields, G_N_ELEMENTS (fields) - (extra == NULL), error))
		return FALSE;
	if (strcmp (of_site, site) != 0)
		return diqi_fail (error, DIQI_ERROR_SIGNER, "/request/site", "a request for another site");
	gboolean meant = strcmp (type, "service.request") == 0 && strcmp (act, kind->act) == 0
		&& (kind->service == NULL || strcmp (service, kind->service) == 0);
	return meant || diqi_fail (error, DIQI_ERROR_SIGNER, "/request/act", "%s", kind->refusal);
}
