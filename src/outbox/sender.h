/* outbox/sender.h — the worker of one channel: takes what is due, sends it outside of any transaction, records its fate.
 *
 * A message is claimed in a transaction of its own before it is sent, so that two workers, also of two processes, do not
 * send the same one; a claim that was never recorded (the process died) is taken over after five minutes and the message
 * sent again under the same id.  So each is sent at least once, and a receiver can tell a repetition.
 * An attempt counts when it is claimed: what kills the process is not tried for ever.
 */
#pragma once
#include "base/metrics.h"
#include "outbox/channel.h"
#include "store/store.h"

#define OUTBOX_ATTEMPTS 8

/* When to try again after so many failed attempts: 30 s, 2 min, 8 min, 32 min, 2 h, then 8 h. */
Micros outbox_backoff (guint attempts);

typedef struct OutboxSender OutboxSender;
/* name: "mail" or "hook", constant.  Borrows all; metrics may be NULL.  channel goes to deliver. */
OutboxSender *outbox_sender_new (Store *store, const Clock *clock, Metrics *metrics, const char *name, DeliverFn deliver, gpointer channel);
/* Ends the thread too. */
void outbox_sender_free (OutboxSender *sender);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OutboxSender, outbox_sender_free)

/* Sends all that is due now; *sent (may be NULL): how many were.  Stops, with nothing lost, when the channel is closed or
 * the sender is told to end. */
gboolean outbox_sender_drain (OutboxSender *sender, guint *sent, GError **error);
/* A thread that drains every second. */
void outbox_sender_start (OutboxSender *sender);
