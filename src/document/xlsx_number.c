/* document/xlsx_number.c — what a number in a cell means to the person who typed it.
 *
 * A workbook holds dates as days since 1899-12-30 and tells them from numbers only by the cell's format; and it holds
 * every number as an IEEE double, so that an identity number of 18 digits typed into an unformatted cell has lost its
 * last three.  The first is turned into a date, the second is refused.
 */
#include "document/xlsx_private.h"

#include <math.h>
#include <string.h>

#include "base/civil.h"

#define MAX_FORMATS 65000          /* of cells, as the format itself limits them (64,000) */
#define EXACT 1e15                 /* numbers below show all their digits */
#define SERIAL_OF_1970 25569       /* 1970-01-01 */
#define SERIAL_FIRST 61            /* 1900-03-01: before, 1900 counts as a leap year */
#define SERIAL_LAST 2958465        /* 9999-12-31 */
#define DAYS_1904 1462

typedef struct {
	CellFormats *formats;
	GHashTable *custom;            /* numFmtId → shows a date */
	gboolean in_cells;
} Styles;

/* A format shows a date when it has a year or a day outside quotes, colours and escapes. */
static gboolean
code_is_date (const char *code)
{
	for (const char *p = code; *p != '\0'; p++) {
		if (*p == '"' || *p == '[') {
			p = strchr (p + 1, *p == '"' ? '"' : ']');
			if (p == NULL)
				return FALSE;
		} else if (*p == '\\' || *p == '_' || *p == '*') {
			if (*++p == '\0')
				return FALSE;
		} else if (strchr ("yYdDeE", *p) != NULL) {
			/* "0.00E+00" is scientific, "e" alone a year. */
			return !((*p == 'E' || *p == 'e') && (p[1] == '+' || p[1] == '-'));
		}
	}
	return FALSE;
}

/* ECMA-376 part 1, 18.8.30: built-in formats, those of Chinese workbooks among them. */
static gboolean
number_is_date (guint id)
{
	return (id >= 14 && id <= 17) || id == 22 || (id >= 27 && id <= 31) || id == 36 || (id >= 50 && id <= 54) || id == 57 || id == 58;
}

static gboolean
read_id (const char *text, guint *out)
{
	guint64 value;
	if (text == NULL || !g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT16, &value, NULL))
		return FALSE;
	*out = (guint) value;
	return TRUE;
}

static void
add_format (Styles *styles, const char **names, const char **values)
{
	guint id = 0;
	gpointer custom;
	gboolean date = FALSE;

	if (read_id (part_attribute (names, values, "numFmtId"), &id))
		date = g_hash_table_lookup_extended (styles->custom, GUINT_TO_POINTER (id), NULL, &custom) ? custom != NULL : number_is_date (id);
	g_array_append_val (styles->formats->dates, date);
}

static gboolean
on_style (const char *name, const char **names, const char **values, gpointer user, GError **error)
{
	Styles *styles = user;
	guint id;

	if (g_str_equal (name, "numFmt")) {
		const char *code = part_attribute (names, values, "formatCode");
		if (code != NULL && read_id (part_attribute (names, values, "numFmtId"), &id))
			g_hash_table_insert (styles->custom, GUINT_TO_POINTER (id), GINT_TO_POINTER (code_is_date (code)));
	} else if (g_str_equal (name, "cellXfs")) {
		styles->in_cells = TRUE;
	} else if (g_str_equal (name, "xf") && styles->in_cells) {
		if (styles->formats->dates->len >= MAX_FORMATS)
			return sheet_fail (error, "the workbook has too many cell formats");
		add_format (styles, names, values);
	}
	return TRUE;
}

static gboolean
on_style_end (const char *name, gpointer user, GError **error G_GNUC_UNUSED)
{
	Styles *styles = user;
	if (g_str_equal (name, "cellXfs"))
		styles->in_cells = FALSE;
	return TRUE;
}

gboolean
cell_formats_read (zip_t *zip, const char *part, CellFormats *formats, GError **error)
{
	static const PartReader reader = { on_style, on_style_end, NULL };
	g_autoptr (GHashTable) custom = g_hash_table_new (NULL, NULL);
	Styles styles = { .formats = formats, .custom = custom };

	return part == NULL || package_read (zip, part, &reader, &styles, error);
}

char *
cell_number_text (const CellFormats *formats, guint format, const char *value)
{
	char *end = NULL;
	const double number = g_ascii_strtod (value, &end);

	if (end == value || *end != '\0' || !isfinite (number) || fabs (number) >= EXACT)
		return NULL;
	const gboolean whole = floor (number) >= number;
	if (!whole)
		return g_strdup_printf ("%.15g", number);
	const gint64 serial = (gint64) number + (formats->from_1904 ? DAYS_1904 : 0);
	if (format < formats->dates->len && g_array_index (formats->dates, gboolean, format) && serial >= SERIAL_FIRST && serial <= SERIAL_LAST) {
		const CivilDate date = civil_from_days (serial - SERIAL_OF_1970);
		return g_strdup_printf ("%04d-%02d-%02d", date.year, date.month, date.day);
	}
	return g_strdup_printf ("%" G_GINT64_FORMAT, (gint64) number);
}
