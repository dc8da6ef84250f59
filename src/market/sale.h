/* market/sale.h — all that decides a sale, as a pure function.
 *
 * sale_step (state, event) → state', verdict.  No clock, database or socket; driven by
 * arrival-stamped events in serial order; replayed by `diqi verify` and the tests.
 * Times are Micros, prices whole fen.  Rules: trading rules TR-8, TR-16…TR-22, TR-35; what the
 * published rules leave open or contradict is settled in docs/decisions/0001.
 *
 *   ANNOUNCED ─listing_start→ LISTING ─listing_end − quiet→ QUIET ─listing_end→ LIMIT_TIME ─deadline→ CLOSED
 *                                                              └ too few bidders quoted ──────────┘
 * Every arrow happens at its own moment, however late the event that reveals it: moments are half-open,
 * what arrives exactly at a moment already belongs to what comes after it.
 */
#pragma once
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/money.h"
#include "pki/key.h"

/* --- rule set: versioned data, frozen into the sale ------------------------------- */
#define RULE_SET_MAX_PROMPTS 8
typedef struct {
	char name[64];
	int version;
	Fingerprint hash;                  /* of its canonical JSON */
	Micros announce_least;             /* TR-8: 20 days */
	Micros listing_least;              /* 10 days */
	Micros quiet;                      /* TR-22: 1 h before listing end; 0 none */
	Micros window;                     /* TR-20: 4 min */
	Micros prompts[RULE_SET_MAX_PROMPTS]; /* TR-20: offsets before the deadline, largest first */
	guint prompts_n;
	guint limit_time_bidders;          /* TR-19: from this many bidders who quoted there is limit-time */
	gboolean step_multiple;            /* increments are whole multiples; else at least one step */
	guint max_steps;                   /* per quote, 0 = no limit */
	gboolean raise_own_lead;           /* may the leader raise himself */
	gboolean enter_without_quote;      /* limit-time open to qualified bidders who did not quote in the listing */
	Micros outage_most;                /* longest time without accepting that a window survives */
} RuleSet;
/* DIQI_ERROR_FIELD_… with the member at fault; see data/rulesets. */
gboolean rule_set_parse (const json_t *json, RuleSet *out, GError **error);
/* From canonical text; refuses text that is not canonical (its hash would be ambiguous). */
gboolean rule_set_parse_text (const char *canonical, gsize n, RuleSet *out, GError **error);
/* Embedded rule sets by name ("taicang") and version; canonical text for hashing and bundles
 * (caller frees, may be NULL).  DIQI_ERROR_NOT_FOUND. */
gboolean rule_set_builtin (const char *name, int version, RuleSet *out, char **canonical, GError **error);
/* All embedded ones: array of {"name","version","hash"} in order of name and version. */
json_t *rule_set_list (void);

/* --- state -------------------------------------------------------------------------- */
typedef enum { SALE_ANNOUNCED, SALE_LISTING, SALE_QUIET, SALE_LIMIT_TIME, SALE_CLOSED, SALE_N_PHASES } SalePhase;
typedef enum { RESULT_NONE, RESULT_WON, RESULT_FAILED, SALE_N_RESULTS } SaleResult;   /* 成交, 流拍 */
#define SALE_MAX_BIDDERS 512
#define BIDDER_NO_SIZE 16
#define SALE_ID_SIZE 40

typedef struct {                       /* terms, fixed at publication */
	char sale[SALE_ID_SIZE];
	Fingerprint content;               /* of the approved notice's canonical content */
	RuleSet rules;
	Micros announced_at, listing_start, listing_end;
	Money start, increment;
	Money cap;                         /* fen 0 = none */
} SaleTerms;

typedef struct {
	SaleTerms terms;
	SalePhase phase;
	guint64 seq;                       /* of the last event */
	Fingerprint head;                  /* chain over events: SHA-256 (previous head ‖ canonical event) */
	Micros at;                         /* of the last event; never goes back */
	Money price;                       /* highest accepted; 0 = none */
	char leader[BIDDER_NO_SIZE];       /* bidder number, "" none */
	guint64 price_seq;                 /* event that set price */
	Micros deadline;                   /* limit-time only, else 0 */
	Micros closed_at;                  /* the moment that closed it, else 0 */
	guint bidders_quoted;              /* different bidders with an accepted quote */
	guint rounds;                      /* windows run so far, void ones included */
	SaleResult result;
	GPtrArray *qualified;              /* bidder numbers (char*), sorted */
	GPtrArray *quoted;                 /* bidder numbers with an accepted quote, sorted */
} SaleState;
/* Both lists may hold a part only (the bidder of the next event): steps look at membership, and count
 * different bidders in bidders_quoted. */
void sale_state_init (SaleState *state, const SaleTerms *terms);   /* phase ANNOUNCED, seq 0, head = SHA-256 of the canonical terms */
void sale_state_clear (SaleState *state);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SaleState, sale_state_clear)
void sale_state_copy (SaleState *to, const SaleState *from);       /* `to` is overwritten, not cleared */
gboolean sale_state_equal (const SaleState *a, const SaleState *b);
/* Sorted lists of bidder numbers. */
gboolean bidder_list_has (const GPtrArray *list, const char *bidder);
void bidder_list_add (GPtrArray *list, const char *bidder);        /* no effect when there */
/* 1..15 of A-Z a-z 0-9 and '-'. */
gboolean bidder_no_is_valid (const char *text);

/* --- events --------------------------------------------------------------------------- */
typedef enum {
	SALE_EVENT_QUALIFY,    /* a bidder may quote from now on */
	SALE_EVENT_QUOTE,      /* a signed quote arrived */
	SALE_EVENT_TIME,       /* is it over? time passes without anything else */
	SALE_EVENT_OUTAGE,     /* quotes could not be accepted between from and at */
	SALE_N_EVENTS,
} SaleEventKind;
typedef struct {
	SaleEventKind kind;
	Micros at;                         /* arrival.  An `at` before the last event's counts as the last event's: every
	                                    * moment up to that one was already settled, so it decides nothing else */
	char bidder[BIDDER_NO_SIZE];
	Money price;
	Fingerprint rule_set;
	Fingerprint head;                  /* named by the quote; for the record only */
	gboolean head_known;               /* that head was one of this sale's */
	Micros from;                       /* outage */
} SaleEvent;

/* What became of it.  Time that passed before `at` is settled first (phases move on, a deadline that
 * was reached closes the sale), so a quote at or after its deadline is refused and the sale is closed.
 * accepted: FALSE with a public code for refused quotes and qualifications.  moved: the phase or deadline
 * changed.  happened: the event counts (has a seq and belongs in the chain); FALSE only for time and
 * outages that moved nothing, which leave the state untouched. */
typedef struct {
	gboolean accepted;
	gboolean happened;
	DiqiErrorCode code;
	gboolean moved;
	SalePhase phase_before;
} SaleVerdict;
/* Changes state in place; the head is advanced by sale_chain. */
void sale_step (SaleState *state, const SaleEvent *event, SaleVerdict *verdict);
/* Next moment at which time alone moves the sale, G_MAXINT64 when closed. */
Micros sale_next_moment (const SaleState *state);
/* Lowest price that would be accepted now; FALSE when no quote would be. */
gboolean sale_next_price (const SaleState *state, Money *out);
/* TR-20: how many of the prompts of the running window are due at `now`; 0 outside limit-time. */
guint sale_prompts_due (const SaleState *state, Micros now);

/* --- canonical JSON (sale_json.c): what the chain and the log hold ------------------------ */
/* {"type":"sale.terms","sale","content","rule_set","announced","listing_start","listing_end","start_fen",
 * "increment_fen","cap_fen"?} */
json_t *sale_terms_json (const SaleTerms *terms);
/* Of an event after it was stepped: {"seq","sale","kind","at","arrival"?,"bidder"?,"price_fen"?,"rule_set"?,"seen"?,
 * "from"?,"verdict","code"?,"phase","highest_fen"?,"leader"?,"deadline"?,"result"?,"closed"?,"prev"}.  arrival, price_fen, rule_set
 * and seen (the head the bidder saw) are the quote's own; highest_fen, leader and deadline hold after the event. */
json_t *sale_event_json (const char *sale, const SaleState *after, const SaleEvent *event, const SaleVerdict *verdict);
void sale_chain (SaleState *state, const json_t *event_json);
/* Names on the wire; …_from_name are FALSE for others. */
const char *sale_phase_name (SalePhase phase);           /* "announced" "listing" "quiet" "limit_time" "closed" */
const char *sale_result_name (SaleResult result);        /* NULL "won" "failed" */
const char *sale_event_kind_name (SaleEventKind kind);   /* "qualify" "quote" "time" "outage" */
gboolean sale_event_kind_from_name (const char *name, SaleEventKind *out);
gboolean sale_phase_from_name (const char *name, SalePhase *out);
gboolean sale_result_from_name (const char *name, SaleResult *out);        /* NULL: RESULT_NONE */
