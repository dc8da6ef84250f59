/* market/event_db.c — SQL of bidders, events and receipts. */
#include "market/market_db.h"

#include <string.h>

#define BLOB_OF(hash) P_BLOB ((hash).b, sizeof (hash).b)

static gboolean
read_hash (Rows *rows, guint column, Fingerprint *out, GError **error)
{
	g_autoptr (GBytes) blob = rows_bytes (rows, column);

	if (blob == NULL || g_bytes_get_size (blob) != sizeof out->b)
		return diqi_fail (error, DIQI_ERROR_STORE, NULL, "a stored hash has the wrong size");
	memcpy (out->b, g_bytes_get_data (blob, NULL), sizeof out->b);
	return TRUE;
}

/* --- bidders -------------------------------------------------------------------------------- */

void
bidder_row_clear (BidderRow *row)
{
	g_free (row->bidder_no);
	g_free (row->subject);
	g_clear_pointer (&row->certificate, g_bytes_unref);
	g_clear_pointer (&row->spki, g_bytes_unref);
	memset (row, 0, sizeof *row);
}

void
bidder_row_free (BidderRow *row)
{
	bidder_row_clear (row);
	g_free (row);
}

/* bidder_no, subject, fingerprint, spki_hash, quoted */
static gboolean
read_bidder (Rows *rows, BidderRow *out, GError **error)
{
	*out = (BidderRow) { .bidder_no = rows_dup_text (rows, 0), .subject = rows_dup_text (rows, 1), .quoted = rows_int (rows, 4) != 0 };
	if (read_hash (rows, 2, &out->fingerprint, error) && read_hash (rows, 3, &out->spki_hash, error))
		return TRUE;
	bidder_row_clear (out);
	return FALSE;
}

gboolean
db_bidder_insert (Tx *tx, const char *sale, const BidderRow *row, Micros now, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO bidders (sale, bidder_no, subject, fingerprint, spki_hash, certificate, spki, quoted, qualified_at) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8)",
		P_TEXT (sale), P_TEXT (row->bidder_no), P_TEXT (row->subject), BLOB_OF (row->fingerprint), BLOB_OF (row->spki_hash),
		P_BYTES (row->certificate), P_BYTES (row->spki), P_INT (now)) == 1;
}

gboolean
db_bidder_of_subject (Tx *tx, const char *sale, const char *subject, BidderRow *out, gboolean *found, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT bidder_no, subject, fingerprint, spki_hash, quoted FROM bidders WHERE sale = $1 AND subject = $2",
		P_TEXT (sale), P_TEXT (subject));

	if (rows == NULL)
		return FALSE;
	*found = rows_next (rows, error);
	return !*found || read_bidder (rows, out, error);
}

gboolean
db_bidder_no_taken (Tx *tx, const char *sale, const char *bidder_no, gboolean *taken, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT 1 FROM bidders WHERE sale = $1 AND bidder_no = $2", P_TEXT (sale), P_TEXT (bidder_no));

	if (rows == NULL)
		return FALSE;
	*taken = rows_next (rows, error);
	return TRUE;
}

gboolean
db_bidder_count (Tx *tx, const char *sale, gint64 *count, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT COUNT(*) FROM bidders WHERE sale = $1", P_TEXT (sale));

	if (rows == NULL || !rows_next (rows, error))
		return FALSE;
	*count = rows_int (rows, 0);
	return TRUE;
}

gboolean
db_bidder_set_quoted (Tx *tx, const char *sale, const char *bidder_no, GError **error)
{
	return tx_exec (tx, error, "UPDATE bidders SET quoted = 1 WHERE sale = $1 AND bidder_no = $2", P_TEXT (sale), P_TEXT (bidder_no)) == 1;
}

gboolean
db_bidders (Tx *tx, const char *sale, GPtrArray *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT bidder_no, subject, fingerprint, spki_hash, quoted, certificate, spki FROM bidders WHERE sale = $1 ORDER BY bidder_no",
		P_TEXT (sale));

	if (rows == NULL)
		return FALSE;
	g_ptr_array_set_free_func (out, (GDestroyNotify) bidder_row_free);
	while (rows_next (rows, NULL)) {
		BidderRow *row = g_new0 (BidderRow, 1);
		g_ptr_array_add (out, row);
		if (!read_bidder (rows, row, error))
			return FALSE;
		row->certificate = rows_bytes (rows, 5);
		row->spki = rows_bytes (rows, 6);
	}
	return TRUE;
}

/* --- events ---------------------------------------------------------------------------------- */

void
event_row_clear (EventRow *row)
{
	g_free (row->kind);
	g_free (row->bidder_no);
	g_free (row->event);
	memset (row, 0, sizeof *row);
}

void
event_row_free (EventRow *row)
{
	event_row_clear (row);
	g_free (row);
}

#define EVENT_COLUMNS "seq, kind, at, bidder_no, event, head, quote, log_index, leaf_hash"

static gboolean
read_event (Rows *rows, EventRow *out, GError **error)
{
	*out = (EventRow) {
		.seq = (guint64) rows_int (rows, 0), .kind = rows_dup_text (rows, 1), .at = rows_int (rows, 2),
		.bidder_no = rows_dup_text (rows, 3), .event = rows_dup_text (rows, 4), .has_quote = !rows_is_null (rows, 6),
		.log_index = (guint64) rows_int (rows, 7),
	};
	if (read_hash (rows, 5, &out->head, error) && (!out->has_quote || read_hash (rows, 6, &out->quote, error)) &&
	    read_hash (rows, 8, &out->leaf_hash, error))
		return TRUE;
	event_row_clear (out);
	return FALSE;
}

gboolean
db_event_insert (Tx *tx, const char *sale, const EventRow *row, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO sale_events (sale, " EVENT_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
		P_TEXT (sale), P_INT ((gint64) row->seq), P_TEXT (row->kind), P_INT (row->at), P_TEXT (row->bidder_no), P_TEXT (row->event),
		BLOB_OF (row->head), row->has_quote ? BLOB_OF (row->quote) : P_BYTES (NULL), P_INT ((gint64) row->log_index),
		BLOB_OF (row->leaf_hash)) == 1;
}

gboolean
db_event_get (Tx *tx, const char *sale, guint64 seq, EventRow *out, gboolean *found, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT " EVENT_COLUMNS " FROM sale_events WHERE sale = $1 AND seq = $2", P_TEXT (sale), P_INT ((gint64) seq));

	if (rows == NULL)
		return FALSE;
	*found = rows_next (rows, error);
	return !*found || read_event (rows, out, error);
}

gboolean
db_events (Tx *tx, const char *sale, guint64 after, guint limit, GPtrArray *out, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT " EVENT_COLUMNS " FROM sale_events WHERE sale = $1 AND seq > $2 ORDER BY seq LIMIT $3",
		P_TEXT (sale), P_INT ((gint64) after), P_INT (limit));

	if (rows == NULL)
		return FALSE;
	g_ptr_array_set_free_func (out, (GDestroyNotify) event_row_free);
	while (rows_next (rows, NULL)) {
		EventRow *row = g_new0 (EventRow, 1);
		g_ptr_array_add (out, row);
		if (!read_event (rows, row, error))
			return FALSE;
	}
	return TRUE;
}

gboolean
db_event_has_head (Tx *tx, const char *sale, const Fingerprint *head, gboolean *known, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT 1 FROM sale_events WHERE head = $1 AND sale = $2", P_BLOB (head->b, sizeof head->b), P_TEXT (sale));

	if (rows == NULL)
		return FALSE;
	*known = rows_next (rows, error);
	return TRUE;
}

/* --- receipts --------------------------------------------------------------------------------- */

gboolean
db_receipt_insert (Tx *tx, const char *sale, guint64 seq, const char *receipt, GError **error)
{
	return tx_exec (tx, error,
		"INSERT INTO sale_receipts (sale, seq, receipt) VALUES ($1, $2, $3) ON CONFLICT (sale, seq) DO NOTHING",
		P_TEXT (sale), P_INT ((gint64) seq), P_TEXT (receipt)) >= 0;
}

gboolean
db_receipt_get (Tx *tx, const char *sale, guint64 seq, char **receipt, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error,
		"SELECT receipt FROM sale_receipts WHERE sale = $1 AND seq = $2", P_TEXT (sale), P_INT ((gint64) seq));

	if (rows == NULL)
		return FALSE;
	*receipt = rows_next (rows, error) ? rows_dup_text (rows, 0) : NULL;
	return TRUE;
}
