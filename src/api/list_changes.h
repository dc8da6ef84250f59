/* api/list_changes.h — what the pinned lists' changes do, whoever brings them: a request, or a ceremony with the site stopped.
 *
 * The signer judges list and statements and pins; then the authority takes the certificates in, and the log the change.  Sent again after a
 * crash between these, a change is finished; a list of officers whose leaf is missing is logged at the next start. */
#pragma once
#include "api/api.h"
#include "registry/two_officers.h"

/* *out: the list as pinned. */
gboolean officers_change_apply (Api *api, const json_t *list, Statement *const statements[2], Micros now, json_t **out, GError **error);
gboolean agents_change_apply (Api *api, const json_t *list, const TwoOfficers *two, Micros now, json_t **out, GError **error);
