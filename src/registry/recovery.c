/* registry/recovery.c — see recovery.h. */
#include "registry/recovery.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "registry/application_private.h"
#include "registry/recovery_db.h"

/* A share under a transport key; a CMS envelope of 54 bytes is far below it. */
#define SHARE_MAX 4096

void
recovery_order_clear (RecoveryOrder *order)
{
	g_clear_pointer (&order->request, g_free);
	g_clear_pointer (&order->review, g_free);
	g_clear_pointer (&order->complete, g_free);
	g_clear_pointer (&order->hash, g_free);
	g_clear_pointer (&order->serial, g_free);
}

/* --- what is open -------------------------------------------------------------------------- */

static json_t *
brief (const Application *application)
{
	const char *holder = form_holder_name (application->kind, application->form);

	return json_pack ("{s:s, s:s?, s:s, s:s, s:s, s:o}", "application", application->id, "number", application->number,
	                  "serial", application->certificate, "kind", subject_kind_name (application->kind), "holder", holder ? holder : "",
	                  "approved", json_time (application->updated));
}

gboolean
recovery_list (Tx *tx, Registry *registry, json_t **items, GError **error)
{
	g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);
	g_autoptr (json_t) list = json_array ();

	(void) registry;
	if (!db_recoveries_open (tx, ids, error))
		return FALSE;
	for (guint i = 0; i < ids->len; i++) {
		g_auto (Application) application = { 0 };

		if (!application_load (tx, g_ptr_array_index (ids, i), FALSE, &application, error))
			return FALSE;
		json_array_append_new (list, brief (&application));
	}
	*items = g_steal_pointer (&list);
	return TRUE;
}

/* The signer says so again of the two who approved; the clerk who accepted it, only the registry knows. */
static gboolean
check_agent (Tx *tx, const Registry *registry, const Application *application, const Actor *agent, GError **error)
{
	const char *const own[] = { application->clerk, application->reviewer, application->issuer };

	for (gsize i = 0; i < G_N_ELEMENTS (own); i++)
		if (g_strcmp0 (own[i], agent->person) == 0)
			return diqi_fail (error, DIQI_ERROR_RECOVERY_SELF, NULL, "you accepted or approved this application: another agent must give his share");
	return persons_check (tx, registry, application, agent->person, error);
}

static gboolean
recovery_order_of (const Registry *registry, const Application *application, RecoveryOrder *out, GError **error)
{
	g_auto (CertificateRequest) request = { 0 };

	if (application->service != SERVICE_RECOVER_KEY || (application->state != STATE_APPROVED && application->state != STATE_COMPLETED))
		return diqi_fail (error, DIQI_ERROR_APPLICATION_STATE, NULL, "application %s is no approved recovery", application->id);
	if (!service_request_build (registry, application, &request, error) ||
	    !expect_same ("request", application->request_hash, request.hash, error))
		return FALSE;
	out->request = g_steal_pointer (&request.text);
	out->hash = g_steal_pointer (&request.hash);
	out->review = g_strdup (application->review_statement);
	out->complete = g_strdup (application->issue_statement);
	out->serial = g_strdup (application->certificate);
	out->done = application->state == STATE_COMPLETED;
	return TRUE;
}

gboolean
recovery_open (Tx *tx, Registry *registry, const Actor *agent, const char *id, RecoveryOrder *out, GError **error)
{
	g_auto (Application) application = { 0 };

	recovery_order_clear (out);
	return application_load (tx, id, FALSE, &application, error) && recovery_order_of (registry, &application, out, error) &&
	       check_agent (tx, registry, &application, agent, error);
}

/* --- shares ----------------------------------------------------------------------------------- */

static gboolean
expect_share (const Statement *statement, const RecoveryOrder *order, GError **error)
{
	const char *recovery, *serial, *transport;
	g_autoptr (GBytes) share = NULL;
	const Field fields[] = {
		{ "recovery", FIELD_HEX32, TRUE, 0, &recovery },
		{ "serial", FIELD_STRING, TRUE, 40, &serial },
		{ "transport", FIELD_HEX32, TRUE, 0, &transport },
		{ "share", FIELD_BASE64, TRUE, SHARE_MAX, &share },
	};

	return EXPECT_MEMBERS (statement, fields, error) && expect_same ("recovery", recovery, order->hash, error) &&
	       expect_same ("serial", serial, order->serial, error);
}

gboolean
recovery_check_share (Tx *tx, Registry *registry, const Actor *agent, const char *id, const Statement *statement,
                      RecoveryOrder *out, GError **error)
{
	return recovery_open (tx, registry, agent, id, out, error) &&
	       expect_statement (registry, agent, statement, "recovery.share", clock_now (registry->clock), error) &&
	       expect_share (statement, out, error);
}

gboolean
recovery_record_share (Tx *tx, Registry *registry, const Actor *agent, const char *id, const Statement *statement,
                       const KeyRecovery *state, GError **error)
{
	g_autofree char *identity = fingerprint_hex (statement_identity (statement));
	const ShareRow row = {
		.application = id, .statement_identity = identity, .person = agent->person, .by_name = agent->name, .at = clock_now (registry->clock),
	};
	g_autoptr (json_t) effect = json_pack ("{s:s, s:s, s:s, s:I}", "recovery", state->recovery, "serial", state->serial,
	                                       "person", agent->person, "threshold", (json_int_t) state->threshold);
	gboolean added;

	if (!db_share_insert (tx, &row, &added, error))
		return FALSE;
	return !added || evidence_append (tx, "recovery.share", id, row.at, statement, effect, NULL, error);
}

/* --- the key --------------------------------------------------------------------------------------- */

gboolean
recovery_finish (Tx *tx, Registry *registry, const char *id, const KeyRecovery *state, GError **error)
{
	g_auto (Application) application = { 0 };
	g_auto (Step) step = { 0 };
	g_autofree char *hash = NULL;

	if (!state->envelope)
		return TRUE;
	if (!application_load (tx, id, TRUE, &application, error))
		return FALSE;
	/* Another thread, or a second answer to the same share. */
	if (application.state == STATE_COMPLETED)
		return TRUE;
	if (!step_begin (&step, tx, registry, NULL, id, ACT_RECOVERED, NULL, error) ||
	    !db_recovered_insert (tx, id, state->serial, state->envelope, step.now, error))
		return FALSE;
	hash = hash_hex (g_bytes_get_data (state->envelope, NULL), g_bytes_get_size (state->envelope));
	json_object_set_new (step_effect (&step), "serial", json_string (state->serial));
	json_object_set_new (step_effect (&step), "recovery", json_string (state->recovery));
	json_object_set_new (step_effect (&step), "envelope", json_string (hash));
	return step_finish (&step, NULL, error);
}

gboolean
recovery_result (Tx *tx, Registry *registry, const Actor *actor, const char *id, json_t **out, GError **error)
{
	g_auto (Application) application = { 0 };
	g_auto (CertificateRow) row = { 0 };
	g_autoptr (GBytes) envelope = NULL;
	g_autofree char *serial = NULL;
	gint64 at = 0;

	(void) registry;
	if (!application_load (tx, id, FALSE, &application, error) || !application_check_reader (&application, actor, 0, error) ||
	    !db_recovered_get (tx, id, &serial, &envelope, &at, error))
		return FALSE;
	if (!envelope)
		return diqi_fail (error, DIQI_ERROR_APPLICATION_STATE, NULL, "no key was recovered for application %s", id);
	if (!certificate_load (tx, serial, FALSE, &row, error))
		return FALSE;
	*out = json_pack ("{s:s, s:s, s:o, s:o, s:o}", "application", id, "serial", serial,
	                  "certificate", json_base64 (g_bytes_get_data (row.der, NULL), g_bytes_get_size (row.der)),
	                  "envelope", json_base64 (g_bytes_get_data (envelope, NULL), g_bytes_get_size (envelope)), "recovered", json_time (at));
	return TRUE;
}

/* --- after a crash ---------------------------------------------------------------------------------- */

typedef struct {
	Registry *registry;
	const char *id;
	GPtrArray *ids;
	RecoveryOrder order;
	const KeyRecovery *state;
} Resume;

static gboolean
load_open (Tx *tx, gpointer arg, GError **error)
{
	Resume *resume = arg;

	g_ptr_array_set_size (resume->ids, 0);
	return db_recoveries_open (tx, resume->ids, error);
}

static gboolean
load_order (Tx *tx, gpointer arg, GError **error)
{
	Resume *resume = arg;
	g_auto (Application) application = { 0 };

	recovery_order_clear (&resume->order);
	return application_load (tx, resume->id, FALSE, &application, error) && recovery_order_of (resume->registry, &application, &resume->order, error);
}

static gboolean
run_finish (Tx *tx, gpointer arg, GError **error)
{
	const Resume *resume = arg;

	return recovery_finish (tx, resume->registry, resume->id, resume->state, error);
}

static gboolean
resume_one (Resume *resume, Store *store, SignerClient *signer, GError **error)
{
	g_auto (KeyRecovery) state = { NULL };

	if (!store_read (store, "recovery.order", load_order, resume, error) ||
	    !signer_begin_recovery (signer, resume->order.request, resume->order.review, resume->order.complete, &state, error))
		return FALSE;
	resume->state = &state;
	return !state.envelope || store_run (store, "recovery.finish", run_finish, resume, error);
}

gboolean
recovery_resume (Registry *registry, Store *store, SignerClient *signer, GError **error)
{
	g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);
	Resume resume = { .registry = registry, .ids = ids };
	gboolean done = store_read (store, "recovery.unfinished", load_open, &resume, error);

	for (guint i = 0; done && i < ids->len; i++) {
		g_autoptr (GError) failure = NULL;

		resume.id = g_ptr_array_index (ids, i);
		if (resume_one (&resume, store, signer, &failure))
			continue;
		/* One that the signer refuses stands in nobody else's way: an officer returns it. */
		if (authority_refusal_is_final (failure)) {
			log_event (LOG_LEVEL_WARN, "recovery.resume", "application", "%s", resume.id, "code", "%s", diqi_error_code_name (failure),
			           "detail", "%s", failure->message, NULL);
			continue;
		}
		g_propagate_error (error, g_steal_pointer (&failure));
		done = FALSE;
	}
	recovery_order_clear (&resume.order);
	return done;
}
