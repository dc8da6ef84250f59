/* registry/application_private.h — one application in memory, and one act upon it; used by registry only. */
#pragma once
#include "ledger/ledger.h"
#include "registry/papers_rules.h"
#include "registry/registry.h"

struct Registry {
	Authority *authority;
	const Clock *clock;
	const char *site;         /* borrowed from the authority */
	PaperRules *papers;
};

#define SERVICE_ISSUE "issue"

typedef struct {
	char *id;
	SubjectKind kind;
	char *service;
	ApplicationState state;
	gint64 version;
	char *document, *form_hash;
	Fingerprint access_hash;
	Micros created, updated;
	char *profile;
	gint64 amount_fen;
	gboolean fee_paid, uscc_check_digit;
	GBytes *spki;
	char *submission_hash;
	char *clerk, *reviewer, *issuer;         /* persons */
	gint64 profile_version;                  /* 0 without review */
	char *request_hash, *review_statement, *issue_statement;
	char *subject, *serial, *fingerprint;
	char *returned_reason, *returned_fields; /* fields: JSON array text */
	json_t *form;                            /* of document */
} Application;
void application_clear (Application *application);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Application, application_clear)

typedef struct {
	gint64 version;
	char *act, *by_name;
	Micros at;
} ApplicationActRow;

/* DIQI_ERROR_NOT_FOUND.  Parses the form document. */
gboolean application_load (Tx *tx, const char *id, gboolean lock, Application *out, GError **error);
/* DIQI_ERROR_PERMISSION unless the actor is the applicant, the holder or has one of these roles. */
gboolean application_check_reader (const Application *application, const Actor *actor, guint roles, GError **error);
/* Fills in `form` from `document`. */
gboolean application_parse_form (Application *application, GError **error);
/* Puts a new form document into the application. */
void application_set_form (const Registry *registry, Application *application, const json_t *form);
char *hash_hex (gconstpointer p, gsize n);

/* --- one act --------------------------------------------------------------------- */
typedef struct {
	Tx *tx;
	Registry *registry;
	const Actor *actor;                      /* NULL: the system */
	const Statement *statement;              /* NULL: none */
	ApplicationAct act;
	Micros now;
	Application application;                 /* locked */
	const ApplicationTransition *transition;
	json_t *effect;                          /* further members of the leaf's effect; made on demand */
} Step;
void step_clear (Step *step);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Step, step_clear)
/* Locks the application; checks actor, statement (type, site, time, signer), state, persons, payment. */
gboolean step_begin (Step *step, Tx *tx, Registry *registry, const Actor *actor, const char *id,
                     ApplicationAct act, const Statement *statement, GError **error);
json_t *step_effect (Step *step);
/* New state and version, row, history, leaf, view. */
gboolean step_finish (Step *step, json_t **view, GError **error);

/* --- statements --------------------------------------------------------------------- */
/* Type, site, time; signed by the actor's certificate. */
gboolean expect_statement (const Registry *registry, const Actor *actor, const Statement *statement,
                           const char *type, Micros now, GError **error);
/* Reads the members of its own beside type, site, time and nonce; no others may be there. */
gboolean expect_members (const Statement *statement, const Field *fields, gsize n, GError **error);
#define EXPECT_MEMBERS(statement, fields, error) expect_members ((statement), (fields), G_N_ELEMENTS (fields), (error))
/* `said` must be `is`, else DIQI_ERROR_STATEMENT_TARGET at "/statement/<member>". */
gboolean expect_same (const char *member, const char *said, const char *is, GError **error);
gboolean expect_version (gint64 said, const Application *application, GError **error);

/* --- the to-be-signed request ----------------------------------------------------------- */
typedef struct {
	char *text;
	gsize n;
	char *hash;
	gint64 profile_version;
} CertificateRequest;
void certificate_request_clear (CertificateRequest *request);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CertificateRequest, certificate_request_clear)
/* Deterministic from the application and the profile version: the reviewed one, else the current. */
gboolean certificate_request_build (const Registry *registry, const Application *application,
                                    CertificateRequest *out, GError **error);

/* Form and key are those of the applicant's statement in the log.  DIQI_ERROR_STATEMENT_TARGET. */
gboolean submission_check (Tx *tx, const Application *application, GError **error);

/* application.review and application.issue: both are about exactly this request. */
gboolean expect_approval (const Statement *statement, const Application *application, const CertificateRequest *request, GError **error);

/* --- views ---------------------------------------------------------------------------------- */
/* acts: ApplicationActRow *, oldest first. */
json_t *application_view_of (const Application *application, const GPtrArray *acts);
gboolean application_view_load (Tx *tx, const Application *application, json_t **view, GError **error);
