/* registry/states.h — life of an application, as one table for every service.
 *
 * docs/states.md is drawn from this table, and a test compares them.  A transition names the services it belongs to,
 * who may do it, which statement proves it, what must be true beforehand, which message tells the applicant, and
 * whether the public sees it (in the status of a certificate).
 */
#pragma once
#include "identity/actor.h"
#include "registry/service.h"

typedef enum {
	STATE_NONE,           /* does not exist yet */
	STATE_DRAFT, STATE_SUBMITTED, STATE_RETURNED, STATE_ACCEPTED, STATE_PAID, STATE_REVIEWED,
	STATE_ISSUING,        /* between the issuer's statement and the stored certificate */
	STATE_ISSUED, STATE_DELIVERED, STATE_CONFIRMED,
	STATE_APPROVED,       /* the unlock ticket is open, or the recovery waits for its agents */
	STATE_COMPLETED, STATE_WITHDRAWN, STATE_REJECTED,
	N_STATES
} ApplicationState;

typedef enum {
	ACT_CREATE, ACT_EDIT, ACT_SUBMIT, ACT_ACCEPT, ACT_RETURN, ACT_REJECT, ACT_FEE, ACT_REVIEW, ACT_ISSUE,
	ACT_STORE,            /* the signed certificate was stored */
	ACT_ABANDON,          /* the signer refused the approvals */
	ACT_DELIVER, ACT_CONFIRM,
	ACT_LODGE,            /* a clerk submits for somebody who stands at the counter */
	ACT_WITHDRAW,
	ACT_FEE_PAID,         /* a provider's notification */
	ACT_FEE_WAIVE,
	ACT_SERVICE_REVIEW, ACT_SERVICE_COMPLETE,
	ACT_UNLOCKED,         /* the ticket was used */
	ACT_RECOVERED,        /* enough recovery agents gave their shares */
	N_ACTS
} ApplicationAct;

/* Who may do it; roles come from identity/actor.h. */
typedef enum {
	BY_ANYBODY,           /* creates it */
	BY_APPLICANT,         /* access code, or a session of the same subject */
	BY_OFFICER,           /* one of `roles` */
	BY_HOLDER,            /* the new certificate itself */
	BY_SYSTEM,
} ApplicationBy;

typedef enum {
	GUARD_NONE = 0,
	GUARD_COMPLETE = 1 << 0,        /* form complete, key proven, key new */
	GUARD_UNPAID = 1 << 1,          /* no fee recorded yet */
	GUARD_PAID = 1 << 2,            /* fee recorded: nothing is issued unpaid */
	GUARD_OVERRIDE = 1 << 3,        /* a failing check digit is overridden with a reason */
	GUARD_NOT_CLERK = 1 << 4,       /* another person than the accepting clerk */
	GUARD_NOT_REVIEWER = 1 << 5,    /* another person than the reviewer */
	GUARD_REQUEST = 1 << 6,         /* the approval is over the to-be-signed request of now */
	GUARD_AMOUNT = 1 << 7,          /* the amount is that of the tariff */
	GUARD_NOT_APPLICANT = 1 << 8,   /* the officer is nobody of the form */
	GUARD_TARGET = 1 << 9,          /* the target certificate is the holder's, and in a state that allows the service */
	GUARD_CODE_UNSIGNED = 1 << 10,  /* with an access code there is no certificate to sign with: no statement */
} ApplicationGuard;

typedef enum {
	EFFECT_NONE = 0,
	EFFECT_VOIDS_APPROVALS = 1 << 0,   /* acceptance, review and request are forgotten */
	EFFECT_VOIDS_REVIEW = 1 << 1,      /* review and request are forgotten */
	EFFECT_UNRECORDED = 1 << 2,        /* binds nobody: no leaf in the log */
	EFFECT_FULFILS = 1 << 3,           /* the service is rendered: its effect, and the fee is earned */
	EFFECT_DROPS_ORDER = 1 << 4,       /* an open order is cancelled, a paid one refundable */
} ApplicationEffect;

typedef struct {
	ApplicationState from;
	ApplicationAct act;
	ApplicationState to;
	guint services;                 /* SERVICE_BIT of each it belongs to */
	ApplicationBy by;
	guint roles;                    /* BY_OFFICER */
	const char *statement;          /* type, NULL none */
	guint guards;
	guint effects;
	const char *template_name;      /* message to the applicant; NULL none */
	gboolean public_status;         /* changes what everybody may ask about a certificate */
} ApplicationTransition;

const ApplicationTransition *application_transitions (gsize *n);
/* The first transition of (service, from, act) whose PAID/UNPAID guard fits; NULL if the state does not allow the act. */
const ApplicationTransition *application_transition (Service service, ApplicationState from, ApplicationAct act, gboolean paid);
/* Who may do an act of a service, and by which statement, is the same in every state.  NULL: the service has no such act. */
const ApplicationTransition *application_act_rule (Service service, ApplicationAct act);

const char *application_state_name (ApplicationState state);            /* "draft"; "" for none */
const char *application_state_label (ApplicationState state);           /* 草稿 */
gboolean application_state_from_name (const char *name, ApplicationState *out);
const char *application_act_name (ApplicationAct act);                  /* "application.submit" … */
