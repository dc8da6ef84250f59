/* store/migration_set.h — the migrations of a folder, embedded or on disk. */
#pragma once
#include <glib.h>

typedef struct {
	int number;
	char *name;               /* file name */
	char *sql;
	char *sha256;             /* of the file, lower-case hex */
} Migration;

/* Of Migration, by number.  "resource:///…" or a folder on disk.  Every file must be NNNN_name.sql, UTF-8;
 * the numbers run from 0001 without gap or double.  DIQI_ERROR_STORE_SCHEMA. */
GPtrArray *migration_set_load (const char *folder, GError **error);
