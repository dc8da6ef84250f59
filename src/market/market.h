/* market/market.h — notices, bidders, quotes and what is shown of them.
 *
 * A notice (出让公告) is written by a market editor, approved by another person and thereby opens one sale, whose
 * terms and rule set never change again.  All that happens to a sale is an event: sale_step decides (sale.h), and the
 * event, its place in the sale's chain and its leaf in the log are written in one transaction.
 *
 *   notice:  draft ─notice.submit→ submitted ─notice.approve→ approved (… announced and closed are matters of time)
 *   sale:    see sale.h
 *
 * Every function takes the caller's transaction and does one act wholly or not at all.  The caller has verified the
 * statement's signature and the certificate behind it, and who the actor is; type, members, target, version,
 * hashes, time and roles are checked here, and that the statement's signer is the actor's certificate.
 * Lock order: sale or notice row, other rows, log_head.
 *
 * json_t ** out parameters give a new reference and may be NULL.  Views are those of docs/api/README.md.
 */
#pragma once
#include "evidence/evidence.h"
#include "identity/actor.h"
#include "market/notice_content.h"
#include "market/sale.h"
#include "market/watermark.h"

typedef struct {
	const char *site;              /* site id */
	const Actor *actor;
	const Statement *statement;    /* NULL where the act needs none */
	Micros now;
} MarketAct;

/* --- notices (notice.c) ------------------------------------------------------------------ */
/* market_editor.  Refusals point into "/content/…". */
gboolean notice_create (Tx *tx, const MarketAct *act, const json_t *content, json_t **view, GError **error);
/* Drafts only; expected_version of If-Match (DIQI_ERROR_IF_MATCH_STALE). */
gboolean notice_update (Tx *tx, const MarketAct *act, const char *id, gint64 expected_version, const json_t *content,
                        json_t **view, GError **error);
/* Statement notice.submit by a market_editor. */
gboolean notice_submit (Tx *tx, const MarketAct *act, const char *id, json_t **view, GError **error);
/* Statement notice.approve by a market_approver who neither wrote nor submitted it (DIQI_ERROR_SAME_PERSON).
 * Opens the sale; the view names it. */
gboolean notice_approve (Tx *tx, const MarketAct *act, const char *id, json_t **view, GError **error);
/* actor NULL, or no market officer or auditor: announced ones only.  {"notice","state","version","content","content_hash",
 * "announced","created","updated","sale"?,"warnings"?,"submitted_by"?,"approved_by"?}; persons for officers only. */
gboolean notice_view (Tx *tx, const Actor *actor, const char *id, Micros now, json_t **view, GError **error);
/* Newest first; *next_cursor NULL at the end, caller frees. */
gboolean notice_list (Tx *tx, const Actor *actor, const char *cursor, guint limit, Micros now,
                      json_t **items, char **next_cursor, GError **error);

/* --- bidders and quotes (bidder.c, quote.c) -------------------------------------------------- */
typedef struct {
	const char *sale;              /* of the path */
	const Certificate *certificate;/* the bidder's, known here and valid */
	const char *subject;           /* whom the authority issued it to */
} Qualification;
/* Statement bidder.qualify by a market_approver.  *out: {"sale","bidder_no","seq"}.  DIQI_ERROR_BIDDER_QUALIFIED,
 * _EXISTS (number taken), _SALE_STATE from limit-time on, _SALE_SETTLING while the ticker has a moment to settle. */
gboolean bidder_qualify (Tx *tx, const MarketAct *act, const Qualification *qualification, json_t **out, GError **error);

typedef struct {
	const char *sale;              /* of the path */
	Micros arrival;                /* stamped by net; act.now is the clock now */
	ArrivalTicket *ticket;         /* NULL only where no other request can be */
} QuoteRequest;
typedef struct {
	char sale[SALE_ID_SIZE];
	char bidder_no[BIDDER_NO_SIZE];
	guint64 seq;
	SaleVerdict verdict;           /* accepted, or code */
	Micros arrival;
	Money quoted;                  /* what the quote said */
	Fingerprint quote;             /* hash of its payload */
	Fingerprint head;              /* after it */
	SalePhase phase;               /* after it */
	Money highest;
	Micros deadline;               /* 0: none runs */
	LogPosition log;
	json_t *event;
} QuoteOutcome;
void quote_outcome_clear (QuoteOutcome *outcome);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuoteOutcome, quote_outcome_clear)
/* Statement quote by a qualified bidder, from the certificate that was qualified or another of the same subject
 * over the same key.  TRUE: it is an event, accepted or refused by the rules, and gets a receipt.  FALSE: it is
 * none and nothing was written: DIQI_ERROR_NOT_FOUND, _BIDDER_UNQUALIFIED, _STATEMENT_…; DIQI_ERROR_SALE_SETTLING: run
 * again (arrival_run does). */
gboolean quote_place (Tx *tx, const MarketAct *act, const QuoteRequest *request, QuoteOutcome *out, GError **error);
/* The refusal as an error for a problem reply, and its members beside code: {"receipt"?,"seq","verdict","price_fen","head","deadline"}. */
void quote_refusal (const QuoteOutcome *outcome, GError **error);
json_t *quote_reply (const QuoteOutcome *outcome, const char *receipt);

/* --- receipts (receipt.c) -------------------------------------------------------------------------- */
/* Payload to be signed by the receipt key, outside any transaction. */
json_t *receipt_payload (const char *site, const QuoteOutcome *outcome, Micros now);
/* The same from the database, for a receipt that a crash left unsigned.  subject (char *, caller frees; may be NULL): whose it is.
 * DIQI_ERROR_NOT_FOUND when seq is no quote. */
gboolean receipt_find (Tx *tx, const char *sale, guint64 seq, char **receipt, QuoteOutcome *outcome, char **subject, GError **error);
/* The first one stored stays. */
gboolean receipt_store (Tx *tx, const char *sale, guint64 seq, const char *receipt, GError **error);

/* --- reading sales (sale_view.c) --------------------------------------------------------------------- */
/* Whole state with both lists, as replay computes it.  DIQI_ERROR_NOT_FOUND. */
gboolean sale_load (Tx *tx, const char *sale, SaleState *out, GError **error);
/* subject: a bidder's gets "me"; NULL.  now is server_time.  Not found before it is announced. */
gboolean sale_view (Tx *tx, const char *sale, const char *subject, Micros now, json_t **view, GError **error);
gboolean sale_list (Tx *tx, const char *cursor, guint limit, Micros now, json_t **items, char **next_cursor, GError **error);
/* Public events after seq: the event with its "head". *next 0 at the end, else the `after` of the next page. */
gboolean sale_events (Tx *tx, const char *sale, guint64 after, guint limit, Micros now, json_t **items, guint64 *next, GError **error);
