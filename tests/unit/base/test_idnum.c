/* GB 32100, GB 11714 and GB 11643 over invented numbers (district 320599 does not
 * exist) and one published real one whose check digit is known to be wrong. */
#include "base/idnum.h"

#include <string.h>

#include "base/civil.h"
#include "base/clock.h"
#include "base/error.h"

#define TODAY (G_GINT64_CONSTANT (1775181600) * MICROS_PER_S)      /* 2026-04-03T10:00+08:00 */

static const struct {
	const char *uscc, *org;
} bidders[] = {
	{ "91320599MAX000015E", "MAX00001-5" }, { "91320599MAX0000239", "MAX00002-3" }, { "91320599MAX0000314", "MAX00003-1" },
	{ "91320599MAX00004XU", "MAX00004-X" }, { "91320599MAX000058U", "MAX00005-8" }, { "91320599MAX000066N", "MAX00006-6" },
	{ "91320599MAX000074H", "MAX00007-4" }, { "91320599MAX000082C", "MAX00008-2" }, { "91320599MAX0000907", "MAX00009-0" },
	{ "91320599MAX000103W", "MAX00010-3" }, { "91320599MAX000111P", "MAX00011-1" }, { "91320599MAX00012XF", "MAX00012-X" },
	{ "12320599MAX900013L", "MAX90001-3" },
};
static const char *const persons[] = { "320599190001010010", "320599190002150023", "320599190012310035", "320599190106070140" };

static void
test_good (void)
{
	for (gsize i = 0; i < G_N_ELEMENTS (bidders); i++) {
		g_assert_cmpint (uscc_check (bidders[i].uscc), ==, USCC_OK);
		g_assert_true (org_code_check (bidders[i].org));
		g_autofree char *inner = g_strndup (bidders[i].uscc + 8, 9);
		g_assert_true (org_code_check (inner));
	}
	for (gsize i = 0; i < G_N_ELEMENTS (persons); i++)
		g_assert_true (resident_id_check (persons[i], TODAY));
	g_assert_true (resident_id_check ("11010519491231002X", TODAY));      /* the example of GB 11643 itself */
	g_autofree char *birth = resident_id_birth (persons[2]);
	g_assert_cmpstr (birth, ==, "1900-12-31");
	g_assert_true (resident_id_is_male (persons[0]));
	g_assert_false (resident_id_is_male (persons[1]));
}

/* Weights are prime to 31, so any one wrong character shows. */
static void
test_uscc_each_change (void)
{
	for (gsize i = 0; i < G_N_ELEMENTS (bidders); i++) {
		for (int at = 0; at < 18; at++) {
			for (int c = 1; c < 256; c++) {
				g_autofree char *text = g_strdup (bidders[i].uscc);
				if ((guchar) text[at] == c)
					continue;
				text[at] = (char) c;
				UsccVerdict verdict = uscc_check (text);
				g_assert_cmpint (verdict, !=, USCC_OK);
				gboolean letter = strchr ("0123456789ABCDEFGHJKLMNPQRTUWXY", c) != NULL;
				gboolean allowed = letter && (at < 2 || at > 7 || g_ascii_isdigit (c));
				g_assert_cmpint (verdict, ==, allowed ? USCC_CHECK_DIGIT : USCC_MALFORMED);
			}
		}
	}
}

static void
test_uscc_verdicts (void)
{
	/* a real code of the first days of the standard: the check digit on the licence is wrong */
	g_assert_cmpint (uscc_check ("91350100M0001TGQXM"), ==, USCC_CHECK_DIGIT);
	/* a wrong organisation code inside under a recomputed last character */
	g_assert_cmpint (uscc_check ("91320599MAX000016H"), ==, USCC_CHECK_DIGIT);
	g_assert_false (org_code_check ("MAX000016"));
	static const char *const bad[] = { "", "9", "91320599MAX000015", "91320599MAX000015EE", "91320599max000015e",
		"91320599MAX000015I", "O1320599MAX000015E", "9132059AMAX000015E", "91320599MAX00001 5E", " 91320599MAX000015E",
		"91320599MAX000015E\n", "９1320599MAX000015E" };
	for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
		g_assert_cmpint (uscc_check (bad[i]), ==, USCC_MALFORMED);
}

/* Weights are prime to 11, digits differ by less than 11: any wrong digit shows.  Letters (A = 10 …) do so only when
 * the difference is no multiple of 11, and the check character always. */
static void
test_org_each_change (void)
{
	for (gsize i = 0; i < G_N_ELEMENTS (bidders); i++) {
		g_autofree char *text = g_strdup (bidders[i].org);
		for (int at = 0; at < 10; at++) {
			char kept = text[at];
			for (int c = 1; c < 256; c++) {
				text[at] = (char) c;
				int was = g_ascii_isdigit (kept) ? kept - '0' : kept - 'A' + 10;
				int now = g_ascii_isdigit (c) ? c - '0' : g_ascii_isupper (c) ? c - 'A' + 10 : -1;
				gboolean same = c == kept || (at < 8 && now >= 0 && (now - was) % 11 == 0);
				g_assert_cmpint (org_code_check (text), ==, same);
			}
			text[at] = kept;
		}
	}
	static const char *const bad[] = { "", "MAX00001", "MAX00001-", "MAX00001-55", "MAX000015-", "max00001-5", "-MAX000015" };
	for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
		g_assert_false (org_code_check (bad[i]));
}

static void
test_resident_each_change (void)
{
	for (gsize i = 0; i < G_N_ELEMENTS (persons); i++) {
		g_autofree char *text = g_strdup (persons[i]);
		for (int at = 0; at < 18; at++) {
			char kept = text[at];
			for (int c = 1; c < 256; c++) {
				text[at] = (char) c;
				g_assert_cmpint (resident_id_check (text, TODAY), ==, c == kept);
			}
			text[at] = kept;
		}
		/* and any two neighbours exchanged (GB 11643 uses ISO 7064 MOD 11-2) */
		for (int at = 0; at < 17; at++) {
			if (text[at] == text[at + 1])
				continue;
			char kept = text[at];
			text[at] = text[at + 1];
			text[at + 1] = kept;
			g_assert_false (resident_id_check (text, TODAY));
			text[at + 1] = text[at];
			text[at] = kept;
		}
	}
}

/* Gives a number its check character by trying all. */
static gboolean
some_check_fits (const char *body, Micros today)
{
	for (const char *c = "0123456789X"; *c != '\0'; c++) {
		g_autofree char *text = g_strdup_printf ("%s%c", body, *c);
		if (resident_id_check (text, today))
			return TRUE;
	}
	return FALSE;
}

static void
test_resident_dates (void)
{
	g_assert_false (some_check_fits ("32059919000230001", TODAY));      /* 30 February */
	g_assert_false (some_check_fits ("32059919000229001", TODAY));      /* 1900 was no leap year */
	g_assert_true (some_check_fits ("32059919040229001", TODAY));
	g_assert_false (some_check_fits ("32059919001301001", TODAY));
	g_assert_false (some_check_fits ("32059917991231001", TODAY));
	g_assert_false (some_check_fits ("02059919000101001", TODAY));
	g_assert_true (some_check_fits ("32059920260403001", TODAY));       /* born today */
	g_assert_false (some_check_fits ("32059920260404001", TODAY));
	/* "today" begins at midnight in Beijing */
	Micros midnight = civil_to_days ((CivilDate) { 2026, 4, 4 }) * MICROS_PER_DAY - 8 * MICROS_PER_HOUR;
	g_assert_false (some_check_fits ("32059920260404001", midnight - 1));
	g_assert_true (some_check_fits ("32059920260404001", midnight));
	static const char *const bad[] = { "", "320599000101001", "11010519491231002x", "3205991900010100100", "32059919000101001",
		"3205991900010100-1" };
	for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
		g_assert_false (resident_id_check (bad[i], TODAY));
}

static void
assert_code (gboolean ok, GError *error, DiqiErrorCode code, const char *number)
{
	g_assert_false (ok);
	g_assert_error (error, DIQI_ERROR, (int) code);
	g_assert_cmpstr (diqi_error_field (error), ==, "/f");
	g_assert_null (strstr (error->message, number));      /* details are logged, numbers are not */
	g_error_free (error);
}

static void
test_require (void)
{
	GError *error = NULL;
	const char *early = "91350100M0001TGQXM", *bad = "9135010M0001TGQXM";

	g_assert_true (uscc_require (bidders[0].uscc, FALSE, "/f", &error));
	g_assert_true (uscc_require (early, TRUE, "/f", &error));
	gboolean ok = uscc_require (early, FALSE, "/f", &error);
	assert_code (ok, g_steal_pointer (&error), DIQI_ERROR_USCC_CHECK, early);
	ok = uscc_require (bad, TRUE, "/f", &error);
	assert_code (ok, g_steal_pointer (&error), DIQI_ERROR_USCC, bad);
	ok = org_code_require ("MAX00001-6", "/f", &error);
	assert_code (ok, g_steal_pointer (&error), DIQI_ERROR_ORG_CODE, "MAX00001-6");
	ok = resident_id_require ("320599190001010011", TODAY, "/f", &error);
	assert_code (ok, g_steal_pointer (&error), DIQI_ERROR_RESIDENT_ID, "320599190001010011");
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/idnum/good", test_good);
	g_test_add_func ("/idnum/uscc-each-change", test_uscc_each_change);
	g_test_add_func ("/idnum/uscc-verdicts", test_uscc_verdicts);
	g_test_add_func ("/idnum/org-each-change", test_org_each_change);
	g_test_add_func ("/idnum/resident-each-change", test_resident_each_change);
	g_test_add_func ("/idnum/resident-dates", test_resident_dates);
	g_test_add_func ("/idnum/require", test_require);
	return g_test_run ();
}
