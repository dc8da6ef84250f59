/* registry/states.c — the table of docs/states.md. */
#include "registry/states.h"

#define KEY SERVICES_KEY
#define KEYLESS SERVICES_KEYLESS
#define RECOVER SERVICES_RECOVER
#define STATUS (SERVICES_STATUS | SERVICES_TICKET | SERVICES_RECOVER)     /* two approvals, no new certificate */
#define DECIDERS (ROLE_CLERK | ROLE_REVIEWER)
#define WAIVERS (ROLE_ADMINISTRATOR | ROLE_REVIEWER | ROLE_ISSUER)
#define SUBMISSION (GUARD_COMPLETE | GUARD_TARGET)
#define ACCEPTANCE (GUARD_OVERRIDE | GUARD_TARGET | GUARD_NOT_APPLICANT)
#define FIRST (GUARD_PAID | GUARD_REQUEST | GUARD_TARGET | GUARD_NOT_CLERK | GUARD_NOT_APPLICANT)
#define SECOND (FIRST | GUARD_NOT_REVIEWER)
#define VOID EFFECT_VOIDS_APPROVALS

/* 审核人 and 发证人 sign the paper form, and 受理人 accepts it: three different persons. */
static const ApplicationTransition transitions[] = {
	/* from, act, to, services, by, roles, statement, guards, effects, template_name, public_status */
	{ STATE_NONE, ACT_CREATE, STATE_DRAFT, SERVICES_ALL, BY_ANYBODY, 0, NULL, GUARD_NONE, EFFECT_UNRECORDED, NULL, FALSE },
	{ STATE_DRAFT, ACT_EDIT, STATE_DRAFT, SERVICES_ALL, BY_APPLICANT, 0, NULL, GUARD_NONE, VOID | EFFECT_UNRECORDED, NULL, FALSE },
	{ STATE_RETURNED, ACT_EDIT, STATE_RETURNED, SERVICES_ALL, BY_APPLICANT, 0, NULL, GUARD_NONE, VOID | EFFECT_UNRECORDED, NULL, FALSE },

	{ STATE_DRAFT, ACT_SUBMIT, STATE_SUBMITTED, KEY | RECOVER, BY_APPLICANT, 0, "application.submit", SUBMISSION, VOID, "application.submitted", FALSE },
	{ STATE_RETURNED, ACT_SUBMIT, STATE_SUBMITTED, KEY | RECOVER, BY_APPLICANT, 0, "application.submit", SUBMISSION, VOID, "application.submitted", FALSE },
	/* A hold at once shows in the certificate's status. */
	{ STATE_DRAFT, ACT_SUBMIT, STATE_SUBMITTED, KEYLESS, BY_APPLICANT, 0, "application.submit", SUBMISSION | GUARD_CODE_UNSIGNED, VOID, "application.submitted", TRUE },
	{ STATE_RETURNED, ACT_SUBMIT, STATE_SUBMITTED, KEYLESS, BY_APPLICANT, 0, "application.submit", SUBMISSION | GUARD_CODE_UNSIGNED, VOID, "application.submitted", TRUE },
	{ STATE_DRAFT, ACT_LODGE, STATE_SUBMITTED, KEYLESS | RECOVER, BY_OFFICER, ROLE_CLERK, "application.lodge", SUBMISSION | GUARD_NOT_APPLICANT, VOID, "application.submitted", TRUE },
	{ STATE_RETURNED, ACT_LODGE, STATE_SUBMITTED, KEYLESS | RECOVER, BY_OFFICER, ROLE_CLERK, "application.lodge", SUBMISSION | GUARD_NOT_APPLICANT, VOID, "application.submitted", TRUE },

	{ STATE_SUBMITTED, ACT_ACCEPT, STATE_ACCEPTED, SERVICES_ALL, BY_OFFICER, ROLE_CLERK, "application.accept", ACCEPTANCE | GUARD_UNPAID, EFFECT_NONE, "application.accepted", TRUE },
	/* Free, paid or waived before, or returned after payment and submitted again: the fee is not asked twice. */
	{ STATE_SUBMITTED, ACT_ACCEPT, STATE_PAID, SERVICES_ALL, BY_OFFICER, ROLE_CLERK, "application.accept", ACCEPTANCE | GUARD_PAID, EFFECT_NONE, "application.accepted", TRUE },

	{ STATE_ACCEPTED, ACT_FEE, STATE_PAID, SERVICES_ALL, BY_OFFICER, ROLE_CASHIER, "fee.record", GUARD_UNPAID | GUARD_AMOUNT, EFFECT_NONE, "application.paid", FALSE },
	{ STATE_SUBMITTED, ACT_FEE_PAID, STATE_SUBMITTED, SERVICES_ALL, BY_SYSTEM, 0, NULL, GUARD_UNPAID | GUARD_AMOUNT, EFFECT_NONE, "application.paid", FALSE },
	{ STATE_RETURNED, ACT_FEE_PAID, STATE_RETURNED, SERVICES_ALL, BY_SYSTEM, 0, NULL, GUARD_UNPAID | GUARD_AMOUNT, EFFECT_NONE, "application.paid", FALSE },
	{ STATE_ACCEPTED, ACT_FEE_PAID, STATE_PAID, SERVICES_ALL, BY_SYSTEM, 0, NULL, GUARD_UNPAID | GUARD_AMOUNT, EFFECT_NONE, "application.paid", FALSE },
	{ STATE_SUBMITTED, ACT_FEE_WAIVE, STATE_SUBMITTED, SERVICES_ALL, BY_OFFICER, WAIVERS, "fee.waive", GUARD_UNPAID | GUARD_AMOUNT | GUARD_NOT_APPLICANT, EFFECT_NONE, "application.paid", FALSE },
	{ STATE_ACCEPTED, ACT_FEE_WAIVE, STATE_PAID, SERVICES_ALL, BY_OFFICER, WAIVERS, "fee.waive", GUARD_UNPAID | GUARD_AMOUNT | GUARD_NOT_APPLICANT, EFFECT_NONE, "application.paid", FALSE },

	{ STATE_PAID, ACT_REVIEW, STATE_REVIEWED, KEY, BY_OFFICER, ROLE_REVIEWER, "application.review", FIRST, EFFECT_NONE, "application.reviewed", FALSE },
	{ STATE_REVIEWED, ACT_ISSUE, STATE_ISSUING, KEY, BY_OFFICER, ROLE_ISSUER, "application.issue", SECOND, EFFECT_NONE, NULL, FALSE },
	{ STATE_ISSUING, ACT_STORE, STATE_ISSUED, KEY, BY_SYSTEM, 0, NULL, GUARD_PAID, EFFECT_FULFILS, "application.issued", TRUE },
	{ STATE_ISSUING, ACT_ABANDON, STATE_PAID, KEY, BY_SYSTEM, 0, NULL, GUARD_NONE, EFFECT_VOIDS_REVIEW, NULL, FALSE },
	{ STATE_ISSUED, ACT_DELIVER, STATE_DELIVERED, KEY, BY_OFFICER, ROLE_CLERK, "certificate.deliver", GUARD_NONE, EFFECT_NONE, "application.delivered", FALSE },
	{ STATE_DELIVERED, ACT_CONFIRM, STATE_CONFIRMED, KEY, BY_HOLDER, 0, "certificate.confirm", GUARD_NONE, EFFECT_NONE, "application.confirmed", FALSE },

	{ STATE_PAID, ACT_SERVICE_REVIEW, STATE_REVIEWED, STATUS, BY_OFFICER, ROLE_REVIEWER, "service.review", FIRST, EFFECT_NONE, "application.reviewed", FALSE },
	{ STATE_REVIEWED, ACT_SERVICE_COMPLETE, STATE_COMPLETED, SERVICES_STATUS, BY_OFFICER, ROLE_ISSUER, "service.complete", SECOND, EFFECT_FULFILS, "application.completed", TRUE },
	{ STATE_REVIEWED, ACT_SERVICE_COMPLETE, STATE_APPROVED, SERVICES_TICKET, BY_OFFICER, ROLE_ISSUER, "service.complete", SECOND, EFFECT_NONE, "token.ticket", FALSE },
	{ STATE_APPROVED, ACT_UNLOCKED, STATE_COMPLETED, SERVICES_TICKET, BY_OFFICER, ROLE_CLERK, "token.unlocked", GUARD_NONE, EFFECT_FULFILS, "application.completed", FALSE },
	/* Two have approved; now it takes k recovery agents (registry/recovery.h). */
	{ STATE_REVIEWED, ACT_SERVICE_COMPLETE, STATE_APPROVED, RECOVER, BY_OFFICER, ROLE_ISSUER, "service.complete", SECOND, EFFECT_NONE, "recovery.approved", FALSE },
	{ STATE_APPROVED, ACT_RECOVERED, STATE_COMPLETED, RECOVER, BY_SYSTEM, 0, NULL, GUARD_PAID, EFFECT_FULFILS, "recovery.ready", FALSE },
	/* An answer changes nothing: one person gives it. */
	{ STATE_PAID, ACT_SERVICE_COMPLETE, STATE_COMPLETED, SERVICES_ANSWER, BY_OFFICER, DECIDERS, "service.complete",
	  GUARD_PAID | GUARD_REQUEST | GUARD_NOT_APPLICANT, EFFECT_FULFILS, "application.answered", FALSE },

	{ STATE_SUBMITTED, ACT_RETURN, STATE_RETURNED, SERVICES_ALL, BY_OFFICER, DECIDERS, "application.return", GUARD_NONE, VOID, "application.returned", FALSE },
	{ STATE_ACCEPTED, ACT_RETURN, STATE_RETURNED, SERVICES_ALL, BY_OFFICER, DECIDERS, "application.return", GUARD_NONE, VOID, "application.returned", FALSE },
	{ STATE_PAID, ACT_RETURN, STATE_RETURNED, SERVICES_ALL, BY_OFFICER, DECIDERS, "application.return", GUARD_NONE, VOID, "application.returned", FALSE },
	{ STATE_REVIEWED, ACT_RETURN, STATE_RETURNED, SERVICES_ALL, BY_OFFICER, DECIDERS, "application.return", GUARD_NONE, VOID, "application.returned", FALSE },
	/* The agents are not to be had, or an approval is older than the signer accepts. */
	{ STATE_APPROVED, ACT_RETURN, STATE_RETURNED, RECOVER, BY_OFFICER, DECIDERS, "application.return", GUARD_NONE, VOID, "application.returned", FALSE },
	{ STATE_SUBMITTED, ACT_REJECT, STATE_REJECTED, SERVICES_ALL, BY_OFFICER, ROLE_REVIEWER, "application.reject", GUARD_NONE, VOID | EFFECT_DROPS_ORDER, "application.rejected", FALSE },
	{ STATE_ACCEPTED, ACT_REJECT, STATE_REJECTED, SERVICES_ALL, BY_OFFICER, ROLE_REVIEWER, "application.reject", GUARD_NONE, VOID | EFFECT_DROPS_ORDER, "application.rejected", FALSE },
	{ STATE_PAID, ACT_REJECT, STATE_REJECTED, SERVICES_ALL, BY_OFFICER, ROLE_REVIEWER, "application.reject", GUARD_NONE, VOID | EFFECT_DROPS_ORDER, "application.rejected", FALSE },
	{ STATE_REVIEWED, ACT_REJECT, STATE_REJECTED, SERVICES_ALL, BY_OFFICER, ROLE_REVIEWER, "application.reject", GUARD_NONE, VOID | EFFECT_DROPS_ORDER, "application.rejected", FALSE },
	{ STATE_APPROVED, ACT_REJECT, STATE_REJECTED, RECOVER, BY_OFFICER, ROLE_REVIEWER, "application.reject", GUARD_NONE, VOID | EFFECT_DROPS_ORDER, "application.rejected", FALSE },

	/* Until issuing: what is issued is cancelled, not withdrawn. */
	{ STATE_DRAFT, ACT_WITHDRAW, STATE_WITHDRAWN, SERVICES_ALL, BY_APPLICANT, 0, "application.withdraw", GUARD_CODE_UNSIGNED, VOID | EFFECT_DROPS_ORDER, NULL, FALSE },
	{ STATE_RETURNED, ACT_WITHDRAW, STATE_WITHDRAWN, SERVICES_ALL, BY_APPLICANT, 0, "application.withdraw", GUARD_CODE_UNSIGNED, VOID | EFFECT_DROPS_ORDER, "application.withdrawn", FALSE },
	{ STATE_SUBMITTED, ACT_WITHDRAW, STATE_WITHDRAWN, SERVICES_ALL, BY_APPLICANT, 0, "application.withdraw", GUARD_CODE_UNSIGNED, VOID | EFFECT_DROPS_ORDER, "application.withdrawn", FALSE },
	{ STATE_ACCEPTED, ACT_WITHDRAW, STATE_WITHDRAWN, SERVICES_ALL, BY_APPLICANT, 0, "application.withdraw", GUARD_CODE_UNSIGNED, VOID | EFFECT_DROPS_ORDER, "application.withdrawn", FALSE },
	{ STATE_PAID, ACT_WITHDRAW, STATE_WITHDRAWN, SERVICES_ALL, BY_APPLICANT, 0, "application.withdraw", GUARD_CODE_UNSIGNED, VOID | EFFECT_DROPS_ORDER, "application.withdrawn", FALSE },
	{ STATE_REVIEWED, ACT_WITHDRAW, STATE_WITHDRAWN, SERVICES_ALL, BY_APPLICANT, 0, "application.withdraw", GUARD_CODE_UNSIGNED, VOID | EFFECT_DROPS_ORDER, "application.withdrawn", FALSE },
	{ STATE_APPROVED, ACT_WITHDRAW, STATE_WITHDRAWN, RECOVER, BY_APPLICANT, 0, "application.withdraw", GUARD_CODE_UNSIGNED, VOID | EFFECT_DROPS_ORDER, "application.withdrawn", FALSE },
};

static const struct { const char *name, *label; } states[N_STATES] = {
	[STATE_NONE] = { "", "" },
	[STATE_DRAFT] = { "draft", "草稿" },
	[STATE_SUBMITTED] = { "submitted", "已提交" },
	[STATE_RETURNED] = { "returned", "退回补正" },
	[STATE_ACCEPTED] = { "accepted", "已受理" },
	[STATE_PAID] = { "paid", "已缴费" },
	[STATE_REVIEWED] = { "reviewed", "已审核" },
	[STATE_ISSUING] = { "issuing", "签发中" },
	[STATE_ISSUED] = { "issued", "已签发" },
	[STATE_DELIVERED] = { "delivered", "已交付" },
	[STATE_CONFIRMED] = { "confirmed", "订户已接受" },
	[STATE_APPROVED] = { "approved", "已批准" },
	[STATE_COMPLETED] = { "completed", "已办结" },
	[STATE_WITHDRAWN] = { "withdrawn", "已撤回" },
	[STATE_REJECTED] = { "rejected", "不予受理" },
};

static const char *const acts[N_ACTS] = {
	[ACT_CREATE] = "application.create",
	[ACT_EDIT] = "application.edit",
	[ACT_SUBMIT] = "application.submit",
	[ACT_ACCEPT] = "application.accept",
	[ACT_RETURN] = "application.return",
	[ACT_REJECT] = "application.reject",
	[ACT_FEE] = "fee.record",
	[ACT_REVIEW] = "application.review",
	[ACT_ISSUE] = "application.issue",
	[ACT_STORE] = "certificate.issued",
	[ACT_ABANDON] = "application.issue_refused",
	[ACT_DELIVER] = "certificate.deliver",
	[ACT_CONFIRM] = "certificate.confirm",
	[ACT_LODGE] = "application.lodge",
	[ACT_WITHDRAW] = "application.withdraw",
	[ACT_FEE_PAID] = "fee.paid",
	[ACT_FEE_WAIVE] = "fee.waive",
	[ACT_SERVICE_REVIEW] = "service.review",
	[ACT_SERVICE_COMPLETE] = "service.complete",
	[ACT_UNLOCKED] = "token.unlocked",
	[ACT_RECOVERED] = "recovery.done",
};

const ApplicationTransition *
application_transitions (gsize *n)
{
	*n = G_N_ELEMENTS (transitions);
	return transitions;
}

static gboolean
payment_fits (guint guards, gboolean paid)
{
	/* Where the same act leads on in two ways, payment decides which. */
	return paid ? !(guards & GUARD_UNPAID) : TRUE;
}

const ApplicationTransition *
application_transition (Service service, ApplicationState from, ApplicationAct act, gboolean paid)
{
	for (gsize i = 0; i < G_N_ELEMENTS (transitions); i++)
		if ((transitions[i].services & SERVICE_BIT (service)) && transitions[i].from == from && transitions[i].act == act &&
		    payment_fits (transitions[i].guards, paid))
			return &transitions[i];
	return NULL;
}

const ApplicationTransition *
application_act_rule (Service service, ApplicationAct act)
{
	for (gsize i = 0; i < G_N_ELEMENTS (transitions); i++)
		if ((transitions[i].services & SERVICE_BIT (service)) && transitions[i].act == act)
			return &transitions[i];
	return NULL;
}

const char *
application_state_name (ApplicationState state)
{
	return states[state].name;
}

const char *
application_state_label (ApplicationState state)
{
	return states[state].label;
}

gboolean
application_state_from_name (const char *name, ApplicationState *out)
{
	for (ApplicationState state = STATE_DRAFT; state < N_STATES; state++) {
		if (g_strcmp0 (states[state].name, name) != 0)
			continue;
		*out = state;
		return TRUE;
	}
	return FALSE;
}

const char *
application_act_name (ApplicationAct act)
{
	return acts[act];
}
