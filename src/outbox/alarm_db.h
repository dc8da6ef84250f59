/* outbox/alarm_db.h — one SQL statement a function; used by alarm.c only. */
#pragma once
#include "outbox/alarm.h"

typedef struct {
	char *what, *about;
	gint64 level;
	Micros since;
} AlarmRow;
void alarm_row_free (AlarmRow *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AlarmRow, alarm_row_free)

/* *row NULL: never alarming. */
gboolean db_alarm_get (Tx *tx, const char *what, AlarmRow **row, GError **error);
gboolean db_alarm_put (Tx *tx, const AlarmRow *row, GError **error);
/* Level over 0: AlarmRow *, owned, by name. */
gboolean db_alarm_raised (Tx *tx, GPtrArray *out, GError **error);
