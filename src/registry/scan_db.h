/* registry/scan_db.h — one SQL statement a function; used by registry only. */
#pragma once
#include "base/clock.h"
#include "store/store.h"

/* Does the application have this scan of this paper, not yet disposed of? */
gboolean db_scan_exists (Tx *tx, const char *id, const char *application, const char *paper, gboolean *found, GError **error);
