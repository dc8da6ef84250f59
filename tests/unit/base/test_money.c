#include "base/money.h"

#include "base/error.h"

static void
test_fen (void)
{
	static const char *const bad[] = { "", "-1", "+1", " 1", "1 ", "01", "00", "1.0", "1e3", "0x10", "9007199254740992",
		"99999999999999999999999", "１", "1,000", "1\n" };
	Money m = { 5 };

	for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
		g_autoptr (GError) error = NULL;
		g_assert_false (money_parse_fen (bad[i], &m, &error));
		g_assert_error (error, DIQI_ERROR, DIQI_ERROR_FIELD_VALUE);
		g_assert_cmpint (m.fen, ==, 5);
	}
	g_assert_true (money_parse_fen ("0", &m, NULL));
	g_assert_cmpint (m.fen, ==, 0);
	g_assert_true (money_parse_fen ("9007199254740991", &m, NULL));
	g_assert_cmpint (m.fen, ==, MONEY_MAX_FEN);
	g_autofree char *text = money_fen_text (m);
	g_assert_cmpstr (text, ==, "9007199254740991");
}

static void
test_yuan (void)
{
	static const struct {
		const char *text;
		gint64 fen;
	} good[] = { { "300.00", 30000 }, { "300", 30000 }, { "0", 0 }, { "0.5", 50 }, { "0.05", 5 }, { "7470000.00", 747000000 },
		{ "90071992547409.91", MONEY_MAX_FEN } };
	static const char *const bad[] = { "", ".", ".5", "1.", "1.000", "01", "-1", "1,000.00", "90071992547409.92",
		"90071992547410", "9007199254740991", "1.5元", "1.-5", "1e2", " 1" };

	for (gsize i = 0; i < G_N_ELEMENTS (good); i++) {
		Money m;
		g_assert_true (money_parse_yuan (good[i].text, &m, NULL));
		g_assert_cmpint (m.fen, ==, good[i].fen);
	}
	for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
		g_autoptr (GError) error = NULL;
		Money m;
		if (money_parse_yuan (bad[i], &m, &error))
			g_error ("accepted %s", bad[i]);
		g_assert_error (error, DIQI_ERROR, DIQI_ERROR_FIELD_VALUE);
	}
}

static void
test_format (void)
{
	static const struct {
		gint64 fen;
		const char *yuan, *wan;
	} cases[] = {
		{ 0, "0.00", "0" },
		{ 1, "0.01", "0.000001" },
		{ 99999, "999.99", "0.099999" },
		{ 100000, "1,000.00", "0.1" },
		{ 747000000, "7,470,000.00", "747" },
		{ 937233600, "9,372,336.00", "937.2336" },
		{ MONEY_MAX_FEN, "90,071,992,547,409.91", "9007199254.740991" },
	};
	for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
		g_autofree char *yuan = money_format_yuan ((Money) { cases[i].fen });
		g_autofree char *wan = money_format_wan ((Money) { cases[i].fen });
		g_assert_cmpstr (yuan, ==, cases[i].yuan);
		g_assert_cmpstr (wan, ==, cases[i].wan);
	}
}

/* 支付结算办法附一: the first ones are the examples of the rule itself. */
static void
test_capitals (void)
{
	static const struct {
		gint64 fen;
		const char *text;
	} cases[] = {
		{ 140950, "壹仟肆佰零玖元伍角整" },
		{ 600714, "陆仟零柒元壹角肆分" },
		{ 168032, "壹仟陆佰捌拾元零叁角贰分" },
		{ 10700053, "壹拾万柒仟元零伍角叁分" },
		{ 1640902, "壹万陆仟肆佰零玖元零贰分" },
		{ 32504, "叁佰贰拾伍元零肆分" },
		{ 0, "零元整" },
		{ 1, "壹分" },
		{ 10, "壹角整" },
		{ 11, "壹角壹分" },
		{ 100, "壹元整" },
		{ 101, "壹元零壹分" },
		{ 110, "壹元壹角整" },
		{ 1000, "壹拾元整" },
		{ 1010, "壹拾元零壹角整" },
		{ 1100, "壹拾壹元整" },
		{ 10000, "壹佰元整" },
		{ 10100, "壹佰零壹元整" },
		{ 11000, "壹佰壹拾元整" },
		{ 100100, "壹仟零壹元整" },
		{ 101000, "壹仟零壹拾元整" },
		{ 30000, "叁佰元整" },
		{ 1000000, "壹万元整" },
		{ 1000100, "壹万零壹元整" },
		{ 1010000, "壹万零壹佰元整" },
		{ 1100000, "壹万壹仟元整" },
		{ 10000000, "壹拾万元整" },
		{ 10010000, "壹拾万零壹佰元整" },
		{ 747000000, "柒佰肆拾柒万元整" },
		{ 937233600, "玖佰叁拾柒万贰仟叁佰叁拾陆元整" },
		{ 1000000000, "壹仟万元整" },
		{ 1001000000, "壹仟零壹万元整" },
		{ 10000000000, "壹亿元整" },
		{ 10000000001, "壹亿元零壹分" },
		{ 10000000100, "壹亿零壹元整" },
		{ 10000700000, "壹亿零柒仟元整" },
		{ 10010000000, "壹亿零壹拾万元整" },
		{ 11000000000, "壹亿壹仟万元整" },
		{ 10010001000, "壹亿零壹拾万零壹拾元整" },
		{ 59319000000, "伍亿玖仟叁佰壹拾玖万元整" },
		{ 1000000000000, "壹佰亿元整" },
		{ 100000000000000, "壹万亿元整" },
		{ 100000000000500, "壹万亿零伍元整" },
		{ 100000001000000, "壹万亿零壹万元整" },
		{ 100000700000000, "壹万亿零柒佰万元整" },
		{ 100010000000000, "壹万零壹亿元整" },
		{ MONEY_MAX_FEN, "玖拾万零柒佰壹拾玖亿玖仟贰佰伍拾肆万柒仟肆佰零玖元玖角壹分" },
	};
	for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
		g_autofree char *text = money_format_capitals ((Money) { cases[i].fen });
		g_assert_cmpstr (text, ==, cases[i].text);
	}
}

/* A reader of capitals, written apart from the writer. */
static gint64
read_capitals (const char *text)
{
	static const char *const digits[] = { "零", "壹", "贰", "叁", "肆", "伍", "陆", "柒", "捌", "玖" };
	gint64 fen = 0, total = 0, section = 0, digit = 0;

	for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p)) {
		for (int d = 0; d < 10; d++)
			if (g_str_has_prefix (p, digits[d]))
				digit = d;
		gint64 place = g_str_has_prefix (p, "拾") ? 10 : g_str_has_prefix (p, "佰") ? 100 : g_str_has_prefix (p, "仟") ? 1000 : 0;
		if (place > 0) {
			section += digit * place;
			digit = 0;
		} else if (g_str_has_prefix (p, "万")) {
			total += (section + digit) * 10000;
			section = digit = 0;
		} else if (g_str_has_prefix (p, "亿")) {
			total = (total + section + digit) * 100000000;
			section = digit = 0;
		} else if (g_str_has_prefix (p, "元")) {
			total += section + digit;
			digit = 0;
		} else if (g_str_has_prefix (p, "角")) {
			fen += digit * 10;
			digit = 0;
		} else if (g_str_has_prefix (p, "分")) {
			fen += digit;
		}
	}
	return total * 100 + fen;
}

static void
test_capitals_read_back (void)
{
	for (int i = 0; i < 200000; i++) {
		gint64 fen = i < 100000 ? i : ((gint64) g_test_rand_int () << 22 ^ g_test_rand_int ()) & MONEY_MAX_FEN;
		for (int z = g_test_rand_int_range (0, 12); z > 0 && i >= 150000; z--) {
			gint64 place = 1;                   /* many zeros are the hard case */
			for (int k = g_test_rand_int_range (0, 16); k > 0; k--)
				place *= 10;
			fen -= fen / place % 10 * place;
		}
		g_autofree char *text = money_format_capitals ((Money) { fen });
		if (read_capitals (text) != fen || g_strrstr (text, "零零") != NULL)
			g_error ("%" G_GINT64_FORMAT " → %s", fen, text);
	}
}

static void
test_arithmetic (void)
{
	Money m = { 7 }, max = { MONEY_MAX_FEN }, one = { 1 };
	g_assert_true (money_add (one, one, &m));
	g_assert_cmpint (m.fen, ==, 2);
	g_assert_false (money_add (max, one, &m));
	g_assert_false (money_add ((Money) { G_MAXINT64 }, one, &m));
	g_assert_true (money_mul (one, MONEY_MAX_FEN, &m));
	g_assert_false (money_mul (max, 2, &m));
	g_assert_false (money_mul (max, G_MAXINT64, &m));
	g_assert_false (money_mul (one, -1, &m));
	g_assert_cmpint (m.fen, ==, MONEY_MAX_FEN);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/money/fen", test_fen);
	g_test_add_func ("/money/yuan", test_yuan);
	g_test_add_func ("/money/format", test_format);
	g_test_add_func ("/money/capitals", test_capitals);
	g_test_add_func ("/money/capitals-read-back", test_capitals_read_back);
	g_test_add_func ("/money/arithmetic", test_arithmetic);
	return g_test_run ();
}
