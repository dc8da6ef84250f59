/* registry/profile_choice.c — see profile_choice.h. */
#include "registry/profile_choice.h"

#include "registry/form.h"

ProfileCarrier
form_carrier (const json_t *form)
{
	return g_strcmp0 (form_text (form, "carrier"), "SOFT") == 0 ? CARRIER_SOFT : CARRIER_HARD;
}

const char *
registry_profile_name (SubjectKind kind, ProfileCarrier carrier, ProfileUse use)
{
	ProfileHolder holder = kind == SUBJECT_ORGANIZATION ? HOLDER_ORGANIZATION : HOLDER_PERSON;
	const CertificateKind *certificate = invariant_kind_for (holder, carrier, use);

	g_assert (certificate != NULL);
	return certificate->name;
}
