/* registry/settle.c — what payment does to an application. */
#include "base/error.h"
#include "registry/application_db.h"

static gboolean
act_of (const char *how, ApplicationAct *act)
{
	static const ApplicationAct acts[] = { ACT_FEE, ACT_FEE_PAID, ACT_FEE_WAIVE };

	for (gsize i = 0; i < G_N_ELEMENTS (acts); i++) {
		if (g_strcmp0 (application_act_name (acts[i]), how) != 0)
			continue;
		*act = acts[i];
		return TRUE;
	}
	return FALSE;
}

gboolean
application_settle (Tx *tx, Registry *registry, const char *order_about, const char *how, const Actor *actor,
                    const Statement *statement, json_t *effect, json_t **view, GError **error)
{
	g_auto (Step) step = { 0 };
	ApplicationAct act;

	if (!act_of (how, &act))
		return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "nothing is settled by %s", how);
	if (!step_begin (&step, tx, registry, actor, order_about, act, statement, error))
		return FALSE;
	step.application.fee_paid = TRUE;
	if (effect)
		json_object_update (step_effect (&step), effect);
	return step_finish (&step, view, error);
}
