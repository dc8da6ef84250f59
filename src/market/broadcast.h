/* market/broadcast.h — live sales: one stream of server-sent events per sale.
 *
 * "sale": the sale view, with the sale's sequence number as event id, so that a watcher that
 * reconnects with Last-Event-ID misses nothing.  "tick": server time and deadline, without an id.
 * Thread-safe; publish in commit order (store's on-commit hook).
 */
#pragma once
#include "base/clock.h"
#include "base/json.h"
#include "net/server.h"

typedef struct Broadcast Broadcast;
Broadcast *broadcast_new (void);
void broadcast_free (Broadcast *broadcast);           /* after the servers stopped */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Broadcast, broadcast_free)

/* The sale's stream, made at the first use; lives as long as the broadcast. */
EventStream *broadcast_stream (Broadcast *broadcast, const char *sale);
/* An older seq than the last one published is dropped: hooks of two connections may overtake each other. */
/* Has anybody ever watched, and not been told of event `seq` yet?  Before reading a view only for them. */
gboolean broadcast_wants (Broadcast *broadcast, const char *sale, guint64 seq);
void broadcast_sale (Broadcast *broadcast, const char *sale, guint64 seq, const json_t *view);
/* Only to streams that somebody watches.  deadline 0: none runs.  prompts: of the running window, given so far (TR-20). */
void broadcast_tick (Broadcast *broadcast, const char *sale, Micros now, Micros deadline, guint prompts);
guint broadcast_watchers (Broadcast *broadcast);
