/* authority/authority.h — the certificate authority's side of the database, and the only caller of
 * the signer's issuing, OCSP and CRL functions.
 *
 * An application gets one certificate or several copies (申请 N 张), one for each key of its to-be-signed request, all or
 * none.  They come about in three steps that survive a crash between any two of them:
 *   authority_intend   in the caller's transaction, once a copy: serial, exact request and both approvals are stored
 *   authority_sign     no transaction open: the signer checks the approvals itself, and signs; asked
 *                      again, it gives the same certificate
 *   authority_publish  in the caller's transaction: the certificates are stored and become "good"
 * What was intended but not published is found by authority_unfinished at start.  A serial that was
 * intended can be revoked even if its certificate never reached the database: it is then never good,
 * and enters the CRL when it is stored (the signer lists only what it has signed).
 */
#pragma once
#include "authority/status.h"
#include "base/clock.h"
#include "signer/client.h"
#include "store/store.h"

typedef struct Authority Authority;

/* The calls to the signer (ca: name, NULL the first), as a table so that tests can put failures in their way. */
typedef struct {
	gboolean (*issue) (gpointer signer, const char *request, gsize n, guint copy, const Serial *serial, const Serial *encryption_serial,
	                   const char *reviewer_statement, const char *issuer_statement, IssuedPair *out, GError **error);
	GBytes *(*sign_ocsp) (gpointer signer, const char *ca, const OcspRequest *answered, Micros this_update, Micros next_update, GError **error);
	gboolean (*revoke) (gpointer signer, const char *ca, const RevokedEntry *entries, gsize n, GError **error);
	gboolean (*unhold) (gpointer signer, const Serial *serial, const char *request, const char *review, const char *complete, GError **error);
	GBytes *(*sign_list) (gpointer signer, const SignerListOrder *order, gsize *entries, GError **error);
} SignerCalls;

/* Asks the signer for the site and the officers, loads the status index, takes the officers'
 * certificates into the table, makes sure that a current CRL exists.  Store must be migrated.
 * Borrows store, signer and clock for its life. */
Authority *authority_new (Store *store, SignerClient *signer, const Clock *clock, GError **error);
/* The same from facts already at hand.  Takes `site`; officers may be NULL. */
Authority *authority_new_with (Store *store, SignerSite *site, const json_t *officers,
                               const SignerCalls *calls, gpointer signer, const Clock *clock, GError **error);
void authority_free (Authority *authority);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Authority, authority_free)

/* Facts, borrowed, constant for the life of the authority. */
const SignerSite *authority_site (const Authority *authority);
/* The signer renewed certificates of its services: `fresh` says which.  One thread at a time. */
void authority_renewed (Authority *authority, const SignerSite *fresh);
/* Takes the certificates of the site's services in, but responders', so that their status is known.  At start, and when some were renewed. */
gboolean authority_adopt_services (Authority *authority, GError **error);
StatusIndex *authority_status (Authority *authority);
/* All profiles of the signer, as in SignerSite.profiles: a new reference.  set: as the signer answered after so many changes; an
 * older answer than the one that counts is let go, for answers may overtake each other. */
json_t *authority_profiles (const Authority *authority);
void authority_set_profiles (Authority *authority, json_t *profiles, gint64 changes);
/* Of those that count; -1 at first. */
gint64 authority_profile_changes (Authority *authority);
/* Of the newest version; days: the most it allows.  DIQI_ERROR_SIGNER when the signer pins no such profile. */
gboolean authority_profile_version (const Authority *authority, const char *profile, gint64 *version, GError **error);
gboolean authority_profile_validity (const Authority *authority, const char *profile, gint64 *days, GError **error);
/* May a certificate of this profile have such a key?  DIQI_ERROR_KEY_ALGORITHM with `field`. */
gboolean authority_profile_allows (const Authority *authority, const char *profile, KeyAlgorithm algorithm, const char *field, GError **error);

/* Does the site make double certificates: has its key centre recovery agents? */
gboolean authority_has_key_centre (const Authority *authority);
/* The reply of signer_get_agents or signer_set_agents: certificates of new agents become known, those of removed ones are
 * revoked (privilegeWithdrawn).  Runs its own transaction. */
gboolean authority_set_agents (Authority *authority, const json_t *agents, GError **error);

/* The signer's officers changed: new certificates become known, those of removed officers are
 * revoked (privilegeWithdrawn).  Runs its own transaction. */
gboolean authority_set_officers (Authority *authority, const json_t *officers, GError **error);

/* --- issuing --------------------------------------------------------------------- */
typedef struct {
	const char *application;       /* UUID */
	guint copy;                    /* 0: the request's spki, i: more[i - 1] */
	const char *subject;           /* UUID */
	const char *profile;
	gint64 profile_version;
	const char *request;           /* canonical to-be-signed request, docs/statements.md */
	gsize request_n;
	const Fingerprint *spki;       /* of this copy */
	KeyAlgorithm algorithm;        /* of its key: says which CA will sign */
	const char *encryption_profile;        /* the request asks for both certificates; NULL: it does not */
	gint64 encryption_version;
	const char *reviewer_statement, *issuer_statement;     /* compact */
} IssueIntent;

/* One open or finished intent a copy of an application: asking again gives the serial of the first
 * (DIQI_ERROR_APPLICATION_STATE if the request differs).  DIQI_ERROR_KEY_REUSED; _KEY_ALGORITHM: no CA for such a key. */
gboolean authority_intend (Tx *tx, Authority *authority, const IssueIntent *intent, Micros now, Serial *serial, GError **error);
/* No transaction may be open.  GPtrArray of IssuedPair *, one for each copy intended, in their order, owned.
 * authority_refusal_is_final tells a refusal from a signer that is away; what is signed in part is never refused for good. */
GPtrArray *authority_sign (Authority *authority, const char *application, GError **error);
gboolean authority_refusal_is_final (const GError *error);
/* The signer refused for good: the intents of all copies are closed, their serials name nothing and can no longer be
 * published; the application may be approved anew, with the same keys. */
gboolean authority_abandon (Tx *tx, Authority *authority, const char *application, Micros now, GError **error);
/* All copies, as authority_sign gave them; checks serial, key, issuer's signature, usage and that it is no CA before
 * storing.  Both of double certificates and the envelope are stored together.
 * Idempotent.  *out (may be NULL): GPtrArray of Certificate *, the signing certificates in their order, owned. */
gboolean authority_publish (Tx *tx, Authority *authority, const char *application, const GPtrArray *pairs, Micros now,
                            GPtrArray **out, GError **error);
/* The private key of this encryption certificate, for the holder's signing key (pki/enveloped_key.h).  DIQI_ERROR_NOT_FOUND */
GBytes *authority_envelope (Tx *tx, const char *serial, GError **error);
/* Applications with an open intent, oldest first: GPtrArray of char *, owned. */
GPtrArray *authority_unfinished (Tx *tx, GError **error);
/* Does any certificate, intended, valid or revoked, carry this key? */
/* Every certificate that was stored or changed after a change, in the order of changes, `limit` at most. */
typedef gboolean (*AuthorityCertificateFn) (Tx *tx, GBytes *der, gint64 change_seq, gpointer user, GError **error);
gboolean authority_each_certificate (Tx *tx, gint64 after, guint limit, AuthorityCertificateFn fn, gpointer user, GError **error);
gboolean authority_key_known (Tx *tx, const Fingerprint *spki, gboolean *known, GError **error);

/* --- certificates ------------------------------------------------------------------ */
typedef struct {
	char *serial;             /* 40 hex digits */
	char *issuer;             /* id of the SignerCa; of one that is only intended the CA expected */
	char *subject;            /* NULL for officers */
	char *application;        /* NULL for officers */
	guint copy;               /* of the application */
	char *profile;
	gint64 profile_version;
	char *status;             /* "intended", "refused", "valid", "revoked" */
	gboolean encrypts;        /* an encryption certificate: its key came from the key centre */
	char *pair;               /* serial of the other one of a pair; NULL: single */
	char *fingerprint, *spki; /* hex; fingerprint NULL while intended, and spki then "" of an encryption certificate */
	GBytes *der;              /* NULL while intended */
	Micros not_before, not_after, revoked_at;
	RevocationReason reason;
} CertificateRow;
void certificate_row_clear (CertificateRow *row);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CertificateRow, certificate_row_clear)

/* DIQI_ERROR_CERTIFICATE_UNKNOWN.  `lock` takes the row for a change. */
gboolean certificate_load (Tx *tx, const char *serial, gboolean lock, CertificateRow *out, GError **error);
/* GPtrArray of CertificateRow *, owned, oldest first. */
GPtrArray *certificates_of_subject (Tx *tx, const char *subject, GError **error);
/* The same, in order of copy, the signing before the encryption certificate; without those the signer refused. */
GPtrArray *certificates_of_application (Tx *tx, const char *application, GError **error);
/* {serial, status: "valid"/"expired"/"held"/"revoked", profile, use: "sign"/"encrypt", pair?, not_before, not_after,
 * revoked_at?, reason?}; no names. */
json_t *certificate_view (const CertificateRow *row, Micros now);
/* DER of the CA that issued it; new reference.  DIQI_ERROR_CERTIFICATE_CHAIN */
GBytes *authority_issuer_der (const Authority *authority, const Certificate *certificate, GError **error);
/* Leaf then the CA that issued it, PEM; DIQI_ERROR_CERTIFICATE_STATE while intended.  Caller frees. */
char *certificate_chain_pem (const Authority *authority, const CertificateRow *row, GError **error);

/* Of double certificates the encryption certificate shares what becomes of the signing certificate, in the same
 * transaction and for the same reason; revoked by its own serial, it goes alone.
 * Status, OCSP and CRL follow at once by commit hook.  Already revoked for good, or a reason that does not end
 * a certificate for good (hold, removeFromCRL): DIQI_ERROR_CERTIFICATE_STATE, _FIELD_VALUE. */
gboolean authority_revoke (Tx *tx, Authority *authority, const char *serial, RevocationReason reason, Micros now, GError **error);
/* Suspension (certificateHold), RFC 5280 5.3.1: stored as revoked with REASON_HOLD, in OCSP, CRL and sessions at once, and
 * the only revocation that can be lifted.  A held certificate can be revoked for good, from the day of the hold.
 * DIQI_ERROR_CERTIFICATE_STATE unless valid / held.  The caller ends the certificate's sessions. */
gboolean authority_hold (Tx *tx, Authority *authority, const char *serial, Micros now, GError **error);
/* What ended a hold, for the signer: the service request (exact text), and both approvals (compact). */
typedef struct {
	const char *request, *review, *complete;
} HoldLifting;
gboolean authority_unhold (Tx *tx, Authority *authority, const char *serial, const HoldLifting *lifting, Micros now, GError **error);

/* --- judging a presented certificate -------------------------------------------------- */
typedef struct {
	Certificate *certificate;
	gboolean officer;         /* look it up in the officers' list; else subject is set */
	char *subject;
} Judgement;
void judgement_clear (Judgement *judgement);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Judgement, judgement_clear)

/* May this certificate log in and sign statements at `at`?  Chain to issuing and root, validity,
 * keyUsage digitalSignature, EKU clientAuth, known here, not revoked.  DIQI_ERROR_CERTIFICATE,
 * _CHAIN, _UNKNOWN, _REVOKED, _HELD, _EXPIRED, _USAGE.  Parsed certificates are cached by fingerprint. */
gboolean certificate_judge (Authority *authority, gconstpointer der, gsize n, Micros at, Judgement *out, GError **error);
/* The same for a certificate stored here, found by fingerprint (a session's, a statement's x5t).  No
 * transaction may be open: what is not cached is read from the store. */
gboolean certificate_judge_known (Authority *authority, const Fingerprint *fingerprint, Micros at, Judgement *out, GError **error);

/* --- OCSP and CRL ------------------------------------------------------------------------ */
/* What a relying party is told.  Answers without a nonce about known certificates may be kept by HTTP caches (RFC 5019 6): these have
 * an etag and two dates; of all others etag is "". */
typedef struct {
	GBytes *der;                     /* OCSPResponse */
	const char *result;              /* to be counted: "answered", "refused" (no request, or about another CA), "failed" (the signer did not sign) */
	char etag[43];                   /* with its quotes */
	char last_modified[30], expires[30];      /* RFC 9110 5.6.7: thisUpdate and nextUpdate */
} OcspAnswer;
OcspAnswer *ocsp_answer_ref (OcspAnswer *answer);
void ocsp_answer_unref (OcspAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OcspAnswer, ocsp_answer_unref)
/* RFC 6960; any number of threads.  For `ca`, one of the site's.  What is no request gets an OCSP error response, and so does one that
 * asks about no certificate of this CA (unauthorized, RFC 5019 2.2.3); of several the others are `unknown`. */
OcspAnswer *ocsp_answer (Authority *authority, const SignerCa *ca, gconstpointer der, gsize n);
/* The same from memory without waiting for anybody; NULL when it must be signed anew. */
OcspAnswer *ocsp_answer_kept (Authority *authority, const SignerCa *ca, gconstpointer der, gsize n);

/* The current list of a CA (name, NULL: the first), DER; new reference.  NULL: there is no such CA or shard. */
GBytes *authority_list (Authority *authority, const char *ca, ListKind kind, guint shard, guint64 *number, Micros *next_update);
/* The full list of the first CA. */
GBytes *authority_crl (Authority *authority, guint64 *number, Micros *next_update);
/* When the first of all lists of all CAs ends; 0: one is missing. */
Micros authority_lists_end (Authority *authority);
/* Tells the signer everything and signs all lists now, whatever the old ones say. */
gboolean authority_crl_publish (Authority *authority, GError **error);

/* What the worker does each time it wakes: refresh the index, tell the signer what changed, and publish the lists that say
 * something else now or come near half of their life. */
gboolean authority_tick (Authority *authority, GError **error);
/* Thread that ticks every 250 ms and at once after a revocation; stopped by authority_worker_stop or _free. */
void authority_worker_start (Authority *authority);
void authority_worker_stop (Authority *authority);
