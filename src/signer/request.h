/* signer/request.h — the to-be-signed request (docs/statements.md), read strictly. */
#pragma once
#include "base/json.h"
#include "pki/certificate.h"
#include "signer/protocol.h"

typedef struct {
	json_t *json;                   /* owns every text below */
	Fingerprint hash;               /* of the exact bytes: what both approvals name */
	const char *site, *application, *profile, *submission;
	gint64 profile_version, validity_days;
	const char *uscc;               /* NULL none */
	const char *encryption_profile; /* NULL: no double certificates */
	gint64 encryption_version;
	NamePart subject[NAME_N_ATTRIBUTES];
	gsize subject_n;
	PublicKey *keys[REQUEST_MAX_COPIES];     /* of copy 0 (spki), 1 (more[0]), …; all different */
	gsize keys_n;
} CertificateRequest;

/* Canonical, closed; the keys are well-formed (their strength is judged by the caller).
 * Errors name the member under "/request". */
CertificateRequest *certificate_request_parse (const char *text, gsize n, GError **error);
void certificate_request_free (CertificateRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CertificateRequest, certificate_request_free)
