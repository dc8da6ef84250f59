/* Working days and promised times, on the shipped arrangements of the State Council. */
#include <string.h>

#include "base/civil.h"
#include "base/error.h"
#include "calendar/calendar.h"
#include "unit/support/test_store.h"

#define NOW (G_GINT64_CONSTANT (1795348800) * MICROS_PER_S)

/* "2026-02-13 16:00", Beijing. */
static Micros
beijing (const char *text)
{
	g_autofree char *rfc = g_strdup_printf ("%.10sT%s:00+08:00", text, text + 11);
	g_autoptr (GError) error = NULL;
	Micros at;

	if (!time_parse (rfc, &at, &error))
		g_error ("%s: %s", text, error->message);
	return at;
}

typedef struct {
	Micros start;
	gint64 days;
	Micros due;
	gboolean working, certain;
	gint64 year, version;
	const char *json;
	json_t *document, *view;
} Args;

static gboolean
tx_due (Tx *tx, gpointer arg, GError **error)
{
	Args *args = arg;

	return calendar_due (tx, args->start, args->days, &args->due, error);
}

static gboolean
tx_working (Tx *tx, gpointer arg, GError **error)
{
	Args *args = arg;

	return calendar_is_working_day (tx, args->start, &args->working, error);
}

static gboolean
tx_certain (Tx *tx, gpointer arg, GError **error)
{
	Args *args = arg;

	return calendar_is_certain (tx, args->start, args->due, &args->certain, error);
}

static gboolean
tx_replace (Tx *tx, gpointer arg, GError **error)
{
	Args *args = arg;
	g_autoptr (json_t) document = json_read_strict (args->json, strlen (args->json), 1 << 20, error);

	return document && calendar_replace (tx, args->year, document, "somebody", NOW, error);
}

static gboolean
tx_read (Tx *tx, gpointer arg, GError **error)
{
	Args *args = arg;

	return calendar_document (tx, args->year, &args->document, error) && calendar_view (tx, args->year, &args->view, error) &&
	       calendar_version (tx, args->year, &args->version, error);
}

static void
seed (Store *store)
{
	g_autoptr (GError) error = NULL;

	calendar_seed (store, NOW, &error);
	g_assert_no_error (error);
}

static Micros
due (Store *store, const char *start, gint64 days)
{
	Args args = { .start = beijing (start), .days = days };
	g_autoptr (GError) error = NULL;

	store_read (store, "due", tx_due, &args, &error);
	g_assert_no_error (error);
	return args.due;
}

static const struct {
	const char *what, *start;
	gint64 days;
	const char *due;
} promises[] = {
	{ "a week without holidays", "2026-03-02 09:00", 5, "2026-03-09 17:30" },
	{ "on the day itself", "2026-03-02 09:00", 0, "2026-03-02 17:30" },
	{ "before service begins the day counts", "2026-03-02 07:00", 1, "2026-03-03 17:30" },
	{ "the last minute of service", "2026-03-02 17:29", 1, "2026-03-03 17:30" },
	{ "the moment service ends", "2026-03-02 17:30", 1, "2026-03-04 17:30" },
	{ "after hours", "2026-03-02 23:59", 5, "2026-03-10 17:30" },
	{ "Friday after hours counts from Monday", "2026-03-06 18:00", 1, "2026-03-10 17:30" },
	{ "Saturday counts from Monday", "2026-03-07 10:00", 5, "2026-03-16 17:30" },
	{ "a day of Beijing begins at 16:00 UTC", "2026-03-09 00:10", 1, "2026-03-10 17:30" },
	{ "Spring Festival 2026, with its make-up Saturday before", "2026-02-13 10:00", 1, "2026-02-14 17:30" },
	{ "handed in on a make-up Saturday", "2026-02-14 10:00", 1, "2026-02-24 17:30" },
	{ "handed in on a make-up Saturday after hours", "2026-02-14 18:00", 0, "2026-02-24 17:30" },
	{ "over the long holiday and the make-up Saturday after it", "2026-02-14 10:00", 5, "2026-02-28 17:30" },
	{ "in the middle of the long holiday", "2026-02-18 10:00", 5, "2026-03-02 17:30" },
	{ "a make-up Sunday before Spring Festival 2025", "2025-01-24 10:00", 1, "2025-01-26 17:30" },
	{ "National Day and Mid-Autumn 2025, eight days", "2025-09-30 16:00", 3, "2025-10-11 17:30" },
	{ "Labour Day 2024 between two make-up days", "2024-04-26 09:00", 5, "2024-05-07 17:30" },
	{ "Spring Festival 2024", "2024-02-08 09:00", 3, "2024-02-19 17:30" },
	{ "over the year's end to the make-up Sunday", "2025-12-31 09:00", 1, "2026-01-04 17:30" },
	{ "29 February", "2024-02-28 09:00", 1, "2024-02-29 17:30" },
	{ "into the provisional year: statutory holidays only", "2026-12-31 09:00", 1, "2027-01-04 17:30" },
	{ "Spring Festival of the provisional year", "2027-02-04 09:00", 1, "2027-02-09 17:30" },
	{ "into a year without a document: weekends only", "2027-12-30 09:00", 3, "2028-01-04 17:30" },
	{ "a whole year's worth", "2026-01-05 09:00", 248, "2027-01-05 17:30" },
};

static void
test_promises (TestStore *t)
{
	seed (t->store);
	for (guint i = 0; i < G_N_ELEMENTS (promises); i++) {
		Micros got = due (t->store, promises[i].start, promises[i].days);
		g_autofree char *said = time_format_beijing (got);
		g_autofree char *want = g_strconcat (promises[i].due, ":00", NULL);

		g_test_message ("%s", promises[i].what);
		g_assert_cmpstr (said, ==, want);
	}
}

static const struct {
	const char *at;
	gboolean working;
} days[] = {
	{ "2026-01-01 09:00", FALSE }, { "2026-01-04 09:00", TRUE }, { "2026-02-14 00:00", TRUE }, { "2026-02-15 00:00", FALSE },
	{ "2026-02-23 23:59", FALSE }, { "2026-02-24 00:00", TRUE }, { "2026-02-28 12:00", TRUE }, { "2026-05-09 12:00", TRUE },
	{ "2026-09-20 12:00", TRUE }, { "2026-10-07 12:00", FALSE }, { "2026-10-10 12:00", TRUE }, { "2026-10-11 12:00", FALSE },
	{ "2025-06-02 12:00", FALSE }, { "2025-10-08 12:00", FALSE }, { "2024-02-09 12:00", TRUE }, { "2024-09-14 12:00", TRUE },
	{ "2027-05-03 12:00", TRUE }, { "2023-10-02 12:00", TRUE }, { "2023-10-01 12:00", FALSE },
};

static void
test_days (TestStore *t)
{
	seed (t->store);
	for (guint i = 0; i < G_N_ELEMENTS (days); i++) {
		Args args = { .start = beijing (days[i].at) };
		g_autoptr (GError) error = NULL;

		store_read (t->store, "working", tx_working, &args, &error);
		g_assert_no_error (error);
		g_test_message ("%s", days[i].at);
		g_assert_cmpint (args.working, ==, days[i].working);
	}
}

/* Working days of the shipped years, counted by their announcements. */
static void
test_counts (TestStore *t)
{
	static const struct { int year, working; } years[] = { { 2024, 251 }, { 2025, 248 }, { 2026, 248 }, { 2027, 254 } };

	seed (t->store);
	for (guint i = 0; i < G_N_ELEMENTS (years); i++) {
		gint64 first = civil_to_days ((CivilDate) { years[i].year, 1, 1 }), end = civil_to_days ((CivilDate) { years[i].year + 1, 1, 1 });
		int n = 0;

		for (gint64 day = first; day < end; day++) {
			Args args = { .start = day * MICROS_PER_DAY };
			store_read (t->store, "working", tx_working, &args, NULL);
			n += args.working;
		}
		g_assert_cmpint (n, ==, years[i].working);
	}
}

static void
test_certainty (TestStore *t)
{
	static const struct { const char *from, *to; gboolean certain; } spans[] = {
		{ "2026-01-01 00:00", "2026-12-31 23:59", TRUE }, { "2024-05-01 00:00", "2026-12-31 23:59", TRUE },
		{ "2026-12-31 09:00", "2027-01-04 17:30", FALSE }, { "2027-12-30 09:00", "2028-01-04 17:30", FALSE },
		{ "2023-12-29 09:00", "2024-01-02 17:30", FALSE },
	};

	seed (t->store);
	for (guint i = 0; i < G_N_ELEMENTS (spans); i++) {
		Args args = { .start = beijing (spans[i].from), .due = beijing (spans[i].to) };

		g_assert_true (store_read (t->store, "certain", tx_certain, &args, NULL));
		g_assert_cmpint (args.certain, ==, spans[i].certain);
	}
}

#define DAYS(holidays, workdays) "{\"year\":2028,\"source\":\"x\",\"holidays\":[" holidays "],\"workdays\":[" workdays "]}"
#define DAY(date) "{\"date\":\"" date "\",\"name\":\"n\"}"

static const struct {
	const char *json, *field;
	int code;
} refusals[] = {
	{ "{}", "/calendar/year", DIQI_ERROR_FIELD_MISSING },
	{ "{\"year\":2028,\"source\":\"x\",\"holidays\":[]}", "/calendar/workdays", DIQI_ERROR_FIELD_MISSING },
	{ "{\"year\":2027,\"source\":\"x\",\"holidays\":[],\"workdays\":[]}", "/calendar/year", DIQI_ERROR_FIELD_VALUE },
	{ "{\"year\":1999,\"source\":\"x\",\"holidays\":[],\"workdays\":[]}", "/calendar/year", DIQI_ERROR_FIELD_VALUE },
	{ "{\"year\":2028,\"source\":\"x\",\"holidays\":[],\"workdays\":[],\"more\":1}", "/calendar/more", DIQI_ERROR_FIELD_UNKNOWN },
	{ DAYS ("{\"date\":\"2028-01-03\"}", ""), "/calendar/holidays/0/name", DIQI_ERROR_FIELD_MISSING },
	{ DAYS ("7", ""), "/calendar/holidays/0", DIQI_ERROR_FIELD_TYPE },
	{ DAYS (DAY ("2028-02-30"), ""), "/calendar/holidays/0/date", DIQI_ERROR_FIELD_VALUE },
	{ DAYS (DAY ("2028-1-03"), ""), "/calendar/holidays/0/date", DIQI_ERROR_FIELD_VALUE },
	{ DAYS (DAY ("2028/01/03"), ""), "/calendar/holidays/0/date", DIQI_ERROR_FIELD_VALUE },
	{ DAYS (DAY ("2027-12-31"), ""), "/calendar/holidays/0/date", DIQI_ERROR_FIELD_VALUE },
	{ DAYS (DAY ("2028-01-03") "," DAY ("2028-01-03"), ""), "/calendar/holidays/1/date", DIQI_ERROR_FIELD_VALUE },
	{ DAYS (DAY ("2028-01-08"), DAY ("2028-01-08")), "/calendar/workdays/0/date", DIQI_ERROR_FIELD_VALUE },
	{ DAYS ("", DAY ("2028-01-03")), "/calendar/workdays/0/date", DIQI_ERROR_FIELD_VALUE },
};

static void
test_refusals (TestStore *t)
{
	for (guint i = 0; i < G_N_ELEMENTS (refusals); i++) {
		Args args = { .year = 2028, .json = refusals[i].json };
		g_autoptr (GError) error = NULL;

		g_assert_false (store_run (t->store, "replace", tx_replace, &args, &error));
		g_test_message ("%s", refusals[i].json);
		g_assert_error (error, DIQI_ERROR, refusals[i].code);
		g_assert_cmpstr (diqi_error_field (error), ==, refusals[i].field);
		g_clear_error (&error);
		g_assert_false (store_read (t->store, "read", tx_read, &args, &error));
		g_assert_error (error, DIQI_ERROR, DIQI_ERROR_NOT_FOUND);
	}
}

static void
test_too_many_days (TestStore *t)
{
	static const struct { const char *start; gint64 days; const char *field; } wrong[] = {
		{ "2026-01-05 09:00", -1, "/days" }, { "2026-01-05 09:00", CALENDAR_DAYS_MAX + 1, "/days" }, { "9999-01-05 09:00", 1, "/from" },
	};

	for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
		Args args = { .start = beijing (wrong[i].start), .days = wrong[i].days };
		g_autoptr (GError) error = NULL;

		g_assert_false (store_read (t->store, "due", tx_due, &args, &error));
		g_assert_error (error, DIQI_ERROR, DIQI_ERROR_FIELD_VALUE);
		g_assert_cmpstr (diqi_error_field (error), ==, wrong[i].field);
	}
}

static void
read_year (Store *store, Args *args)
{
	g_autoptr (GError) error = NULL;

	g_clear_pointer (&args->document, json_decref);
	g_clear_pointer (&args->view, json_decref);
	store_run (store, "read", tx_read, args, &error);
	g_assert_no_error (error);
}

/* An officer's calendar outlives every start of the program, and moves the promises. */
static void
test_replace (TestStore *t)
{
	Args args = { .year = 2027, .json = "{\"year\":2027,\"source\":\"通知\",\"holidays\":[" DAY ("2027-03-02") "],\"workdays\":[" DAY ("2027-03-06") "]}" };
	g_autoptr (GError) error = NULL;

	seed (t->store);
	read_year (t->store, &args);
	g_assert_cmpint (args.version, ==, 1);
	g_assert_true (json_is_true (json_object_get (args.view, "provisional")));
	store_run (t->store, "replace", tx_replace, &args, &error);
	g_assert_no_error (error);
	seed (t->store);
	read_year (t->store, &args);
	g_assert_cmpint (args.version, ==, 2);
	g_assert_true (json_is_false (json_object_get (args.view, "provisional")));
	g_assert_cmpstr (json_string_value (json_object_get (args.view, "changed_by")), ==, "somebody");
	g_assert_cmpuint (json_array_size (json_object_get (args.document, "holidays")), ==, 1);
	g_assert_cmpint (due (t->store, "2027-03-01 09:00", 4), ==, beijing ("2027-03-06 17:30"));
	g_assert_cmpint (due (t->store, "2027-02-04 09:00", 1), ==, beijing ("2027-02-05 17:30"));
	json_decref (args.document);
	json_decref (args.view);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	test_store_add ("/calendar/promises", test_promises);
	test_store_add ("/calendar/days", test_days);
	test_store_add ("/calendar/counts", test_counts);
	test_store_add ("/calendar/certainty", test_certainty);
	test_store_add ("/calendar/refusals", test_refusals);
	test_store_add ("/calendar/limits", test_too_many_days);
	test_store_add ("/calendar/replace", test_replace);
	return g_test_run ();
}
