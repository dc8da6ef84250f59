/* registry/queue.c — see queue.h. */
#include "registry/queue.h"

#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "registry/application_private.h"
#include "registry/point.h"
#include "registry/point_db.h"
#include "registry/queue_db.h"

typedef struct {
	Tx *tx;
	const Actor *actor;
	const char *point;
	json_t *assigned;                /* codes; empty: everywhere */
	guint limit;
	Micros now;
	GPtrArray *rows;                 /* QueueRow *, of all states */
} Queue;

static void
queue_clear (Queue *queue)
{
	g_clear_pointer (&queue->assigned, json_decref);
	g_clear_pointer (&queue->rows, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Queue, queue_clear)

/* Acts that bring an application nearer to its end; to return, reject or waive is possible, but nobody waits for it. */
static gboolean
leads_on (ApplicationAct act)
{
	switch (act) {
	case ACT_ACCEPT: case ACT_FEE: case ACT_REVIEW: case ACT_ISSUE: case ACT_DELIVER: case ACT_SERVICE_REVIEW:
	case ACT_SERVICE_COMPLETE: case ACT_UNLOCKED:
		return TRUE;
	default:
		return FALSE;
	}
}

static gboolean
is_his (const Queue *queue, const ApplicationTransition *t)
{
	return t->by == BY_OFFICER && leads_on (t->act) && actor_has_role (queue->actor, t->roles);
}

/* --- rows --------------------------------------------------------------------------------------- */

static gboolean
works_at (const Queue *queue, const char *point)
{
	if (!point || json_array_size (queue->assigned) == 0)
		return TRUE;
	for (gsize i = 0; i < json_array_size (queue->assigned); i++)
		if (g_str_equal (json_string_value (json_array_get (queue->assigned, i)), point))
			return TRUE;
	return FALSE;
}

/* The act that this officer can do now; NULL none. */
static const ApplicationTransition *
possible_act (const Queue *queue, const QueueRow *row)
{
	gsize n;
	const ApplicationTransition *table = application_transitions (&n);
	const char *person = queue->actor->person;
	Service service;

	if (!service_from_name (row->service, &service) || !works_at (queue, row->point))
		return NULL;
	for (gsize i = 0; i < n; i++) {
		const ApplicationTransition *t = &table[i];

		if ((int) t->from != row->state || !(t->services & SERVICE_BIT (service)) || !is_his (queue, t))
			continue;
		if (((t->guards & GUARD_NOT_CLERK) && g_strcmp0 (row->clerk, person) == 0) ||
		    ((t->guards & GUARD_NOT_REVIEWER) && g_strcmp0 (row->reviewer, person) == 0) ||
		    ((t->guards & GUARD_UNPAID) && row->fee_paid))
			continue;
		return t;
	}
	return NULL;
}

static gboolean
fetch (const Queue *queue, ApplicationState state, const QueuePlace *after, GPtrArray *out, GError **error)
{
	const char *name = application_state_name (state);

	return queue->point ? db_queue_of_point (queue->tx, queue->point, name, after, queue->limit + 1, out, error)
	                    : db_queue (queue->tx, name, after, queue->limit + 1, out, error);
}

/* Takes rows of one state until there is a page of them and one more. */
static gboolean
collect_state (Queue *queue, ApplicationState state, const QueuePlace *from, GError **error)
{
	QueuePlace place = *from;
	guint taken = 0, read;

	do {
		g_autoptr (GPtrArray) batch = g_ptr_array_new ();

		if (!fetch (queue, state, &place, batch, error)) {
			g_ptr_array_set_free_func (batch, (GDestroyNotify) queue_row_free);
			return FALSE;
		}
		read = batch->len;
		for (guint i = 0; i < batch->len; i++) {
			QueueRow *row = g_ptr_array_index (batch, i);

			row->state = state;
			place.submitted = row->submitted;
			g_strlcpy (place.id, row->id, sizeof place.id);
			if (possible_act (queue, row)) {
				g_ptr_array_add (queue->rows, row);
				taken++;
			} else {
				queue_row_free (row);
			}
		}
	} while (read > queue->limit && taken <= queue->limit);
	return TRUE;
}

static gboolean
collect (Queue *queue, const QueuePlace *from, GError **error)
{
	gsize n;
	const ApplicationTransition *table = application_transitions (&n);
	gboolean wanted[N_STATES] = { FALSE };

	for (gsize i = 0; i < n; i++)
		if (is_his (queue, &table[i]))
			wanted[table[i].from] = TRUE;
	for (int state = 0; state < N_STATES; state++)
		if (wanted[state] && !collect_state (queue, (ApplicationState) state, from, error))
			return FALSE;
	return TRUE;
}

static gint
by_submission (gconstpointer a, gconstpointer b)
{
	const QueueRow *x = *(QueueRow *const *) a, *y = *(QueueRow *const *) b;

	if (x->submitted != y->submitted)
		return x->submitted < y->submitted ? -1 : 1;
	return strcmp (x->id, y->id);
}

/* --- pages ------------------------------------------------------------------------------------------- */

/* "1772000000000000.019c8d2d-…" */
static gboolean
read_cursor (const char *cursor, QueuePlace *place, GError **error)
{
	char *end = NULL;

	*place = (QueuePlace) { 0 };
	if (!cursor)
		return TRUE;
	place->submitted = g_ascii_strtoll (cursor, &end, 10);
	if (end == cursor || *end != '.' || !uuid_is_valid (end + 1))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/cursor", "not a cursor of this list");
	g_strlcpy (place->id, end + 1, sizeof place->id);
	return TRUE;
}

static json_t *
item_of (const Queue *queue, const QueueRow *row)
{
	json_t *item = json_pack ("{s:s, s:s, s:s, s:s, s:s, s:o, s:b}", "application", row->id, "service", row->service, "kind", row->kind,
	                          "state", application_state_name ((ApplicationState) row->state),
	                          "act", application_act_name (possible_act (queue, row)->act),
	                          "submitted", json_time (row->submitted), "overdue", row->due != 0 && row->due < queue->now);

	if (row->number)
		json_object_set_new (item, "number", json_string (row->number));
	if (row->point)
		json_object_set_new (item, "point", json_string (row->point));
	if (row->due)
		json_object_set_new (item, "due", json_time (row->due));
	return item;
}

gboolean
application_queue (Tx *tx, Registry *registry, const Actor *actor, const char *point, const char *cursor, guint limit,
                   json_t **items, char **next_cursor, GError **error)
{
	g_auto (Queue) queue = {
		.tx = tx, .actor = actor, .point = point, .assigned = json_array (), .limit = limit, .now = clock_now (registry->clock),
		.rows = g_ptr_array_new_with_free_func ((GDestroyNotify) queue_row_free),
	};
	QueuePlace from;

	*next_cursor = NULL;
	if (!read_cursor (cursor, &from, error) || !db_point_assigned (tx, actor->person, queue.assigned, error) ||
	    (point && (!point_expect (tx, point, "/point", error) || !point_check_officer (tx, point, actor->person, error))) ||
	    !collect (&queue, &from, error))
		return FALSE;
	g_ptr_array_sort (queue.rows, by_submission);
	*items = json_array ();
	for (guint i = 0; i < MIN (queue.rows->len, limit); i++)
		json_array_append_new (*items, item_of (&queue, g_ptr_array_index (queue.rows, i)));
	if (queue.rows->len > limit) {
		const QueueRow *last = g_ptr_array_index (queue.rows, limit - 1);

		*next_cursor = g_strdup_printf ("%" G_GINT64_FORMAT ".%s", last->submitted, last->id);
	}
	return TRUE;
}
