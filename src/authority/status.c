/* authority/status.c — two hash tables over the same entries.
 *
 * An entry is replaced only by one with a higher change_seq, so that a commit hook and a refresh may
 * bring the same news in any order.  Only a refresh moves the position it reads from: hooks of two
 * transactions may run in another order than their commits.
 *
 * Revocation is for ever: a row that says otherwise later was changed by hand, and is not believed.  A hold
 * (RFC 5280 5.3.1) alone is lifted by a later change, and gives way to a revocation for good.
 */
#include "authority/status.h"

#include <string.h>

#include "authority/authority_db.h"
#include "authority/authority_private.h"

typedef struct {
	StatusEntry entry;
	gint64 change_seq;
} Slot;

struct StatusIndex {
	GMutex lock;
	GHashTable *by_serial;           /* Serial * (in the slot) → Slot *, owned */
	GHashTable *by_fingerprint;      /* Fingerprint * (in the slot) → Slot * */
	guint64 generation;
	GArray *changed;                 /* Serial: since status_index_take_changes was last called */
	GMutex refresh_lock;             /* one refresh at a time; never held with `lock` waiting for the store */
	gint64 refreshed_to;
};

static guint
serial_hash_key (gconstpointer p)
{
	guint h;

	/* The last octets of a serial are random. */
	memcpy (&h, ((const Serial *) p)->b + sizeof (Serial) - sizeof h, sizeof h);
	return h;
}

static gboolean
serial_equal_key (gconstpointer a, gconstpointer b)
{
	return memcmp (a, b, sizeof (Serial)) == 0;
}

StatusIndex *
status_index_new (void)
{
	StatusIndex *index = g_new0 (StatusIndex, 1);

	g_mutex_init (&index->lock);
	g_mutex_init (&index->refresh_lock);
	index->by_serial = g_hash_table_new_full (serial_hash_key, serial_equal_key, NULL, g_free);
	index->by_fingerprint = g_hash_table_new (fingerprint_key_hash, fingerprint_key_equal);
	index->changed = g_array_new (FALSE, FALSE, sizeof (Serial));
	return index;
}

void
status_index_free (StatusIndex *index)
{
	if (!index)
		return;
	g_hash_table_destroy (index->by_fingerprint);
	g_hash_table_destroy (index->by_serial);
	g_array_unref (index->changed);
	g_mutex_clear (&index->refresh_lock);
	g_mutex_clear (&index->lock);
	g_free (index);
}

gboolean
status_entry_is_stored (const StatusEntry *entry)
{
	static const Fingerprint none = { { 0 } };

	return !fingerprint_equal (&entry->fingerprint, &none);
}

/* Belongs into the CRL. */
static gboolean
is_listed (const StatusEntry *entry)
{
	return entry->status == CERT_STATUS_REVOKED && status_entry_is_stored (entry);
}

static gboolean
is_for_good (const StatusEntry *entry)
{
	return entry->status == CERT_STATUS_REVOKED && entry->reason != REASON_HOLD;
}

/* Would OCSP or the CRL speak differently of the two? */
static gboolean
says_otherwise (const StatusEntry *a, const StatusEntry *b)
{
	if (is_listed (a) != is_listed (b))
		return TRUE;
	return is_listed (a) && (a->reason != b->reason || a->revoked_at != b->revoked_at);
}

gboolean
status_index_apply (StatusIndex *index, const StatusEntry *entry, gint64 change_seq)
{
	g_autoptr (GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new (&index->lock);
	Slot *slot = g_hash_table_lookup (index->by_serial, &entry->serial);
	gboolean otherwise;

	if (slot && (slot->change_seq >= change_seq || (is_for_good (&slot->entry) && !is_for_good (entry))))
		return FALSE;
	if (!slot) {
		slot = g_new0 (Slot, 1);
		slot->entry.serial = entry->serial;
		g_hash_table_insert (index->by_serial, &slot->entry.serial, slot);
	}
	otherwise = says_otherwise (entry, &slot->entry);
	if (otherwise) {
		index->generation++;
		g_array_append_val (index->changed, entry->serial);
	}
	slot->entry = *entry;
	slot->change_seq = change_seq;
	if (status_entry_is_stored (entry))
		g_hash_table_insert (index->by_fingerprint, &slot->entry.fingerprint, slot);
	return otherwise;
}

gboolean
status_index_keep_revoked (StatusIndex *index, const RevokedEntry *listed)
{
	g_autoptr (GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new (&index->lock);
	Slot *slot = g_hash_table_lookup (index->by_serial, &listed->serial);

	if (!slot || is_for_good (&slot->entry) || (listed->reason == REASON_HOLD && slot->entry.status == CERT_STATUS_REVOKED))
		return FALSE;
	slot->entry.status = CERT_STATUS_REVOKED;
	slot->entry.revoked_at = listed->revoked_at;
	slot->entry.reason = listed->reason;
	index->generation++;
	return TRUE;
}

GArray *
status_index_take_changes (StatusIndex *index)
{
	g_autoptr (GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new (&index->lock);
	GArray *changed = index->changed;

	index->changed = g_array_new (FALSE, FALSE, sizeof (Serial));
	return changed;
}

void
status_index_void_answers (StatusIndex *index)
{
	g_autoptr (GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new (&index->lock);

	index->generation++;
}

/* At start all certificates are read: not at once into memory. */
#define CHANGES_AT_ONCE 10000

typedef struct {
	StatusIndex *index;
	gint64 from, to;
	guint seen;
} RefreshArgs;

static gboolean
refresh_read (Tx *tx, gpointer arg, GError **error)
{
	RefreshArgs *args = arg;

	return db_changes_after (tx, args->from, CHANGES_AT_ONCE, args->index, &args->seen, &args->to, error);
}

gboolean
status_index_refresh (StatusIndex *index, Store *store, GError **error)
{
	g_autoptr (GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new (&index->refresh_lock);
	RefreshArgs args = { .index = index };

	do {
		args.from = args.to = index->refreshed_to;
		if (!store_read (store, "status.refresh", refresh_read, &args, error))
			return FALSE;
		index->refreshed_to = args.to;
	} while (args.seen == CHANGES_AT_ONCE);
	return TRUE;
}

gboolean
status_index_find (StatusIndex *index, const Serial *serial, StatusEntry *out)
{
	g_autoptr (GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new (&index->lock);
	const Slot *slot = g_hash_table_lookup (index->by_serial, serial);

	if (slot)
		*out = slot->entry;
	return slot != NULL;
}

gboolean
status_index_find_fingerprint (StatusIndex *index, const Fingerprint *fingerprint, StatusEntry *out)
{
	g_autoptr (GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new (&index->lock);
	const Slot *slot = g_hash_table_lookup (index->by_fingerprint, fingerprint);

	if (slot)
		*out = slot->entry;
	return slot != NULL;
}

guint64
status_index_generation (StatusIndex *index)
{
	g_autoptr (GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new (&index->lock);

	return index->generation;
}

gsize
status_index_size (StatusIndex *index)
{
	g_autoptr (GMutexLocker) held G_GNUC_UNUSED = g_mutex_locker_new (&index->lock);

	return g_hash_table_size (index->by_serial);
}
