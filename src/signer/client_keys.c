/* signer/client_keys.c — the calls of client.h about certificates, double certificates and the recovery of their keys. */
#include <string.h>

#include "base/error.h"
#include "signer/client_private.h"
#include "signer/compact.h"

void
issued_pair_clear (IssuedPair *pair)
{
	g_clear_pointer (&pair->certificate, g_bytes_unref);
	g_clear_pointer (&pair->encryption, g_bytes_unref);
	g_clear_pointer (&pair->envelope, g_bytes_unref);
}

void
key_recovery_clear (KeyRecovery *recovery)
{
	g_clear_pointer (&recovery->recovery, g_free);
	g_clear_pointer (&recovery->serial, g_free);
	g_clear_pointer (&recovery->transport, g_bytes_unref);
	g_clear_pointer (&recovery->order, g_free);
	g_clear_pointer (&recovery->shares, json_decref);
	g_clear_pointer (&recovery->envelope, g_bytes_unref);
}

static json_t *
message_new (const char *type)
{
	json_t *message = json_object ();
	json_object_set_new (message, "type", json_string (type));
	return message;
}

/* *out stays NULL where the reply has no such member and none is asked for. */
static gboolean
take_bytes (const json_t *reply, const char *key, gboolean required, GBytes **out, GError **error)
{
	const char *text = json_string_value (json_object_get (reply, key));
	if (text == NULL)
		return !required || diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "the signer's reply lacks %s", key);
	*out = base64_decode_strict (text, strlen (text), error);
	return *out != NULL;
}

/* --- issuing -------------------------------------------------------------------------------- */

/* A part of the whole, without a copy. */
static GBytes *
take_part (GBytes *whole, CompactReader *in)
{
	gsize n;
	const guint8 *p = compact_read_bytes (in, 4, FRAME_MAX_COMPACT, &n);
	return p != NULL ? g_bytes_new_from_bytes (whole, (gsize) (p - (const guint8 *) g_bytes_get_data (whole, NULL)), n) : NULL;
}

static gboolean
read_pair (GBytes *reply, IssuedPair *pair, GError **error)
{
	CompactReader in = { .p = g_bytes_get_data (reply, &in.n) };
	pair->certificate = take_part (reply, &in);
	pair->encryption = take_part (reply, &in);
	pair->envelope = take_part (reply, &in);
	return (!in.broken && in.n == 0) || diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "the signer's reply is no pair of certificates");
}

gboolean
signer_issue_pair (SignerClient *client, const char *request, gsize request_n, guint copy, const Serial *serial,
                   const Serial *encryption_serial, const char *reviewer_statement, const char *issuer_statement,
                   IssuedPair *out, GError **error)
{
	const ClientOrder order = { request, request_n, copy, serial, encryption_serial, reviewer_statement, issuer_statement };
	g_autoptr (GBytes) reply = client_issue (client, &order, error);
	if (reply == NULL)
		return FALSE;
	if (encryption_serial == NULL) {
		*out = (IssuedPair) { g_steal_pointer (&reply) };
		return TRUE;
	}
	g_auto (IssuedPair) pair = { NULL };
	if (!read_pair (reply, &pair, error))
		return FALSE;
	*out = pair;
	pair = (IssuedPair) { NULL };
	return TRUE;
}

/* --- agents ------------------------------------------------------------------------------------ */

static json_t *
call_for_agents (SignerClient *client, json_t *message, GError **error)
{
	g_autoptr (json_t) reply = client_call (client, message, error);
	json_t *agents = json_object_get (reply, "agents");
	if (reply != NULL && agents == NULL)
		diqi_error_set (error, DIQI_ERROR_INTERNAL, NULL, "the signer's reply lacks agents");
	return json_incref (agents);
}

json_t *
signer_get_agents (SignerClient *client, GError **error)
{
	return call_for_agents (client, message_new ("agents"), error);
}

json_t *
signer_set_agents (SignerClient *client, const json_t *list, const char *const *statements, gsize n, GError **error)
{
	json_t *message = message_new ("agents.set"), *texts = json_array ();
	for (gsize i = 0; i < n; i++)
		json_array_append_new (texts, json_string (statements[i]));
	json_object_set_new (message, "list", json_deep_copy (list));
	json_object_set_new (message, "statements", texts);
	return call_for_agents (client, message, error);
}

/* --- recovery ------------------------------------------------------------------------------------ */

static gboolean
call_for_recovery (SignerClient *client, json_t *message, KeyRecovery *out, GError **error)
{
	g_autoptr (json_t) reply = client_call (client, message, error);
	if (reply == NULL)
		return FALSE;
	g_auto (KeyRecovery) recovery = {
		.recovery = g_strdup (json_string_value (json_object_get (reply, "recovery"))),
		.serial = g_strdup (json_string_value (json_object_get (reply, "serial"))),
		.threshold = json_integer_value (json_object_get (reply, "threshold")),
		.given = json_integer_value (json_object_get (reply, "given")),
		.order = g_strdup (json_string_value (json_object_get (reply, "order"))),
		.shares = json_incref (json_object_get (reply, "shares")),
	};
	if (recovery.recovery == NULL || recovery.serial == NULL || recovery.shares == NULL)
		return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "the signer's reply is not about a recovery");
	if (!take_bytes (reply, "transport", FALSE, &recovery.transport, error) || !take_bytes (reply, "envelope", FALSE, &recovery.envelope, error))
		return FALSE;
	*out = recovery;
	recovery = (KeyRecovery) { NULL };
	return TRUE;
}

gboolean
signer_begin_recovery (SignerClient *client, const char *request, const char *review, const char *complete, KeyRecovery *out, GError **error)
{
	json_t *message = message_new ("recovery.begin");
	json_object_set_new (message, "request", json_string (request));
	json_object_set_new (message, "review", json_string (review));
	json_object_set_new (message, "complete", json_string (complete));
	return call_for_recovery (client, message, out, error);
}

gboolean
signer_give_share (SignerClient *client, const char *statement, KeyRecovery *out, GError **error)
{
	json_t *message = message_new ("recovery.share");
	json_object_set_new (message, "statement", json_string (statement));
	return call_for_recovery (client, message, out, error);
}
