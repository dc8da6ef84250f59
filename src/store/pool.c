/* store/pool.c — see pool.h. */
#include "store/pool.h"
#include "base/error.h"

#define WAIT_MICROS (10 * G_TIME_SPAN_SECOND)

typedef struct {
	gpointer item;
	GThread *holder;          /* NULL = free */
	guint64 used;             /* when it came back last, counted in takes */
} Slot;

struct Pool {
	GMutex mutex;
	GCond freed;              /* for takers */
	GCond returned;           /* for pool_free */
	GArray *slots;
	guint64 takes;
};

Pool *
pool_new (void)
{
	Pool *pool = g_new0 (Pool, 1);
	g_mutex_init (&pool->mutex);
	g_cond_init (&pool->freed);
	g_cond_init (&pool->returned);
	pool->slots = g_array_new (FALSE, TRUE, sizeof (Slot));
	return pool;
}

static guint
held (const Pool *pool)
{
	guint n = 0;
	for (guint i = 0; i < pool->slots->len; i++)
		n += g_array_index (pool->slots, Slot, i).holder != NULL;
	return n;
}

void
pool_free (Pool *pool, GDestroyNotify free_item)
{
	if (pool == NULL)
		return;
	g_mutex_lock (&pool->mutex);
	while (held (pool) > 0)
		g_cond_wait (&pool->returned, &pool->mutex);
	g_mutex_unlock (&pool->mutex);
	for (guint i = 0; i < pool->slots->len; i++)
		free_item (g_array_index (pool->slots, Slot, i).item);
	g_array_unref (pool->slots);
	g_cond_clear (&pool->freed);
	g_cond_clear (&pool->returned);
	g_mutex_clear (&pool->mutex);
	g_free (pool);
}

void
pool_add (Pool *pool, gpointer item)
{
	Slot slot = { .item = item };
	g_array_append_val (pool->slots, slot);
}

static Slot *
free_slot (Pool *pool)
{
	Slot *best = NULL;
	for (guint i = 0; i < pool->slots->len; i++) {
		Slot *slot = &g_array_index (pool->slots, Slot, i);
		if (slot->holder == NULL && (best == NULL || slot->used > best->used))
			best = slot;
	}
	return best;
}

gpointer
pool_take (Pool *pool, GError **error)
{
	gint64 until = g_get_monotonic_time () + WAIT_MICROS;
	Slot *slot;
	G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&pool->mutex);
	while ((slot = free_slot (pool)) == NULL) {
		if (!g_cond_wait_until (&pool->freed, &pool->mutex, until)) {
			diqi_error_set (error, DIQI_ERROR_UNAVAILABLE, NULL, "all %u database connections are busy", pool->slots->len);
			return NULL;
		}
	}
	slot->holder = g_thread_self ();
	slot->used = ++pool->takes;
	return slot->item;
}

void
pool_give (Pool *pool, gpointer item)
{
	G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&pool->mutex);
	for (guint i = 0; i < pool->slots->len; i++) {
		Slot *slot = &g_array_index (pool->slots, Slot, i);
		if (slot->item != item)
			continue;
		slot->holder = NULL;
		slot->used = ++pool->takes;
	}
	g_cond_signal (&pool->freed);
	g_cond_signal (&pool->returned);
}

gboolean
pool_is_held (Pool *pool)
{
	G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&pool->mutex);
	for (guint i = 0; i < pool->slots->len; i++)
		if (g_array_index (pool->slots, Slot, i).holder == g_thread_self ())
			return TRUE;
	return FALSE;
}
