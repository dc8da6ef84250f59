/* registry/people_of.h — the people in forms, and who an officer is. */
#pragma once
#include "identity/people.h"
#include "registry/two_officers.h"

/* Takes down who stands for the subject by this complete form; history is kept (identity/people.h). */
gboolean people_of_form_record (Tx *tx, const Registry *registry, SubjectKind kind, const json_t *form,
                                const char *subject, Micros now, GError **error);

/* Statement officer.identify {person, identity} of two administrators; what officer_identify refuses is refused.  *view: {person, identified}. */
gboolean officer_record_identity (Tx *tx, Registry *registry, const OfficerList *officers, const TwoOfficers *two,
                                  json_t **view, GError **error);
