/* evidence/checkpoint.h — the worker that turns committed leaves into a signed tree.
 *
 * Holds the whole tree's hashes in memory, rebuilt from the leaves at start and
 * compared with the newest stored checkpoint: a log that lost or changed a leaf stops
 * the service (DIQI_ERROR_MERKLE).  Signs through a callback, so that evidence knows
 * no signer: main hands one over.
 */
#pragma once
#include "evidence/evidence.h"

typedef char *(*CheckpointSign) (gpointer signer, const Hash *root, guint64 size, guint64 old_size,
                                 const Hash *proof, gsize n, GError **error);

typedef struct LogKeeper LogKeeper;
/* interval_micros: longest wait between a commit and its checkpoint (default 1 s; wakes each quarter). */
LogKeeper *log_keeper_new (Store *store, const Clock *clock, const char *origin, CheckpointSign sign, gpointer signer, GError **error);
void log_keeper_start (LogKeeper *keeper);
/* Signs what is committed now, and returns; for tests, shutdown and bundles. */
gboolean log_keeper_flush (LogKeeper *keeper, GError **error);
void log_keeper_free (LogKeeper *keeper);           /* stops the thread after a last flush */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LogKeeper, log_keeper_free)
/* 0 when all is well, else microseconds since the oldest unsigned leaf: for /readyz and metrics. */
gint64 log_keeper_lag (LogKeeper *keeper);

/* Thread-safe reads of the tree, up to the newest signed size. */
char *log_keeper_note (LogKeeper *keeper, guint64 *size);                 /* newest signed note; NULL before the first */
GArray *log_keeper_inclusion (LogKeeper *keeper, guint64 index, guint64 size, GError **error);
GArray *log_keeper_consistency (LogKeeper *keeper, guint64 size1, guint64 size2, GError **error);
GBytes *log_keeper_tile (LogKeeper *keeper, guint level, guint64 index, guint width, GError **error);
