/* base/clock.h — the only place that reads a wall clock.
 *
 * Time is signed 64-bit microseconds UTC since 1970 (Micros).  Everything that
 * decides takes a Clock; only main makes one.  A test clock is either frozen
 * (moves only when told) or offset (system time plus an offset); a site made by
 * `diqi init` refuses both (see main/site.h).  Thread-safe.
 */
#pragma once
#include <glib.h>

typedef gint64 Micros;
#define MICROS_PER_MS G_GINT64_CONSTANT (1000)
#define MICROS_PER_S G_GINT64_CONSTANT (1000000)
#define MICROS_PER_MIN (60 * MICROS_PER_S)
#define MICROS_PER_HOUR (60 * MICROS_PER_MIN)
#define MICROS_PER_DAY (24 * MICROS_PER_HOUR)

typedef struct Clock Clock;

Clock *clock_new_system (void);
Clock *clock_new_frozen (Micros now);
Clock *clock_new_offset (Micros offset);
void clock_free (Clock *clock);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Clock, clock_free)

Micros clock_now (const Clock *clock);
gboolean clock_is_test (const Clock *clock);
gboolean clock_is_frozen (const Clock *clock);

/* Test clocks only (programming error otherwise).  Frozen: now becomes `now`.
 * Offset: the offset is chosen so that the clock reads `now` at this moment. */
void clock_set (Clock *clock, Micros now);

/* Monotonic microseconds for durations and time-outs; never a time of day. */
Micros clock_monotonic (void);

/* What the kernel says about its own time of day (adjtimex, RFC 5905 11.3): disciplined by a time source, and at most so far off.
 * A test clock is true by definition, unless clock_distrust says otherwise. */
typedef struct {
	gboolean synchronised;
	Micros max_error;
} ClockTrust;
ClockTrust clock_trust (const Clock *clock);
/* Test clocks only: as if the kernel had lost its time source. */
void clock_distrust (Clock *clock, gboolean distrusted);

/* Does a clock run as evenly as time does?  A step of the time of day against the monotonic clock, of more than
 * `tolerance` between two looks, makes it uneven until it has run evenly for `proof`; the gap is told once. */
typedef struct {
	gboolean begun, uneven;
	Micros wall, monotonic;       /* at the last look */
	Micros since;                 /* monotonic time of the last step */
} ClockWatch;
gboolean clock_watch_is_even (ClockWatch *watch, Micros wall, Micros monotonic, Micros tolerance, Micros proof, Micros *gap);

/* RFC 3339 UTC with six digits, "2026-04-03T02:00:00.000000Z" (27 bytes + NUL).
 * Parse accepts exactly that form, and with 0, 3 or 6 fraction digits and Z or
 * a numeric offset; years 1970..9999; sets DIQI_ERROR_FIELD_VALUE. */
#define TIME_TEXT_SIZE 28
char *time_format (Micros t);                        /* caller frees */
void time_format_to (Micros t, char out[TIME_TEXT_SIZE]);
char *time_format_beijing (Micros t);                /* "2026-04-03 10:00:00" Asia/Shanghai (+08:00), for people */
gboolean time_parse (const char *text, Micros *out, GError **error);
