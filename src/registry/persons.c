/* registry/persons.c — the people a form names: who stands for a holder, and who may therefore not decide. */
#include "base/error.h"
#include "identity/people.h"
#include "registry/application_private.h"

#define PERSONS_MAX 2

/* Those of an organisation are Chinese residents by the form of the guide. */
static PersonFacts
resident (PersonRole role, const Application *application, const char *name, const char *number, char **kept)
{
	const char *said = form_text (application->form, number);

	*kept = g_strconcat ("resident_id:", said ? said : "", NULL);
	return (PersonFacts) { .role = role, .name = form_text (application->form, name), .number = *kept };
}

/* Fills `out`, whose numbers are kept in `numbers`; gives how many there are. */
static gsize
people_of (const Application *application, PersonFacts out[PERSONS_MAX], char *numbers[PERSONS_MAX + 1])
{
	if (application->kind == SUBJECT_PERSON) {
		numbers[0] = form_holder_number (application->kind, application->form);
		out[0] = (PersonFacts) {
			.role = PERSON_HOLDER, .name = form_text (application->form, "name"), .number = numbers[0],
			.mobile = form_text (application->form, "mobile"), .mail = form_text (application->form, "email"),
		};
		return 1;
	}
	out[0] = resident (PERSON_LEGAL_REPRESENTATIVE, application, "legal_rep_name", "legal_rep_id", &numbers[0]);
	out[1] = resident (PERSON_OPERATOR, application, "operator_name", "operator_id", &numbers[1]);
	out[1].mobile = form_text (application->form, "operator_mobile");
	out[1].mail = form_text (application->form, "operator_email");
	return 2;
}

gboolean
persons_check (Tx *tx, const Registry *registry, const Application *application, const char *person, GError **error)
{
	g_auto (GStrv) numbers = g_new0 (char *, PERSONS_MAX + 1);
	PersonFacts facts[PERSONS_MAX];
	gsize n = people_of (application, facts, numbers);
	gboolean match;

	if (!officer_identity_matches (tx, person, registry->site, (const char *const *) numbers, n, &match, error))
		return FALSE;
	return !match || diqi_fail (error, DIQI_ERROR_APPLICANT_IS_OFFICER, NULL, "the form names you: another person must act");
}

gboolean
people_of_form_record (Tx *tx, const Registry *registry, const Application *application, Micros now, GError **error)
{
	g_auto (GStrv) numbers = g_new0 (char *, PERSONS_MAX + 1);
	PersonFacts facts[PERSONS_MAX];
	gsize n = people_of (application, facts, numbers);

	return people_record (tx, registry->site, application->subject, facts, n, now, error);
}
