/* net/workers.h — threads for handlers that block, with a bounded queue in front.
 *
 * A place is reserved before a connection is suspended, so that a full queue is answered 503 at
 * once and waiting time stays bounded.
 */
#pragma once
#include <glib.h>

typedef struct Workers Workers;
typedef void (*WorkerFn) (gpointer job, gboolean refused, gpointer user);

/* fn (job, FALSE, user) runs each job; during workers_stop queued ones get refused = TRUE. */
Workers *workers_new (guint threads, guint queue, WorkerFn fn, gpointer user, GError **error);
/* FALSE: queue full, or stopping.  A reserved place must be followed by workers_push. */
gboolean workers_reserve (Workers *workers);
void workers_push (Workers *workers, gpointer job);
/* Refuses what is still queued, waits for what runs, ends the threads; workers_reserve fails from then on. */
void workers_stop (Workers *workers);
void workers_free (Workers *workers);
