/* outbox/alarm.c — see alarm.h. */
#include "outbox/alarm.h"

#include "base/error.h"
#include "net/mail.h"
#include "outbox/alarm_db.h"
#include "outbox/outbox.h"

char **
alarm_addresses (const char *text, const char *field, GError **error)
{
	g_auto (GStrv) parts = g_strsplit (text, ",", ALARM_PEOPLE_MAX + 1);
	g_autoptr (GStrvBuilder) kept = g_strv_builder_new ();

	if (g_strv_length (parts) > ALARM_PEOPLE_MAX) {
		diqi_error_set (error, DIQI_ERROR_CONFIG, field, "at most %d addresses", ALARM_PEOPLE_MAX);
		return NULL;
	}
	for (gsize i = 0; parts[i] != NULL; i++) {
		if (*g_strstrip (parts[i]) == '\0')
			continue;
		if (!mail_address_is_plain (parts[i]) && !g_regex_match_simple ("^\\+?[0-9]{5,15}$", parts[i], G_REGEX_DOLLAR_ENDONLY, 0)) {
			diqi_error_set (error, DIQI_ERROR_CONFIG, field, "\"%s\" is no plain address", parts[i]);
			return NULL;
		}
		g_strv_builder_add (kept, parts[i]);
	}
	return g_strv_builder_end (kept);
}

/* The outbox takes a message of one key once. */
static gboolean
tell_one (Tx *tx, const Alarm *alarm, const char *key, const char *mail, const char *mobile, const char *language, Micros now, GError **error)
{
	g_autofree char *dedupe = g_strdup_printf ("%s:%s", key, mail != NULL ? mail : mobile);
	const OutboxMessage message = {
		.template_name = alarm->template_name, .params = alarm->params, .mail = mail, .mobile = mobile, .language = language, .dedupe = dedupe,
	};
	return outbox_tell (tx, &message, now, error);
}

static gboolean
tell (Tx *tx, const Alarm *alarm, Micros since, const AlarmPeople *people, Micros now, GError **error)
{
	g_autofree char *key = g_strdup_printf ("alarm:%s:%" G_GINT64_FORMAT ":%u", alarm->what, since, alarm->level);
	for (gsize i = 0; people->mail != NULL && people->mail[i] != NULL; i++) {
		if (!tell_one (tx, alarm, key, people->mail[i], NULL, people->language, now, error))
			return FALSE;
	}
	for (gsize i = 0; people->mobile != NULL && people->mobile[i] != NULL; i++) {
		if (!tell_one (tx, alarm, key, NULL, people->mobile[i], people->language, now, error))
			return FALSE;
	}
	return TRUE;
}

gboolean
alarm_set (Tx *tx, const Alarm *alarm, const AlarmPeople *people, Micros now, gboolean *rose, GError **error)
{
	g_autoptr (AlarmRow) row = NULL;

	if (!db_alarm_get (tx, alarm->what, &row, error))
		return FALSE;
	gboolean same = row != NULL && row->level > 0 && g_str_equal (row->about, alarm->about);
	gboolean higher = alarm->level > 0 && (!same || alarm->level > row->level);
	if (rose != NULL)
		*rose = higher;
	/* It begins when it leaves 0; one that rises or falls is still the same. */
	const AlarmRow next = { (char *) alarm->what, (char *) alarm->about, alarm->level, same ? row->since : now };
	gboolean differs = row == NULL ? alarm->level > 0 : row->level != alarm->level || (!same && alarm->level > 0);
	if (differs && !db_alarm_put (tx, &next, error))
		return FALSE;
	return alarm->level == 0 || tell (tx, alarm, next.since, people, now, error);
}

gboolean
alarm_list (Tx *tx, json_t **out, GError **error)
{
	g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) alarm_row_free);

	if (!db_alarm_raised (tx, rows, error))
		return FALSE;
	*out = json_array ();
	for (guint i = 0; i < rows->len; i++) {
		const AlarmRow *row = rows->pdata[i];
		json_array_append_new (*out, json_pack ("{s:s, s:I, s:s, s:o}", "what", row->what, "level", (json_int_t) row->level, "about", row->about,
		                                        "since", json_time (row->since)));
	}
	return TRUE;
}
