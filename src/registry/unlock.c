/* registry/unlock.c — see unlock.h. */
#include "registry/unlock.h"

#include <string.h>

#include "base/error.h"
#include "registry/application_private.h"
#include "registry/unlock_db.h"

#define TOKEN_MAX 32

void
unlock_ticket_clear (UnlockTicket *ticket)
{
	g_clear_pointer (&ticket->request, g_free);
	g_clear_pointer (&ticket->review, g_free);
	g_clear_pointer (&ticket->complete, g_free);
}

/* The application is an open ticket, and this clerk none of the two who approved it. */
static gboolean
check_ticket (const Application *application, const Actor *actor, GError **error)
{
	if (application->service != SERVICE_UNLOCK_PIN || application->state != STATE_APPROVED)
		return diqi_fail (error, DIQI_ERROR_APPLICATION_STATE, NULL, "application %s is no open unlock ticket", application->id);
	if (g_strcmp0 (actor->person, application->reviewer) == 0 || g_strcmp0 (actor->person, application->issuer) == 0)
		return diqi_fail (error, DIQI_ERROR_SAME_PERSON, NULL, "you approved this application: another clerk unlocks the token");
	return TRUE;
}

static gboolean
expect_unlock (const Statement *statement, const Application *application, const Fingerprint *spki, GError **error)
{
	const char *id, *token, *hash;
	g_autofree char *is = fingerprint_hex (spki);
	const Field fields[] = {
		{ "application", FIELD_UUID, TRUE, 0, &id },
		{ "token", FIELD_STRING, TRUE, TOKEN_MAX, &token },
		{ "spki", FIELD_HEX32, TRUE, 0, &hash },
	};

	return EXPECT_MEMBERS (statement, fields, error) && expect_same ("application", id, application->id, error) &&
	       expect_same ("token", token, form_text (application->form, "token"), error) && expect_same ("spki", hash, is, error);
}

/* All that a token.unlock must be right about. */
static gboolean
load_ticket (Tx *tx, const Registry *registry, const Actor *actor, const char *id, const Statement *statement,
             const Fingerprint *spki, Application *out, GError **error)
{
	return application_load (tx, id, FALSE, out, error) &&
	       expect_statement (registry, actor, statement, "token.unlock", clock_now (registry->clock), error) &&
	       check_ticket (out, actor, error) && expect_unlock (statement, out, spki, error);
}

static gboolean
check_unused (Tx *tx, const char *id, const Fingerprint *spki, GError **error)
{
	g_autofree char *used = NULL;
	g_autofree char *is = fingerprint_hex (spki);

	if (!db_unlock_spki (tx, id, &used, error))
		return FALSE;
	return !used || g_str_equal (used, is) ||
	       diqi_fail (error, DIQI_ERROR_TICKET_USED, "/spki", "the ticket was used with another key");
}

gboolean
unlock_ticket_open (Tx *tx, const Registry *registry, const Actor *actor, const char *id, const Statement *statement,
                    const Fingerprint *spki, UnlockTicket *out, GError **error)
{
	g_auto (Application) application = { 0 };
	g_auto (CertificateRequest) request = { 0 };

	if (!load_ticket (tx, registry, actor, id, statement, spki, &application, error) || !check_unused (tx, id, spki, error) ||
	    !service_request_build (registry, &application, &request, error) ||
	    !expect_same ("request", application.request_hash, request.hash, error))
		return FALSE;
	out->request = g_steal_pointer (&request.text);
	out->review = g_strdup (application.review_statement);
	out->complete = g_strdup (application.issue_statement);
	return TRUE;
}

gboolean
unlock_ticket_take (Tx *tx, const Registry *registry, const Actor *actor, const char *id, const Statement *statement,
                    const Fingerprint *spki, GError **error)
{
	g_auto (Application) application = { 0 };
	g_autofree char *key = fingerprint_hex (spki);
	g_autofree char *identity = fingerprint_hex (statement_identity (statement));
	Micros now = clock_now (registry->clock);
	gboolean added;

	if (!load_ticket (tx, registry, actor, id, statement, spki, &application, error) || !check_unused (tx, id, spki, error))
		return FALSE;
	const char *token = form_text (application.form, "token");
	const UnlockRow row = { .application = id, .token = token, .spki = key, .statement_identity = identity, .by_person = actor->person, .at = now };
	if (!db_unlock_insert (tx, &row, &added, error))
		return FALSE;
	g_autoptr (json_t) effect = json_pack ("{s:s, s:s}", "token", token, "person", actor->person);
	return !added || evidence_append (tx, "token.unlock", id, now, statement, effect, NULL, error);
}

gboolean
unlock_ticket_close (Tx *tx, Registry *registry, const Actor *actor, const char *id, const Statement *statement,
                     json_t **view, GError **error)
{
	g_auto (Application) application = { 0 };
	g_autofree char *used = NULL;
	const char *said, *token, *outcome;
	const Field fields[] = {
		{ "application", FIELD_UUID, TRUE, 0, &said },
		{ "token", FIELD_STRING, TRUE, TOKEN_MAX, &token },
		{ "outcome", FIELD_STRING, TRUE, 16, &outcome },
	};

	if (!application_load (tx, id, TRUE, &application, error) || !EXPECT_MEMBERS (statement, fields, error) ||
	    !expect_same ("application", said, id, error) || !db_unlock_spki (tx, id, &used, error))
		return FALSE;
	if (!used)
		return diqi_fail (error, DIQI_ERROR_APPLICATION_STATE, NULL, "the ticket was not used yet");
	if (!expect_same ("token", token, form_text (application.form, "token"), error))
		return FALSE;
	if (!g_str_equal (outcome, "done") && !g_str_equal (outcome, "failed"))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/statement/outcome", "done or failed");
	g_autoptr (json_t) effect = json_pack ("{s:s, s:s}", "token", token, "outcome", outcome);
	return application_unlocked (tx, registry, actor, id, statement, effect, view, error);
}

/* --- blank tokens ------------------------------------------------------------------------ */

gboolean
token_initialise_check (const Registry *registry, const TwoOfficers *two, const char *token, const Fingerprint *spki, GError **error)
{
	const char *said, *hash;
	g_autofree char *is = fingerprint_hex (spki);
	const Field fields[] = {
		{ "token", FIELD_STRING, TRUE, TOKEN_MAX, &said },
		{ "spki", FIELD_HEX32, TRUE, 0, &hash },
	};

	/* Two administrators may too: a serial that was made ready before is theirs alone, which the signer knows. */
	return expect_two_officers (registry, two, "token.initialise", ROLE_ADMINISTRATOR, ROLE_CLERK | ROLE_ADMINISTRATOR,
	                            clock_now (registry->clock), error) &&
	       EXPECT_MEMBERS (two->statement[0], fields, error) && expect_same ("token", said, token, error) &&
	       expect_same ("spki", hash, is, error);
}

gboolean
token_initialise_record (Tx *tx, const Registry *registry, const TwoOfficers *two, const char *token, GError **error)
{
	return two_officers_append (tx, two, "token.initialise", token, clock_now (registry->clock), NULL, error);
}
