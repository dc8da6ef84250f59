/* outbox/ics.h — a calendar of dates that people must not miss, RFC 5545. */
#pragma once
#include "base/clock.h"
#include <glib.h>

#define ICS_ALARMS 4

typedef struct {
	const char *uid;                   /* the same for the same thing, whenever it is written */
	const char *summary, *description; /* any text; description may be NULL */
	Micros at;                         /* a moment, without length */
	Micros revised;                    /* since when this is so */
	guint alarms[ICS_ALARMS];          /* days before; 0: none */
} IcsEvent;

/* "BEGIN:VCALENDAR" …; then events, then the end. */
void ics_begin (GString *out, const char *name);
void ics_event (GString *out, const IcsEvent *event);
void ics_end (GString *out);
