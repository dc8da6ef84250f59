/* registry/states.h — life of an application for a certificate, as a table.
 *
 * docs/states.md is drawn from this table, and a test compares them.  A transition names who may do
 * it, which statement proves it, and what must be true beforehand.
 */
#pragma once
#include "identity/actor.h"

typedef enum {
	STATE_NONE,           /* does not exist yet */
	STATE_DRAFT, STATE_SUBMITTED, STATE_RETURNED, STATE_ACCEPTED, STATE_PAID, STATE_REVIEWED,
	STATE_ISSUING,        /* between the issuer's statement and the stored certificate */
	STATE_ISSUED, STATE_DELIVERED, STATE_CONFIRMED, STATE_REJECTED,
	N_STATES
} ApplicationState;

typedef enum {
	ACT_CREATE, ACT_EDIT, ACT_SUBMIT, ACT_ACCEPT, ACT_RETURN, ACT_REJECT, ACT_FEE, ACT_REVIEW, ACT_ISSUE,
	ACT_STORE,            /* the signed certificate was stored */
	ACT_ABANDON,          /* the signer refused the approvals */
	ACT_DELIVER, ACT_CONFIRM,
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
} ApplicationGuard;

typedef enum {
	EFFECT_NONE = 0,
	EFFECT_VOIDS_APPROVALS = 1 << 0,   /* acceptance, review and request are forgotten */
	EFFECT_VOIDS_REVIEW = 1 << 1,      /* review and request are forgotten */
} ApplicationEffect;

typedef struct {
	ApplicationState from;
	ApplicationAct act;
	ApplicationState to;
	ApplicationBy by;
	guint roles;                    /* BY_OFFICER */
	const char *statement;          /* type, NULL none */
	guint guards;
	guint effects;
} ApplicationTransition;

const ApplicationTransition *application_transitions (gsize *n);
/* The first transition of (from, act) whose PAID/UNPAID guard fits; NULL if the state does not allow the act. */
const ApplicationTransition *application_transition (ApplicationState from, ApplicationAct act, gboolean paid);

const char *application_state_name (ApplicationState state);            /* "draft"; "" for none */
const char *application_state_label (ApplicationState state);           /* 草稿 */
gboolean application_state_from_name (const char *name, ApplicationState *out);
const char *application_act_name (ApplicationAct act);                  /* "application.submit" … */
