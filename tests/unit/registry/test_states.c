/* The table of states: sound in itself, and the same as docs/states.md.
 *
 * DIQI_WRITE_DOCS=1 writes the page from the table. */
#include <string.h>

#include "registry/states.h"

static const ApplicationTransition *table;
static gsize table_n;

static const char *
by_text (const ApplicationTransition *t, GString *buffer)
{
	static const char *const others[] = {
		[BY_ANYBODY] = "anybody", [BY_APPLICANT] = "applicant", [BY_HOLDER] = "the new certificate's holder", [BY_SYSTEM] = "the system",
	};

	if (t->by != BY_OFFICER)
		return others[t->by];
	g_string_truncate (buffer, 0);
	for (guint bit = 1; bit & ROLE_ALL; bit <<= 1)
		if (t->roles & bit)
			g_string_append_printf (buffer, "%s%s", buffer->len ? ", " : "", role_name (bit));
	return buffer->str;
}

static char *
guard_text (const ApplicationTransition *t)
{
	static const struct { guint bit; const char *text; } guards[] = {
		{ GUARD_COMPLETE, "form complete, key proven and new" },
		{ GUARD_UNPAID, "no fee recorded yet" },
		{ GUARD_PAID, "fee recorded" },
		{ GUARD_OVERRIDE, "a failing check digit is overridden with a reason" },
		{ GUARD_NOT_CLERK, "not the accepting clerk" },
		{ GUARD_NOT_REVIEWER, "not the reviewer" },
		{ GUARD_REQUEST, "over the to-be-signed request of now" },
		{ GUARD_AMOUNT, "amount of the tariff" },
		{ GUARD_NOT_APPLICANT, "nobody of the form" },
		{ GUARD_TARGET, "certificate in a state that allows the service" },
		{ GUARD_CODE_UNSIGNED, "with an access code no statement" },
	};
	static const struct { guint bit; const char *text; } effects[] = {
		{ EFFECT_VOIDS_APPROVALS, "voids acceptance and review" },
		{ EFFECT_VOIDS_REVIEW, "voids the review" },
		{ EFFECT_FULFILS, "the service is rendered" },
		{ EFFECT_DROPS_ORDER, "nothing more to pay; what was paid is refundable" },
	};
	g_autoptr (GString) text = g_string_new (NULL);

	for (gsize i = 0; i < G_N_ELEMENTS (guards); i++)
		if (t->guards & guards[i].bit)
			g_string_append_printf (text, "%s%s", text->len ? "; " : "", guards[i].text);
	for (gsize i = 0; i < G_N_ELEMENTS (effects); i++)
		if (t->effects & effects[i].bit)
			g_string_append_printf (text, "%s→ %s", text->len ? "; " : "", effects[i].text);
	return g_strdup (text->str);
}

/* Services that go the same way share a page. */
static const struct { const char *title; guint services; } groups[] = {
	{ "With a new key", SERVICES_KEY },
	{ "What happens to a certificate", SERVICES_STATUS },
	{ "PIN unlock", SERVICES_TICKET },
	{ "Recovery of an escrowed key", SERVICES_RECOVER },
	{ "A question", SERVICES_ANSWER },
};

static void
draw_diagram (GString *text, guint services)
{
	g_string_append (text, "\n```mermaid\nstateDiagram-v2\n");
	for (gsize i = 0; i < table_n; i++)
		if (table[i].services & services)
			g_string_append_printf (text, "    %s --> %s: %s\n", table[i].from ? application_state_name (table[i].from) : "[*]",
			                        application_state_name (table[i].to), application_act_name (table[i].act));
	g_string_append (text, "```\n");
}

static void
draw_row (GString *text, const ApplicationTransition *t)
{
	g_autoptr (GString) buffer = g_string_new (NULL);
	g_autofree char *guards = guard_text (t);

	g_string_append_printf (text, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", t->from ? application_state_name (t->from) : "–",
	                        application_act_name (t->act), application_state_name (t->to), by_text (t, buffer),
	                        t->statement ? t->statement : "–", *guards ? guards : "–", t->template_name ? t->template_name : "–",
	                        t->public_status ? "certificate's status" : "–");
}

static void
draw_group (GString *text, const char *title, guint services)
{
	g_string_append_printf (text, "\n## %s\n\n", title);
	for (Service service = 0; service < N_SERVICES; service++)
		if (services & SERVICE_BIT (service))
			g_string_append_printf (text, "- `%s` %s\n", service_name (service), service_rule (service)->label);
	draw_diagram (text, services);
	g_string_append (text, "\n| from | act | to | by | statement | needs → effect | message | public |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n");
	for (gsize i = 0; i < table_n; i++)
		if (table[i].services & services)
			draw_row (text, &table[i]);
}

static char *
page (void)
{
	g_autoptr (GString) text = g_string_new (
		"# Life of an application\n\n"
		"Drawn from the table in `src/registry/states.c` by `tests/unit/registry/test_states.c`, which fails when this page differs;\n"
		"`DIQI_WRITE_DOCS=1` makes it write the page.\n\n"
		"| state | 状态 |\n| --- | --- |\n");

	for (ApplicationState state = STATE_DRAFT; state < N_STATES; state++)
		g_string_append_printf (text, "| %s | %s |\n", application_state_name (state), application_state_label (state));
	for (gsize i = 0; i < G_N_ELEMENTS (groups); i++)
		draw_group (text, groups[i].title, groups[i].services);
	return g_strdup (text->str);
}

static void
test_page (void)
{
	g_autofree char *path = g_build_filename (g_getenv ("G_TEST_SRCDIR"), "docs", "states.md", NULL);
	g_autofree char *drawn = page ();
	g_autofree char *stored = NULL;
	g_autoptr (GError) error = NULL;

	if (g_getenv ("DIQI_WRITE_DOCS"))
		g_assert_true (g_file_set_contents (path, drawn, -1, NULL));
	g_file_get_contents (path, &stored, NULL, &error);
	g_assert_no_error (error);
	g_assert_cmpstr (stored, ==, drawn);
}

/* Who may do an act of a service, and the statement that proves it, do not depend on the state. */
static void
test_one_rule_an_act (void)
{
	for (gsize i = 0; i < table_n; i++)
		for (gsize j = 0; j < i; j++) {
			if (table[i].act != table[j].act || !(table[i].services & table[j].services))
				continue;
			g_assert_cmpint (table[i].by, ==, table[j].by);
			g_assert_cmpuint (table[i].roles, ==, table[j].roles);
			g_assert_cmpstr (table[i].statement, ==, table[j].statement);
		}
}

/* Of one state an act leads on in one way; where there are two, payment decides. */
static void
test_deterministic (void)
{
	for (gsize i = 0; i < table_n; i++)
		for (gsize j = 0; j < i; j++) {
			guint either = table[i].guards ^ table[j].guards;

			if (table[i].from != table[j].from || table[i].act != table[j].act || !(table[i].services & table[j].services))
				continue;
			g_assert_cmpuint (either, ==, GUARD_PAID | GUARD_UNPAID);
		}
	for (Service service = 0; service < N_SERVICES; service++) {
		g_assert_cmpint (application_transition (service, STATE_SUBMITTED, ACT_ACCEPT, FALSE)->to, ==, STATE_ACCEPTED);
		g_assert_cmpint (application_transition (service, STATE_SUBMITTED, ACT_ACCEPT, TRUE)->to, ==, STATE_PAID);
	}
}

/* Every service is in exactly one group, and its table leads from a draft to an end. */
static void
test_groups (void)
{
	guint seen = 0;

	for (gsize i = 0; i < G_N_ELEMENTS (groups); i++) {
		g_assert_cmpuint (seen & groups[i].services, ==, 0);
		seen |= groups[i].services;
	}
	g_assert_cmpuint (seen, ==, SERVICES_ALL);
	for (Service service = 0; service < N_SERVICES; service++) {
		Service found;

		g_assert_true (service_from_name (service_name (service), &found));
		g_assert_cmpint (found, ==, service);
		g_assert_cmpint (service_rule (service)->key, ==, (SERVICE_BIT (service) & (SERVICES_KEY | SERVICES_RECOVER)) != 0);
		/* What is held or revoked or given a new key is about a certificate. */
		if (service != SERVICE_ISSUE && service != SERVICE_OTHER)
			g_assert_cmpuint (service_rule (service)->targets & TARGET_NONE, ==, 0);
	}
	g_assert_false (service_from_name ("", &(Service) { 0 }));
}

static void
reach (ApplicationState from, gboolean seen[N_STATES])
{
	seen[from] = TRUE;
	for (gsize i = 0; i < table_n; i++)
		if (table[i].from == from && !seen[table[i].to])
			reach (table[i].to, seen);
}

static void
test_reachable (void)
{
	gboolean seen[N_STATES] = { FALSE };

	reach (STATE_NONE, seen);
	for (ApplicationState state = 0; state < N_STATES; state++)
		g_assert_true (seen[state]);
}

/* 不缴费不发证; 审核人、发证人、受理人 are three persons; officers' acts are all signed. */
static void
test_rules_of_issue (void)
{
	for (gsize i = 0; i < table_n; i++) {
		const ApplicationTransition *t = &table[i];

		if (t->act == ACT_ISSUE || t->act == ACT_REVIEW || t->act == ACT_STORE)
			g_assert_cmpuint (t->guards & GUARD_PAID, !=, 0);
		if (t->act == ACT_ISSUE || (t->act == ACT_SERVICE_COMPLETE && !(t->services & SERVICES_ANSWER)))
			g_assert_cmpuint (t->guards & (GUARD_NOT_CLERK | GUARD_NOT_REVIEWER), ==, GUARD_NOT_CLERK | GUARD_NOT_REVIEWER);
		if (t->to == STATE_ISSUED)
			g_assert_cmpint (t->from, ==, STATE_ISSUING);
		if (t->by == BY_OFFICER || t->by == BY_HOLDER)
			g_assert_nonnull (t->statement);
		/* Nobody decides his own. */
		if (t->act == ACT_ACCEPT || t->act == ACT_REVIEW || t->act == ACT_ISSUE || t->act == ACT_SERVICE_REVIEW || t->act == ACT_SERVICE_COMPLETE)
			g_assert_cmpuint (t->guards & GUARD_NOT_APPLICANT, !=, 0);
		/* What is rendered was paid, waived or free. */
		if (t->effects & EFFECT_FULFILS && t->act != ACT_UNLOCKED)
			g_assert_cmpuint (t->guards & GUARD_PAID, !=, 0);
		if (t->act == ACT_RETURN || t->act == ACT_EDIT)
			g_assert_cmpuint (t->effects & EFFECT_VOIDS_APPROVALS, !=, 0);
	}
}

static void
test_names (void)
{
	for (ApplicationState state = STATE_DRAFT; state < N_STATES; state++) {
		ApplicationState found;

		g_assert_true (application_state_from_name (application_state_name (state), &found));
		g_assert_cmpint (found, ==, state);
	}
	g_assert_false (application_state_from_name ("", &(ApplicationState) { 0 }));
	g_assert_false (application_state_from_name (NULL, &(ApplicationState) { 0 }));
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	table = application_transitions (&table_n);
	g_test_add_func ("/registry/states/page", test_page);
	g_test_add_func ("/registry/states/one-rule-an-act", test_one_rule_an_act);
	g_test_add_func ("/registry/states/deterministic", test_deterministic);
	g_test_add_func ("/registry/states/groups", test_groups);
	g_test_add_func ("/registry/states/reachable", test_reachable);
	g_test_add_func ("/registry/states/rules-of-issue", test_rules_of_issue);
	g_test_add_func ("/registry/states/names", test_names);
	return g_test_run ();
}
