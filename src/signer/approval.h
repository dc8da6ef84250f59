/* signer/approval.h — judging an officer's signed statement.
 *
 * Everything is judged by the signer alone: its pinned list of officers, its clock, its site.
 * An approval is good for 30 days, any other statement for 5 minutes; neither may come from the future by more than 5 minutes;
 * the officer must be in the list, not removed, with a certificate valid now; to issue, also one that
 * this signer never called revoked.
 */
#pragma once
#include "pki/statement.h"
#include "signer/invariant.h"
#include "signer/journal.h"
#include "signer/officers.h"
#include "signer/pins.h"

typedef struct {
	const Pins *pins;
	const Roster *officers;
	Micros now;
	/* What was revoked.  NULL where the list itself is changed: a caller who lies about revocations
	 * must not be able to keep two officers from renewing it. */
	const Journal *journal;
} Court;

/* The members every statement has; for a Field table of a closed payload. */
typedef struct {
	const char *type, *site, *nonce;
	Micros time;
} StatementCommon;
#define STATEMENT_COMMON_FIELDS(c) \
	{ "type", FIELD_STRING, TRUE, 32, &(c).type }, { "site", FIELD_STRING, TRUE, 64, &(c).site }, \
	{ "time", FIELD_TIME, TRUE, 0, &(c).time }, { "nonce", FIELD_STRING, TRUE, 22, &(c).nonce }
/* The nonce is 16 bytes in base64url. */
gboolean statement_nonce_check (const char *nonce, const char *field, GError **error);

/* Form, type, site, officer, time, signature; not the members of its type.  `field` names the
 * message's member in errors; *officer is borrowed from the list. */
Statement *approval_open (const Court *court, const char *compact, const char *type, const char *field,
                          const Officer **officer, GError **error);

/* Signed within CLOCK_TOLERANCE of now: for what is not an approval.  DIQI_ERROR_STATEMENT_TIME. */
gboolean approval_check_fresh (const Court *court, const Statement *statement, const char *field, GError **error);

/* At start: the list of officers has moved on since, so only what lasts is judged: a signature of one who is or was an officer of
 * this site, over a statement of this type.  DIQI_ERROR_CONFIG names `field`. */
Statement *approval_open_recorded (const Roster *officers, const char *site, const char *compact, const char *type, const char *field,
                                   const Officer **officer, GError **error);

/* Exactly two statements, each judged by `judge` (the officer, borrowed; NULL: refused), of two persons; `field` is
 * "/statements/0" and "/statements/1".  who: the two; NULL: not asked for.  DIQI_ERROR_APPROVAL, _FIELD_TYPE, _SAME_PERSON. */
typedef const Officer *(*ApprovalJudge) (gpointer user, gsize i, const char *compact, const char *field, GError **error);
gboolean approvals_of_two (const json_t *statements, ApprovalJudge judge, gpointer user, const Officer *who[2], GError **error);

/* What both approvals must name. */
typedef struct {
	const char *application;
	const char *profile;              /* NULL: a service request, which has none */
	gint64 profile_version;
	Fingerprint request;              /* hash of the exact text to be signed */
} ApprovalTarget;

/* service.review by a reviewer and service.complete by an issuer, two persons; the target has no profile. */
typedef struct {
	const Officer *officers[2];
	Fingerprint identities[2];        /* of the statements */
	Micros completed;                 /* when the second signed */
} ServiceApprovals;
gboolean service_approvals_check (const Court *court, const ApprovalTarget *target, const char *review, const char *complete,
                                  ServiceApprovals *out, GError **error);

/* Review by a reviewer, issue by an issuer, two persons.  *reviewer and *issuer: the statements'
 * identities.  DIQI_ERROR_APPROVAL, _SAME_PERSON, _STATEMENT_…, _CERTIFICATE_EXPIRED. */
gboolean approvals_check (const Court *court, const ApprovalTarget *target, const char *review, const char *issue,
                          Fingerprint *reviewer, Fingerprint *issuer, GError **error);
