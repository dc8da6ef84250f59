/* registry/registry.h — applications for the services of registry/service.h, and revocation.
 *
 * An application is a form, a service, for most a certificate it is about, for some keys, and a row of acts
 * (registry/states.h).  Every function takes the
 * caller's transaction and does one act wholly or not at all: it locks the application, checks state,
 * actor, statement and guards, changes the row, writes the history and appends the act with its
 * statement to the log.  The caller has verified the statement's signature, the certificate behind it
 * and who the actor is; type, members, target, version, hashes, time and roles are checked here, and
 * that the statement's signer is the actor's certificate (DIQI_ERROR_STATEMENT_SIGNER).
 *
 * Issuing spans two transactions with the signer's work between: use application_issue.
 * `view` out parameters: new reference to the application view of docs/api/README.md; may be NULL.
 */
#pragma once
#include "authority/authority.h"
#include "base/json.h"
#include "base/money.h"
#include "evidence/evidence.h"
#include "identity/actor.h"
#include "identity/subject.h"
#include "ledger/ledger.h"
#include "registry/form.h"
#include "registry/service.h"
#include "registry/states.h"

typedef struct Registry Registry;          /* immutable after making; thread-safe */
/* Borrows both for its life. */
Registry *registry_new (Authority *authority, const Clock *clock);
void registry_free (Registry *registry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Registry, registry_free)

/* --- applicants ---------------------------------------------------------------------- */
typedef struct {
	Service service;
	SubjectKind kind;
	const json_t *form;
	const char *certificate;           /* serial of the target; NULL for issue, and where other needs none */
	const char *origin_access_code;    /* of the application that issued the target; NULL: not known */
	const char *cause;                 /* of a reissue: "lost" or "damaged"; else NULL */
	const char *point;                 /* code of the acceptance point; NULL: none chosen */
	const char *language;              /* "zh-CN" or "en"; NULL: zh-CN */
	const Actor *actor;                /* whose session; NULL: nobody's.  A clerk's: at the counter */
} ApplicationCreation;
/* *access_code: what the applicant shall have (access_code_derive), NULL for a new random one; stored only as a
 * hash, caller frees.  Errors point into "/form/…", "/certificate" and the other members. */
gboolean application_create (Tx *tx, Registry *registry, const ApplicationCreation *creation,
                             char **access_code, json_t **view, GError **error);
/* Fills an ACTOR_APPLICANT.  Unknown application and wrong code are the same DIQI_ERROR_ACCESS_CODE. */
gboolean application_open_by_code (Tx *tx, const char *id, const char *access_code, Actor *out, GError **error);
/* expected_version: of If-Match; DIQI_ERROR_IF_MATCH_STALE. */
gboolean application_edit (Tx *tx, Registry *registry, const Actor *actor, const char *id, gint64 expected_version,
                           const json_t *form, json_t **view, GError **error);
/* csrs: one a copy, parsed (proves possession); the caller has verified `statement` with the first one's key.  Services
 * without a key: n 0, and a statement of the session's certificate, or NULL with an access code. */
gboolean application_submit (Tx *tx, Registry *registry, const Actor *actor, const char *id, Csr *const *csrs, gsize n,
                             const Statement *statement, json_t **view, GError **error);
/* Until issuing.  statement: of the session's certificate; NULL with an access code, and then `reason` (or NULL). */
gboolean application_withdraw (Tx *tx, Registry *registry, const Actor *actor, const char *id,
                               const Statement *statement, const char *reason, json_t **view, GError **error);

/* --- officers -------------------------------------------------------------------------- */
/* A clerk submits, at the counter, what brings no certificate; csrs: one for recover_key, else none. */
gboolean application_lodge (Tx *tx, Registry *registry, const Actor *actor, const char *id, Csr *const *csrs, gsize n,
                            const Statement *statement, json_t **view, GError **error);
gboolean application_accept (Tx *tx, Registry *registry, const Actor *actor, const char *id,
                             const Statement *statement, json_t **view, GError **error);
gboolean application_return (Tx *tx, Registry *registry, const Actor *actor, const char *id,
                             const Statement *statement, json_t **view, GError **error);
gboolean application_reject (Tx *tx, Registry *registry, const Actor *actor, const char *id,
                             const Statement *statement, json_t **view, GError **error);
gboolean application_record_fee (Tx *tx, Registry *registry, const Actor *actor, const char *id,
                                 const Statement *statement, json_t **view, GError **error);
gboolean application_review (Tx *tx, Registry *registry, const Actor *actor, const char *id,
                             const Statement *statement, json_t **view, GError **error);
gboolean application_deliver (Tx *tx, Registry *registry, const Actor *actor, const char *id,
                              const Statement *statement, json_t **view, GError **error);
gboolean application_confirm (Tx *tx, Registry *registry, const Actor *actor, const char *id,
                              const Statement *statement, json_t **view, GError **error);

/* --- money ------------------------------------------------------------------------------- */
/* The order of application `order_about` is settled: on to "paid" from "accepted"; before acceptance only marked, so that
 * acceptance goes straight to "paid".  how: "fee.record", "fee.paid" or "fee.waive"; the caller has read the statement's
 * members and settled the order in this transaction.  actor NULL: the system (fee.paid).  effect (may be NULL): further
 * members of the leaf, borrowed.  DIQI_ERROR_APPLICATION_STATE where there is nothing to settle. */
gboolean application_settle (Tx *tx, Registry *registry, const char *order_about, const char *how, const Actor *actor,
                             const Statement *statement, json_t *effect, json_t **view, GError **error);

/* --- services without a new key -------------------------------------------------------------- */
gboolean application_service_review (Tx *tx, Registry *registry, const Actor *actor, const char *id,
                                     const Statement *statement, json_t **view, GError **error);
/* With the service's effect; of unlock_pin and recover_key it comes later (registry/unlock.h, registry/recovery.h). */
gboolean application_service_complete (Tx *tx, Registry *registry, const Actor *actor, const char *id,
                                       const Statement *statement, json_t **view, GError **error);
/* The unlock ticket was used: approved → completed.  The caller has read the members of the statement (token.unlocked, by a
 * clerk); effect (may be NULL): further members of the leaf, borrowed. */
gboolean application_unlocked (Tx *tx, Registry *registry, const Actor *actor, const char *id,
                               const Statement *statement, json_t *effect, json_t **view, GError **error);

/* --- issuing ------------------------------------------------------------------------------ */
/* Not inside a transaction: begin, sign, finish, each in its own.  Idempotent for the same statement,
 * from any number of threads.  When the signer is away the application stays "issuing" and
 * registry_resume finishes it later; when the signer refuses, it goes back to "paid". */
typedef struct {
	gboolean (*run) (Tx *tx, const json_t *view, gpointer user, GError **error);
	gpointer user;
} IssueAlso;
/* also (may be NULL): done in the transaction that finishes, with the view, so that one commit covers both. */
gboolean application_issue (Registry *registry, Store *store, const Actor *actor, const char *id,
                            const Statement *statement, const IssueAlso *also, json_t **view, GError **error);
/* The two transactions of it. */
gboolean application_begin_issue (Tx *tx, Registry *registry, const Actor *actor, const char *id,
                                  const Statement *statement, GError **error);
/* pairs: IssuedPair *, one a copy, as authority_sign gave them. */
gboolean application_finish_issue (Tx *tx, Registry *registry, const char *id, const GPtrArray *pairs, json_t **view, GError **error);
/* The signer refused: back to "paid", review void. */
gboolean application_abandon_issue (Tx *tx, Registry *registry, const char *id, const GError *refusal, GError **error);
/* Finishes what a crash or an absent signer left.  Call at start and every few seconds; *finished may be NULL. */
gboolean registry_resume (Registry *registry, Store *store, guint *finished, GError **error);

/* --- papers ------------------------------------------------------------------------------- */
/* Which papers a service needs: see paper_rules_view.  NULL: all services, both kinds. */
gboolean registry_required_papers (Registry *registry, const char *service, const char *kind, json_t **out, GError **error);

/* --- reading --------------------------------------------------------------------------------- */
/* May this actor see the application: the applicant or holder of it, clerk, cashier, reviewer, issuer,
 * auditor.  DIQI_ERROR_PERMISSION, _NOT_FOUND. */
gboolean application_view (Tx *tx, Registry *registry, const Actor *actor, const char *id, json_t **view, GError **error);
gint64 application_view_version (const json_t *view);          /* for the ETag */
/* state NULL: all.  cursor NULL: from the oldest.  *next_cursor NULL at the end; caller frees.  *items: array of views. */
gboolean application_list (Tx *tx, Registry *registry, const char *state, const char *cursor, guint limit,
                           json_t **items, char **next_cursor, GError **error);
/* Bytes that `form` hashes; caller frees. */
gboolean application_form_document (Tx *tx, Registry *registry, const Actor *actor, const char *id, char **text, GError **error);
/* {request, hash} and, of services with a new key, {profile, profile_version}; from "submitted" on. */
gboolean application_request (Tx *tx, Registry *registry, const char *id, json_t **out, GError **error);
/* PEM: leaf, issuing.  copy: 0 … copies - 1. */
gboolean application_certificate_pem (Tx *tx, Registry *registry, const Actor *actor, const char *id, guint copy, char **pem, GError **error);
/* What copy n of an application got: {serial, certificate, issuing} and, of double certificates, {encryption_serial,
 * encryption_certificate, envelope} and for SM2 keys csr_response (GM/T 0092); DER in base64. */
gboolean application_issued (Tx *tx, Registry *registry, const Actor *actor, const char *id, guint copy, json_t **out, GError **error);
/* 受理回执, plain text; access_code: right after application_create, else NULL. */
gboolean application_slip (Tx *tx, Registry *registry, const Actor *actor, const char *id, const char *access_code,
                           char **text, GError **error);

/* [{service, label, label_en, act, targets, key, copies, amount_fen, promised_working_days}], at the prices of now. */
gboolean registry_services (Tx *tx, Registry *registry, json_t **out, GError **error);

/* --- certificates ------------------------------------------------------------------------------ */
/* DIQI_ERROR_CERTIFICATE_UNKNOWN */
gboolean registry_certificate_view (Tx *tx, Registry *registry, const char *serial, json_t **view, GError **error);
/* statement "certificate.revoke" by the holder (same subject), a reviewer or an issuer.  Ends the
 * certificate's sessions too. */
gboolean registry_certificate_revoke (Tx *tx, Registry *registry, const Actor *actor, const char *serial,
                                      const Statement *statement, json_t **view, GError **error);
/* [{subject, kind, name, certificates:[{serial, fingerprint, spki, status}]}] */
gboolean registry_subjects (Tx *tx, Registry *registry, const char *query, json_t **out, GError **error);
