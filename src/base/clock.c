/* base/clock.c — see clock.h.  The only file that asks the kernel for the time of
 * day.  A clock is one atomic number: the time itself (frozen) or what is added
 * to the system's (offset, system = 0), so readers never wait. */
#include "base/clock.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>

#include "base/civil.h"
#include "base/error.h"

typedef enum { CLOCK_SYSTEM, CLOCK_FROZEN, CLOCK_OFFSET } ClockKind;

struct Clock {
	ClockKind kind;
	_Atomic gint64 value;
	_Atomic gboolean distrusted;
};

static Micros
system_now (void)
{
	struct timespec ts;
	if (clock_gettime (CLOCK_REALTIME, &ts) != 0)
		g_error ("clock_gettime: the system has no real-time clock");
	return (Micros) ts.tv_sec * MICROS_PER_S + ts.tv_nsec / 1000;
}

static Clock *
clock_new (ClockKind kind, gint64 value)
{
	Clock *clock = g_new0 (Clock, 1);
	clock->kind = kind;
	atomic_init (&clock->value, value);
	return clock;
}

Clock *clock_new_system (void) { return clock_new (CLOCK_SYSTEM, 0); }
Clock *clock_new_frozen (Micros now) { return clock_new (CLOCK_FROZEN, now); }
Clock *clock_new_offset (Micros offset) { return clock_new (CLOCK_OFFSET, offset); }
void clock_free (Clock *clock) { g_free (clock); }

Micros
clock_now (const Clock *clock)
{
	gint64 value = atomic_load (&clock->value);
	return clock->kind == CLOCK_FROZEN ? value : system_now () + value;
}

gboolean clock_is_test (const Clock *clock) { return clock->kind != CLOCK_SYSTEM; }
gboolean clock_is_frozen (const Clock *clock) { return clock->kind == CLOCK_FROZEN; }

void
clock_set (Clock *clock, Micros now)
{
	g_assert (clock->kind != CLOCK_SYSTEM);
	atomic_store (&clock->value, clock->kind == CLOCK_FROZEN ? now : now - system_now ());
}

Micros clock_monotonic (void) { return g_get_monotonic_time (); }

/* --- trust ---------------------------------------------------------------- */

ClockTrust
clock_trust (const Clock *clock)
{
	if (clock->kind != CLOCK_SYSTEM)
		return (ClockTrust) { !atomic_load (&clock->distrusted), 0 };
	struct timex facts = { .modes = 0 };
	int state = adjtimex (&facts);
	return (ClockTrust) { state >= 0 && state != TIME_ERROR && (facts.status & STA_UNSYNC) == 0, facts.maxerror };
}

void
clock_distrust (Clock *clock, gboolean distrusted)
{
	g_assert (clock->kind != CLOCK_SYSTEM);
	atomic_store (&clock->distrusted, distrusted);
}

gboolean
clock_watch_is_even (ClockWatch *watch, Micros wall, Micros monotonic, Micros tolerance, Micros proof, Micros *gap)
{
	*gap = watch->begun ? (wall - watch->wall) - (monotonic - watch->monotonic) : 0;
	if (ABS (*gap) > tolerance) {
		watch->uneven = TRUE;
		watch->since = monotonic;
	} else {
		*gap = 0;
	}
	if (watch->uneven && monotonic - watch->since >= proof)
		watch->uneven = FALSE;
	watch->begun = TRUE;
	watch->wall = wall;
	watch->monotonic = monotonic;
	return !watch->uneven;
}

/* --- text ----------------------------------------------------------------- */

typedef struct {
	CivilDate date;
	int hour, minute, second, micros;
} CivilTime;

/* Times outside the years 0..9999 have no RFC 3339 text and are cut to its ends:
 * a strange date in somebody's certificate must not stop the program. */
static CivilTime
civil_time (Micros t)
{
	const Micros first = civil_to_days ((CivilDate) { 0, 1, 1 }) * MICROS_PER_DAY;
	const Micros last = (civil_to_days ((CivilDate) { 9999, 12, 31 }) + 1) * MICROS_PER_DAY - 1;
	t = CLAMP (t, first, last);
	gint64 days = t / MICROS_PER_DAY - (t % MICROS_PER_DAY < 0 ? 1 : 0);
	gint64 rest = t - days * MICROS_PER_DAY;
	return (CivilTime) {
		civil_from_days (days),
		(int) (rest / MICROS_PER_HOUR),
		(int) (rest / MICROS_PER_MIN % 60),
		(int) (rest / MICROS_PER_S % 60),
		(int) (rest % MICROS_PER_S),
	};
}

static void
put_digits (char *out, int width, int value)
{
	for (int i = width - 1; i >= 0; i--, value /= 10)
		out[i] = (char) ('0' + value % 10);
}

void
time_format_to (Micros t, char out[TIME_TEXT_SIZE])
{
	CivilTime c = civil_time (t);
	memcpy (out, "0000-00-00T00:00:00.000000Z", TIME_TEXT_SIZE);
	put_digits (out, 4, c.date.year);
	put_digits (out + 5, 2, c.date.month);
	put_digits (out + 8, 2, c.date.day);
	put_digits (out + 11, 2, c.hour);
	put_digits (out + 14, 2, c.minute);
	put_digits (out + 17, 2, c.second);
	put_digits (out + 20, 6, c.micros);
}

char *
time_format (Micros t)
{
	char *out = g_malloc (TIME_TEXT_SIZE);
	time_format_to (t, out);
	return out;
}

char *
time_format_beijing (Micros t)
{
	char text[TIME_TEXT_SIZE];
	time_format_to (t > G_MAXINT64 - MICROS_PER_DAY ? t : t + 8 * MICROS_PER_HOUR, text);
	return g_strdup_printf ("%.10s %.8s", text, text + 11);
}

/* Reads exactly `width` digits and moves on; no sign, no blank. */
static gboolean
take_digits (const char **p, int width, int *out)
{
	int value = 0;
	for (int i = 0; i < width; i++) {
		if (!g_ascii_isdigit ((*p)[i]))
			return FALSE;
		value = value * 10 + ((*p)[i] - '0');
	}
	*p += width;
	*out = value;
	return TRUE;
}

static gboolean
take (const char **p, char c)
{
	if (**p != c)
		return FALSE;
	(*p)++;
	return TRUE;
}

static gboolean
take_fraction (const char **p, int *micros)
{
	*micros = 0;
	if (!take (p, '.'))
		return TRUE;
	gsize n = strspn (*p, "0123456789");
	if ((n != 3 && n != 6) || !take_digits (p, (int) n, micros))
		return FALSE;
	if (n == 3)
		*micros *= 1000;
	return TRUE;
}

/* "-00:00" says that the offset is unknown (RFC 3339 section 4.3): refused. */
static gboolean
take_offset (const char **p, Micros *offset)
{
	int hours, minutes;
	*offset = 0;
	if (take (p, 'Z'))
		return TRUE;
	gboolean west = **p == '-';
	if (!west && **p != '+')
		return FALSE;
	(*p)++;
	if (!take_digits (p, 2, &hours) || !take (p, ':') || !take_digits (p, 2, &minutes))
		return FALSE;
	if (hours > 23 || minutes > 59 || (west && hours == 0 && minutes == 0))
		return FALSE;
	*offset = (hours * MICROS_PER_HOUR + minutes * MICROS_PER_MIN) * (west ? -1 : 1);
	return TRUE;
}

static gboolean
take_time (const char **p, CivilTime *c, Micros *offset)
{
	return take_digits (p, 4, &c->date.year) && take (p, '-') && take_digits (p, 2, &c->date.month) && take (p, '-')
		&& take_digits (p, 2, &c->date.day) && take (p, 'T') && take_digits (p, 2, &c->hour) && take (p, ':')
		&& take_digits (p, 2, &c->minute) && take (p, ':') && take_digits (p, 2, &c->second)
		&& take_fraction (p, &c->micros) && take_offset (p, offset) && **p == '\0';
}

gboolean
time_parse (const char *text, Micros *out, GError **error)
{
	CivilTime c;
	Micros offset;
	const char *p = text;

	if (!take_time (&p, &c, &offset))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, NULL, "not an RFC 3339 time such as 2026-04-03T02:00:00.000000Z");
	/* A leap second (:60) has no place in Micros, which count 86400 s a day. */
	if (!civil_is_valid (c.date) || c.hour > 23 || c.minute > 59 || c.second > 59)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, NULL, "no such date or time of day");
	Micros t = civil_to_days (c.date) * MICROS_PER_DAY + c.hour * MICROS_PER_HOUR + c.minute * MICROS_PER_MIN
		+ c.second * MICROS_PER_S + c.micros - offset;
	if (t < 0 || t >= (civil_to_days ((CivilDate) { 9999, 12, 31 }) + 1) * MICROS_PER_DAY)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, NULL, "time outside the years 1970 to 9999");
	*out = t;
	return TRUE;
}
