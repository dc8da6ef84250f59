/* Alarms: each level once to each person, whatever is repeated or restarted; over and back is another one. */
#include "outbox/alarm.h"

#include "base/error.h"
#include "outbox/outbox.h"
#include "unit/support/test_store.h"

#define NOW G_GINT64_CONSTANT (1775181600000000)

typedef struct {
	Alarm alarm;
	AlarmPeople people;
	Micros now;
	gboolean rose;
	json_t *list, *sent;
} Work;

static gboolean
set (Tx *tx, gpointer arg, GError **error)
{
	Work *w = arg;
	return alarm_set (tx, &w->alarm, &w->people, w->now, &w->rose, error);
}

static gboolean
look (Tx *tx, gpointer arg, GError **error)
{
	Work *w = arg;
	g_autofree char *more = NULL;
	return outbox_configure (tx, "测试站点", TRUE, TRUE, error) && alarm_list (tx, &w->list, error) && outbox_list (tx, NULL, NULL, 100, &w->sent, &more, error);
}

/* So many letters and raised alarms are there. */
static void
assert_there (TestStore *t, guint letters, guint alarms)
{
	g_autoptr (GError) error = NULL;
	Work w = { .now = NOW };
	g_assert_true (store_run (t->store, "look", look, &w, &error));
	g_autoptr (json_t) list = w.list;
	g_autoptr (json_t) sent = w.sent;
	g_assert_cmpuint (json_array_size (list), ==, alarms);
	g_assert_cmpuint (json_array_size (sent), ==, letters);
}

static gboolean
raise_to (TestStore *t, guint level, const char *about, char **mail, Micros now)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (json_t) params = json_pack ("{s:s, s:s, s:s}", "what", "root.crl", "expires", "2026-05-03T02:00:00Z", "days", "30");
	Work w = { { "root.crl", level, about, "alarm.ends", params }, { mail, NULL, "en" }, now, FALSE, NULL, NULL };
	g_assert_true (store_run (t->store, "set", set, &w, &error));
	g_assert_no_error (error);
	return w.rose;
}

static void
test_once (TestStore *t)
{
	char *one[] = { (char *) "a@example.com", NULL }, *two[] = { (char *) "a@example.com", (char *) "b@example.com", NULL };
	assert_there (t, 0, 0);
	g_assert_false (raise_to (t, 0, "x", one, NOW));
	assert_there (t, 0, 0);
	g_assert_true (raise_to (t, 1, "x", one, NOW));
	g_assert_false (raise_to (t, 1, "x", one, NOW + 1));
	assert_there (t, 1, 1);
	g_assert_true (raise_to (t, 2, "x", one, NOW + 2));
	assert_there (t, 2, 1);
	/* Who is named later is told of what is still so, and nobody else anew. */
	g_assert_false (raise_to (t, 2, "x", two, NOW + 3));
	assert_there (t, 3, 1);
	/* It fell, and rises again within the same alarm: they know. */
	g_assert_false (raise_to (t, 1, "x", two, NOW + 4));
	g_assert_true (raise_to (t, 2, "x", two, NOW + 5));
	assert_there (t, 4, 1);      /* the second had not heard of level 1 */
	g_assert_false (raise_to (t, 0, "x", two, NOW + 6));
	assert_there (t, 4, 0);
	/* Over, and back. */
	g_assert_true (raise_to (t, 1, "x", one, NOW + 7));
	assert_there (t, 5, 1);
	/* The next one of the same thing. */
	g_assert_true (raise_to (t, 1, "y", one, NOW + 8));
	assert_there (t, 6, 1);
}

static void
test_nobody (TestStore *t)
{
	g_assert_true (raise_to (t, 3, "x", NULL, NOW));
	assert_there (t, 0, 1);
}

static void
test_addresses (void)
{
	g_autoptr (GError) error = NULL;
	g_auto (GStrv) good = alarm_addresses (" a@example.com,, b@example.com ", "/alarms/mail", NULL);
	g_auto (GStrv) none = alarm_addresses ("", "/alarms/mail", NULL);
	g_assert_cmpuint (g_strv_length (good), ==, 2);
	g_assert_cmpstr (good[1], ==, "b@example.com");
	g_assert_cmpuint (g_strv_length (none), ==, 0);
	g_assert_null (alarm_addresses ("a@example.com, b c", "/alarms/mail", &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CONFIG);
	g_assert_cmpstr (diqi_error_field (error), ==, "/alarms/mail");
	g_assert_null (alarm_addresses ("1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", "/alarms/mobile", NULL));
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	test_store_add ("/outbox/alarm/once", test_once);
	test_store_add ("/outbox/alarm/nobody", test_nobody);
	g_test_add_func ("/outbox/alarm/addresses", test_addresses);
	return g_test_run ();
}
