/* registry/officer_identity.h — which human an officer is, so that he decides nothing of his own. */
#pragma once
#include "identity/people.h"
#include "registry/two_officers.h"

/* Statement officer.identify {person, identity} of two administrators; what officer_identify refuses is refused.
 * *view: {person, identified}. */
gboolean officer_record_identity (Tx *tx, Registry *registry, const OfficerList *officers, const TwoOfficers *two,
                                  json_t **view, GError **error);
