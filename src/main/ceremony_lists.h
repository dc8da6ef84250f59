/* main/ceremony_lists.h — a ceremony's steps that change the pinned lists: officers, and the recovery agents of the key centre.
 *
 *   {"step":"officers","remove":[WHO …],"add":[{"name","roles":[…],"csr":FILE,"certificate":FILE?} …], SIGNED}
 *   {"step":"agents","threshold":k?,"remove":[WHO …],"add":[{"who":WHO,"csr":FILE,"certificate":FILE?} …], SIGNED}
 *
 * WHO is an active officer: his person's id, or his name if nobody else has it.  certificate: where the one that is made goes, PEM.  SIGNED is
 * either "by":[{"p12","pin_file"} twice], two administrators who sign at the table, or "proposal":FILE with "statements":[FILE,FILE], as `diqi
 * officer propose` and `sign` (`diqi agent …`) wrote them elsewhere within the last five minutes; then add and remove are absent.
 *
 * The site is opened without being served: its signer judges the statements, its database and log take the change in, as when it runs.
 */
#pragma once
#include "main/ceremony_person.h"

/* *result: {"version","added":[{"person","name","roles","certificate_sha256"}],"removed":[the same]}; of agents without roles, with "threshold". */
gboolean ceremony_officers (const char *dir, const char *passphrase, const json_t *step, json_t **result, GError **error);
gboolean ceremony_agents (const char *dir, const char *passphrase, const json_t *step, json_t **result, GError **error);
/* The step was begun over the list `before` and cut off: if that change was made, what is left of it (log, database, certificates) is finished,
 * and *result is as above; NULL: it was not made.  DIQI_ERROR_CONFIG: others changed the list since, and it cannot be told. */
gboolean ceremony_officers_found (const char *dir, const char *passphrase, const json_t *step, const json_t *before, json_t **result, GError **error);
gboolean ceremony_agents_found (const char *dir, const char *passphrase, const json_t *step, const json_t *before, json_t **result, GError **error);
