/* market/sale_clock.h — time asks every sale "is it over?", and an outage is found and told to it.
 *
 * A deadline is a column, not a timer: nothing here decides by being late or early.  The ticker settles moments that
 * have passed and that no quote under way could still change (watermark.h).  It writes a sign of life; when that
 * stops, because the process was down (market_resume at the next start) or could not work (seen by the ticker
 * itself), quotes could not be accepted, and sale_step judges what that voids.
 */
#pragma once
#include "evidence/evidence.h"
#include "market/sale.h"
#include "market/watermark.h"

#define BEAT_EVERY MICROS_PER_S

/* Called after the commit of each sale that moved; from the ticker's thread. */
typedef void (*SaleMoved) (gpointer user, const char *sale);

typedef struct SaleClock SaleClock;
/* Borrows all. */
SaleClock *sale_clock_new (Store *store, const Clock *clock, ArrivalWatermark *watermark, SaleMoved moved, gpointer user);
void sale_clock_free (SaleClock *sc);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SaleClock, sale_clock_free)

/* At start, before requests are served: the gap since the last sign of life is an outage. */
gboolean sale_clock_resume (SaleClock *sc, GError **error);
/* One pass, a few times a second, from one thread at a time; and at once after a test clock was moved. Each sale has
 * its own transaction; the first error is returned and the rest is done all the same. */
gboolean sale_clock_pass (SaleClock *sc, GError **error);

/* --- the acts themselves, in a caller's transaction ------------------------------------- */
/* Settles what is due up to `until`; *moved may be NULL. */
gboolean sale_tick (Tx *tx, const char *sale, Micros until, Micros now, gboolean *moved, GError **error);
/* Quotes could not be accepted between from and at. */
gboolean sale_outage (Tx *tx, const char *sale, Micros from, Micros at, gboolean *moved, GError **error);
