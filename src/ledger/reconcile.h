/* ledger/reconcile.h — the book of one day beside the bank's statement of that day.
 *
 * The statement is CSV with the columns date, channel, transaction, order, amount, currency, direction, in any order:
 * date 2026-04-03; channel bank, card or online:<provider>; amount in yuan with two decimals; direction in or out.
 * Here count the postings on those accounts whose money moved on that day (Beijing); cash passes no bank.  Payments under
 * one transaction or slip are one movement, as the bank shows them.
 */
#pragma once
#include "ledger/ledger.h"

#define RECONCILE_FILE_MAX (2 * 1024 * 1024)

/* date: "2026-04-03", not after today.  *report: {date, version, file, rows, matched, matched_fen, missing_here, missing_at_bank,
 * amounts_differ, duplicates, agrees, imported, by}; kept.  Errors point at "/date" or "/file"; the detail names the
 * rows and columns at fault, at most ten of them. */
gboolean reconcile_import (Tx *tx, const char *date, const char *file, gsize n, const char *by, Micros now, json_t **report, GError **error);
/* The newest of each day, latest day first: {date, version, rows, matched, agrees, imported, by}. */
gboolean reconcile_list (Tx *tx, guint limit, json_t *items, GError **error);
/* DIQI_ERROR_NOT_FOUND */
gboolean reconcile_view (Tx *tx, const char *date, json_t **report, GError **error);
