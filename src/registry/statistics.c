/* registry/statistics.c — see statistics.h. */
#include "registry/statistics.h"

#include <string.h>

#include "registry/search_db.h"
#include "registry/states.h"

typedef struct {
	char *month, *service, *point;      /* NULL: not grouped by */
	gint64 total, open, done, rejected, withdrawn, paid_fen;
} Group;

typedef struct {
	guint by;
	GHashTable *groups;                 /* key → Group */
} Counting;

static void
group_free (gpointer p)
{
	Group *group = p;

	g_free (group->month);
	g_free (group->service);
	g_free (group->point);
	g_free (group);
}

static char *
month_of (gint64 day)
{
	g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (day * 86400);

	return g_date_time_format (date, "%Y-%m");
}

static Group *
group_of (Counting *counting, const CountRow *row)
{
	g_autofree char *month = counting->by & COUNT_BY_MONTH ? month_of (row->day) : NULL;
	const char *service = counting->by & COUNT_BY_SERVICE ? row->service : NULL;
	const char *point = counting->by & COUNT_BY_POINT ? row->point : NULL;
	g_autofree char *key = g_strdup_printf ("%s\n%s\n%s", month ? month : "", service ? service : "", point ? point : "");
	Group *group = g_hash_table_lookup (counting->groups, key);

	if (group)
		return group;
	group = g_new0 (Group, 1);
	group->month = g_steal_pointer (&month);
	group->service = g_strdup (service);
	group->point = g_strdup (point);
	g_hash_table_insert (counting->groups, g_steal_pointer (&key), group);
	return group;
}

static gboolean
is_done (const char *state)
{
	static const char *const done[] = { "issued", "delivered", "confirmed", "completed", NULL };

	return g_strv_contains (done, state);
}

static void
count (const CountRow *row, gpointer user)
{
	Group *group = group_of (user, row);

	group->total += row->n;
	group->paid_fen += row->paid_fen;
	if (is_done (row->state))
		group->done += row->n;
	else if (g_str_equal (row->state, application_state_name (STATE_REJECTED)))
		group->rejected += row->n;
	else if (g_str_equal (row->state, "withdrawn"))
		group->withdrawn += row->n;
	else
		group->open += row->n;
}

static json_t *
group_view (const Group *group)
{
	json_t *view = json_object ();

	if (group->month)
		json_object_set_new (view, "month", json_string (group->month));
	if (group->service)
		json_object_set_new (view, "service", json_string (group->service));
	if (group->point)
		json_object_set_new (view, "point", json_string (group->point));
	json_object_set_new (view, "total", json_integer (group->total));
	json_object_set_new (view, "open", json_integer (group->open));
	json_object_set_new (view, "done", json_integer (group->done));
	json_object_set_new (view, "rejected", json_integer (group->rejected));
	json_object_set_new (view, "withdrawn", json_integer (group->withdrawn));
	json_object_set_new (view, "paid_fen", json_money ((Money) { group->paid_fen }));
	return view;
}

gboolean
statistics_applications (Tx *tx, Micros from, Micros to, guint by, json_t **rows, GError **error)
{
	g_autoptr (GHashTable) groups = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, group_free);
	Counting counting = { by, groups };
	g_autoptr (GList) keys = NULL;

	if (!db_application_counts (tx, from, to, count, &counting, error))
		return FALSE;
	keys = g_list_sort (g_hash_table_get_keys (groups), (GCompareFunc) strcmp);
	*rows = json_array ();
	for (const GList *key = keys; key; key = key->next)
		json_array_append_new (*rows, group_view (g_hash_table_lookup (groups, key->data)));
	return TRUE;
}
