/* registry/officer.c — what officers do to an application up to the review, and after the issue. */
#include <string.h>

#include "base/error.h"
#include "registry/application_db.h"
#include "registry/handover.h"
#include "registry/point.h"
#include "registry/papers.h"

#define REASON_MAX 1000
#define RETURN_FIELDS_MAX 64
#define OVERRIDES_MAX 8
#define TOKENS_MAX 20
#define PAPERS_MAX 32

static gboolean
is_blank (const char *text)
{
	return !text || text[strspn (text, " \t\n")] == '\0';
}

/* --- 受理 -------------------------------------------------------------------------------- */

/* The one check a clerk may set aside, having seen the licence: the number of the holder, which does not check, or
 * which a change brings. */
static gboolean
names_number (SubjectKind kind, const char *field)
{
	return g_str_equal (field, form_number_field (kind)) || g_str_equal (field, form_number_field (kind) + strlen ("/form"));
}

static gboolean
read_override (SubjectKind kind, const json_t *item, gsize i, GError **error)
{
	g_autofree char *at = g_strdup_printf ("/statement/overrides/%zu", i);
	g_autofree char *reason_at = g_strconcat (at, "/reason", NULL);
	const char *field = NULL, *reason = NULL;
	const Field fields[] = {
		{ "field", FIELD_STRING, TRUE, 0, &field },
		{ "reason", FIELD_STRING, TRUE, REASON_MAX, &reason },
	};

	if (!JSON_READ (item, at, fields, error))
		return FALSE;
	if (!names_number (kind, field))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "%s cannot be overridden", field);
	if (is_blank (reason))
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, reason_at, "an override needs a reason");
	return TRUE;
}

static gboolean
check_overrides (const Application *application, const json_t *overrides, GError **error)
{
	gsize n = json_array_size (overrides);

	for (gsize i = 0; i < n; i++)
		if (!read_override (application->kind, json_array_get (overrides, i), i, error))
			return FALSE;
	if (application->uscc_check_digit && n == 0)
		return diqi_fail (error, DIQI_ERROR_USCC_CHECK, "/form/uscc",
		                  "the check digit does not fit: compare with the licence and accept with an override and its reason");
	if (application->number_differs && n == 0)
		return diqi_fail (error, DIQI_ERROR_OTHER_HOLDER, form_number_field (application->kind),
		                  "another number than the holder's: compare with the originals and accept with an override and its reason");
	if (!application->uscc_check_digit && !application->number_differs && n > 0)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/statement/overrides", "the number fits: nothing to override");
	return TRUE;
}

gboolean
application_accept (Tx *tx, Registry *registry, const Actor *actor, const char *id,
                    const Statement *statement, json_t **view, GError **error)
{
	g_auto (Step) step = { 0 };
	const char *application, *form;
	json_t *overrides = NULL, *papers = NULL;
	gint64 version;
	const Field fields[] = {
		{ "application", FIELD_UUID, TRUE, 0, &application },
		{ "version", FIELD_INT, TRUE, 0, &version },
		{ "form", FIELD_HEX32, TRUE, 0, &form },
		{ "overrides", FIELD_ARRAY, FALSE, OVERRIDES_MAX, &overrides },
		{ "papers", FIELD_ARRAY, TRUE, PAPERS_MAX, &papers },
	};

	if (!step_begin (&step, tx, registry, actor, id, ACT_ACCEPT, statement, error) ||
	    !EXPECT_MEMBERS (statement, fields, error) ||
	    !expect_same ("application", application, step.application.id, error) ||
	    !expect_version (version, &step.application, error) ||
	    !expect_same ("form", form, step.application.form_hash, error) ||
	    !target_check_holder (tx, registry, &step.application, error) ||
	    !check_overrides (&step.application, overrides, error) ||
	    !papers_accept (&step, papers, error) ||
	    !hold_when_accepted (&step, error))
		return FALSE;
	step.application.clerk = g_strdup (actor->person);
	return step_finish (&step, view, error);
}

/* --- 补正, 不予受理 ------------------------------------------------------------------------- */

static gboolean
check_pointers (const json_t *fields, GError **error)
{
	for (gsize i = 0; i < json_array_size (fields); i++) {
		const char *pointer = json_string_value (json_array_get (fields, i));
		g_autofree char *at = g_strdup_printf ("/statement/fields/%zu", i);

		if (!pointer || pointer[0] != '/' || strlen (pointer) > 256)
			return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "expected a JSON pointer into the form");
	}
	return TRUE;
}

static gboolean
send_back (Tx *tx, Registry *registry, const Actor *actor, const char *id, ApplicationAct act,
           const Statement *statement, json_t **view, GError **error)
{
	g_auto (Step) step = { 0 };
	const char *application, *reason;
	json_t *pointers = NULL;
	gint64 version;
	const Field fields[] = {
		{ "application", FIELD_UUID, TRUE, 0, &application },
		{ "version", FIELD_INT, TRUE, 0, &version },
		{ "reason", FIELD_STRING, TRUE, REASON_MAX, &reason },
		{ "fields", FIELD_ARRAY, FALSE, RETURN_FIELDS_MAX, &pointers },
	};
	/* A rejection is about the whole: it names no fields. */
	gsize n = act == ACT_RETURN ? G_N_ELEMENTS (fields) : G_N_ELEMENTS (fields) - 1;

	if (!step_begin (&step, tx, registry, actor, id, act, statement, error) ||
	    !expect_members (statement, fields, n, error) ||
	    !expect_same ("application", application, step.application.id, error) ||
	    !expect_version (version, &step.application, error) ||
	    !check_pointers (pointers, error))
		return FALSE;
	if (is_blank (reason))
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, "/statement/reason", "the applicant must be told why");
	g_free (step.application.returned_reason);
	g_free (step.application.returned_fields);
	step.application.returned_reason = g_strdup (reason);
	step.application.returned_fields = pointers ? jcs_dump (pointers, NULL, NULL) : g_strdup ("[]");
	return step_finish (&step, view, error);
}

gboolean
application_return (Tx *tx, Registry *registry, const Actor *actor, const char *id,
                    const Statement *statement, json_t **view, GError **error)
{
	return send_back (tx, registry, actor, id, ACT_RETURN, statement, view, error);
}

gboolean
application_reject (Tx *tx, Registry *registry, const Actor *actor, const char *id,
                    const Statement *statement, json_t **view, GError **error)
{
	return send_back (tx, registry, actor, id, ACT_REJECT, statement, view, error);
}

/* --- 缴费 -------------------------------------------------------------------------------------- */

static gboolean
check_choice (const char *member, const char *said, const char *const *allowed, GError **error)
{
	g_autofree char *at = NULL;
	g_autofree char *list = NULL;

	if (g_strv_contains (allowed, said))
		return TRUE;
	at = g_strdup_printf ("/statement/%s", member);
	list = g_strjoinv (", ", (char **) allowed);
	return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "expected one of: %s", list);
}

gboolean
application_record_fee (Tx *tx, Registry *registry, const Actor *actor, const char *id,
                        const Statement *statement, json_t **view, GError **error)
{
	g_auto (Step) step = { 0 };
	g_autofree char *order = NULL;
	const char *application, *method, *slip = NULL;
	Money amount;
	const Field fields[] = {
		{ "application", FIELD_UUID, TRUE, 0, &application },
		{ "amount_fen", FIELD_MONEY, TRUE, 0, &amount },
		{ "method", FIELD_STRING, TRUE, 0, &method },
		{ "slip", FIELD_STRING, FALSE, 100, &slip },
	};

	if (!step_begin (&step, tx, registry, actor, id, ACT_FEE, statement, error) ||
	    !EXPECT_MEMBERS (statement, fields, error) ||
	    !expect_same ("application", application, step.application.id, error) ||
	    !order_of (tx, step.application.id, &order, error))
		return FALSE;
	if (!order)
		return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "application %s has no order", step.application.id);
	if (!order_pay (tx, order, amount, method, slip, actor->person, step.now, error))
		return FALSE;
	step.application.fee_paid = TRUE;
	json_object_set_new (step_effect (&step), "amount_fen", json_money (amount));
	return step_finish (&step, view, error);
}

/* --- 审核 ------------------------------------------------------------------------------------------ */

gboolean
application_review (Tx *tx, Registry *registry, const Actor *actor, const char *id,
                    const Statement *statement, json_t **view, GError **error)
{
	g_auto (Step) step = { 0 };
	g_auto (CertificateRequest) request = { 0 };

	if (!step_begin (&step, tx, registry, actor, id, ACT_REVIEW, statement, error) ||
	    !submission_check (tx, &step.application, error) ||
	    !certificate_request_build (tx, registry, &step.application, &request, error) ||
	    !expect_approval (statement, &step.application, &request, error))
		return FALSE;
	step.application.reviewer = g_strdup (actor->person);
	step.application.profile_version = request.profile_version;
	step.application.validity_days = request.validity_days;
	step.application.encryption_version = request.encryption_version;
	step.application.request_hash = g_strdup (request.hash);
	step.application.review_statement = g_strdup (statement_compact (statement));
	json_object_set_new (step_effect (&step), "request", json_string (request.hash));
	return step_finish (&step, view, error);
}

/* --- 交付, 订户接受 ------------------------------------------------------------------------------------ */

gboolean
application_deliver (Tx *tx, Registry *registry, const Actor *actor, const char *id,
                     const Statement *statement, json_t **view, GError **error)
{
	static const char *const methods[] = { "counter", "post", "download", NULL };
	g_auto (Step) step = { 0 };
	const char *application, *serial;
	Handover handover = { 0 };
	json_t *tokens = NULL;
	const Field fields[] = {
		{ "application", FIELD_UUID, TRUE, 0, &application },
		{ "serial", FIELD_STRING, TRUE, 40, &serial },
		{ "method", FIELD_STRING, TRUE, 0, &handover.method },
		{ "point", FIELD_STRING, FALSE, POINT_CODE_MAX, &handover.point },
		{ "tokens", FIELD_ARRAY, FALSE, TOKENS_MAX, &tokens },
		{ "recipient", FIELD_STRING, FALSE, 100, &handover.recipient },
		{ "identity_seen", FIELD_BOOL, FALSE, 0, &handover.identity_seen },
	};

	if (!step_begin (&step, tx, registry, actor, id, ACT_DELIVER, statement, error) ||
	    !EXPECT_MEMBERS (statement, fields, error) ||
	    !expect_same ("application", application, step.application.id, error) ||
	    !expect_same ("serial", serial, step.application.serial, error) ||
	    !check_choice ("method", handover.method, methods, error))
		return FALSE;
	handover.tokens = tokens;
	if (!handover_record (&step, &handover, step.application.copies->len, step.application.point, error))
		return FALSE;
	json_object_set_new (step_effect (&step), "serial", json_string (serial));
	return step_finish (&step, view, error);
}

gboolean
application_confirm (Tx *tx, Registry *registry, const Actor *actor, const char *id,
                     const Statement *statement, json_t **view, GError **error)
{
	g_auto (Step) step = { 0 };
	const char *application, *serial;
	const Field fields[] = {
		{ "application", FIELD_UUID, TRUE, 0, &application },
		{ "serial", FIELD_STRING, TRUE, 40, &serial },
	};

	if (!step_begin (&step, tx, registry, actor, id, ACT_CONFIRM, statement, error) ||
	    !EXPECT_MEMBERS (statement, fields, error) ||
	    !expect_same ("application", application, step.application.id, error) ||
	    !expect_same ("serial", serial, step.application.serial, error))
		return FALSE;
	json_object_set_new (step_effect (&step), "serial", json_string (serial));
	return step_finish (&step, view, error);
}
