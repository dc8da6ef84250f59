/* registry/tell.c — the messages that an act sends to its applicant. */
#include "base/error.h"
#include "ledger/ledger.h"
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
	set_text (params, "token", form_text (application->form, "token"));
	return params;
}

gboolean
application_tell (Tx *tx, const Application *application, const char *template_name, json_t *more, const char *once,
                  Micros now, GError **error)
{
	gboolean organization = application->kind == SUBJECT_ORGANIZATION;
	g_autofree char *dedupe = g_strdup_printf ("%s:%s", template_name, once);
	g_autoptr (json_t) params = params_of (application);
	g_autoptr (json_t) owned = more;
	const OutboxMessage message = {
		.template_name = template_name,
		.application = application->id,
		.subject = application->subject,
		.mail = form_text (application->form, organization ? "operator_email" : "email"),
		.mobile = form_text (application->form, organization ? "operator_mobile" : "mobile"),
		.language = application->language,
		.params = params,
		.dedupe = dedupe,
	};

	if (owned)
		json_object_update (params, owned);
	return outbox_tell (tx, &message, now, error);
}

gboolean
order_tell (Tx *tx, const char *order, const char *template_name, json_t *more, const char *once, Micros now, GError **error)
{
	g_auto (Application) application = { 0 };
	g_autofree char *about = NULL;
	g_autoptr (json_t) owned = more;

	return order_about (tx, order, &about, error) && application_load (tx, about, FALSE, &application, error) &&
	       application_tell (tx, &application, template_name, json_incref (owned), once, now, error);
}

gboolean
order_tell_refunds (Tx *tx, const char *order, Micros now, GError **error)
{
	g_autoptr (json_t) view = NULL;
	json_t *refund;
	gsize i;

	if (!order_view (tx, order, &view, error))
		return FALSE;
	json_array_foreach (json_object_get (view, "refunds"), i, refund)
		if (g_strcmp0 (form_text (refund, "state"), "paid") == 0 &&
		    !order_tell (tx, order, "refund.paid", json_pack ("{s:O}", "amount", json_object_get (refund, "amount_fen")),
		                 form_text (refund, "refund"), now, error))
			return FALSE;
	return TRUE;
}

/* What the money of the application's order came to: paid, or to be given back.  Of other states there is nothing to say. */
static gboolean
tell_of_money (const Step *step, const char *state, const char *template_name, GError **error)
{
	g_autofree char *order = NULL;
	g_autoptr (json_t) view = NULL;
	const char *receipt;

	if (!order_of (step->tx, step->application.id, &order, error))
		return FALSE;
	if (!order)
		return TRUE;
	if (!order_view (step->tx, order, &view, error))
		return FALSE;
	if (g_strcmp0 (form_text (view, "state"), state) != 0)
		return TRUE;
	receipt = form_text (json_object_get (view, "receipt"), "number");
	return application_tell (step->tx, &step->application, template_name,
	                         json_pack ("{s:O, s:s*}", "amount", json_object_get (view, "amount_fen"), "receipt", receipt), order,
	                         step->now, error);
}

gboolean
step_tell (const Step *step, GError **error)
{
	const ApplicationTransition *transition = step->transition;
	g_autofree char *once = g_strdup_printf ("%s:%" G_GINT64_FORMAT, step->application.id, step->application.version);

	if (transition->template_name &&
	    !application_tell (step->tx, &step->application, transition->template_name, NULL, once, step->now, error))
		return FALSE;
	if (step->act == ACT_FEE || step->act == ACT_FEE_PAID)
		return tell_of_money (step, "paid", "payment.received", error);
	return !(transition->effects & EFFECT_DROPS_ORDER) || tell_of_money (step, "refundable", "refund.due", error);
}
