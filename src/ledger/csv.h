/* ledger/csv.h — comma-separated values (RFC 4180), within limits.
 *
 * UTF-8, maybe with a byte order mark; lines end with CRLF or LF; a field in double quotes may hold commas, line ends and
 * doubled quotes.  Empty lines are left out.  Every row has as many fields as the first.
 */
#pragma once
#include <glib.h>

typedef struct {
	gsize bytes, rows, columns, field;         /* at most; rows with the heading */
} CsvLimits;

typedef struct {
	guint line;               /* of the text, from 1, where the row begins */
	GPtrArray *fields;        /* char * */
} CsvRow;

/* GPtrArray of CsvRow *, owned; NULL on error.  DIQI_ERROR_TOO_LARGE, _FIELD_VALUE with the line in the detail. */
GPtrArray *csv_parse (const char *text, gsize n, const CsvLimits *limits, GError **error);
/* Quoted where it must be. */
void csv_append (GString *out, const char *field, gboolean last);
