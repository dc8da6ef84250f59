/* store/group.c — see group.h. */
#include "store/group.h"

struct Group {
	GMutex mutex;
	GCond arrived;
	GQueue waiting;           /* of Job */
	guint gather_micros, max;
	guint lately;             /* callers seen together lately; falls by half each group */
	gboolean closed;
};

Group *
group_new (guint gather_micros, guint max)
{
	Group *group = g_new0 (Group, 1);
	g_mutex_init (&group->mutex);
	g_cond_init (&group->arrived);
	g_queue_init (&group->waiting);
	group->gather_micros = gather_micros;
	group->max = max;
	return group;
}

void
group_free (Group *group)
{
	g_assert (g_queue_is_empty (&group->waiting));
	g_cond_clear (&group->arrived);
	g_mutex_clear (&group->mutex);
	g_free (group);
}

void
group_submit (Group *group, Job *job)
{
	g_cond_init (&job->wake);
	g_mutex_lock (&group->mutex);
	g_assert (!group->closed);
	g_queue_push_tail (&group->waiting, job);
	g_cond_signal (&group->arrived);
	while (!job->answered)
		g_cond_wait (&job->wake, &group->mutex);
	g_mutex_unlock (&group->mutex);
	g_cond_clear (&job->wake);
}

static void
gather (Group *group)
{
	guint want = MIN (group->lately, group->max);
	gint64 until = g_get_monotonic_time () + group->gather_micros;
	while (group->waiting.length < want && !group->closed)
		if (!g_cond_wait_until (&group->arrived, &group->mutex, until))
			return;
}

guint
group_take (Group *group, Job **out)
{
	guint n = 0;
	g_mutex_lock (&group->mutex);
	while (g_queue_is_empty (&group->waiting) && !group->closed)
		g_cond_wait (&group->arrived, &group->mutex);
	gather (group);
	group->lately = MAX (group->waiting.length, (group->lately + group->waiting.length) / 2);
	while (n < group->max && !g_queue_is_empty (&group->waiting))
		out[n++] = g_queue_pop_head (&group->waiting);
	g_mutex_unlock (&group->mutex);
	return n;
}

void
group_answer (Group *group, Job **jobs, guint n)
{
	/* A job lives on its caller's stack and is gone once the caller sees the answer, so all of it
	 * happens under the lock. */
	g_mutex_lock (&group->mutex);
	for (guint i = 0; i < n; i++) {
		jobs[i]->answered = TRUE;
		g_cond_signal (&jobs[i]->wake);
	}
	g_mutex_unlock (&group->mutex);
}

void
group_close (Group *group)
{
	g_mutex_lock (&group->mutex);
	group->closed = TRUE;
	g_cond_broadcast (&group->arrived);
	g_mutex_unlock (&group->mutex);
}
