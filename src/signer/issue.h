/* signer/issue.h — issuing: every check between a message and the issuing key.
 *
 * In order: form of the request, site, profile; asked before → the same certificate again; both approvals;
 * subject, validity, USCC by profile; every key of the request strong, and new or its own; serial fresh; what is compiled in
 * (invariant.h); sign; compare the result; journal.  The caller commits the journal before answering.
 *
 * Of double certificates (a request with "encryption") the second is over a key pair that is made here, of the algorithm of the holder's
 * key; both are signed, the key is enveloped for the holder and escrowed, and only then is anything written: all or nothing.
 *
 * A request may have several keys (copies), asked for one by one.  The first one signed carries the judgement over all:
 * the others follow on the approvals in its record, so that a request is never left half issued because time went by: for 30 days,
 * as long as an approval is good, and as long as none of them was called revoked.
 */
#pragma once
#include "signer/keyring.h"
#include "signer/request.h"

typedef struct {
	const char *request;
	gsize request_n;
	guint copy;                               /* which of its keys */
	Serial serial;
	const Serial *encryption_serial;          /* NULL: a request without "encryption" */
	const char *reviewer, *issuer;            /* compact statements */
} IssueOrder;

typedef struct {
	GBytes *certificate;                      /* DER */
	GBytes *encryption, *envelope;            /* NULL: a request without "encryption" */
} Issued;
void issued_clear (Issued *issued);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Issued, issued_clear)
gboolean issue_carry_out (Keyring *keyring, const IssueOrder *order, Issued *out, GError **error);

/* For officers_log_change and agents_log_change; user is the Keyring. */
Certificate *issue_officer (gpointer keyring, const Officer *officer, const Fingerprint *request, GError **error);
Certificate *issue_agent (gpointer keyring, const Agent *agent, const Fingerprint *request, GError **error);
