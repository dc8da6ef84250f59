/* market/open_bids_db.c — see open_bids.h. */
#include "market/open_bids.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"

static void
open_bid_free (gpointer p)
{
	OpenBid *bid = p;
	g_free (bid->sale);
	g_free (bid->subject);
	g_free (bid->title);
	g_free (bid->fingerprint);
	g_free (bid);
}

static char *
title_of (const char *content, GError **error)
{
	g_autoptr (json_t) notice = json_read_strict (content, strlen (content), 1 << 20, error);
	if (notice == NULL)
		return NULL;
	const char *place = json_string_value (json_object_get (json_object_get (notice, "parcel"), "place"));
	const char *number = json_string_value (json_object_get (notice, "number"));
	return g_strdup_printf ("%s %s", number != NULL ? number : "", place != NULL ? place : "");
}

GPtrArray *
open_bids (Tx *tx, const char *subject, GError **error)
{
	g_autoptr (GPtrArray) bids = g_ptr_array_new_with_free_func (open_bid_free);
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT s.id, b.subject, n.content, b.fingerprint, s.announced_at, s.quiet, s.listing_end "
		"FROM sales s JOIN bidders b ON b.sale = s.id JOIN notices n ON n.id = s.notice "
		"WHERE s.next_moment IS NOT NULL AND ($1 IS NULL OR b.subject = $1) ORDER BY s.listing_end, s.id, b.subject",
		P_TEXT (subject));
	if (rows == NULL)
		return NULL;
	while (rows_next (rows, NULL)) {
		OpenBid *bid = g_new0 (OpenBid, 1);
		g_autoptr (GBytes) fingerprint = rows_bytes (rows, 3);
		g_ptr_array_add (bids, bid);
		bid->sale = rows_dup_text (rows, 0);
		bid->subject = rows_dup_text (rows, 1);
		bid->title = title_of (rows_text (rows, 2), error);
		if (bid->title == NULL)
			return NULL;
		bid->fingerprint = hex_encode (g_bytes_get_data (fingerprint, NULL), g_bytes_get_size (fingerprint));
		bid->announced_at = rows_int (rows, 4);
		bid->listing_end = rows_int (rows, 6);
		bid->quiet_from = bid->listing_end - rows_int (rows, 5);
	}
	return g_steal_pointer (&bids);
}
