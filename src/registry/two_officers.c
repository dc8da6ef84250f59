/* registry/two_officers.c — see two_officers.h. */
#include "registry/two_officers.h"

#include "base/error.h"
#include "registry/application_private.h"

void
two_officers_clear (TwoOfficers *two)
{
	for (guint i = 0; i < 2; i++) {
		g_clear_pointer (&two->statement[i], statement_unref);
		actor_clear (&two->actor[i]);
	}
}

/* Members but those that tell one statement from another. */
static json_t *
what_is_said (const Statement *statement)
{
	json_t *said = json_copy ((json_t *) statement_payload (statement));

	json_object_del (said, "time");
	json_object_del (said, "nonce");
	return said;
}

static gboolean
expect_same_members (const TwoOfficers *two, GError **error)
{
	g_autoptr (json_t) one = what_is_said (two->statement[0]);
	g_autoptr (json_t) other = what_is_said (two->statement[1]);

	return json_equal (one, other) ||
	       diqi_fail (error, DIQI_ERROR_STATEMENT_TARGET, "/statements/1", "the two statements do not say the same");
}

static gboolean
have_roles (const TwoOfficers *two, guint first, guint second)
{
	const Actor *a = &two->actor[0], *b = &two->actor[1];

	return (actor_has_role (a, first) && actor_has_role (b, second)) || (actor_has_role (b, first) && actor_has_role (a, second));
}

gboolean
expect_two_officers (const Registry *registry, const TwoOfficers *two, const char *type, guint first, guint second,
                     Micros now, GError **error)
{
	for (guint i = 0; i < 2; i++)
		if (!expect_statement (registry, &two->actor[i], two->statement[i], type, now, error))
			return FALSE;
	if (g_strcmp0 (two->actor[0].person, two->actor[1].person) == 0)
		return diqi_fail (error, DIQI_ERROR_SAME_PERSON, "/statements/1", "two different persons must sign");
	if (!have_roles (two, first, second))
		return diqi_fail (error, DIQI_ERROR_PERMISSION, "/statements", "%s is not for these two officers", type);
	return expect_same_members (two, error);
}

gboolean
two_officers_append (Tx *tx, const TwoOfficers *two, const char *type, const char *subject, Micros now,
                     const json_t *effect, GError **error)
{
	g_autoptr (json_t) all = effect ? json_deep_copy (effect) : json_object ();

	json_object_set_new (all, "persons", json_pack ("[s, s]", two->actor[0].person, two->actor[1].person));
	json_object_set_new (all, "second", json_string (statement_compact (two->statement[1])));
	return evidence_use_statement (tx, two->statement[1], now, error) &&
	       evidence_append (tx, type, subject, now, two->statement[0], all, NULL, error);
}
