/* calendar/calendar_document.h — the arrangement of a year, read and checked; used by calendar only. */
#pragma once
#include "base/json.h"

typedef struct {
	gint64 day;                /* since 1970-01-01 */
	gboolean working;
	const char *name;          /* borrowed from the document */
} CalendarDay;

typedef struct {
	gint64 year;
	gboolean provisional;
	GArray *days;              /* CalendarDay, in order of the document */
} CalendarRules;
void calendar_rules_clear (CalendarRules *rules);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CalendarRules, calendar_rules_clear)

/* DIQI_ERROR_FIELD_… below "/calendar". */
gboolean calendar_rules_read (const json_t *document, CalendarRules *out, GError **error);
/* 0 Monday … 6 Sunday. */
int calendar_weekday (gint64 day);
