/* outbox/outbox_db.h — one SQL statement a function; used by outbox only. */
#pragma once
#include "outbox/outbox.h"

typedef struct {
	char *id, *message, *channel, *template_name, *language, *application, *subject, *address, *title, *body, *state, *fate;
	gint64 attempts;
	Micros next_at, created, finished, read_at;       /* 0: NULL */
} OutboxRow;
void outbox_row_free (OutboxRow *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (OutboxRow, outbox_row_free)

/* NULL with an error when there is none: the migration writes all. */
char *db_outbox_setting (Tx *tx, const char *name, GError **error);
gboolean db_outbox_set (Tx *tx, const char *name, const char *value, GError **error);

/* FALSE *inserted: a message with this dedupe key was told before. */
gboolean db_outbox_insert (Tx *tx, const OutboxRow *row, const char *dedupe, gboolean *inserted, GError **error);
/* What was told about the application before its subject was known. */
gboolean db_outbox_adopt (Tx *tx, const char *application, const char *subject, GError **error);
/* In the inbox, newest first; application or subject may be NULL. */
gboolean db_outbox_inbox (Tx *tx, const char *application, const char *subject, guint limit, GPtrArray *out, GError **error);
gboolean db_outbox_read (Tx *tx, const char *message, const char *subject, Micros now, gboolean *found, GError **error);
