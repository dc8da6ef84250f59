/* outbox/outbox.h — messages to people, recorded with the act that causes them and sent later.
 *
 * outbox_tell writes one row per channel in the caller's transaction: "app" always, "mail" when there is an address,
 * "hook" (SMS gateway, Standard Webhooks) when there is a mobile number and a hook is configured.  A worker takes
 * what is due, sends it, and records its fate: sent, or failed and when again, or dead after the last try.
 * Texts come from data/templates (zh-CN and en); parameters are data, never markup.
 */
#pragma once
#include "base/clock.h"
#include "base/json.h"
#include "store/store.h"

typedef struct {
	const char *template_name;      /* "application.accepted" …; DIQI_ERROR_INTERNAL if there is none */
	const char *application;        /* UUID or NULL */
	const char *subject;            /* UUID or NULL: whose inbox */
	const char *mail, *mobile;      /* NULL: unknown */
	const char *language;           /* "zh-CN" (default) or "en" */
	const json_t *params;           /* {name: string} */
	const char *dedupe;             /* NULL, or a key that makes a repeated message the same message */
} OutboxMessage;
gboolean outbox_tell (Tx *tx, const OutboxMessage *message, Micros now, GError **error);
/* Newest first: {message, template, title, text, time, read?} of an application or a subject (either may be NULL). */
gboolean outbox_inbox (Tx *tx, const char *application, const char *subject, guint limit, json_t **out, GError **error);
