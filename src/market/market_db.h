/* market/market_db.h — one SQL statement a function; used by market only.  "found" out parameters tell
 * absence from failure. */
#pragma once
#include "market/sale.h"
#include "store/store.h"

/* --- rule sets ------------------------------------------------------------------ */
/* No effect when it is there already. */
gboolean db_rule_set_put (Tx *tx, const RuleSet *rules, const char *canonical, GError **error);

/* --- notices ---------------------------------------------------------------------- */
typedef struct {
	char *id, *state;
	gint64 version;
	char *content;                 /* canonical JSON */
	Fingerprint content_hash;
	char *editor, *submitted_by, *approved_by;
	char *sale;                    /* read only; NULL before approval */
	Micros announced_at, created, updated;
} NoticeRow;
void notice_row_clear (NoticeRow *row);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (NoticeRow, notice_row_clear)
gboolean db_notice_insert (Tx *tx, const NoticeRow *row, GError **error);
gboolean db_notice_update (Tx *tx, const NoticeRow *row, GError **error);
gboolean db_notice_lock (Tx *tx, const char *id, NoticeRow *out, gboolean *found, GError **error);
gboolean db_notice_get (Tx *tx, const char *id, NoticeRow *out, gboolean *found, GError **error);
/* NoticeRow * appended, newest first, below cursor (NULL: from the newest). */
gboolean db_notices (Tx *tx, const char *cursor, guint limit, GPtrArray *out, GError **error);
gboolean db_notices_announced (Tx *tx, Micros now, const char *cursor, guint limit, GPtrArray *out, GError **error);

/* --- sales: state without its lists ------------------------------------------------- */
gboolean db_sale_insert (Tx *tx, const SaleState *state, const char *notice, GError **error);
gboolean db_sale_update (Tx *tx, const SaleState *state, GError **error);
gboolean db_sale_lock (Tx *tx, const char *id, SaleState *out, gboolean *found, GError **error);
/* notice: char *, caller frees; may be NULL. */
gboolean db_sale_get (Tx *tx, const char *id, SaleState *out, char **notice, gboolean *found, GError **error);
/* Ids (char *) appended. */
gboolean db_sales_announced (Tx *tx, Micros now, const char *cursor, guint limit, GPtrArray *out, GError **error);
gboolean db_sales_due (Tx *tx, Micros until, GPtrArray *out, GError **error);
gboolean db_sales_open (Tx *tx, GPtrArray *out, GError **error);
gboolean db_sale_terms_head (Tx *tx, const char *id, Fingerprint *out, GError **error);

/* --- bidders ---------------------------------------------------------------------------- */
typedef struct {
	char *bidder_no, *subject;
	Fingerprint fingerprint, spki_hash;
	GBytes *certificate, *spki;    /* DER; only of db_bidders */
	gboolean quoted;
} BidderRow;
void bidder_row_clear (BidderRow *row);
void bidder_row_free (BidderRow *row);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BidderRow, bidder_row_clear)
gboolean db_bidder_insert (Tx *tx, const char *sale, const BidderRow *row, Micros now, GError **error);
gboolean db_bidder_of_subject (Tx *tx, const char *sale, const char *subject, BidderRow *out, gboolean *found, GError **error);
gboolean db_bidder_no_taken (Tx *tx, const char *sale, const char *bidder_no, gboolean *taken, GError **error);
gboolean db_bidder_count (Tx *tx, const char *sale, gint64 *count, GError **error);
gboolean db_bidder_set_quoted (Tx *tx, const char *sale, const char *bidder_no, GError **error);
/* BidderRow * appended, by number. */
gboolean db_bidders (Tx *tx, const char *sale, GPtrArray *out, GError **error);

/* --- events and receipts ------------------------------------------------------------------ */
typedef struct {
	guint64 seq;
	char *kind;
	Micros at;
	char *bidder_no;               /* NULL for time and outages */
	char *event;                   /* canonical JSON */
	Fingerprint head;
	gboolean has_quote;
	Fingerprint quote;
	guint64 log_index;
	Fingerprint leaf_hash;
} EventRow;
void event_row_clear (EventRow *row);
void event_row_free (EventRow *row);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EventRow, event_row_clear)
gboolean db_event_insert (Tx *tx, const char *sale, const EventRow *row, GError **error);
gboolean db_event_get (Tx *tx, const char *sale, guint64 seq, EventRow *out, gboolean *found, GError **error);
/* EventRow * appended, in order, after seq. */
gboolean db_events (Tx *tx, const char *sale, guint64 after, guint limit, GPtrArray *out, GError **error);
gboolean db_event_has_head (Tx *tx, const char *sale, const Fingerprint *head, gboolean *known, GError **error);
gboolean db_receipt_insert (Tx *tx, const char *sale, guint64 seq, const char *receipt, GError **error);
/* *receipt NULL when there is none yet. */
gboolean db_receipt_get (Tx *tx, const char *sale, guint64 seq, char **receipt, GError **error);

/* --- sign of life ------------------------------------------------------------------------------ */
gboolean db_beat_put (Tx *tx, Micros at, GError **error);
/* *at 0: never. */
gboolean db_beat_get (Tx *tx, Micros *at, GError **error);
