/* Tables of the command line: what a person sees of a list. */
#include "main/cli_table.h"

static char *
table (const char *rows, const char *columns)
{
	g_autoptr (json_t) json = json_loads (rows, 0, NULL);
	g_assert_nonnull (json);
	return cli_table_text (json, columns);
}

static void
assert_table (const char *rows, const char *columns, const char *expected)
{
	g_autofree char *text = table (rows, columns);
	g_assert_cmpstr (text, ==, expected);
}

/* A Chinese character takes two places; the last column is not padded. */
static void
test_columns (void)
{
	assert_table ("[{\"a\":\"地契\",\"b\":\"x\"},{\"a\":\"deed\",\"b\":\"yz\"}]", NULL,
	              "a     b\n"
	              "地契  x\n"
	              "deed  yz\n");
}

static void
test_chosen (void)
{
	assert_table ("[{\"a\":{\"code\":\"P-1\"},\"b\":1,\"c\":\"unseen\"},{\"b\":12}]", "a.code b",
	              "code   b\n"
	              "P-1    1\n"
	              "-     12\n");
}

static void
test_units (void)
{
	assert_table ("[{\"price_fen\":\"747000000\",\"at\":\"2026-04-03T02:00:00.000000Z\",\"open\":true,\"roles\":[\"clerk\",\"auditor\"]},"
	              "{\"price_fen\":null,\"at\":\"soon\",\"open\":false,\"roles\":[]}]", NULL,
	              "price (yuan)  at (Beijing)         open  roles\n"
	              "7,470,000.00  2026-04-03 10:00:00  yes   clerk,auditor\n"
	              "           -  soon                 no    \n");
}

/* Members of any row make a column. */
static void
test_uneven (void)
{
	assert_table ("[{\"a\":\"1\"},{\"b\":\"2\"}]", NULL,
	              "a  b\n"
	              "1  -\n"
	              "-  2\n");
}

/* A name with an escape sequence, a line break or a turned direction does nothing to the terminal. */
static void
test_printable (void)
{
	g_autofree char *text = cli_printable ("a\033[2Jb\nc\xe2\x80\xae" "d\xc2\x9b" "e");
	g_assert_cmpstr (text, ==, "a [2Jb c d e");
	assert_table ("[{\"a\":\"\\u001b]0;x\\u0007\"}]", NULL, "a\n ]0;x \n");
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/main/cli_table/columns", test_columns);
	g_test_add_func ("/main/cli_table/chosen", test_chosen);
	g_test_add_func ("/main/cli_table/units", test_units);
	g_test_add_func ("/main/cli_table/uneven", test_uneven);
	g_test_add_func ("/main/cli_table/printable", test_printable);
	return g_test_run ();
}
