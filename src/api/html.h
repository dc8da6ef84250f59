/* api/html.h — writing HTML: everything that comes from data is escaped here. */
#pragma once
#include "base/json.h"
#include "base/money.h"
#include "net/server.h"

typedef struct Html Html;

/* refresh: the page asks for itself again after so many seconds; 0 never. */
Html *html_new (const char *title, const char *site_name, guint refresh);
Response *html_finish (Html *html);          /* frees */

void html_raw (Html *html, const char *markup);
/* printf whose string arguments are escaped. */
void html_text (Html *html, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* A table row "label, value"; nothing when value is NULL or empty. */
void html_row (Html *html, const char *label, const char *value);
void html_row_money (Html *html, const char *label, const json_t *fen);      /* 万元, and in full */
void html_row_time (Html *html, const char *label, const json_t *time);      /* Beijing time */

/* Caller frees; NULL when absent. */
char *html_money (const json_t *fen);
char *html_time (const json_t *time);
