/* base/idnum.c — see idnum.h. */
#include "base/idnum.h"

#include <string.h>

#include "base/civil.h"
#include "base/error.h"

/* --- GB 32100-2015 ------------------------------------------------------------- */

static const char uscc_alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";      /* no I O S V Z */
#define USCC_LENGTH 18
#define USCC_BASE 31
#define ORG_AT 8
#define ORG_LENGTH 9

static int
uscc_digit (char c)
{
	const char *at = c == '\0' ? NULL : strchr (uscc_alphabet, c);
	return at == NULL ? -1 : (int) (at - uscc_alphabet);
}

static char
uscc_check_char (const char *text)
{
	int sum = 0, weight = 1;
	for (int i = 0; i < USCC_LENGTH - 1; i++) {
		sum += uscc_digit (text[i]) * weight;
		weight = weight * 3 % USCC_BASE;
	}
	return uscc_alphabet[(USCC_BASE - sum % USCC_BASE) % USCC_BASE];
}

static gboolean
uscc_is_well_formed (const char *text)
{
	if (strnlen (text, USCC_LENGTH + 1) != USCC_LENGTH)
		return FALSE;
	for (int i = 0; i < USCC_LENGTH; i++) {
		gboolean district = i >= 2 && i < ORG_AT;      /* GB/T 2260, six digits */
		if (uscc_digit (text[i]) < 0 || (district && !g_ascii_isdigit (text[i])))
			return FALSE;
	}
	return TRUE;
}

/* --- GB 11714-1997 ------------------------------------------------------------- */

/* `text` begins with eight characters of 0-9A-Z. */
static char
org_check_char (const char *text)
{
	static const int weights[] = { 3, 7, 9, 10, 5, 8, 4, 2 };
	int sum = 0;
	for (int i = 0; i < ORG_LENGTH - 1; i++)
		sum += (g_ascii_isdigit (text[i]) ? text[i] - '0' : text[i] - 'A' + 10) * weights[i];
	return "0X987654321"[sum % 11];
}

UsccVerdict
uscc_check (const char *text)
{
	if (!uscc_is_well_formed (text))
		return USCC_MALFORMED;
	if (text[USCC_LENGTH - 1] != uscc_check_char (text) || text[ORG_AT + ORG_LENGTH - 1] != org_check_char (text + ORG_AT))
		return USCC_CHECK_DIGIT;
	return USCC_OK;
}

gboolean
org_code_check (const char *text)
{
	gsize n = strnlen (text, ORG_LENGTH + 2);
	if (n == ORG_LENGTH + 1 ? text[ORG_LENGTH - 1] != '-' : n != ORG_LENGTH)
		return FALSE;
	for (int i = 0; i < ORG_LENGTH - 1; i++)
		if (!g_ascii_isdigit (text[i]) && !g_ascii_isupper (text[i]))
			return FALSE;
	return text[n - 1] == org_check_char (text);
}

/* --- GB 11643-1999 ------------------------------------------------------------- */

#define RESIDENT_LENGTH 18

static int
number_at (const char *text, int at, int width)
{
	int value = 0;
	for (int i = at; i < at + width; i++)
		value = value * 10 + (text[i] - '0');
	return value;
}

static CivilDate
birth_of (const char *text)
{
	return (CivilDate) { number_at (text, 6, 4), number_at (text, 10, 2), number_at (text, 12, 2) };
}

static char
resident_check_char (const char *text)
{
	static const int weights[] = { 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 };
	int sum = 0;
	for (int i = 0; i < RESIDENT_LENGTH - 1; i++)
		sum += (text[i] - '0') * weights[i];
	return "10X98765432"[sum % 11];
}

gboolean
resident_id_check (const char *text, gint64 today)
{
	if (strnlen (text, RESIDENT_LENGTH + 1) != RESIDENT_LENGTH
	    || strspn (text, "0123456789") < RESIDENT_LENGTH - 1 || text[0] == '0')
		return FALSE;
	CivilDate birth = birth_of (text);
	if (!civil_is_valid (birth) || birth.year < 1800 || civil_to_days (birth) > civil_to_days (civil_beijing (today)))
		return FALSE;
	return text[RESIDENT_LENGTH - 1] == resident_check_char (text);
}

gboolean resident_id_is_male (const char *text) { return (text[16] - '0') % 2 == 1; }

char *
resident_id_birth (const char *text)
{
	return g_strdup_printf ("%.4s-%.2s-%.2s", text + 6, text + 10, text + 12);
}

/* --- refusals; the number itself stays out of the detail, details are logged ------ */

gboolean
uscc_require (const char *text, gboolean allow_check_digit, const char *field, GError **error)
{
	switch (uscc_check (text)) {
	case USCC_OK:
		return TRUE;
	case USCC_CHECK_DIGIT:
		return allow_check_digit
			|| diqi_fail (error, DIQI_ERROR_USCC_CHECK, field, "well formed, but a check digit of GB 32100 or GB 11714 does not fit");
	case USCC_MALFORMED:
		break;
	}
	return diqi_fail (error, DIQI_ERROR_USCC, field, "a credit code has 18 characters of 0-9 and A-Y without I, O, S, V (GB 32100)");
}

gboolean
org_code_require (const char *text, const char *field, GError **error)
{
	return org_code_check (text)
		|| diqi_fail (error, DIQI_ERROR_ORG_CODE, field, "not an organisation code with its check digit (GB 11714)");
}

gboolean
resident_id_require (const char *text, gint64 today, const char *field, GError **error)
{
	return resident_id_check (text, today)
		|| diqi_fail (error, DIQI_ERROR_RESIDENT_ID, field,
			"not an 18-character resident identity number with a real date and its check digit (GB 11643)");
}
