/* calendar/calendar.c — see calendar.h.  Days are counted since 1970-01-01 in Beijing, which has had no summer
 * time since 1991: an instant's day is one division. */
#include "calendar/calendar.h"

#include <string.h>

#include "base/civil.h"
#include "base/error.h"
#include "calendar/calendar_db.h"
#include "calendar/calendar_document.h"

#include <gio/gio.h>

#define FOLDER "/cn/diqi/calendar"
#define SHIPPED "shipped"
#define BEIJING (8 * MICROS_PER_HOUR)
#define SERVICE_ENDS (17 * MICROS_PER_HOUR + 30 * MICROS_PER_MIN)       /* contract, article 二 */
#define WINDOW 64                                                       /* days looked up at once */
#define SATURDAY 5
#define DOCUMENT_MAX (256 * 1024)
#define START_MAX (G_GINT64_CONSTANT (2896524) * MICROS_PER_DAY)        /* 9900-06: what is promised from here stays below the year 9999 */

static gint64
day_of (Micros at)
{
	return civil_to_days (civil_beijing (at));
}

static Micros
midnight (gint64 day)
{
	return day * MICROS_PER_DAY - BEIJING;
}

/* --- documents -------------------------------------------------------------------------------- */

gboolean
calendar_version (Tx *tx, gint64 year, gint64 *version, GError **error)
{
	g_auto (CalendarYear) row = { 0 };
	gboolean found;

	if (!db_calendar_year (tx, year, TRUE, &row, &found, error))
		return FALSE;
	*version = found ? row.version : 0;
	return TRUE;
}

static gboolean
write_days (Tx *tx, const CalendarRules *rules, GError **error)
{
	if (!db_calendar_days_delete (tx, rules->year, error))
		return FALSE;
	for (guint i = 0; i < rules->days->len; i++) {
		const CalendarDay *day = &g_array_index (rules->days, CalendarDay, i);

		if (!db_calendar_day_insert (tx, day->day, rules->year, day->working, day->name, error))
			return FALSE;
	}
	return TRUE;
}

gboolean
calendar_replace (Tx *tx, gint64 year, const json_t *document, const char *by, Micros now, GError **error)
{
	g_auto (CalendarRules) rules = { 0 };
	g_auto (CalendarYear) row = { 0 };
	gint64 version;

	if (!calendar_rules_read (document, &rules, error))
		return FALSE;
	if (rules.year != year)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/calendar/year", "this is the calendar of %" G_GINT64_FORMAT, rules.year);
	if (!calendar_version (tx, year, &version, error))
		return FALSE;
	row = (CalendarYear) {
		.year = year, .version = version + 1, .provisional = rules.provisional, .document = jcs_dump (document, NULL, error),
		.changed = now, .changed_by = g_strdup (by),
	};
	return row.document && db_calendar_year_put (tx, &row, error) && db_calendar_version_insert (tx, &row, error) &&
	       write_days (tx, &rules, error);
}

static gboolean
load_year (Tx *tx, gint64 year, CalendarYear *row, json_t **document, GError **error)
{
	gboolean found;

	if (!db_calendar_year (tx, year, FALSE, row, &found, error))
		return FALSE;
	if (!found)
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no calendar of %" G_GINT64_FORMAT ": only weekends are free", year);
	*document = json_read_strict (row->document, strlen (row->document), DOCUMENT_MAX, error);
	return *document != NULL;
}

gboolean
calendar_document (Tx *tx, gint64 year, json_t **out, GError **error)
{
	g_auto (CalendarYear) row = { 0 };

	return load_year (tx, year, &row, out, error);
}

gboolean
calendar_view (Tx *tx, gint64 year, json_t **out, GError **error)
{
	g_auto (CalendarYear) row = { 0 };
	g_autoptr (json_t) document = NULL;
	g_autofree char *hash = NULL;

	if (!load_year (tx, year, &row, &document, error))
		return FALSE;
	hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, row.document, -1);
	*out = json_pack ("{s:I, s:I, s:b, s:s, s:O, s:o, s:s}", "year", (json_int_t) year, "version", (json_int_t) row.version,
	                  "provisional", row.provisional, "hash", hash, "calendar", document, "changed", json_time (row.changed),
	                  "changed_by", row.changed_by);
	return TRUE;
}

/* --- shipped years ------------------------------------------------------------------------------ */

typedef struct {
	Micros now;
} Seeding;

static json_t *
shipped_document (const char *name, GError **error)
{
	g_autofree char *path = g_strconcat (FOLDER "/", name, NULL);
	g_autoptr (GBytes) text = g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, error);
	gsize n;
	const char *p = text ? g_bytes_get_data (text, &n) : NULL;

	return p ? json_read_strict (p, n, DOCUMENT_MAX, error) : NULL;
}

/* What an officer put there stays; what an older program shipped gives way to what this one ships. */
static gboolean
seed_year (Tx *tx, const char *name, Micros now, GError **error)
{
	g_autoptr (json_t) document = shipped_document (name, error);
	g_auto (CalendarYear) row = { 0 };
	g_autofree char *text = NULL;
	gboolean found;
	gint64 year;

	if (!document)
		return FALSE;
	year = json_integer_value (json_object_get (document, "year"));
	text = jcs_dump (document, NULL, error);
	if (!text || !db_calendar_year (tx, year, TRUE, &row, &found, error))
		return FALSE;
	if (found && (!g_str_equal (row.changed_by, SHIPPED) || g_str_equal (row.document, text)))
		return TRUE;
	return calendar_replace (tx, year, document, SHIPPED, now, error);
}

static gboolean
seed (Tx *tx, gpointer arg, GError **error)
{
	const Seeding *seeding = arg;
	g_auto (GStrv) names = g_resources_enumerate_children (FOLDER, G_RESOURCE_LOOKUP_FLAGS_NONE, error);

	if (!names)
		return FALSE;
	for (guint i = 0; names[i]; i++)
		if (!seed_year (tx, names[i], seeding->now, error))
			return FALSE;
	return TRUE;
}

gboolean
calendar_seed (Store *store, Micros now, GError **error)
{
	Seeding seeding = { now };

	return store_run (store, "calendar.seed", seed, &seeding, error);
}

/* --- days --------------------------------------------------------------------------------------------- */

/* A walk over days that looks them up by windows. */
typedef struct {
	Tx *tx;
	GHashTable *days;
	gint64 first, last;        /* looked up; none when last < first */
} Walk;

static void
walk_clear (Walk *walk)
{
	g_clear_pointer (&walk->days, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Walk, walk_clear)

static gboolean
walk_is_working (Walk *walk, gint64 day, gboolean *working, GError **error)
{
	gpointer exception;

	if (!walk->days)
		walk->days = g_hash_table_new (NULL, NULL);
	if (day < walk->first || day > walk->last) {
		walk->first = day;
		walk->last = day + WINDOW - 1;
		g_hash_table_remove_all (walk->days);
		if (!db_calendar_days (walk->tx, walk->first, walk->last, walk->days, error))
			return FALSE;
	}
	if (g_hash_table_lookup_extended (walk->days, GINT_TO_POINTER ((int) day), NULL, &exception))
		*working = GPOINTER_TO_INT (exception) != 0;
	else
		*working = calendar_weekday (day) < SATURDAY;
	return TRUE;
}

gboolean
calendar_is_working_day (Tx *tx, Micros at, gboolean *working, GError **error)
{
	g_auto (Walk) walk = { .tx = tx, .last = -1 };

	return walk_is_working (&walk, day_of (at), working, error);
}

/* The first working day at or after *day. */
static gboolean
next_working (Walk *walk, gint64 *day, GError **error)
{
	gboolean working = FALSE;

	for (;; (*day)++) {
		if (!walk_is_working (walk, *day, &working, error))
			return FALSE;
		if (working)
			return TRUE;
	}
}

gboolean
calendar_due (Tx *tx, Micros start, gint64 working_days, Micros *due, GError **error)
{
	g_auto (Walk) walk = { .tx = tx, .last = -1 };
	gint64 day = day_of (start);

	if (working_days < 0 || working_days > CALENDAR_DAYS_MAX)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/days", "expected 0 to %d working days", CALENDAR_DAYS_MAX);
	if (start > START_MAX)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/from", "too far away");
	if (start >= midnight (day) + SERVICE_ENDS)
		day++;
	if (!next_working (&walk, &day, error))
		return FALSE;
	for (gint64 i = 0; i < working_days; i++) {
		day++;
		if (!next_working (&walk, &day, error))
			return FALSE;
	}
	*due = midnight (day) + SERVICE_ENDS;
	return TRUE;
}

gboolean
calendar_is_certain (Tx *tx, Micros from, Micros to, gboolean *certain, GError **error)
{
	gint64 first = civil_beijing (from).year, last = civil_beijing (to).year, n;

	if (!db_calendar_certain_years (tx, first, last, &n, error))
		return FALSE;
	*certain = n == last - first + 1;
	return TRUE;
}
