/* outbox/outbox.c — see outbox.h. */
#include "outbox/outbox.h"

#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "net/mail.h"
#include "outbox/outbox_db.h"
#include "outbox/template.h"

/* --- telling --------------------------------------------------------------------------- */

typedef struct {
	Tx *tx;
	const OutboxMessage *message;
	const MessageText *text;
	const char *id;
	Micros now;
} Telling;

static gboolean
channel_is_on (Tx *tx, const char *channel, gboolean *on, GError **error)
{
	g_autofree char *value = db_outbox_setting (tx, channel, error);
	*on = g_strcmp0 (value, "on") == 0;
	return value != NULL;
}

/* What goes into an SMTP command or a gateway's request as it is; forms allow no more (registry/form_rules.c). */
static gboolean
address_is_usable (const char *channel, const char *address)
{
	if (strcmp (channel, "mail") == 0)
		return mail_address_is_plain (address);
	return g_regex_match_simple ("^\\+?[0-9]{5,15}$", address, G_REGEX_DOLLAR_ENDONLY, 0);
}

static gboolean
write_row (const Telling *t, const char *channel, const char *address, const char *body, gboolean *inserted, GError **error)
{
	const OutboxMessage *m = t->message;
	g_autofree char *id = uuid7_new (t->now);
	gboolean app = address == NULL, usable = app || address_is_usable (channel, address);
	const OutboxRow row = {
		.id = id, .message = (char *) t->id, .channel = (char *) channel, .template_name = (char *) m->template_name,
		.language = (char *) (m->language != NULL ? m->language : "zh-CN"), .application = (char *) m->application,
		.subject = (char *) m->subject, .address = (char *) address, .title = t->text->subject, .body = (char *) body,
		.state = (char *) (app ? "sent" : usable ? "due" : "dead"), .fate = (char *) (usable ? NULL : "the address is not usable"),
		.next_at = app || !usable ? 0 : t->now, .created = t->now, .finished = app || !usable ? t->now : 0,
	};
	return db_outbox_insert (t->tx, &row, m->dedupe, inserted, error);
}

static gboolean
tell_outside (const Telling *t, const char *channel, const char *address, const char *body, GError **error)
{
	gboolean on, inserted;
	if (address == NULL || *address == '\0')
		return TRUE;
	if (!channel_is_on (t->tx, channel, &on, error))
		return FALSE;
	return !on || write_row (t, channel, address, body, &inserted, error);
}

gboolean
outbox_tell (Tx *tx, const OutboxMessage *message, Micros now, GError **error)
{
	g_auto (MessageText) text = { 0 };
	g_autofree char *site = db_outbox_setting (tx, "site", error);
	gboolean told;
	if (site == NULL || !template_render (templates_builtin (), message->template_name, message->language, message->params, site, &text, error))
		return FALSE;
	g_autofree char *id = uuid7_new (now);
	const Telling t = { tx, message, &text, id, now };
	if (!write_row (&t, "app", NULL, text.app, &told, error))
		return FALSE;
	if (!told)
		return TRUE;
	if (message->application != NULL && message->subject != NULL && !db_outbox_adopt (tx, message->application, message->subject, error))
		return FALSE;
	return tell_outside (&t, "mail", message->mail, text.mail, error) && tell_outside (&t, "hook", message->mobile, text.brief, error);
}

gboolean
outbox_configure (Tx *tx, const char *site_name, gboolean mail, gboolean hook, GError **error)
{
	return db_outbox_set (tx, "site", site_name, error) && db_outbox_set (tx, "mail", mail ? "on" : "off", error) &&
	       db_outbox_set (tx, "hook", hook ? "on" : "off", error);
}

/* --- the inbox --------------------------------------------------------------------------- */

static json_t *
inbox_view (const OutboxRow *row)
{
	json_t *view = json_pack ("{s:s, s:s, s:s, s:s, s:o}", "message", row->message, "template", row->template_name,
	                          "title", row->title, "text", row->body, "time", json_time (row->created));
	if (row->read_at != 0)
		json_object_set_new (view, "read", json_time (row->read_at));
	return view;
}

/* A page of views of one row more than asked for, which tells whether there is another page. */
static void
page_of (GPtrArray *rows, guint limit, json_t *(*view) (const OutboxRow *row), json_t **items, char **next_cursor)
{
	*items = json_array ();
	for (guint i = 0; i < MIN (rows->len, limit); i++)
		json_array_append_new (*items, view (rows->pdata[i]));
	*next_cursor = rows->len > limit ? g_strdup (((OutboxRow *) rows->pdata[limit - 1])->id) : NULL;
}

static gboolean
check_cursor (const char *cursor, GError **error)
{
	return cursor == NULL || uuid_is_valid (cursor) || diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "cursor", "this is no cursor of a list");
}

gboolean
outbox_inbox_page (Tx *tx, const char *application, const char *subject, const char *cursor, guint limit,
                   json_t **items, char **next_cursor, GError **error)
{
	g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) outbox_row_free);
	g_assert (application != NULL || subject != NULL);
	if (!check_cursor (cursor, error) ||
	    !db_outbox_inbox (tx, application, subject, cursor != NULL ? cursor : "", limit + 1, rows, error))
		return FALSE;
	page_of (rows, limit, inbox_view, items, next_cursor);
	return TRUE;
}

gboolean
outbox_mark_read (Tx *tx, const char *message, const char *subject, Micros now, GError **error)
{
	gboolean found;
	if (!db_outbox_read (tx, message, subject, now, &found, error))
		return FALSE;
	return found || diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "you have no such message");
}

/* --- for officers ------------------------------------------------------------------------ */

/* Enough to recognise an address by, too little to use it. */
static char *
mask (const char *address)
{
	const char *at = strchr (address, '@');
	gsize n = strlen (address);
	if (at != NULL)
		return g_strdup_printf ("%c***%s", *address, at);
	return n >= 7 ? g_strdup_printf ("%.3s****%s", address, address + n - 2) : g_strdup ("****");
}

static void
set_text (json_t *view, const char *name, const char *text)
{
	if (text != NULL)
		json_object_set_new (view, name, json_string (text));
}

static json_t *
delivery_view (const OutboxRow *row)
{
	g_autofree char *address = mask (row->address);
	json_t *view = json_pack ("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:o}", "delivery", row->id, "message", row->message, "channel", row->channel,
	                          "template", row->template_name, "address", address, "state", row->state, "attempts", (json_int_t) row->attempts,
	                          "created", json_time (row->created));
	set_text (view, "application", row->application);
	set_text (view, "subject", row->subject);
	set_text (view, "fate", row->fate);
	if (row->next_at != 0)
		json_object_set_new (view, "next", json_time (row->next_at));
	if (row->finished != 0)
		json_object_set_new (view, "finished", json_time (row->finished));
	return view;
}

gboolean
outbox_list (Tx *tx, const char *state, const char *cursor, guint limit, json_t **items, char **next_cursor, GError **error)
{
	static const char *const states[] = { "due", "failed", "sent", "dead", NULL };
	g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) outbox_row_free);
	if (state != NULL && !g_strv_contains (states, state))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "state", "the state is due, failed, sent or dead");
	if (!check_cursor (cursor, error) ||
	    !db_outbox_list (tx, state != NULL ? state : "", cursor != NULL ? cursor : "", limit + 1, rows, error))
		return FALSE;
	page_of (rows, limit, delivery_view, items, next_cursor);
	return TRUE;
}

static gboolean
find_delivery (Tx *tx, const char *id, gboolean lock, OutboxRow **row, GError **error)
{
	if (!db_outbox_get (tx, id, lock, row, error))
		return FALSE;
	/* What is in somebody's inbox is no business of officers. */
	if (*row == NULL || (*row)->address == NULL)
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "there is no delivery %s", id);
	return TRUE;
}

gboolean
outbox_retry (Tx *tx, const char *delivery, Micros now, json_t **view, GError **error)
{
	g_autoptr (OutboxRow) row = NULL;
	g_autoptr (OutboxRow) after = NULL;
	gboolean revived;
	if (!find_delivery (tx, delivery, TRUE, &row, error) || !db_outbox_revive (tx, delivery, now, &revived, error))
		return FALSE;
	if (!revived)
		return diqi_fail (error, DIQI_ERROR_MESSAGE_STATE, NULL, "only what failed or is given up can be sent again; this is \"%s\"", row->state);
	if (!find_delivery (tx, delivery, FALSE, &after, error))
		return FALSE;
	*view = delivery_view (after);
	return TRUE;
}

gboolean
outbox_forget (Tx *tx, const char *application, Micros now, GError **error)
{
	return db_outbox_forget (tx, application, now, error);
}
