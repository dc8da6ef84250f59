/* H4: the sale core under random events in a virtual clock.  One seed replays one failure; it is printed.
 * Invariants (design for reliability): A2 accepted ⇒ before the deadline in force; A3 strict rise by at least a
 * step on the lattice, one total order, replay gives the same state; A4 the winner is the highest accepted quote;
 * A8 every change of phase or deadline is an event of the chain; closed is final. */
#include "sale_fixture.h"

#include <string.h>

#define STEPS 100000
#define BIDDERS 6

/* SplitMix64: the test's own, so that a seed means the same on every machine. */
static guint64
draw (guint64 *seed)
{
	guint64 z = (*seed += G_GUINT64_CONSTANT (0x9E3779B97F4A7C15));
	z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94D049BB133111EB);
	return z ^ (z >> 31);
}
static gint64 below (guint64 *seed, gint64 n) { return (gint64) (draw (seed) % (guint64) n); }

static void
random_terms (guint64 *seed, SaleTerms *terms)
{
	fixture_terms (terms);
	terms->rules.raise_own_lead = below (seed, 2) == 0;
	terms->rules.enter_without_quote = below (seed, 2) == 0;
	terms->rules.step_multiple = below (seed, 4) != 0;
	terms->rules.max_steps = below (seed, 3) == 0 ? 5 : 0;
	terms->rules.limit_time_bidders = (guint) below (seed, 4);
	terms->rules.quiet = below (seed, 4) == 0 ? 0 : MICROS_PER_HOUR;
	terms->start = FEN (1 + below (seed, 1000000));
	terms->increment = FEN (1 + below (seed, 5000));
	if (below (seed, 3) == 0)
		terms->cap = FEN (terms->start.fen + terms->increment.fen * (1 + below (seed, 40)));
	/* A short sale, so that random times hit its edges. */
	terms->listing_start = T_END - 3 * MICROS_PER_HOUR;
	terms->announced_at = T_END - 4 * MICROS_PER_HOUR;
}

static Micros
random_moment (guint64 *seed, const SaleState *state, Micros now)
{
	Micros edge = sale_next_moment (state);

	if (edge == G_MAXINT64)
		edge = now + below (seed, 60 * S);
	switch (below (seed, 8)) {
	case 0:
		return edge;                               /* exactly on it */
	case 1:
		return edge - 1;
	case 2:
		return edge + below (seed, 3 * MICROS_PER_MS);
	case 3:
		return now - below (seed, 2 * S);          /* stamped before the last one */
	default:
		return now + below (seed, 40 * S);
	}
}

static gint64
random_price (guint64 *seed, const SaleState *state)
{
	gint64 base = state->price.fen > 0 ? state->price.fen : state->terms.start.fen;

	switch (below (seed, 8)) {
	case 0:
		return base - below (seed, 3);
	case 1:
		return base + below (seed, 2 * state->terms.increment.fen);
	case 2:
		return (gint64) draw (seed);
	default:
		return base + state->terms.increment.fen * below (seed, 7);
	}
}

static SaleEvent
random_event (guint64 *seed, const SaleState *state, Micros now)
{
	SaleEvent event = { .kind = SALE_EVENT_QUOTE, .at = random_moment (seed, state, now), .head = state->head,
		.head_known = below (seed, 20) != 0, .rule_set = state->terms.rules.hash };
	gint64 pick = below (seed, 20);

	g_snprintf (event.bidder, sizeof event.bidder, "B%d", (int) below (seed, BIDDERS));
	if (pick < 3) {
		event.kind = SALE_EVENT_QUALIFY;
	} else if (pick < 6) {
		event.kind = SALE_EVENT_TIME;
	} else if (pick == 6) {
		event.kind = SALE_EVENT_OUTAGE;
		event.from = event.at - below (seed, 30 * S);
	} else {
		event.price = FEN (random_price (seed, state));
		if (below (seed, 30) == 0)
			event.rule_set.b[31] ^= 1;
	}
	return event;
}

static void
check_quote (const SaleState *before, const SaleState *after, const SaleEvent *event, const SaleVerdict *verdict)
{
	const SaleTerms *terms = &before->terms;
	Micros at = MAX (event->at, before->at);

	if (!verdict->accepted) {
		g_assert_cmpint (after->price.fen, ==, before->price.fen);
		g_assert_cmpstr (after->leader, ==, before->leader);
		g_assert_cmpuint (after->bidders_quoted, ==, before->bidders_quoted);
		return;
	}
	/* A2: in an open phase, and before the moment that would have ended it. */
	g_assert_true (after->phase == SALE_LISTING || after->phase == SALE_LIMIT_TIME);
	g_assert_cmpint (at, >=, terms->listing_start);
	if (before->phase == SALE_LIMIT_TIME)
		g_assert_cmpint (at, <, before->deadline);
	if (after->phase == SALE_LISTING)
		g_assert_cmpint (at, <, terms->listing_end - terms->rules.quiet);
	else
		g_assert_cmpint (after->deadline, ==, at + terms->rules.window);
	/* A3 */
	if (before->price.fen == 0)
		g_assert_cmpint (after->price.fen, >=, terms->start.fen);
	else
		g_assert_cmpint (after->price.fen, >=, before->price.fen + terms->increment.fen);
	if (terms->rules.step_multiple)
		g_assert_cmpint ((after->price.fen - terms->start.fen) % terms->increment.fen, ==, 0);
	if (terms->cap.fen > 0)
		g_assert_cmpint (after->price.fen, <=, terms->cap.fen);
	g_assert_true (bidder_list_has (before->qualified, event->bidder));
	g_assert_cmpstr (after->leader, ==, event->bidder);
	g_assert_cmpuint (after->price_seq, ==, after->seq);
}

static void
check_step (const SaleState *before, const SaleState *after, const SaleEvent *event, const SaleVerdict *verdict)
{
	g_assert_cmpint (after->at, >=, before->at);
	g_assert_cmpuint (after->seq, ==, before->seq + (verdict->happened ? 1 : 0));
	if (!verdict->happened) {                          /* A8: what is no event changes nothing */
		g_assert_true (sale_state_equal (before, after));
		return;
	}
	/* A8, too: whoever watches `moved` misses no change.  (A window restarted at the moment it began moved as well.) */
	g_assert_true (verdict->moved == (before->phase != after->phase || before->rounds != after->rounds));
	g_assert_true (verdict->moved || before->deadline == after->deadline);
	g_assert_cmpint (after->phase, >=, before->phase);
	g_assert_cmpuint (after->bidders_quoted, ==, after->quoted->len);
	if (event->kind == SALE_EVENT_QUOTE)
		check_quote (before, after, event, verdict);
	else
		g_assert_cmpint (after->price.fen, ==, before->price.fen);
	if (before->phase == SALE_CLOSED) {                /* closed is final */
		g_assert_cmpint (after->closed_at, ==, before->closed_at);
		g_assert_cmpint (after->result, ==, before->result);
		g_assert_cmpint (after->price.fen, ==, before->price.fen);
	}
	/* A deadline never comes nearer. */
	if (before->phase == SALE_LIMIT_TIME && after->phase == SALE_LIMIT_TIME)
		g_assert_cmpint (after->deadline, >=, before->deadline);
	if (after->phase == SALE_LIMIT_TIME)
		g_assert_cmpint (after->at, <, after->deadline);
	g_assert_cmpint (after->phase == SALE_CLOSED ? G_MAXINT64 : after->at + 1, <=, sale_next_moment (after));
}

/* A4 */
static void
check_end (const SaleState *state, gint64 highest, const char *highest_bidder)
{
	if (state->phase != SALE_CLOSED)
		return;
	g_assert_cmpint (state->result, ==, highest > 0 ? RESULT_WON : RESULT_FAILED);
	g_assert_cmpint (state->price.fen, ==, highest);
	g_assert_cmpstr (state->leader, ==, highest_bidder);
}

/* One sale until some time after it closed; the events are kept and replayed. Returns steps made. */
static guint
one_sale (guint64 *seed, guint budget)
{
	g_autoptr (GArray) events = g_array_new (FALSE, FALSE, sizeof (SaleEvent));
	g_auto (SaleState) state, replayed;
	SaleTerms terms;
	gint64 highest = 0;
	char highest_bidder[BIDDER_NO_SIZE] = "";
	guint after_close = 0;

	random_terms (seed, &terms);
	sale_state_init (&state, &terms);
	while (events->len < budget && after_close < 20) {
		g_auto (SaleState) before;
		SaleEvent event = random_event (seed, &state, state.at);
		sale_state_copy (&before, &state);
		SaleVerdict verdict = fixture_step (&state, event);
		g_array_append_val (events, event);
		check_step (&before, &state, &event, &verdict);
		if (event.kind == SALE_EVENT_QUOTE && verdict.accepted && event.price.fen > highest) {
			highest = event.price.fen;
			g_strlcpy (highest_bidder, event.bidder, sizeof highest_bidder);
		}
		after_close += state.phase == SALE_CLOSED;
	}
	check_end (&state, highest, highest_bidder);
	sale_state_init (&replayed, &terms);
	for (guint i = 0; i < events->len; i++)
		fixture_step (&replayed, g_array_index (events, SaleEvent, i));
	g_assert_true (sale_state_equal (&state, &replayed));
	return events->len;
}

static void
simulate (gconstpointer data)
{
	guint64 first = *(const guint64 *) data, seed = first;
	guint steps = 0, sales = 0;

	g_test_message ("seed %" G_GUINT64_FORMAT, first);
	for (; steps < STEPS; sales++)
		steps += one_sale (&seed, STEPS);
	g_test_message ("%u steps in %u sales", steps, sales);
}

int
main (int argc, char **argv)
{
	static guint64 seeds[] = { 1, 20260403, G_GUINT64_CONSTANT (0xfeedface12345678) };
	const char *own = g_getenv ("DIQI_SEED");

	g_test_init (&argc, &argv, NULL);
	pki_init ();
	if (own != NULL)
		seeds[0] = g_ascii_strtoull (own, NULL, 0);
	for (gsize i = 0; i < G_N_ELEMENTS (seeds); i++) {
		g_autofree char *path = g_strdup_printf ("/sale-simulation/seed-%" G_GUINT64_FORMAT, seeds[i]);
		g_test_add_data_func (path, &seeds[i], simulate);
	}
	return g_test_run ();
}
