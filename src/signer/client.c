/* signer/client.c — the calls of client.h as messages of protocol.h. */
#include "signer/client.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "signer/channel.h"
#include "signer/compact.h"
#include "signer/client_private.h"
#include "signer/protocol.h"
#include "signer/child.h"

/* RSA pairs are made one after the other (key_maker.h); whose turn does not come in this time is told to come back, and what was begun
 * is finished without him (registry_resume). */
#define KEY_PATIENCE (20 * MICROS_PER_S)
#define KEY_PAUSE (100 * MICROS_PER_MS)

struct SignerClient {
	Channel *channel;
	pid_t child;              /* 0: not ours */
};

SignerClient *
signer_client_new (int fd)
{
	SignerClient *client = g_new0 (SignerClient, 1);
	client->channel = channel_new (fd);
	return client;
}

SignerClient *
signer_spawn (const char *program, const char *dir, const char *passphrase, gsize n, GError **error)
{
	pid_t child;
	int fd;
	if (!spawn_signer (program, dir, passphrase, n, &child, &fd, error))
		return NULL;
	SignerClient *client = signer_client_new (fd);
	client->child = child;
	if (channel_wait_ready (client->channel, error))
		return client;
	signer_client_free (client);
	return NULL;
}

gboolean
signer_client_is_lost (SignerClient *client)
{
	return channel_is_broken (client->channel);
}

void
signer_client_free (SignerClient *client)
{
	if (client == NULL)
		return;
	channel_free (client->channel);
	if (client->child != 0)
		spawn_wait (client->child, 10);
	g_free (client);
}

json_t *
client_call (SignerClient *client, json_t *message, GError **error)
{
	return channel_call (client->channel, message, error);
}

static json_t *
message_new (const char *type)
{
	json_t *message = json_object ();
	json_object_set_new (message, "type", json_string (type));
	return message;
}

static void
put (json_t *message, const char *key, json_t *value)
{
	json_object_set_new (message, key, value);
}

static void
put_ca (json_t *message, const char *ca)
{
	if (ca != NULL)
		put (message, "ca", json_string (ca));
}

static GBytes *
reply_bytes (const json_t *reply, const char *key, GError **error)
{
	const char *text = json_string_value (json_object_get (reply, key));
	if (text == NULL) {
		diqi_error_set (error, DIQI_ERROR_INTERNAL, NULL, "the signer's reply lacks %s", key);
		return NULL;
	}
	return base64_decode_strict (text, strlen (text), error);
}

static char *
reply_text (const json_t *reply, const char *key, GError **error)
{
	const char *text = json_string_value (json_object_get (reply, key));
	if (text == NULL)
		diqi_error_set (error, DIQI_ERROR_INTERNAL, NULL, "the signer's reply lacks %s", key);
	return g_strdup (text);
}

static GBytes *
call_for_bytes (SignerClient *client, json_t *message, const char *key, GError **error)
{
	g_autoptr (json_t) reply = channel_call (client->channel, message, error);
	return reply != NULL ? reply_bytes (reply, key, error) : NULL;
}

static char *
call_for_text (SignerClient *client, json_t *message, const char *key, GError **error)
{
	g_autoptr (json_t) reply = channel_call (client->channel, message, error);
	return reply != NULL ? reply_text (reply, key, error) : NULL;
}

static json_t *
call_for_json (SignerClient *client, json_t *message, const char *key, GError **error)
{
	g_autoptr (json_t) reply = channel_call (client->channel, message, error);
	if (reply == NULL)
		return NULL;
	json_t *value = json_object_get (reply, key);
	if (value == NULL)
		diqi_error_set (error, DIQI_ERROR_INTERNAL, NULL, "the signer's reply lacks %s", key);
	return json_incref (value);
}

/* --- officers ------------------------------------------------------- */

json_t *
signer_get_officers (SignerClient *client, GError **error)
{
	return call_for_json (client, message_new ("officers"), "officers", error);
}

json_t *
signer_change_officers (SignerClient *client, const json_t *list, const char *const *statements, gsize n, GError **error)
{
	json_t *message = message_new ("officers.set");
	json_t *texts = json_array ();
	for (gsize i = 0; i < n; i++)
		json_array_append_new (texts, json_string (statements[i]));
	put (message, "list", json_deep_copy (list));
	put (message, "statements", texts);
	return call_for_json (client, message, "officers", error);
}

/* --- certificates and status, compact ----------------------------------------------------------------------- */

static GByteArray *
compact_new (guint type)
{
	GByteArray *body = g_byte_array_sized_new (1024);
	compact_put_uint (body, type, 1);
	compact_put_uint (body, 0, 8);      /* the id, by the channel */
	return body;
}

static void
put_text (GByteArray *body, const char *text)
{
	compact_put_bytes (body, 4, text != NULL ? text : "", text != NULL ? strlen (text) : 0);
}

static GBytes *
issue_once (SignerClient *client, const ClientOrder *order, GError **error)
{
	g_autoptr (GByteArray) body = compact_new (order->encryption != NULL ? COMPACT_PAIR : COMPACT_ISSUE);
	compact_put_uint (body, MIN (order->copy, G_MAXUINT8), 1);
	g_byte_array_append (body, order->serial->b, sizeof order->serial->b);
	if (order->encryption != NULL)
		g_byte_array_append (body, order->encryption->b, sizeof order->encryption->b);
	compact_put_bytes (body, 4, order->request, order->request_n);
	put_text (body, order->reviewer);
	put_text (body, order->issuer);
	return channel_call_compact (client->channel, body, error);
}

GBytes *
client_issue (SignerClient *client, const ClientOrder *order, GError **error)
{
	Micros end = clock_monotonic () + KEY_PATIENCE;
	for (;;) {
		g_autoptr (GError) failure = NULL;
		GBytes *reply = issue_once (client, order, &failure);
		if (reply != NULL)
			return reply;
		if (!g_error_matches (failure, DIQI_ERROR, DIQI_ERROR_KEY_CENTRE_BUSY) || clock_monotonic () >= end) {
			g_propagate_error (error, g_steal_pointer (&failure));
			return NULL;
		}
		g_usleep (KEY_PAUSE);
	}
}

GBytes *
signer_issue (SignerClient *client, const char *request, gsize request_n, guint copy, const Serial *serial,
              const char *reviewer_statement, const char *issuer_statement, GError **error)
{
	const ClientOrder order = { request, request_n, copy, serial, NULL, reviewer_statement, issuer_statement };
	return client_issue (client, &order, error);
}

static void
put_status (GByteArray *body, const OcspSingle *single)
{
	compact_put_uint (body, single->status, 1);
	if (single->status != CERT_STATUS_REVOKED)
		return;
	compact_put_uint (body, (guint64) single->revoked_at, 8);
	compact_put_uint (body, single->reason, 1);
}

GBytes *
signer_sign_ocsp (SignerClient *client, const char *ca, const OcspRequest *answered, Micros this_update, Micros next_update, GError **error)
{
	g_autoptr (GByteArray) body = compact_new (COMPACT_OCSP);
	gsize n;
	gconstpointer request = g_bytes_get_data (answered->der, &n);
	compact_put_bytes (body, 1, ca != NULL ? ca : "", ca != NULL ? strlen (ca) : 0);
	compact_put_uint (body, (guint64) this_update, 8);
	compact_put_uint (body, (guint64) next_update, 8);
	compact_put_bytes (body, 4, request, n);
	compact_put_uint (body, answered->singles->len, 1);
	for (guint i = 0; i < answered->singles->len; i++)
		put_status (body, &g_array_index (answered->singles, OcspSingle, i));
	return channel_call_compact (client->channel, body, error);
}

static void
pack_entry (GByteArray *out, const RevokedEntry *entry)
{
	guint64 at = GUINT64_TO_BE ((guint64) entry->revoked_at);
	guint8 reason = (guint8) entry->reason;
	g_byte_array_append (out, entry->serial.b, sizeof entry->serial.b);
	g_byte_array_append (out, (const guint8 *) &at, sizeof at);
	g_byte_array_append (out, &reason, 1);
}

gboolean
signer_revoke (SignerClient *client, const char *ca, const RevokedEntry *entries, gsize n, GError **error)
{
	g_autoptr (GByteArray) packed = g_byte_array_sized_new ((guint) (n * CRL_ENTRY_SIZE) + 1);
	for (gsize i = 0; i < n; i++)
		pack_entry (packed, &entries[i]);
	g_autoptr (GBytes) raw = g_bytes_new (packed->data, packed->len);
	json_t *message = message_new ("revoke");
	put_ca (message, ca);
	g_autoptr (json_t) reply = channel_call_raw (client->channel, message, raw, NULL, error);
	return reply != NULL;
}

gboolean
signer_unhold (SignerClient *client, const Serial *serial, const char *request, const char *review, const char *complete, GError **error)
{
	json_t *message = message_new ("unhold");
	put (message, "serial", json_hex (serial->b, sizeof serial->b));
	put (message, "request", json_string (request));
	put (message, "review", json_string (review));
	put (message, "complete", json_string (complete));
	g_autoptr (json_t) reply = channel_call (client->channel, message, error);
	return reply != NULL;
}

GBytes *
signer_sign_list (SignerClient *client, const SignerListOrder *order, gsize *entries, GError **error)
{
	json_t *message = message_new ("crl");
	put_ca (message, order->ca);
	put (message, "list", json_string (list_kind_name (order->kind)));
	if (order->kind == LIST_SHARD)
		put (message, "shard", json_integer ((json_int_t) order->shard));
	if (order->base)
		put (message, "base", json_true ());
	put (message, "number", json_integer ((json_int_t) order->number));
	put (message, "this_update", json_time (order->this_update));
	put (message, "next_update", json_time (order->next_update));
	g_autoptr (GBytes) list = NULL;
	g_autoptr (json_t) reply = channel_call_raw (client->channel, message, NULL, &list, error);
	if (reply == NULL)
		return NULL;
	if (list == NULL)
		diqi_error_set (error, DIQI_ERROR_INTERNAL, NULL, "the signer's reply lacks the list");
	if (entries != NULL)
		*entries = (gsize) json_integer_value (json_object_get (reply, "entries"));
	return g_steal_pointer (&list);
}

/* --- log and receipts ---------------------------------------------------------------- */

char *
signer_sign_checkpoint (SignerClient *client, const Hash *root, guint64 size, guint64 old_size,
                        const Hash *proof, gsize n, GError **error)
{
	json_t *message = message_new ("checkpoint");
	json_t *hashes = json_array ();
	for (gsize i = 0; i < n; i++)
		json_array_append_new (hashes, json_hex (proof[i].b, sizeof proof[i].b));
	put (message, "size", json_integer ((json_int_t) size));
	put (message, "root", json_hex (root->b, sizeof root->b));
	put (message, "old_size", json_integer ((json_int_t) old_size));
	put (message, "proof", hashes);
	return call_for_text (client, message, "note", error);
}

gboolean
signer_last_checkpoint (SignerClient *client, guint64 *size, Hash *root, GError **error)
{
	g_autoptr (json_t) reply = channel_call (client->channel, message_new ("checkpoint.last"), error);
	if (reply == NULL)
		return FALSE;
	const char *text = json_string_value (json_object_get (reply, "root"));
	if (text == NULL || !hex_decode (text, root->b, sizeof root->b))
		return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "the signer's reply lacks root");
	*size = (guint64) json_integer_value (json_object_get (reply, "size"));
	return TRUE;
}

char *
signer_sign_receipt (SignerClient *client, const json_t *payload, GError **error)
{
	json_t *message = message_new ("receipt");
	/* jansson's counters may be shared with the caller's other threads: the message gets its own copy. */
	put (message, "payload", json_deep_copy (payload));
	return call_for_text (client, message, "statement", error);
}

GBytes *
signer_sign_document (SignerClient *client, gconstpointer digest, gsize n, GError **error)
{
	json_t *message = message_new ("document");
	put (message, "digest", json_hex (digest, n));
	return call_for_bytes (client, message, "cms", error);
}

/* --- records ------------------------------------------------------------------------------ */

GBytes *
signer_wrap_record_key (SignerClient *client, const char *record, gconstpointer key, gsize n, GError **error)
{
	json_t *message = message_new ("record.wrap");
	put (message, "record", json_string (record));
	put (message, "key", json_base64 (key, n));
	return call_for_bytes (client, message, "wrapped", error);
}

GBytes *
signer_unwrap_record_key (SignerClient *client, const char *record, GBytes *wrapped, const char *look, const char *agree, GError **error)
{
	json_t *message = message_new ("record.unwrap");
	put (message, "record", json_string (record));
	put (message, "wrapped", json_base64 (g_bytes_get_data (wrapped, NULL), g_bytes_get_size (wrapped)));
	put (message, "look", json_string (look));
	if (agree != NULL)
		put (message, "agree", json_string (agree));
	return call_for_bytes (client, message, "key", error);
}

/* --- tokens ------------------------------------------------------------------------------- */

GBytes *
signer_release_token_pin (SignerClient *client, const char *request, const char *review, const char *complete,
                          const char *unlock, GBytes *spki, GError **error)
{
	json_t *message = message_new ("token.unlock");
	put (message, "request", json_string (request));
	put (message, "review", json_string (review));
	put (message, "complete", json_string (complete));
	put (message, "unlock", json_string (unlock));
	put (message, "spki", json_base64 (g_bytes_get_data (spki, NULL), g_bytes_get_size (spki)));
	return call_for_bytes (client, message, "pin", error);
}

GBytes *
signer_initialise_token (SignerClient *client, const char *token, const char *const statements[2], GBytes *spki, GError **error)
{
	json_t *message = message_new ("token.initialise");
	put (message, "token", json_string (token));
	put (message, "statements", json_pack ("[s, s]", statements[0], statements[1]));
	put (message, "spki", json_base64 (g_bytes_get_data (spki, NULL), g_bytes_get_size (spki)));
	return call_for_bytes (client, message, "pin", error);
}

GBytes *
signer_stamp (SignerClient *client, GBytes *query, GError **error)
{
	json_t *message = message_new ("stamp");
	put (message, "query", json_base64 (g_bytes_get_data (query, NULL), g_bytes_get_size (query)));
	return call_for_bytes (client, message, "response", error);
}

static gboolean
send_clock (SignerClient *client, Micros now, gboolean frozen, gboolean synchronised, GError **error)
{
	json_t *message = message_new ("clock");
	put (message, "now", json_time (now));
	put (message, "frozen", json_boolean (frozen));
	put (message, "synchronised", json_boolean (synchronised));
	g_autoptr (json_t) reply = channel_call (client->channel, message, error);
	return reply != NULL;
}

gboolean
signer_set_clock (SignerClient *client, Micros now, GError **error)
{
	return send_clock (client, now, FALSE, TRUE, error);
}

gboolean
signer_freeze_clock (SignerClient *client, Micros now, GError **error)
{
	return send_clock (client, now, TRUE, TRUE, error);
}

gboolean
signer_distrust_clock (SignerClient *client, Micros now, gboolean distrusted, GError **error)
{
	return send_clock (client, now, TRUE, !distrusted, error);
}
