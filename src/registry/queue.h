/* registry/queue.h — what an officer can act on now, oldest submission first.
 *
 * Made from the table of states (registry/states.h): a state is in somebody's queue when one of his roles has an act that leads
 * on from it.  What he may not decide because he accepted or reviewed it, or because it is of a point where he does
 * not work, is left out.
 */
#pragma once
#include "registry/registry.h"

/* point NULL: every point of his.  Items: {application, number?, service, kind, state, act, point?, submitted, due?, overdue}. */
gboolean application_queue (Tx *tx, Registry *registry, const Actor *actor, const char *point, const char *cursor, guint limit,
                            json_t **items, char **next_cursor, GError **error);
