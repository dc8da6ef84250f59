/* ledger/book.c — double entry: entries whose postings sum to zero, never changed afterwards. */
#include <string.h>

#include "base/civil.h"
#include "base/error.h"
#include "base/random.h"
#include "ledger/ledger_private.h"

gint64
value_day (Micros at)
{
	return civil_to_days (civil_beijing (at));
}

char *
method_account (const char *method, const char *provider)
{
	if (strcmp (method, "online") == 0)
		return g_strdup_printf ("online:%s", provider);
	return g_strdup (strcmp (method, "transfer") == 0 ? "bank" : method);
}

gboolean
book_enter (Tx *tx, const Entry *entry, GError **error)
{
	g_autofree char *id = uuid7_new (entry->at);
	gint64 rest = 0, line = 0;

	for (const Posting *p = entry->postings; line < POSTINGS_MAX && p->account; p++) {
		line++;
		if (!db_posting_insert (tx, id, line, p, rest, error))
			return FALSE;
		rest += p->amount_fen;
	}
	if (rest != 0)
		return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "entry \"%s\" is off by %" G_GINT64_FORMAT " fen", entry->kind, rest);
	return db_entry_insert (tx, id, entry, line, error);
}

gboolean
counter_next (Tx *tx, const char *name, gint64 *value, GError **error)
{
	return db_ledger_counter_next (tx, name, value, error);
}

gboolean
ledger_check (Tx *tx, GError **error)
{
	g_autofree char *entry = NULL, *orphan = NULL, *order = NULL;

	if (!db_entry_unbalanced (tx, &entry, error) || !db_posting_orphan (tx, &orphan, error) ||
	    !db_order_unbooked (tx, &order, error))
		return FALSE;
	if (entry)
		return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "the postings of entry %s do not sum to zero", entry);
	if (orphan)
		return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "there are postings without their entry %s", orphan);
	if (order)
		return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "the book and the state of order %s disagree", order);
	return TRUE;
}

gboolean
ledger_balances (Tx *tx, json_t **out, GError **error)
{
	g_autoptr (json_t) accounts = json_object ();

	if (!db_balances (tx, accounts, error))
		return FALSE;
	*out = g_steal_pointer (&accounts);
	return TRUE;
}
