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

/* Who is known to ask. */
typedef enum { AUTHENTICATED_NONE, AUTHENTICATED_ACCESS_CODE, AUTHENTICATED_CERTIFICATE, AUTHENTICATED_COUNTER } Authenticated;
const char *authenticated_name (Authenticated authenticated);
gboolean authenticated_from_name (const char *name, Authenticated *out);

/* One of the N certificates of an application (申请 N 张). */
typedef struct {
	guint copy;
	GBytes *spki;
	char *serial, *fingerprint;              /* once intended, once stored */
} ApplicationCopy;
void application_copy_free (ApplicationCopy *copy);

typedef struct {
	char *id;
	SubjectKind kind;
	Service service;
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
	char *number;                            /* 受理编号, from the first submission */
	Authenticated authenticated;
	char *certificate, *cause;               /* target serial; of a reissue: "lost" or "damaged" */
	char *point, *language;
	Micros submitted, due;                   /* 0: not yet */
	gboolean held, number_differs;
	gint64 validity_days;                    /* 0: not reviewed */
	gint64 encryption_version;               /* of the encryption certificate's profile; 0: not reviewed, or none is asked for */
	char *answer;
	json_t *form;                            /* of document */
	GPtrArray *copies;                       /* ApplicationCopy *, in order; spki, serial and fingerprint above are those of the first */
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
/* Puts a new form document into the application; service, certificate and cause are part of it. */
void application_set_form (const Registry *registry, Application *application, const json_t *form);
char *hash_hex (gconstpointer p, gsize n);

/* --- one act --------------------------------------------------------------------- */
typedef struct Step {
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
/* Locks the application; checks actor, statement (type, site, time, signer), state, persons, payment, target. */
gboolean step_begin (Step *step, Tx *tx, Registry *registry, const Actor *actor, const char *id,
                     ApplicationAct act, const Statement *statement, GError **error);
/* The same with an application that is loaded and locked in this transaction, and has not changed since; taken, also on failure. */
gboolean step_begin_with (Step *step, Tx *tx, Registry *registry, const Actor *actor, Application *application,
                          ApplicationAct act, const Statement *statement, GError **error);
json_t *step_effect (Step *step);
/* Messages to the applicant: by the transition's template, and what became of his money: payment.received, refund.due. */
gboolean step_tell (const Step *step, GError **error);
/* Tells him of an act that is no step, with the addresses of his form.  more: parameters beside those of every application,
 * taken, may be NULL; once: what the act was about, which is told but once. */
gboolean application_tell (Tx *tx, const Application *application, const char *template_name, json_t *more, const char *once,
                           Micros now, GError **error);
/* The same, to the applicant whom the order is for. */
gboolean order_tell (Tx *tx, const char *order, const char *template_name, json_t *more, const char *once, Micros now, GError **error);
/* refund.paid for each refund of the order that is paid, by whomever, and was not told yet. */
gboolean order_tell_refunds (Tx *tx, const char *order, Micros now, GError **error);
/* New state and version, row, copies, history, message, leaf, view. */
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

/* --- the request that both approvals sign ------------------------------------------------- */
typedef struct {
	char *text;
	gsize n;
	char *hash;
	gint64 profile_version;                  /* 0: a service request */
	gint64 validity_days;
	gint64 encryption_version;               /* 0: a signing certificate alone */
} CertificateRequest;
void certificate_request_clear (CertificateRequest *request);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CertificateRequest, certificate_request_clear)
/* Deterministic from the application, the profile version and the days: the reviewed ones, else those of now. */
gboolean certificate_request_build (Tx *tx, const Registry *registry, const Application *application,
                                    CertificateRequest *out, GError **error);
/* "organization-encryption" for "organization"; caller frees. */
char *encryption_profile_of (const Application *application);
/* Of services without a new certificate; deterministic from the application. */
gboolean service_request_build (const Registry *registry, const Application *application, CertificateRequest *out, GError **error);

/* Form, target and keys are those of the applicant's submission in the log.  DIQI_ERROR_STATEMENT_TARGET. */
gboolean submission_check (Tx *tx, const Application *application, GError **error);

/* --- the target certificate and its holder ------------------------------------------------- */
/* Fits kind and service; fills in certificate and subject.  DIQI_ERROR_CERTIFICATE_UNKNOWN, _STATE, _FIELD_… at "/certificate". */
gboolean target_take (Tx *tx, Application *application, const char *serial, Micros now, GError **error);
/* Is it in a state that allows the service now?  Nothing to check without a target.  DIQI_ERROR_CERTIFICATE_STATE. */
gboolean target_check (Tx *tx, const Application *application, Micros now, GError **error);
/* The form names the holder of the target; a change may bring another name, and sets number_differs for another
 * number, which acceptance overrides.  DIQI_ERROR_OTHER_HOLDER. */
gboolean target_check_holder (Tx *tx, const Registry *registry, Application *application, GError **error);
/* The officer is nobody of the form.  DIQI_ERROR_APPLICANT_IS_OFFICER. */
gboolean persons_check (Tx *tx, const Registry *registry, const Application *application, const char *person, GError **error);
/* Who stands for the holder from now on. */
gboolean people_of_form_record (Tx *tx, const Registry *registry, const Application *application, Micros now, GError **error);
/* Ends the sessions of a certificate that is held or revoked. */
gboolean certificate_end_sessions (Tx *tx, const CertificateRow *row, Micros now, GError **error);
/* From when it counts as revoked if it is revoked now: what was held, from the hold on (authority_revoke). */
Micros certificate_revoked_since (const CertificateRow *row, Micros now);
/* 挂失, 冻结: the certificate is held at submission when it is known who asks, else when the clerk has seen him.  Sets held. */
gboolean hold_when_authenticated (Step *step, GError **error);
gboolean hold_when_accepted (Step *step, GError **error);
/* What becomes of the old certificate and the holder's data when a new one is stored; members of the leaf into effect. */
gboolean target_replace (Tx *tx, Registry *registry, const Application *application, Micros now, json_t *effect, GError **error);

/* application.review and application.issue: both are about exactly this request. */
gboolean expect_approval (const Statement *statement, const Application *application, const CertificateRequest *request, GError **error);

/* Makes the application's search terms those of its present form and certificates (registry/search.h). */
gboolean search_index (Tx *tx, const Registry *registry, const Application *application, GError **error);
/* The same when certificates were stored, and form and number are those that were indexed: only the serials are new. */
gboolean search_index_issued (Tx *tx, const Registry *registry, const Application *application, GError **error);

/* --- views ---------------------------------------------------------------------------------- */
/* acts: ApplicationActRow *, oldest first. */
json_t *application_view_of (Tx *tx, const Application *application, const GPtrArray *acts, Micros now, GError **error);
gboolean application_view_load (Tx *tx, const Application *application, Micros now, json_t **view, GError **error);

/* --- holders --------------------------------------------------------------------------------- */
/* Tells the holder what became of a certificate (certificate.held, .unheld, .revoked), where its own application said,
 * whoever asked for it now: a stranger's request must not pass him by.  reason may be NULL.  (reminder.c) */
gboolean certificate_tell_holder (Tx *tx, const char *serial, const char *template_name, const char *reason, Micros now, GError **error);
