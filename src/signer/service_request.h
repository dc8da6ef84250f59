/* signer/service_request.h — the service request (docs/registration.md), exactly as both approvals hash it, read strictly.
 *
 * What the signer does for a service beyond issuing (ending a hold, releasing a token's PIN, recovering a key) it does for such a
 * request only: of its own site, and of the kind that the message is about. */
#pragma once
#include "base/json.h"
#include "pki/key.h"

/* What a kind of request says of itself. */
typedef struct {
	const char *act;
	const char *service;              /* NULL: several services come down to this act */
	gsize certificates_max;
	const char *refusal;              /* of a request of another kind: what it is not */
} ServiceRequestKind;

typedef struct {
	json_t *json;                     /* owns every text below */
	Fingerprint hash;                 /* of the exact text: what both approvals name */
	const char *application;
	json_t *certificates;             /* serials, as texts not looked at yet; the kind's number of them at most */
} ServiceRequest;

/* `extra` is the member that only this kind has; NULL: none.  Canonical and closed.  DIQI_ERROR_REQUEST, _FIELD_…, and
 * _SIGNER for another site, service or act; errors name the member under "/request". */
gboolean service_request_read (const char *text, const char *site, const ServiceRequestKind *kind, const Field *extra,
                               ServiceRequest *out, GError **error);
void service_request_clear (ServiceRequest *request);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ServiceRequest, service_request_clear)
