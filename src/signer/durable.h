/* signer/durable.h — new files that are on disk when the call returns. */
#pragma once
#include <glib.h>
#include <sys/types.h>

/* Made, never replaced; DIQI_ERROR_EXISTS when there is one. `name` is below dir. */
gboolean durable_file (const char *dir, const char *name, gconstpointer p, gsize n, mode_t mode, GError **error);
/* In place of what may be there: after a crash either is there, whole.  Syncs the folder too. */
gboolean durable_replace (const char *dir, const char *name, gconstpointer p, gsize n, mode_t mode, GError **error);
gboolean durable_folder (const char *dir, const char *name, mode_t mode, GError **error);
/* After the last change in it. */
gboolean durable_sync_folder (const char *path, GError **error);
