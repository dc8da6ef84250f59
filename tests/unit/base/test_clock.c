#include "base/clock.h"

#include <time.h>

#include "base/error.h"

static void
test_kinds (void)
{
	g_autoptr (Clock) system = clock_new_system ();
	g_autoptr (Clock) frozen = clock_new_frozen (42);
	g_autoptr (Clock) offset = clock_new_offset (MICROS_PER_DAY);

	g_assert_false (clock_is_test (system));
	g_assert_true (clock_is_test (frozen) && clock_is_frozen (frozen));
	g_assert_true (clock_is_test (offset) && !clock_is_frozen (offset));
	g_assert_cmpint (clock_now (frozen), ==, 42);
	clock_set (frozen, 43);
	g_assert_cmpint (clock_now (frozen), ==, 43);

	Micros now = (Micros) time (NULL) * MICROS_PER_S;
	g_assert_cmpint (ABS (clock_now (system) - now), <, 5 * MICROS_PER_S);
	g_assert_cmpint (ABS (clock_now (offset) - now - MICROS_PER_DAY), <, 5 * MICROS_PER_S);
	clock_set (offset, 1000);
	Micros first = clock_now (offset);
	g_usleep (2000);
	Micros second = clock_now (offset);
	g_assert_cmpint (first, >=, 1000);
	g_assert_cmpint (second - first, >=, 2000);      /* an offset clock runs on */
}

static gpointer
step_clock (gpointer clock)
{
	for (Micros t = 1; t <= 100000; t++)
		clock_set (clock, t * G_GINT64_CONSTANT (0x100000001));
	return NULL;
}

static void
test_threads (void)
{
	g_autoptr (Clock) frozen = clock_new_frozen (0);
	GThread *writer = g_thread_new ("step", step_clock, frozen);
	Micros last = 0;
	while (last < 100000 * G_GINT64_CONSTANT (0x100000001)) {
		Micros now = clock_now (frozen);
		g_assert_cmpint (now % G_GINT64_CONSTANT (0x100000001), ==, 0);      /* never half of two values */
		g_assert_cmpint (now, >=, last);
		last = now;
	}
	g_thread_join (writer);
}

static void
assert_parses (const char *text, const char *canonical)
{
	g_autoptr (GError) error = NULL;
	Micros t;
	time_parse (text, &t, &error);
	g_assert_no_error (error);
	g_autofree char *back = time_format (t);
	g_assert_cmpstr (back, ==, canonical);
}

static void
test_parse_good (void)
{
	assert_parses ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z");
	assert_parses ("2026-04-03T02:00:00.000000Z", "2026-04-03T02:00:00.000000Z");
	assert_parses ("2026-04-03T10:00:00+08:00", "2026-04-03T02:00:00.000000Z");
	assert_parses ("2026-04-02T20:30:00.500Z", "2026-04-02T20:30:00.500000Z");
	assert_parses ("2026-04-02T20:30:00.123456-05:30", "2026-04-03T02:00:00.123456Z");
	assert_parses ("2024-02-29T23:59:59.999999Z", "2024-02-29T23:59:59.999999Z");
	assert_parses ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z");
	assert_parses ("1970-01-01T08:00:00+08:00", "1970-01-01T00:00:00.000000Z");
	assert_parses ("2026-01-01T00:00:00+23:59", "2025-12-31T00:01:00.000000Z");
}

static void
test_parse_bad (void)
{
	static const char *const bad[] = {
		"", "2026", "2026-04-03", "2026-04-03T02:00Z", "2026-04-03 02:00:00Z", "2026-04-03t02:00:00Z",
		"2026-04-03T02:00:00z", "2026-04-03T02:00:00", "2026-04-03T02:00:00.Z", "2026-04-03T02:00:00.1Z",
		"2026-04-03T02:00:00.12Z", "2026-04-03T02:00:00.1234Z", "2026-04-03T02:00:00.12345Z",
		"2026-04-03T02:00:00.1234567Z", "2026-04-03T02:00:00,123Z", "2026-04-03T02:00:00.000000Z ",
		" 2026-04-03T02:00:00Z", "2026-04-03T02:00:00ZZ", "2026-04-03T02:00:00+0800", "2026-04-03T02:00:00+08",
		"2026-04-03T02:00:00+8:00", "2026-04-03T02:00:00+24:00", "2026-04-03T02:00:00+08:60",
		"2026-04-03T02:00:00-00:00", "+2026-04-03T02:00:00Z", "-026-04-03T02:00:00Z", "02026-04-03T02:00:00Z",
		"2026-4-03T02:00:00Z", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
		"2026-01-00T00:00:00Z", "2026-04-31T00:00:00Z", "2026-04-03T24:00:00Z", "2026-04-03T23:60:00Z",
		/* leap seconds, announced or not */
		"2026-04-03T23:59:60Z", "2016-12-31T23:59:60Z", "2017-01-01T07:59:60+08:00", "2016-12-31T23:59:61Z",
		/* outside 1970..9999, also after the offset */
		"1969-12-31T23:59:59Z", "1970-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00", "0000-01-01T00:00:00Z",
		/* digits of other scripts */
		"２０２６-04-03T02:00:00Z",
	};
	for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
		g_autoptr (GError) error = NULL;
		Micros t = 77;
		if (time_parse (bad[i], &t, &error))
			g_error ("accepted %s", bad[i]);
		g_assert_error (error, DIQI_ERROR, DIQI_ERROR_FIELD_VALUE);
		g_assert_cmpint (t, ==, 77);
	}
}

static void
test_format (void)
{
	g_autofree char *beijing = time_format_beijing (1775181600 * MICROS_PER_S);
	g_assert_cmpstr (beijing, ==, "2026-04-03 10:00:00");
	g_autofree char *midnight = time_format_beijing (57600 * MICROS_PER_S);
	g_assert_cmpstr (midnight, ==, "1970-01-02 00:00:00");
	g_autofree char *before = time_format (-1);
	g_assert_cmpstr (before, ==, "1969-12-31T23:59:59.999999Z");
	/* a certificate may name any date; formatting is total */
	g_autofree char *far = time_format (G_MAXINT64), *early = time_format (G_MININT64);
	g_assert_cmpstr (far, ==, "9999-12-31T23:59:59.999999Z");
	g_assert_cmpstr (early, ==, "0000-01-01T00:00:00.000000Z");
	g_autofree char *far_beijing = time_format_beijing (G_MAXINT64);
	g_assert_cmpstr (far_beijing, ==, "9999-12-31 23:59:59");
}

static void
test_round_trip (void)
{
	for (int i = 0; i < 20000; i++) {
		Micros t = ((gint64) g_test_rand_int () << 31 ^ g_test_rand_int ()) & G_GINT64_CONSTANT (0x0fffffffffffffff);
		t %= G_GINT64_CONSTANT (253402300800000000);
		g_autofree char *text = time_format (t);
		g_autoptr (GError) error = NULL;
		Micros back;
		g_assert_true (time_parse (text, &back, &error));
		g_assert_cmpint (back, ==, t);
	}
}

/* A test clock is true until it is told otherwise; the system's says what the kernel says. */
static void
test_trust (void)
{
	g_autoptr (Clock) frozen = clock_new_frozen (5);
	g_autoptr (Clock) system = clock_new_system ();
	g_assert_true (clock_trust (frozen).synchronised);
	clock_distrust (frozen, TRUE);
	g_assert_false (clock_trust (frozen).synchronised);
	clock_distrust (frozen, FALSE);
	g_assert_true (clock_trust (frozen).synchronised);
	g_assert_cmpint (clock_trust (frozen).max_error, ==, 0);
	g_assert_cmpint (clock_trust (system).max_error, >=, 0);
}

/* Steps of the time of day, forward and back, and the proof time after them. */
static void
test_watch (void)
{
	const Micros tolerance = MICROS_PER_S, proof = 10 * MICROS_PER_S;
	ClockWatch watch = { 0 };
	Micros gap, wall = 1000 * MICROS_PER_S, monotonic = 7 * MICROS_PER_S;

	g_assert_true (clock_watch_is_even (&watch, wall, monotonic, tolerance, proof, &gap));
	g_assert_cmpint (gap, ==, 0);
	/* slewed within the tolerance */
	g_assert_true (clock_watch_is_even (&watch, wall += 60 * MICROS_PER_S + tolerance, monotonic += 60 * MICROS_PER_S, tolerance, proof, &gap));
	g_assert_cmpint (gap, ==, 0);
	/* a step of one microsecond too much */
	g_assert_false (clock_watch_is_even (&watch, wall += MICROS_PER_S + tolerance + 1, monotonic += MICROS_PER_S, tolerance, proof, &gap));
	g_assert_cmpint (gap, ==, tolerance + 1);
	g_assert_false (clock_watch_is_even (&watch, wall += proof - 1, monotonic += proof - 1, tolerance, proof, &gap));
	g_assert_cmpint (gap, ==, 0);
	g_assert_true (clock_watch_is_even (&watch, wall += 1, monotonic += 1, tolerance, proof, &gap));
	/* back, twice: the proof begins anew */
	g_assert_false (clock_watch_is_even (&watch, wall -= 2 * tolerance, monotonic += 1, tolerance, proof, &gap));
	g_assert_cmpint (gap, <, -tolerance);
	g_assert_false (clock_watch_is_even (&watch, wall -= 2 * tolerance, monotonic += proof - 1, tolerance, proof, &gap));
	g_assert_false (clock_watch_is_even (&watch, wall += proof - 1, monotonic += proof - 1, tolerance, proof, &gap));
	g_assert_true (clock_watch_is_even (&watch, wall += 1, monotonic += 1, tolerance, proof, &gap));
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/clock/kinds", test_kinds);
	g_test_add_func ("/clock/threads", test_threads);
	g_test_add_func ("/clock/parse-good", test_parse_good);
	g_test_add_func ("/clock/parse-bad", test_parse_bad);
	g_test_add_func ("/clock/format", test_format);
	g_test_add_func ("/clock/round-trip", test_round_trip);
	g_test_add_func ("/clock/trust", test_trust);
	g_test_add_func ("/clock/watch", test_watch);
	return g_test_run ();
}
