#include "sale_fixture.h"

#include <string.h>

static void
test_taicang (void)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *canonical = NULL;
	RuleSet rules, again;

	g_assert_true (rule_set_builtin ("taicang", 1, &rules, &canonical, &error));
	g_assert_no_error (error);
	g_assert_cmpint (rules.announce_least, ==, 20 * MICROS_PER_DAY);        /* TR-8 */
	g_assert_cmpint (rules.listing_least, ==, 10 * MICROS_PER_DAY);
	g_assert_cmpint (rules.quiet, ==, MICROS_PER_HOUR);                     /* TR-22 */
	g_assert_cmpint (rules.window, ==, 4 * MICROS_PER_MIN);                 /* TR-20 */
	g_assert_cmpuint (rules.prompts_n, ==, 3);
	g_assert_cmpint (rules.prompts[0], ==, 60 * S);
	g_assert_cmpint (rules.prompts[2], ==, 20 * S);
	g_assert_cmpuint (rules.limit_time_bidders, ==, 2);                     /* TR-19 */
	g_assert_true (rules.step_multiple);                                    /* TR-16 */
	/* The hash is of the canonical text, and the text reads back to the same rules. */
	Fingerprint hash;
	fingerprint_of (canonical, strlen (canonical), &hash);
	g_assert_true (fingerprint_equal (&hash, &rules.hash));
	g_assert_true (rule_set_parse_text (canonical, strlen (canonical), &again, &error));
	g_assert_cmpmem (&rules, sizeof rules, &again, sizeof again);
}

static void
test_list (void)
{
	g_autoptr (json_t) list = rule_set_list ();
	RuleSet rules;

	g_assert_cmpuint (json_array_size (list), >=, 1);
	const json_t *first = json_array_get (list, 0);
	g_assert_true (rule_set_builtin (json_string_value (json_object_get (first, "name")),
	                                 (int) json_integer_value (json_object_get (first, "version")), &rules, NULL, NULL));
	g_autofree char *hex = fingerprint_hex (&rules.hash);
	g_assert_cmpstr (json_string_value (json_object_get (first, "hash")), ==, hex);
}

static void
test_absent (void)
{
	const char *const names[] = { "nowhere", "../taicang", "taicang-1", "" };
	for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
		g_autoptr (GError) error = NULL;
		RuleSet rules;
		g_assert_false (rule_set_builtin (names[i], 1, &rules, NULL, &error));
		g_assert_error (error, DIQI_ERROR, DIQI_ERROR_NOT_FOUND);
	}
}

/* A rule set that this program does not wholly understand must not be sold under. */
static void
test_refused (void)
{
	static const struct { const char *rule, *value, *field; DiqiErrorCode code; } cases[] = {
		{ "window_seconds", "{\"value\":0,\"source\":\"x\"}", "/rules/window_seconds/value", DIQI_ERROR_FIELD_VALUE },
		{ "window_seconds", "{\"value\":\"240\",\"source\":\"x\"}", "/rules/window_seconds/value", DIQI_ERROR_FIELD_TYPE },
		{ "window_seconds", "{\"value\":240}", "/rules/window_seconds/source", DIQI_ERROR_FIELD_MISSING },
		{ "window_seconds", NULL, "/rules/window_seconds", DIQI_ERROR_FIELD_MISSING },
		{ "window_seconds", "240", "/rules/window_seconds", DIQI_ERROR_FIELD_TYPE },
		{ "prompt_seconds", "{\"value\":[20,40],\"source\":\"x\"}", "/rules/prompt_seconds/value", DIQI_ERROR_FIELD_VALUE },
		{ "prompt_seconds", "{\"value\":[240],\"source\":\"x\"}", "/rules/prompt_seconds/value", DIQI_ERROR_FIELD_VALUE },
		{ "prompt_seconds", "{\"value\":[9,8,7,6,5,4,3,2,1],\"source\":\"x\"}", "/rules/prompt_seconds/value", DIQI_ERROR_FIELD_LENGTH },
		{ "raise_own_lead", "{\"value\":1,\"source\":\"x\"}", "/rules/raise_own_lead/value", DIQI_ERROR_FIELD_TYPE },
		{ "reserve", "{\"value\":1,\"source\":\"x\"}", "/rules/reserve", DIQI_ERROR_FIELD_UNKNOWN },
	};
	g_autofree char *canonical = NULL;
	RuleSet rules;

	g_assert_true (rule_set_builtin ("taicang", 1, &rules, &canonical, NULL));
	for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
		g_autoptr (GError) error = NULL;
		g_autoptr (json_t) json = json_loads (canonical, 0, NULL);
		json_t *table = json_object_get (json, "rules");
		if (cases[i].value == NULL)
			json_object_del (table, cases[i].rule);
		else
			json_object_set_new (table, cases[i].rule, json_loads (cases[i].value, JSON_DECODE_ANY, NULL));
		g_assert_false (rule_set_parse (json, &rules, &error));
		g_assert_error (error, DIQI_ERROR, (int) cases[i].code);
		g_assert_cmpstr (diqi_error_field (error), ==, cases[i].field);
	}
}

static void
test_not_canonical (void)
{
	g_autofree char *canonical = NULL;
	g_autoptr (GError) error = NULL;
	RuleSet rules;

	g_assert_true (rule_set_builtin ("taicang", 1, &rules, &canonical, NULL));
	g_autofree char *spaced = g_strconcat (canonical, " ", NULL);
	g_assert_false (rule_set_parse_text (spaced, strlen (spaced), &rules, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_FIELD_VALUE);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	g_test_add_func ("/rule-set/taicang", test_taicang);
	g_test_add_func ("/rule-set/list", test_list);
	g_test_add_func ("/rule-set/absent", test_absent);
	g_test_add_func ("/rule-set/refused", test_refused);
	g_test_add_func ("/rule-set/not-canonical", test_not_canonical);
	return g_test_run ();
}
