/* store/pool.h — a fixed set of connections, each used by one thread at a time. */
#pragma once
#include <glib.h>

typedef struct Pool Pool;

Pool *pool_new (void);
/* Waits until every item has come back, then frees each. */
void pool_free (Pool *pool, GDestroyNotify free_item);
void pool_add (Pool *pool, gpointer item);

/* Waits for a free item; DIQI_ERROR_UNAVAILABLE after ten seconds.  The one given back last is taken
 * first, so that statement caches stay warm. */
gpointer pool_take (Pool *pool, GError **error);
void pool_give (Pool *pool, gpointer item);

/* Does the calling thread hold an item? */
gboolean pool_is_held (Pool *pool);
