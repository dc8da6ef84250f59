/* registry/submit.c — an application is handed in: complete, with its keys, priced, numbered, and for some services at once
 * with its effect.
 *
 * A key signs for itself: services with a new key are submitted with that key, whoever sends them.  The others are
 * submitted with the session's certificate, by a clerk for whom he saw (lodged), or with an access code alone.
 */
#include <string.h>

#include "base/civil.h"
#include "base/error.h"
#include "calendar/calendar.h"
#include "registry/application_db.h"
#include "registry/weak_keys.h"

/* --- keys ------------------------------------------------------------------------------ */

/* A key proves one holder: it may not come back under another application or certificate. */
static gboolean
bind_key (Tx *tx, const char *application, const PublicKey *key, GError **error)
{
	const Fingerprint *spki = public_key_fingerprint (key);
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
	return weak_keys_take (tx, key, "/csr", error);
}

static gboolean
has_key (const GPtrArray *copies, GBytes *spki)
{
	for (guint i = 0; i < copies->len; i++)
		if (g_bytes_equal (((ApplicationCopy *) g_ptr_array_index (copies, i))->spki, spki))
			return TRUE;
	return FALSE;
}

static gboolean
take_keys (Step *step, Csr *const *csrs, gsize n, GError **error)
{
	Application *application = &step->application;
	guint wanted = service_rule (application->service)->key ? form_copies (application->kind, application->form) : 0;

	if (n != wanted)
		return diqi_fail (error, n < wanted ? DIQI_ERROR_FIELD_MISSING : DIQI_ERROR_FIELD_VALUE, "/csr",
		                  "%u certificate requests are needed, not %zu", wanted, n);
	g_ptr_array_set_size (application->copies, 0);
	for (gsize i = 0; i < n; i++) {
		g_autoptr (GBytes) spki = public_key_spki (csr_public_key (csrs[i]));
		ApplicationCopy *copy;

		if (has_key (application->copies, spki))
			return diqi_fail (error, DIQI_ERROR_KEY_REUSED, "/csr", "each copy needs a key of its own");
		if (!authority_profile_allows (step->registry->authority, application->profile, public_key_algorithm (csr_public_key (csrs[i])), "/csr", error))
			return FALSE;
		if (!bind_key (step->tx, application->id, csr_public_key (csrs[i]), error))
			return FALSE;
		copy = g_new0 (ApplicationCopy, 1);
		copy->copy = (guint) i;
		copy->spki = g_bytes_ref (spki);
		g_ptr_array_add (application->copies, copy);
	}
	g_clear_pointer (&application->spki, g_bytes_unref);
	if (n > 0)
		application->spki = g_bytes_ref (((ApplicationCopy *) g_ptr_array_index (application->copies, 0))->spki);
	return TRUE;
}

/* --- the statement ------------------------------------------------------------------------ */

typedef struct {
	const char *application, *service, *form, *certificate;
} Submission;

static gboolean
check_facts (const Application *application, const Submission *said, GError **error)
{
	return expect_same ("application", said->application, application->id, error) &&
	       expect_same ("service", said->service, service_name (application->service), error) &&
	       expect_same ("form", said->form, application->form_hash, error) &&
	       expect_same ("certificate", said->certificate, application->certificate, error);
}

static gboolean
check_more (const json_t *more, Csr *const *csrs, gsize n, GError **error)
{
	if (json_array_size (more) != n - 1)
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, "/statement/more", "the statement names %zu further keys, not %zu",
		                  json_array_size (more), n - 1);
	for (gsize i = 1; i < n; i++) {
		g_autofree char *is = fingerprint_hex (public_key_fingerprint (csr_public_key (csrs[i])));

		if (!expect_same ("more", json_string_value (json_array_get (more, i - 1)), is, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean
check_key_submission (const Step *step, Csr *const *csrs, gsize n, GError **error)
{
	const PublicKey *key = csr_public_key (csrs[0]);
	g_autofree char *spki_is = fingerprint_hex (public_key_fingerprint (key));
	Submission said = { 0 };
	const char *spki;
	json_t *more = NULL;
	const Field fields[] = {
		{ "application", FIELD_UUID, TRUE, 0, &said.application },
		{ "service", FIELD_STRING, TRUE, 0, &said.service },
		{ "form", FIELD_HEX32, TRUE, 0, &said.form },
		{ "certificate", FIELD_STRING, FALSE, 40, &said.certificate },
		{ "spki", FIELD_HEX32, TRUE, 0, &spki },
		{ "more", FIELD_ARRAY, FALSE, 20, &more },
	};

	if (statement_by_certificate (step->statement) ||
	    !fingerprint_equal (statement_signer (step->statement), public_key_fingerprint (key)))
		return diqi_fail (error, DIQI_ERROR_STATEMENT_SIGNER, "/statement", "a submission is signed with the key of the request");
	return EXPECT_MEMBERS (step->statement, fields, error) && check_facts (&step->application, &said, error) &&
	       expect_same ("spki", spki, spki_is, error) && check_more (more, csrs, n, error);
}

/* A clerk signs for the one whose request it is. */
static gboolean
check_lodged_key (const Step *step, Csr *const *csrs, gsize n, GError **error)
{
	Submission said = { 0 };
	const char *spki;
	const Field fields[] = {
		{ "application", FIELD_UUID, TRUE, 0, &said.application },
		{ "service", FIELD_STRING, TRUE, 0, &said.service },
		{ "form", FIELD_HEX32, TRUE, 0, &said.form },
		{ "certificate", FIELD_STRING, FALSE, 40, &said.certificate },
		{ "spki", FIELD_HEX32, TRUE, 0, &spki },
	};
	g_autofree char *is = n > 0 ? fingerprint_hex (public_key_fingerprint (csr_public_key (csrs[0]))) : NULL;

	/* How many it must be is said where the keys are taken. */
	return !is || (EXPECT_MEMBERS (step->statement, fields, error) && check_facts (&step->application, &said, error) &&
	               expect_same ("spki", spki, is, error));
}

static gboolean
check_keyless_submission (const Step *step, GError **error)
{
	Submission said = { 0 };
	const Field fields[] = {
		{ "application", FIELD_UUID, TRUE, 0, &said.application },
		{ "service", FIELD_STRING, TRUE, 0, &said.service },
		{ "form", FIELD_HEX32, TRUE, 0, &said.form },
		{ "certificate", FIELD_STRING, FALSE, 40, &said.certificate },
	};

	if (!step->statement)
		return TRUE;
	if (!statement_by_certificate (step->statement) || !fingerprint_equal (statement_signer (step->statement), &step->actor->fingerprint))
		return diqi_fail (error, DIQI_ERROR_STATEMENT_SIGNER, "/statement", "signed with another certificate than the session's");
	return EXPECT_MEMBERS (step->statement, fields, error) && check_facts (&step->application, &said, error);
}

/* --- form, price, number ------------------------------------------------------------------------ */

static gboolean
check_form (Step *step, GError **error)
{
	Application *application = &step->application;
	const ServiceRule *rule = service_rule (application->service);
	FormWarnings warnings;

	if (!form_check_complete (application->kind, application->form, step->now, &warnings, error) ||
	    !target_check_holder (step->tx, step->registry, application, error))
		return FALSE;
	if (form_copies (application->kind, application->form) > MAX (rule->copies, 1))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/form/copies", "%s is about one certificate", rule->name);
	if (rule->effect == EFFECT_TICKET && (!form_text (application->form, "token") || form_text (application->form, "token")[0] == '\0'))
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, "/form/token", "which token is to be unlocked? Its serial is printed on it");
	application->uscc_check_digit = warnings.uscc_check_digit;
	return TRUE;
}

/* The price of the day of submission holds, however long the rest takes; what is free is settled at once. */
static gboolean
price (Step *step, GError **error)
{
	Application *application = &step->application;
	const OrderLine line = { service_name (application->service), MAX (application->copies->len, 1) };
	g_autofree char *order = NULL;
	Tariff tariff;

	return tariff_at (step->tx, line.service, step->now, &tariff, error) &&
	       calendar_due (step->tx, step->now, tariff.promised_working_days, &application->due, error) &&
	       order_open (step->tx, application->id, &line, 1, step->now, &order, &application->amount_fen, &application->fee_paid, error);
}

/* 受理编号: SL, Beijing date, count of the day.  One that is handed in again keeps its own. */
static gboolean
give_number (Step *step, GError **error)
{
	Application *application = &step->application;
	CivilDate today = civil_beijing (step->now);
	g_autofree char *day = g_strdup_printf ("%04d%02d%02d", today.year, today.month, today.day);
	gint64 count;

	if (application->number)
		return TRUE;
	if (!db_number_next (step->tx, day, &count, error))
		return FALSE;
	application->number = g_strdup_printf ("SL%s-%06" G_GINT64_FORMAT, day, count);
	application->submitted = step->now;
	return TRUE;
}

static void
clear_return (Application *application)
{
	g_clear_pointer (&application->returned_reason, g_free);
	g_clear_pointer (&application->returned_fields, g_free);
}

static gboolean
finish (Step *step, json_t **view, GError **error)
{
	Application *application = &step->application;

	/* Order of locks: the certificate, then what the money and the numbers count. */
	if (!hold_when_authenticated (step, error) || !price (step, error) || !give_number (step, error))
		return FALSE;
	clear_return (application);
	g_clear_pointer (&application->submission_hash, g_free);
	if (step->statement) {
		application->submission_hash = fingerprint_hex (statement_payload_hash (step->statement));
		json_object_set_new (step_effect (step), "submission", json_string (application->submission_hash));
	}
	json_object_set_new (step_effect (step), "number", json_string (application->number));
	json_object_set_new (step_effect (step), "authenticated", json_string (authenticated_name (application->authenticated)));
	return step_finish (step, view, error);
}

/* The access code of a draft is no certificate: what counts is who hands it in. */
static void
check_authentication (Application *application, const Actor *actor)
{
	if (application->authenticated == AUTHENTICATED_CERTIFICATE && actor->kind != ACTOR_HOLDER)
		application->authenticated = AUTHENTICATED_ACCESS_CODE;
}

gboolean
application_submit (Tx *tx, Registry *registry, const Actor *actor, const char *id, Csr *const *csrs, gsize n,
                    const Statement *statement, json_t **view, GError **error)
{
	g_auto (Step) step = { 0 };

	if (!step_begin (&step, tx, registry, actor, id, ACT_SUBMIT, statement, error) || !check_form (&step, error))
		return FALSE;
	if (n > 0 && service_rule (step.application.service)->key && !check_key_submission (&step, csrs, n, error))
		return FALSE;
	if (n == 0 && !service_rule (step.application.service)->key && !check_keyless_submission (&step, error))
		return FALSE;
	check_authentication (&step.application, actor);
	return take_keys (&step, csrs, n, error) && finish (&step, view, error);
}

gboolean
application_lodge (Tx *tx, Registry *registry, const Actor *actor, const char *id, Csr *const *csrs, gsize n,
                   const Statement *statement, json_t **view, GError **error)
{
	g_auto (Step) step = { 0 };
	gboolean key;

	if (!step_begin (&step, tx, registry, actor, id, ACT_LODGE, statement, error) ||
	    !check_form (&step, error))
		return FALSE;
	key = service_rule (step.application.service)->key;
	if (key ? !check_lodged_key (&step, csrs, n, error) : !check_keyless_submission (&step, error))
		return FALSE;
	step.application.authenticated = AUTHENTICATED_COUNTER;
	return take_keys (&step, csrs, n, error) && finish (&step, view, error);
}
