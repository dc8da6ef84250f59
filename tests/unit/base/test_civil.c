/* Every day of the years 0..9999, there and back, against a day counted by hand. */
#include "base/civil.h"

#include "base/clock.h"

static int
days_in (int year, int month)
{
	static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	gboolean leap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);
	return lengths[month - 1] + (month == 2 && leap);
}

static void
test_every_day (void)
{
	CivilDate d = { 0, 1, 1 };
	gint64 days = -719528;

	for (; d.year <= 9999; days++) {
		g_assert_cmpint (civil_to_days (d), ==, days);
		CivilDate back = civil_from_days (days);
		g_assert_true (back.year == d.year && back.month == d.month && back.day == d.day);
		if (++d.day > days_in (d.year, d.month)) {
			g_assert_false (civil_is_valid (d));
			d.day = 1;
			if (++d.month > 12) {
				d.month = 1;
				d.year++;
			}
		}
	}
	g_assert_cmpint (civil_to_days ((CivilDate) { 1970, 1, 1 }), ==, 0);
}

static void
test_invalid (void)
{
	static const CivilDate bad[] = { { 2026, 2, 29 }, { 1900, 2, 29 }, { 2026, 0, 1 }, { 2026, 13, 1 }, { 2026, 1, 0 },
		{ 2026, 4, 31 }, { -1, 1, 1 }, { 10000, 1, 1 } };
	for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
		g_assert_false (civil_is_valid (bad[i]));
	g_assert_true (civil_is_valid ((CivilDate) { 2000, 2, 29 }));
}

static void
test_beijing (void)
{
	/* 2026-04-02T15:59:59.999999Z is still the 2nd in Beijing, a microsecond later it is the 3rd. */
	gint64 t = civil_to_days ((CivilDate) { 2026, 4, 3 }) * MICROS_PER_DAY - 8 * MICROS_PER_HOUR;
	g_assert_cmpint (civil_beijing (t - 1).day, ==, 2);
	g_assert_cmpint (civil_beijing (t).day, ==, 3);
	g_assert_cmpint (civil_beijing (-1).year, ==, 1970);
	g_assert_cmpint (civil_beijing (-MICROS_PER_DAY).year, ==, 1969);
	g_assert_cmpint (civil_beijing (G_MAXINT64).year, ==, 9999);
	g_assert_cmpint (civil_beijing (G_MININT64).year, ==, 0);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/civil/every-day", test_every_day);
	g_test_add_func ("/civil/invalid", test_invalid);
	g_test_add_func ("/civil/beijing", test_beijing);
	return g_test_run ();
}
