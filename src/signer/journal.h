/* signer/journal.h — what the signer must remember: every certificate of its CAs, which of them it
 * called revoked, the last CRL number of each, the last checkpoint, looks at records,
 * released PINs.
 *
 * journal.log is a Chain.  Records, each with "time":
 *   {"type":"issue","ca"?,"request"?,"copy"?,"use"?,"profile","serial","spki","certificate","der","reviewer"?,"issuer"?}
 *     … with "renews":serial: a service's certificate in place of that one, over the same key (renew.h)
 *   "revoked", "unheld", "crl": signer/status_log.h
 *   {"type":"checkpoint","size","root"}
 *   "ceremony", "ceremony.begun", "ceremony.step": signer/ceremony_log.h
 *   {"type":"look","person","record","look","agree"?}     look, agree: identities of the statements
 *   "pin": signer/pin_log.h
 *   {"type":"stamps","until"}                             no time stamp yet bears a later time
 * ca names the CA (absent: PINS_FIRST_CA); request is the hash of the to-be-signed request (absent for the certificates made with the
 * site), copy says which of its keys (absent: the first); use is "encrypt"
 * for the encryption certificate of double certificates, whose record comes before that of the signing certificate; reviewer and issuer the identities of the statements that approved it.  Certificates
 * stay in the file; memory holds where.
 */
#pragma once
#include "base/clock.h"
#include "pki/certificate.h"
#include "pki/merkle.h"
#include "pki/moduli.h"
#include "signer/ceremony_log.h"
#include "signer/chain.h"
#include "signer/issues.h"
#include "signer/pin_log.h"
#include "signer/pins.h"
#include "signer/status_log.h"

typedef struct Journal Journal;

typedef struct {
	Micros time;
	const char *ca;                           /* NULL: the first */
	const Fingerprint *request;               /* NULL: made with the site */
	guint copy;
	const char *profile;
	const Fingerprint *reviewer, *issuer;     /* both or neither */
	const Certificate *certificate;
	gboolean encrypts;
	const Serial *renews;                     /* NULL: the key is new */
} JournalEntry;

typedef struct {
	Micros time;
	const char *person, *record;
	const Fingerprint *identity, *agree;      /* of the statements; agree NULL: nobody was asked */
} JournalLook;

Journal *journal_open (const char *path, GError **error);
void journal_free (Journal *journal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Journal, journal_free)

/* Profile of the web server's certificate in its records. */
#define JOURNAL_TLS "service-tls"
/* Borrowed, NULL when there is none. */
const JournalIssue *journal_tls (const Journal *journal);
const JournalIssue *journal_by_request (const Journal *journal, const Fingerprint *request, guint copy);
const JournalIssue *journal_encryption (const Journal *journal, const Fingerprint *request, guint copy);
const JournalIssue *journal_by_serial (const Journal *journal, const Serial *serial);
const JournalIssue *journal_by_spki (const Journal *journal, const Fingerprint *spki);
/* Holds a new key against the moduli of all certificates in the journal. */
void journal_check_primes (const Journal *journal, PrimeCheck *check);
GBytes *journal_certificate (Journal *journal, const JournalIssue *issue, GError **error);
/* Identities of the statements that approved it.  DIQI_ERROR_SIGNER: none did. */
gboolean journal_approvals (Journal *journal, const JournalIssue *issue, Fingerprint *reviewer, Fingerprint *issuer, GError **error);
/* What a CA (name) called revoked or held, and its lists. */
Revocations *journal_revocations (const Journal *journal, const char *ca);
/* NULL: neither revoked nor held, or no certificate of ours. */
const Revoked *journal_revocation (const Journal *journal, const Serial *serial);
/* Did this service request (its hash) end a hold of this certificate before? */
gboolean journal_has_lifted (const Journal *journal, const Fingerprint *request, const Serial *serial);
void journal_checkpoint (const Journal *journal, guint64 *size, Hash *root);
/* Looks at records: was this statement used; how many has this person had on the (Beijing) day of now. */
gboolean journal_look_used (const Journal *journal, const Fingerprint *identity);
guint journal_looks (const Journal *journal, Micros now, const char *person);
/* The key that this ticket's PIN went to last; NULL: unused. */
const Fingerprint *journal_pin_key (const Journal *journal, const char *ticket);
/* Latest time that a time stamp may bear without another record; 0 at first. */
Micros journal_stamps_until (const Journal *journal);
/* Of those held before the journal was opened: CeremonyHeld, borrowed; the signed transcript of one that is kept. */
const GArray *journal_ceremonies (const Journal *journal);
GBytes *journal_transcript (Journal *journal, const CeremonyHeld *held, GError **error);
/* The one that has no transcript yet (ceremony_log.h), borrowed until the next record of one; NULL: none. */
const json_t *journal_open_ceremony (const Journal *journal);
Micros journal_last_time (const Journal *journal);            /* of any record, 0 at first */

/* These gather; nothing may be answered before journal_commit. */
void journal_add_issue (Journal *journal, const JournalEntry *entry);
/* Of a certificate in the journal; nothing when it is remembered already: a hold gives way to a revocation, that to nothing.
 * FALSE: its record cannot be read. */
gboolean journal_add_revoked (Journal *journal, Micros time, const RevokedEntry *entry, GError **error);
/* Of one that is held. */
void journal_add_unheld (Journal *journal, Micros time, const Lifting *lifting);
void journal_add_list (Journal *journal, Micros time, const ListMade *made);
void journal_add_checkpoint (Journal *journal, Micros time, guint64 size, const Hash *root);
/* Not used before. */
void journal_add_look (Journal *journal, const JournalLook *look);
void journal_add_pin (Journal *journal, const JournalPin *pin);
void journal_add_stamps (Journal *journal, Micros time, Micros until);
void journal_add_ceremony (Journal *journal, Micros time, const Fingerprint *transcript, GBytes *text);
/* "ceremony.begun" or "ceremony.step"; members are taken. */
gboolean journal_note_ceremony (Journal *journal, const char *type, Micros time, json_t *members, GError **error);
gboolean journal_is_dirty (const Journal *journal);
gboolean journal_commit (Journal *journal, GError **error);
