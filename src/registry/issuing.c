/* registry/issuing.c — from the issuer's statement to the stored certificate, and back after a crash. */
#include <string.h>

#include "base/error.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "registry/application_db.h"

static gboolean
same_statement (const char *stored, const Statement *statement)
{
	g_autoptr (Statement) first = stored ? statement_parse (stored, -1, NULL) : NULL;

	return first && fingerprint_equal (statement_identity (first), statement_identity (statement));
}

/* With a target certificate the holder is known, whatever the form calls him now. */
static gboolean
find_subject (const Step *step, char **subject, GError **error)
{
	const Application *application = &step->application;
	g_autofree char *number = form_holder_number (application->kind, application->form);
	const SubjectIdentity identity = {
		.site = step->registry->site,
		.kind = application->kind,
		.name = form_holder_name (application->kind, application->form),
		.number = number,
	};

	if (application->certificate)
		return TRUE;
	g_clear_pointer (subject, g_free);
	return subject_find_or_create (step->tx, &identity, step->now, subject, error);
}

static gboolean
intend_copy (const Step *step, const CertificateRequest *request, ApplicationCopy *copy, GError **error)
{
	const Application *application = &step->application;
	g_autofree char *encryption_profile = encryption_profile_of (application);
	Fingerprint spki;
	Serial serial;
	IssueIntent intent = {
		.application = application->id,
		.copy = copy->copy,
		.subject = application->subject,
		.profile = application->profile,
		.profile_version = application->profile_version,
		.request = request->text,
		.request_n = request->n,
		.spki = &spki,
		.reviewer_statement = application->review_statement,
		.issuer_statement = statement_compact (step->statement),
		.encryption_profile = application->encryption_version ? encryption_profile : NULL,
		.encryption_version = application->encryption_version,
	};

	g_autoptr (PublicKey) key = public_key_from_spki (g_bytes_get_data (copy->spki, NULL), g_bytes_get_size (copy->spki), error);
	if (!key)
		return FALSE;
	intent.algorithm = public_key_algorithm (key);
	spki = *public_key_fingerprint (key);
	if (!authority_intend (step->tx, step->registry->authority, &intent, step->now, &serial, error))
		return FALSE;
	g_free (copy->serial);
	copy->serial = serial_hex (&serial);
	return TRUE;
}

static gboolean
intend_all (Step *step, const CertificateRequest *request, GError **error)
{
	GPtrArray *copies = step->application.copies;
	json_t *serials = json_array ();

	json_object_set_new (step_effect (step), "serials", serials);
	for (guint i = 0; i < copies->len; i++) {
		ApplicationCopy *copy = g_ptr_array_index (copies, i);

		if (!intend_copy (step, request, copy, error))
			return FALSE;
		json_array_append_new (serials, json_string (copy->serial));
	}
	return TRUE;
}

gboolean
application_begin_issue (Tx *tx, Registry *registry, const Actor *actor, const char *id,
                         const Statement *statement, GError **error)
{
	g_auto (Step) step = { 0 };
	g_auto (Application) loaded = { 0 };
	g_auto (CertificateRequest) request = { 0 };
	Application *application = &step.application;

	if (!application_load (tx, id, TRUE, &loaded, error))
		return FALSE;
	/* The same statement again, while its issue is under way or done, asks for nothing new. */
	if (same_statement (loaded.issue_statement, statement))
		return TRUE;
	if (!step_begin_with (&step, tx, registry, actor, &loaded, ACT_ISSUE, statement, error) ||
	    !submission_check (tx, application, error) ||
	    !certificate_request_build (tx, registry, application, &request, error) ||
	    !expect_same ("request", application->request_hash, request.hash, error) ||
	    !expect_approval (statement, application, &request, error) ||
	    !target_check_holder (tx, registry, application, error) ||
	    !find_subject (&step, &application->subject, error) ||
	    !intend_all (&step, &request, error))
		return FALSE;
	application->issuer = g_strdup (actor->person);
	application->issue_statement = g_strdup (statement_compact (statement));
	g_free (application->serial);
	application->serial = g_strdup (((ApplicationCopy *) g_ptr_array_index (application->copies, 0))->serial);
	json_object_set_new (step_effect (&step), "request", json_string (request.hash));
	return step_finish (&step, NULL, error);
}

/* Serials and fingerprints of the encryption certificates, for the leaf. */
static gboolean
add_encryption (Step *step, GError **error)
{
	g_autoptr (GPtrArray) rows = certificates_of_application (step->tx, step->application.id, error);
	g_autoptr (json_t) list = json_array ();

	if (!rows)
		return FALSE;
	for (guint i = 0; i < rows->len; i++) {
		const CertificateRow *row = g_ptr_array_index (rows, i);

		if (row->encrypts)
			json_array_append_new (list, json_pack ("{s:s, s:s?}", "serial", row->serial, "fingerprint", row->fingerprint));
	}
	if (json_array_size (list) > 0)
		json_object_set (step_effect (step), "encryption", list);
	return TRUE;
}

/* Somebody else finished meanwhile: fine, if it is the same certificate. */
static gboolean
already_finished (Tx *tx, const Registry *registry, const Application *application, GBytes *first, json_t **view, GError **error)
{
	g_autofree char *fingerprint = hash_hex (g_bytes_get_data (first, NULL), g_bytes_get_size (first));

	if (!g_str_equal (application->fingerprint, fingerprint))
		return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "application %s has another certificate", application->id);
	return !view || application_view_load (tx, application, clock_now (registry->clock), view, error);
}

static gboolean
take_certificates (Step *step, const GPtrArray *certificates, GError **error)
{
	Application *application = &step->application;
	json_t *fingerprints = json_array ();

	json_object_set_new (step_effect (step), "serial", json_string (application->serial));
	json_object_set_new (step_effect (step), "fingerprints", fingerprints);
	if (certificates->len != application->copies->len)
		return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "%u certificates came for %u copies", certificates->len, application->copies->len);
	for (guint i = 0; i < certificates->len; i++) {
		ApplicationCopy *copy = g_ptr_array_index (application->copies, i);

		copy->fingerprint = fingerprint_hex (certificate_fingerprint (g_ptr_array_index (certificates, i)));
		json_array_append_new (fingerprints, json_string (copy->fingerprint));
	}
	application->fingerprint = g_strdup (((ApplicationCopy *) g_ptr_array_index (application->copies, 0))->fingerprint);
	return TRUE;
}

gboolean
application_finish_issue (Tx *tx, Registry *registry, const char *id, const GPtrArray *pairs, json_t **view, GError **error)
{
	g_auto (Step) step = { 0 };
	g_auto (Application) loaded = { 0 };
	g_autoptr (GPtrArray) certificates = NULL;

	if (!application_load (tx, id, TRUE, &loaded, error))
		return FALSE;
	if (loaded.fingerprint)
		return already_finished (tx, registry, &loaded, ((IssuedPair *) g_ptr_array_index (pairs, 0))->certificate, view, error);
	if (!step_begin_with (&step, tx, registry, NULL, &loaded, ACT_STORE, NULL, error) ||
	    !authority_publish (tx, registry->authority, id, pairs, step.now, &certificates, error) ||
	    !take_certificates (&step, certificates, error) || !add_encryption (&step, error) ||
	    !target_replace (tx, registry, &step.application, step.now, step_effect (&step), error) ||
	    !people_of_form_record (tx, registry, &step.application, step.now, error))
		return FALSE;
	return step_finish (&step, view, error);
}

gboolean
application_abandon_issue (Tx *tx, Registry *registry, const char *id, const GError *refusal, GError **error)
{
	g_auto (Step) step = { 0 };

	if (!step_begin (&step, tx, registry, NULL, id, ACT_ABANDON, NULL, error) ||
	    !authority_abandon (tx, registry->authority, id, step.now, error))
		return FALSE;
	json_object_set_new (step_effect (&step), "serial", json_string (step.application.serial));
	json_object_set_new (step_effect (&step), "code", json_string (diqi_error_code_name (refusal)));
	return step_finish (&step, NULL, error);
}

/* --- without a transaction open ------------------------------------------------------------ */

typedef struct {
	Registry *registry;
	const Actor *actor;
	const char *id;
	const Statement *statement;
	const GPtrArray *pairs;        /* IssuedPair *, one a copy */
	const GError *refusal;
	json_t *view;
	const IssueAlso *also;         /* NULL: nothing */
} IssueArgs;

static gboolean
run_begin (Tx *tx, gpointer arg, GError **error)
{
	const IssueArgs *args = arg;

	return application_begin_issue (tx, args->registry, args->actor, args->id, args->statement, error);
}

static gboolean
run_finish (Tx *tx, gpointer arg, GError **error)
{
	IssueArgs *args = arg;

	g_clear_pointer (&args->view, json_decref);
	return application_finish_issue (tx, args->registry, args->id, args->pairs, &args->view, error) &&
	       (!args->also || args->also->run (tx, args->view, args->also->user, error));
}

static gboolean
run_abandon (Tx *tx, gpointer arg, GError **error)
{
	const IssueArgs *args = arg;

	return application_abandon_issue (tx, args->registry, args->id, args->refusal, error);
}

/* The refusal is what the caller hears; that another thread was faster to record it is nothing to say. */
static void
record_refusal (Store *store, IssueArgs *args, const GError *refusal)
{
	g_autoptr (GError) error = NULL;

	log_event (LOG_LEVEL_WARN, "issue.refused", "application", "%s", args->id, "code", "%s", diqi_error_code_name (refusal),
	           "detail", "%s", refusal->message, NULL);
	args->refusal = refusal;
	if (!store_run (store, "application.abandon", run_abandon, args, &error))
		log_event (LOG_LEVEL_WARN, "issue.abandon", "application", "%s", args->id, "detail", "%s", error->message, NULL);
}

static gboolean
sign_and_finish (Store *store, IssueArgs *args, GError **error)
{
	g_autoptr (GError) refusal = NULL;
	g_autoptr (GPtrArray) pairs = authority_sign (args->registry->authority, args->id, &refusal);

	if (!pairs) {
		if (authority_refusal_is_final (refusal))
			record_refusal (store, args, refusal);
		g_propagate_error (error, g_steal_pointer (&refusal));
		return FALSE;
	}
	args->pairs = pairs;
	return store_run (store, "application.finish", run_finish, args, error);
}

gboolean
application_issue (Registry *registry, Store *store, const Actor *actor, const char *id,
                   const Statement *statement, const IssueAlso *also, json_t **view, GError **error)
{
	IssueArgs args = { .registry = registry, .actor = actor, .id = id, .statement = statement, .also = also };
	g_autoptr (json_t) shown = NULL;

	if (!store_run (store, "application.issue", run_begin, &args, error))
		return FALSE;
	FAILPOINT ("registry.issue.intended");
	gboolean done = sign_and_finish (store, &args, error);
	shown = args.view;
	if (!done)
		return FALSE;
	FAILPOINT ("registry.issue.published");
	if (view)
		*view = g_steal_pointer (&shown);
	return TRUE;
}

static gboolean
run_unfinished (Tx *tx, gpointer arg, GError **error)
{
	GPtrArray **applications = arg;

	g_clear_pointer (applications, g_ptr_array_unref);
	*applications = authority_unfinished (tx, error);
	return *applications != NULL;
}

gboolean
registry_resume (Registry *registry, Store *store, guint *finished, GError **error)
{
	g_autoptr (GPtrArray) applications = NULL;
	guint n = 0;

	if (!store_read (store, "application.unfinished", run_unfinished, &applications, error))
		return FALSE;
	for (guint i = 0; i < applications->len; i++) {
		IssueArgs args = { .registry = registry, .id = g_ptr_array_index (applications, i) };
		g_autoptr (GError) failure = NULL;

		if (sign_and_finish (store, &args, &failure)) {
			json_decref (args.view);
			n++;
			continue;
		}
		/* A signer that is away will be away for the others too. */
		if (!authority_refusal_is_final (failure)) {
			g_propagate_error (error, g_steal_pointer (&failure));
			return FALSE;
		}
	}
	if (finished)
		*finished = n;
	return TRUE;
}
