/* jobs/jobs.h — work that time asks for: one thread, a list of jobs, each with its interval.
 *
 * A job never decides anything by being late: it asks a domain function "is it over?", and that
 * decides from the clock and the database.  A failing job is logged and tried again at its next turn.
 */
#pragma once
#include "base/metrics.h"
#include <glib.h>

typedef struct Jobs Jobs;
typedef gboolean (*JobFn) (gpointer user, GError **error);

Jobs *jobs_new (Metrics *metrics);
/* Before jobs_start.  name is borrowed and must last. */
void jobs_add (Jobs *jobs, const char *name, guint interval_ms, JobFn fn, gpointer user);
void jobs_start (Jobs *jobs);
/* Runs every job once, now, in the caller's thread and not beside the worker; for a test clock that was
 * moved.  The first error is returned, the rest of the jobs run all the same. */
gboolean jobs_run_all (Jobs *jobs, GError **error);
/* Lets the running job finish, then ends the thread. */
void jobs_stop (Jobs *jobs);
void jobs_free (Jobs *jobs);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Jobs, jobs_free)
