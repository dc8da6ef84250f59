/* market/sale.h — all that decides a sale, as a pure function.
 *
 * sale_step (state, event) → state', verdict.  No clock, database or socket; driven by
 * arrival-stamped events in serial order; replayed by `diqi verify` and the tests.
 * Times are Micros, prices whole fen.  Rules: trading rules TR-8, TR-16…TR-22, TR-35.
 */
#pragma once
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/money.h"
#include "pki/key.h"

/* --- rule set: versioned data, frozen into the sale ------------------------------- */
typedef struct {
	char name[64];
	int version;
	Fingerprint hash;                  /* of its canonical JSON */
	Micros announce_least;             /* TR-8: 20 days */
	Micros listing_least;              /* 10 days */
	Micros quiet;                      /* TR-22: 1 h before listing end */
	Micros window;                     /* TR-20: 4 min */
	Micros prompts[8];                 /* TR-20: offsets before the deadline, largest first */
	guint prompts_n;
	guint limit_time_bidders;          /* TR-19: from this many bidders who quoted there is limit-time */
	gboolean step_multiple;            /* increments are whole multiples; else at least one step */
	guint max_steps;                   /* per quote, 0 = no limit */
	gboolean raise_own_lead;           /* may the leader raise himself */
	gboolean enter_without_quote;      /* limit-time open to qualified bidders who did not quote in the listing */
	Micros outage_most;                /* longest time without accepting that a window survives */
} RuleSet;
gboolean rule_set_parse (const json_t *json, RuleSet *out, GError **error);
/* Embedded rule sets by name ("taicang") and version; canonical text for hashing and bundles. */
gboolean rule_set_builtin (const char *name, int version, RuleSet *out, char **canonical, GError **error);

/* --- state -------------------------------------------------------------------------- */
typedef enum { SALE_ANNOUNCED, SALE_LISTING, SALE_QUIET, SALE_LIMIT_TIME, SALE_CLOSED } SalePhase;
typedef enum { RESULT_NONE, RESULT_WON, RESULT_FAILED } SaleResult;   /* 成交, 流拍 */
#define SALE_MAX_BIDDERS 512
#define BIDDER_NO_SIZE 16

typedef struct {                       /* terms, fixed at publication */
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
	Money price;                       /* highest accepted; 0 = none */
	char leader[BIDDER_NO_SIZE];       /* bidder number, "" none */
	guint64 price_seq;                 /* event that set price */
	Micros deadline;                   /* limit-time only, else 0 */
	guint bidders_quoted;              /* different bidders with an accepted quote */
	guint rounds;                      /* windows run so far, void ones included */
	SaleResult result;
	GPtrArray *qualified;              /* bidder numbers (char*), sorted */
	GPtrArray *quoted;                 /* bidder numbers with an accepted quote, sorted */
} SaleState;
void sale_state_init (SaleState *state, const SaleTerms *terms);   /* phase ANNOUNCED, seq 0, head = SHA-256 of the canonical terms */
void sale_state_clear (SaleState *state);
void sale_state_copy (SaleState *to, const SaleState *from);

/* --- events --------------------------------------------------------------------------- */
typedef enum {
	SALE_EVENT_QUALIFY,    /* a bidder may quote from now on */
	SALE_EVENT_QUOTE,      /* a signed quote arrived */
	SALE_EVENT_TIME,       /* is it over? time passes without anything else */
	SALE_EVENT_OUTAGE,     /* quotes could not be accepted between from and at */
} SaleEventKind;
typedef struct {
	SaleEventKind kind;
	Micros at;                         /* arrival; never before the last event's: the caller orders them */
	char bidder[BIDDER_NO_SIZE];
	Money price;
	Fingerprint rule_set;
	gboolean head_known;               /* the head named by the quote was one of this sale's */
	Micros from;                       /* outage */
} SaleEvent;

/* What became of it.  Time that passed before `at` is settled first (phases move on, a deadline that
 * was reached closes the sale), so a quote at or after its deadline is refused and the sale is closed.
 * accepted: FALSE with a public code for refused quotes.  moved: the phase or deadline changed. */
typedef struct {
	gboolean accepted;
	DiqiErrorCode code;
	gboolean moved;
	SalePhase phase_before;
} SaleVerdict;
/* Changes state in place; the head is advanced by sale_chain. */
void sale_step (SaleState *state, const SaleEvent *event, SaleVerdict *verdict);
/* Would time alone move the sale by `at`?  Next moment at which it does, G_MAXINT64 when closed. */
Micros sale_next_moment (const SaleState *state);
/* Lowest price that would be accepted now. */
gboolean sale_next_price (const SaleState *state, Money *out);

/* Canonical JSON of an event after it was stepped (what the chain and the log hold); {"seq","sale","kind",
 * "at","bidder"?,"price_fen"?,"verdict","code"?,"phase","price"?,"deadline"?,"result"?,"prev"}. */
json_t *sale_event_json (const char *sale, const SaleState *after, const SaleEvent *event, const SaleVerdict *verdict);
void sale_chain (SaleState *state, const json_t *event_json);
const char *sale_phase_name (SalePhase phase);           /* "announced" "listing" "quiet" "limit_time" "closed" */
