/* registry/contract.c — see contract.h. */
#include "registry/contract.h"

#include <string.h>

#include "base/error.h"
#include "registry/application_private.h"
#include "registry/contract_db.h"
#include "registry/paper_forms.h"

#define READERS (ROLE_CLERK | ROLE_CASHIER | ROLE_REVIEWER | ROLE_ISSUER | ROLE_AUDITOR)

static gboolean
read_contract (Tx *tx, Registry *registry, const char *id, char **text, char **hash, GError **error)
{
	if (!application_contract_document (tx, registry, id, text, error))
		return FALSE;
	*hash = hash_hex (*text, strlen (*text));
	return TRUE;
}

static json_t *
view_of (const char *id, const char *text, const char *hash, Micros at)
{
	json_t *view = json_pack ("{s:s, s:s, s:s}", "application", id, "contract", text, "hash", hash);

	if (at)
		json_object_set_new (view, "signed", json_time (at));
	return view;
}

/* Whose application it is says the form's number, too, before a first certificate of it was issued. */
static gboolean
check_holder (Tx *tx, const Registry *registry, const Application *application, const Actor *actor, GError **error)
{
	g_autofree char *number = form_holder_number (application->kind, application->form), *known = NULL;
	const SubjectIdentity identity = { registry->site, application->kind, NULL, number };

	if (actor->kind == ACTOR_HOLDER && number && !subject_find (tx, &identity, &known, error))
		return FALSE;
	return (known && g_strcmp0 (known, actor->subject) == 0) ||
	       diqi_fail (error, DIQI_ERROR_PERMISSION, NULL, "the contract is signed by the holder whose application it is");
}

gboolean
contract_view (Tx *tx, Registry *registry, const Actor *actor, const char *id, json_t **view, GError **error)
{
	g_auto (Application) application = { 0 };
	g_autofree char *text = NULL, *hash = NULL;
	Micros at;

	if (!application_load (tx, id, FALSE, &application, error) ||
	    (!application_check_reader (&application, actor, READERS, NULL) && !check_holder (tx, registry, &application, actor, error)) ||
	    !read_contract (tx, registry, id, &text, &hash, error) || !db_contract_signed (tx, id, hash, &at, error))
		return FALSE;
	*view = view_of (id, text, hash, at);
	return TRUE;
}

static gboolean
check_signing (Tx *tx, const Registry *registry, const Application *application, const Actor *actor, const Statement *statement,
               const char *hash, Micros now, GError **error)
{
	const char *id, *contract;
	const Field fields[] = {
		{ "application", FIELD_UUID, TRUE, 0, &id },
		{ "contract", FIELD_HEX32, TRUE, 0, &contract },
	};

	return check_holder (tx, registry, application, actor, error) &&
	       expect_statement (registry, actor, statement, "contract.sign", now, error) && EXPECT_MEMBERS (statement, fields, error) &&
	       expect_same ("application", id, application->id, error) && expect_same ("contract", contract, hash, error);
}

gboolean
contract_sign (Tx *tx, Registry *registry, const Actor *actor, const char *id, const Statement *statement, json_t **view, GError **error)
{
	g_auto (Application) application = { 0 };
	g_autofree char *text = NULL, *hash = NULL, *identity = fingerprint_hex (statement_identity (statement));
	g_autoptr (json_t) effect = NULL;
	Micros now = clock_now (registry->clock);

	if (!application_load (tx, id, TRUE, &application, error) || !read_contract (tx, registry, id, &text, &hash, error) ||
	    !check_signing (tx, registry, &application, actor, statement, hash, now, error))
		return FALSE;
	/* A draft has no number yet, which the contract names. */
	if (application.state != STATE_SUBMITTED && application.state != STATE_ACCEPTED)
		return diqi_fail (error, DIQI_ERROR_APPLICATION_STATE, NULL, "no contract is signed in state %s", application_state_name (application.state));
	if (!db_contract_put (tx, &(ContractRow) { id, hash, text, identity, actor->subject, now }, error))
		return FALSE;
	effect = json_pack ("{s:s, s:s}", "contract", hash, "subject", actor->subject);
	if (!evidence_append (tx, "contract.sign", id, now, statement, effect, NULL, error))
		return FALSE;
	*view = view_of (id, text, hash, now);
	return TRUE;
}

gboolean
contract_signed (Tx *tx, Registry *registry, const char *id, Micros *at, GError **error)
{
	g_autofree char *text = NULL, *hash = NULL;

	return read_contract (tx, registry, id, &text, &hash, error) && db_contract_signed (tx, id, hash, at, error);
}
