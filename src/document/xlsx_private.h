/* document/xlsx_private.h — parts of a workbook (ECMA-376): the package, and what a number in a cell means. */
#pragma once
#include "document/sheet_private.h"

#include <zip.h>

#define XLSX_MAX_ENTRIES 500
#define XLSX_MAX_PART (32 * 1024 * 1024)      /* of one part, unpacked */

/* Opens a package in memory; borrows the bytes.  NULL and sheet.malformed if it is none. */
zip_t *package_open (gconstpointer bytes, gsize n, GError **error);
static inline void package_close (zip_t *zip) { zip_discard (zip); }
G_DEFINE_AUTOPTR_CLEANUP_FUNC (zip_t, package_close)

/* Elements by their local name: writers choose prefixes freely. */
typedef struct {
	gboolean (*open) (const char *name, const char **names, const char **values, gpointer user, GError **error);
	gboolean (*close) (const char *name, gpointer user, GError **error);
	void (*text) (const char *text, gsize n, gpointer user);
} PartReader;
/* Runs a part of the package through reader.  UTF-8 only; a document type (and with it any entity of its own) is refused. */
gboolean package_read (zip_t *zip, const char *name, const PartReader *reader, gpointer user, GError **error);
const char *part_attribute (const char **names, const char **values, const char *local_name);    /* NULL: absent */

/* --- numbers ----------------------------------------------------------------------------- */
typedef struct {
	GArray *dates;           /* gboolean a cell format: shows a date */
	gboolean from_1904;
} CellFormats;
/* Reads xl/styles.xml; no part: no format is a date. */
gboolean cell_formats_read (zip_t *zip, const char *name, CellFormats *formats, GError **error);
/* The text of a numeric cell.  NULL (without error) for a number that the spreadsheet may have rounded: it holds 15 digits. */
char *cell_number_text (const CellFormats *formats, guint format, const char *value);
