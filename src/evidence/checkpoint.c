/* evidence/checkpoint.c — see checkpoint.h.
 *
 * Two sizes matter.  The tree's own size counts all leaves read from the database; the
 * published size those under the newest stored checkpoint.  Readers see only what is
 * published.  One thread at a time advances (mutex `advance`): read leaves, have the root
 * signed, store the note, publish.  The tree changes only under the write side of `lock`,
 * so the advancing thread may read it without; it signs and writes to the database
 * without holding it, and readers never wait for either.
 */
#include "evidence/checkpoint.h"

#include "base/error.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "evidence/evidence_db.h"

#include <string.h>

#define LOOK_EVERY (250 * MICROS_PER_MS)
#define CHUNK 1024                 /* leaves a read */

struct LogKeeper {
	Store *store;
	const Clock *clock;
	char *origin;
	CheckpointSign sign;
	CheckpointLast last;
	gpointer signer;

	GMutex advance;
	guint64 signed_size;           /* by the signer; ahead of published if a note was never stored */
	gboolean signer_lost;          /* ask it again what it signed last */

	GRWLock lock;                  /* guards what follows */
	MerkleTree *tree;
	guint64 published;
	char *note;
	gint64 waiting_since;          /* monotonic; 0 when all is signed */

	GMutex wake_mutex;
	GCond wake;
	gboolean stop;
	GThread *thread;
};

static gboolean
bad_log (GError **error, const char *format, guint64 n)
{
	g_autofree char *number = g_strdup_printf ("%" G_GUINT64_FORMAT, n);
	return diqi_fail (error, DIQI_ERROR_MERKLE, NULL, "%s (%s)", format, number);
}

/* --- reading leaves -------------------------------------------------------------- */

typedef struct {
	guint64 from;
	guint64 size;                  /* of the log, as of this read */
	GArray *hashes;                /* of Hash: leaves from, from + 1, … */
} Chunk;

/* The stored hash is only a second witness: the tree is built from the bytes. */
static gboolean
check_leaf (Rows *rows, guint64 index, Hash *out, GError **error)
{
	if ((guint64) rows_int (rows, 0) != index)
		return bad_log (error, "a leaf is missing from the log", index);
	g_autoptr (GBytes) leaf = rows_bytes (rows, 1);
	g_autoptr (GBytes) stored = rows_bytes (rows, 2);
	merkle_leaf_hash (g_bytes_get_data (leaf, NULL), g_bytes_get_size (leaf), out);
	if (g_bytes_get_size (stored) != sizeof out->b || memcmp (g_bytes_get_data (stored, NULL), out->b, sizeof out->b) != 0)
		return bad_log (error, "a leaf does not fit its hash", index);
	return TRUE;
}

static gboolean
read_chunk (Tx *tx, gpointer arg, GError **error)
{
	Chunk *chunk = arg;
	g_array_set_size (chunk->hashes, 0);       /* may run again */
	if (!db_log_size (tx, &chunk->size, error))
		return FALSE;
	if (chunk->size < chunk->from)
		return bad_log (error, "the log has become shorter", chunk->size);
	guint64 to = MIN (chunk->size, chunk->from + CHUNK);
	if (to == chunk->from)
		return TRUE;
	g_autoptr (Rows) rows = db_leaves (tx, chunk->from, to, error);
	if (rows == NULL)
		return FALSE;
	for (guint64 i = chunk->from; i < to; i++) {
		Hash h;
		if (!rows_next (rows, error))
			return bad_log (error, "a leaf is missing from the log", i);
		if (!check_leaf (rows, i, &h, error))
			return FALSE;
		g_array_append_val (chunk->hashes, h);
	}
	return TRUE;
}

static gboolean
read_new_leaves (LogKeeper *k, GError **error)
{
	g_autoptr (GArray) hashes = g_array_new (FALSE, FALSE, sizeof (Hash));
	Chunk chunk = { .hashes = hashes };
	do {
		chunk.from = merkle_tree_size (k->tree);
		if (!store_read (k->store, "log.leaves", read_chunk, &chunk, error))
			return FALSE;
		g_rw_lock_writer_lock (&k->lock);
		for (guint i = 0; i < hashes->len; i++)
			merkle_tree_append (k->tree, &g_array_index (hashes, Hash, i));
		g_rw_lock_writer_unlock (&k->lock);
	} while (merkle_tree_size (k->tree) < chunk.size);
	return TRUE;
}

/* --- agreeing with what was signed ------------------------------------------------- */

static gboolean
check_root (LogKeeper *k, guint64 size, const Hash *root, const char *whose, GError **error)
{
	Hash ours;
	if (size > merkle_tree_size (k->tree))
		return diqi_fail (error, DIQI_ERROR_MERKLE, NULL, "%s covers %" G_GUINT64_FORMAT " leaves, the log has only %" G_GUINT64_FORMAT,
			whose, size, merkle_tree_size (k->tree));
	merkle_tree_root (k->tree, size, &ours);
	if (!fingerprint_equal (&ours, root))
		return diqi_fail (error, DIQI_ERROR_MERKLE, NULL, "the first %" G_GUINT64_FORMAT " leaves are not those %s was signed over",
			size, whose);
	return TRUE;
}

/* Does this note speak of this log, and of these leaves? */
static gboolean
check_note (LogKeeper *k, const char *note, const char *whose, guint64 *size, GError **error)
{
	g_auto (Checkpoint) c = { 0 };
	if (!checkpoint_read_unverified (note, &c, error))
		return FALSE;
	if (strcmp (c.origin, k->origin) != 0)
		return diqi_fail (error, DIQI_ERROR_MERKLE, NULL, "%s is of log \"%s\", not of \"%s\"", whose, c.origin, k->origin);
	*size = c.size;
	return check_root (k, c.size, &c.root, whose, error);
}

typedef struct {
	char *note;
	guint64 size;
} StoredNote;

static gboolean
read_newest_note (Tx *tx, gpointer arg, GError **error)
{
	StoredNote *stored = arg;
	g_autoptr (GError) local = NULL;
	g_clear_pointer (&stored->note, g_free);
	stored->note = evidence_latest_note (tx, &stored->size, &local);
	if (local == NULL)
		return TRUE;
	g_propagate_error (error, g_steal_pointer (&local));
	return FALSE;
}

static gboolean
load_newest_note (LogKeeper *k, GError **error)
{
	StoredNote stored = { 0 };
	guint64 size;
	if (!store_read (k->store, "log.newest", read_newest_note, &stored, error))
		return FALSE;
	k->note = stored.note;
	if (k->note == NULL)
		return TRUE;
	if (!check_note (k, k->note, "the newest checkpoint", &size, error))
		return FALSE;
	if (size != stored.size)
		return bad_log (error, "the newest checkpoint is stored under another size", stored.size);
	k->published = k->signed_size = size;
	return TRUE;
}

static gboolean
ask_signer (LogKeeper *k, GError **error)
{
	guint64 size;
	Hash root;
	if (k->last == NULL)
		return TRUE;
	if (!k->last (k->signer, &size, &root, error) ||
	    (size > 0 && !check_root (k, size, &root, "the signer's last checkpoint", error)))
		return FALSE;
	k->signed_size = size;
	k->signer_lost = FALSE;
	return TRUE;
}

/* --- signing and publishing ---------------------------------------------------------- */

static char *
sign_tree (LogKeeper *k, guint64 size, GError **error)
{
	Hash root;
	guint64 checked;
	merkle_tree_root (k->tree, size, &root);
	g_autoptr (GArray) proof = k->signed_size > 0 ? merkle_tree_consistency (k->tree, k->signed_size, size)
	                                              : g_array_new (FALSE, FALSE, sizeof (Hash));
	g_autofree char *note = k->sign (k->signer, &root, size, k->signed_size, (const Hash *) proof->data, proof->len, error);
	if (note == NULL || !check_note (k, note, "the signer's note", &checked, error)) {
		k->signer_lost = TRUE;      /* it may have signed all the same */
		return NULL;
	}
	k->signed_size = size;
	if (checked != size) {
		bad_log (error, "the signer signed another size", checked);
		return NULL;
	}
	return g_steal_pointer (&note);
}

typedef struct {
	guint64 size;
	const char *note;
	Micros now;
} NewNote;

/* The same note may be there already, if an earlier commit succeeded but its answer was lost. */
static gboolean
store_note (Tx *tx, gpointer arg, GError **error)
{
	const NewNote *new_note = arg;
	gboolean fresh;
	guint64 size = 0;
	if (!db_add_checkpoint (tx, new_note->size, new_note->note, new_note->now, &fresh, error))
		return FALSE;
	if (fresh)
		return TRUE;
	g_autofree char *there = evidence_latest_note (tx, &size, error);
	return (there != NULL && size == new_note->size && strcmp (there, new_note->note) == 0) ||
	       bad_log (error, "somebody else stores checkpoints of this log", new_note->size);
}

static void
publish (LogKeeper *k, guint64 size, char *note)
{
	g_rw_lock_writer_lock (&k->lock);
	g_free (k->note);
	k->note = note;
	k->published = size;
	g_rw_lock_writer_unlock (&k->lock);
}

static void
set_waiting (LogKeeper *k, gboolean waiting)
{
	g_rw_lock_writer_lock (&k->lock);
	if (!waiting)
		k->waiting_since = 0;
	else if (k->waiting_since == 0)
		k->waiting_since = clock_monotonic ();
	g_rw_lock_writer_unlock (&k->lock);
}

static gboolean
advance (LogKeeper *k, GError **error)
{
	if (!read_new_leaves (k, error))
		return FALSE;
	guint64 size = merkle_tree_size (k->tree);
	if (size == k->published)
		return TRUE;
	set_waiting (k, TRUE);
	if (k->signer_lost && !ask_signer (k, error))
		return FALSE;
	g_autofree char *note = sign_tree (k, size, error);
	if (note == NULL)
		return FALSE;
	FAILPOINT ("checkpoint.signed");
	NewNote new_note = { size, note, clock_now (k->clock) };
	if (!store_run (k->store, "log.checkpoint", store_note, &new_note, error))
		return FALSE;
	publish (k, size, g_steal_pointer (&note));
	return TRUE;
}

gboolean
log_keeper_flush (LogKeeper *k, GError **error)
{
	g_mutex_lock (&k->advance);
	gboolean ok = advance (k, error);
	set_waiting (k, !ok);
	g_mutex_unlock (&k->advance);
	return ok;
}

/* --- the worker ------------------------------------------------------------------------ */

/* One line when it begins to fail and one when it works again, not one a look. */
static void
report (gboolean *failing, const GError *error)
{
	if (error != NULL && !*failing)
		log_event (LOG_LEVEL_ERROR_, "log.checkpoint.failed", "code", "%s", diqi_error_code_name (error), "detail", "%s", error->message, NULL);
	if (error == NULL && *failing)
		log_event (LOG_LEVEL_INFO, "log.checkpoint.resumed", NULL);
	*failing = error != NULL;
}

static gpointer
work (gpointer arg)
{
	LogKeeper *k = arg;
	gboolean failing = FALSE;
	g_mutex_lock (&k->wake_mutex);
	while (!k->stop) {
		g_autoptr (GError) error = NULL;
		g_mutex_unlock (&k->wake_mutex);
		log_keeper_flush (k, &error);
		report (&failing, error);
		g_mutex_lock (&k->wake_mutex);
		gint64 until = clock_monotonic () + LOOK_EVERY;
		while (!k->stop && g_cond_wait_until (&k->wake, &k->wake_mutex, until))
			;
	}
	g_mutex_unlock (&k->wake_mutex);
	return NULL;
}

void
log_keeper_start (LogKeeper *k)
{
	g_assert (k->thread == NULL);
	k->thread = g_thread_new ("log-keeper", work, k);
}

LogKeeper *
log_keeper_open (Store *store, const Clock *clock, const char *origin, CheckpointSign sign, CheckpointLast last,
                 gpointer signer, GError **error)
{
	g_autoptr (LogKeeper) k = g_new0 (LogKeeper, 1);
	g_mutex_init (&k->advance);
	g_mutex_init (&k->wake_mutex);
	g_cond_init (&k->wake);
	g_rw_lock_init (&k->lock);
	k->store = store;
	k->clock = clock;
	k->origin = g_strdup (origin);
	k->sign = sign;
	k->last = last;
	k->signer = signer;
	k->tree = merkle_tree_new ();
	if (!read_new_leaves (k, error) || !load_newest_note (k, error) || !ask_signer (k, error))
		return NULL;
	return g_steal_pointer (&k);
}

LogKeeper *
log_keeper_new (Store *store, const Clock *clock, const char *origin, CheckpointSign sign, gpointer signer, GError **error)
{
	return log_keeper_open (store, clock, origin, sign, NULL, signer, error);
}

static void
stop_thread (LogKeeper *k)
{
	g_autoptr (GError) error = NULL;
	gboolean failing = FALSE;
	g_mutex_lock (&k->wake_mutex);
	k->stop = TRUE;
	g_cond_signal (&k->wake);
	g_mutex_unlock (&k->wake_mutex);
	g_thread_join (k->thread);
	log_keeper_flush (k, &error);
	report (&failing, error);
}

void
log_keeper_free (LogKeeper *k)
{
	if (k == NULL)
		return;
	if (k->thread != NULL)
		stop_thread (k);
	g_mutex_clear (&k->advance);
	g_mutex_clear (&k->wake_mutex);
	g_cond_clear (&k->wake);
	g_rw_lock_clear (&k->lock);
	merkle_tree_free (k->tree);
	g_free (k->note);
	g_free (k->origin);
	g_free (k);
}

/* --- reads ------------------------------------------------------------------------------- */

gint64
log_keeper_lag (LogKeeper *k)
{
	g_rw_lock_reader_lock (&k->lock);
	gint64 since = k->waiting_since;
	g_rw_lock_reader_unlock (&k->lock);
	return since == 0 ? 0 : MAX (clock_monotonic () - since, 1);
}

char *
log_keeper_note (LogKeeper *k, guint64 *size)
{
	g_rw_lock_reader_lock (&k->lock);
	char *note = g_strdup (k->note);
	if (size != NULL)
		*size = k->published;
	g_rw_lock_reader_unlock (&k->lock);
	return note;
}

static void
not_signed (GError **error, const char *field)
{
	diqi_error_set (error, DIQI_ERROR_NOT_FOUND, field, "outside the signed tree");
}

char *
log_keeper_covering (LogKeeper *keeper, guint64 index, guint64 *size, GError **error)
{
	g_autofree char *note = log_keeper_note (keeper, size);

	if (note != NULL && *size > index)
		return g_steal_pointer (&note);
	if (!log_keeper_flush (keeper, error))
		return NULL;
	g_free (note);
	note = log_keeper_note (keeper, size);
	if (note != NULL && *size > index)
		return g_steal_pointer (&note);
	diqi_error_set (error, DIQI_ERROR_UNAVAILABLE, NULL, "the log's newest leaves are not signed yet");
	return NULL;
}

GArray *
log_keeper_inclusion (LogKeeper *k, guint64 index, guint64 size, GError **error)
{
	g_rw_lock_reader_lock (&k->lock);
	gboolean there = index < size && size <= k->published;
	GArray *proof = there ? merkle_tree_inclusion (k->tree, index, size) : NULL;
	g_rw_lock_reader_unlock (&k->lock);
	if (!there)
		not_signed (error, "/index");
	return proof;
}

GArray *
log_keeper_consistency (LogKeeper *k, guint64 size1, guint64 size2, GError **error)
{
	g_rw_lock_reader_lock (&k->lock);
	gboolean there = size1 > 0 && size1 <= size2 && size2 <= k->published;
	GArray *proof = there ? merkle_tree_consistency (k->tree, size1, size2) : NULL;
	g_rw_lock_reader_unlock (&k->lock);
	if (!there)
		not_signed (error, "/from");
	return proof;
}

GBytes *
log_keeper_tile (LogKeeper *k, guint level, guint64 index, guint width, GError **error)
{
	g_rw_lock_reader_lock (&k->lock);
	GBytes *tile = merkle_tree_tile (k->tree, level, index, width, k->published);
	g_rw_lock_reader_unlock (&k->lock);
	if (tile == NULL)
		not_signed (error, NULL);
	return tile;
}
