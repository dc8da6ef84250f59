/* market/sale_clock.c — see sale_clock.h. */
#include "market/sale_clock.h"

#include "market/market_private.h"

/* A sign of life this much overdue is told to the sales as an outage; whether it matters they decide by their
 * rule set.  Well over the beat, so that a slow commit is none. */
#define BEAT_OVERDUE (5 * BEAT_EVERY / 2)

struct SaleClock {
	Store *store;
	const Clock *clock;
	ArrivalWatermark *watermark;
	SaleMoved moved;
	gpointer user;
	Micros beat;              /* wall time of the last sign of life; 0 before the first pass */
	Micros beat_monotonic;
};

SaleClock *
sale_clock_new (Store *store, const Clock *clock, ArrivalWatermark *watermark, SaleMoved moved, gpointer user)
{
	SaleClock *sc = g_new0 (SaleClock, 1);

	*sc = (SaleClock) { .store = store, .clock = clock, .watermark = watermark, .moved = moved, .user = user };
	return sc;
}

void
sale_clock_free (SaleClock *sc)
{
	g_free (sc);
}

/* --- acts ---------------------------------------------------------------------------------- */

gboolean
sale_tick (Tx *tx, const char *sale, Micros until, Micros now, gboolean *moved, GError **error)
{
	g_auto (SaleState) state = { 0 };
	gboolean any = FALSE;

	if (!sale_lock (tx, sale, &state, error) || !sale_settle (tx, &state, until, now, &any, error))
		return FALSE;
	if (moved != NULL)
		*moved = any;
	return !any || db_sale_update (tx, &state, error);
}

/* Every moment before the outage at its own event; what the outage covers is judged by one. */
gboolean
sale_outage (Tx *tx, const char *sale, Micros from, Micros at, gboolean *moved, GError **error)
{
	g_auto (SaleState) state = { 0 };
	SaleEvent event = { .kind = SALE_EVENT_OUTAGE, .from = from, .at = at };
	EventRecord record = { &state, &event, NULL, "sale.phase", at, NULL };
	SaleVerdict verdict;
	gboolean any = FALSE;

	if (!sale_lock (tx, sale, &state, error) || !sale_settle (tx, &state, MIN (from, at), at, &any, error) ||
	    !sale_record (tx, &record, &verdict, NULL, NULL, error))
		return FALSE;
	any = any || verdict.happened;
	if (moved != NULL)
		*moved = any;
	return !any || db_sale_update (tx, &state, error);
}

/* --- transactions ------------------------------------------------------------------------------- */

typedef struct {
	const char *sale;
	Micros from, until, now;
	gboolean outage, moved;
} Step;

static gboolean
run_step (Tx *tx, gpointer arg, GError **error)
{
	Step *step = arg;

	return step->outage ? sale_outage (tx, step->sale, step->from, step->until, &step->moved, error)
	                    : sale_tick (tx, step->sale, step->until, step->now, &step->moved, error);
}

typedef struct {
	Micros until;
	gboolean open;            /* all open ones, else the due ones */
	GPtrArray *ids;
} Search;

static gboolean
run_search (Tx *tx, gpointer arg, GError **error)
{
	Search *search = arg;

	g_ptr_array_set_size (search->ids, 0);
	return search->open ? db_sales_open (tx, search->ids, error) : db_sales_due (tx, search->until, search->ids, error);
}

static gboolean write_beat (Tx *tx, gpointer arg, GError **error) { return db_beat_put (tx, *(const Micros *) arg, error); }
static gboolean read_beat (Tx *tx, gpointer arg, GError **error) { return db_beat_get (tx, arg, error); }

static gboolean
step_all (SaleClock *sc, Search *search, const Step *like, GError **error)
{
	gboolean all = TRUE;

	if (!store_read (sc->store, "market.search", run_search, search, error))
		return FALSE;
	for (guint i = 0; i < search->ids->len; i++) {
		Step step = *like;
		step.sale = g_ptr_array_index (search->ids, i);
		/* A quote from before a moment is still on its way: the next pass settles it. */
		if (!step.outage)
			step.until = MIN (like->until, arrival_oldest (sc->watermark, step.sale));
		if (!store_run (sc->store, "market.step", run_step, &step, all ? error : NULL))
			all = FALSE;
		else if (step.moved && sc->moved != NULL)
			sc->moved (sc->user, step.sale);
	}
	return all;
}

static gboolean
outage (SaleClock *sc, Micros from, Micros at, GError **error)
{
	g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);

	return step_all (sc, &(Search) { .open = TRUE, .ids = ids }, &(Step) { .outage = TRUE, .from = from, .until = at, .now = at }, error);
}

static gboolean
beat (SaleClock *sc, Micros now, Micros monotonic, GError **error)
{
	if (!store_run (sc->store, "market.beat", write_beat, &now, error))
		return FALSE;
	sc->beat = now;
	sc->beat_monotonic = monotonic;
	return TRUE;
}

/* How far time may be settled: not where a stamp may still be between the clock and arrival_enter. */
static Micros
settled_until (const SaleClock *sc, Micros now)
{
	return clock_is_frozen (sc->clock) ? now : now - SETTLE_LAG;
}

gboolean
sale_clock_resume (SaleClock *sc, GError **error)
{
	Micros now = clock_now (sc->clock), last = 0;

	if (!store_read (sc->store, "market.read_beat", read_beat, &last, error))
		return FALSE;
	if (last > 0 && last < now && !outage (sc, last, now, error))
		return FALSE;
	if (!beat (sc, now, clock_monotonic (), error))
		return FALSE;
	arrival_alive (sc->watermark, settled_until (sc, now));
	return TRUE;
}

/* The process lived but could not work (its database was away, its machine stood still).  Told by the
 * monotonic clock, so that a wall clock that was set, or a test clock that was moved, is no outage. */
static gboolean
tell_stall (SaleClock *sc, Micros now, Micros monotonic, GError **error)
{
	Micros gap = monotonic - sc->beat_monotonic;

	if (sc->beat == 0 || gap <= BEAT_OVERDUE || clock_is_frozen (sc->clock))
		return TRUE;
	return outage (sc, now - gap, now, error);
}

gboolean
sale_clock_pass (SaleClock *sc, GError **error)
{
	g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);
	/* Read before the watermark: what is stamped after this is not before any moment settled now. */
	Micros now = clock_now (sc->clock), monotonic = clock_monotonic ();
	gboolean due = sc->beat == 0 || ABS (now - sc->beat) >= BEAT_EVERY || monotonic - sc->beat_monotonic >= BEAT_EVERY;

	if (!tell_stall (sc, now, monotonic, error) || (due && !beat (sc, now, monotonic, error)))
		return FALSE;
	Micros until = settled_until (sc, now);
	arrival_alive (sc->watermark, until);
	return step_all (sc, &(Search) { .until = until, .ids = ids }, &(Step) { .until = until, .now = now }, error);
}
