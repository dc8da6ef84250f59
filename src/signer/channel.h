/* signer/channel.h — one connection to the signer, shared by many threads.
 *
 * A call queues a waiter and writes its frame under one lock, so replies, which come in
 * the order of the messages, always belong to the oldest waiter; the id is checked all
 * the same.  A reader thread hands each reply over as bytes; the caller's thread parses it.
 */
#pragma once
#include "base/json.h"

typedef struct Channel Channel;

Channel *channel_new (int fd);                     /* takes fd, starts the reader */
void channel_free (Channel *channel);              /* no call may be running */

/* Waits for the greeting; FALSE with the signer's own reason if it could not start. */
gboolean channel_wait_ready (Channel *channel, GError **error);

/* For good: every later call fails. */
gboolean channel_is_broken (Channel *channel);

/* Takes message (without "id").  The reply object, or the error it carries.  No reply within 30 seconds breaks the
 * channel: DIQI_ERROR_UNAVAILABLE, for this call and all others. */
json_t *channel_call (Channel *channel, json_t *message, GError **error);
/* The same for SIGNER_RAW_MESSAGES: raw may be NULL; *reply_raw (may be NULL) is the reply's raw part, NULL when it has none. */
json_t *channel_call_raw (Channel *channel, json_t *message, GBytes *raw, GBytes **reply_raw, GError **error);
/* For SIGNER_COMPACT_MESSAGES: body begins with its type and eight octets for the id, which are filled in.  What the reply says after its head. */
GBytes *channel_call_compact (Channel *channel, GByteArray *body, GError **error);
