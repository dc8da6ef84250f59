/* registry/token_view.c — blank tokens as they are shown, and the figures of a point. */
#include "base/error.h"
#include "registry/point.h"
#include "registry/token_stock.h"
#include "registry/token_stock_db.h"

static const char *const states[] = { "stock", "reserved", "handed_out", "spoiled", "returned", NULL };

static json_t *
view_of (const TokenRow *row)
{
	json_t *view = json_pack ("{s:s, s:s, s:s, s:o}", "serial", row->serial, "state", row->state, "point", row->point,
	                          "changed", json_time (row->changed));

	if (row->application)
		json_object_set_new (view, "application", json_string (row->application));
	return view;
}

gboolean
token_view (Tx *tx, const char *serial, json_t **view, GError **error)
{
	g_autoptr (TokenRow) row = NULL;
	g_autoptr (json_t) movements = json_array ();

	if (!db_token_get (tx, serial, FALSE, &row, error))
		return FALSE;
	if (!row)
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no token \"%.60s\"", serial);
	if (!db_token_movements (tx, serial, movements, error))
		return FALSE;
	*view = view_of (row);
	json_object_set (*view, "movements", movements);
	return TRUE;
}

gboolean
token_stock_list (Tx *tx, const char *point, const char *state, const char *cursor, guint limit,
            json_t **items, char **next_cursor, GError **error)
{
	g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) token_row_free);
	json_t *shown;

	*next_cursor = NULL;
	if (state && !g_strv_contains (states, state))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/state", "no such state");
	if (!db_token_list (tx, point ? point : "", state ? state : "", cursor ? cursor : "", limit + 1, rows, error))
		return FALSE;
	shown = json_array ();
	for (guint i = 0; i < MIN (rows->len, limit); i++)
		json_array_append_new (shown, view_of (g_ptr_array_index (rows, i)));
	if (rows->len > limit)
		*next_cursor = g_strdup (((const TokenRow *) g_ptr_array_index (rows, limit - 1))->serial);
	*items = shown;
	return TRUE;
}

gboolean
token_stock_view (Tx *tx, const char *point, json_t **view, GError **error)
{
	g_autoptr (json_t) counts = json_object ();
	gint64 low_stock;
	json_int_t stock;

	if (!point_low_stock (tx, point, &low_stock, error) || !db_token_counts (tx, point, counts, error))
		return FALSE;
	for (guint i = 0; states[i]; i++)
		if (!json_object_get (counts, states[i]))
			json_object_set_new (counts, states[i], json_integer (0));
	stock = json_integer_value (json_object_get (counts, "stock"));
	json_object_set_new (counts, "point", json_string (point));
	json_object_set_new (counts, "low_stock", json_integer (low_stock));
	json_object_set_new (counts, "low", json_boolean (stock < low_stock));
	*view = g_steal_pointer (&counts);
	return TRUE;
}
