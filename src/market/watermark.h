/* market/watermark.h — the order in which quotes reach a sale, and when its time may be settled.
 *
 * TR-35: arrival at the server decides.  Requests are stamped on arrival and then verified in parallel, so
 * they come to the sale's row in any order.  Two things would be wrong if that order decided:
 *   - of two quotes at one price the later one could win;
 *   - a quote stamped at or after a deadline (or the timer) could close the sale while one stamped
 *     before it is still being verified, and would take away its right.
 * So every quote request holds a ticket from its stamp to its answer.
 *
 *   Turn.  A request's transaction begins when every older one of its sale is decided.  So that this costs
 *   no throughput, one thread leads: it takes all requests that are ready, in order, into one transaction, and the
 *   next lot gathers while it commits.  One that is refused without an event gives the lot up; it is
 *   answered, and the others run again without it.
 *
 *   Settling.  A moment m of a sale (a phase's end, a deadline) is settled only when no ticket of
 *   the sale with an arrival before m is open any more and the watermark is alive beyond m: the ticker has seen that
 *   time pass and knows of no outage in it (sale_clock.h).  A quote that finds a moment due and not settleable
 *   steps back (DIQI_ERROR_SALE_SETTLING), waits outside the transaction until it is, and runs again.
 *   Only late quotes, and what arrived after them, ever wait for this.
 *
 * Between the stamp and arrival_enter there must be no queue; what little lies between is covered by
 * SETTLE_LAG.  Tickets are of one process.  With several processes on one PostgreSQL the row lock keeps every
 * sale consistent and SETTLE_LAG keeps late settlers back, but the strict order of arrival holds per process
 * only, and stamps are as good as the machines' clocks agree.
 *
 * Thread-safe; a ticket belongs to one request.
 */
#pragma once
#include "base/clock.h"
#include "store/store.h"

#define SETTLE_LAG (100 * MICROS_PER_MS)       /* running clocks only; a frozen clock has no stamps under way */
#define SETTLE_WAIT (10 * MICROS_PER_S)        /* then DIQI_ERROR_UNAVAILABLE: the ticker has died */

typedef struct ArrivalWatermark ArrivalWatermark;
typedef struct ArrivalTicket ArrivalTicket;

/* Alive without end until the ticker says otherwise, for tools and tests that have none. */
ArrivalWatermark *arrival_watermark_new (void);
void arrival_watermark_free (ArrivalWatermark *watermark);       /* no ticket may be open */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ArrivalWatermark, arrival_watermark_free)

/* sale need not exist.  Equal stamps go in the order of the calls. */
ArrivalTicket *arrival_enter (ArrivalWatermark *watermark, const char *sale, Micros arrival);
void arrival_leave (ArrivalTicket *ticket);                      /* after the answer is decided; frees it */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ArrivalTicket, arrival_leave)
Micros arrival_stamp (const ArrivalTicket *ticket);

/* In its turn runs fn in a transaction that it may share with the requests around it: store_run, once a ticket, in
 * order of arrival.  fn runs on another thread, and again if something of the lot failed, as fn of store_run may.
 * DIQI_ERROR_UNAVAILABLE after SETTLE_WAIT. */
gboolean arrival_run (ArrivalTicket *ticket, Store *store, const char *name, StoreFn fn, gpointer arg, GError **error);

/* For quote_place. */
gboolean arrival_may_settle (ArrivalTicket *ticket, Micros moment);

/* For the ticker: oldest undecided stamp of a sale, G_MAXINT64 when there is none; and how far time is known. */
Micros arrival_oldest (ArrivalWatermark *watermark, const char *sale);
void arrival_alive (ArrivalWatermark *watermark, Micros until);
