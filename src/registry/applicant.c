/* registry/applicant.c — what the applicant does beside submitting: draft, edit, withdraw. */
#include "base/error.h"
#include "base/random.h"
#include "identity/secret.h"
#include "registry/access_code.h"
#include "registry/application_db.h"
#include "registry/point.h"

#define REASON_MAX 1000

static const char *
creator_name (const Actor *actor)
{
	if (!actor)
		return "applicant";
	return actor->kind == ACTOR_OFFICER ? actor->name : "holder";
}

static gboolean
write_creation (Tx *tx, const Application *application, const Actor *actor, GError **error)
{
	const NewAct act = {
		.application = application->id,
		.version = application->version,
		.act = application_act_name (ACT_CREATE),
		.to_state = application_state_name (application->state),
		.at = application->created,
		.by_name = creator_name (actor),
		.by_person = actor && actor->kind == ACTOR_OFFICER ? actor->person : NULL,
	};

	return db_application_insert (tx, application, error) && db_act_insert (tx, &act, error);
}

static gboolean
check_choice (const char *said, const char *const *allowed, const char *at, GError **error)
{
	g_autofree char *list = NULL;

	if (g_strv_contains (allowed, said))
		return TRUE;
	list = g_strjoinv (", ", (char **) allowed);
	return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, at, "expected one of: %s", list);
}

static gboolean
check_creation (const ApplicationCreation *in, GError **error)
{
	static const char *const causes[] = { "lost", "damaged", NULL };
	static const char *const languages[] = { "zh-CN", "en", NULL };
	gboolean reissue = in->service == SERVICE_REISSUE;

	if (reissue && !in->cause)
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, "/cause", "a replacement is for what was lost or damaged");
	if (!reissue && in->cause)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/cause", "only a replacement has a cause");
	if (in->origin_access_code && !in->certificate)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/origin_access_code", "belongs to a certificate: name its serial");
	return (!in->cause || check_choice (in->cause, causes, "/cause", error)) &&
	       (!in->language || check_choice (in->language, languages, "/language", error)) &&
	       form_check_draft (in->kind, in->form, error);
}

/* The access code of the application that the target certificate came of. */
static gboolean
check_origin (Tx *tx, const Application *application, const char *access_code, GError **error)
{
	g_auto (CertificateRow) row = { 0 };
	g_auto (Application) origin = { 0 };
	Fingerprint presented;
	gboolean found;

	if (!certificate_load (tx, application->certificate, FALSE, &row, error) ||
	    !db_application_get (tx, row.application, FALSE, &origin, &found, error))
		return FALSE;
	access_code_hash (access_code, &presented);
	return (secret_equal (&presented, &origin.access_hash) && found) ||
	       diqi_fail (error, DIQI_ERROR_ACCESS_CODE, "/origin_access_code", "not the access code of the application for this certificate");
}

/* A holder's session speaks for its own subject only; without a target, when the form is about it. */
static gboolean
authenticate_holder (Tx *tx, const Registry *registry, Application *application, const Actor *actor, GError **error)
{
	g_autofree char *number = form_holder_number (application->kind, application->form);
	g_autofree char *known = NULL;
	const SubjectIdentity identity = { registry->site, application->kind, NULL, number };

	if (application->certificate) {
		if (g_strcmp0 (application->subject, actor->subject) != 0)
			return diqi_fail (error, DIQI_ERROR_PERMISSION, "/certificate", "the certificate is another holder's");
		application->authenticated = AUTHENTICATED_CERTIFICATE;
		return TRUE;
	}
	if (!number)
		return TRUE;
	if (!subject_find (tx, &identity, &known, error))
		return FALSE;
	if (g_strcmp0 (known, actor->subject) == 0)
		application->authenticated = AUTHENTICATED_CERTIFICATE;
	return TRUE;
}

static gboolean
authenticate (Tx *tx, const Registry *registry, Application *application, const ApplicationCreation *in, GError **error)
{
	if (in->origin_access_code && !check_origin (tx, application, in->origin_access_code, error))
		return FALSE;
	if (in->origin_access_code)
		application->authenticated = AUTHENTICATED_ACCESS_CODE;
	if (in->actor && in->actor->kind == ACTOR_HOLDER)
		return authenticate_holder (tx, registry, application, in->actor, error);
	if (in->actor && actor_has_role (in->actor, ROLE_CLERK))
		application->authenticated = AUTHENTICATED_COUNTER;
	return TRUE;
}

gboolean
application_create (Tx *tx, Registry *registry, const ApplicationCreation *in,
                    char **access_code, json_t **view, GError **error)
{
	g_autofree char *code = *access_code ? g_strdup (*access_code) : access_code_new ();
	g_auto (Application) application = { 0 };
	Micros now = clock_now (registry->clock);
	Tariff tariff;

	if (!check_creation (in, error) || (in->point && !point_check (tx, in->point, service_name (in->service), error)) ||
	    !tariff_at (tx, service_name (in->service), now, &tariff, error))
		return FALSE;
	application = (Application) {
		.id = uuid7_new (now),
		.kind = in->kind,
		.service = in->service,
		.state = STATE_DRAFT,
		.version = 1,
		.created = now,
		.updated = now,
		.amount_fen = tariff.amount_fen * form_copies (in->kind, in->form),
		.cause = g_strdup (in->cause),
		.point = g_strdup (in->point),
		.language = g_strdup (in->language ? in->language : "zh-CN"),
		.copies = g_ptr_array_new_with_free_func ((GDestroyNotify) application_copy_free),
	};
	access_code_hash (code, &application.access_hash);
	if (!target_take (tx, &application, in->certificate, now, error))
		return FALSE;
	application_set_form (registry, &application, in->form);
	if (!authenticate (tx, registry, &application, in, error) || !write_creation (tx, &application, in->actor, error))
		return FALSE;
	if (view && !application_view_load (tx, &application, now, view, error))
		return FALSE;
	g_free (*access_code);
	*access_code = g_steal_pointer (&code);
	return TRUE;
}

gboolean
application_open_by_code (Tx *tx, const char *id, const char *access_code, Actor *out, GError **error)
{
	g_auto (Application) application = { 0 };
	Fingerprint presented;
	gboolean found = FALSE;

	if (uuid_is_valid (id) && !db_application_get (tx, id, FALSE, &application, &found, error))
		return FALSE;
	access_code_hash (access_code, &presented);
	/* An unknown application compares with zeros: the answer is the same. */
	if (!secret_equal (&presented, &application.access_hash) || !found)
		return diqi_fail (error, DIQI_ERROR_ACCESS_CODE, NULL, "application number and access code do not fit");
	*out = (Actor) { .kind = ACTOR_APPLICANT, .application = g_strdup (id), .name = g_strdup ("applicant") };
	return TRUE;
}

gboolean
application_edit (Tx *tx, Registry *registry, const Actor *actor, const char *id, gint64 expected_version,
                  const json_t *form, json_t **view, GError **error)
{
	g_auto (Step) step = { 0 };

	if (!step_begin (&step, tx, registry, actor, id, ACT_EDIT, NULL, error))
		return FALSE;
	if (step.application.version != expected_version)
		return diqi_fail (error, DIQI_ERROR_IF_MATCH_STALE, NULL, "the application is at version %" G_GINT64_FORMAT,
		                  step.application.version);
	if (!form_check_draft (step.application.kind, form, error))
		return FALSE;
	application_set_form (registry, &step.application, form);
	return step_finish (&step, view, error);
}

/* --- 撤回 ---------------------------------------------------------------------------------- */

static gboolean
read_withdrawal (const Step *step, const char **reason, GError **error)
{
	const char *application;
	gint64 version;
	const Field fields[] = {
		{ "application", FIELD_UUID, TRUE, 0, &application },
		{ "version", FIELD_INT, TRUE, 0, &version },
		{ "reason", FIELD_STRING, FALSE, REASON_MAX, reason },
	};

	return EXPECT_MEMBERS (step->statement, fields, error) &&
	       expect_same ("application", application, step->application.id, error) &&
	       expect_version (version, &step->application, error);
}

gboolean
application_withdraw (Tx *tx, Registry *registry, const Actor *actor, const char *id,
                      const Statement *statement, const char *reason, json_t **view, GError **error)
{
	g_auto (Step) step = { 0 };

	if (!step_begin (&step, tx, registry, actor, id, ACT_WITHDRAW, statement, error) ||
	    (statement && !read_withdrawal (&step, &reason, error)))
		return FALSE;
	g_free (step.application.returned_reason);
	g_free (step.application.returned_fields);
	step.application.returned_reason = g_strdup (reason);
	step.application.returned_fields = NULL;
	return step_finish (&step, view, error);
}
