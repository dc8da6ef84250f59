/* authority/tell.c — the signer is told what was revoked, held and freed: each change once, and at start everything.
 *
 * The signer remembers, and keeps to what it remembers.  A hold ends there only with the approvals of the two officers who
 * ended it; where these are missing somebody else changed the row, and the certificate stays held here as well.
 */
#include "authority/authority_private.h"

#include <string.h>

#include "authority/authority_db.h"
#include "authority/crl_db.h"
#include "base/error.h"
#include "base/log.h"

/* A few of them fit into the time that an OCSP request may wait. */
#define CHUNK 2000
/* What is wrong then takes people to put right; until it is they read of it this often. */
#define RETRY_REFUSED MICROS_PER_HOUR

CaLists *
ca_lists_new (const SignerCa *ca)
{
	CaLists *lists = g_new0 (CaLists, 1);

	lists->ca = ca;
	g_mutex_init (&lists->lock);
	lists->shards = g_new0 (PublishedList, ca->shards);
	lists->shard_changed = g_new0 (gboolean, ca->shards);
	lists->untold = g_array_new (FALSE, FALSE, sizeof (Serial));
	lists->refused = g_array_new (FALSE, FALSE, sizeof (Serial));
	lists->base_at = -1;
	return lists;
}

void
ca_lists_free (CaLists *lists)
{
	g_clear_pointer (&lists->full.der, g_bytes_unref);
	g_clear_pointer (&lists->delta.der, g_bytes_unref);
	for (guint i = 0; i < lists->ca->shards; i++)
		g_clear_pointer (&lists->shards[i].der, g_bytes_unref);
	g_free (lists->shards);
	g_free (lists->shard_changed);
	g_array_unref (lists->untold);
	g_array_unref (lists->refused);
	g_mutex_clear (&lists->lock);
	g_free (lists);
}

PublishedList *
ca_lists_find (CaLists *lists, ListKind kind, guint shard)
{
	switch (kind) {
	case LIST_FULL:
		return shard == 0 ? &lists->full : NULL;
	case LIST_DELTA:
		return shard == 0 ? &lists->delta : NULL;
	default:
		return shard < lists->ca->shards ? &lists->shards[shard] : NULL;
	}
}

static CaLists *
lists_of (Authority *authority, const char *issuer)
{
	for (guint i = 0; i < authority->lists->len; i++) {
		CaLists *lists = g_ptr_array_index (authority->lists, i);

		if (g_str_equal (lists->ca->id, issuer))
			return lists;
	}
	return NULL;
}

void
authority_sort_changes (Authority *authority)
{
	g_autoptr (GArray) changed = status_index_take_changes (authority->status);

	for (guint i = 0; i < changed->len; i++) {
		const Serial *serial = &g_array_index (changed, Serial, i);
		StatusEntry entry;
		CaLists *lists;

		if (!status_index_find (authority->status, serial, &entry))
			continue;
		lists = lists_of (authority, entry.issuer);
		if (lists)
			g_array_append_val (lists->untold, *serial);
	}
}

static void
mark_changed (CaLists *lists, const Serial *serial)
{
	lists->full_changed = lists->delta_changed = TRUE;
	lists->shard_changed[serial->b[sizeof serial->b - 1] % lists->ca->shards] = TRUE;
}

/* --- ended holds ---------------------------------------------------------------------------- */

typedef struct {
	const char *serial;
	char *request, *review, *complete;
	gboolean found;
} LiftingArgs;

static void
lifting_args_clear (LiftingArgs *args)
{
	g_clear_pointer (&args->request, g_free);
	g_clear_pointer (&args->review, g_free);
	g_clear_pointer (&args->complete, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (LiftingArgs, lifting_args_clear)

static gboolean
load_lifting (Tx *tx, gpointer arg, GError **error)
{
	LiftingArgs *args = arg;

	lifting_args_clear (args);      /* a read may be repeated */
	return db_lifting_last (tx, args->serial, &args->request, &args->review, &args->complete, &args->found, error);
}

/* Somebody freed it without the two officers: it stays held, here too. */
static void
keep_held (Authority *authority, const CaLists *lists, const Serial *serial, const char *hex, const char *why)
{
	RevokedEntry held;

	if (!crl_find (lists->full.der, serial, &held) || !status_index_keep_revoked (authority->status, &held))
		return;
	log_event (LOG_LEVEL_ERROR_, "certificate.unrevoked", "serial", "%s", hex, "detail", "%s", why, NULL);
}

static gboolean
tell_lifted (Authority *authority, CaLists *lists, const Serial *serial, GError **error)
{
	g_autofree char *hex = serial_hex (serial);
	g_auto (LiftingArgs) args = { .serial = hex };
	g_autoptr (GError) failure = NULL;

	if (!store_read (authority->store, "hold.lifting", load_lifting, &args, error))
		return FALSE;
	if (!args.found) {
		if (lists->full.der)
			keep_held (authority, lists, serial, hex, "the database lost this hold");
		return TRUE;
	}
	if (authority->calls.unhold (authority->signer, serial, args.request, args.review, args.complete, &failure)) {
		/* Until now the signer answered that it is held. */
		status_index_void_answers (authority->status);
		mark_changed (lists, serial);
		return TRUE;
	}
	if (!authority_refusal_is_final (failure)) {
		g_propagate_error (error, g_steal_pointer (&failure));
		return FALSE;
	}
	if (lists->full.der)
		keep_held (authority, lists, serial, hex, failure->message);
	return TRUE;
}

/* --- revocations ---------------------------------------------------------------------------- */

/* FALSE: nothing that the signer must hear. */
static gboolean
entry_to_tell (Authority *authority, const Serial *serial, RevokedEntry *out, gboolean *lifted)
{
	StatusEntry entry;

	*lifted = FALSE;
	if (!status_index_find (authority->status, serial, &entry) || !status_entry_is_stored (&entry))
		return FALSE;
	*lifted = entry.status != CERT_STATUS_REVOKED;
	*out = (RevokedEntry) { entry.serial, entry.revoked_at, entry.reason };
	return !*lifted;
}

/* The signer knows no such certificate (its journal came back from an older copy), or will not have the row.  OCSP answers for it with an error. */
static void
put_aside (CaLists *lists, const Serial *serial, const char *why)
{
	g_autofree char *hex = serial_hex (serial);

	g_array_append_val (lists->refused, *serial);
	lists->retry_at = clock_monotonic () + RETRY_REFUSED;
	log_event (LOG_LEVEL_ERROR_, "certificate.unlisted", "serial", "%s", hex, "detail", "%s", why, NULL);
}

/* One that is refused must not keep the others off the lists: it is found by halves. */
static gboolean
tell_revoked (Authority *authority, CaLists *lists, const RevokedEntry *entries, gsize n, GError **error)
{
	g_autoptr (GError) failure = NULL;

	if (n == 0)
		return TRUE;
	if (authority->calls.revoke (authority->signer, lists->ca->name, entries, n, &failure)) {
		for (gsize i = 0; i < n; i++)
			mark_changed (lists, &entries[i].serial);
		return TRUE;
	}
	if (!authority_refusal_is_final (failure)) {
		g_propagate_error (error, g_steal_pointer (&failure));
		return FALSE;
	}
	if (n > 1)
		return tell_revoked (authority, lists, entries, n / 2, error) && tell_revoked (authority, lists, entries + n / 2, n - n / 2, error);
	put_aside (lists, &entries[0].serial, failure->message);
	return TRUE;
}

static gboolean
tell_chunk (Authority *authority, CaLists *lists, guint n, GError **error)
{
	g_autoptr (GArray) entries = g_array_sized_new (FALSE, FALSE, sizeof (RevokedEntry), n);

	for (guint i = 0; i < n; i++) {
		const Serial *serial = &g_array_index (lists->untold, Serial, i);
		RevokedEntry entry;
		gboolean lifted;

		if (entry_to_tell (authority, serial, &entry, &lifted))
			g_array_append_val (entries, entry);
		else if (lifted && !tell_lifted (authority, lists, serial, error))
			return FALSE;
	}
	return tell_revoked (authority, lists, (const RevokedEntry *) (gpointer) entries->data, entries->len, error);
}

gboolean
authority_tell (Authority *authority, CaLists *lists, GError **error)
{
	if (lists->refused->len > 0 && clock_monotonic () >= lists->retry_at) {
		g_array_append_vals (lists->untold, lists->refused->data, lists->refused->len);
		g_array_set_size (lists->refused, 0);
	}
	while (lists->untold->len > 0) {
		guint n = MIN (lists->untold->len, CHUNK);

		if (!tell_chunk (authority, lists, n, error))
			return FALSE;
		g_array_remove_range (lists->untold, 0, n);
	}
	return TRUE;
}
