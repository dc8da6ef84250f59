/* Roles by name. */
#include "base/error.h"
#include "identity/actor.h"

static void
test_names_both_ways (void)
{
	guint all = 0;

	for (guint bit = 1; bit & ROLE_ALL; bit <<= 1) {
		Role role;

		g_assert_nonnull (role_name (bit));
		g_assert_true (role_from_name (role_name (bit), &role));
		g_assert_cmpuint (role, ==, bit);
		all |= bit;
	}
	g_assert_cmpuint (all, ==, ROLE_ALL);
	g_assert_null (role_name (0x200));
	g_assert_null (role_name (ROLE_CLERK | ROLE_ISSUER));
}

static void
test_lists (void)
{
	g_autoptr (json_t) names = roles_to_json (ROLE_CLERK | ROLE_AUDITOR);
	g_autoptr (json_t) unknown = json_pack ("[s, s]", "clerk", "root");
	g_autoptr (json_t) twice = json_pack ("[s, s]", "clerk", "clerk");
	g_autoptr (json_t) number = json_pack ("[i]", 1);
	g_autoptr (GError) error = NULL;
	guint roles = 0;

	g_assert_true (roles_from_json (names, "/roles", &roles, &error));
	g_assert_cmpuint (roles, ==, ROLE_CLERK | ROLE_AUDITOR);
	g_assert_false (roles_from_json (unknown, "/roles", &roles, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_FIELD_VALUE);
	g_assert_cmpstr (diqi_error_field (error), ==, "/roles/1");
	g_clear_error (&error);
	g_assert_false (roles_from_json (twice, "/roles", &roles, &error));
	g_clear_error (&error);
	g_assert_false (roles_from_json (number, "/roles", &roles, &error));
	g_clear_error (&error);
	g_assert_false (roles_from_json (NULL, "/roles", &roles, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_FIELD_TYPE);
}

static void
test_only_officers_have_roles (void)
{
	const Actor holder = { .kind = ACTOR_HOLDER, .roles = ROLE_ALL };
	const Actor clerk = { .kind = ACTOR_OFFICER, .roles = ROLE_CLERK };

	g_assert_false (actor_has_role (&holder, ROLE_ALL));
	g_assert_true (actor_has_role (&clerk, ROLE_CLERK | ROLE_ISSUER));
	g_assert_false (actor_has_role (&clerk, ROLE_ISSUER));
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/identity/actor/names-both-ways", test_names_both_ways);
	g_test_add_func ("/identity/actor/lists", test_lists);
	g_test_add_func ("/identity/actor/only-officers-have-roles", test_only_officers_have_roles);
	return g_test_run ();
}
