/* registry/people_of.c — see people_of.h. */
#include "registry/people_of.h"

#include "base/error.h"
#include "registry/application_private.h"

static gboolean
record_organization (Tx *tx, const Registry *registry, const json_t *form, const char *subject, Micros now, GError **error)
{
	g_autofree char *legal = g_strconcat ("resident_id:", form_text (form, "legal_rep_id"), NULL);
	g_autofree char *operator = g_strconcat ("resident_id:", form_text (form, "operator_id"), NULL);
	const PersonFacts facts[] = {
		{ PERSON_LEGAL_REPRESENTATIVE, form_text (form, "legal_rep_name"), legal, NULL, NULL },
		{ PERSON_OPERATOR, form_text (form, "operator_name"), operator, form_text (form, "operator_mobile"), form_text (form, "operator_email") },
	};

	return people_record (tx, registry->site, subject, facts, G_N_ELEMENTS (facts), now, error);
}

static gboolean
record_person (Tx *tx, const Registry *registry, const json_t *form, const char *subject, Micros now, GError **error)
{
	g_autofree char *number = form_holder_number (SUBJECT_PERSON, form);
	const PersonFacts facts = { PERSON_HOLDER, form_text (form, "name"), number, form_text (form, "mobile"), form_text (form, "email") };

	return people_record (tx, registry->site, subject, &facts, 1, now, error);
}

gboolean
people_of_form_record (Tx *tx, const Registry *registry, SubjectKind kind, const json_t *form,
                       const char *subject, Micros now, GError **error)
{
	return kind == SUBJECT_ORGANIZATION ? record_organization (tx, registry, form, subject, now, error)
	                                    : record_person (tx, registry, form, subject, now, error);
}

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
