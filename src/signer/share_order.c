/* signer/share_order.c — see share_order.h. */
#include "signer/share_order.h"

#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "signer/approval.h"

#define TYPE "recovery.order"

char *
share_order_sign (const ShareOrder *order, const char *site, Micros now, const PrivateKey *key, const Certificate *receipt, GError **error)
{
	g_autofree char *time = time_format (now), *nonce = random_token (16);
	g_autoptr (json_t) payload = json_pack ("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:[s, s]}", "type", TYPE, "site", site, "time", time, "nonce", nonce,
	                                        "application", order->application, "recovery", order->recovery, "serial", order->serial,
	                                        "fresh", order->fresh, "transport", order->transport, "approvers", order->approvers[0], order->approvers[1]);
	return statement_sign (payload, key, receipt, error);
}

static gboolean
read_order (const Statement *statement, ShareOrder *out, GError **error)
{
	StatementCommon common;
	json_t *approvers;
	const Field fields[] = {
		STATEMENT_COMMON_FIELDS (common), { "application", FIELD_UUID, TRUE, 0, &out->application }, { "recovery", FIELD_HEX32, TRUE, 0, &out->recovery },
		{ "serial", FIELD_STRING, TRUE, 40, &out->serial }, { "fresh", FIELD_HEX32, TRUE, 0, &out->fresh },
		{ "transport", FIELD_HEX32, TRUE, 0, &out->transport }, { "approvers", FIELD_ARRAY, TRUE, SHARE_ORDER_APPROVERS, &approvers },
	};
	if (strcmp (statement_type (statement), TYPE) != 0)
		return diqi_fail (error, DIQI_ERROR_STATEMENT_TYPE, "/order", "not an order of the key centre");
	if (!JSON_READ (statement_payload (statement), "/order", fields, error))
		return FALSE;
	for (gsize i = 0; i < SHARE_ORDER_APPROVERS; i++) {
		out->approvers[i] = json_string_value (json_array_get (approvers, i));
		if (out->approvers[i] == NULL)
			return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/order/approvers", "two officers approve a recovery");
	}
	return TRUE;
}

/* Both ways start from what the agent has, never from what was sent. */
static gboolean
is_anchored (Certificate *const chain[SHARE_ORDER_CHAIN], const Certificate *own, const Certificate *root)
{
	return (root != NULL && fingerprint_equal (certificate_fingerprint (root), certificate_fingerprint (chain[2])))
		|| certificate_is_by_key_of (own, chain[1]);
}

static gboolean
check_signer (const Statement *statement, Certificate *const chain[SHARE_ORDER_CHAIN], const Certificate *own, const Certificate *root, GError **error)
{
	if (!is_anchored (chain, own, root))
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE_CHAIN, "/order", "signed under another authority than the one that certified you");
	if (certificate_extended_key_usage (chain[0]) != EKU_DIQI_RECEIPT)
		return diqi_fail (error, DIQI_ERROR_CERTIFICATE_CHAIN, "/order", "not signed by the key centre");
	return certificate_verify_chain (chain[0], chain + 1, SHARE_ORDER_CHAIN - 1, statement_time (statement), error)
		&& statement_verify (statement, chain[0], error);
}

Statement *
share_order_open (const char *compact, Certificate *const chain[SHARE_ORDER_CHAIN], const Certificate *own, const Certificate *root,
                  ShareOrder *out, GError **error)
{
	g_autoptr (Statement) statement = statement_parse (compact, -1, error);
	if (statement == NULL || !check_signer (statement, chain, own, root, error) || !read_order (statement, out, error))
		return NULL;
	return g_steal_pointer (&statement);
}
