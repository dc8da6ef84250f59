/* registry/disposal.h — how long records are kept, and how they end.
 *
 * 电子签名法 24: at least five years after the certificate has lapsed; counted here from the later of the end of the
 * application's last certificate (end of validity or revocation; a hold is none) and the application's last change.  What is due is
 * listed in a batch, once; an administrator and an auditor sign the batch's list, and then the scans, their keys and names, the
 * form and the contract are gone, and with them texts and addresses of messages, search terms, recipients of parcels, the payer of an
 * invoice, and, when no other record of the holder is kept, the people who stood for him.  Hashes, history and the log stay.
 */
#pragma once
#include "registry/two_officers.h"

#define DISPOSAL_YEARS 5

/* Five civil years later (Beijing date), end of that day: never early. */
Micros disposal_due (Micros lapsed);

/* Lists what is due and in no batch yet, most `limit` applications.  *batch: caller frees; NULL when nothing is due. */
gboolean disposal_list_due (Store *store, Registry *registry, guint limit, char **batch, GError **error);
/* Newest first, before `cursor`: {batch, made, list, list_hash, applications, approved?, administrator?, auditor?}. */
gboolean disposal_batches (Tx *tx, const char *cursor, guint limit, json_t **items, char **next_cursor, GError **error);
/* two: "disposal.approve" of administrator and auditor.  Anything in the batch that is not due refuses all of it
 * (DIQI_ERROR_DISPOSAL_STATE), as does a batch that was approved before. */
gboolean disposal_approve (Tx *tx, Registry *registry, const char *batch, const TwoOfficers *two, json_t **view, GError **error);
