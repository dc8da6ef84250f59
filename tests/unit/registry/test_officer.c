/* The officers' side: three persons, money, overrides, and approvals that bind to one request. */
#include "base/error.h"
#include "unit/registry/desk.h"

/* 受理人、审核人、发证人: one person with all roles may be only one of them. */
static void
test_same_person (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) accepted = desk_file_to (desk, SUBJECT_PERSON, STATE_SUBMITTED);
	g_autoptr (Filed) reviewed = desk_file_to (desk, SUBJECT_PERSON, STATE_PAID);
	LocalOfficer *everything = desk->everything;

	desk_expect (desk, accepted, ACT_ACCEPT, everything, NULL, -1, NULL);
	desk_expect (desk, accepted, ACT_FEE, everything, NULL, -1, NULL);
	desk_expect (desk, accepted, ACT_REVIEW, everything, NULL, DIQI_ERROR_SAME_PERSON, NULL);
	desk_expect (desk, accepted, ACT_REVIEW, desk->reviewer, NULL, -1, NULL);
	desk_expect (desk, accepted, ACT_ISSUE, everything, NULL, DIQI_ERROR_SAME_PERSON, NULL);
	desk_expect (desk, accepted, ACT_ISSUE, desk->issuer, NULL, -1, NULL);

	desk_expect (desk, reviewed, ACT_REVIEW, everything, NULL, -1, NULL);
	desk_expect (desk, reviewed, ACT_ISSUE, everything, NULL, DIQI_ERROR_SAME_PERSON, NULL);
	desk_assert_state (desk, reviewed, STATE_REVIEWED);
}

/* A second card of the same person is still the same person. */
static void
test_same_person_other_card (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) filed = desk_file_to (desk, SUBJECT_PERSON, STATE_REVIEWED);
	LocalOfficer *card = local_ca_add_officer (desk->world->ca, "审核甲", ROLE_ISSUER);

	g_free (card->person);
	card->person = g_strdup (desk->reviewer->person);
	desk_restart (desk);
	desk_expect (desk, filed, ACT_ISSUE, card, NULL, DIQI_ERROR_SAME_PERSON, NULL);
}

/* CA证书首年300元; nothing is issued unpaid. */
static void
test_fee (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) filed = desk_file_to (desk, SUBJECT_ORGANIZATION, STATE_ACCEPTED);

	desk_expect (desk, filed, ACT_REVIEW, desk->reviewer, NULL, DIQI_ERROR_APPLICATION_STATE, NULL);
	desk_expect (desk, filed, ACT_FEE, desk->cashier, json_pack ("{s:s}", "amount_fen", "29999"), DIQI_ERROR_FIELD_VALUE, "/statement/amount_fen");
	desk_expect (desk, filed, ACT_FEE, desk->cashier, json_pack ("{s:s}", "amount_fen", "30001"), DIQI_ERROR_FIELD_VALUE, "/statement/amount_fen");
	desk_expect (desk, filed, ACT_FEE, desk->cashier, json_pack ("{s:i}", "amount_fen", 30000), DIQI_ERROR_FIELD_TYPE, "/statement/amount_fen");
	desk_expect (desk, filed, ACT_FEE, desk->cashier, json_pack ("{s:s}", "method", "gold"), DIQI_ERROR_FIELD_VALUE, "/statement/method");
	desk_expect (desk, filed, ACT_FEE, desk->cashier, json_pack ("{s:s}", "slip", "No. 17"), -1, NULL);
	desk_expect (desk, filed, ACT_FEE, desk->cashier, NULL, DIQI_ERROR_APPLICATION_STATE, NULL);
}

/* Returned after payment: the fee is not asked twice. */
static void
test_fee_once (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) filed = desk_file_to (desk, SUBJECT_ORGANIZATION, STATE_REVIEWED);

	desk_expect (desk, filed, ACT_RETURN, desk->reviewer, NULL, -1, NULL);
	desk_expect (desk, filed, ACT_SUBMIT, NULL, NULL, -1, NULL);
	desk_expect (desk, filed, ACT_ACCEPT, desk->clerk, NULL, -1, NULL);
	desk_assert_state (desk, filed, STATE_PAID);
	desk_expect (desk, filed, ACT_FEE, desk->cashier, NULL, DIQI_ERROR_APPLICATION_STATE, NULL);
	desk_expect (desk, filed, ACT_REVIEW, desk->reviewer, NULL, -1, NULL);
}

/* 91350100M0001TGQXM is a real early code whose check digit fails. */
static void
test_uscc_override (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	json_t *form = desk_form (SUBJECT_ORGANIZATION);
	g_autoptr (Filed) filed = NULL;
	g_autoptr (Filed) plain = desk_file_to (desk, SUBJECT_ORGANIZATION, STATE_SUBMITTED);
	g_autoptr (json_t) view = NULL;

	json_object_set_new (form, "uscc", json_string ("91350100M0001TGQXM"));
	json_object_del (form, "org_code");
	filed = desk_file (desk, SUBJECT_ORGANIZATION, form);
	desk_expect (desk, filed, ACT_SUBMIT, NULL, NULL, -1, NULL);
	view = desk_view (desk, filed);
	g_assert_cmpuint (json_array_size (json_object_get (view, "warnings")), ==, 1);
	desk_expect (desk, filed, ACT_ACCEPT, desk->clerk, NULL, DIQI_ERROR_USCC_CHECK, "/form/uscc");
	desk_expect (desk, filed, ACT_ACCEPT, desk->clerk, json_pack ("{s:[{s:s, s:s}]}", "overrides", "field", "/form/uscc", "reason", " "),
	             DIQI_ERROR_FIELD_MISSING, "/statement/overrides/0/reason");
	desk_expect (desk, filed, ACT_ACCEPT, desk->clerk, json_pack ("{s:[{s:s, s:s}]}", "overrides", "field", "/form/name", "reason", "x"),
	             DIQI_ERROR_FIELD_VALUE, "/statement/overrides/0");
	desk_expect (desk, filed, ACT_ACCEPT, desk->clerk, json_pack ("{s:[{s:s, s:s}]}", "overrides", "field", "/form/uscc", "reason", "与营业执照一致"), -1, NULL);
	desk_expect (desk, plain, ACT_ACCEPT, desk->clerk, json_pack ("{s:[{s:s, s:s}]}", "overrides", "field", "/form/uscc", "reason", "x"),
	             DIQI_ERROR_FIELD_VALUE, "/statement/overrides");
	desk_expect (desk, filed, ACT_FEE, desk->cashier, NULL, -1, NULL);
	desk_expect (desk, filed, ACT_REVIEW, desk->reviewer, NULL, -1, NULL);
}

static void
test_accept_statement (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) filed = desk_file_to (desk, SUBJECT_PERSON, STATE_SUBMITTED);
	g_autofree char *zeros = g_strnfill (64, '0');
	Actor clerk = desk_officer (desk->clerk);
	g_autoptr (Statement) others = desk_statement (desk, filed, ACT_ACCEPT, &clerk, desk->clerk->key, NULL);
	Actor everything = desk_officer (desk->everything);
	DeskAct a = { .desk = desk, .filed = filed, .act = ACT_ACCEPT, .actor = &everything, .statement = others };
	g_autoptr (GError) error = NULL;

	desk_expect (desk, filed, ACT_ACCEPT, desk->clerk, json_pack ("{s:i}", "version", 1), DIQI_ERROR_STATEMENT_TARGET, "/statement/version");
	desk_expect (desk, filed, ACT_ACCEPT, desk->clerk, json_pack ("{s:s}", "form", zeros), DIQI_ERROR_STATEMENT_TARGET, "/statement/form");
	/* Somebody else's statement under one's own session. */
	g_assert_false (desk_do (&a, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_STATEMENT_SIGNER);
}

/* An officer's act is signed with his certificate, never with a bare key. */
static void
test_bare_key_refused (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) filed = desk_file_to (desk, SUBJECT_PERSON, STATE_SUBMITTED);
	Actor clerk = desk_officer (desk->clerk);
	Actor no_certificate = clerk;
	g_autoptr (Statement) statement = NULL;
	DeskAct a = { .desk = desk, .filed = filed, .act = ACT_ACCEPT, .actor = &clerk };
	g_autoptr (GError) error = NULL;

	no_certificate.certificate = NULL;
	statement = desk_statement (desk, filed, ACT_ACCEPT, &no_certificate, desk->clerk->key, NULL);
	a.statement = statement;
	g_assert_false (desk_do (&a, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_STATEMENT_SIGNER);
}

/* A statement for one act proves no other. */
static void
test_statement_type (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) filed = desk_file_to (desk, SUBJECT_PERSON, STATE_SUBMITTED);
	Actor clerk = desk_officer (desk->clerk);
	g_autoptr (Statement) statement = desk_statement (desk, filed, ACT_RETURN, &clerk, desk->clerk->key, NULL);
	DeskAct a = { .desk = desk, .filed = filed, .act = ACT_ACCEPT, .actor = &clerk, .statement = statement };
	g_autoptr (GError) error = NULL;

	g_assert_false (desk_do (&a, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_STATEMENT_TYPE);
}

/* The approvals are about exactly what will be signed. */
static void
test_approvals_bind (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) filed = desk_file_to (desk, SUBJECT_PERSON, STATE_PAID);
	g_autofree char *zeros = g_strnfill (64, '0');

	desk_expect (desk, filed, ACT_REVIEW, desk->reviewer, json_pack ("{s:s}", "request", zeros), DIQI_ERROR_STATEMENT_TARGET, "/statement/request");
	desk_expect (desk, filed, ACT_REVIEW, desk->reviewer, json_pack ("{s:i}", "profile_version", 2), DIQI_ERROR_STATEMENT_TARGET, "/statement/profile_version");
	desk_expect (desk, filed, ACT_REVIEW, desk->reviewer, json_pack ("{s:s}", "profile", "organization"), DIQI_ERROR_STATEMENT_TARGET, "/statement/profile");
	desk_expect (desk, filed, ACT_REVIEW, desk->reviewer, NULL, -1, NULL);
	desk_expect (desk, filed, ACT_ISSUE, desk->issuer, json_pack ("{s:s}", "request", zeros), DIQI_ERROR_STATEMENT_TARGET, "/statement/request");
	desk_expect (desk, filed, ACT_ISSUE, desk->issuer, NULL, -1, NULL);
}

/* Returned and changed: the old review is void, and its statement cannot come back. */
static void
test_edit_voids_review (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) filed = desk_file_to (desk, SUBJECT_PERSON, STATE_PAID);
	Actor reviewer = desk_officer (desk->reviewer);
	Actor issuer = desk_officer (desk->issuer);
	Actor applicant = desk_applicant (filed);
	g_autoptr (Statement) old_review = desk_statement (desk, filed, ACT_REVIEW, &reviewer, desk->reviewer->key, NULL);
	g_autoptr (Statement) old_issue = desk_statement (desk, filed, ACT_ISSUE, &issuer, desk->issuer->key, NULL);
	g_autoptr (json_t) form = desk_form (SUBJECT_PERSON);
	DeskAct review = { .desk = desk, .filed = filed, .act = ACT_REVIEW, .actor = &reviewer, .statement = old_review };
	DeskAct edit = { .desk = desk, .filed = filed, .act = ACT_EDIT, .actor = &applicant, .form = form };
	DeskAct issue = { .desk = desk, .filed = filed, .act = ACT_ISSUE, .actor = &issuer, .statement = old_issue };
	g_autoptr (GError) error = NULL;

	g_assert_true (desk_do (&review, &error));
	desk_expect (desk, filed, ACT_RETURN, desk->clerk, NULL, -1, NULL);
	json_object_set_new (form, "name", json_string ("虚构张一一"));
	g_assert_true (desk_do (&edit, &error));
	desk_expect (desk, filed, ACT_SUBMIT, NULL, NULL, -1, NULL);
	desk_expect (desk, filed, ACT_ACCEPT, desk->clerk, NULL, -1, NULL);
	desk_assert_state (desk, filed, STATE_PAID);
	g_assert_false (desk_do (&issue, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_APPLICATION_STATE);
	g_clear_error (&error);
	g_assert_false (desk_do (&review, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_STATEMENT_TARGET);
	g_clear_error (&error);
	desk_expect (desk, filed, ACT_REVIEW, desk->reviewer, NULL, -1, NULL);
	g_assert_false (desk_do (&issue, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_STATEMENT_TARGET);
	json_decref (review.view);
	json_decref (edit.view);
}

/* Returned unchanged: the request may be the same again, the statement may not. */
static void
test_replay (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) filed = desk_file_to (desk, SUBJECT_PERSON, STATE_ACCEPTED);
	Actor cashier = desk_officer (desk->cashier);
	Actor reviewer = desk_officer (desk->reviewer);
	g_autoptr (Statement) fee = desk_statement (desk, filed, ACT_FEE, &cashier, desk->cashier->key, NULL);
	DeskAct pay = { .desk = desk, .filed = filed, .act = ACT_FEE, .actor = &cashier, .statement = fee };
	g_autoptr (Statement) statement = NULL;
	DeskAct review = { .desk = desk, .filed = filed, .act = ACT_REVIEW, .actor = &reviewer };
	Actor issuer = desk_officer (desk->issuer);
	g_autoptr (Statement) issue = NULL;
	g_autoptr (GError) error = NULL;

	g_assert_true (desk_do (&pay, &error));
	json_decref (pay.view);
	statement = desk_statement (desk, filed, ACT_REVIEW, &reviewer, desk->reviewer->key, NULL);
	review.statement = statement;
	g_assert_true (desk_do (&review, &error));
	g_clear_pointer (&review.view, json_decref);
	issue = desk_statement (desk, filed, ACT_ISSUE, &issuer, desk->issuer->key, NULL);
	/* The signer refuses: back to paid, the same request stands, and the old review is offered again. */
	desk->world->ca->mood = SIGN_REFUSES;
	g_assert_false (application_issue (desk->registry, desk->store, &issuer, filed->id, issue, NULL, NULL, &error));
	g_clear_error (&error);
	desk->world->ca->mood = SIGN_NORMALLY;
	desk_assert_state (desk, filed, STATE_PAID);
	g_assert_false (desk_do (&review, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_STATEMENT_REPLAYED);
	desk_assert_state (desk, filed, STATE_PAID);
}

static gboolean
tx_no_approvals (Tx *tx, gpointer arg, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT clerk, reviewer, issuer, profile_version, request_hash, review_statement, issue_statement, serial "
		"FROM applications WHERE id = $1", P_TEXT (arg));

	g_assert_true (rows && rows_next (rows, NULL));
	for (guint column = 0; column < 8; column++)
		g_assert_true (rows_is_null (rows, column));
	return TRUE;
}

/* A return leaves nothing of the old approvals to be mistaken for new ones. */
static void
test_return_forgets (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) filed = desk_file_to (desk, SUBJECT_PERSON, STATE_REVIEWED);
	g_autoptr (GError) error = NULL;

	desk_expect (desk, filed, ACT_RETURN, desk->reviewer, NULL, -1, NULL);
	g_assert_true (store_read (desk->store, "approvals", tx_no_approvals, filed->id, &error));
}

static void
test_return_reason (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) filed = desk_file_to (desk, SUBJECT_PERSON, STATE_SUBMITTED);
	g_autoptr (Filed) rejected = desk_file_to (desk, SUBJECT_ORGANIZATION, STATE_SUBMITTED);
	g_autoptr (json_t) view = NULL;

	desk_expect (desk, filed, ACT_RETURN, desk->clerk, json_pack ("{s:s}", "reason", "  "), DIQI_ERROR_FIELD_MISSING, "/statement/reason");
	desk_expect (desk, filed, ACT_RETURN, desk->clerk, json_pack ("{s:[s]}", "fields", "mobile"), DIQI_ERROR_FIELD_VALUE, "/statement/fields/0");
	desk_expect (desk, filed, ACT_RETURN, desk->clerk, json_pack ("{s:[s]}", "fields", "/mobile"), -1, NULL);
	view = desk_view (desk, filed);
	g_assert_cmpstr (json_string_value (json_array_get (json_object_get (json_object_get (view, "returned"), "fields"), 0)), ==, "/mobile");
	desk_expect (desk, rejected, ACT_REJECT, desk->reviewer, json_pack ("{s:[s]}", "fields", "/name"), DIQI_ERROR_FIELD_UNKNOWN, "/statement/fields");
	desk_expect (desk, rejected, ACT_REJECT, desk->reviewer, NULL, -1, NULL);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	test_store_add ("/registry/officer/same-person", test_same_person);
	test_store_add ("/registry/officer/same-person-other-card", test_same_person_other_card);
	test_store_add ("/registry/officer/fee", test_fee);
	test_store_add ("/registry/officer/fee-once", test_fee_once);
	test_store_add ("/registry/officer/uscc-override", test_uscc_override);
	test_store_add ("/registry/officer/accept-statement", test_accept_statement);
	test_store_add ("/registry/officer/bare-key-refused", test_bare_key_refused);
	test_store_add ("/registry/officer/statement-type", test_statement_type);
	test_store_add ("/registry/officer/approvals-bind", test_approvals_bind);
	test_store_add ("/registry/officer/edit-voids-review", test_edit_voids_review);
	test_store_add ("/registry/officer/replay", test_replay);
	test_store_add ("/registry/officer/return-forgets", test_return_forgets);
	test_store_add ("/registry/officer/return-reason", test_return_reason);
	return g_test_run ();
}
