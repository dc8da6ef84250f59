/* signer/ceremony.h — what is done to the folder of a signer that does not run: CAs are added, roots sign their lists, and what was done is
 * entered in the journal.
 *
 * A root key is here only while its step lasts; it comes from a file of its own under its own passphrase, or from a token that a
 * root.json names (root_key.h), on a medium that goes back into its safe.  A running signer holds the journal's lock: then nothing of this begins.
 */
#pragma once
#include "base/clock.h"
#include "base/json.h"
#include "pki/certificate.h"

typedef struct Ceremony Ceremony;

/* dir: the signer's folder; ca_dir: where certificates and lists are published.  The passphrase is tried.  DIQI_ERROR_CONFIG. */
Ceremony *ceremony_open (const char *dir, const char *ca_dir, const char *passphrase, gsize n, GError **error);
void ceremony_free (Ceremony *ceremony);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Ceremony, ceremony_free)
/* The system's time; of a test site the last of its journal. */
Micros ceremony_now (const Ceremony *ceremony);
gboolean ceremony_is_test (const Ceremony *ceremony);
const char *ceremony_site (const Ceremony *ceremony);

typedef struct {
	const char *file, *passphrase;      /* file NULL: none */
} CeremonyKey;

typedef struct {
	const char *name;                   /* of the new CA: "issuing-2", "gm" */
	const char *under;                  /* the CA whose root it comes under; NULL: a root of its own is made */
	KeyAlgorithm algorithm;             /* of a CA under a new root; else the root's hierarchy says */
	gboolean has_algorithm;
	CeremonyKey root;                   /* the key of the root that it comes under, or where the new one is written */
	CeremonyKey first_root;             /* of the first CA's root, which vouches for what is under another */
} CeremonyCa;

/* What was there before a step is begun goes into its record (ceremony_log.h).  When the step was cut off, …_found tells from it whether the step
 * was done: *result, or NULL when it was not, and then it can be done again.  So: ceremony_ca_before, _found, ceremony_add_ca. */
json_t *ceremony_ca_before (const Ceremony *ceremony, const CeremonyCa *in);
gboolean ceremony_ca_found (const Ceremony *ceremony, const CeremonyCa *in, const json_t *before, json_t **result, GError **error);

/* A rollover, or a second hierarchy.  Current from the next start on; earlier CAs of its hierarchy serve status only.
 * *result: fingerprints of what was made.  DIQI_ERROR_FIELD_…, _EXISTS, _CERTIFICATE…, _CONFIG. */
gboolean ceremony_add_ca (Ceremony *ceremony, const CeremonyCa *in, json_t **result, GError **error);

/* The root above that CA signs its list anew: what it lists stays listed; serials (hex, may be NULL) of CAs it revokes are added. */
gboolean ceremony_root_list (Ceremony *ceremony, const char *ca, const CeremonyKey *root, const json_t *revoke, json_t **result, GError **error);
json_t *ceremony_root_list_before (const Ceremony *ceremony, const char *ca);
gboolean ceremony_root_list_found (const Ceremony *ceremony, const char *ca, const json_t *revoke, const json_t *before, json_t **result, GError **error);

/* Is this the certificate of an officer of the site, who is not removed and whose certificate is valid now?
 * DIQI_ERROR_STATEMENT_SIGNER, _CERTIFICATE_…. */
gboolean ceremony_check_officer (const Ceremony *ceremony, const Certificate *certificate, GError **error);
/* What a transcript's certificates lead to the root of the first CA by; Certificate, owned, that root last. */
GPtrArray *ceremony_authorities (const Ceremony *ceremony);
/* The lists as they are pinned now; of agents version 0 when there are none. */
json_t *ceremony_officers_list (const Ceremony *ceremony, GError **error);
json_t *ceremony_agents_list (const Ceremony *ceremony, GError **error);

/* --- the record of a ceremony while it lasts: each call is on disk when it returns ------------------------------- */

/* The one that was begun and has no transcript (ceremony_log.h); borrowed, NULL: none. */
const json_t *ceremony_open_record (const Ceremony *ceremony);
/* Before the first step, and when the same script goes on: names of the steps, fingerprints (hex) of those present. */
gboolean ceremony_begin (Ceremony *ceremony, const Fingerprint *script, json_t *steps, json_t *present, Micros time, GError **error);
/* more: the members of the record besides step and state; taken, NULL none. */
gboolean ceremony_note_step (Ceremony *ceremony, guint step, const char *state, json_t *more, Micros time, GError **error);
/* Enters the signed transcript (transcript.h) in the journal: it is the record of the ceremony for good. */
gboolean ceremony_finish (Ceremony *ceremony, GBytes *transcript, GError **error);
