/* base/idnum.h — Chinese identity numbers and their check digits. */
#pragma once
#include <glib.h>

typedef enum { USCC_OK, USCC_CHECK_DIGIT, USCC_MALFORMED } UsccVerdict;

/* Unified social credit code, GB 32100-2015: 18 of 31 letters, weights 3^(i-1) mod 31.
 * CHECK_DIGIT: only the last character does not fit (real early codes do this; an
 * officer may override with a reason).  The organisation code inside (characters
 * 9 to 17, GB 11714) must fit as well, else CHECK_DIGIT too. */
UsccVerdict uscc_check (const char *text);

/* Organisation code, GB 11714-1997: "MAX00001-5" or "MAX000015". */
gboolean org_code_check (const char *text);

/* Resident identity number, GB 11643-1999: 18 characters, real date not after
 * `today` (Micros), check digit upper-case X. */
gboolean resident_id_check (const char *text, gint64 today);
gboolean resident_id_is_male (const char *text);
/* Birth date "1900-01-01" of a checked number; caller frees. */
char *resident_id_birth (const char *text);

/* Sets DIQI_ERROR_USCC, _USCC_CHECK, _ORG_CODE or _RESIDENT_ID with `field`. */
gboolean uscc_require (const char *text, gboolean allow_check_digit, const char *field, GError **error);
gboolean org_code_require (const char *text, const char *field, GError **error);
gboolean resident_id_require (const char *text, gint64 today, const char *field, GError **error);
