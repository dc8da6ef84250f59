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
/* In the inbox, newest first, older than `before` ("" from the newest); application or subject may be NULL. */
gboolean db_outbox_inbox (Tx *tx, const char *application, const char *subject, const char *before, guint limit, GPtrArray *out, GError **error);
gboolean db_outbox_read (Tx *tx, const char *message, const char *subject, Micros now, gboolean *found, GError **error);

/* Locks the row that fell due first on this channel; *row NULL when there is none. */
gboolean db_outbox_due (Tx *tx, const char *channel, Micros now, OutboxRow **row, GError **error);
/* One more attempt by `claim`; another may take over at `until`. */
gboolean db_outbox_claim (Tx *tx, const char *id, const char *claim, Micros until, GError **error);
typedef struct {
	const char *id, *claim, *state, *fate;
	Micros next_at, finished;      /* 0: NULL */
} OutboxFate;
/* No effect when another took over. */
gboolean db_outbox_record (Tx *tx, const OutboxFate *fate, GError **error);
gboolean db_outbox_waiting (Tx *tx, const char *channel, gint64 *n, GError **error);

/* For officers: rows of a state ("" all) and channels but "app", older than `before` ("" from the newest). */
gboolean db_outbox_list (Tx *tx, const char *state, const char *before, guint limit, GPtrArray *out, GError **error);
gboolean db_outbox_get (Tx *tx, const char *id, gboolean lock, OutboxRow **row, GError **error);
/* A dead or failed one is due again, with all its attempts. */
gboolean db_outbox_revive (Tx *tx, const char *id, Micros now, gboolean *found, GError **error);
/* Texts and addresses of an application are no longer needed. */
gboolean db_outbox_forget (Tx *tx, const char *application, Micros now, GError **error);
