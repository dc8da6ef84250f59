/* Names of tiles (C2SP tlog-tiles). */
#include "pki/merkle.h"

static void
test_names (void)
{
	static const struct { guint level; guint64 index; guint width; const char *path; } cases[] = {
		{ 0, 0, 256, "0/000" },
		{ 0, 0, 1, "0/000.p/1" },
		{ 0, 67, 256, "0/067" },
		{ 0, 999, 255, "0/999.p/255" },
		{ 1, 1000, 256, "1/x001/000" },
		{ 0, 1234, 256, "0/x001/234" },
		{ 3, 1234067, 256, "3/x001/x234/067" },      /* the example of tlog-tiles */
		{ 3, 1234067, 17, "3/x001/x234/067.p/17" },
		{ 63, G_MAXUINT64, 2, "63/x018/x446/x744/x073/x709/x551/615.p/2" },
	};
	for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
		guint level, width;
		guint64 index;
		g_autofree char *path = tile_path (cases[i].level, cases[i].index, cases[i].width);
		g_assert_cmpstr (path, ==, cases[i].path);
		g_assert_true (tile_path_parse (path, &level, &index, &width));
		g_assert_cmpuint (level, ==, cases[i].level);
		g_assert_cmpuint (index, ==, cases[i].index);
		g_assert_cmpuint (width, ==, cases[i].width);
	}
}

static void
test_refused_names (void)
{
	static const char *const bad[] = {
		"", "0", "0/", "/000", "0/0", "0/00", "0/0000", "0/x000/067", "0/x001", "0/x001/", "0/001/234", "0/x001/x234",
		"00/000", "01/000", "64/000", "100/000", "-1/000", "0/000.p", "0/000.p/", "0/000.p/0", "0/000.p/01", "0/000.p/256",
		"0/000.p/1/", "0/000.p/1x", "0/000/", "0/000 ", "0/ 00", "0/+01", "0/X001/234", "0/x0001/234", "0/x01/234",
		"0/x018/x446/x744/x073/x709/x551/616", "0/x999/x999/x999/x999/x999/x999/999", "entries/000", "0/..", "0/000.p/-1",
	};
	for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
		guint level, width;
		guint64 index;
		if (tile_path_parse (bad[i], &level, &index, &width)) {
			g_test_message ("accepted \"%s\"", bad[i]);
			g_test_fail ();
		}
	}
}

static void
test_every_index_round_trips (void)
{
	for (guint64 i = 0; i < 64; i++) {
		for (int d = -1; d <= 1; d++) {
			guint level, width;
			guint64 index, want = (G_GUINT64_CONSTANT (1) << i) + (guint64) d;
			g_autofree char *path = tile_path (2, want, (guint) (i * 3 + 1));
			g_assert_true (tile_path_parse (path, &level, &index, &width));
			g_assert_cmpuint (index, ==, want);
			g_assert_cmpuint (width, ==, i * 3 + 1);
		}
	}
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/tile/names", test_names);
	g_test_add_func ("/tile/refused", test_refused_names);
	g_test_add_func ("/tile/round-trip", test_every_index_round_trips);
	return g_test_run ();
}
