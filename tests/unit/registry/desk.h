/* unit/registry/desk.h — a counter with its officers, and applications on their way over it. */
#pragma once
#include "registry/registry.h"
#include "unit/authority/local_ca.h"
#include "unit/support/test_store.h"

typedef struct {
	Store *store;
	World *world;
	Registry *registry;
	LocalOfficer *clerk, *cashier, *reviewer, *issuer, *auditor, *administrator, *everything;
} Desk;
Desk *desk_new (Store *store);
void desk_free (Desk *desk);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Desk, desk_free)
/* The service ends and starts again on the same store, with the same signer. */
void desk_restart (Desk *desk);

/* An application and what its applicant holds. */
typedef struct Filed Filed;
struct Filed {
	char *id, *code;
	SubjectKind kind;
	Service service;
	char *target;                    /* serial of the certificate it is about; NULL none */
	const Filed *of;                 /* whose that certificate is; borrowed */
	PrivateKey *key;
	Csr *csr;
	Certificate *certificate;        /* once issued */
};
void filed_free (Filed *filed);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Filed, filed_free)

/* A complete form; change what the test is about. */
json_t *desk_form (SubjectKind kind);
/* All papers that 新办 asks for. */
json_t *desk_papers (SubjectKind kind);
/* Files a draft; takes form. */
Filed *desk_file (Desk *desk, SubjectKind kind, json_t *form);
/* Files a draft about the certificate of `of` (confirmed), which must outlive it. */
Filed *desk_file_service (Desk *desk, Service service, Filed *of, json_t *form, const Actor *actor);
/* Files a complete form and walks it to `state`. */
Filed *desk_file_to (Desk *desk, SubjectKind kind, ApplicationState state);
void desk_walk (Desk *desk, Filed *filed, ApplicationState state);

/* Actors are plain views of their owners: nothing to free but what `out` borrows. */
Actor desk_officer (const LocalOfficer *officer);
Actor desk_applicant (const Filed *filed);
/* Fetches the certificate on the way; free with actor_clear. */
void desk_holder (Desk *desk, Filed *filed, Actor *out);

/* The statement that `act` asks for now; `change` (taken, may be NULL) overrides its members, a null value removes one. */
Statement *desk_statement (Desk *desk, Filed *filed, ApplicationAct act, const Actor *actor, const PrivateKey *key, json_t *change);

typedef struct {
	Desk *desk;
	Filed *filed;
	ApplicationAct act;
	const Actor *actor;
	Statement *statement;            /* NULL: edit */
	json_t *form;                    /* edit; NULL: as it is */
	gboolean roll_back;              /* try only: nothing is changed */
	json_t *view;
} DeskAct;
/* Does it in one transaction (issue: the first of its two). */
gboolean desk_do (DeskAct *act, GError **error);
/* By the right officer, with the right statement, changed by `change`; the test fails unless the result is
 * `code` (-1: success). */
void desk_expect (Desk *desk, Filed *filed, ApplicationAct act, const LocalOfficer *officer, json_t *change, int code, const char *field);

/* As the auditor sees it; new reference. */
json_t *desk_view (Desk *desk, const Filed *filed);
void desk_assert_state (Desk *desk, const Filed *filed, ApplicationState state);
guint64 desk_leaves (Desk *desk);
