/* base/civil.h — the proleptic Gregorian calendar as arithmetic: no time zone
 * data, no locale, no libc calendar. */
#pragma once
#include <glib.h>

typedef struct {
	int year, month, day;
} CivilDate;

gboolean civil_is_valid (CivilDate d);        /* a real date of the years 0..9999 */
gint64 civil_to_days (CivilDate d);           /* days since 1970-01-01; d must be valid */
CivilDate civil_from_days (gint64 days);      /* years 0..9999, else a programming error */
CivilDate civil_beijing (gint64 micros);      /* the date in Asia/Shanghai, always +08:00 since 1992 */
