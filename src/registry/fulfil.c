/* registry/fulfil.c — services without a new key: two approvals over the service request, and what then happens to the
 * certificate.
 *
 * 挂失 and 冻结 hold the certificate as soon as somebody is known to ask: at submission when authenticated, else when a clerk
 * has seen the originals.  A stranger must not be able to stop a competitor in mid-sale.
 */
#include <string.h>

#include "base/error.h"
#include "registry/application_db.h"

#define ANSWER_MAX 2000

/* --- effects -------------------------------------------------------------------------------- */

static gboolean
is_held (const CertificateRow *row)
{
	return g_str_equal (row->status, "revoked") && row->reason == REASON_HOLD;
}

static gboolean
hold (Step *step, GError **error)
{
	Application *application = &step->application;
	g_auto (CertificateRow) row = { 0 };

	if (!certificate_load (step->tx, application->certificate, TRUE, &row, error))
		return FALSE;
	if (is_held (&row))
		return TRUE;
	if (!authority_hold (step->tx, step->registry->authority, row.serial, step->now, error) ||
	    !certificate_end_sessions (step->tx, &row, step->now, error) ||
	    !certificate_tell_holder (step->tx, row.serial, "certificate.held", reason_name (REASON_HOLD), step->now, error))
		return FALSE;
	application->held = TRUE;
	json_object_set_new (step_effect (step), "held", json_string (row.serial));
	return TRUE;
}

gboolean
hold_when_authenticated (Step *step, GError **error)
{
	if (!service_rule (step->application.service)->hold_at_once || step->application.authenticated == AUTHENTICATED_NONE)
		return TRUE;
	return hold (step, error);
}

gboolean
hold_when_accepted (Step *step, GError **error)
{
	return !service_rule (step->application.service)->hold_at_once || hold (step, error);
}

/* The signer wants to see both approvals before it calls the certificate good again. */
static gboolean
unhold (Step *step, const CertificateRequest *request, GError **error)
{
	const char *serial = step->application.certificate;
	const HoldLifting lifting = { request->text, step->application.review_statement, statement_compact (step->statement) };

	if (!authority_unhold (step->tx, step->registry->authority, serial, &lifting, step->now, error) ||
	    !db_holds_release (step->tx, serial, error) ||
	    !certificate_tell_holder (step->tx, serial, "certificate.unheld", NULL, step->now, error))
		return FALSE;
	json_object_set_new (step_effect (step), "unheld", json_string (serial));
	return TRUE;
}

static gboolean
revoke_target (Step *step, GError **error)
{
	RevocationReason reason = service_rule (step->application.service)->reason;
	g_auto (CertificateRow) row = { 0 };

	if (!certificate_load (step->tx, step->application.certificate, TRUE, &row, error) ||
	    !authority_revoke (step->tx, step->registry->authority, row.serial, reason, step->now, error) ||
	    !certificate_end_sessions (step->tx, &row, step->now, error) ||
	    !certificate_tell_holder (step->tx, row.serial, "certificate.revoked", reason_name (reason), step->now, error))
		return FALSE;
	json_object_set_new (step_effect (step), "revoked", json_string (row.serial));
	json_object_set_new (step_effect (step), "reason", json_string (reason_name (reason)));
	return TRUE;
}

static gboolean
take_answer (Step *step, const char *answer, GError **error)
{
	if (!answer || answer[strspn (answer, " \t\n")] == '\0')
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, "/statement/answer", "the applicant waits for an answer");
	step->application.answer = g_strdup (answer);
	return TRUE;
}

static gboolean
fulfil (Step *step, const CertificateRequest *request, const char *answer, GError **error)
{
	ServiceEffect effect = service_rule (step->application.service)->effect;

	if (effect == EFFECT_ANSWER)
		return take_answer (step, answer, error);
	if (answer)
		return diqi_fail (error, DIQI_ERROR_FIELD_UNKNOWN, "/statement/answer", "%s has no answer", service_name (step->application.service));
	switch (effect) {
	case EFFECT_HOLD:
		return hold (step, error);
	case EFFECT_UNHOLD:
		return unhold (step, request, error);
	case EFFECT_REVOKE:
		return revoke_target (step, error);
	default:
		return TRUE;
	}
}

/* --- approvals ---------------------------------------------------------------------------------- */

static gboolean
expect_service_approval (const Step *step, const CertificateRequest *request, const char **answer, GError **error)
{
	const char *id, *hash;
	const Field fields[] = {
		{ "application", FIELD_UUID, TRUE, 0, &id },
		{ "request", FIELD_HEX32, TRUE, 0, &hash },
		{ "answer", FIELD_STRING, FALSE, ANSWER_MAX, answer },
	};

	/* Only the second approval may answer. */
	return expect_members (step->statement, fields, G_N_ELEMENTS (fields) - (answer ? 0 : 1), error) &&
	       expect_same ("application", id, step->application.id, error) &&
	       expect_same ("request", hash, request->hash, error);
}

gboolean
application_service_review (Tx *tx, Registry *registry, const Actor *actor, const char *id,
                            const Statement *statement, json_t **view, GError **error)
{
	g_auto (Step) step = { 0 };
	g_auto (CertificateRequest) request = { 0 };

	if (!step_begin (&step, tx, registry, actor, id, ACT_SERVICE_REVIEW, statement, error) ||
	    !submission_check (tx, &step.application, error) ||
	    !service_request_build (registry, &step.application, &request, error) ||
	    !expect_service_approval (&step, &request, NULL, error))
		return FALSE;
	step.application.reviewer = g_strdup (actor->person);
	step.application.request_hash = g_strdup (request.hash);
	step.application.review_statement = g_strdup (statement_compact (statement));
	json_object_set_new (step_effect (&step), "request", json_string (request.hash));
	return step_finish (&step, view, error);
}

static gboolean
same_as_reviewed (const Application *application, const CertificateRequest *request, GError **error)
{
	return service_rule (application->service)->effect == EFFECT_ANSWER ||
	       expect_same ("request", application->request_hash, request->hash, error);
}

gboolean
application_service_complete (Tx *tx, Registry *registry, const Actor *actor, const char *id,
                              const Statement *statement, json_t **view, GError **error)
{
	g_auto (Step) step = { 0 };
	g_auto (CertificateRequest) request = { 0 };
	const char *answer = NULL;

	if (!step_begin (&step, tx, registry, actor, id, ACT_SERVICE_COMPLETE, statement, error) ||
	    !submission_check (tx, &step.application, error) ||
	    !service_request_build (registry, &step.application, &request, error) ||
	    !same_as_reviewed (&step.application, &request, error) ||
	    !expect_service_approval (&step, &request, &answer, error) ||
	    !fulfil (&step, &request, answer, error))
		return FALSE;
	step.application.issuer = g_strdup (actor->person);
	step.application.issue_statement = g_strdup (statement_compact (statement));
	json_object_set_new (step_effect (&step), "request", json_string (request.hash));
	return step_finish (&step, view, error);
}

gboolean
application_unlocked (Tx *tx, Registry *registry, const Actor *actor, const char *id,
                      const Statement *statement, json_t *effect, json_t **view, GError **error)
{
	g_auto (Step) step = { 0 };

	if (!step_begin (&step, tx, registry, actor, id, ACT_UNLOCKED, statement, error))
		return FALSE;
	if (effect)
		json_object_update (step_effect (&step), effect);
	return step_finish (&step, view, error);
}
