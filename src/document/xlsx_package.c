/* document/xlsx_package.c — a workbook's zip and its XML parts, within limits.
 *
 * The zip may lie about everything: entries are counted, sizes are bounded before and while unpacking, and libzip
 * compares both directories of the file.  GLib's markup reader knows no external entities and no entity definitions.
 */
#include "document/xlsx_private.h"

#include <string.h>

#include "base/error.h"

zip_t *
package_open (gconstpointer bytes, gsize n, GError **error)
{
	zip_error_t cause;

	zip_error_init (&cause);
	zip_source_t *source = zip_source_buffer_create (bytes, n, 0, &cause);
	zip_t *zip = source != NULL ? zip_open_from_source (source, ZIP_RDONLY | ZIP_CHECKCONS, &cause) : NULL;
	if (zip == NULL) {
		sheet_fail (error, "not a whole .xlsx file: %s", zip_error_strerror (&cause));
		zip_source_free (source);
	}
	zip_error_fini (&cause);
	if (zip != NULL && zip_get_num_entries (zip, 0) > XLSX_MAX_ENTRIES) {
		diqi_error_set (error, DIQI_ERROR_TOO_LARGE, NULL, "the workbook has over %d parts", XLSX_MAX_ENTRIES);
		g_clear_pointer (&zip, zip_discard);
	}
	return zip;
}

static char *
unpack (zip_file_t *file, const char *name, gsize size, GError **error)
{
	g_autofree char *text = g_malloc (size + 1);
	gsize have = 0;

	while (have < size) {
		const zip_int64_t got = zip_fread (file, text + have, size - have);
		if (got <= 0)
			break;
		have += (gsize) got;
	}
	/* One more read reaches the end, where libzip compares size and checksum. */
	if (have != size || zip_fread (file, text + have, 1) != 0) {
		sheet_fail (error, "part \"%s\" is damaged", name);
		return NULL;
	}
	text[size] = '\0';
	return g_steal_pointer (&text);
}

static char *
part_text (zip_t *zip, const char *name, gsize *n, GError **error)
{
	zip_stat_t facts;

	if (zip_stat (zip, name, 0, &facts) != 0 || !(facts.valid & ZIP_STAT_SIZE)) {
		sheet_fail (error, "not an .xlsx file: no part \"%s\"", name);
		return NULL;
	}
	if (facts.size > XLSX_MAX_PART) {
		diqi_error_set (error, DIQI_ERROR_TOO_LARGE, NULL, "part \"%s\" unpacks to over %d bytes", name, XLSX_MAX_PART);
		return NULL;
	}
	zip_file_t *file = zip_fopen_index (zip, facts.index, 0);
	if (file == NULL) {
		sheet_fail (error, "part \"%s\" cannot be read: %s", name, zip_strerror (zip));
		return NULL;
	}
	char *text = unpack (file, name, facts.size, error);
	zip_fclose (file);
	*n = facts.size;
	return text;
}

static const char *
local_name (const char *name)
{
	const char *colon = strrchr (name, ':');
	return colon ? colon + 1 : name;
}

const char *
part_attribute (const char **names, const char **values, const char *wanted)
{
	for (gsize i = 0; names[i] != NULL; i++)
		if (g_str_equal (local_name (names[i]), wanted))
			return values[i];
	return NULL;
}

/* --- GMarkup -------------------------------------------------------------------------------- */

#define MAX_DEPTH 64         /* of elements; the parser keeps each open one in memory */

typedef struct {
	const PartReader *reader;
	gpointer user;
	guint depth;
} Reading;

static void
on_start (GMarkupParseContext *context G_GNUC_UNUSED, const char *name, const char **names, const char **values, gpointer user,
          GError **error)
{
	Reading *reading = user;
	if (++reading->depth > MAX_DEPTH)
		sheet_fail (error, "elements nest too deeply");
	else if (reading->reader->open != NULL)
		reading->reader->open (local_name (name), names, values, reading->user, error);
}

static void
on_end (GMarkupParseContext *context G_GNUC_UNUSED, const char *name, gpointer user, GError **error)
{
	Reading *reading = user;
	reading->depth--;
	if (reading->reader->close != NULL)
		reading->reader->close (local_name (name), reading->user, error);
}

static void
on_text (GMarkupParseContext *context G_GNUC_UNUSED, const char *text, gsize n, gpointer user, GError **error G_GNUC_UNUSED)
{
	const Reading *reading = user;
	if (reading->reader->text != NULL)
		reading->reader->text (text, n, reading->user);
}

static void
on_passthrough (GMarkupParseContext *context G_GNUC_UNUSED, const char *text, gsize n, gpointer user G_GNUC_UNUSED, GError **error)
{
	if (n >= 9 && g_ascii_strncasecmp (text, "<!DOCTYPE", 9) == 0)
		sheet_fail (error, "a document type has no place in a workbook");
}

gboolean
package_read (zip_t *zip, const char *name, const PartReader *reader, gpointer user, GError **error)
{
	static const GMarkupParser parser = { on_start, on_end, on_text, on_passthrough, NULL };
	Reading reading = { reader, user, 0 };
	g_autoptr (GError) cause = NULL;
	gsize n = 0;
	g_autofree char *text = part_text (zip, name, &n, error);

	if (text == NULL)
		return FALSE;
	g_autoptr (GMarkupParseContext) context = g_markup_parse_context_new (&parser, G_MARKUP_TREAT_CDATA_AS_TEXT, &reading, NULL);
	const gboolean bom = n >= 3 && memcmp (text, "\xef\xbb\xbf", 3) == 0;
	if (g_markup_parse_context_parse (context, bom ? text + 3 : text, (gssize) (bom ? n - 3 : n), &cause)
	    && g_markup_parse_context_end_parse (context, &cause))
		return TRUE;
	if (cause->domain == DIQI_ERROR) {
		g_propagate_error (error, g_steal_pointer (&cause));
		return FALSE;
	}
	return sheet_fail (error, "part \"%s\": %s", name, cause->message);
}
