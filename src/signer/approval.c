/* signer/approval.c — see approval.h. */
#include "signer/approval.h"

#include <string.h>

#include "base/error.h"

gboolean
statement_nonce_check (const char *nonce, const char *field, GError **error)
{
	g_autoptr (GBytes) bytes = base64url_decode (nonce, strlen (nonce), NULL);
	return (bytes != NULL && g_bytes_get_size (bytes) == 16) || diqi_fail (error, DIQI_ERROR_STATEMENT, field, "the nonce must be 16 bytes");
}

static gboolean
check_time (const Court *court, const Statement *statement, const char *field, GError **error)
{
	Micros age = court->now - statement_time (statement);
	if (age > APPROVAL_MAX_AGE || age < -CLOCK_TOLERANCE)
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TIME, field, "signed more than 30 days ago, or in the future");
	return TRUE;
}

gboolean
approval_check_fresh (const Court *court, const Statement *statement, const char *field, GError **error)
{
	Micros off = court->now - statement_time (statement);
	return (off <= CLOCK_TOLERANCE && off >= -CLOCK_TOLERANCE)
		|| diqi_fail (error, DIQI_ERROR_STATEMENT_TIME, field, "not signed within the last 5 minutes");
}

/* In validity now: the officer's own certificate and those above it.  The signatures of the chain
 * were checked when the list was pinned. */
static gboolean
check_validity (const Court *court, const Certificate *certificate, const char *field, GError **error)
{
	const PinnedCa *ca = pins_ca_of (court->pins, certificate);
	if (ca == NULL)
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE_CHAIN, field, "no authority of this site issued the officer's certificate");
	const Certificate *const chain[] = { certificate, ca->certificate, ca->root };
	for (gsize i = 0; i < G_N_ELEMENTS (chain); i++)
		if (court->now < certificate_not_before (chain[i]) || court->now > certificate_not_after (chain[i]))
			return diqi_fail (error, DIQI_ERROR_CERTIFICATE_EXPIRED, field, "the officer's certificate is outside its validity");
	return TRUE;
}

static gboolean
check_revoked (const Court *court, const Certificate *certificate, const char *field, GError **error)
{
	return court->journal == NULL || journal_revocation (court->journal, certificate_serial (certificate)) == NULL
	       || diqi_fail (error, DIQI_ERROR_CERTIFICATE_REVOKED, field, "the officer's certificate was revoked");
}

Statement *
approval_open (const Court *court, const char *compact, const char *type, const char *field, const Officer **officer, GError **error)
{
	if (compact[0] == '\0') {
		diqi_error_set (error, DIQI_ERROR_APPROVAL, field, "no %s statement", type);
		return NULL;
	}
	g_autoptr (Statement) statement = statement_parse (compact, -1, error);
	if (statement == NULL)
		return NULL;
	const Officer *who = statement_by_certificate (statement) ? roster_find (court->officers, statement_signer (statement)) : NULL;
	gboolean well = TRUE;
	if (strcmp (statement_type (statement), type) != 0)
		well = diqi_fail (error, DIQI_ERROR_STATEMENT_TYPE, field, "%s is asked for", type);
	else if (strcmp (statement_site (statement), court->pins->site) != 0)
		well = diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, field, "a statement for another site");
	else if (who == NULL)
		well = diqi_fail (error, DIQI_ERROR_APPROVAL, field, "not signed by an officer of this site");
	else if (who->removed)
		well = diqi_fail (error, DIQI_ERROR_APPROVAL, field, "the officer has been removed");
	if (!well || !check_validity (court, who->certificate, field, error)
	    || !check_revoked (court, who->certificate, field, error) || !check_time (court, statement, field, error)
	    || !statement_verify (statement, who->certificate, error))
		return NULL;
	*officer = who;
	return g_steal_pointer (&statement);
}

Statement *
approval_open_recorded (const Roster *officers, const char *site, const char *compact, const char *type, const char *field,
                        const Officer **officer, GError **error)
{
	g_autoptr (Statement) statement = statement_parse (compact, -1, error);
	if (statement == NULL)
		return NULL;
	const Officer *who = roster_find (officers, statement_signer (statement));
	if (who == NULL || strcmp (statement_type (statement), type) != 0 || strcmp (statement_site (statement), site) != 0) {
		diqi_error_set (error, DIQI_ERROR_CONFIG, field, "not an officer's statement %s", type);
		return NULL;
	}
	if (!statement_verify (statement, who->certificate, error))
		return NULL;
	*officer = who;
	return g_steal_pointer (&statement);
}

gboolean
approvals_of_two (const json_t *statements, ApprovalJudge judge, gpointer user, const Officer *who[2], GError **error)
{
	const Officer *found[2];
	if (json_array_size (statements) != 2)
		return diqi_fail (error, DIQI_ERROR_APPROVAL, "/statements", "exactly two statements are asked for");
	for (gsize i = 0; i < 2; i++) {
		g_autofree char *field = g_strdup_printf ("/statements/%" G_GSIZE_FORMAT, i);
		const char *compact = json_string_value (json_array_get (statements, i));
		if (compact == NULL)
			return diqi_fail (error, DIQI_ERROR_FIELD_TYPE, field, "not a text");
		found[i] = judge (user, i, compact, field, error);
		if (found[i] == NULL)
			return FALSE;
		if (who != NULL)
			who[i] = found[i];
	}
	return strcmp (found[0]->person, found[1]->person) != 0
		|| diqi_fail (error, DIQI_ERROR_SAME_PERSON, "/statements", "both statements are of the same person");
}

/* The payload is exactly an approval of this target, no member more. */
static gboolean
check_target (const Statement *statement, const ApprovalTarget *target, const char *field, GError **error)
{
	StatementCommon common;
	const char *application, *request, *profile = NULL;
	gint64 version = target->profile_version;
	const Field fields[] = {
		STATEMENT_COMMON_FIELDS (common),
		{ "application", FIELD_UUID, TRUE, 0, &application }, { "request", FIELD_HEX32, TRUE, 0, &request },
		{ "profile", FIELD_STRING, TRUE, 32, &profile }, { "profile_version", FIELD_INT, TRUE, 0, &version },
	};
	gsize members = G_N_ELEMENTS (fields) - (target->profile != NULL ? 0 : 2);
	if (!json_read_fields (statement_payload (statement), field, fields, members, error) || !statement_nonce_check (common.nonce, field, error))
		return FALSE;
	g_autofree char *hash = fingerprint_hex (&target->request);
	if (strcmp (request, hash) != 0)
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, field, "approves another request");
	if (strcmp (application, target->application) != 0 || g_strcmp0 (profile, target->profile) != 0 || version != target->profile_version)
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, field, "names another application or profile than the request");
	return TRUE;
}

static const Officer *
check_one (const Court *court, const ApprovalTarget *target, const char *compact, const char *type, guint role, const char *field,
           Fingerprint *identity, Micros *time, GError **error)
{
	const Officer *officer;
	g_autoptr (Statement) statement = approval_open (court, compact, type, field, &officer, error);
	if (statement == NULL)
		return NULL;
	if ((officer->roles & role) == 0) {
		diqi_error_set (error, DIQI_ERROR_APPROVAL, field, "the officer does not have the role for %s", type);
		return NULL;
	}
	if (!check_target (statement, target, field, error))
		return NULL;
	*identity = *statement_identity (statement);
	*time = statement_time (statement);
	return officer;
}

gboolean
service_approvals_check (const Court *court, const ApprovalTarget *target, const char *review, const char *complete,
                         ServiceApprovals *out, GError **error)
{
	Micros reviewed;
	const Officer *first = check_one (court, target, review, "service.review", ROLE_REVIEWER, "/review", &out->identities[0], &reviewed, error);
	const Officer *second = first != NULL ? check_one (court, target, complete, "service.complete", ROLE_ISSUER, "/complete", &out->identities[1], &out->completed, error) : NULL;
	if (second == NULL)
		return FALSE;
	out->officers[0] = first;
	out->officers[1] = second;
	return strcmp (first->person, second->person) != 0
		|| diqi_fail (error, DIQI_ERROR_SAME_PERSON, "/complete", "reviewer and issuer are the same person");
}

gboolean
approvals_check (const Court *court, const ApprovalTarget *target, const char *review, const char *issue,
                 Fingerprint *reviewer, Fingerprint *issuer, GError **error)
{
	Micros time;
	const Officer *first = check_one (court, target, review, "application.review", ROLE_REVIEWER, "/reviewer", reviewer, &time, error);
	const Officer *second = first != NULL ? check_one (court, target, issue, "application.issue", ROLE_ISSUER, "/issuer", issuer, &time, error) : NULL;
	if (second == NULL)
		return FALSE;
	if (strcmp (first->person, second->person) == 0 || fingerprint_equal (reviewer, issuer))
		return diqi_fail (error, DIQI_ERROR_SAME_PERSON, "/issuer", "reviewer and issuer are the same person");
	return TRUE;
}
