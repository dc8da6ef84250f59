/* tests/unit/market/sale_fixture.h — a sale under the Taicang rules with round numbers.
 * Times in the tests are given relative to the listing end. */
#pragma once
#include "market/sale.h"

#define T_END G_GINT64_CONSTANT (1775181600000000)      /* 2026-04-03T02:00:00Z, listing end */
#define S MICROS_PER_S
#define MIN4 (240 * S)
#define FEN(n) ((Money) { (n) })
#define START G_GINT64_CONSTANT (747000000)
#define STEP G_GINT64_CONSTANT (5000000)

static inline void
fixture_terms (SaleTerms *terms)
{
	g_autoptr (GError) error = NULL;
	*terms = (SaleTerms) { .sale = "01890a5d-ac96-774b-bcce-b302099a8057",
		.announced_at = T_END - 32 * MICROS_PER_DAY, .listing_start = T_END - 11 * MICROS_PER_DAY, .listing_end = T_END,
		.start = FEN (START), .increment = FEN (STEP) };
	rule_set_builtin ("taicang", 1, &terms->rules, NULL, &error);
	g_assert_no_error (error);
}

static inline void
fixture_state (SaleState *state)
{
	SaleTerms terms;
	fixture_terms (&terms);
	sale_state_init (state, &terms);
}

/* Steps and chains one event as every caller does. */
static inline SaleVerdict
fixture_step (SaleState *state, SaleEvent event)
{
	SaleVerdict verdict;
	sale_step (state, &event, &verdict);
	if (verdict.happened) {
		g_autoptr (json_t) json = sale_event_json (state->terms.sale, state, &event, &verdict);
		sale_chain (state, json);
	}
	return verdict;
}

static inline void
fixture_qualify (SaleState *state, const char *bidder, Micros at)
{
	SaleEvent event = { .kind = SALE_EVENT_QUALIFY, .at = at };
	g_strlcpy (event.bidder, bidder, sizeof event.bidder);
	g_assert_true (fixture_step (state, event).accepted);
}

static inline SaleVerdict
fixture_quote (SaleState *state, const char *bidder, gint64 fen, Micros at)
{
	SaleEvent event = { .kind = SALE_EVENT_QUOTE, .at = at, .price = FEN (fen), .rule_set = state->terms.rules.hash,
		.head = state->head, .head_known = TRUE };
	g_strlcpy (event.bidder, bidder, sizeof event.bidder);
	return fixture_step (state, event);
}

static inline SaleVerdict
fixture_time (SaleState *state, Micros at)
{
	return fixture_step (state, (SaleEvent) { .kind = SALE_EVENT_TIME, .at = at });
}

static inline SaleVerdict
fixture_outage (SaleState *state, Micros from, Micros at)
{
	return fixture_step (state, (SaleEvent) { .kind = SALE_EVENT_OUTAGE, .from = from, .at = at });
}
