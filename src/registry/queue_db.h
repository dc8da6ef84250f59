/* registry/queue_db.h — one SQL statement a function; used by registry only. */
#pragma once
#include "base/clock.h"
#include "store/store.h"

typedef struct {
	char *id, *number, *kind, *service, *point, *clerk, *reviewer;
	Micros submitted, due;           /* due 0: none was promised */
	gboolean fee_paid;
	int state;                       /* ApplicationState, of the query */
} QueueRow;
void queue_row_free (QueueRow *row);

/* Where a page goes on: after this submission. */
typedef struct {
	Micros submitted;
	char id[37];
} QueuePlace;

/* QueueRow *, owned, by (submitted, id). */
gboolean db_queue (Tx *tx, const char *state, const QueuePlace *after, guint limit, GPtrArray *out, GError **error);
gboolean db_queue_of_point (Tx *tx, const char *point, const char *state, const QueuePlace *after, guint limit, GPtrArray *out, GError **error);
