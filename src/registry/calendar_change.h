/* registry/calendar_change.h — an administrator replaces the calendar of a year (calendar/calendar.h). */
#pragma once
#include "calendar/calendar.h"
#include "registry/registry.h"

/* Statement calendar.change: {year, calendar}.  expected_version: of If-Match, 0 for a year without a calendar;
 * DIQI_ERROR_IF_MATCH_STALE.  *view: calendar_view. */
gboolean calendar_change (Tx *tx, Registry *registry, const Actor *actor, gint64 year, gint64 expected_version,
                          const json_t *document, const Statement *statement, json_t **view, GError **error);
