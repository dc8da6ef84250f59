/* signer/look.c — see look.h: the counting.  The judging is in record.c. */
#include "signer/look.h"

#include <string.h>

#define BEIJING (8 * MICROS_PER_HOUR)

struct LookLedger {
	GHashTable *used;        /* Fingerprint → Micros of the look */
	GHashTable *counts;      /* person → number on `day` */
	gint64 day;
};

static guint
fingerprint_key (gconstpointer p)
{
	guint key;
	memcpy (&key, ((const Fingerprint *) p)->b, sizeof key);
	return key;
}

static gboolean
fingerprint_same (gconstpointer a, gconstpointer b)
{
	return fingerprint_equal (a, b);
}

static gint64
beijing_day (Micros time)
{
	return (time + BEIJING) / MICROS_PER_DAY;
}

LookLedger *
look_ledger_new (void)
{
	LookLedger *ledger = g_new0 (LookLedger, 1);
	ledger->used = g_hash_table_new_full (fingerprint_key, fingerprint_same, g_free, g_free);
	ledger->counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
	return ledger;
}

void
look_ledger_free (LookLedger *ledger)
{
	if (ledger == NULL)
		return;
	g_hash_table_unref (ledger->used);
	g_hash_table_unref (ledger->counts);
	g_free (ledger);
}

/* A statement is refused as stale long before. */
static gboolean
is_old (G_GNUC_UNUSED gpointer identity, gpointer time, gpointer now)
{
	return *(const Micros *) time < *(const Micros *) now - MICROS_PER_HOUR;
}

/* A clock that went back over midnight within its tolerance stays on the later day. */
static void
turn_day (LookLedger *ledger, Micros now)
{
	if (beijing_day (now) <= ledger->day)
		return;
	ledger->day = beijing_day (now);
	g_hash_table_remove_all (ledger->counts);
	g_hash_table_foreach_remove (ledger->used, is_old, &now);
}

gboolean
look_ledger_used (const LookLedger *ledger, const Fingerprint *identity)
{
	return g_hash_table_contains (ledger->used, identity);
}

gboolean
look_ledger_add (LookLedger *ledger, Micros time, const char *person, const Fingerprint *identity, const Fingerprint *agree)
{
	turn_day (ledger, time);
	if (!g_hash_table_insert (ledger->used, g_memdup2 (identity, sizeof *identity), g_memdup2 (&time, sizeof time)))
		return FALSE;
	/* Journals of older versions may have one twice. */
	if (agree != NULL)
		g_hash_table_insert (ledger->used, g_memdup2 (agree, sizeof *agree), g_memdup2 (&time, sizeof time));
	guint count = GPOINTER_TO_UINT (g_hash_table_lookup (ledger->counts, person));
	g_hash_table_insert (ledger->counts, g_strdup (person), GUINT_TO_POINTER (count + 1));
	return TRUE;
}

guint
look_ledger_count (const LookLedger *ledger, Micros now, const char *person)
{
	return beijing_day (now) > ledger->day ? 0 : GPOINTER_TO_UINT (g_hash_table_lookup (ledger->counts, person));
}
