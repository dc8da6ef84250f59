/* net/workers.c — see workers.h. */
#include "net/workers.h"
#include "base/error.h"

struct Workers {
	GThreadPool *pool;
	gint taken, limit;                        /* queued and running; atomic */
	gint stopping;                            /* atomic */
	GMutex lock;
	GCond empty;                              /* taken is 0 */
	WorkerFn fn;
	gpointer user;
};

static void
give_back (Workers *workers)
{
	if (!g_atomic_int_dec_and_test (&workers->taken))
		return;
	g_mutex_lock (&workers->lock);
	g_cond_broadcast (&workers->empty);
	g_mutex_unlock (&workers->lock);
}

static void
run (gpointer job, gpointer data)
{
	Workers *workers = data;
	workers->fn (job, g_atomic_int_get (&workers->stopping), workers->user);
	give_back (workers);
}

Workers *
workers_new (guint threads, guint queue, WorkerFn fn, gpointer user, GError **error)
{
	g_autoptr (GError) failed = NULL;
	Workers *workers = g_new0 (Workers, 1);
	g_mutex_init (&workers->lock);
	g_cond_init (&workers->empty);
	workers->fn = fn;
	workers->user = user;
	workers->limit = (gint) (threads + queue);
	workers->pool = g_thread_pool_new (run, workers, (gint) threads, TRUE, &failed);
	if (workers->pool == NULL || failed != NULL) {
		diqi_error_set (error, DIQI_ERROR_UNAVAILABLE, NULL, "cannot start %u worker threads: %s", threads,
		                failed != NULL ? failed->message : "no pool");
		workers_free (workers);
		return NULL;
	}
	return workers;
}

/* Counted before looking at stopping, so that workers_stop either sees the place or prevents it. */
gboolean
workers_reserve (Workers *workers)
{
	gboolean free_place = g_atomic_int_add (&workers->taken, 1) < workers->limit;
	if (free_place && !g_atomic_int_get (&workers->stopping))
		return TRUE;
	give_back (workers);
	return FALSE;
}

void
workers_push (Workers *workers, gpointer job)
{
	g_thread_pool_push (workers->pool, job, NULL);
}

void
workers_stop (Workers *workers)
{
	g_atomic_int_set (&workers->stopping, 1);
	g_mutex_lock (&workers->lock);
	while (g_atomic_int_get (&workers->taken) > 0)
		g_cond_wait (&workers->empty, &workers->lock);
	g_mutex_unlock (&workers->lock);
	if (workers->pool != NULL)
		g_thread_pool_free (g_steal_pointer (&workers->pool), FALSE, TRUE);
}

void
workers_free (Workers *workers)
{
	if (workers == NULL)
		return;
	workers_stop (workers);
	g_mutex_clear (&workers->lock);
	g_cond_clear (&workers->empty);
	g_free (workers);
}
