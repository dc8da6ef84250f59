/* ledger/reconcile.c — matching: first by transaction, then, where one side names none, by order. */
#include "ledger/reconcile.h"

#include <string.h>

#include "base/error.h"
#include "ledger/bank_file.h"
#include "pki/key.h"

typedef struct {
	GPtrArray *bank, *book;               /* Movement * */
	json_t *missing_here, *missing_at_bank, *amounts_differ, *duplicates;
	gint64 matched, matched_fen;
} Comparison;

static void
comparison_clear (Comparison *c)
{
	g_clear_pointer (&c->bank, g_ptr_array_unref);
	g_clear_pointer (&c->book, g_ptr_array_unref);
	json_decref (c->missing_here);
	json_decref (c->missing_at_bank);
	json_decref (c->amounts_differ);
	json_decref (c->duplicates);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Comparison, comparison_clear)

static void
add_own (const char *account, gboolean in, const char *reference, const char *order, gint64 amount_fen, gpointer user)
{
	g_ptr_array_add (user, movement_new (0, account, reference, order, amount_fen, in));
}

static json_t *
show (const Movement *m)
{
	json_t *row = json_pack ("{s:s, s:s*, s:s*, s:o, s:s}", "channel", m->channel, "transaction", m->transaction, "order", m->order,
	                         "amount_fen", json_money ((Money) { m->amount_fen }), "direction", m->in ? "in" : "out");

	if (m->line)
		json_object_set_new (row, "line", json_integer (m->line));
	return row;
}

static char *
key_of (const Movement *m, gboolean by_order)
{
	return g_strdup_printf ("%s\n%s\n%s", m->channel, m->in ? "in" : "out", by_order ? m->order : m->transaction);
}

static void
pair (Comparison *c, Movement *bank, Movement *book)
{
	bank->taken = book->taken = TRUE;
	if (bank->amount_fen == book->amount_fen) {
		c->matched++;
		c->matched_fen += bank->amount_fen;
		return;
	}
	json_array_append_new (c->amounts_differ, json_pack ("{s:o, s:o}", "bank", show (bank), "here", show (book)));
}

/* The same transaction twice in one direction. */
static void
set_duplicates_aside (Comparison *c)
{
	g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < c->bank->len; i++) {
		Movement *m = g_ptr_array_index (c->bank, i);

		if (!m->transaction || g_hash_table_add (seen, key_of (m, FALSE)))
			continue;
		m->taken = TRUE;
		json_array_append_new (c->duplicates, show (m));
	}
}

/* by_order: only where bank or book names no transaction. */
static void
match (Comparison *c, gboolean by_order)
{
	g_autoptr (GHashTable) ours = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < c->book->len; i++) {
		Movement *m = g_ptr_array_index (c->book, i);

		if (!m->taken && (by_order ? m->order : m->transaction))
			g_hash_table_insert (ours, key_of (m, by_order), m);
	}
	for (guint i = 0; i < c->bank->len; i++) {
		Movement *m = g_ptr_array_index (c->bank, i), *own;
		g_autofree char *key = NULL;

		if (m->taken || !(by_order ? m->order : m->transaction))
			continue;
		key = key_of (m, by_order);
		own = g_hash_table_lookup (ours, key);
		if (own && !own->taken && !(by_order && m->transaction && own->transaction))
			pair (c, m, own);
	}
}

static void
list_rest (const GPtrArray *movements, json_t *out)
{
	for (guint i = 0; i < movements->len; i++) {
		const Movement *m = g_ptr_array_index (movements, i);

		if (!m->taken)
			json_array_append_new (out, show (m));
	}
}

static void
compare (Comparison *c)
{
	c->missing_here = json_array ();
	c->missing_at_bank = json_array ();
	c->amounts_differ = json_array ();
	c->duplicates = json_array ();
	set_duplicates_aside (c);
	match (c, FALSE);
	match (c, TRUE);
	list_rest (c->bank, c->missing_here);
	list_rest (c->book, c->missing_at_bank);
}

static json_t *
report_of (const Comparison *c, const char *date, gint64 version, const char *file_hash, const char *by, Micros now)
{
	gboolean agrees = json_array_size (c->missing_here) + json_array_size (c->missing_at_bank) +
	                  json_array_size (c->amounts_differ) + json_array_size (c->duplicates) == 0;

	return json_pack ("{s:s, s:I, s:s, s:I, s:I, s:o, s:O, s:O, s:O, s:O, s:b, s:o, s:s}", "date", date, "version", (json_int_t) version,
		"file", file_hash, "rows", (json_int_t) c->bank->len, "matched", (json_int_t) c->matched,
		"matched_fen", json_money ((Money) { c->matched_fen }), "missing_here", c->missing_here, "missing_at_bank", c->missing_at_bank,
		"amounts_differ", c->amounts_differ, "duplicates", c->duplicates, "agrees", agrees, "imported", json_time (now), "by", by);
}

gboolean
reconcile_import (Tx *tx, const char *date, const char *file, gsize n, const char *by, Micros now, json_t **report, GError **error)
{
	g_auto (Comparison) c = { .book = g_ptr_array_new_with_free_func (movement_free) };
	g_autofree char *earlier = NULL, *hash = NULL, *text = NULL;
	g_autoptr (json_t) made = NULL;
	Fingerprint fingerprint;
	gint64 day, version;

	if (!day_parse (date, &day) || day > value_day (now))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/statement/date", "expected a day such as 2026-04-03, not after today");
	c.bank = bank_file_read (file, n, date, error);
	if (!c.bank || !db_movements (tx, day, add_own, c.book, error) || !db_reconciliation_get (tx, day, &version, &earlier, error))
		return FALSE;
	compare (&c);
	fingerprint_of (file, n, &fingerprint);
	hash = fingerprint_hex (&fingerprint);
	made = report_of (&c, date, version + 1, hash, by, now);
	text = json_dumps (made, JSON_COMPACT);
	if (!db_reconciliation_insert (tx, day, version + 1, hash, text, by, now, error))
		return FALSE;
	*report = g_steal_pointer (&made);
	return TRUE;
}

static void
append_head (const char *report, gpointer items)
{
	g_autoptr (json_t) whole = json_loads (report, 0, NULL);
	json_t *head = json_object ();
	static const char *const members[] = { "date", "version", "rows", "matched", "agrees", "imported", "by" };

	for (guint i = 0; i < G_N_ELEMENTS (members); i++)
		json_object_set (head, members[i], json_object_get (whole, members[i]));
	json_array_append_new (items, head);
}

gboolean
reconcile_list (Tx *tx, guint limit, json_t *items, GError **error)
{
	return db_reconciliations (tx, limit, append_head, items, error);
}

gboolean
reconcile_view (Tx *tx, const char *date, json_t **report, GError **error)
{
	g_autofree char *text = NULL;
	gint64 day, version;

	if (!day_parse (date, &day))
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no reconciliation of \"%.20s\"", date);
	if (!db_reconciliation_get (tx, day, &version, &text, error))
		return FALSE;
	*report = text ? json_loads (text, 0, NULL) : NULL;
	return *report != NULL || diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no reconciliation of %s", date);
}
