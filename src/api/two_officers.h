/* api/two_officers.h — body member "statements": two officers' statements of one type. */
#pragma once
#include "api/call.h"
#include "registry/two_officers.h"

/* Form, signature, site, time (±5 min of arrival), type; each by a certificate that is good now and an active
 * officer's.  `statements` is the body's array; who may sign what is for expect_two_officers.  Not in a transaction. */
gboolean api_two_officers (ApiCall *call, const json_t *statements, const char *type, TwoOfficers *out, GError **error);
