/* registry/bulk.h — many applications from one spreadsheet.
 *
 * The first row names the columns, by the form's Chinese labels or by its members' names; each further row is one
 * form.  Every row is checked as at submission, every fault is told by row, column and rule, and nothing is made
 * unless all rows are right or the caller asked to skip the others.  Rows become drafts: each holder still
 * submits with his own key, or at the counter.
 */
#pragma once
#include "registry/registry.h"

#define BULK_ROWS_MAX 1000

typedef struct {
	SubjectKind kind;
	const json_t *rows;            /* of sheet_read: arrays of strings; the header first */
	gboolean check_only, skip_invalid;
	const char *secret;            /* access codes are derived from a salt and it (access_code.h) */
} BulkOrder;

/* {rows, valid, created, results:[{row, holder, application?, access_salt?, errors:[{pointer, column, code, detail}]}]}; row as in the
 * spreadsheet, from 2.  Faults of the whole (no header, unknown or repeated column, too many rows): an error at "/file". */
gboolean bulk_applications (Tx *tx, Registry *registry, const BulkOrder *order, json_t **report, GError **error);
/* Header and one empty row, for sheet_write: array of label strings. */
json_t *bulk_columns (SubjectKind kind);
