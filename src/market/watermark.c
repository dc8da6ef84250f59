/* market/watermark.c — see watermark.h.  A lane per sale, sorted by arrival.  The oldest undecided ticket leads
 * when it is ready: it runs itself and the ready ones right behind it in one transaction. */
#include "market/watermark.h"

#include "base/error.h"

#define LOT_MAX 64        /* bounds how long one transaction holds the sale */

typedef enum {
	TICKET_OPEN,          /* stamped; its request is being verified */
	TICKET_READY,         /* waits for its turn */
	TICKET_TAKEN,         /* in the lot that runs */
	TICKET_DECIDED,
} TicketState;

typedef struct {
	char *sale;
	GQueue tickets;       /* ArrivalTicket, oldest first */
	gboolean running;     /* a lot is */
} Lane;

struct ArrivalTicket {
	ArrivalWatermark *watermark;
	Lane *lane;
	GList link;
	Micros arrival;
	TicketState state;
	gboolean settles;     /* found a moment due: only when all before it is decided and known */
	Store *store;
	const char *name;
	StoreFn fn;
	gpointer arg;
	GError *error;        /* of a decided one; NULL: done */
	GCond wake;
};

struct ArrivalWatermark {
	GMutex lock;          /* guards everything, tickets included */
	GHashTable *lanes;    /* sale → Lane, those with tickets */
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

/* --- called with the lock held ------------------------------------------------------------ */

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

/* NULL when all are decided. */
static ArrivalTicket *
oldest_undecided (const Lane *lane)
{
	for (const GList *l = lane->tickets.head; l != NULL; l = l->next)
		if (((ArrivalTicket *) l->data)->state != TICKET_DECIDED)
			return l->data;
	return NULL;
}

static gboolean
may_lead (const ArrivalTicket *ticket)
{
	return !ticket->lane->running && oldest_undecided (ticket->lane) == ticket &&
	       (!ticket->settles || ticket->arrival <= ticket->watermark->alive);
}

static void
wake_leader (const Lane *lane)
{
	ArrivalTicket *oldest = oldest_undecided (lane);

	if (oldest != NULL)
		g_cond_signal (&oldest->wake);
}

static void
decide (ArrivalTicket *ticket, GError *error)
{
	ticket->state = TICKET_DECIDED;
	ticket->error = error;
	g_cond_signal (&ticket->wake);
}

/* ------------------------------------------------------------------------------------------- */

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
		wake_leader (lane);
	g_mutex_unlock (&w->lock);
	g_cond_clear (&ticket->wake);
	g_clear_error (&ticket->error);
	g_free (ticket);
}

Micros arrival_stamp (const ArrivalTicket *ticket) { return ticket->arrival; }

gboolean
arrival_may_settle (ArrivalTicket *ticket, Micros moment)
{
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ticket->watermark->lock);

	/* This one is undecided, so there is an oldest. */
	return moment <= ticket->watermark->alive && oldest_undecided (ticket->lane)->arrival >= moment;
}

/* --- a lot: several requests in one transaction ------------------------------------------------ */

typedef struct {
	GPtrArray *tickets;       /* ArrivalTicket, oldest first */
	guint failed;             /* index of the one that gave the lot up; len: none did */
} Lot;

static gboolean
run_lot (Tx *tx, gpointer arg, GError **error)
{
	Lot *lot = arg;

	for (lot->failed = 0; lot->failed < lot->tickets->len; lot->failed++) {
		const ArrivalTicket *ticket = g_ptr_array_index (lot->tickets, lot->failed);
		if (!ticket->fn (tx, ticket->arg, error))
			return FALSE;
	}
	return TRUE;
}

static void
decide_locked (ArrivalTicket *ticket, GError *error)
{
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ticket->watermark->lock);

	decide (ticket, error);
}

/* A quote for which time must be settled first goes back to its place; whatever is younger waits behind it. */
static void
step_back (Lot *lot)
{
	ArrivalTicket *first = g_ptr_array_index (lot->tickets, lot->failed);
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&first->watermark->lock);

	first->settles = TRUE;
	for (guint i = lot->failed; i < lot->tickets->len; i++)
		((ArrivalTicket *) g_ptr_array_index (lot->tickets, i))->state = TICKET_READY;
	g_ptr_array_set_size (lot->tickets, (gint) lot->failed);
}

static void
give_up (Lot *lot, GError *failure)
{
	if (lot->failed == lot->tickets->len) {         /* the store failed: nothing of it happened */
		for (guint i = 0; i < lot->tickets->len; i++)
			decide_locked (g_ptr_array_index (lot->tickets, i), g_error_copy (failure));
		g_ptr_array_set_size (lot->tickets, 0);
		g_error_free (failure);
		return;
	}
	ArrivalTicket *culprit = g_ptr_array_index (lot->tickets, lot->failed);
	if (g_error_matches (failure, DIQI_ERROR, DIQI_ERROR_SALE_SETTLING) && !culprit->settles) {
		step_back (lot);
		g_error_free (failure);
		return;
	}
	g_ptr_array_remove_index (lot->tickets, lot->failed);
	decide_locked (culprit, failure);
}

/* The ready ones from the leader on, up to the first that is still being verified. */
static GPtrArray *
gather (ArrivalTicket *leader)
{
	GPtrArray *tickets = g_ptr_array_new ();

	for (GList *l = &leader->link; l != NULL && tickets->len < LOT_MAX; l = l->next) {
		ArrivalTicket *ticket = l->data;
		if (ticket->state == TICKET_DECIDED)
			continue;
		if (ticket->state != TICKET_READY || (ticket->settles && ticket != leader) || ticket->store != leader->store)
			break;
		ticket->state = TICKET_TAKEN;
		g_ptr_array_add (tickets, ticket);
	}
	return tickets;
}

/* Called with the lock held, which is released while the lot runs. */
static void
lead (ArrivalTicket *leader)
{
	ArrivalWatermark *w = leader->watermark;
	Lane *lane = leader->lane;
	g_autoptr (GPtrArray) tickets = gather (leader);
	Store *store = leader->store;
	const char *name = leader->name;
	Lot lot = { .tickets = tickets };

	lane->running = TRUE;
	g_mutex_unlock (&w->lock);
	while (tickets->len > 0) {
		GError *failure = NULL;
		if (!store_run (store, name, run_lot, &lot, &failure)) {
			give_up (&lot, failure);
			continue;
		}
		for (guint i = 0; i < tickets->len; i++)
			decide_locked (g_ptr_array_index (tickets, i), NULL);
		g_ptr_array_set_size (tickets, 0);
	}
	g_mutex_lock (&w->lock);
	lane->running = FALSE;
	wake_leader (lane);
}

/* Waited too long, unless its turn came or it was taken at that very moment. */
static void
expire (ArrivalTicket *ticket)
{
	if (ticket->state != TICKET_READY || may_lead (ticket))
		return;
	decide (ticket, g_error_new (DIQI_ERROR, DIQI_ERROR_UNAVAILABLE, "the sale was busy for too long"));
	wake_leader (ticket->lane);
}

gboolean
arrival_run (ArrivalTicket *ticket, Store *store, const char *name, StoreFn fn, gpointer arg, GError **error)
{
	gint64 end = clock_monotonic () + SETTLE_WAIT;
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&ticket->watermark->lock);

	g_assert (ticket->state == TICKET_OPEN);
	ticket->store = store;
	ticket->name = name;
	ticket->fn = fn;
	ticket->arg = arg;
	ticket->state = TICKET_READY;
	while (ticket->state != TICKET_DECIDED) {
		if (ticket->state == TICKET_READY && may_lead (ticket)) {
			lead (ticket);
			continue;
		}
		/* One that is taken will be decided: its arg must stay until then. */
		if (ticket->state == TICKET_TAKEN)
			g_cond_wait (&ticket->wake, &ticket->watermark->lock);
		else if (!g_cond_wait_until (&ticket->wake, &ticket->watermark->lock, end))
			expire (ticket);
	}
	if (ticket->error == NULL)
		return TRUE;
	g_propagate_error (error, g_steal_pointer (&ticket->error));
	return FALSE;
}

/* --- for the ticker ------------------------------------------------------------------------------ */

Micros
arrival_oldest (ArrivalWatermark *w, const char *sale)
{
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&w->lock);
	const Lane *lane = g_hash_table_lookup (w->lanes, sale);
	const ArrivalTicket *oldest = lane != NULL ? oldest_undecided (lane) : NULL;

	return oldest != NULL ? oldest->arrival : G_MAXINT64;
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
		wake_leader (lane);
}
