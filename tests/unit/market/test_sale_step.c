/* Rules by number, each at its exact edge.  Times are relative to the listing end. */
#include "sale_fixture.h"

#include <string.h>

#define ASSERT_REFUSED(v, error_code) G_STMT_START { \
	SaleVerdict v_ = (v); g_assert_false (v_.accepted); g_assert_cmpint (v_.code, ==, (error_code)); } G_STMT_END
#define ASSERT_TAKEN(v) g_assert_true ((v).accepted)

static void
listing (SaleState *state)
{
	fixture_state (state);
	fixture_qualify (state, "A1", T_END - 12 * MICROS_PER_DAY);
	fixture_qualify (state, "B2", T_END - 12 * MICROS_PER_DAY);
	fixture_qualify (state, "C3", T_END - 12 * MICROS_PER_DAY);
	fixture_time (state, T_END - 11 * MICROS_PER_DAY);
	g_assert_cmpint (state->phase, ==, SALE_LISTING);
}

/* Two bidders quoted; the listing has just ended. */
static void
limit_time (SaleState *state)
{
	listing (state);
	ASSERT_TAKEN (fixture_quote (state, "A1", START, T_END - 2 * MICROS_PER_DAY));
	ASSERT_TAKEN (fixture_quote (state, "B2", START + STEP, T_END - 2 * MICROS_PER_DAY));
	fixture_time (state, T_END);
	g_assert_cmpint (state->phase, ==, SALE_LIMIT_TIME);
	g_assert_cmpint (state->deadline, ==, T_END + MIN4);
}

static void
test_phases (void)
{
	static const struct { Micros at; SalePhase phase; } cases[] = {
		{ -32 * MICROS_PER_DAY, SALE_ANNOUNCED },
		{ -11 * MICROS_PER_DAY - 1, SALE_ANNOUNCED }, { -11 * MICROS_PER_DAY, SALE_LISTING },
		{ -MICROS_PER_HOUR - 1, SALE_LISTING }, { -MICROS_PER_HOUR, SALE_QUIET },
		{ -1, SALE_QUIET }, { 0, SALE_CLOSED },
	};
	for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
		g_auto (SaleState) state;
		fixture_state (&state);
		fixture_time (&state, T_END + cases[i].at);
		g_assert_cmpint (state.phase, ==, cases[i].phase);
	}
}

static void
test_tr16_lattice (void)
{
	static const struct { gint64 first, fen; int code; } cases[] = {
		/* the first quote: start + k steps, k ≥ 0 */
		{ 0, START, -1 }, { 0, START + STEP, -1 }, { 0, START + 7 * STEP, -1 },
		{ 0, START - 1, DIQI_ERROR_QUOTE_BELOW_START }, { 0, START - STEP, DIQI_ERROR_QUOTE_BELOW_START },
		{ 0, 0, DIQI_ERROR_QUOTE_BELOW_START },
		{ 0, START + 1, DIQI_ERROR_QUOTE_LATTICE }, { 0, START + STEP - 1, DIQI_ERROR_QUOTE_LATTICE },
		/* later ones: current + k steps, k ≥ 1 */
		{ START, START + STEP, -1 }, { START, START + 40 * STEP, -1 },
		{ START, START, DIQI_ERROR_QUOTE_LATTICE }, { START, START + STEP - 1, DIQI_ERROR_QUOTE_LATTICE },
		{ START, START + STEP + 1, DIQI_ERROR_QUOTE_LATTICE }, { START, START - 1, DIQI_ERROR_QUOTE_BELOW_START },
		{ START + 3 * STEP, START + 2 * STEP, DIQI_ERROR_QUOTE_LATTICE },
		/* no overflow at the end of the scale */
		{ START, MONEY_MAX_FEN, DIQI_ERROR_QUOTE_LATTICE }, { START, G_MAXINT64, DIQI_ERROR_QUOTE_ABOVE_LIMIT },
		{ START, G_MININT64, DIQI_ERROR_QUOTE_BELOW_START },
	};
	for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
		g_auto (SaleState) state;
		listing (&state);
		if (cases[i].first != 0)
			ASSERT_TAKEN (fixture_quote (&state, "A1", cases[i].first, T_END - 3 * MICROS_PER_HOUR));
		SaleVerdict v = fixture_quote (&state, "B2", cases[i].fen, T_END - 2 * MICROS_PER_HOUR);
		g_assert_cmpint (v.accepted ? -1 : (int) v.code, ==, cases[i].code);
		g_assert_cmpint (state.price.fen, ==, v.accepted ? cases[i].fen : cases[i].first);
		g_assert_cmpstr (state.leader, ==, v.accepted ? "B2" : cases[i].first ? "A1" : "");
	}
}

static void
test_tr16_parameters (void)
{
	g_auto (SaleState) state;

	/* At least one step, any amount above it (Fujian). */
	listing (&state);
	state.terms.rules.step_multiple = FALSE;
	ASSERT_TAKEN (fixture_quote (&state, "A1", START + 1, T_END - 3 * MICROS_PER_HOUR));
	ASSERT_TAKEN (fixture_quote (&state, "B2", START + STEP + 2, T_END - 3 * MICROS_PER_HOUR));
	ASSERT_REFUSED (fixture_quote (&state, "A1", START + 2 * STEP + 1, T_END - 3 * MICROS_PER_HOUR), DIQI_ERROR_QUOTE_LATTICE);
	/* At most five steps a quote (Suzhou Industrial Park); a part of a step counts as one. */
	state.terms.rules.max_steps = 5;
	gint64 price = state.price.fen;
	ASSERT_REFUSED (fixture_quote (&state, "A1", price + 5 * STEP + 1, T_END - 3 * MICROS_PER_HOUR), DIQI_ERROR_QUOTE_LATTICE);
	ASSERT_TAKEN (fixture_quote (&state, "A1", price + 5 * STEP, T_END - 3 * MICROS_PER_HOUR));
	/* Raising oneself is allowed in Taicang, a parameter elsewhere. */
	ASSERT_TAKEN (fixture_quote (&state, "A1", state.price.fen + STEP, T_END - 3 * MICROS_PER_HOUR));
	state.terms.rules.raise_own_lead = FALSE;
	ASSERT_REFUSED (fixture_quote (&state, "A1", state.price.fen + STEP, T_END - 3 * MICROS_PER_HOUR), DIQI_ERROR_QUOTE_OWN_LEAD);
}

static void
test_tr16_next_price (void)
{
	g_auto (SaleState) state;
	Money next;

	fixture_state (&state);
	g_assert_false (sale_next_price (&state, &next));
	sale_state_clear (&state);
	listing (&state);
	g_assert_true (sale_next_price (&state, &next));
	g_assert_cmpint (next.fen, ==, START);
	fixture_quote (&state, "A1", START, T_END - 3 * MICROS_PER_HOUR);
	g_assert_true (sale_next_price (&state, &next));
	g_assert_cmpint (next.fen, ==, START + STEP);
	state.terms.cap = FEN (START + STEP);
	g_assert_true (sale_next_price (&state, &next));
	fixture_quote (&state, "B2", START + STEP, T_END - 3 * MICROS_PER_HOUR);
	g_assert_false (sale_next_price (&state, &next));
	ASSERT_REFUSED (fixture_quote (&state, "A1", START + 2 * STEP, T_END - 3 * MICROS_PER_HOUR), DIQI_ERROR_QUOTE_ABOVE_LIMIT);
}

static void
test_tr18_fewer_than_two (void)
{
	g_auto (SaleState) none, one, alone;

	listing (&none);
	fixture_time (&none, T_END);
	g_assert_cmpint (none.phase, ==, SALE_CLOSED);
	g_assert_cmpint (none.result, ==, RESULT_FAILED);               /* 流拍 */
	g_assert_cmpint (none.closed_at, ==, T_END);

	listing (&one);
	ASSERT_TAKEN (fixture_quote (&one, "C3", START, T_END - 2 * MICROS_PER_HOUR));
	fixture_time (&one, T_END + MICROS_PER_DAY);
	g_assert_cmpint (one.result, ==, RESULT_WON);
	g_assert_cmpstr (one.leader, ==, "C3");
	g_assert_cmpint (one.closed_at, ==, T_END);                     /* its own moment, not the day after */
	g_assert_cmpuint (one.rounds, ==, 0);

	/* Two quotes of one bidder are still one bidder. */
	listing (&alone);
	ASSERT_TAKEN (fixture_quote (&alone, "C3", START, T_END - 2 * MICROS_PER_HOUR));
	ASSERT_TAKEN (fixture_quote (&alone, "C3", START + STEP, T_END - 2 * MICROS_PER_HOUR));
	fixture_time (&alone, T_END);
	g_assert_cmpint (alone.phase, ==, SALE_CLOSED);
	g_assert_cmpint (alone.price.fen, ==, START + STEP);
}

static void
test_tr19_two_bidders (void)
{
	g_auto (SaleState) state;

	limit_time (&state);
	g_assert_cmpuint (state.rounds, ==, 1);
	g_assert_cmpint (state.price.fen, ==, START + STEP);            /* starts from the highest quote */
	ASSERT_REFUSED (fixture_quote (&state, "A1", START + STEP, T_END + S), DIQI_ERROR_QUOTE_LATTICE);
	/* FAQ 13: who is qualified may enter without having quoted; elsewhere not. */
	state.terms.rules.enter_without_quote = FALSE;
	ASSERT_REFUSED (fixture_quote (&state, "C3", START + 2 * STEP, T_END + S), DIQI_ERROR_QUOTE_NO_ENTRY);
	state.terms.rules.enter_without_quote = TRUE;
	ASSERT_TAKEN (fixture_quote (&state, "C3", START + 2 * STEP, T_END + S));
	g_assert_cmpuint (state.bidders_quoted, ==, 3);
}

static void
test_tr20_window (void)
{
	g_auto (SaleState) state, late, exact;
	const Micros last = T_END + MIN4 - 1;

	limit_time (&state);
	sale_state_copy (&late, &state);
	sale_state_copy (&exact, &state);
	/* One microsecond before the deadline is in time and starts a whole window at its own moment. */
	SaleVerdict v = fixture_quote (&state, "A1", START + 2 * STEP, last);
	ASSERT_TAKEN (v);
	g_assert_true (v.moved);
	g_assert_cmpint (state.deadline, ==, last + MIN4);
	g_assert_cmpuint (state.rounds, ==, 2);
	/* A refused quote restarts nothing. */
	ASSERT_REFUSED (fixture_quote (&state, "B2", START + 2 * STEP, last + S), DIQI_ERROR_QUOTE_LATTICE);
	g_assert_cmpint (state.deadline, ==, last + MIN4);
	/* At the deadline is late (half-open), and it closed at the deadline. */
	v = fixture_quote (&exact, "A1", START + 2 * STEP, T_END + MIN4);
	ASSERT_REFUSED (v, DIQI_ERROR_QUOTE_LATE);
	g_assert_true (v.moved);
	g_assert_cmpint (exact.phase, ==, SALE_CLOSED);
	g_assert_cmpint (exact.closed_at, ==, T_END + MIN4);
	g_assert_cmpstr (exact.leader, ==, "B2");
	/* A millisecond late is late. */
	ASSERT_REFUSED (fixture_quote (&late, "A1", START + 2 * STEP, T_END + MIN4 + MICROS_PER_MS), DIQI_ERROR_QUOTE_LATE);
	g_assert_cmpint (late.closed_at, ==, T_END + MIN4);
	/* Closed is final. */
	ASSERT_REFUSED (fixture_quote (&late, "A1", START + 9 * STEP, T_END + MIN4 + S), DIQI_ERROR_QUOTE_LATE);
	g_assert_cmpint (late.price.fen, ==, START + STEP);
	g_assert_cmpint (sale_next_moment (&late), ==, G_MAXINT64);
}

static void
test_tr20_prompts (void)
{
	static const struct { Micros before; guint due; } cases[] = {
		{ 240 * S, 0 }, { 60 * S + 1, 0 }, { 60 * S, 1 }, { 40 * S + 1, 1 }, { 40 * S, 2 }, { 20 * S, 3 }, { 1, 3 }
	};
	g_auto (SaleState) state;

	listing (&state);
	g_assert_cmpuint (sale_prompts_due (&state, T_END + MIN4 - S), ==, 0);
	sale_state_clear (&state);
	limit_time (&state);
	for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
		g_assert_cmpuint (sale_prompts_due (&state, state.deadline - cases[i].before), ==, cases[i].due);
}

static void
test_tr21_nobody_raises (void)
{
	g_auto (SaleState) state;

	limit_time (&state);
	fixture_time (&state, T_END + MIN4);
	g_assert_cmpint (state.result, ==, RESULT_WON);
	g_assert_cmpstr (state.leader, ==, "B2");
	g_assert_cmpint (state.price.fen, ==, START + STEP);
	g_assert_cmpint (state.deadline, ==, 0);
}

static void
test_tr22_quiet_hour (void)
{
	static const struct { Micros at; int code; } cases[] = {
		{ -11 * MICROS_PER_DAY - 1, DIQI_ERROR_QUOTE_NOT_OPEN }, { -11 * MICROS_PER_DAY, -1 },
		{ -MICROS_PER_HOUR - 1, -1 }, { -MICROS_PER_HOUR, DIQI_ERROR_QUOTE_NOT_OPEN }, { -1, DIQI_ERROR_QUOTE_NOT_OPEN },
	};
	for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
		g_auto (SaleState) state;
		fixture_state (&state);
		fixture_qualify (&state, "A1", T_END - 12 * MICROS_PER_DAY);
		SaleVerdict v = fixture_quote (&state, "A1", START, T_END + cases[i].at);
		g_assert_cmpint (v.accepted ? -1 : (int) v.code, ==, cases[i].code);
	}
}

/* Several moments passed unnoticed are settled in order, each at its own time. */
static void
test_tr35_settles_in_order (void)
{
	g_auto (SaleState) state;

	listing (&state);
	fixture_quote (&state, "A1", START, T_END - 2 * MICROS_PER_DAY);
	fixture_quote (&state, "B2", START + STEP, T_END - 2 * MICROS_PER_DAY);
	guint64 seq = state.seq;
	SaleVerdict v = fixture_quote (&state, "A1", START + 2 * STEP, T_END + 9 * MICROS_PER_HOUR);
	ASSERT_REFUSED (v, DIQI_ERROR_QUOTE_LATE);
	g_assert_cmpint (v.phase_before, ==, SALE_LISTING);
	g_assert_cmpint (state.closed_at, ==, T_END + MIN4);
	g_assert_cmpuint (state.rounds, ==, 1);
	g_assert_cmpuint (state.seq, ==, seq + 1);
}

/* Server arrival time decides; a stamp older than the last event's cannot turn time back. */
static void
test_tr35_never_back (void)
{
	g_auto (SaleState) state;

	limit_time (&state);
	ASSERT_TAKEN (fixture_quote (&state, "A1", START + 2 * STEP, T_END + 100 * S));
	ASSERT_TAKEN (fixture_quote (&state, "B2", START + 3 * STEP, T_END + 99 * S));
	g_assert_cmpint (state.deadline, ==, T_END + 100 * S + MIN4);
	g_assert_cmpint (state.at, ==, T_END + 100 * S);
}

static void
test_time_alone (void)
{
	g_auto (SaleState) state, before;

	limit_time (&state);
	sale_state_copy (&before, &state);
	SaleVerdict v = fixture_time (&state, state.deadline - 1);
	g_assert_false (v.happened);
	g_assert_true (sale_state_equal (&state, &before));
	v = fixture_time (&state, sale_next_moment (&state));
	g_assert_true (v.happened && v.moved);
	g_assert_false (sale_state_equal (&state, &before));
}

/* [C-SPC]: a bidder is owed a whole window. */
static void
test_outage (void)
{
	static const struct { Micros from, to, deadline; gboolean closed; } cases[] = {
		{ 10 * S, 20 * S, MIN4, FALSE },                           /* ten seconds: the window survives */
		{ 10 * S, 20 * S + 1, 20 * S + 1 + MIN4, FALSE },          /* longer: void, a whole new one */
		{ MIN4 - 5 * S, MIN4 + 5 * S, 0, TRUE },                   /* short, across the deadline: over */
		{ MIN4 - 5 * S, MIN4 + 6 * S, MIN4 + 6 * S + MIN4, FALSE },  /* long, across the deadline: not over */
		{ MIN4 - 1, 2 * MICROS_PER_DAY, 2 * MICROS_PER_DAY + MIN4, FALSE },
		{ MIN4, 2 * MICROS_PER_DAY, 0, TRUE },                     /* began when it was over: over */
	};
	for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
		g_auto (SaleState) state;
		limit_time (&state);
		fixture_outage (&state, T_END + cases[i].from, T_END + cases[i].to);
		g_assert_cmpint (state.phase, ==, cases[i].closed ? SALE_CLOSED : SALE_LIMIT_TIME);
		g_assert_cmpint (state.deadline, ==, cases[i].closed ? 0 : T_END + cases[i].deadline);
		if (cases[i].closed)
			g_assert_cmpint (state.closed_at, ==, T_END + MIN4);
	}
}

static void
test_outage_before_limit_time (void)
{
	g_auto (SaleState) two, one, free_time, proven;

	/* Across the listing end with two bidders: limit-time starts when the service is back. */
	listing (&two);
	fixture_quote (&two, "A1", START, T_END - 2 * MICROS_PER_DAY);
	fixture_quote (&two, "B2", START + STEP, T_END - 2 * MICROS_PER_DAY);
	SaleVerdict v = fixture_outage (&two, T_END - 2 * MICROS_PER_HOUR, T_END + MICROS_PER_HOUR);
	g_assert_true (v.happened && v.moved);
	g_assert_cmpint (two.phase, ==, SALE_LIMIT_TIME);
	g_assert_cmpint (two.deadline, ==, T_END + MICROS_PER_HOUR + MIN4);
	/* With one the deal stands at the listing end (TR-18). */
	listing (&one);
	fixture_quote (&one, "A1", START, T_END - 2 * MICROS_PER_DAY);
	fixture_outage (&one, T_END - 1800 * S, T_END + MICROS_PER_HOUR);
	g_assert_cmpint (one.result, ==, RESULT_WON);
	g_assert_cmpint (one.closed_at, ==, T_END);
	/* Inside the listing it moves nothing and leaves no event. */
	listing (&free_time);
	v = fixture_outage (&free_time, T_END - 5 * MICROS_PER_DAY, T_END - 4 * MICROS_PER_DAY);
	g_assert_false (v.happened);
	/* A quote after the last sign of life proves service until then. */
	limit_time (&proven);
	ASSERT_TAKEN (fixture_quote (&proven, "A1", START + 2 * STEP, T_END + 100 * S));
	v = fixture_outage (&proven, T_END + 92 * S, T_END + 109 * S);
	g_assert_false (v.happened);
	g_assert_cmpint (proven.deadline, ==, T_END + 100 * S + MIN4);
}

static void
test_who_and_what (void)
{
	g_auto (SaleState) state;

	listing (&state);
	SaleEvent event = { .kind = SALE_EVENT_QUOTE, .at = T_END - MICROS_PER_DAY, .bidder = "A1", .price = FEN (START),
		.rule_set = state.terms.rules.hash, .head_known = FALSE };
	ASSERT_REFUSED (fixture_step (&state, event), DIQI_ERROR_QUOTE_HEAD);
	event.head_known = TRUE;
	event.rule_set.b[0] ^= 1;
	ASSERT_REFUSED (fixture_step (&state, event), DIQI_ERROR_QUOTE_RULE_SET);
	ASSERT_REFUSED (fixture_quote (&state, "D4", START, T_END - MICROS_PER_DAY), DIQI_ERROR_BIDDER_UNQUALIFIED);
	SaleEvent again = { .kind = SALE_EVENT_QUALIFY, .at = T_END - MICROS_PER_DAY, .bidder = "A1" };
	ASSERT_REFUSED (fixture_step (&state, again), DIQI_ERROR_BIDDER_QUALIFIED);
	sale_state_clear (&state);
	limit_time (&state);
	SaleEvent newcomer = { .kind = SALE_EVENT_QUALIFY, .at = T_END + S, .bidder = "D4" };
	ASSERT_REFUSED (fixture_step (&state, newcomer), DIQI_ERROR_SALE_STATE);
	g_assert_true (bidder_no_is_valid ("A1") && bidder_no_is_valid ("2026040300012-z"));
	g_assert_false (bidder_no_is_valid ("") || bidder_no_is_valid ("1234567890123456") || bidder_no_is_valid ("a b") ||
	                bidder_no_is_valid ("甲"));
}

/* Each head is SHA-256 (previous head ‖ canonical event); the first is of the terms, which name the sale. */
static void
test_chain (void)
{
	g_auto (SaleState) a, b;
	SaleTerms other;

	fixture_state (&a);
	fixture_terms (&other);
	g_strlcpy (other.sale, "01890a5d-ac96-774b-bcce-b302099a8058", sizeof other.sale);
	sale_state_init (&b, &other);
	g_assert_false (fingerprint_equal (&a.head, &b.head));

	Fingerprint before = a.head, expected;
	SaleEvent event = { .kind = SALE_EVENT_QUALIFY, .at = T_END - 12 * MICROS_PER_DAY, .bidder = "A1" };
	SaleVerdict v;
	sale_step (&a, &event, &v);
	g_autoptr (json_t) json = sale_event_json (a.terms.sale, &a, &event, &v);
	g_autofree char *text = jcs_dump (json, NULL, NULL);
	g_assert_cmpstr (strstr (text, "\"prev\":"), !=, NULL);
	g_autofree char *hex = fingerprint_hex (&before);
	g_assert_cmpstr (json_string_value (json_object_get (json, "prev")), ==, hex);
	sale_chain (&a, json);
	g_autoptr (GByteArray) link = g_byte_array_new ();
	g_byte_array_append (link, before.b, 32);
	g_byte_array_append (link, (const guint8 *) text, (guint) strlen (text));
	fingerprint_of (link->data, link->len, &expected);
	g_assert_true (fingerprint_equal (&a.head, &expected));
}

static void
test_names (void)
{
	for (int k = 0; k < SALE_N_EVENTS; k++) {
		SaleEventKind back;
		g_assert_true (sale_event_kind_from_name (sale_event_kind_name ((SaleEventKind) k), &back));
		g_assert_cmpint (back, ==, k);
	}
	SaleEventKind kind;
	g_assert_false (sale_event_kind_from_name ("", &kind));
	g_assert_cmpstr (sale_phase_name (SALE_LIMIT_TIME), ==, "limit_time");
	g_assert_null (sale_result_name (RESULT_NONE));
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	g_test_add_func ("/sale-step/phases", test_phases);
	g_test_add_func ("/sale-step/TR-16/lattice", test_tr16_lattice);
	g_test_add_func ("/sale-step/TR-16/parameters", test_tr16_parameters);
	g_test_add_func ("/sale-step/TR-16/next-price", test_tr16_next_price);
	g_test_add_func ("/sale-step/TR-18/fewer-than-two", test_tr18_fewer_than_two);
	g_test_add_func ("/sale-step/TR-19/two-bidders", test_tr19_two_bidders);
	g_test_add_func ("/sale-step/TR-20/window", test_tr20_window);
	g_test_add_func ("/sale-step/TR-20/prompts", test_tr20_prompts);
	g_test_add_func ("/sale-step/TR-21/nobody-raises", test_tr21_nobody_raises);
	g_test_add_func ("/sale-step/TR-22/quiet-hour", test_tr22_quiet_hour);
	g_test_add_func ("/sale-step/TR-35/settles-in-order", test_tr35_settles_in_order);
	g_test_add_func ("/sale-step/TR-35/never-back", test_tr35_never_back);
	g_test_add_func ("/sale-step/time-alone", test_time_alone);
	g_test_add_func ("/sale-step/outage", test_outage);
	g_test_add_func ("/sale-step/outage-before-limit-time", test_outage_before_limit_time);
	g_test_add_func ("/sale-step/who-and-what", test_who_and_what);
	g_test_add_func ("/sale-step/chain", test_chain);
	g_test_add_func ("/sale-step/names", test_names);
	return g_test_run ();
}
