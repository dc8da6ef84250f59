/* base/money.h — money is integer fen (分) in a struct; no floating point. */
#pragma once
#include <glib.h>

typedef struct {
	gint64 fen;
} Money;

#define MONEY_MAX_FEN G_GINT64_CONSTANT (9007199254740991) /* 2^53-1, so that any JSON reader is exact */

/* In JSON money is a string of decimal digits, whole fen: "747000000".  Refused:
 * sign, leading zero, blank, decimals, over MONEY_MAX_FEN (DIQI_ERROR_FIELD_VALUE). */
gboolean money_parse_fen (const char *text, Money *out, GError **error);
char *money_fen_text (Money m);

/* "7470000.00" or 元 text such as "300.00"; at most two decimals. */
gboolean money_parse_yuan (const char *text, Money *out, GError **error);
char *money_format_yuan (Money m);           /* "7,470,000.00" */
char *money_format_wan (Money m);            /* 万元, exact: "747", "937.2336" */
char *money_format_capitals (Money m);       /* 人民币大写: "柒佰肆拾柒万元整" */

/* FALSE on overflow or a negative result. */
gboolean money_add (Money a, Money b, Money *out);
gboolean money_mul (Money a, gint64 k, Money *out);
