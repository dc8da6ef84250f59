/* The applicant's side: access code, versions, submission, keys. */
#include <string.h>

#include "base/error.h"
#include "unit/registry/desk.h"

typedef struct {
	const char *id, *code;
	Actor actor;
} Open;

static gboolean
tx_open (Tx *tx, gpointer arg, GError **error)
{
	Open *open = arg;

	return application_open_by_code (tx, open->id, open->code, &open->actor, error);
}

static void
open_with (Desk *desk, const char *id, const char *code, gboolean right)
{
	Open open = { .id = id, .code = code };
	g_autoptr (GError) error = NULL;
	gboolean done = store_read (desk->store, "open", tx_open, &open, &error);

	g_assert_cmpint (done, ==, right);
	if (right)
		g_assert_cmpstr (open.actor.application, ==, id);
	else
		g_assert_error (error, DIQI_ERROR, DIQI_ERROR_ACCESS_CODE);
	actor_clear (&open.actor);
}

static void
test_access_code (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) filed = desk_file (desk, SUBJECT_PERSON, json_object ());
	g_autoptr (Filed) other = desk_file (desk, SUBJECT_PERSON, json_object ());
	g_autofree char *typed = g_ascii_strdown (filed->code, -1);

	g_assert_cmpuint (strlen (filed->code), ==, 19);
	open_with (desk, filed->id, filed->code, TRUE);
	g_strdelimit (typed, "-", ' ');
	open_with (desk, filed->id, typed, TRUE);
	open_with (desk, filed->id, other->code, FALSE);
	open_with (desk, filed->id, "", FALSE);
	open_with (desk, "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", filed->code, FALSE);
	open_with (desk, "not an id", filed->code, FALSE);
}

static gboolean
tx_stale (Tx *tx, gpointer arg, GError **error)
{
	DeskAct *a = arg;
	g_autoptr (json_t) form = desk_form (a->filed->kind);

	return application_edit (tx, a->desk->registry, a->actor, a->filed->id, 7, form, NULL, error);
}

static void
test_edit (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) filed = desk_file (desk, SUBJECT_ORGANIZATION, json_object ());
	g_autoptr (json_t) bad = json_pack ("{s:i}", "name", 5);
	g_autoptr (json_t) before = NULL, after = NULL;
	Actor actor = desk_applicant (filed);
	DeskAct a = { .desk = desk, .filed = filed, .act = ACT_EDIT, .actor = &actor };
	g_autoptr (GError) error = NULL;

	g_assert_true (desk_do (&a, &error));
	g_assert_cmpint (application_view_version (a.view), ==, 2);
	g_clear_pointer (&a.view, json_decref);
	g_assert_false (store_run (desk->store, "stale", tx_stale, &a, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_IF_MATCH_STALE);
	g_clear_error (&error);
	before = desk_view (desk, filed);
	a.form = bad;
	g_assert_false (desk_do (&a, &error));
	g_assert_cmpstr (diqi_error_field (error), ==, "/form/name");
	after = desk_view (desk, filed);
	g_assert_true (json_equal (before, after));
}

static void
test_submit_incomplete (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	json_t *form = desk_form (SUBJECT_ORGANIZATION);
	g_autoptr (Filed) filed = NULL;

	json_object_del (form, "operator_mobile");
	filed = desk_file (desk, SUBJECT_ORGANIZATION, form);
	desk_expect (desk, filed, ACT_SUBMIT, NULL, NULL, DIQI_ERROR_FIELD_MISSING, "/form/operator_mobile");
	desk_assert_state (desk, filed, STATE_DRAFT);
}

/* A submission says exactly what is submitted. */
static void
test_submit_statement (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) filed = desk_file (desk, SUBJECT_PERSON, desk_form (SUBJECT_PERSON));
	g_autofree char *zeros = g_strnfill (64, '0');
	guint64 leaves = desk_leaves (desk);

	desk_expect (desk, filed, ACT_SUBMIT, NULL, json_pack ("{s:s}", "form", zeros), DIQI_ERROR_STATEMENT_TARGET, "/statement/form");
	desk_expect (desk, filed, ACT_SUBMIT, NULL, json_pack ("{s:s}", "spki", zeros), DIQI_ERROR_STATEMENT_TARGET, "/statement/spki");
	desk_expect (desk, filed, ACT_SUBMIT, NULL, json_pack ("{s:s}", "service", "renew"), DIQI_ERROR_STATEMENT_TARGET, "/statement/service");
	desk_expect (desk, filed, ACT_SUBMIT, NULL, json_pack ("{s:s}", "application", "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"),
	             DIQI_ERROR_STATEMENT_TARGET, "/statement/application");
	desk_expect (desk, filed, ACT_SUBMIT, NULL, json_pack ("{s:s}", "site", "elsewhere"), DIQI_ERROR_STATEMENT_TARGET, "/statement/site");
	desk_expect (desk, filed, ACT_SUBMIT, NULL, json_pack ("{s:n}", "form"), DIQI_ERROR_FIELD_MISSING, "/statement/form");
	desk_expect (desk, filed, ACT_SUBMIT, NULL, json_pack ("{s:s}", "further", "x"), DIQI_ERROR_FIELD_UNKNOWN, "/statement/further");
	g_assert_cmpuint (desk_leaves (desk), ==, leaves);
	desk_expect (desk, filed, ACT_SUBMIT, NULL, NULL, -1, NULL);
	g_assert_cmpuint (desk_leaves (desk), ==, leaves + 1);
}

/* The statement must come from the key in the request. */
static void
test_submit_other_key (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) filed = desk_file (desk, SUBJECT_PERSON, desk_form (SUBJECT_PERSON));
	g_autoptr (PrivateKey) other = local_key ();
	Actor actor = desk_applicant (filed);
	g_autoptr (Statement) statement = desk_statement (desk, filed, ACT_SUBMIT, &actor, other, NULL);
	DeskAct a = { .desk = desk, .filed = filed, .act = ACT_SUBMIT, .actor = &actor, .statement = statement };
	g_autoptr (GError) error = NULL;

	g_assert_false (desk_do (&a, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_STATEMENT_SIGNER);
}

static void
test_statement_time (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) filed = desk_file_to (desk, SUBJECT_PERSON, STATE_SUBMITTED);
	Actor clerk = desk_officer (desk->clerk);
	g_autoptr (Statement) statement = desk_statement (desk, filed, ACT_ACCEPT, &clerk, desk->clerk->key, NULL);
	DeskAct a = { .desk = desk, .filed = filed, .act = ACT_ACCEPT, .actor = &clerk, .statement = statement, .roll_back = TRUE };
	const Micros off[] = { -5 * MICROS_PER_MIN - 1, -5 * MICROS_PER_MIN, 5 * MICROS_PER_MIN, 5 * MICROS_PER_MIN + 1 };

	for (gsize i = 0; i < G_N_ELEMENTS (off); i++) {
		g_autoptr (GError) error = NULL;
		gboolean within = i == 1 || i == 2;

		clock_set (desk->world->clock, CA_NOW + off[i]);
		g_assert_cmpint (desk_do (&a, &error), ==, within);
		g_clear_pointer (&a.view, json_decref);
		if (!within)
			g_assert_error (error, DIQI_ERROR, DIQI_ERROR_STATEMENT_TIME);
	}
}

/* A key belongs to one application, and an issued key to its certificate. */
static void
test_key_reused (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) first = desk_file_to (desk, SUBJECT_PERSON, STATE_REJECTED);
	g_autoptr (Filed) second = desk_file (desk, SUBJECT_ORGANIZATION, desk_form (SUBJECT_ORGANIZATION));
	g_autoptr (Filed) third = desk_file (desk, SUBJECT_ORGANIZATION, desk_form (SUBJECT_ORGANIZATION));
	LocalOfficer *officer = desk->clerk;
	g_autoptr (GBytes) csr = NULL;
	g_autoptr (GError) error = NULL;

	private_key_free (g_steal_pointer (&second->key));
	csr_free (second->csr);
	second->key = g_steal_pointer (&first->key);
	second->csr = g_steal_pointer (&first->csr);
	desk_expect (desk, second, ACT_SUBMIT, NULL, NULL, DIQI_ERROR_KEY_REUSED, "/csr");
	/* The key of an officer's certificate. */
	csr = csr_build (officer->key, "x", &error);
	csr_free (third->csr);
	private_key_free (third->key);
	third->csr = csr_parse (g_bytes_get_data (csr, NULL), g_bytes_get_size (csr), "/csr", &error);
	g_assert_no_error (error);
	third->key = officer->key;
	desk_expect (desk, third, ACT_SUBMIT, NULL, NULL, DIQI_ERROR_KEY_REUSED, "/csr");
	third->key = NULL;
}

/* 补正: back, changed, and again; with the same key or a new one. */
static void
test_resubmit (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) filed = desk_file_to (desk, SUBJECT_ORGANIZATION, STATE_RETURNED);
	Actor actor = desk_applicant (filed);
	DeskAct a = { .desk = desk, .filed = filed, .act = ACT_EDIT, .actor = &actor };
	g_autoptr (json_t) returned = desk_view (desk, filed), again = NULL;
	g_autoptr (GError) error = NULL;

	g_assert_cmpstr (json_string_value (json_object_get (json_object_get (returned, "returned"), "reason")), ==, "营业执照复印件未盖章");
	g_assert_true (desk_do (&a, &error));
	json_decref (a.view);
	desk_walk (desk, filed, STATE_ISSUED);
	again = desk_view (desk, filed);
	g_assert_null (json_object_get (again, "returned"));
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	test_store_add ("/registry/application/access-code", test_access_code);
	test_store_add ("/registry/application/edit", test_edit);
	test_store_add ("/registry/application/submit-incomplete", test_submit_incomplete);
	test_store_add ("/registry/application/submit-statement", test_submit_statement);
	test_store_add ("/registry/application/submit-other-key", test_submit_other_key);
	test_store_add ("/registry/application/statement-time", test_statement_time);
	test_store_add ("/registry/application/key-reused", test_key_reused);
	test_store_add ("/registry/application/resubmit", test_resubmit);
	return g_test_run ();
}
