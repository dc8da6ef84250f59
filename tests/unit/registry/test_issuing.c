/* Issuing: one certificate however often and from however many threads it is asked for, and a process that
 * ends anywhere on the way leaves nothing that the next one cannot finish. */
#include "base/error.h"
#include "unit/registry/desk.h"

#define PARALLEL 100

typedef struct {
	Desk *desk;
	Filed *filed;
	Actor actor;
	Statement *statement;
	gint done, refused, other;
} Rush;

static gpointer
issue_once (gpointer data)
{
	Rush *rush = data;
	g_autoptr (json_t) view = NULL;
	g_autoptr (GError) error = NULL;

	if (application_issue (rush->desk->registry, rush->desk->store, &rush->actor, rush->filed->id, rush->statement, NULL, &view, &error)) {
		g_assert_cmpstr (json_string_value (json_object_get (view, "state")), ==, "issued");
		g_atomic_int_inc (&rush->done);
	} else if (g_error_matches (error, DIQI_ERROR, DIQI_ERROR_APPLICATION_STATE)) {
		g_atomic_int_inc (&rush->refused);
	} else {
		g_test_message ("%s", error->message);
		g_atomic_int_inc (&rush->other);
	}
	return NULL;
}

static void
rush_at (Rush *rushes, guint n)
{
	GThread *threads[PARALLEL];

	for (guint i = 0; i < PARALLEL; i++)
		threads[i] = g_thread_new ("issue", issue_once, &rushes[i % n]);
	for (guint i = 0; i < PARALLEL; i++)
		g_thread_join (threads[i]);
}

/* The same statement a hundred times at once: everybody gets the one certificate. */
static void
test_parallel_same (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) filed = desk_file_to (desk, SUBJECT_PERSON, STATE_REVIEWED);
	Actor issuer = desk_officer (desk->issuer);
	g_autoptr (Statement) statement = desk_statement (desk, filed, ACT_ISSUE, &issuer, desk->issuer->key, NULL);
	Rush rush = { desk, filed, issuer, statement, 0, 0, 0 };
	guint64 leaves = desk_leaves (desk);

	rush_at (&rush, 1);
	g_assert_cmpint (rush.done, ==, PARALLEL);
	g_assert_cmpuint (desk->world->ca->signed_certificates, ==, 1);
	/* The issuer's act and the stored certificate, once each. */
	g_assert_cmpuint (desk_leaves (desk), ==, leaves + 2);
}

/* Four statements, a hundred threads: one of the four wins, and there is one certificate. */
static void
test_parallel_different (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) filed = desk_file_to (desk, SUBJECT_ORGANIZATION, STATE_REVIEWED);
	Actor issuer = desk_officer (desk->issuer);
	Rush rushes[4];
	gint done = 0, refused = 0;

	for (int i = 0; i < 4; i++)
		rushes[i] = (Rush) { desk, filed, issuer, desk_statement (desk, filed, ACT_ISSUE, &issuer, desk->issuer->key, NULL), 0, 0, 0 };
	rush_at (rushes, 4);
	for (int i = 0; i < 4; i++) {
		done += rushes[i].done;
		refused += rushes[i].refused;
		g_assert_true (rushes[i].done == 0 || rushes[i].refused == 0);
		statement_unref (rushes[i].statement);
	}
	g_assert_cmpint (done, ==, PARALLEL / 4);
	g_assert_cmpint (refused, ==, PARALLEL - PARALLEL / 4);
	g_assert_cmpuint (desk->world->ca->signed_certificates, ==, 1);
	desk_assert_state (desk, filed, STATE_ISSUED);
}

static void
resume (Desk *desk, guint expected)
{
	guint finished = 99;
	g_autoptr (GError) error = NULL;

	registry_resume (desk->registry, desk->store, &finished, &error);
	g_assert_no_error (error);
	g_assert_cmpuint (finished, ==, expected);
}

/* Killed after the intent; after signing, the answer lost; after signing, before storing; after storing. */
static void
test_kill_points (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);

	for (int point = 0; point < 4; point++) {
		g_autoptr (Filed) filed = desk_file_to (desk, SUBJECT_ORGANIZATION, point == 3 ? STATE_ISSUED : STATE_ISSUING);
		guint before = desk->world->ca->signed_certificates;
		g_autoptr (json_t) view = NULL;
		g_auto (Actor) holder = { 0 };

		if (point == 1) {
			desk->world->ca->mood = SIGN_LOSES_REPLY;
			g_assert_false (registry_resume (desk->registry, desk->store, NULL, NULL));
			desk->world->ca->mood = SIGN_NORMALLY;
		} else if (point == 2) {
			g_autoptr (GPtrArray) ders = authority_sign (desk->world->authority, filed->id, NULL);

			g_assert_nonnull (ders);
		}
		desk_restart (desk);
		resume (desk, point == 3 ? 0 : 1);
		resume (desk, 0);
		desk_assert_state (desk, filed, STATE_ISSUED);
		g_assert_cmpuint (desk->world->ca->signed_certificates - before, ==, point == 3 ? 0 : 1);
		desk_holder (desk, filed, &holder);
	}
}

static void
test_signer_away (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) filed = desk_file_to (desk, SUBJECT_PERSON, STATE_REVIEWED);
	Actor issuer = desk_officer (desk->issuer);
	g_autoptr (Statement) statement = desk_statement (desk, filed, ACT_ISSUE, &issuer, desk->issuer->key, NULL);
	g_autoptr (json_t) view = NULL;
	g_autoptr (GError) error = NULL;

	desk->world->ca->mood = SIGN_AWAY;
	g_assert_false (application_issue (desk->registry, desk->store, &issuer, filed->id, statement, NULL, &view, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_UNAVAILABLE);
	g_clear_error (&error);
	desk_assert_state (desk, filed, STATE_ISSUING);
	g_assert_false (registry_resume (desk->registry, desk->store, NULL, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_UNAVAILABLE);
	g_clear_error (&error);
	desk->world->ca->mood = SIGN_NORMALLY;
	/* The same request of the same officer goes on where it stopped. */
	g_assert_true (application_issue (desk->registry, desk->store, &issuer, filed->id, statement, NULL, &view, &error));
	g_assert_cmpstr (json_string_value (json_object_get (view, "state")), ==, "issued");
	resume (desk, 0);
}

/* Refused for good: back to paid, the review void, and a new review and issue succeed. */
static void
test_signer_refuses (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) filed = desk_file_to (desk, SUBJECT_PERSON, STATE_REVIEWED);
	Actor issuer = desk_officer (desk->issuer);
	g_autoptr (Statement) statement = desk_statement (desk, filed, ACT_ISSUE, &issuer, desk->issuer->key, NULL);
	g_autoptr (Statement) second = NULL;
	g_autoptr (GError) error = NULL;

	desk->world->ca->mood = SIGN_REFUSES;
	g_assert_false (application_issue (desk->registry, desk->store, &issuer, filed->id, statement, NULL, NULL, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_APPROVAL);
	g_clear_error (&error);
	desk_assert_state (desk, filed, STATE_PAID);
	desk->world->ca->mood = SIGN_NORMALLY;
	resume (desk, 0);
	desk_expect (desk, filed, ACT_ISSUE, desk->issuer, NULL, DIQI_ERROR_APPLICATION_STATE, NULL);
	desk_expect (desk, filed, ACT_REVIEW, desk->reviewer, NULL, -1, NULL);
	second = desk_statement (desk, filed, ACT_ISSUE, &issuer, desk->issuer->key, NULL);
	g_assert_true (application_issue (desk->registry, desk->store, &issuer, filed->id, second, NULL, NULL, &error));
	g_assert_no_error (error);
	desk_assert_state (desk, filed, STATE_ISSUED);
}

/* The profile moves on between review and issue: the issuer signs what was reviewed.  Should the signer refuse it,
 * the next review is of the new version. */
static void
test_profile_moves_on (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) filed = desk_file_to (desk, SUBJECT_PERSON, STATE_REVIEWED);

	desk->world->ca->person_profile = 4;
	desk_restart (desk);
	desk_expect (desk, filed, ACT_ISSUE, desk->issuer, json_pack ("{s:i}", "profile_version", 3), -1, NULL);
	desk->world->ca->mood = SIGN_REFUSES;
	resume (desk, 0);
	desk->world->ca->mood = SIGN_NORMALLY;
	desk_expect (desk, filed, ACT_REVIEW, desk->reviewer, json_pack ("{s:i}", "profile_version", 3), DIQI_ERROR_STATEMENT_TARGET,
	             "/statement/profile_version");
	desk_expect (desk, filed, ACT_REVIEW, desk->reviewer, NULL, -1, NULL);
	desk_expect (desk, filed, ACT_ISSUE, desk->issuer, NULL, -1, NULL);
}

/* A refusal met while resuming does not stand in the way of the others. */
static void
test_resume_past_a_refusal (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) first = desk_file_to (desk, SUBJECT_PERSON, STATE_ISSUING);
	g_autoptr (Filed) second = desk_file_to (desk, SUBJECT_ORGANIZATION, STATE_ISSUING);

	desk->world->ca->mood = SIGN_REFUSES;
	resume (desk, 0);
	desk_assert_state (desk, first, STATE_PAID);
	desk_assert_state (desk, second, STATE_PAID);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	test_store_add ("/registry/issuing/parallel-same", test_parallel_same);
	test_store_add ("/registry/issuing/parallel-different", test_parallel_different);
	test_store_add ("/registry/issuing/kill-points", test_kill_points);
	test_store_add ("/registry/issuing/signer-away", test_signer_away);
	test_store_add ("/registry/issuing/signer-refuses", test_signer_refuses);
	test_store_add ("/registry/issuing/profile-moves-on", test_profile_moves_on);
	test_store_add ("/registry/issuing/resume-past-a-refusal", test_resume_past_a_refusal);
	return g_test_run ();
}
