/* base/money.c — see money.h.  All arithmetic in whole fen. */
#include "base/money.h"

#include <string.h>

#include "base/error.h"

#define FEN_PER_YUAN 100
#define FEN_PER_WAN 1000000

/* Digits without sign, blank or needless leading zero; stops at the first other
 * character.  FALSE when there is no digit or the value passes the maximum. */
static gboolean
take_number (const char **p, gint64 *out)
{
	gint64 value = 0;
	const char *start = *p;

	for (; g_ascii_isdigit (**p); (*p)++) {
		value = value * 10 + (**p - '0');
		if (value > MONEY_MAX_FEN)
			return FALSE;
	}
	*out = value;
	return *p > start && (*start != '0' || *p == start + 1);
}

gboolean
money_parse_fen (const char *text, Money *out, GError **error)
{
	gint64 fen;
	const char *p = text;

	if (!take_number (&p, &fen) || *p != '\0')
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, NULL,
			"money is a string of whole fen, digits only, at most %" G_GINT64_FORMAT, MONEY_MAX_FEN);
	out->fen = fen;
	return TRUE;
}

static gboolean
take_decimals (const char **p, gint64 *fen)
{
	*fen = 0;
	if (**p == '\0')
		return TRUE;
	gsize n = strspn (*p + 1, "0123456789");
	if (**p != '.' || n < 1 || n > 2)
		return FALSE;
	*fen = ((*p)[1] - '0') * 10 + (n == 2 ? (*p)[2] - '0' : 0);
	*p += 1 + n;
	return **p == '\0';
}

gboolean
money_parse_yuan (const char *text, Money *out, GError **error)
{
	gint64 yuan, fen;
	const char *p = text;

	if (!take_number (&p, &yuan) || !take_decimals (&p, &fen) || yuan > (MONEY_MAX_FEN - fen) / FEN_PER_YUAN)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, NULL, "not an amount of yuan such as 300.00");
	out->fen = yuan * FEN_PER_YUAN + fen;
	return TRUE;
}

char *money_fen_text (Money m) { return g_strdup_printf ("%" G_GINT64_FORMAT, m.fen); }

char *
money_format_yuan (Money m)
{
	g_assert (m.fen >= 0);
	g_autofree char *yuan = g_strdup_printf ("%" G_GINT64_FORMAT, m.fen / FEN_PER_YUAN);
	gsize n = strlen (yuan);
	GString *out = g_string_new (NULL);

	for (gsize i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0)
			g_string_append_c (out, ',');
		g_string_append_c (out, yuan[i]);
	}
	g_string_append_printf (out, ".%02d", (int) (m.fen % FEN_PER_YUAN));
	return g_string_free (out, FALSE);
}

char *
money_format_wan (Money m)
{
	g_assert (m.fen >= 0);
	if (m.fen % FEN_PER_WAN == 0)
		return g_strdup_printf ("%" G_GINT64_FORMAT, m.fen / FEN_PER_WAN);
	char *text = g_strdup_printf ("%" G_GINT64_FORMAT ".%06d", m.fen / FEN_PER_WAN, (int) (m.fen % FEN_PER_WAN));
	for (gsize n = strlen (text); text[n - 1] == '0'; n--)
		text[n - 1] = '\0';
	return text;
}

/* --- capitals --------------------------------------------------------------
 * 中国人民银行《支付结算办法》附一 (银发〔1997〕393号), "正确填写票据和结算凭证的基本规定".
 * Where it leaves a choice we take the first form it shows: 1680.32 =
 * 壹仟陆佰捌拾元零叁角贰分, 107000.53 = 壹拾万柒仟元零伍角叁分.  After 角 without 分
 * it allows 整 to be left out; we write it, so that nothing can be added. */

static const char *const capital_digits[] = { "零", "壹", "贰", "叁", "肆", "伍", "陆", "柒", "捌", "玖" };

/* A group of four digits, 1..9999, without zeros before or after. */
static void
append_group (GString *out, int group)
{
	static const char *const places[] = { "仟", "佰", "拾", "" };
	static const int weights[] = { 1000, 100, 10, 1 };
	gboolean begun = FALSE, gap = FALSE;

	for (int i = 0; i < 4; i++) {
		int digit = group / weights[i] % 10;
		if (digit == 0) {
			gap = begun;
			continue;
		}
		if (gap)
			g_string_append (out, capital_digits[0]);
		g_string_append (out, capital_digits[digit]);
		g_string_append (out, places[i]);
		begun = TRUE;
		gap = FALSE;
	}
}

static void
append_yuan (GString *out, gint64 yuan)
{
	static const gint64 weights[] = { G_GINT64_CONSTANT (1000000000000), 100000000, 10000, 1 };
	static const char *const units[] = { "万", "亿", "万", "" };
	gboolean gap = FALSE;

	for (int i = 0; i < 4; i++) {
		int group = (int) (yuan / weights[i] % 10000);
		if (group > 0) {
			if (out->len > 0 && (gap || group < 1000))
				g_string_append (out, capital_digits[0]);
			append_group (out, group);
			g_string_append (out, units[i]);
		} else if (i == 1 && out->len > 0) {
			g_string_append (out, units[i]);      /* 壹万亿: the group is empty, its unit is not */
		}
		gap = group == 0;
	}
	g_string_append (out, "元");
}

static void
append_jiao_fen (GString *out, int jiao, int fen, gboolean after_zero)
{
	if (out->len > 0 && (jiao == 0 || after_zero))
		g_string_append (out, capital_digits[0]);
	if (jiao > 0) {
		g_string_append (out, capital_digits[jiao]);
		g_string_append (out, "角");
	}
	if (fen > 0) {
		g_string_append (out, capital_digits[fen]);
		g_string_append (out, "分");
	}
}

char *
money_format_capitals (Money m)
{
	g_assert (m.fen >= 0 && m.fen <= MONEY_MAX_FEN);
	GString *out = g_string_new (NULL);
	gint64 yuan = m.fen / FEN_PER_YUAN;
	int jiao = (int) (m.fen / 10 % 10), fen = (int) (m.fen % 10);

	if (yuan > 0)
		append_yuan (out, yuan);
	if (jiao > 0 || fen > 0)
		append_jiao_fen (out, jiao, fen, yuan % 10 == 0);
	if (out->len == 0)
		g_string_append (out, "零元");
	if (fen == 0)
		g_string_append (out, "整");
	return g_string_free (out, FALSE);
}

/* --- arithmetic ------------------------------------------------------------- */

static gboolean
store_if_in_range (gint64 fen, Money *out)
{
	if (fen < 0 || fen > MONEY_MAX_FEN)
		return FALSE;
	out->fen = fen;
	return TRUE;
}

gboolean
money_add (Money a, Money b, Money *out)
{
	gint64 sum;
	return !__builtin_add_overflow (a.fen, b.fen, &sum) && store_if_in_range (sum, out);
}

gboolean
money_mul (Money a, gint64 k, Money *out)
{
	gint64 product;
	return !__builtin_mul_overflow (a.fen, k, &product) && store_if_in_range (product, out);
}
