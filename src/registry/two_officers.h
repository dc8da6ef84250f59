/* registry/two_officers.h — acts that two officers sign: the same members, each with a nonce and time of his own.
 *
 * Nobody does such an act alone: two statements, two certificates, two persons.
 */
#pragma once
#include "registry/registry.h"

typedef struct {
	Statement *statement[2];
	Actor actor[2];                  /* the officer who signed it; certificate set */
} TwoOfficers;
void two_officers_clear (TwoOfficers *two);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TwoOfficers, two_officers_clear)

/* Type, site, time, signer of both; one has a role of `first`, the other of `second`, in either order; the same
 * members.  DIQI_ERROR_SAME_PERSON, _PERMISSION, _STATEMENT_….  Read the members from statement[0] afterwards. */
gboolean expect_two_officers (const Registry *registry, const TwoOfficers *two, const char *type, guint first, guint second,
                              Micros now, GError **error);
/* The leaf of such an act, with the second statement and both persons in its effect.  effect is borrowed, NULL for none. */
gboolean two_officers_append (Tx *tx, const TwoOfficers *two, const char *type, const char *subject, Micros now,
                              const json_t *effect, GError **error);
