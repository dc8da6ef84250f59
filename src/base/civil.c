/* base/civil.c — see civil.h.  Years begin in March here, so that the leap day is
 * the last of its year and a month's first day is a linear function. */
#include "base/civil.h"

#include "base/clock.h"

#define DAYS_PER_ERA 146097          /* 400 Gregorian years */
#define DAYS_0000_03_01_TO_1970 719468
#define DAY_FIRST G_GINT64_CONSTANT (-719528)   /* 0000-01-01 */
#define DAY_LAST G_GINT64_CONSTANT (2932896)    /* 9999-12-31 */

static gboolean
is_leap (int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

gboolean
civil_is_valid (CivilDate d)
{
	static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	if (d.year < 0 || d.year > 9999 || d.month < 1 || d.month > 12 || d.day < 1)
		return FALSE;
	return d.day <= lengths[d.month - 1] + (d.month == 2 && is_leap (d.year) ? 1 : 0);
}

gint64
civil_to_days (CivilDate d)
{
	g_assert (civil_is_valid (d));
	gint64 year = (gint64) d.year + 400 - (d.month <= 2 ? 1 : 0);   /* +400 keeps it positive */
	gint64 era = year / 400;
	gint64 of_era = year % 400;
	gint64 month = (d.month + 9) % 12;
	gint64 of_year = (153 * month + 2) / 5 + d.day - 1;
	gint64 day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
	return (era - 1) * DAYS_PER_ERA + day_of_era - DAYS_0000_03_01_TO_1970;
}

CivilDate
civil_from_days (gint64 days)
{
	g_assert (days >= DAY_FIRST && days <= DAY_LAST);
	gint64 shifted = days + DAYS_0000_03_01_TO_1970 + DAYS_PER_ERA;
	gint64 era = shifted / DAYS_PER_ERA;
	gint64 day_of_era = shifted % DAYS_PER_ERA;
	gint64 of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	gint64 of_year = day_of_era - (365 * of_era + of_era / 4 - of_era / 100);
	gint64 month = (5 * of_year + 2) / 153;
	CivilDate d;
	d.day = (int) (of_year - (153 * month + 2) / 5 + 1);
	d.month = (int) (month < 10 ? month + 3 : month - 9);
	d.year = (int) (of_era + (era - 1) * 400 + (d.month <= 2 ? 1 : 0));
	return d;
}

CivilDate
civil_beijing (gint64 micros)
{
	gint64 local = CLAMP (micros, DAY_FIRST * MICROS_PER_DAY, DAY_LAST * MICROS_PER_DAY) + 8 * MICROS_PER_HOUR;
	gint64 days = local / MICROS_PER_DAY - (local % MICROS_PER_DAY < 0 ? 1 : 0);
	return civil_from_days (days);
}
