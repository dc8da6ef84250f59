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
	gboolean own;                    /* the holder whom the application is about */
} Who;

/* An act the service does not know is judged by another's rule, then refused for the state. */
static const ApplicationTransition *
rule_of (Service service, ApplicationAct act)
{
	const ApplicationTransition *rule = application_act_rule (service, act);

	for (Service other = 0; other < N_SERVICES && !rule; other++)
		rule = application_act_rule (other, act);
	g_assert_nonnull (rule);
	return rule;
}

static gboolean
has_certificate (ApplicationState state)
{
	return state == STATE_ISSUED || state == STATE_DELIVERED || state == STATE_CONFIRMED;
}

static gboolean
permitted (const Who *who, const Filed *filed, ApplicationAct act, ApplicationState state)
{
	const ApplicationTransition *rule = rule_of (filed->service, act);

	switch (rule->by) {
	case BY_APPLICANT:
		return who->kind == WHO_APPLICANT || (who->kind == WHO_HOLDER && (who->own || has_certificate (state)));
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
	return state == STATE_PAID || state == STATE_REVIEWED || state == STATE_ISSUING || state == STATE_APPROVED || state == STATE_COMPLETED ||
	       has_certificate (state);
}

static int
expected (const Who *who, const Filed *filed, ApplicationAct act, ApplicationState state)
{
	gboolean free_service = filed->service == SERVICE_OTHER && state != STATE_DRAFT;

	if (!permitted (who, filed, act, state))
		return DIQI_ERROR_PERMISSION;
	return application_transition (filed->service, state, act, free_service || is_paid (state)) ? -1 : DIQI_ERROR_APPLICATION_STATE;
}

static void
try_act (Desk *desk, Filed *filed, ApplicationState state, ApplicationAct act, const Who *who)
{
	/* A submission is by the application's own key, whoever sends it. */
	gboolean own_key = act == ACT_SUBMIT && service_rule (filed->service)->key;
	const PrivateKey *key = own_key ? filed->key : who->key;
	/* With an access code alone there is no certificate to sign with. */
	const gboolean signs = act != ACT_EDIT && (who->actor.certificate || own_key || (act != ACT_SUBMIT && act != ACT_WITHDRAW));
	g_autoptr (Statement) statement = NULL;
	g_autoptr (GError) error = NULL;
	DeskAct a = { .desk = desk, .filed = filed, .act = act, .actor = &who->actor, .roll_back = TRUE };
	int code = expected (who, filed, act, state);

	if (signs)
		statement = desk_statement (desk, filed, act, &who->actor, key, NULL);
	a.statement = statement;
	desk_do (&a, &error);
	json_decref (a.view);
	if ((code < 0 && error) || (code >= 0 && !g_error_matches (error, DIQI_ERROR, code)))
		g_error ("%s: %s in %s by %s (%d): expected %s, got %s", service_name (filed->service), application_act_name (act), application_state_name (state),
		         who->officer ? who->officer->name : "-", who->kind, code < 0 ? "success" : diqi_code_name (code),
		         error ? error->message : "success");
}

static void
everybody (Desk *desk, Filed *filed, Filed *other, Filed *owner, ApplicationState state, GArray *people)
{
	const LocalOfficer *officers[] = { desk->clerk, desk->cashier, desk->reviewer, desk->issuer, desk->auditor, desk->administrator };
	Who applicant = { WHO_APPLICANT, NULL, desk_applicant (filed), filed->key };
	Who stranger = { WHO_OTHER_APPLICANT, NULL, desk_applicant (other), other->key };
	Who holder = { WHO_HOLDER, NULL, { .kind = ACTOR_HOLDER }, filed->key };
	Who other_holder = { WHO_OTHER_HOLDER, NULL, { .kind = ACTOR_HOLDER }, other->key };

	if (owner) {
		desk_holder (desk, owner, &holder.actor);
		holder.key = owner->key;
		holder.own = TRUE;
	} else if (has_certificate (state))
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

static gboolean
is_tried (ApplicationAct act)
{
	/* The system's own acts have no actor; who stores and abandons is issuing's. */
	return act != ACT_CREATE && act != ACT_STORE && act != ACT_ABANDON && act != ACT_FEE_PAID && act != ACT_RECOVERED;
}

static void
try_state (Desk *desk, Filed *filed, Filed *other, Filed *owner, ApplicationState state)
{
	g_autoptr (GArray) people = g_array_new (FALSE, FALSE, sizeof (Who));
	guint64 leaves;

	desk_walk (desk, filed, state);
	desk_assert_state (desk, filed, state);
	leaves = desk_leaves (desk);
	everybody (desk, filed, other, owner, state, people);
	for (ApplicationAct act = 0; act < N_ACTS; act++)
		for (guint i = 0; i < people->len && is_tried (act); i++)
			try_act (desk, filed, state, act, &g_array_index (people, Who, i));
	/* Only tried: nothing is left behind. */
	desk_assert_state (desk, filed, state);
	g_assert_cmpuint (desk_leaves (desk), ==, leaves);
	for (guint i = 2; i < 4; i++)
		actor_clear (&g_array_index (people, Who, i).actor);
}

static void
test_matrix (TestStore *t)
{
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) other = desk_file_to (desk, SUBJECT_PERSON, STATE_CONFIRMED);

	for (ApplicationState state = STATE_DRAFT; state < N_STATES; state++) {
		g_autoptr (Filed) filed = NULL;

		if (state == STATE_APPROVED || state == STATE_COMPLETED)
			continue;
		filed = desk_file (desk, SUBJECT_ORGANIZATION, desk_form (SUBJECT_ORGANIZATION));
		try_state (desk, filed, other, NULL, state);
	}
}

/* Does the service know the state, and does a walk with payment at the desk lead there? */
static gboolean
has_state (Service service, ApplicationState state)
{
	gsize n;
	const ApplicationTransition *table = application_transitions (&n);

	if (service == SERVICE_OTHER && state == STATE_ACCEPTED)
		return FALSE;                    /* free: paid as soon as it is accepted */
	for (gsize i = 0; i < n; i++)
		if ((table[i].services & SERVICE_BIT (service)) && table[i].to == state)
			return TRUE;
	return FALSE;
}

static void
test_services (TestStore *t)
{
	static const Service services[] = { SERVICE_REPORT_LOSS, SERVICE_UNLOCK_PIN, SERVICE_OTHER };
	g_autoptr (Desk) desk = desk_new (t->store);
	g_autoptr (Filed) other = desk_file_to (desk, SUBJECT_PERSON, STATE_CONFIRMED);

	for (gsize i = 0; i < G_N_ELEMENTS (services); i++)
		for (ApplicationState state = STATE_DRAFT; state < N_STATES; state++) {
			g_autoptr (Filed) owner = NULL;
			g_autoptr (Filed) filed = NULL;
			json_t *form;

			if (!has_state (services[i], state))
				continue;
			owner = desk_file_to (desk, SUBJECT_ORGANIZATION, STATE_CONFIRMED);
			form = desk_form (SUBJECT_ORGANIZATION);
			if (services[i] == SERVICE_UNLOCK_PIN)
				json_object_set_new (form, "token", json_string ("CARD0001"));
			filed = desk_file_service (desk, services[i], owner, form, NULL);
			try_state (desk, filed, other, services[i] == SERVICE_REPORT_LOSS ? NULL : owner, state);
		}
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	test_store_add ("/registry/matrix", test_matrix);
	test_store_add ("/registry/matrix/services", test_services);
	return g_test_run ();
}
