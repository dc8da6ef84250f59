/* registry/officer_identity.c — see officer_identity.h. */
#include "registry/officer_identity.h"

#include "base/error.h"
#include "registry/application_private.h"

gboolean
officer_record_identity (Tx *tx, Registry *registry, const OfficerList *officers, const TwoOfficers *two,
                         json_t **view, GError **error)
{
	Micros now = clock_now (registry->clock);
	const char *person, *identity;
	Fingerprint key;
	g_autoptr (json_t) effect = NULL;
	const Field fields[] = {
		{ "person", FIELD_UUID, TRUE, 0, &person },
		{ "identity", FIELD_HEX32, TRUE, 0, &identity },
	};

	if (!expect_two_officers (registry, two, "officer.identify", ROLE_ADMINISTRATOR, ROLE_ADMINISTRATOR, now, error) ||
	    !EXPECT_MEMBERS (two->statement[0], fields, error))
		return FALSE;
	/* FIELD_HEX32 has looked at its form. */
	hex_decode (identity, key.b, sizeof key.b);
	effect = json_pack ("{s:s, s:b}", "person", person, "identified", TRUE);
	if (!officer_identify (tx, officers, person, &key, now, error) ||
	    !two_officers_append (tx, two, "officer.identify", person, now, effect, error))
		return FALSE;
	*view = g_steal_pointer (&effect);
	return TRUE;
}
