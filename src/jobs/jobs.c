/* jobs/jobs.c — see jobs.h. */
#include "jobs/jobs.h"

#include "base/clock.h"
#include "base/log.h"

typedef struct {
	const char *name;
	gint64 interval;          /* microseconds */
	gint64 due;               /* monotonic */
	JobFn fn;
	gpointer user;
} Job;

struct Jobs {
	GArray *list;             /* Job */
	Metrics *metrics;
	GThread *thread;
	GMutex running;           /* held while jobs run */
	GMutex lock;
	GCond wake;
	gboolean stop;
};

Jobs *
jobs_new (Metrics *metrics)
{
	Jobs *jobs = g_new0 (Jobs, 1);
	jobs->list = g_array_new (FALSE, FALSE, sizeof (Job));
	jobs->metrics = metrics;
	g_mutex_init (&jobs->running);
	g_mutex_init (&jobs->lock);
	g_cond_init (&jobs->wake);
	return jobs;
}

void
jobs_free (Jobs *jobs)
{
	if (jobs == NULL)
		return;
	jobs_stop (jobs);
	g_array_unref (jobs->list);
	g_mutex_clear (&jobs->running);
	g_mutex_clear (&jobs->lock);
	g_cond_clear (&jobs->wake);
	g_free (jobs);
}

void
jobs_add (Jobs *jobs, const char *name, guint interval_ms, JobFn fn, gpointer user)
{
	g_assert (jobs->thread == NULL);
	Job job = { name, interval_ms * MICROS_PER_MS, 0, fn, user };
	g_array_append_val (jobs->list, job);
}

static gboolean
run (Jobs *jobs, Job *job, GError **error)
{
	g_autoptr (GError) failure = NULL;
	gint64 begin = clock_monotonic ();
	gboolean done = job->fn (job->user, &failure);
	job->due = clock_monotonic () + job->interval;
	metrics_observe (jobs->metrics, "diqi_job_seconds", "Time a background job took", NULL, clock_monotonic () - begin);
	if (done)
		return TRUE;
	metrics_add (jobs->metrics, "diqi_job_failures_total", "Background jobs that failed", NULL, 1);
	log_event (LOG_LEVEL_ERROR_, "job.failed", "job", "%s", job->name, "error", "%s", failure->message, NULL);
	g_propagate_error (error, g_steal_pointer (&failure));
	return FALSE;
}

gboolean
jobs_run_all (Jobs *jobs, GError **error)
{
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&jobs->running);
	gboolean all = TRUE;
	for (guint i = 0; i < jobs->list->len; i++)
		all = run (jobs, &g_array_index (jobs->list, Job, i), all ? error : NULL) && all;
	return all;
}

static gint64
next_due (Jobs *jobs)
{
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&jobs->running);
	gint64 next = G_MAXINT64;
	for (guint i = 0; i < jobs->list->len; i++)
		next = MIN (next, g_array_index (jobs->list, Job, i).due);
	return next;
}

static void
run_due (Jobs *jobs)
{
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&jobs->running);
	for (guint i = 0; i < jobs->list->len; i++) {
		Job *job = &g_array_index (jobs->list, Job, i);
		if (job->due <= clock_monotonic ())
			run (jobs, job, NULL);
	}
}

static gpointer
work (gpointer p)
{
	Jobs *jobs = p;
	g_mutex_lock (&jobs->lock);
	while (!jobs->stop) {
		gint64 due = next_due (jobs);
		if (due > clock_monotonic ()) {
			g_cond_wait_until (&jobs->wake, &jobs->lock, due);
			continue;
		}
		g_mutex_unlock (&jobs->lock);
		run_due (jobs);
		g_mutex_lock (&jobs->lock);
	}
	g_mutex_unlock (&jobs->lock);
	return NULL;
}

void
jobs_start (Jobs *jobs)
{
	g_assert (jobs->thread == NULL && jobs->list->len > 0);
	jobs->thread = g_thread_new ("jobs", work, jobs);
}

void
jobs_stop (Jobs *jobs)
{
	if (jobs->thread == NULL)
		return;
	g_mutex_lock (&jobs->lock);
	jobs->stop = TRUE;
	g_cond_signal (&jobs->wake);
	g_mutex_unlock (&jobs->lock);
	g_thread_join (g_steal_pointer (&jobs->thread));
}
