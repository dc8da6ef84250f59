/* api/quotes.h — placing a quote: the one path on which minutes and millions depend. */
#pragma once
#include "api/call.h"

/* Takes the quote's place in the order of arrival (market/watermark.h); freed by quote_left. */
gpointer quote_arrived (Request *request);
void quote_left (gpointer ticket);
Response *post_quote (ApiCall *call, GError **error);
Response *get_receipt (ApiCall *call, GError **error);

/* Tells the sale's watchers, after the commit of event `seq`; not inside a transaction.  Costs nothing when nobody
 * watches, or when somebody has told them of a later event already. */
void quotes_announce (Api *api, const char *sale, guint64 seq);
