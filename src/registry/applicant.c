/* registry/applicant.c — what the applicant does: draft, edit, submit. */
#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "identity/secret.h"
#include "registry/access_code.h"
#include "registry/application_db.h"

static gboolean
write_creation (Tx *tx, const Application *application, GError **error)
{
	const NewAct act = {
		.application = application->id,
		.version = application->version,
		.act = application_act_name (ACT_CREATE),
		.to_state = application_state_name (application->state),
		.at = application->created,
		.by_name = "applicant",
	};

	return db_application_insert (tx, application, error) && db_act_insert (tx, &act, error);
}

gboolean
application_create (Tx *tx, Registry *registry, SubjectKind kind, const json_t *form,
                    char **access_code, json_t **view, GError **error)
{
	g_autofree char *code = *access_code ? g_strdup (*access_code) : access_code_new ();
	g_auto (Application) application = { 0 };
	Micros now = clock_now (registry->clock);
	Tariff tariff;

	if (!form_check_draft (kind, form, error) || !tariff_at (tx, SERVICE_ISSUE, now, &tariff, error))
		return FALSE;
	application = (Application) {
		.id = uuid7_new (now),
		.kind = kind,
		.service = g_strdup (SERVICE_ISSUE),
		.state = STATE_DRAFT,
		.version = 1,
		.created = now,
		.updated = now,
		.profile = g_strdup (subject_kind_name (kind)),
		.amount_fen = tariff.amount_fen,
	};
	access_code_hash (code, &application.access_hash);
	application_set_form (registry, &application, form);
	if (!write_creation (tx, &application, error))
		return FALSE;
	if (view && !application_view_load (tx, &application, view, error))
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

/* A key proves one holder: it may not come back under another application or certificate. */
static gboolean
bind_key (Tx *tx, const char *application, const Fingerprint *spki, GError **error)
{
	g_autofree char *hex = fingerprint_hex (spki);
	g_autofree char *owner = NULL;
	gboolean known;

	if (!authority_key_known (tx, spki, &known, error))
		return FALSE;
	if (!db_key_bind (tx, hex, application, error) || !db_key_owner (tx, hex, &owner, error))
		return FALSE;
	if (g_strcmp0 (owner, application) != 0)
		return diqi_fail (error, DIQI_ERROR_KEY_REUSED, "/csr", "the key belongs to another application: make a new one");
	if (known)
		return diqi_fail (error, DIQI_ERROR_KEY_REUSED, "/csr", "the key belongs to a certificate: make a new one");
	return TRUE;
}

static gboolean
check_submission (const Step *step, const PublicKey *key, GError **error)
{
	const Application *application = &step->application;
	g_autofree char *spki_is = fingerprint_hex (public_key_fingerprint (key));
	const char *id, *service, *form, *spki;
	const Field fields[] = {
		{ "application", FIELD_UUID, TRUE, 0, &id },
		{ "service", FIELD_STRING, TRUE, 0, &service },
		{ "form", FIELD_HEX32, TRUE, 0, &form },
		{ "spki", FIELD_HEX32, TRUE, 0, &spki },
	};

	if (statement_by_certificate (step->statement) ||
	    !fingerprint_equal (statement_signer (step->statement), public_key_fingerprint (key)))
		return diqi_fail (error, DIQI_ERROR_STATEMENT_SIGNER, "/statement", "a submission is signed with the key of the request");
	return EXPECT_MEMBERS (step->statement, fields, error) &&
	       expect_same ("application", id, application->id, error) &&
	       expect_same ("service", service, application->service, error) &&
	       expect_same ("form", form, application->form_hash, error) &&
	       expect_same ("spki", spki, spki_is, error);
}

static void
clear_return (Application *application)
{
	g_clear_pointer (&application->returned_reason, g_free);
	g_clear_pointer (&application->returned_fields, g_free);
}

gboolean
application_submit (Tx *tx, Registry *registry, const Actor *actor, const char *id, const Csr *csr,
                    const Statement *statement, json_t **view, GError **error)
{
	g_auto (Step) step = { 0 };
	Application *application = &step.application;
	PublicKey *key = csr_public_key (csr);
	FormWarnings warnings;
	Tariff tariff;

	if (!step_begin (&step, tx, registry, actor, id, ACT_SUBMIT, statement, error) ||
	    !form_check_complete (application->kind, application->form, step.now, &warnings, error) ||
	    !check_submission (&step, key, error) ||
	    !bind_key (tx, application->id, public_key_fingerprint (key), error))
		return FALSE;
	/* The price of the day of submission holds, however long the rest takes. */
	if (!application->fee_paid) {
		if (!tariff_at (tx, application->service, step.now, &tariff, error))
			return FALSE;
		application->amount_fen = tariff.amount_fen;
	}
	clear_return (application);
	g_clear_pointer (&application->spki, g_bytes_unref);
	application->spki = public_key_spki (key);
	g_free (application->submission_hash);
	application->submission_hash = fingerprint_hex (statement_payload_hash (statement));
	application->uscc_check_digit = warnings.uscc_check_digit;
	json_object_set_new (step_effect (&step), "submission", json_string (application->submission_hash));
	return step_finish (&step, view, error);
}
