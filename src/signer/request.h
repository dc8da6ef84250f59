/* signer/request.h — the to-be-signed request (docs/statements.md), read strictly. */
#pragma once
#include "base/json.h"
#include "pki/certificate.h"

typedef struct {
	json_t *json;                   /* owns every text below */
	Fingerprint hash;               /* of the exact bytes: what both approvals name */
	const char *site, *application, *profile, *submission;
	gint64 profile_version, validity_days;
	const char *uscc;               /* NULL none */
	NamePart subject[NAME_N_ATTRIBUTES];
	gsize subject_n;
	PublicKey *key;
} CertificateRequest;

/* Canonical, closed; the key is well-formed (its strength is judged by the caller).
 * Errors name the member under "/request". */
CertificateRequest *certificate_request_parse (const char *text, gsize n, GError **error);
void certificate_request_free (CertificateRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CertificateRequest, certificate_request_free)
