/* api/two_officers.h — body member "statements": two officers' statements of one type. */
#pragma once
#include "api/call.h"
#include "registry/two_officers.h"

/* Form, signature, site, time (±5 min of arrival), type; each by a certificate that is good now and an active
 * officer's.  `statements` is the body's array; who may sign what is for expect_two_officers.  Not in a transaction. */
gboolean api_two_officers (ApiCall *call, const json_t *statements, const char *type, TwoOfficers *out, GError **error);
/* One such statement; `at` is its member.  *statement and *actor are the caller's to clear. */
gboolean api_officer_statement (ApiCall *call, const json_t *member, const char *at, const char *type, Statement **statement, Actor *actor,
                                GError **error);
