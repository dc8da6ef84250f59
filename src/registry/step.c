/* registry/step.c — one act upon an application, by the table of states.c.
 *
 * Refusals come in this order: no such application, may not, statement at fault, wrong state,
 * same person, unpaid.  What one act alone asks for is checked by its own function between
 * step_begin and step_finish.
 */
#include <string.h>

#include "base/error.h"
#include "registry/application_db.h"
#include "registry/point.h"

void
step_clear (Step *step)
{
	application_clear (&step->application);
	g_clear_pointer (&step->effect, json_decref);
}

static gboolean
may_act (const Application *application, const Actor *actor, const ApplicationTransition *t)
{
	switch (t->by) {
	case BY_ANYBODY:
		return TRUE;
	case BY_APPLICANT:
		return actor && actor->kind != ACTOR_OFFICER && application_check_reader (application, actor, 0, NULL);
	case BY_OFFICER:
		return actor && actor_has_role (actor, t->roles);
	case BY_HOLDER: {
		g_autofree char *fingerprint = actor ? fingerprint_hex (&actor->fingerprint) : NULL;

		return actor && actor->kind == ACTOR_HOLDER && g_strcmp0 (fingerprint, application->fingerprint) == 0;
	}
	case BY_SYSTEM:
		return actor == NULL;
	}
	return FALSE;
}

static gboolean
check_persons (const Step *step, GError **error)
{
	const Application *application = &step->application;
	guint guards = step->transition->guards;

	if ((guards & GUARD_NOT_CLERK) && g_strcmp0 (step->actor->person, application->clerk) == 0)
		return diqi_fail (error, DIQI_ERROR_SAME_PERSON, NULL, "you accepted this application: another person must decide now");
	if ((guards & GUARD_NOT_REVIEWER) && g_strcmp0 (step->actor->person, application->reviewer) == 0)
		return diqi_fail (error, DIQI_ERROR_SAME_PERSON, NULL, "you reviewed this application: another person must issue");
	return TRUE;
}

/* An officer with points of his own acts for theirs only; a point takes in what it does. */
static gboolean
check_point (const Step *step, GError **error)
{
	const Application *application = &step->application;

	if (!application->point || !step->actor || step->actor->kind != ACTOR_OFFICER)
		return TRUE;
	if (!point_check_officer (step->tx, application->point, step->actor->person, error))
		return FALSE;
	return (step->act != ACT_ACCEPT && step->act != ACT_LODGE) ||
	       point_check (step->tx, application->point, service_name (application->service), error);
}

static gboolean
check_state (Step *step, GError **error)
{
	const Application *application = &step->application;

	step->transition = application_transition (application->service, application->state, step->act, application->fee_paid);
	if (!step->transition)
		return diqi_fail (error, DIQI_ERROR_APPLICATION_STATE, NULL, "%s is not possible in state %s",
		                  application_act_name (step->act), application_state_name (application->state));
	if (!check_persons (step, error) || !check_point (step, error))
		return FALSE;
	if ((step->transition->guards & GUARD_PAID) && !application->fee_paid)
		return diqi_fail (error, DIQI_ERROR_APPLICATION_UNPAID, NULL, "the fee of application %s is not recorded", application->id);
	if ((step->transition->guards & GUARD_NOT_APPLICANT) &&
	    !persons_check (step->tx, step->registry, application, step->actor->person, error))
		return FALSE;
	return !(step->transition->guards & GUARD_TARGET) || target_check (step->tx, application, step->now, error);
}

/* What the service does not know, another may: who may not even there is told so, not that it is another service's. */
static const ApplicationTransition *
rule_of (Service service, ApplicationAct act)
{
	const ApplicationTransition *rule = application_act_rule (service, act);

	for (Service other = 0; other < N_SERVICES && !rule; other++)
		rule = application_act_rule (other, act);
	g_assert (rule);
	return rule;
}

/* With an access code there is no certificate to sign with; a session has one. */
static gboolean
check_statement (const Step *step, const ApplicationTransition *rule, GError **error)
{
	gboolean unsigned_allowed = (rule->guards & GUARD_CODE_UNSIGNED) && step->actor->kind == ACTOR_APPLICANT;

	if (step->statement)
		return rule->statement && expect_statement (step->registry, step->actor, step->statement, rule->statement, step->now, error);
	return !rule->statement || unsigned_allowed ||
	       diqi_fail (error, DIQI_ERROR_FIELD_MISSING, "/statement", "a statement of your certificate is required");
}

gboolean
step_begin (Step *step, Tx *tx, Registry *registry, const Actor *actor, const char *id,
            ApplicationAct act, const Statement *statement, GError **error)
{
	g_auto (Application) application = { 0 };

	*step = (Step) { 0 };
	return application_load (tx, id, TRUE, &application, error) &&
	       step_begin_with (step, tx, registry, actor, &application, act, statement, error);
}

gboolean
step_begin_with (Step *step, Tx *tx, Registry *registry, const Actor *actor, Application *application,
                 ApplicationAct act, const Statement *statement, GError **error)
{
	const ApplicationTransition *rule;

	*step = (Step) {
		.tx = tx, .registry = registry, .actor = actor, .statement = statement, .act = act,
		.now = clock_now (registry->clock), .application = *application,
	};
	*application = (Application) { 0 };
	rule = rule_of (step->application.service, act);
	if (!may_act (&step->application, actor, rule))
		return diqi_fail (error, DIQI_ERROR_PERMISSION, NULL, "%s is not yours to do", application_act_name (act));
	return check_statement (step, rule, error) && check_state (step, error);
}

json_t *
step_effect (Step *step)
{
	if (!step->effect)
		step->effect = json_object ();
	return step->effect;
}

static void
void_review (Application *application)
{
	g_clear_pointer (&application->reviewer, g_free);
	g_clear_pointer (&application->issuer, g_free);
	g_clear_pointer (&application->request_hash, g_free);
	g_clear_pointer (&application->review_statement, g_free);
	g_clear_pointer (&application->issue_statement, g_free);
	g_clear_pointer (&application->serial, g_free);
	application->profile_version = 0;
	application->validity_days = 0;
	application->encryption_version = 0;
	for (guint i = 0; i < application->copies->len; i++) {
		ApplicationCopy *copy = g_ptr_array_index (application->copies, i);

		g_clear_pointer (&copy->serial, g_free);
	}
}

static void
change_state (Step *step)
{
	Application *application = &step->application;

	if (step->transition->effects & EFFECT_VOIDS_APPROVALS)
		g_clear_pointer (&application->clerk, g_free);
	if (step->transition->effects & (EFFECT_VOIDS_APPROVALS | EFFECT_VOIDS_REVIEW))
		void_review (application);
	application->state = step->transition->to;
	application->version++;
	application->updated = step->now;
}

static const char *
actor_label (const Actor *actor)
{
	if (!actor)
		return "system";
	if (actor->kind == ACTOR_OFFICER)
		return actor->name;
	/* Applicants and holders are named in the form; the history need not repeat it. */
	return actor->kind == ACTOR_HOLDER ? "holder" : "applicant";
}

static gboolean
write_history (const Step *step, GError **error)
{
	g_autofree char *identity = step->statement ? fingerprint_hex (statement_identity (step->statement)) : NULL;
	const NewAct act = {
		.application = step->application.id,
		.version = step->application.version,
		.act = application_act_name (step->act),
		.to_state = application_state_name (step->application.state),
		.at = step->now,
		.by_name = actor_label (step->actor),
		.by_person = step->actor ? step->actor->person : NULL,
		.statement_identity = identity,
	};

	return db_act_insert (step->tx, &act, error);
}

/* Hashes and states only: a leaf is kept for ever, personal data need not be. */
static gboolean
write_leaf (Step *step, GError **error)
{
	const Application *application = &step->application;
	json_t *effect = step_effect (step);

	if (step->transition->effects & EFFECT_UNRECORDED)
		return TRUE;
	json_object_set_new (effect, "from", json_string (application_state_name (step->transition->from)));
	json_object_set_new (effect, "to", json_string (application_state_name (application->state)));
	json_object_set_new (effect, "version", json_integer (application->version));
	json_object_set_new (effect, "form", json_string (application->form_hash));
	if (step->actor && step->actor->person)
		json_object_set_new (effect, "person", json_string (step->actor->person));
	return evidence_append (step->tx, application_act_name (step->act), application->id, step->now, step->statement,
	                        effect, NULL, error);
}

/* The rows of the copies follow the application's: void without a review, filled by issuing. */
static gboolean
write_copies (const Step *step, GError **error)
{
	const GPtrArray *copies = step->application.copies;

	if (!db_copies_delete (step->tx, step->application.id, error))
		return FALSE;
	for (guint i = 0; i < copies->len; i++)
		if (!db_copy_insert (step->tx, step->application.id, g_ptr_array_index (copies, i), error))
			return FALSE;
	return TRUE;
}

/* What is rendered is earned; what will not be is not asked for, or given back. */
static gboolean
settle_order (const Step *step, GError **error)
{
	guint effects = step->transition->effects;

	if (effects & EFFECT_FULFILS)
		return order_render (step->tx, step->application.id, step->now, error);
	return !(effects & EFFECT_DROPS_ORDER) || order_drop (step->tx, step->application.id, step->now, error);
}

/* What an officer may search for changes when it is submitted and when certificates are stored. */
static gboolean
index_terms (const Step *step, GError **error)
{
	if (step->act == ACT_STORE)
		return search_index_issued (step->tx, step->registry, &step->application, error);
	if (step->act != ACT_SUBMIT && step->act != ACT_LODGE)
		return TRUE;
	return search_index (step->tx, step->registry, &step->application, error);
}

gboolean
step_finish (Step *step, json_t **view, GError **error)
{
	g_autoptr (json_t) shown = NULL;

	change_state (step);
	if (!db_application_update (step->tx, &step->application, error) || !write_copies (step, error) || !write_history (step, error) ||
	    !index_terms (step, error) ||
	    !settle_order (step, error) || !step_tell (step, error))
		return FALSE;
	if (view && !application_view_load (step->tx, &step->application, step->now, &shown, error))
		return FALSE;
	/* Last: it takes the lock that orders all acts of the site. */
	if (!write_leaf (step, error))
		return FALSE;
	if (view)
		*view = g_steal_pointer (&shown);
	return TRUE;
}
