/* registry/tell.c — the message that an act sends to its applicant. */
#include "base/error.h"
#include "outbox/outbox.h"
#include "registry/application_private.h"

static void
set_text (json_t *params, const char *name, const char *value)
{
	if (value)
		json_object_set_new (params, name, json_string (value));
}

static void
set_time (json_t *params, const char *name, Micros t)
{
	if (t)
		json_object_set_new (params, name, json_time (t));
}

/* Everything the templates of data/templates/params.json may ask for; each takes its own. */
static json_t *
params_of (const Application *application)
{
	json_t *params = json_object ();
	const Money amount = { application->amount_fen };

	/* What was handed in before there were numbers is known by its id. */
	set_text (params, "number", application->number ? application->number : application->id);
	set_text (params, "service", service_name (application->service));
	json_object_set_new (params, "amount", json_money (amount));
	set_time (params, "due", application->due);
	set_text (params, "reason", application->returned_reason);
	set_text (params, "answer", application->answer);
	set_text (params, "serial", application->serial);
	return params;
}

gboolean
step_tell (const Step *step, GError **error)
{
	const Application *application = &step->application;
	gboolean organization = application->kind == SUBJECT_ORGANIZATION;
	g_autoptr (json_t) params = NULL;

	if (!step->transition->template_name)
		return TRUE;
	params = params_of (application);
	const OutboxMessage message = {
		.template_name = step->transition->template_name,
		.application = application->id,
		.subject = application->subject,
		.mail = form_text (application->form, organization ? "operator_email" : "email"),
		.mobile = form_text (application->form, organization ? "operator_mobile" : "mobile"),
		.language = application->language,
		.params = params,
	};
	return outbox_tell (step->tx, &message, step->now, error);
}
