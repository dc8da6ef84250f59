/* calendar/calendar_db.h — one SQL statement a function; used by calendar only. */
#pragma once
#include "base/clock.h"
#include "store/store.h"

typedef struct {
	gint64 year, version;
	gboolean provisional;
	char *document, *changed_by;
	Micros changed;
} CalendarYear;
void calendar_year_clear (CalendarYear *year);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CalendarYear, calendar_year_clear)

gboolean db_calendar_year (Tx *tx, gint64 year, gboolean lock, CalendarYear *out, gboolean *found, GError **error);
gboolean db_calendar_year_put (Tx *tx, const CalendarYear *year, GError **error);
gboolean db_calendar_version_insert (Tx *tx, const CalendarYear *year, GError **error);
gboolean db_calendar_days_delete (Tx *tx, gint64 year, GError **error);
gboolean db_calendar_day_insert (Tx *tx, gint64 day, gint64 year, gboolean working, const char *name, GError **error);
/* Days of [first, last] that differ from their weekday: GINT_TO_POINTER (day) → GINT_TO_POINTER (working). */
gboolean db_calendar_days (Tx *tx, gint64 first, gint64 last, GHashTable *out, GError **error);
/* How many years of [first, last] have a document that is not provisional. */
gboolean db_calendar_certain_years (Tx *tx, gint64 first, gint64 last, gint64 *n, GError **error);
