/* registry/mass_revocation.h — revoking many certificates for one cause, and ending holds that last too long.
 *
 * Two officers sign "certificate.revoke_many" over the hash of a list of serials (each with a line feed after it), reason and
 * cause.  The list is taken in at once and worked off in chunks, each one transaction that revokes, ends sessions, tells holders,
 * writes a leaf a certificate and how far it is: whatever stops the program, it goes on where it was, and no certificate
 * is handled twice.  What is revoked for good already, or was never issued, is passed over and counted.
 */
#pragma once
#include "registry/two_officers.h"

#define REVOKE_MANY_MAX 100000

/* serials: array of texts.  *view: {batch, total, done, revoked, passed_over, reason, cause, made, finished?, list_hash, persons}. */
gboolean mass_revocation_begin (Tx *tx, Registry *registry, const json_t *serials, const TwoOfficers *two, json_t **view, GError **error);
gboolean mass_revocation_view (Tx *tx, const char *batch, json_t **view, GError **error);
/* One chunk of the oldest open batch.  *more FALSE: nothing is open. */
gboolean mass_revocation_work (Registry *registry, Store *store, gboolean *more, GError **error);

/* Holds of more than so many days: revoked for good (keyCompromise of a reported loss, else cessationOfOperation). */
gboolean registry_end_holds (Registry *registry, Store *store, gint64 days, guint *ended, GError **error);
