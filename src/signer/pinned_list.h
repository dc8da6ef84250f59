/* signer/pinned_list.h — what the pinned lists of people (officers, recovery agents) have in common: how an entry gets its
 * certificate, what a statement for a change names, and what the list's chain keeps of it.  See officers.h and agents.h.
 */
#pragma once
#include "base/json.h"
#include "pki/certificate.h"
#include "pki/statement.h"

/* --- entries --------------------------------------------------------------------------- */

/* Either of the two, as an entry carries it: a certificate, or the proven key of a CSR.  Errors name `at`. */
gboolean pinned_entry_read_key (GBytes *certificate, GBytes *csr, const char *at, Certificate **of, PublicKey **key, GError **error);
/* Borrowed. */
const Fingerprint *pinned_entry_spki (const Certificate *certificate, const PublicKey *key);

/* Names this entry of this proposal for good, so that sending the change again yields the same certificate. */
void pinned_entry_request (const char *type, const Fingerprint *proposal, const char *person, const PublicKey *key, Fingerprint *out);
/* The certificate in place of the CSR. */
void pinned_entry_fill (json_t *entry, const Certificate *certificate);

/* --- changes ---------------------------------------------------------------------------- */

/* The payload is exactly: the change from the list of that version and hash to the proposed one.  DIQI_ERROR_STATEMENT_TARGET. */
gboolean pinned_list_check_target (const Statement *statement, gint64 version, const Fingerprint *previous, const Fingerprint *proposed,
                                   const char *at, GError **error);

/* What the chain keeps of a change; everything borrowed. */
typedef struct {
	gint64 version;
	Micros time;
	Fingerprint previous;              /* the list before it; zeros: none */
	const json_t *proposed, *list, *statements;
} PinnedRecord;
json_t *pinned_record_new (const PinnedRecord *record);
/* The first record of a new site: a list that nobody signed for. */
json_t *pinned_record_genesis (const json_t *list, Micros now);
/* `extra`: a member that only this list's records have; NULL: none.  *hash of the canonical proposal. */
gboolean pinned_record_read (const json_t *json, const Field *extra, PinnedRecord *out, Fingerprint *hash, GError **error);
