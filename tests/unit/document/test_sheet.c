#include "document/document.h"

#include <string.h>

#include <zip.h>

#include "base/error.h"

/* --- helpers ------------------------------------------------------------------------------ */

static json_t *
read_text (const char *text, gsize n)
{
	g_autoptr (GError) error = NULL;
	json_t *rows = NULL;

	sheet_read (text, n, &rows, &error);
	g_assert_no_error (error);
	return rows;
}

static void
assert_rows (const char *text, const char *expected)
{
	g_autoptr (json_t) rows = read_text (text, strlen (text));
	g_autoptr (json_t) wanted = json_loads (expected, 0, NULL);
	g_autofree char *shown = json_dumps (rows, 0);

	g_assert_nonnull (wanted);
	if (!json_equal (rows, wanted))
		g_error ("%s gives %s", text, shown);
}

static void
assert_refused (gconstpointer bytes, gsize n, DiqiErrorCode code, const char *field)
{
	g_autoptr (GError) error = NULL;
	json_t *rows = NULL;

	g_assert_false (sheet_read (bytes, n, &rows, &error));
	g_assert_null (rows);
	g_assert_error (error, DIQI_ERROR, (int) code);
	g_assert_cmpstr (diqi_error_field (error), ==, field);
}

/* --- CSV -------------------------------------------------------------------------------------- */

static void
test_csv (void)
{
	assert_rows ("a,b\r\nc,d\r\n", "[[\"a\",\"b\"],[\"c\",\"d\"]]");
	assert_rows ("a,b\nc,d", "[[\"a\",\"b\"],[\"c\",\"d\"]]");
	assert_rows ("\xef\xbb\xbf单位全称,电话\n太仓某某公司,0512-68701110\n", "[[\"单位全称\",\"电话\"],[\"太仓某某公司\",\"0512-68701110\"]]");
	assert_rows ("\"a,\"\"b\"\"\",\"c\r\nd\"\n", "[[\"a,\\\"b\\\"\",\"c\\nd\"]]");
	assert_rows ("a,\n,b\n", "[[\"a\",\"\"],[\"\",\"b\"]]");
	assert_rows ("a,", "[[\"a\",\"\"]]");
	assert_rows ("a\n\nb\n\n\n", "[[\"a\"],[\"\"],[\"b\"]]");
	assert_rows ("", "[]");
	assert_rows ("=1+1,0012\n", "[[\"=1+1\",\"0012\"]]");
}

static void
test_csv_refused (void)
{
	static const char *const bad[] = { "a\"b\n", "\"a\" ,b\n", "\"a\n", "\xc4\xe3\xba\xc3\n", "\xff\xfe""a", "a\x01\n", "a\rb\n\x7f" };

	for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
		g_autoptr (GError) error = NULL;
		json_t *rows = NULL;
		if (sheet_read (bad[i], strlen (bad[i]), &rows, &error))
			g_error ("accepted %s", bad[i]);
		g_assert_error (error, DIQI_ERROR, DIQI_ERROR_SHEET);
	}
	assert_refused ("a\0b", 3, DIQI_ERROR_SHEET, NULL);
	assert_refused ("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1xxxx", 12, DIQI_ERROR_SHEET, NULL);
}

static void
test_csv_limits (void)
{
	g_autofree char *wide = g_strnfill (64, ','), *tall = g_strnfill (5000, '\n'), *most = g_strnfill (1000, 'a');
	g_autofree char *tall_row = g_strconcat (tall, "a", NULL), *longer = g_strconcat ("b,", most, "a", NULL);
	g_autofree char *huge = g_strnfill (10 * 1024 * 1024 + 1, 'a');

	assert_refused (wide, 64, DIQI_ERROR_TOO_LARGE, "/rows/0/64");
	g_autoptr (json_t) widest = read_text (wide, 63);
	g_assert_cmpuint (json_array_size (widest), ==, 0);
	assert_refused (tall_row, 5001, DIQI_ERROR_TOO_LARGE, "/rows");
	g_autoptr (json_t) tallest = read_text (tall_row + 1, 5000);
	g_assert_cmpuint (json_array_size (tallest), ==, 5000);
	g_autoptr (json_t) longest = read_text (most, 1000);
	g_assert_cmpuint (json_array_size (longest), ==, 1);
	assert_refused (longer, strlen (longer), DIQI_ERROR_FIELD_LENGTH, "/rows/0/1");
	assert_refused (huge, 10 * 1024 * 1024 + 1, DIQI_ERROR_TOO_LARGE, NULL);
}

/* --- writing and reading back --------------------------------------------------------------------- */

static GBytes *
write_example (void)
{
	static const SheetColumn columns[] = { { "单位全称", 30, FALSE }, { "信用代码", 22, FALSE }, { "张数", 0, FALSE }, { "金额(元)", 12, TRUE } };
	g_autoptr (GError) error = NULL;
	g_autoptr (json_t) rows = json_pack ("[[s,s,i,i],[s,n,i,i],[s,s,n,n]]", "太仓某某公司", "91320585MA1XXXXX0X", 3, 30000,
		"=HYPERLINK(\"http://example.org\")", 0, 25001, "<a> & \"b\"", "320585199001011234");
	GBytes *bytes = sheet_write ("申请", columns, G_N_ELEMENTS (columns), rows, &error);

	g_assert_no_error (error);
	return bytes;
}

static void
test_xlsx_round_trip (void)
{
	g_autoptr (GBytes) bytes = write_example ();
	g_autoptr (GBytes) again = write_example ();
	g_autoptr (json_t) rows = read_text (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
	g_autoptr (json_t) wanted = json_pack ("[[s,s,s,s],[s,s,s,s],[s,s,s,s],[s,s]]", "单位全称", "信用代码", "张数", "金额(元)",
		"太仓某某公司", "91320585MA1XXXXX0X", "3", "300", "=HYPERLINK(\"http://example.org\")", "", "0", "250.01",
		"<a> & \"b\"", "320585199001011234");
	g_autofree char *shown = json_dumps (rows, 0);

	if (!json_equal (rows, wanted))
		g_error ("%s", shown);
	g_assert_true (g_bytes_equal (bytes, again));
}

/* --- workbooks of others ------------------------------------------------------------------------------- */

#define WORKBOOK "<workbook xmlns:r=\"x\"><sheets><sheet name=\"a\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
#define RELATIONSHIPS "<Relationships>" \
	"<Relationship Id=\"rId1\" Type=\"x/worksheet\" Target=\"worksheets/sheet1.xml\"/>" \
	"<Relationship Id=\"rId2\" Type=\"x/sharedStrings\" Target=\"/xl/sharedStrings.xml\"/>" \
	"<Relationship Id=\"rId3\" Type=\"x/styles\" Target=\"styles.xml\"/></Relationships>"
#define STRINGS "<x:sst xmlns:x=\"y\"><x:si><x:t>张三</x:t></x:si><x:si><x:r><x:t>李</x:t></x:r><x:r><x:t xml:space=\"preserve\"> 四</x:t></x:r>" \
	"<x:rPh sb=\"0\" eb=\"1\"><x:t>lisi</x:t></x:rPh></x:si></x:sst>"
#define STYLES "<styleSheet><numFmts><numFmt numFmtId=\"176\" formatCode=\"yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;\"/>" \
	"<numFmt numFmtId=\"177\" formatCode=\"0.00E+00\"/></numFmts><cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs>" \
	"<cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"176\"/><xf numFmtId=\"177\"/></cellXfs></styleSheet>"
#define SHEET(rows) "<worksheet><sheetData>" rows "</sheetData></worksheet>"

static GBytes *
workbook_of (const char *workbook, const char *relationships, const char *strings, const char *sheet)
{
	const char *const parts[][2] = { { "xl/workbook.xml", workbook }, { "xl/_rels/workbook.xml.rels", relationships },
		{ "xl/sharedStrings.xml", strings }, { "xl/styles.xml", STYLES }, { "xl/worksheets/sheet1.xml", sheet } };
	zip_source_t *source = zip_source_buffer_create (NULL, 0, 0, NULL);
	zip_t *zip = zip_open_from_source (source, ZIP_TRUNCATE, NULL);
	zip_stat_t facts;

	zip_source_keep (source);
	for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
		if (parts[i][1] != NULL)
			g_assert_cmpint (zip_file_add (zip, parts[i][0], zip_source_buffer (zip, parts[i][1], strlen (parts[i][1]), 0), 0), >=, 0);
	g_assert_cmpint (zip_close (zip), ==, 0);
	g_assert_cmpint (zip_source_stat (source, &facts), ==, 0);
	guint8 *bytes = g_malloc (facts.size);
	g_assert_cmpint (zip_source_open (source), ==, 0);
	g_assert_cmpint (zip_source_read (source, bytes, facts.size), ==, (gint64) facts.size);
	zip_source_close (source);
	zip_source_free (source);
	return g_bytes_new_take (bytes, facts.size);
}

static void
assert_sheet (const char *sheet, const char *expected)
{
	g_autoptr (GBytes) bytes = workbook_of (WORKBOOK, RELATIONSHIPS, STRINGS, sheet);
	g_autoptr (json_t) rows = read_text (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
	g_autoptr (json_t) wanted = json_loads (expected, 0, NULL);
	g_autofree char *shown = json_dumps (rows, 0);

	g_assert_nonnull (wanted);
	if (!json_equal (rows, wanted))
		g_error ("%s gives %s", sheet, shown);
}

static void
test_xlsx_cells (void)
{
	assert_sheet (SHEET ("<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"C1\" t=\"s\"><v>1</v></c></row>"), "[[\"张三\",\"\",\"李 四\"]]");
	assert_sheet (SHEET ("<row r=\"3\"><c r=\"B3\" t=\"inlineStr\"><is><t>a&lt;b</t></is></c></row>"), "[[],[],[\"\",\"a<b\"]]");
	assert_sheet (SHEET ("<row><c><v>1</v></c><c t=\"b\"><v>1</v></c><c t=\"str\"><f>A1</f><v>x</v></c></row><row><c><v>-2.5</v></c></row>"),
		"[[\"1\",\"TRUE\",\"x\"],[\"-2.5\"]]");
	assert_sheet (SHEET ("<row><c s=\"1\"><v>32874</v></c><c s=\"2\"><v>46348</v></c><c s=\"3\"><v>46348</v></c><c s=\"0\"><v>46348</v></c>"
		"<c><v>13912345678</v></c><c><v>1.3912345678E10</v></c></row>"),
		"[[\"1990-01-01\",\"2026-11-22\",\"46348\",\"46348\",\"13912345678\",\"13912345678\"]]");
	assert_sheet (SHEET ("<row><c><v></v></c><c s=\"1\"/></row><row/>"), "[]");
}

static void
assert_workbook_refused (const char *workbook, const char *relationships, const char *strings, const char *sheet, DiqiErrorCode code,
                         const char *field)
{
	g_autoptr (GBytes) bytes = workbook_of (workbook, relationships, strings, sheet);
	assert_refused (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), code, field);
}

static void
test_xlsx_refused (void)
{
	static const struct { const char *sheet, *field; DiqiErrorCode code; } bad[] = {
		{ SHEET ("<row><c><v>320585199001011234</v></c></row>"), "/rows/0/0", DIQI_ERROR_SHEET },
		{ SHEET ("<row><c/><c><v>3.2058519900101E+17</v></c></row>"), "/rows/0/1", DIQI_ERROR_SHEET },
		{ SHEET ("<row><c t=\"s\"><v>2</v></c></row>"), "/rows/0/0", DIQI_ERROR_SHEET },
		{ SHEET ("<row><c t=\"s\"><v>-1</v></c></row>"), "/rows/0/0", DIQI_ERROR_SHEET },
		{ SHEET ("<row><c t=\"z\"><v>1</v></c></row>"), "/rows/0/0", DIQI_ERROR_SHEET },
		{ SHEET ("<row r=\"1\"><c r=\"A1\"><v>1</v></c><c r=\"A1\"><v>2</v></c></row>"), "/rows/0/0", DIQI_ERROR_SHEET },
		{ SHEET ("<row r=\"2\"><c><v>1</v></c></row><row r=\"1\"><c><v>1</v></c></row>"), "/rows/0/0", DIQI_ERROR_SHEET },
		{ SHEET ("<row r=\"5001\"><c><v>1</v></c></row>"), "/rows", DIQI_ERROR_TOO_LARGE },
		{ SHEET ("<row><c r=\"BM1\"><v>1</v></c></row>"), "/rows/0/64", DIQI_ERROR_TOO_LARGE },
		{ SHEET ("<row r=\"x\"/>"), NULL, DIQI_ERROR_SHEET },
		{ "<worksheet><sheetData>", NULL, DIQI_ERROR_SHEET },
		{ "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><worksheet>&x;</worksheet>", NULL, DIQI_ERROR_SHEET },
		{ SHEET ("<row><c t=\"str\"><v>&x;</v></c></row>"), NULL, DIQI_ERROR_SHEET },
		{ "<?xml version=\"1.0\" encoding=\"GBK\"?><worksheet>\xc4\xe3</worksheet>", NULL, DIQI_ERROR_SHEET },
		{ NULL, NULL, DIQI_ERROR_SHEET },
	};
	g_autoptr (GString) deep = g_string_new (NULL);

	for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
		assert_workbook_refused (WORKBOOK, RELATIONSHIPS, STRINGS, bad[i].sheet, bad[i].code, bad[i].field);
	for (int i = 0; i < 100; i++)
		g_string_append (deep, "<a>");
	assert_workbook_refused (WORKBOOK, RELATIONSHIPS, STRINGS, deep->str, DIQI_ERROR_SHEET, NULL);
	assert_workbook_refused ("<workbook/>", RELATIONSHIPS, STRINGS, SHEET (""), DIQI_ERROR_SHEET, NULL);
	assert_workbook_refused (WORKBOOK, "<Relationships/>", STRINGS, SHEET (""), DIQI_ERROR_SHEET, NULL);
	assert_workbook_refused (WORKBOOK, RELATIONSHIPS, NULL, SHEET (""), DIQI_ERROR_SHEET, NULL);
}

static void
test_xlsx_bomb (void)
{
	g_autofree char *blanks = g_strnfill (33 * 1024 * 1024, ' ');
	g_autofree char *bomb = g_strconcat ("<worksheet>", blanks, "</worksheet>", NULL);
	g_autoptr (GBytes) bytes = workbook_of (WORKBOOK, RELATIONSHIPS, STRINGS, bomb);

	g_assert_cmpuint (g_bytes_get_size (bytes), <, 100000);
	assert_refused (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), DIQI_ERROR_TOO_LARGE, NULL);
}

/* A flipped byte never gets by unseen: it is refused, or it was in what is not read (names, times). */
static void
test_xlsx_damaged (void)
{
	g_autoptr (GBytes) bytes = workbook_of (WORKBOOK, RELATIONSHIPS, STRINGS, SHEET ("<row><c t=\"s\"><v>1</v></c></row>"));
	gsize n;
	const guint8 *whole = g_bytes_get_data (bytes, &n);
	g_autoptr (json_t) good = read_text ((const char *) whole, n);

	for (gsize i = 4; i < n; i++) {
		g_autofree guint8 *copy = g_memdup2 (whole, n);
		json_t *rows = NULL;
		copy[i] ^= 0x20;
		if (sheet_read (copy, n, &rows, NULL))
			g_assert_true (json_equal (rows, good));
		json_decref (rows);
	}
	for (gsize i = 4; i < n; i++) {
		json_t *rows = NULL;
		g_assert_false (sheet_read (whole, i, &rows, NULL));
	}
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/sheet/csv", test_csv);
	g_test_add_func ("/sheet/csv/refused", test_csv_refused);
	g_test_add_func ("/sheet/csv/limits", test_csv_limits);
	g_test_add_func ("/sheet/xlsx/round_trip", test_xlsx_round_trip);
	g_test_add_func ("/sheet/xlsx/cells", test_xlsx_cells);
	g_test_add_func ("/sheet/xlsx/refused", test_xlsx_refused);
	g_test_add_func ("/sheet/xlsx/bomb", test_xlsx_bomb);
	g_test_add_func ("/sheet/xlsx/damaged", test_xlsx_damaged);
	return g_test_run ();
}
