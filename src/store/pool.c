/* store/pool.c — see pool.h. */
#include "store/pool.h"
#include "base/error.h"

#define WAIT_MICROS (10 * G_TIME_SPAN_SECOND)

typedef struct {
	gpointer item;
	GThread *holder;          /* NULL = free */
	guint64 used;             /* when it came back last, counted in takes */
} Slot;

/* One who waits, on his own stack.  An item that comes back goes to the first in line and to nobody who
 * comes later: under load a caller would else be overtaken until he gives up. */
typedef struct {
	GThread *thread;
	GCond wake;
	gpointer item;
} Waiter;

struct Pool {
	GMutex mutex;
	GCond returned;           /* for pool_free */
	GArray *slots;
	GQueue waiting;           /* of Waiter */
	guint64 takes;
};

Pool *
pool_new (void)
{
	Pool *pool = g_new0 (Pool, 1);
	g_mutex_init (&pool->mutex);
	g_queue_init (&pool->waiting);
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

static gpointer
wait_in_line (Pool *pool)
{
	Waiter waiter = { .thread = g_thread_self () };
	gint64 until = g_get_monotonic_time () + WAIT_MICROS;
	g_cond_init (&waiter.wake);
	g_queue_push_tail (&pool->waiting, &waiter);
	while (waiter.item == NULL && g_cond_wait_until (&waiter.wake, &pool->mutex, until))
		;
	if (waiter.item == NULL)
		g_queue_remove (&pool->waiting, &waiter);
	g_cond_clear (&waiter.wake);
	return waiter.item;
}

gpointer
pool_take (Pool *pool, GError **error)
{
	G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&pool->mutex);
	Slot *slot = free_slot (pool);
	if (slot != NULL) {
		slot->holder = g_thread_self ();
		return slot->item;
	}
	gpointer item = wait_in_line (pool);
	if (item == NULL)
		diqi_error_set (error, DIQI_ERROR_UNAVAILABLE, NULL, "all %u database connections are busy", pool->slots->len);
	return item;
}

static Slot *
slot_of (Pool *pool, gpointer item)
{
	for (guint i = 0; i < pool->slots->len; i++)
		if (g_array_index (pool->slots, Slot, i).item == item)
			return &g_array_index (pool->slots, Slot, i);
	g_assert_not_reached ();
}

void
pool_give (Pool *pool, gpointer item)
{
	G_GNUC_UNUSED g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&pool->mutex);
	Slot *slot = slot_of (pool, item);
	Waiter *next = g_queue_pop_head (&pool->waiting);
	slot->holder = next != NULL ? next->thread : NULL;
	slot->used = ++pool->takes;
	if (next != NULL) {
		next->item = item;
		g_cond_signal (&next->wake);
	} else {
		g_cond_signal (&pool->returned);
	}
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
