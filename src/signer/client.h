/* signer/client.h — the other side of the signer's socket, for serve and the tools.
 *
 * One connection, many threads: each call writes a frame and waits for its reply;
 * frames are handled in order and answered in batches (see signer/protocol.h).
 * A lost signer makes every call fail with DIQI_ERROR_UNAVAILABLE.
 */
#pragma once
#include "base/clock.h"
#include "base/json.h"
#include "pki/certificate.h"
#include "pki/merkle.h"
#include "pki/statement.h"
#include "signer/revocations.h"

typedef struct SignerClient SignerClient;

/* Starts `program` ("diqi", usually /proc/self/exe) as `diqi signer --dir DIR --socket-fd N --passphrase-fd M`
 * over a socket pair, feeding the passphrase through a pipe, and waits until it is ready. */
SignerClient *signer_spawn (const char *program, const char *dir, const char *passphrase, gsize n, GError **error);
/* Over a connected socket (a signer run apart, or a test). Takes the descriptor. */
SignerClient *signer_client_new (int fd);
void signer_client_free (SignerClient *client);     /* closes; waits for a spawned child to end */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SignerClient, signer_client_free)
/* The connection broke, and every call fails from now on; there is no way back but a new client. */
gboolean signer_client_is_lost (SignerClient *client);

/* One of the site's authorities (docs/authority.md). */
typedef struct {
	char *name;
	char *id;                         /* hex fingerprint of certificate: how the database names it */
	char *hierarchy;                  /* "international", "gm" */
	KeyAlgorithm algorithm;
	gboolean current;                 /* signs new certificates of its hierarchy */
	Certificate *root, *certificate, *ocsp;
	Certificate *cross;               /* the CA certified by the first CA's root; NULL: it is under that anyway */
	char *ocsp_uri, *crl_uri, *issuer_uri;
	guint shards;                     /* of its revocation list */
} SignerCa;

/* What the signer pins: the site and its service certificates. */
typedef struct {
	char *site;                       /* site id */
	char *name;
	gboolean test_site;
	char *base_uri;
	char *origin;                     /* of the log: base_uri without its scheme (C2SP tlog-tiles) */
	KeyAlgorithm algorithm;
	Certificate *root, *issuing, *ocsp;     /* the first CA's */
	Certificate *log, *receipt, *document, *tsa;
	Certificate *tls;                 /* of the web server, by the site's authority; NULL: none */
	GPtrArray *cas;                   /* SignerCa; the first is the main one */
	GPtrArray *retired;               /* Certificate: replaced by signer_site_renewed */
	json_t *profiles;                 /* array of {name, version, …} */
} SignerSite;
/* NULL name: the first.  NULL: there is none of this name. */
const SignerCa *signer_site_ca (const SignerSite *site, const char *name);
/* The CA that leaf names as its issuer; NULL: none of the site's.  No signature is looked at. */
const SignerCa *signer_site_ca_of (const SignerSite *site, const Certificate *leaf);
/* The CA that signs for holders with such keys; NULL: the site has no such hierarchy. */
const SignerCa *signer_site_ca_for_key (const SignerSite *site, KeyAlgorithm algorithm);
void signer_ca_free (SignerCa *ca);
/* Adds a CA to a site put together by hand (tests): certificates are referenced; the addresses follow from site->base_uri. */
void signer_site_add_ca (SignerSite *site, const char *name, Certificate *root, Certificate *certificate, Certificate *ocsp);
void signer_site_free (SignerSite *site);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SignerSite, signer_site_free)
SignerSite *signer_get_site (SignerClient *client, GError **error);

/* The signer renews its services' certificates when it is time (signer/renew.h).  *renewed: something was; what `site` says differs then.
 * *no_stamps: why no time stamps are given now, NULL: they are; caller frees. */
gboolean signer_renew (SignerClient *client, gboolean *renewed, char **no_stamps, GError **error);
/* Takes the services' certificates of `fresh` into `site`, which other threads may be reading: what they borrowed stays until signer_site_free.
 * One thread at a time. */
void signer_site_renewed (SignerSite *site, const SignerSite *fresh);
/* A service's certificate as it is now, for threads beside that one: signer_site_now (&site->log). */
Certificate *signer_site_now (Certificate *const *certificate);

/* The pinned officers: {"version":n,"officers":[{"person":"…","name":"…","roles":["reviewer"],"certificate":"base64 DER","removed":false}]} */
json_t *signer_get_officers (SignerClient *client, GError **error);
/* The proposed list and two statements of type "officers.change" over its hash; the pinned list
 * on success.  An entry with "csr" in place of "certificate" gets one issued (signer/officers.h). */
json_t *signer_change_officers (SignerClient *client, const json_t *list, const char *const *statements, gsize n, GError **error);

/* All profiles, closed ones too: as in SignerSite.profiles, and {"text"}, the file.  *changes: how many there were up to this answer. */
json_t *signer_get_profiles (SignerClient *client, gint64 *changes, GError **error);
/* The same when they changed since `known`, else *profiles NULL. */
gboolean signer_profiles_since (SignerClient *client, gint64 known, gint64 *changes, json_t **profiles, GError **error);
/* Takes a new version in, or opens or closes one that is there; statements "profile.change" of two administrators.  All profiles as they are now. */
json_t *signer_set_profile (SignerClient *client, const char *text, gboolean open, const char *const statements[2], gint64 *changes, GError **error);

/* Issues.  `request` is the exact to-be-signed request (canonical JSON, signer/issue.h);
 * approvals are compact statements of reviewer and issuer; copy: which of its keys, 0 the first.  Asking again for the
 * same copy of the same request returns the same certificate.  DIQI_ERROR_APPROVAL, _SAME_PERSON, _SIGNER, _KEY_… */
GBytes *signer_issue (SignerClient *client, const char *request, gsize request_n, guint copy, const Serial *serial,
                      const char *reviewer_statement, const char *issuer_statement, GError **error);

/* What one copy of a request got; encryption and envelope only of a request with the member "encryption". */
typedef struct {
	GBytes *certificate;              /* DER, over the holder's key */
	GBytes *encryption;               /* DER, over a key pair that the key centre made and escrowed */
	GBytes *envelope;                 /* the private key of that, for the holder's key (pki/enveloped_key.h) */
} IssuedPair;
void issued_pair_clear (IssuedPair *pair);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (IssuedPair, issued_pair_clear)
/* encryption_serial: asked for by a request with "encryption" (FIELD_MISSING), refused of any other (FIELD_UNKNOWN); NULL
 * none.  Asked again: the same two certificates and the same envelope.  Beside the codes of signer_issue: DIQI_ERROR_KEY_CENTRE (no agents are set). */
gboolean signer_issue_pair (SignerClient *client, const char *request, gsize request_n, guint copy, const Serial *serial,
                            const Serial *encryption_serial, const char *reviewer_statement, const char *issuer_statement,
                            IssuedPair *out, GError **error);

/* ca: its name, NULL the first.  Refuses "good" for a serial this CA never issued. */
GBytes *signer_sign_ocsp (SignerClient *client, const char *ca, const OcspRequest *answered, Micros this_update, Micros next_update, GError **error);
/* Tells what is revoked or held (REASON_HOLD), each at least once; told again it changes nothing.  At most 100000 at a time. */
gboolean signer_revoke (SignerClient *client, const char *ca, const RevokedEntry *entries, gsize n, GError **error);
/* A hold ended: the service request that asked for it (exact text) and both approvals.  A request ends a hold once.
 * DIQI_ERROR_APPROVAL, _SAME_PERSON, _STATEMENT_TARGET, _SIGNER. */
gboolean signer_unhold (SignerClient *client, const Serial *serial, const char *request, const char *review, const char *complete, GError **error);
typedef struct {
	const char *ca;                   /* name; NULL: the first */
	ListKind kind;
	guint shard;
	gboolean base;                    /* of a full list: deltas may refer to it from now on */
	guint64 number;                   /* not below any of this CA's lists, above the last of this list */
	Micros this_update, next_update;
} SignerListOrder;
/* A list of everything the signer was ever told, DER; *entries (may be NULL): how many are in it. */
GBytes *signer_sign_list (SignerClient *client, const SignerListOrder *order, gsize *entries, GError **error);
/* Refuses a tree that is not consistent with the last one signed. `proof` is the consistency
 * proof from that one (size 0 at first: empty).  Returns the signed note. */
char *signer_sign_checkpoint (SignerClient *client, const Hash *root, guint64 size, guint64 old_size,
                              const Hash *proof, gsize n, GError **error);
/* The last size and root this signer signed (0 and the empty root before the first): after a crash it
 * may be ahead of the newest stored note, and only a proof from here is accepted. */
gboolean signer_last_checkpoint (SignerClient *client, guint64 *size, Hash *root, GError **error);
/* payload must be of type "receipt" and of this site; returns the compact statement. */
char *signer_sign_receipt (SignerClient *client, const json_t *payload, GError **error);

/* --- documents, records, tokens ---------------------------------------------------------------------- */
/* Detached CMS SignedData (PAdES: contentType, messageDigest, signingCertificateV2; with the certificate chain) by the
 * site's document key over content whose SHA-256 (SM3 on SM2 sites) is given. */
GBytes *signer_sign_document (SignerClient *client, gconstpointer digest, gsize n, GError **error);
/* Wraps a record's key under the signer's storage key, bound to `record` (UUID). */
GBytes *signer_wrap_record_key (SignerClient *client, const char *record, gconstpointer key, gsize n, GError **error);
/* Opens it for one look: `look` is an officer's statement "paper.look" about this record (`scan`), fresh and not used before; `agree` (may be
 * NULL) a second officer's "paper.look.agree", wanted above the daily quota (DIQI_ERROR_LOOK_QUOTA).  Caller wipes. */
GBytes *signer_unwrap_record_key (SignerClient *client, const char *record, GBytes *wrapped, const char *look, const char *agree, GError **error);
/* Releases the administrator PIN of a token, encrypted (RSA-OAEP-SHA-256) to the fresh key `spki`: `request` is the service request of the unlock,
 * with both approvals over it; `unlock` the clerk's statement "token.unlock".  Used once: again only for the same key. */
GBytes *signer_release_token_pin (SignerClient *client, const char *request, const char *review, const char *complete,
                                  const char *unlock, GBytes *spki, GError **error);

/* The same for a blank token that is made ready: `statements` are two of type "token.initialise" over serial and key, of a clerk and an
 * administrator.  Once a serial; again, for another key, only by two administrators. */
GBytes *signer_initialise_token (SignerClient *client, const char *token, const char *const statements[2], GBytes *spki, GError **error);

/* --- recovery of escrowed keys (docs/authority.md) ------------------------------------------------------- */
/* The recovery agents: {"version","threshold","agents":[{"person","name","certificate"}],"keys":n,"lost":n}; version 0 and no agents:
 * the site has no key centre.  keys: how many are escrowed; lost: of those, the ones that fewer than the threshold of
 * their agents are left for. */
json_t *signer_get_agents (SignerClient *client, GError **error);
/* The proposed list (version, threshold, agents; signer/agents.h) and two statements "agents.change"; the reply of signer_get_agents. */
json_t *signer_set_agents (SignerClient *client, const json_t *list, const char *const *statements, gsize n, GError **error);

typedef struct {
	char *recovery;           /* 64 hex digits: the hash of the service request */
	char *serial;             /* of the encryption certificate, 40 hex digits */
	gint64 threshold, given;  /* shares wanted, and given so far */
	GBytes *transport;        /* SPKI of the key centre's key that shares of this recovery are sealed to; NULL when it is done */
	char *order;              /* what the agents are shown of it, signed by the receipt key (signer/share_order.h); NULL when it is done */
	json_t *shares;           /* [{"person","certificate" (fingerprint, hex),"share" (base64, sealed to that certificate),"given"}] */
	GBytes *envelope;         /* the key for the requester's fresh key (pki/enveloped_key.h); NULL while shares are missing */
} KeyRecovery;
void key_recovery_clear (KeyRecovery *recovery);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (KeyRecovery, key_recovery_clear)
/* `request`: the canonical service request {"type":"service.request","site","application","service":"recover_key","certificates":[serial of
 * the encryption certificate],"act":"recover","spki":base64 SPKI of the requester's fresh key,"form"}, with "service.review" and "service.complete"
 * over it.  May be asked again at any time; the transport key lives in the signer's memory alone: after a restart it
 * is a new one, and shares given before count no more.  DIQI_ERROR_NOT_ESCROWED, _RECOVERY_SELF, _KEY_…, and those of approvals. */
gboolean signer_begin_recovery (SignerClient *client, const char *request, const char *review, const char *complete,
                                KeyRecovery *out, GError **error);
/* An agent's statement "recovery.share" {recovery, serial, transport (SHA-256 of that SPKI), share (share_reseal, base64)}; *out as above.  The k-th
 * brings the envelope.  DIQI_ERROR_RECOVERY_UNKNOWN (begin it again), _RECOVERY_AGENT, _RECOVERY_AGENT_REMOVED, _RECOVERY_AGENT_TWICE,
 * _RECOVERY_SHARE (of another recovery, certificate or agent), _RECOVERY_SELF, _STATEMENT_REPLAYED. */
gboolean signer_give_share (SignerClient *client, const char *statement, KeyRecovery *out, GError **error);

/* Ceremonies held before the signer started: [{"transcript" (hash of the signed transcript, hex),"time","kept"}], and the transcript of one
 * that is kept (signer/transcript.h).  *open (owned, NULL: none): the one that was cut off, as ceremony_log_summary.  DIQI_ERROR_NOT_FOUND. */
json_t *signer_get_ceremonies (SignerClient *client, json_t **open, GError **error);
GBytes *signer_get_transcript (SignerClient *client, const char *transcript, GError **error);

/* RFC 3161: the reply to a query, which may be a refusal. */
GBytes *signer_stamp (SignerClient *client, GBytes *query, GError **error);

/* Test sites only (DIQI_ERROR_CLOCK): the signer's clock follows the site's.  It runs on from `now`,
 * or with signer_freeze_clock stands still until told again. */
gboolean signer_set_clock (SignerClient *client, Micros now, GError **error);
gboolean signer_freeze_clock (SignerClient *client, Micros now, GError **error);
/* Its clock stands at now and is as if it had lost its time source, or got it back. */
gboolean signer_distrust_clock (SignerClient *client, Micros now, gboolean distrusted, GError **error);
