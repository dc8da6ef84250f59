/* main/cli_table.c — see cli_table.h. */
#include "main/cli_table.h"

#include <string.h>

#include "base/clock.h"
#include "base/money.h"

#define GAP 2

typedef struct {
	char *path;                 /* "parcel.code" */
	gboolean fen, times, numbers;
	GPtrArray *cells;           /* texts, a row each */
	guint width;
} Column;

static void
column_free (Column *column)
{
	g_free (column->path);
	g_ptr_array_unref (column->cells);
	g_free (column);
}

/* --- texts ---------------------------------------------------------------------------------- */

static gboolean
is_obeyed (gunichar c)
{
	return g_unichar_iscntrl (c) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

char *
cli_printable (const char *text)
{
	GString *out = g_string_new (NULL);
	for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p)) {
		gunichar c = g_utf8_get_char (p);
		g_string_append_unichar (out, is_obeyed (c) ? ' ' : c);
	}
	return g_string_free (out, FALSE);
}

static guint
width_of (const char *text)
{
	guint width = 0;
	for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p)) {
		gunichar c = g_utf8_get_char (p);
		width += g_unichar_iszerowidth (c) ? 0 : g_unichar_iswide (c) ? 2 : 1;
	}
	return width;
}

/* --- cells ---------------------------------------------------------------------------------- */

static const json_t *
member_at (const json_t *row, const char *path)
{
	g_auto (GStrv) steps = g_strsplit (path, ".", -1);
	for (char **step = steps; *step != NULL; step++)
		row = json_object_get (row, *step);
	return row;
}

static char *
string_cell (Column *column, const char *text)
{
	Money money;
	Micros time;
	if (column->fen && money_parse_fen (text, &money, NULL))
		return money_format_yuan (money);
	if (strlen (text) != TIME_TEXT_SIZE - 1 || !time_parse (text, &time, NULL))
		return cli_printable (text);
	column->times = TRUE;
	return time_format_beijing (time);
}

static char *
list_cell (Column *column, const json_t *list)
{
	GString *out = g_string_new (NULL);
	size_t i;
	const json_t *item;
	json_array_foreach (list, i, item) {
		g_autofree char *text = json_is_string (item) ? string_cell (column, json_string_value (item)) : json_dumps (item, JSON_COMPACT | JSON_ENCODE_ANY);
		g_string_append_printf (out, "%s%s", i > 0 ? "," : "", text);
	}
	return g_string_free (out, FALSE);
}

static char *
cell (Column *column, const json_t *value)
{
	if (value == NULL || json_is_null (value))
		return g_strdup ("-");
	if (json_is_string (value))
		return string_cell (column, json_string_value (value));
	if (json_is_boolean (value))
		return g_strdup (json_is_true (value) ? "yes" : "no");
	if (json_is_array (value))
		return list_cell (column, value);
	column->numbers |= json_is_integer (value);
	g_autofree char *text = json_dumps (value, JSON_COMPACT | JSON_ENCODE_ANY);
	return cli_printable (text);
}

/* --- columns -------------------------------------------------------------------------------- */

static void
add_column (GPtrArray *columns, const char *path)
{
	for (guint i = 0; i < columns->len; i++)
		if (strcmp (((Column *) g_ptr_array_index (columns, i))->path, path) == 0)
			return;
	Column *column = g_new0 (Column, 1);
	column->path = g_strdup (path);
	column->fen = g_str_has_suffix (path, "_fen");
	column->cells = g_ptr_array_new_with_free_func (g_free);
	g_ptr_array_add (columns, column);
}

static GPtrArray *
columns_of (const json_t *rows, const char *names)
{
	GPtrArray *columns = g_ptr_array_new_with_free_func ((GDestroyNotify) column_free);
	g_auto (GStrv) wanted = g_strsplit (names != NULL ? names : "", " ", -1);
	for (char **name = wanted; names != NULL && *name != NULL; name++)
		add_column (columns, *name);
	size_t i;
	json_t *row, *value;
	const char *key;
	if (names == NULL)
		json_array_foreach (rows, i, row)
			json_object_foreach (row, key, value)
				add_column (columns, key);
	return columns;
}

static char *
title (const Column *column)
{
	const char *dot = strrchr (column->path, '.');
	const char *name = dot != NULL ? dot + 1 : column->path;
	if (column->fen)
		return g_strdup_printf ("%.*s (yuan)", (int) (strlen (name) - strlen ("_fen")), name);
	return g_strconcat (name, column->times ? " (Beijing)" : "", NULL);
}

/* The cells first: what they hold says what the title must. */
static void
fill (Column *column, const json_t *rows)
{
	size_t i;
	const json_t *row;
	json_array_foreach (rows, i, row)
		g_ptr_array_add (column->cells, cell (column, member_at (row, column->path)));
	g_ptr_array_insert (column->cells, 0, title (column));
	for (guint k = 0; k < column->cells->len; k++)
		column->width = MAX (column->width, width_of (g_ptr_array_index (column->cells, k)));
}

static void
append_cell (GString *out, const Column *column, const char *text, gboolean last)
{
	guint pad = column->width - width_of (text);
	gboolean right = column->fen || column->numbers;
	g_string_append_printf (out, "%*s%s", right ? (int) pad : 0, "", text);
	if (!last)
		g_string_append_printf (out, "%*s", (int) (right ? 0 : pad) + GAP, "");
}

char *
cli_table_text (const json_t *rows, const char *names)
{
	GString *out = g_string_new (NULL);
	g_autoptr (GPtrArray) columns = columns_of (rows, names);
	for (guint c = 0; c < columns->len; c++)
		fill (g_ptr_array_index (columns, c), rows);
	for (guint line = 0; line <= json_array_size (rows); line++) {
		for (guint c = 0; c < columns->len; c++) {
			const Column *column = g_ptr_array_index (columns, c);
			append_cell (out, column, g_ptr_array_index (column->cells, line), c + 1 == columns->len);
		}
		g_string_append_c (out, '\n');
	}
	return g_string_free (out, FALSE);
}
