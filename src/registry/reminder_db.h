/* registry/reminder_db.h — one SQL statement a function; used by reminder.c only. */
#pragma once
#include "registry/application_private.h"

typedef struct {
	char *serial, *subject, *application, *document, *language;
	SubjectKind kind;
	Micros not_after, stopped;      /* since when it is on hold; 0 it is not */
} LapsingRow;
void lapsing_row_free (LapsingRow *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LapsingRow, lapsing_row_free)

/* Valid certificates without successor that lapse in (from, to] and were not reminded `about` it: LapsingRow *, owned. */
gboolean db_lapsing (Tx *tx, Micros from, Micros to, const char *about, guint limit, GPtrArray *out, GError **error);
/* The one with this fingerprint, on the same conditions; *row NULL when there is none. */
gboolean db_lapsing_by_fingerprint (Tx *tx, const char *fingerprint, const char *about, LapsingRow **row, GError **error);
/* Whatever its state; *row NULL for an officer's, which no application asked for. */
gboolean db_certificate_holder (Tx *tx, const char *serial, LapsingRow **row, GError **error);
/* On hold since `before` or longer, and their holder was not told that this hold ends: likewise.  Their certificates are good until after `now`. */
gboolean db_held_long (Tx *tx, Micros before, Micros now, guint limit, GPtrArray *out, GError **error);
gboolean db_reminder_insert (Tx *tx, const char *serial, const char *about, Micros now, GError **error);
