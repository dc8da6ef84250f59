/* api/quotes.h — placing a quote: the one path on which minutes and millions depend. */
#pragma once
#include "api/call.h"

Response *post_quote (ApiCall *call, GError **error);
Response *get_receipt (ApiCall *call, GError **error);

/* Broadcasts the sale's view after this transaction's commit. */
gboolean quotes_announce (Tx *tx, Api *api, const char *sale, GError **error);
