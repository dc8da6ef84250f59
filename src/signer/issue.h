/* signer/issue.h — issuing: every check between a message and the issuing key.
 *
 * In order: form of the request, site, profile; asked before → the same certificate again; both approvals;
 * subject, validity, USCC by profile; key strong and new; serial fresh; what is compiled in
 * (invariant.h); sign; compare the result; journal.  The caller commits the journal before answering.
 */
#pragma once
#include "signer/keyring.h"
#include "signer/request.h"

typedef struct {
	const char *request;
	gsize request_n;
	Serial serial;
	const char *reviewer, *issuer;            /* compact statements */
} IssueOrder;

/* DER of the certificate. */
GBytes *issue_carry_out (Keyring *keyring, const IssueOrder *order, GError **error);

/* For officers_log_change; user is the Keyring. */
Certificate *issue_officer (gpointer keyring, const Officer *officer, const Fingerprint *request, GError **error);
