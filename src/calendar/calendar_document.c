/* calendar/calendar_document.c — see calendar_document.h. */
#include "calendar/calendar_document.h"

#include <string.h>

#include "base/civil.h"
#include "base/error.h"

#define YEAR_FIRST 2000
#define YEAR_LAST 2199
#define SATURDAY 5

void
calendar_rules_clear (CalendarRules *rules)
{
	g_clear_pointer (&rules->days, g_array_unref);
}

int
calendar_weekday (gint64 day)
{
	gint64 of_week = (day + 3) % 7;          /* 1970-01-01 was a Thursday */

	return (int) (of_week < 0 ? of_week + 7 : of_week);
}

/* Exactly "2026-02-14". */
static gboolean
read_date (const char *text, CivilDate *out)
{
	if (strlen (text) != 10 || strspn (text, "0123456789") != 4 || text[4] != '-' || strspn (text + 5, "0123456789") != 2 ||
	    text[7] != '-' || strspn (text + 8, "0123456789") != 2)
		return FALSE;
	*out = (CivilDate) { (int) g_ascii_strtoll (text, NULL, 10), (int) g_ascii_strtoll (text + 5, NULL, 10),
	                     (int) g_ascii_strtoll (text + 8, NULL, 10) };
	return civil_is_valid (*out);
}

static gboolean
read_day (const json_t *item, const char *at, CalendarRules *rules, gboolean working, GHashTable *seen, GError **error)
{
	g_autofree char *date_at = g_strconcat (at, "/date", NULL);
	const char *date = NULL;
	CalendarDay day = { .working = working };
	CivilDate civil;
	const Field fields[] = {
		{ "date", FIELD_STRING, TRUE, 10, &date },
		{ "name", FIELD_STRING, TRUE, 60, &day.name },
	};

	if (!JSON_READ (item, at, fields, error))
		return FALSE;
	if (!read_date (date, &civil))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, date_at, "expected a date like 2026-02-14");
	if (civil.year != rules->year)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, date_at, "%s is not of the year %" G_GINT64_FORMAT, date, rules->year);
	day.day = civil_to_days (civil);
	if (!g_hash_table_add (seen, GINT_TO_POINTER ((int) day.day)))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, date_at, "%s is there twice", date);
	/* 调休: a weekday is a working day anyway, so one that is listed is a slip of the pen. */
	if (working && calendar_weekday (day.day) < SATURDAY)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, date_at, "%s is no Saturday or Sunday", date);
	g_array_append_val (rules->days, day);
	return TRUE;
}

static gboolean
read_days (const json_t *list, const char *member, CalendarRules *rules, gboolean working, GHashTable *seen, GError **error)
{
	for (gsize i = 0; i < json_array_size (list); i++) {
		g_autofree char *at = g_strdup_printf ("/calendar/%s/%zu", member, i);

		if (!read_day (json_array_get (list, i), at, rules, working, seen, error))
			return FALSE;
	}
	return TRUE;
}

gboolean
calendar_rules_read (const json_t *document, CalendarRules *out, GError **error)
{
	g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
	g_auto (CalendarRules) rules = { .days = g_array_new (FALSE, FALSE, sizeof (CalendarDay)) };
	const char *source = NULL;
	json_t *holidays = NULL, *workdays = NULL;
	const Field fields[] = {
		{ "year", FIELD_INT, TRUE, 0, &rules.year },
		{ "source", FIELD_STRING, TRUE, 500, &source },
		{ "provisional", FIELD_BOOL, FALSE, 0, &rules.provisional },
		{ "holidays", FIELD_ARRAY, TRUE, 366, &holidays },
		{ "workdays", FIELD_ARRAY, TRUE, 366, &workdays },
	};

	if (!JSON_READ (document, "/calendar", fields, error))
		return FALSE;
	if (rules.year < YEAR_FIRST || rules.year > YEAR_LAST)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/calendar/year", "expected a year from %d to %d", YEAR_FIRST, YEAR_LAST);
	if (!read_days (holidays, "holidays", &rules, FALSE, seen, error) || !read_days (workdays, "workdays", &rules, TRUE, seen, error))
		return FALSE;
	*out = rules;
	rules.days = NULL;
	return TRUE;
}
