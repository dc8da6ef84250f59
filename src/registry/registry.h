/* registry/registry.h — applications for certificates (service 新办) and revocation.
 *
 * An application is a form, a key and a row of acts (registry/states.h).  Every function takes the
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
#include "registry/form.h"
#include "registry/states.h"

typedef struct Registry Registry;          /* immutable after making; thread-safe */
/* Borrows both for its life. */
Registry *registry_new (Authority *authority, const Clock *clock);
void registry_free (Registry *registry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Registry, registry_free)

/* --- applicants ---------------------------------------------------------------------- */
/* *access_code: what the applicant shall have (access_code_derive), NULL for a new random one; stored only as a
 * hash, caller frees.  Errors point into "/form/…". */
gboolean application_create (Tx *tx, Registry *registry, SubjectKind kind, const json_t *form,
                             char **access_code, json_t **view, GError **error);
/* Fills an ACTOR_APPLICANT.  Unknown application and wrong code are the same DIQI_ERROR_ACCESS_CODE. */
gboolean application_open_by_code (Tx *tx, const char *id, const char *access_code, Actor *out, GError **error);
/* expected_version: of If-Match; DIQI_ERROR_IF_MATCH_STALE. */
gboolean application_edit (Tx *tx, Registry *registry, const Actor *actor, const char *id, gint64 expected_version,
                           const json_t *form, json_t **view, GError **error);
/* csr: parsed (proves possession); the caller has verified `statement` with its key. */
gboolean application_submit (Tx *tx, Registry *registry, const Actor *actor, const char *id, const Csr *csr,
                             const Statement *statement, json_t **view, GError **error);

/* --- officers -------------------------------------------------------------------------- */
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

/* --- issuing ------------------------------------------------------------------------------ */
/* Not inside a transaction: begin, sign, finish, each in its own.  Idempotent for the same statement,
 * from any number of threads.  When the signer is away the application stays "issuing" and
 * registry_resume finishes it later; when the signer refuses, it goes back to "paid". */
gboolean application_issue (Registry *registry, Store *store, const Actor *actor, const char *id,
                            const Statement *statement, json_t **view, GError **error);
/* The two transactions of it. */
gboolean application_begin_issue (Tx *tx, Registry *registry, const Actor *actor, const char *id,
                                  const Statement *statement, GError **error);
gboolean application_finish_issue (Tx *tx, Registry *registry, const char *id, GBytes *der, json_t **view, GError **error);
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
/* {request, hash, profile, profile_version} from "submitted" on. */
gboolean application_request (Tx *tx, Registry *registry, const char *id, json_t **out, GError **error);
/* PEM: leaf, issuing. */
gboolean application_certificate_pem (Tx *tx, Registry *registry, const Actor *actor, const char *id, char **pem, GError **error);
/* 受理回执, plain text; access_code: right after application_create, else NULL. */
gboolean application_slip (Tx *tx, Registry *registry, const Actor *actor, const char *id, const char *access_code,
                           char **text, GError **error);

/* --- certificates ------------------------------------------------------------------------------ */
/* DIQI_ERROR_CERTIFICATE_UNKNOWN */
gboolean registry_certificate_view (Tx *tx, Registry *registry, const char *serial, json_t **view, GError **error);
/* statement "certificate.revoke" by the holder (same subject), a reviewer or an issuer.  Ends the
 * certificate's sessions too. */
gboolean registry_certificate_revoke (Tx *tx, Registry *registry, const Actor *actor, const char *serial,
                                      const Statement *statement, json_t **view, GError **error);
/* [{subject, kind, name, certificates:[{serial, fingerprint, spki, status}]}] */
gboolean registry_subjects (Tx *tx, Registry *registry, const char *query, json_t **out, GError **error);
