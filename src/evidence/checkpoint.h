/* evidence/checkpoint.h — the worker that turns committed leaves into a signed tree.
 *
 * Holds the whole tree's hashes in memory, rebuilt from the bytes of the leaves at start and
 * compared with their stored hashes, with the newest stored checkpoint and with what the
 * signer remembers: a log that lost or changed a leaf stops the service (DIQI_ERROR_MERKLE).
 * Signs through callbacks, so that evidence knows no signer: main hands them over.
 *
 * Looks for new leaves four times a second; whatever was committed is under a checkpoint at
 * most one second later, while the signer answers.  When it does not, nothing is lost: the
 * worker tries again at every look and log_keeper_lag grows.
 */
#pragma once
#include "evidence/evidence.h"

/* A checkpoint over `size` leaves, consistent with the one over old_size (0 at first: empty proof). */
typedef char *(*CheckpointSign) (gpointer signer, const Hash *root, guint64 size, guint64 old_size,
                                 const Hash *proof, gsize n, GError **error);
/* What the signer signed last; size 0 if nothing yet. */
typedef gboolean (*CheckpointLast) (gpointer signer, guint64 *size, Hash *root, GError **error);

typedef struct LogKeeper LogKeeper;
/* With `last`, a log that was set back behind what the signer has signed is refused, and a crash
 * between signing and storing is made good.  Store and clock must outlive the keeper. */
LogKeeper *log_keeper_open (Store *store, const Clock *clock, const char *origin, CheckpointSign sign, CheckpointLast last,
                            gpointer signer, GError **error);
/* As log_keeper_open for a signer without memory. */
LogKeeper *log_keeper_new (Store *store, const Clock *clock, const char *origin, CheckpointSign sign, gpointer signer, GError **error);
void log_keeper_start (LogKeeper *keeper);
/* Signs what is committed now, and returns; for tests, shutdown and bundles. */
gboolean log_keeper_flush (LogKeeper *keeper, GError **error);
void log_keeper_free (LogKeeper *keeper);           /* stops the thread after a last flush */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LogKeeper, log_keeper_free)
/* 0 when all is well, else microseconds since it was seen that a leaf waits for its checkpoint
 * (or that the log cannot be read): for /readyz and metrics. */
gint64 log_keeper_lag (LogKeeper *keeper);

/* Thread-safe reads of the tree, up to the newest signed size. */
char *log_keeper_note (LogKeeper *keeper, guint64 *size);                 /* newest signed note; NULL before the first */
/* One over this leaf, which is committed: signed at once if it must be.  DIQI_ERROR_UNAVAILABLE. */
char *log_keeper_covering (LogKeeper *keeper, guint64 index, guint64 *size, GError **error);
/* DIQI_ERROR_NOT_FOUND beyond the newest signed size, and for size1 = 0. */
GArray *log_keeper_inclusion (LogKeeper *keeper, guint64 index, guint64 size, GError **error);
GArray *log_keeper_consistency (LogKeeper *keeper, guint64 size1, guint64 size2, GError **error);
GBytes *log_keeper_tile (LogKeeper *keeper, guint level, guint64 index, guint width, GError **error);
