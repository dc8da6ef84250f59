/* calendar/calendar.h — working days and service hours.
 *
 * Monday to Friday 8:30–17:30 Beijing time (contract, article 二) unless the calendar of the year says otherwise:
 * the State Council's holidays and make-up days are data, one document a year, shipped for 2024 to 2027 and
 * replaced by an officer.  A year without a document has weekends only, and says so.
 */
#pragma once
#include "base/clock.h"
#include "base/json.h"
#include "store/store.h"

/* Loads the shipped years that the database lacks.  Own transaction; call at start. */
gboolean calendar_seed (Store *store, Micros now, GError **error);
/* document: {year, source, provisional?, holidays:[{date, name}], workdays:[{date, name}]}.  DIQI_ERROR_FIELD_…; replaces the year. */
gboolean calendar_replace (Tx *tx, gint64 year, const json_t *document, const char *by, Micros now, GError **error);
/* The document of a year; DIQI_ERROR_NOT_FOUND. */
gboolean calendar_document (Tx *tx, gint64 year, json_t **out, GError **error);
/* Local (UTC+8) civil date of an instant. */
gboolean calendar_is_working_day (Tx *tx, Micros at, gboolean *working, GError **error);
/* End of service on the n-th working day after the day of `start`; a start after hours or on a free day counts
 * from the next working day. */
gboolean calendar_due (Tx *tx, Micros start, gint64 working_days, Micros *due, GError **error);
