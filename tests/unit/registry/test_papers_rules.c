/* data/papers/required.json is read strictly, and what the program carries is whole. */
#include "base/error.h"
#include "registry/papers_rules.h"

static const char *const services[] = {
	"issue", "renew", "change", "report_loss", "withdraw_loss", "reissue", "cancel", "unlock_pin", "freeze", "unfreeze", "other",
	"recover_key",
};

static json_t *
builtin_document (void)
{
	g_autofree char *text = NULL;
	g_autofree char *path = g_build_filename (g_getenv ("G_TEST_SRCDIR"), "data/papers/required.json", NULL);
	g_autoptr (GError) error = NULL;
	json_t *document;
	gsize n;

	g_file_get_contents (path, &text, &n, &error);
	g_assert_no_error (error);
	document = json_read_strict (text, n, n, &error);
	g_assert_no_error (error);
	return document;
}

static void
test_builtin (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PaperRules) rules = paper_rules_builtin (&error);

	g_assert_no_error (error);
	for (gsize i = 0; i < G_N_ELEMENTS (services); i++)
		for (int kind = SUBJECT_ORGANIZATION; kind <= SUBJECT_PERSON; kind++) {
			const GArray *needs = paper_rules_needs (rules, services[i], (SubjectKind) kind);

			g_assert_nonnull (needs);
			g_assert_cmpuint (needs->len, >, 0);
		}
	g_assert_null (paper_rules_needs (rules, "rob", SUBJECT_PERSON));
	g_assert_null (paper_rules_find (rules, "driving_licence"));
	g_assert_cmpstr (paper_rules_label (rules, "identity_card"), ==, "申请人身份证件");
}

/* A signature stands for the holder's papers; it proves neither his first certificate nor another name of his, and opens no key. */
static void
test_unless (void)
{
	static const struct { const char *service, *need; gboolean unless; } cases[] = {
		{ "issue", "identity", FALSE }, { "renew", "identity", TRUE }, { "renew", "form", TRUE }, { "unfreeze", "identity", TRUE },
		{ "change", "identity", FALSE }, { "change", "form", TRUE }, { "recover_key", "identity", FALSE },
	};
	g_autoptr (GError) error = NULL;
	g_autoptr (PaperRules) rules = paper_rules_builtin (&error);

	g_assert_no_error (error);
	for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
		const GArray *needs = paper_rules_needs (rules, cases[i].service, SUBJECT_PERSON);
		guint n = 0;

		while (n < needs->len && !g_str_equal (g_array_index (needs, PaperNeed, n).name, cases[i].need))
			n++;
		g_assert_cmpuint (n, <, needs->len);
		g_assert_cmpint (g_array_index (needs, PaperNeed, n).unless_certificate, ==, cases[i].unless);
	}
}

/* --- damaged files ------------------------------------------------------------------------ */

static json_t *
need_of (json_t *document)
{
	return json_array_get (json_object_get (json_array_get (json_object_get (document, "required"), 0), "needs"), 0);
}

static json_t *
item_of (json_t *document)
{
	return json_array_get (json_array_get (json_object_get (need_of (document), "any"), 0), 0);
}

static void drop_service (json_t *d) { json_array_remove (json_object_get (d, "required"), 0); }
static void double_service (json_t *d) { json_array_append (json_object_get (d, "required"), json_array_get (json_object_get (d, "required"), 0)); }
static void unknown_service (json_t *d) { json_array_append_new (json_object_get (json_array_get (json_object_get (d, "required"), 0), "services"), json_string ("rob")); }
static void double_paper (json_t *d) { json_array_append (json_object_get (d, "papers"), json_array_get (json_object_get (d, "papers"), 0)); }
static void unknown_paper (json_t *d) { json_object_set_new (item_of (d), "paper", json_string ("driving_licence")); }
static void unknown_member (json_t *d) { json_object_set_new (item_of (d), "seal", json_true ()); }
static void asks_nothing (json_t *d) { json_object_set_new (item_of (d), "original", json_false ()); json_object_set_new (item_of (d), "copies", json_integer (0)); }
static void many_copies (json_t *d) { json_object_set_new (item_of (d), "copies", json_integer (10)); }
static void no_choice (json_t *d) { json_array_clear (json_object_get (need_of (d), "any")); }
static void empty_choice (json_t *d) { json_array_clear (json_array_get (json_object_get (need_of (d), "any"), 0)); }
static void other_when (json_t *d) { json_object_set_new (need_of (d), "when", json_string ("sometimes")); }
static void other_unless (json_t *d) { json_object_set_new (need_of (d), "unless", json_string ("known")); }
static void other_kind (json_t *d) { json_object_set_new (json_array_get (json_object_get (d, "required"), 0), "kind", json_string ("robot")); }
static void other_version (json_t *d) { json_object_set_new (d, "version", json_integer (2)); }
static void no_source (json_t *d) { json_object_del (need_of (d), "source"); }

typedef struct {
	const char *name;
	void (*damage) (json_t *document);
	int code;
} Damage;

static const Damage damages[] = {
	{ "drop-service", drop_service, DIQI_ERROR_FIELD_MISSING }, { "double-service", double_service, DIQI_ERROR_FIELD_VALUE },
	{ "unknown-service", unknown_service, DIQI_ERROR_FIELD_VALUE }, { "double-paper", double_paper, DIQI_ERROR_FIELD_VALUE },
	{ "unknown-paper", unknown_paper, DIQI_ERROR_FIELD_VALUE }, { "unknown-member", unknown_member, DIQI_ERROR_FIELD_UNKNOWN },
	{ "asks-nothing", asks_nothing, DIQI_ERROR_FIELD_VALUE }, { "many-copies", many_copies, DIQI_ERROR_FIELD_VALUE },
	{ "no-choice", no_choice, DIQI_ERROR_FIELD_VALUE }, { "empty-choice", empty_choice, DIQI_ERROR_FIELD_VALUE },
	{ "other-when", other_when, DIQI_ERROR_FIELD_VALUE }, { "other-kind", other_kind, DIQI_ERROR_FIELD_VALUE },
	{ "other-unless", other_unless, DIQI_ERROR_FIELD_VALUE }, { "other-version", other_version, DIQI_ERROR_FIELD_VALUE }, { "no-source", no_source, DIQI_ERROR_FIELD_MISSING },
};

static void
test_damage (gconstpointer arg)
{
	const Damage *damage = arg;
	g_autoptr (json_t) document = builtin_document ();
	g_autoptr (GError) error = NULL;
	g_autoptr (PaperRules) rules = NULL;

	damage->damage (document);
	rules = paper_rules_parse (document, &error);
	g_assert_null (rules);
	g_assert_error (error, DIQI_ERROR, damage->code);
	g_assert_nonnull (diqi_error_field (error));
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/registry/papers-rules/builtin", test_builtin);
	g_test_add_func ("/registry/papers-rules/unless", test_unless);
	for (gsize i = 0; i < G_N_ELEMENTS (damages); i++) {
		g_autofree char *path = g_strconcat ("/registry/papers-rules/damaged/", damages[i].name, NULL);

		g_test_add_data_func (path, &damages[i], test_damage);
	}
	return g_test_run ();
}
