/* signer/transcript.h — the signed transcript of a ceremony: written when it ends, checked by anybody later, without the site.
 *
 * One file of canonical JSON (RFC 8785):
 *
 *   {"authorities":[base64 DER …],     CAs between those who signed and the root of the first CA, then that root; absent of older ones
 *    "certificates":[base64 DER …],    of each person who signed
 *    "signatures":[compact …],         in the same order: statements "ceremony" over the hash of the transcript
 *    "transcript":{"v","type","site","program","begun","ended","script","steps":[{"step","done","time","result","found"?} …],"failure"?,
 *                  "resumed"?,"interruptions"?,"abandoned"?}}
 *
 * Of a ceremony that was cut off: resumed is when its last part began, interruptions has the parts before that ({"begun","last","present","step"?}: those
 * present, and from 1 the step in whose middle it was); a step "found" done had been cut off and was known again by what it left.  abandoned has ceremonies of
 * other scripts that were cut off and never went on (ceremony_log.h).
 *
 * What is entered in journal and log is the SHA-256 of the whole file.  Persons are told apart by the serialNumber of their
 * officer's certificate, which the signer puts there and no officer can choose.
 */
#pragma once
#include "base/clock.h"
#include "base/json.h"
#include "pki/certificate.h"
#include "pki/statement.h"

#define TRANSCRIPT_MAX (1 << 20)
#define TRANSCRIPT_SIGNERS_MAX 20
#define TRANSCRIPT_LEAST_SIGNERS 2

/* --- writing ---------------------------------------------------------------------------------- */

typedef struct {
	const PrivateKey *key;
	const Certificate *certificate;
} TranscriptHand;
/* authorities: Certificate, the root last.  The result has been through transcript_open. */
GBytes *transcript_sign (const json_t *transcript, const char *site, const TranscriptHand *hands, gsize n, const GPtrArray *authorities,
                         Micros now, GError **error);

/* --- reading ------------------------------------------------------------------------------------ */

typedef struct {
	char *person, *name;               /* as in the certificate */
	Certificate *certificate;
	Statement *statement;
} TranscriptSigner;

typedef struct {
	Fingerprint hash;                  /* of the file */
	json_t *json;
	const char *site, *program;        /* borrowed from json, like the rest */
	Micros begun, ended;
	Micros met;                        /* when those who signed met: of a ceremony that was cut off its last part */
	Fingerprint script;
	const json_t *steps;
	const json_t *interruptions, *abandoned;     /* NULL: none */
	const char *failure;               /* NULL: every step was done */
	GPtrArray *signers;                /* TranscriptSigner, two different persons or more */
	GPtrArray *authorities;            /* Certificate; none of an older one */
} Transcript;

/* Form and signatures, and that those who signed are different persons with officers' certificates: all that the file says in itself.
 * Not yet that these certificates lead anywhere.  DIQI_ERROR_BUNDLE, its field points at the part. */
Transcript *transcript_open (GBytes *bytes, GError **error);
void transcript_free (Transcript *transcript);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Transcript, transcript_free)
/* Do the certificates lead to this root, each at the time of its signature?  more: further CAs to look among, Certificate, NULL none. */
gboolean transcript_check_chains (const Transcript *transcript, const Certificate *root, const GPtrArray *more, GError **error);
/* The CA between this signer and the root; NULL: none of those.  Borrowed. */
Certificate *transcript_issuer (const Transcript *transcript, const TranscriptSigner *signer, const Certificate *root, const GPtrArray *more);
/* What it says to the public: who was present and which steps were done, no results: {"begun","ended","script","present":[{"person",
 * "certificate"}],"signatures":[compact …],"steps":[name …],"failed","interrupted"?,"abandoned"?}, the latter two how many times and how many. */
json_t *transcript_effect (const Transcript *transcript);
