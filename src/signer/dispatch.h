/* signer/dispatch.h — from a frame to a reply, by the closed table of protocol.h. */
#pragma once
#include "signer/frame.h"
#include "signer/keyring.h"

/* Handles one message and appends the frame of its reply, whatever was said.  Nothing may be sent
 * before keyring_commit, since the reply may rest on gathered records. */
void dispatch_frame (Keyring *keyring, const Frame *frame, GByteArray *out);

/* The first frame of a connection. */
char *dispatch_greeting (const Keyring *keyring, gsize *n);
/* In its place when the signer could not start, or for a stream that cannot be read on. */
char *dispatch_failure (const GError *error, gsize *n);

/* Logs a refusal and gives its {"code","field"?,"detail"}. */
char *dispatch_refusal (const char *type, const GError *error, gsize *n);

/* A handler reads the message's members and returns those of the reply. */
typedef json_t *(*MessageHandler) (Keyring *keyring, const json_t *message, GError **error);

/* The same with a raw part on the way there, on the way back or both: `raw` is NULL when the message has none, *reply_raw (NULL
 * before) is the reply's, if it has one. */
typedef json_t *(*RawMessageHandler) (Keyring *keyring, const json_t *message, GBytes *raw, GBytes **reply_raw, GError **error);

/* The members of every message, for the handlers' Field tables. */
typedef struct {
	gint64 id;
	const char *type;
} Envelope;
#define ENVELOPE_FIELDS(e) { "id", FIELD_INT, TRUE, 0, &(e).id }, { "type", FIELD_STRING, TRUE, 32, &(e).type }

/* One per line of protocol.h; each in the file of what it signs. */
json_t *message_site (Keyring *keyring, const json_t *message, GError **error);
json_t *message_officers (Keyring *keyring, const json_t *message, GError **error);
json_t *message_officers_set (Keyring *keyring, const json_t *message, GError **error);
json_t *message_issue (Keyring *keyring, const json_t *message, GError **error);
json_t *message_profiles (Keyring *keyring, const json_t *message, GError **error);
json_t *message_profile_set (Keyring *keyring, const json_t *message, GError **error);
json_t *message_agents (Keyring *keyring, const json_t *message, GError **error);
json_t *message_agents_set (Keyring *keyring, const json_t *message, GError **error);
json_t *message_recovery_begin (Keyring *keyring, const json_t *message, GError **error);
json_t *message_recovery_share (Keyring *keyring, const json_t *message, GError **error);
json_t *message_revoke (Keyring *keyring, const json_t *message, GBytes *raw, GBytes **reply_raw, GError **error);
json_t *message_unhold (Keyring *keyring, const json_t *message, GError **error);
json_t *message_crl (Keyring *keyring, const json_t *message, GBytes *raw, GBytes **reply_raw, GError **error);
json_t *message_checkpoint (Keyring *keyring, const json_t *message, GError **error);
json_t *message_checkpoint_last (Keyring *keyring, const json_t *message, GError **error);
json_t *message_receipt (Keyring *keyring, const json_t *message, GError **error);
json_t *message_document (Keyring *keyring, const json_t *message, GError **error);
json_t *message_record_wrap (Keyring *keyring, const json_t *message, GError **error);
json_t *message_record_unwrap (Keyring *keyring, const json_t *message, GError **error);
json_t *message_token_unlock (Keyring *keyring, const json_t *message, GError **error);
json_t *message_token_initialise (Keyring *keyring, const json_t *message, GError **error);
json_t *message_stamp (Keyring *keyring, const json_t *message, GError **error);
json_t *message_renew (Keyring *keyring, const json_t *message, GError **error);
json_t *message_ceremonies (Keyring *keyring, const json_t *message, GError **error);
json_t *message_clock (Keyring *keyring, const json_t *message, GError **error);
