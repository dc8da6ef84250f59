/* signer/stamp.h — time stamps (RFC 3161), and when none is given.
 *
 * The time is the signer's own.  No stamp is given (failure timeNotAvailable) while
 *   the kernel does not call its time synchronised, or allows it to be further off than the accuracy that stamps promise,
 *   the time of day has stepped against the monotonic clock within the last ten minutes,
 *   the clock is behind the journal, or the time-stamping certificate is not valid.
 * Times of stamps rise strictly, also over a restart: the journal has a time that no stamp has passed yet, moved on before it is.
 */
#pragma once
#include "base/clock.h"
#include "signer/journal.h"

#define STAMP_ACCURACY MICROS_PER_S
#define STAMP_STEP_TOLERANCE (500 * MICROS_PER_MS)
#define STAMP_PROOF (10 * MICROS_PER_MIN)
/* A record of the journal covers this much. */
#define STAMP_RESERVE (500 * MICROS_PER_MS)

typedef struct {
	ClockWatch watch;
	Micros last;               /* time of the last stamp; 0: none since the start */
} Stamper;

/* Why no stamp would be given at this moment, a constant text; NULL: one would. */
const char *stamper_obstacle (Stamper *stamper, const Journal *journal, const Clock *clock, Micros monotonic);
/* The next stamp's time, with its record gathered in the journal (and journal_commit to do before it is told).
 * FALSE: *why is a constant text.  monotonic: of this moment. */
gboolean stamper_take (Stamper *stamper, Journal *journal, const Clock *clock, Micros monotonic, Micros *time, const char **why);
