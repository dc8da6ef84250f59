/* store/group.h — callers hand transactions to one writer, which takes them in groups.
 *
 * A caller blocks in group_submit until the writer has answered.  The writer takes
 * what is waiting; if several callers were seen lately it first waits a moment for
 * the others, because one fsync for ten transactions costs little more than for one
 * (measured: gathering 0.5 ms gave 17 to 28 % more than committing at once).
 * A lone caller never waits.
 */
#pragma once
#include "store/store.h"

typedef struct {
	const char *name;
	StoreFn fn;
	gpointer arg;
	gboolean ok;
	GError *error;            /* set when not ok; goes to the caller */
	GArray *hooks;            /* of Hook, owned by the writer until it answers */
	/* private to group.c */
	gboolean answered;
	GCond wake;
} Job;

typedef struct Group Group;

Group *group_new (guint gather_micros, guint max);
void group_free (Group *group);

/* Caller: waits for the answer, which is in job. */
void group_submit (Group *group, Job *job);

/* Writer: blocks for the next jobs, oldest first; at most max go to out.  0 = closed and drained. */
guint group_take (Group *group, Job **out);
void group_answer (Group *group, Job **jobs, guint n);

/* No job may be submitted any more. */
void group_close (Group *group);
