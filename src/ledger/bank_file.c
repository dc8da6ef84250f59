/* ledger/bank_file.c — see bank_file.h; all faulty rows are named at once, so that a file is mended once. */
#include "ledger/bank_file.h"

#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "base/error.h"
#include "ledger/csv.h"
#include "ledger/reconcile.h"

#define ROWS_MAX 20000
#define FAULTS_MAX 10

enum { DATE, CHANNEL, TRANSACTION, ORDER_NUMBER, AMOUNT, CURRENCY, DIRECTION, N_COLUMNS };
static const char *const columns[N_COLUMNS] = { "date", "channel", "transaction", "order", "amount", "currency", "direction" };

void
movement_free (gpointer p)
{
	Movement *m = p;

	g_free (m->channel);
	g_free (m->transaction);
	g_free (m->order);
	g_free (m);
}

Movement *
movement_new (guint line, const char *channel, const char *transaction, const char *order, gint64 amount_fen, gboolean in)
{
	Movement *m = g_new0 (Movement, 1);

	*m = (Movement) {
		.line = line, .channel = g_strdup (channel), .amount_fen = amount_fen, .in = in,
		.transaction = transaction && *transaction ? g_strdup (transaction) : NULL,
		.order = order && *order ? g_strdup (order) : NULL,
	};
	return m;
}

gboolean
day_parse (const char *text, gint64 *day)
{
	CivilDate d;
	char rest;

	if (strlen (text) != 10 || text[4] != '-' || text[7] != '-' || strspn (text, "0123456789-") != 10 ||
	    sscanf (text, "%4d-%2d-%2d%c", &d.year, &d.month, &d.day, &rest) != 3 || !civil_is_valid (d))
		return FALSE;
	*day = civil_to_days (d);
	return TRUE;
}

/* --- heading --------------------------------------------------------------------------------- */

static gboolean
read_heading (const CsvRow *row, gint at[N_COLUMNS], GError **error)
{
	for (guint c = 0; c < N_COLUMNS; c++)
		at[c] = -1;
	for (guint i = 0; i < row->fields->len; i++) {
		const char *name = g_ptr_array_index (row->fields, i);
		guint c = 0;

		while (c < N_COLUMNS && strcmp (columns[c], name) != 0)
			c++;
		if (c == N_COLUMNS || at[c] >= 0)
			return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/file", "line %u: column %u is \"%.40s\": unknown, or there twice", row->line, i + 1, name);
		at[c] = (gint) i;
	}
	for (guint c = 0; c < N_COLUMNS; c++)
		if (at[c] < 0)
			return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/file", "line %u: there is no column \"%s\"", row->line, columns[c]);
	return TRUE;
}

/* --- rows --------------------------------------------------------------------------------------- */

static gboolean
is_channel (const char *text)
{
	return strcmp (text, "bank") == 0 || strcmp (text, "card") == 0 || (g_str_has_prefix (text, "online:") && text[7]);
}

/* Exactly two decimals: "300" might be fen. */
static gboolean
read_amount (const char *text, gint64 *fen)
{
	const char *dot = strchr (text, '.');
	Money money;

	if (!dot || strlen (dot) != 3 || !money_parse_yuan (text, &money, NULL) || money.fen == 0)
		return FALSE;
	*fen = money.fen;
	return TRUE;
}

static const char *
fault_of (const char *const text[N_COLUMNS], const char *date, gint64 *fen, guint *column)
{
	const struct { gboolean right; guint column; const char *what; } checks[] = {
		{ strcmp (text[DATE], date) == 0, DATE, "not the day of the statement" },
		{ is_channel (text[CHANNEL]), CHANNEL, "expected bank, card or online:<provider>" },
		{ *text[TRANSACTION] || *text[ORDER_NUMBER], TRANSACTION, "transaction or order is needed" },
		{ read_amount (text[AMOUNT], fen), AMOUNT, "expected yuan with two decimals" },
		{ strcmp (text[CURRENCY], "CNY") == 0, CURRENCY, "the book is kept in CNY" },
		{ strcmp (text[DIRECTION], "in") == 0 || strcmp (text[DIRECTION], "out") == 0, DIRECTION, "expected in or out" },
	};

	for (guint i = 0; i < G_N_ELEMENTS (checks); i++) {
		if (checks[i].right)
			continue;
		*column = checks[i].column;
		return checks[i].what;
	}
	return NULL;
}

typedef struct {
	const char *date;
	const gint *at;
	GString *faults;
	guint n_faults;
	GPtrArray *movements;
} FileReader;

static void
read_one (FileReader *r, const CsvRow *row)
{
	const char *text[N_COLUMNS];
	gint64 fen = 0;
	guint column = 0;
	const char *fault;

	for (guint c = 0; c < N_COLUMNS; c++)
		text[c] = g_ptr_array_index (row->fields, (guint) r->at[c]);
	fault = fault_of (text, r->date, &fen, &column);
	if (!fault)
		g_ptr_array_add (r->movements, movement_new (row->line, text[CHANNEL], text[TRANSACTION], text[ORDER_NUMBER], fen, strcmp (text[DIRECTION], "in") == 0));
	else if (r->n_faults++ < FAULTS_MAX)
		g_string_append_printf (r->faults, "%sline %u, column %s: %s", r->faults->len ? "; " : "", row->line, columns[column], fault);
}

GPtrArray *
bank_file_read (const char *text, gsize n, const char *date, GError **error)
{
	static const CsvLimits limits = { RECONCILE_FILE_MAX, ROWS_MAX, 16, 200 };
	g_autoptr (GPtrArray) rows = csv_parse (text, n, &limits, error);
	g_autoptr (GPtrArray) movements = g_ptr_array_new_with_free_func (movement_free);
	g_autoptr (GString) faults = g_string_new (NULL);
	gint at[N_COLUMNS];
	FileReader reader = { date, at, faults, 0, movements };

	if (!rows) {
		if (error && *error)
			diqi_error_put_field (*error, "/file");
		return NULL;
	}
	if (rows->len == 0) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, "/file", "line 1: the heading is missing");
		return NULL;
	}
	if (!read_heading (g_ptr_array_index (rows, 0), at, error))
		return NULL;
	for (guint i = 1; i < rows->len; i++)
		read_one (&reader, g_ptr_array_index (rows, i));
	if (reader.n_faults > FAULTS_MAX)
		g_string_append_printf (faults, "; and %u more", reader.n_faults - FAULTS_MAX);
	if (reader.n_faults > 0) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, "/file", "%s", faults->str);
		return NULL;
	}
	return g_steal_pointer (&movements);
}
