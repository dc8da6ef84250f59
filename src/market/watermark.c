/* market/watermark.c — see watermark.h.  A lane per sale, sorted by arrival; a condition per ticket, so that
 * passing wakes the one that may go and not a crowd. */
#include "market/watermark.h"

#include "base/error.h"

typedef struct {
	char *sale;
	GQueue tickets;           /* ArrivalTicket, oldest first */
} Lane;

struct ArrivalTicket {
	ArrivalWatermark *watermark;
	Lane *lane;
	GList link;
	Micros arrival;
	gboolean passed;
	GCond wake;
};

struct ArrivalWatermark {
	GMutex lock;              /* guards everything, tickets included */
	GHashTable *lanes;        /* sale → Lane, open ones only */
	Micros alive;
};

static void
lane_free (gpointer p)
{
	Lane *lane = p;
	g_free (lane->sale);
	g_free (lane);
}

ArrivalWatermark *
arrival_watermark_new (void)
{
	ArrivalWatermark *w = g_new0 (ArrivalWatermark, 1);
	g_mutex_init (&w->lock);
	w->lanes = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, lane_free);
	w->alive = G_MAXINT64;
	return w;
}

void
arrival_watermark_free (ArrivalWatermark *w)
{
	if (w == NULL)
		return;
	g_assert (g_hash_table_size (w->lanes) == 0);
	g_hash_table_unref (w->lanes);
	g_mutex_clear (&w->lock);
	g_free (w);
}

static Lane *
lane_of (ArrivalWatermark *w, const char *sale)
{
	Lane *lane = g_hash_table_lookup (w->lanes, sale);
	if (lane != NULL)
		return lane;
	lane = g_new0 (Lane, 1);
	lane->sale = g_strdup (sale);
	g_hash_table_insert (w->lanes, lane->sale, lane);
	return lane;
}

ArrivalTicket *
arrival_enter (ArrivalWatermark *w, const char *sale, Micros arrival)
{
	ArrivalTicket *ticket = g_new0 (ArrivalTicket, 1);
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&w->lock);
	Lane *lane = lane_of (w, sale);
	GList *after = lane->tickets.tail;

	*ticket = (ArrivalTicket) { .watermark = w, .lane = lane, .arrival = arrival, .link = { .data = ticket } };
	g_cond_init (&ticket->wake);
	/* Stamps come nearly in order: the place is found from the end. */
	while (after != NULL && ((ArrivalTicket *) after->data)->arrival > arrival)
		after = after->prev;
	g_queue_insert_after_link (&lane->tickets, after, &ticket->link);
	return ticket;
}

Micros arrival_stamp (const ArrivalTicket *ticket) { return ticket->arrival; }

/* --- called with the lock held ------------------------------------------------------------ */

static gboolean is_oldest (const ArrivalTicket *ticket) { return ticket->link.prev == NULL; }

static gboolean
has_turn (const ArrivalTicket *ticket)
{
	for (const GList *older = ticket->link.prev; older != NULL; older = older->prev)
		if (!((ArrivalTicket *) older->data)->passed)
			return FALSE;
	return TRUE;
}

/* Wakes the ticket whose turn it may be, and the oldest, which may wait for settling. */
static void
wake_next (Lane *lane)
{
	for (GList *l = lane->tickets.head; l != NULL; l = l->next) {
		ArrivalTicket *ticket = l->data;
		if (l->prev == NULL || !ticket->passed)
			g_cond_signal (&ticket->wake);
		if (!ticket->passed)
			return;
	}
}

static gboolean
settleable (const ArrivalTicket *ticket)
{
	return is_oldest (ticket) && ticket->arrival <= ticket->watermark->alive;
}

static gboolean
wait_until (ArrivalTicket *ticket, gboolean (*ready) (const ArrivalTicket *), GError **error)
{
	gint64 end = clock_monotonic () + SETTLE_WAIT;

	while (!ready (ticket))
		if (!g_cond_wait_until (&ticket->wake, &ticket->watermark->lock, end) && !ready (ticket))
			return diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "the sale was busy for too long");
	return TRUE;
}

/* ------------------------------------------------------------------------------------------- */

void
arrival_leave (ArrivalTicket *ticket)
{
	if (ticket == NULL)
		return;
	ArrivalWatermark *w = ticket->watermark;
	Lane *lane = ticket->lane;
	g_mutex_lock (&w->lock);
	g_queue_unlink (&lane->tickets, &ticket->link);
	if (lane->tickets.length == 0)
		g_hash_table_remove (w->lanes, lane->sale);
	else
		wake_next (lane);
	g_mutex_unlock (&w->lock);
	g_cond_clear (&ticket->wake);
	g_free (ticket);
}

void
arrival_pass (ArrivalTicket *ticket)
{
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ticket->watermark->lock);

	ticket->passed = TRUE;
	wake_next (ticket->lane);
}

gboolean
arrival_may_settle (ArrivalTicket *ticket, Micros moment)
{
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ticket->watermark->lock);
	const ArrivalTicket *oldest = ticket->lane->tickets.head->data;

	return moment <= ticket->watermark->alive && oldest->arrival >= moment;
}

gboolean
arrival_run (ArrivalTicket *ticket, ArrivalWork work, gpointer arg, GError **error)
{
	gboolean (*ready) (const ArrivalTicket *) = has_turn;

	for (;;) {
		g_autoptr (GError) failure = NULL;
		g_mutex_lock (&ticket->watermark->lock);
		gboolean go = wait_until (ticket, ready, error);
		g_mutex_unlock (&ticket->watermark->lock);
		if (!go)
			return FALSE;
		gboolean done = work (arg, &failure);
		arrival_pass (ticket);             /* if the work never got to the sale's row */
		if (done)
			return TRUE;
		if (!g_error_matches (failure, DIQI_ERROR, DIQI_ERROR_SALE_SETTLING) || ready == settleable) {
			g_propagate_error (error, g_steal_pointer (&failure));
			return FALSE;
		}
		ready = settleable;
	}
}

Micros
arrival_oldest (ArrivalWatermark *w, const char *sale)
{
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&w->lock);
	const Lane *lane = g_hash_table_lookup (w->lanes, sale);

	return lane == NULL ? G_MAXINT64 : ((ArrivalTicket *) lane->tickets.head->data)->arrival;
}

void
arrival_alive (ArrivalWatermark *w, Micros until)
{
	GHashTableIter iter;
	gpointer lane;
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&w->lock);

	w->alive = until;
	g_hash_table_iter_init (&iter, w->lanes);
	while (g_hash_table_iter_next (&iter, NULL, &lane))
		g_cond_signal (&((ArrivalTicket *) ((Lane *) lane)->tickets.head->data)->wake);
}
