/* registry/cause.c — see cause.h. */
#include "registry/cause.h"

#include "base/error.h"

static const RevocationCause causes[] = {
	{ "key_replaced", "新的密钥对替代旧的密钥对", REASON_SUPERSEDED, TRUE, TRUE },
	{ "false_registration", "登记资料不真实", REASON_PRIVILEGE_WITHDRAWN, FALSE, TRUE },
	{ "unpaid", "未缴纳费用", REASON_CESSATION, FALSE, TRUE },
	{ "law", "法律规定不得发放", REASON_PRIVILEGE_WITHDRAWN, FALSE, TRUE },
	{ "stolen_or_forged", "盗用、冒用、伪造", REASON_KEY_COMPROMISE, TRUE, TRUE },
	{ "duties_unmet", "不能履行安全义务", REASON_PRIVILEGE_WITHDRAWN, FALSE, TRUE },
	{ "other_temporary", "政策临时规定", REASON_HOLD, FALSE, FALSE },
	{ "other", "其他", REASON_UNSPECIFIED, TRUE, TRUE },
};

const RevocationCause *
revocation_causes (gsize *n)
{
	*n = G_N_ELEMENTS (causes);
	return causes;
}

const RevocationCause *
revocation_cause (const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS (causes); i++)
		if (g_strcmp0 (causes[i].name, name) == 0)
			return &causes[i];
	return NULL;
}

gboolean
revocation_cause_check (const char *name, RevocationReason reason, gboolean by_holder, const char *field, GError **error)
{
	const RevocationCause *cause = revocation_cause (name);

	if (!name)
		return TRUE;
	if (!cause || !cause->for_good)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, field, "not a cause that revokes a certificate for good");
	if (by_holder && !cause->holder)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, field, "a holder cannot give this cause");
	return cause->reason == REASON_UNSPECIFIED || cause->reason == reason ||
	       diqi_fail (error, DIQI_ERROR_FIELD_VALUE, field, "cause %s goes with reason %s", name, reason_name (cause->reason));
}
