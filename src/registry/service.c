/* registry/service.c — the services of the guide, chapter 四, and those that certificates need besides. */
#include "registry/service.h"

#define NOT_REVOKED (TARGET_VALID | TARGET_HELD | TARGET_LAPSED)
#define COPIES_MAX 20

static const ServiceRule rules[N_SERVICES] = {
	/* name, label, label_en, effect, targets, key, copies, hold_at_once, reason */
	[SERVICE_ISSUE] = { "issue", "新办", "New certificate", EFFECT_CERTIFICATE, TARGET_NONE, TRUE, COPIES_MAX, FALSE, REASON_UNSPECIFIED },
	[SERVICE_RENEW] = { "renew", "延期", "Renewal", EFFECT_CERTIFICATE, TARGET_VALID | TARGET_LAPSED, TRUE, 1, FALSE, REASON_UNSPECIFIED },
	[SERVICE_CHANGE] = { "change", "信息变更", "Change of data", EFFECT_CERTIFICATE, TARGET_VALID, TRUE, 1, FALSE, REASON_AFFILIATION_CHANGED },
	[SERVICE_REPORT_LOSS] = { "report_loss", "挂失", "Report of loss", EFFECT_HOLD, TARGET_VALID, FALSE, 0, TRUE, REASON_HOLD },
	[SERVICE_WITHDRAW_LOSS] = { "withdraw_loss", "解挂", "Withdrawal of a report of loss", EFFECT_UNHOLD, TARGET_HELD, FALSE, 0, FALSE, REASON_UNSPECIFIED },
	/* The reason is that of a damaged token; of a lost one it is keyCompromise. */
	[SERVICE_REISSUE] = { "reissue", "补办", "Replacement", EFFECT_CERTIFICATE, NOT_REVOKED, TRUE, 1, FALSE, REASON_SUPERSEDED },
	[SERVICE_CANCEL] = { "cancel", "注销", "Cancellation", EFFECT_REVOKE, NOT_REVOKED, FALSE, 0, FALSE, REASON_CESSATION },
	[SERVICE_UNLOCK_PIN] = { "unlock_pin", "解锁（解密）", "PIN unlock", EFFECT_TICKET, TARGET_VALID, FALSE, 0, FALSE, REASON_UNSPECIFIED },
	[SERVICE_FREEZE] = { "freeze", "冻结", "Freeze", EFFECT_HOLD, TARGET_VALID, FALSE, 0, TRUE, REASON_HOLD },
	[SERVICE_UNFREEZE] = { "unfreeze", "解冻", "Unfreeze", EFFECT_UNHOLD, TARGET_HELD, FALSE, 0, FALSE, REASON_UNSPECIFIED },
	[SERVICE_OTHER] = { "other", "其它", "Other", EFFECT_ANSWER, NOT_REVOKED | TARGET_REVOKED | TARGET_NONE, FALSE, 0, FALSE, REASON_UNSPECIFIED },
	[SERVICE_RECOVER_KEY] = { "recover_key", "密钥恢复", "Key recovery", EFFECT_RECOVER, NOT_REVOKED | TARGET_REVOKED, TRUE, 1, FALSE, REASON_UNSPECIFIED },
};

const ServiceRule *
service_rule (Service service)
{
	return &rules[service];
}

const char *
service_name (Service service)
{
	return rules[service].name;
}

gboolean
service_from_name (const char *name, Service *out)
{
	for (Service service = 0; service < N_SERVICES; service++) {
		if (g_strcmp0 (rules[service].name, name) != 0)
			continue;
		*out = service;
		return TRUE;
	}
	return FALSE;
}

const char *
service_effect_name (ServiceEffect effect)
{
	static const char *const names[] = {
		[EFFECT_ANSWER] = "answer", [EFFECT_CERTIFICATE] = "certificate", [EFFECT_HOLD] = "hold", [EFFECT_UNHOLD] = "unhold",
		[EFFECT_REVOKE] = "revoke", [EFFECT_TICKET] = "unlock", [EFFECT_RECOVER] = "recover",
	};

	return names[effect];
}
