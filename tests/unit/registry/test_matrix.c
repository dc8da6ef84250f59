/* Every act in every state by everybody: the outcome is what the table of states says, and nothing else. */
#include "base/error.h"
#include "base/random.h"
#include "unit/registry/desk.h"

typedef enum { WHO_APPLICANT, WHO_OTHER_APPLICANT, WHO_HOLDER, WHO_OTHER_HOLDER, WHO_OFFICER } WhoKind;

typedef struct {
	WhoKind kind;
	const LocalOfficer *officer;
	Actor actor;
	const PrivateKey *key;
} Who;

static const ApplicationTransition *
rule_of (ApplicationAct act)
{
	gsize n;
	const ApplicationTransition *table = application_transitions (&n);

	for (gsize i = 0; i < n; i++)
		if (table[i].act == act)
			return &table[i];
	g_assert_not_reached ();
}

static gboolean
has_certificate (ApplicationState state)
{
	return state == STATE_ISSUED || state == STATE_DELIVERED || state == STATE_CONFIRMED;
}

static gboolean
permitted (const Who *who, ApplicationAct act, ApplicationState state)
{
	const ApplicationTransition *rule = rule_of (act);

	switch (rule->by) {
	case BY_APPLICANT:
		return who->kind == WHO_APPLICANT || (who->kind == WHO_HOLDER && has_certificate (state));
	case BY_OFFICER:
		return who->kind == WHO_OFFICER && (who->officer->roles_bits & rule->roles);
	case BY_HOLDER:
		return who->kind == WHO_HOLDER && has_certificate (state);
	default:
		g_assert_not_reached ();
	}
}

static gboolean
is_paid (ApplicationState state)
{
	return state == STATE_PAID || state == STATE_REVIEWED || state == STATE_ISSUING || has_certificate (state);
}

static int
expected (const Who *who, ApplicationAct act, ApplicationState state)
{
	if (!permitted (who, act, state))
		return DIQI_ERROR_PERMISSION;
	return application_transition (state, act, is_paid (state)) ? -1 : DIQI_ERROR_APPLICATION_STATE;
}

static void
try_act (Desk *desk, Filed *filed, ApplicationState state, ApplicationAct act, const Who *who)
{
	/* A submission is by the application's own key, whoever sends it. */
	const PrivateKey *key = act == ACT_SUBMIT ? filed->key : who->key;
	const gboolean signs = act != ACT_EDIT;
	g_autoptr (Statement) statement = NULL;
	g_autoptr (GError) error = NULL;
	DeskAct a = { .desk = desk, .filed = filed, .act = act, .actor = &who->actor, .roll_back = TRUE };
	int code = expected (who, act, state);

	if (signs)
		statement = desk_statement (desk, filed, act, &who->actor, key, NULL);
	a.statement = statement;
	desk_do (&a, &error);
	json_decref (a.view);
	if ((code < 0 && error) || (code >= 0 && !g_error_matches (error, DIQI_ERROR, code)))
		g_error ("%s in %s by %s (%d): expected %s, got %s", application_act_name (act), application_state_name (state),
		         who->officer ? who->officer->name : "-", who->kind, code < 0 ? "success" : diqi_code_name (code),
		         error ? error->message : "success");
}

static void
everybody (Desk *desk, Filed *filed, Filed *other, ApplicationState state, GArray *people)
{
	const LocalOfficer *officers[] = { desk->clerk, desk->cashier, desk->reviewer, desk->issuer, desk->auditor, desk->administrator };
	Who applicant = { WHO_APPLICANT, NULL, desk_applicant (filed), filed->key };
	Who stranger = { WHO_OTHER_APPLICANT, NULL, desk_applicant (other), other->key };
	Who holder = { WHO_HOLDER, NULL, { .kind = ACTOR_HOLDER }, filed->key };
	Who other_holder = { WHO_OTHER_HOLDER, NULL, { .kind = ACTOR_HOLDER }, other->key };

	if (has_certificate (state))
		desk_holder (desk, filed, &holder.actor);
	else
		holder.actor = (Actor) { .kind = ACTOR_HOLDER, .subject = uuid7_new (CA_NOW) };
	desk_holder (desk, other, &other_holder.actor);
	g_array_append_val (people, applicant);
	g_array_append_val (people, stranger);
	g_array_append_val (people, holder);
	g_array_append_val (people, other_holder);
	for (gsize i = 0; i < G_N_ELEMENTS (officers); i++) {
		Who officer = { WHO_OFFICER, officers[i], desk_officer (officers[i]), officers[i]->key };

		g_array_append_val (people, officer);
	}
}

static void
test_matrix (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) other = desk_file_to (desk, SUBJECT_PERSON, STATE_CONFIRMED);

	for (ApplicationState state = STATE_DRAFT; state < N_STATES; state++) {
		g_autoptr (Filed) filed = desk_file_to (desk, SUBJECT_ORGANIZATION, state);
		g_autoptr (GArray) people = g_array_new (FALSE, FALSE, sizeof (Who));
		guint64 leaves = desk_leaves (desk);
		Who *who;

		everybody (desk, filed, other, state, people);
		for (ApplicationAct act = ACT_EDIT; act <= ACT_CONFIRM; act++)
			for (guint i = 0; i < people->len && act != ACT_STORE && act != ACT_ABANDON; i++)
				try_act (desk, filed, state, act, &g_array_index (people, Who, i));
		/* Only tried: nothing is left behind. */
		desk_assert_state (desk, filed, state);
		g_assert_cmpuint (desk_leaves (desk), ==, leaves);
		for (guint i = 2; i < 4; i++) {
			who = &g_array_index (people, Who, i);
			actor_clear (&who->actor);
		}
	}
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	test_store_add ("/registry/matrix", test_matrix);
	return g_test_run ();
}
