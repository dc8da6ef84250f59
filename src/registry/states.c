/* registry/states.c — the table of docs/states.md. */
#include "registry/states.h"

/* 审核人 and 发证人 sign the paper form, and 受理人 accepts it: three different persons. */
static const ApplicationTransition transitions[] = {
	/* from, act, to, by, roles, statement, guards, effects */
	{ STATE_NONE, ACT_CREATE, STATE_DRAFT, BY_ANYBODY, 0, NULL, GUARD_NONE, EFFECT_NONE },
	{ STATE_DRAFT, ACT_EDIT, STATE_DRAFT, BY_APPLICANT, 0, NULL, GUARD_NONE, EFFECT_VOIDS_APPROVALS },
	{ STATE_RETURNED, ACT_EDIT, STATE_RETURNED, BY_APPLICANT, 0, NULL, GUARD_NONE, EFFECT_VOIDS_APPROVALS },
	{ STATE_DRAFT, ACT_SUBMIT, STATE_SUBMITTED, BY_APPLICANT, 0, "application.submit", GUARD_COMPLETE, EFFECT_VOIDS_APPROVALS },
	{ STATE_RETURNED, ACT_SUBMIT, STATE_SUBMITTED, BY_APPLICANT, 0, "application.submit", GUARD_COMPLETE, EFFECT_VOIDS_APPROVALS },
	{ STATE_SUBMITTED, ACT_ACCEPT, STATE_ACCEPTED, BY_OFFICER, ROLE_CLERK, "application.accept", GUARD_OVERRIDE | GUARD_UNPAID, EFFECT_NONE },
	/* Returned after payment and submitted again: the fee is not asked twice. */
	{ STATE_SUBMITTED, ACT_ACCEPT, STATE_PAID, BY_OFFICER, ROLE_CLERK, "application.accept", GUARD_OVERRIDE | GUARD_PAID, EFFECT_NONE },
	{ STATE_ACCEPTED, ACT_FEE, STATE_PAID, BY_OFFICER, ROLE_CASHIER, "fee.record", GUARD_UNPAID | GUARD_AMOUNT, EFFECT_NONE },
	{ STATE_PAID, ACT_REVIEW, STATE_REVIEWED, BY_OFFICER, ROLE_REVIEWER, "application.review",
	  GUARD_PAID | GUARD_REQUEST | GUARD_NOT_CLERK, EFFECT_NONE },
	{ STATE_REVIEWED, ACT_ISSUE, STATE_ISSUING, BY_OFFICER, ROLE_ISSUER, "application.issue",
	  GUARD_PAID | GUARD_REQUEST | GUARD_NOT_CLERK | GUARD_NOT_REVIEWER, EFFECT_NONE },
	{ STATE_ISSUING, ACT_STORE, STATE_ISSUED, BY_SYSTEM, 0, NULL, GUARD_PAID, EFFECT_NONE },
	{ STATE_ISSUING, ACT_ABANDON, STATE_PAID, BY_SYSTEM, 0, NULL, GUARD_NONE, EFFECT_VOIDS_REVIEW },
	{ STATE_ISSUED, ACT_DELIVER, STATE_DELIVERED, BY_OFFICER, ROLE_CLERK, "certificate.deliver", GUARD_NONE, EFFECT_NONE },
	{ STATE_DELIVERED, ACT_CONFIRM, STATE_CONFIRMED, BY_HOLDER, 0, "certificate.confirm", GUARD_NONE, EFFECT_NONE },
	{ STATE_SUBMITTED, ACT_RETURN, STATE_RETURNED, BY_OFFICER, ROLE_CLERK | ROLE_REVIEWER, "application.return", GUARD_NONE, EFFECT_VOIDS_APPROVALS },
	{ STATE_ACCEPTED, ACT_RETURN, STATE_RETURNED, BY_OFFICER, ROLE_CLERK | ROLE_REVIEWER, "application.return", GUARD_NONE, EFFECT_VOIDS_APPROVALS },
	{ STATE_PAID, ACT_RETURN, STATE_RETURNED, BY_OFFICER, ROLE_CLERK | ROLE_REVIEWER, "application.return", GUARD_NONE, EFFECT_VOIDS_APPROVALS },
	{ STATE_REVIEWED, ACT_RETURN, STATE_RETURNED, BY_OFFICER, ROLE_CLERK | ROLE_REVIEWER, "application.return", GUARD_NONE, EFFECT_VOIDS_APPROVALS },
	{ STATE_SUBMITTED, ACT_REJECT, STATE_REJECTED, BY_OFFICER, ROLE_REVIEWER, "application.reject", GUARD_NONE, EFFECT_VOIDS_APPROVALS },
	{ STATE_ACCEPTED, ACT_REJECT, STATE_REJECTED, BY_OFFICER, ROLE_REVIEWER, "application.reject", GUARD_NONE, EFFECT_VOIDS_APPROVALS },
	{ STATE_PAID, ACT_REJECT, STATE_REJECTED, BY_OFFICER, ROLE_REVIEWER, "application.reject", GUARD_NONE, EFFECT_VOIDS_APPROVALS },
	{ STATE_REVIEWED, ACT_REJECT, STATE_REJECTED, BY_OFFICER, ROLE_REVIEWER, "application.reject", GUARD_NONE, EFFECT_VOIDS_APPROVALS },
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
application_transition (ApplicationState from, ApplicationAct act, gboolean paid)
{
	for (gsize i = 0; i < G_N_ELEMENTS (transitions); i++)
		if (transitions[i].from == from && transitions[i].act == act && payment_fits (transitions[i].guards, paid))
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
