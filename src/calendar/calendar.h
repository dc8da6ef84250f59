/* calendar/calendar.h — working days and service hours.
 *
 * Monday to Friday 8:30–17:30 Beijing time (contract, article 二) unless the calendar of the year says otherwise:
 * the State Council's holidays and make-up days are data, one document a year, shipped for 2024 to 2027 and
 * replaced by an officer.  A year without a document has weekends only, and says so.
 *
 * A document: {year, source, provisional?, holidays:[{date, name}], workdays:[{date, name}]}, dates "2026-02-14" of
 * that year, no date twice, workdays on Saturdays and Sundays only.  Every version is kept.
 */
#pragma once
#include "base/clock.h"
#include "base/json.h"
#include "store/store.h"

#define CALENDAR_DAYS_MAX 3660        /* most working days that can be promised */

/* Loads the shipped years that the database lacks, or has only as an older program shipped them.  Own transaction; call at start. */
gboolean calendar_seed (Store *store, Micros now, GError **error);
/* Replaces the year.  DIQI_ERROR_FIELD_… below "/calendar". */
gboolean calendar_replace (Tx *tx, gint64 year, const json_t *document, const char *by, Micros now, GError **error);
/* The document of a year; DIQI_ERROR_NOT_FOUND. */
gboolean calendar_document (Tx *tx, gint64 year, json_t **out, GError **error);
/* {year, version, provisional, hash, calendar: document, changed, changed_by}; DIQI_ERROR_NOT_FOUND. */
gboolean calendar_view (Tx *tx, gint64 year, json_t **out, GError **error);
/* Locks the year until the end of the transaction; *version 0 without a document. */
gboolean calendar_version (Tx *tx, gint64 year, gint64 *version, GError **error);
/* Local (UTC+8) civil date of an instant. */
gboolean calendar_is_working_day (Tx *tx, Micros at, gboolean *working, GError **error);
/* End of service on the n-th working day after the day of `start`; a start after hours or on a free day counts
 * from the next working day.  0 ≤ n ≤ CALENDAR_DAYS_MAX. */
gboolean calendar_due (Tx *tx, Micros start, gint64 working_days, Micros *due, GError **error);
/* Do all years from one instant to the other have a document that is not provisional? */
gboolean calendar_is_certain (Tx *tx, Micros from, Micros to, gboolean *certain, GError **error);
