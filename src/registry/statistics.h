/* registry/statistics.h — applications counted by service, acceptance point and month. */
#pragma once
#include "registry/registry.h"

enum { COUNT_BY_MONTH = 1 << 0, COUNT_BY_SERVICE = 1 << 1, COUNT_BY_POINT = 1 << 2 };

/* Applications made in [from, to), drafts left out, months of Beijing time: [{month?, service?, point?, total, open, done,
 * rejected, withdrawn, paid_fen}] in that order.  done: a certificate was issued or the service completed. */
gboolean statistics_applications (Tx *tx, Micros from, Micros to, guint by, json_t **rows, GError **error);
