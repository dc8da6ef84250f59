/* outbox/outbox.h — messages to people, recorded with the act that causes them and sent later.
 *
 * outbox_tell writes one row per channel in the caller's transaction: "app" always, "mail" when there is an address
 * and the site has mail, "hook" (SMS gateway, Standard Webhooks) when there is a mobile number and the site has a hook.
 * The inbox has its message at once; a worker (outbox/sender.h) takes the rest as it falls due, sends it, and records its
 * fate: sent, or failed and when again, or dead after the last try.
 * Texts come from data/templates (zh-CN and en; see outbox/template.h): a row keeps the text as it was told.
 */
#pragma once
#include "base/clock.h"
#include "base/json.h"
#include "store/store.h"

typedef struct {
	const char *template_name;      /* "application.accepted" …; DIQI_ERROR_INTERNAL if there is none */
	const char *application;        /* UUID or NULL */
	const char *subject;            /* UUID or NULL: whose inbox; takes over what was told about the application without one */
	const char *mail, *mobile;      /* NULL: unknown */
	const char *language;           /* "zh-CN" (NULL) or "en" */
	/* {name: string} as data/templates/params.json asks: `amount` in fen, times as RFC 3339, `service` and revocation
	 * reasons by their names.  One that is missing: DIQI_ERROR_INTERNAL.  Borrowed; NULL: none. */
	const json_t *params;
	const char *dedupe;             /* NULL, or a key that makes a repeated message the same message */
} OutboxMessage;
gboolean outbox_tell (Tx *tx, const OutboxMessage *message, Micros now, GError **error);

/* A page, newest first: [{message, template, title, text, time, read?}] of an application or a subject; one may be NULL.
 * cursor NULL: from the newest; *next_cursor NULL at the end, caller frees. */
gboolean outbox_inbox_page (Tx *tx, const char *application, const char *subject, const char *cursor, guint limit,
                            json_t **items, char **next_cursor, GError **error);
/* Read by its subject; DIQI_ERROR_NOT_FOUND for anybody else. */
gboolean outbox_mark_read (Tx *tx, const char *message, const char *subject, Micros now, GError **error);

/* Which channels there are from now on, and the name the site signs with. */
gboolean outbox_configure (Tx *tx, const char *site_name, gboolean mail, gboolean hook, GError **error);

/* --- for officers ------------------------------------------------------------------------ */
/* What left or should leave the house, newest first, without its text: {delivery, message, channel, template, application?,
 * subject?, address (masked), state, attempts, next?, fate?, created, finished?}.  state NULL: all; DIQI_ERROR_FIELD_VALUE. */
gboolean outbox_list (Tx *tx, const char *state, const char *cursor, guint limit, json_t **items, char **next_cursor, GError **error);
/* A failed or dead one is sent again, with all its attempts: {…} as above.  DIQI_ERROR_NOT_FOUND; _MESSAGE_STATE when it was sent or waits for its first try. */
gboolean outbox_retry (Tx *tx, const char *delivery, Micros now, json_t **view, GError **error);
/* Retention is over: texts and addresses of an application go, that something was sent stays. */
gboolean outbox_forget (Tx *tx, const char *application, Micros now, GError **error);
