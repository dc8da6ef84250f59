/* registry/export.h — lists of applications as spreadsheets. */
#pragma once
#include "registry/registry.h"

#define EXPORT_ROWS_MAX 20000

/* Rows (arrays of cells, see sheet_write) and columns of the applications made in [from, to), oldest first; drafts and identity
 * numbers are left out.  More than EXPORT_ROWS_MAX: DIQI_ERROR_TOO_LARGE. */
gboolean export_applications (Tx *tx, Registry *registry, Micros from, Micros to, json_t **rows, GError **error);
