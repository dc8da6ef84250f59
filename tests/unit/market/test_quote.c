/* Quotes through the database, on both engines. */
#include "market_fixture.h"

#include <string.h>

#define HOUR MICROS_PER_HOUR

static void
accepted (Market *m, guint bidder, gint64 fen, Micros arrival)
{
	g_autoptr (GError) error = NULL;
	g_auto (QuoteOutcome) out = { 0 };
	market_quote (m, bidder, fen, arrival, &out, &error);
	g_assert_no_error (error);
	g_assert_true (out.verdict.accepted);
}

static DiqiErrorCode
refused (Market *m, guint bidder, gint64 fen, Micros arrival, guint64 *seq)
{
	g_autoptr (GError) error = NULL;
	g_auto (QuoteOutcome) out = { 0 };
	market_quote (m, bidder, fen, arrival, &out, &error);
	g_assert_no_error (error);
	g_assert_false (out.verdict.accepted);
	if (seq != NULL)
		*seq = out.seq;
	return out.verdict.code;
}

static void
limit_time (Market *m)
{
	accepted (m, 0, START, T_END - 3 * HOUR);
	accepted (m, 1, START + STEP, T_END - 2 * HOUR);
	market_tick (m, T_END);
}

/* TR-19, TR-20, TR-21 through the database: two bidders, a raise, the end. */
static void
test_tr19_two_bidders (TestStore *t)
{
	g_auto (Market) m;
	g_auto (SaleState) state, end;
	market_init (&m, t, 3);
	market_open (&m);
	limit_time (&m);
	accepted (&m, 2, START + 3 * STEP, T_END + 200 * S);
	market_state (&m, &state);
	g_assert_cmpint (state.phase, ==, SALE_LIMIT_TIME);
	g_assert_cmpint (state.deadline, ==, T_END + 440 * S);
	g_assert_cmpuint (state.bidders_quoted, ==, 3);
	g_assert_false (market_tick (&m, T_END + 440 * S - 1));
	g_assert_true (market_tick (&m, T_END + 500 * S));
	g_assert_false (market_tick (&m, T_END + 600 * S));
	market_state (&m, &end);
	g_assert_cmpint (end.result, ==, RESULT_WON);
	g_assert_cmpstr (end.leader, ==, "B02");
	g_assert_cmpint (end.closed_at, ==, T_END + 440 * S);
	g_assert_cmpint (refused (&m, 0, START + 4 * STEP, T_END + 440 * S, NULL), ==, DIQI_ERROR_QUOTE_LATE);
}

/* A refused quote of a qualified bidder is an event with a place in chain and log, and changes nothing else. */
static void
test_refused_is_an_event (TestStore *t)
{
	g_auto (Market) m;
	g_auto (SaleState) before, after;
	guint64 seq;
	market_init (&m, t, 2);
	market_open (&m);
	accepted (&m, 0, START, T_END - 3 * HOUR);
	market_state (&m, &before);
	g_assert_cmpint (refused (&m, 1, START + 1, T_END - 2 * HOUR, &seq), ==, DIQI_ERROR_QUOTE_LATTICE);
	market_state (&m, &after);
	g_assert_cmpuint (seq, ==, before.seq + 1);
	g_assert_cmpuint (after.seq, ==, seq);
	g_assert_false (fingerprint_equal (&before.head, &after.head));
	g_assert_cmpint (after.price.fen, ==, before.price.fen);
	g_assert_cmpstr (after.leader, ==, "B00");
	g_assert_cmpuint (after.bidders_quoted, ==, 1);
}

/* A whole restart in the middle of limit-time changes nothing. */
static void
test_restart (TestStore *t)
{
	g_auto (Market) m;
	g_auto (SaleState) before, after;
	market_init (&m, t, 2);
	market_open (&m);
	limit_time (&m);
	accepted (&m, 0, START + 2 * STEP, T_END + 30 * S);
	market_state (&m, &before);
	test_store_reopen (t, NULL);
	market_state (&m, &after);
	g_assert_true (sale_state_equal (&before, &after));
	g_assert_cmpint (after.deadline, ==, T_END + 270 * S);
	accepted (&m, 1, START + 3 * STEP, T_END + 270 * S - 1);
}

typedef struct {
	Market *m;
	guint bidder;
	gint64 fen;
	Micros arrival;
	Statement *statement;
	ArrivalTicket *ticket;
	QuoteOutcome out;
	gboolean done;
	int code;
} Racer;

static gpointer
race (gpointer p)
{
	Racer *r = p;
	g_autoptr (GError) error = NULL;
	r->done = market_place (r->m, r->bidder, r->statement, r->arrival, r->ticket, &r->out, &error);
	g_assert_no_error (error);
	arrival_leave (r->ticket);
	return NULL;
}

/* 64 threads, one price: one is accepted, and it is the one that arrived first (TR-35). */
static void
test_tr35_same_price (TestStore *t)
{
	g_auto (Market) m;
	g_auto (SaleState) state;
	Racer racers[BIDDERS_MAX] = { 0 };
	GThread *threads[BIDDERS_MAX];
	guint won = 0;
	market_init (&m, t, BIDDERS_MAX);
	market_open (&m);
	for (guint i = 0; i < BIDDERS_MAX; i++) {
		Micros arrival = T_END - 2 * HOUR + (BIDDERS_MAX - i);      /* the last thread was first */
		racers[i] = (Racer) { .m = &m, .bidder = i, .fen = START, .arrival = arrival };
		racers[i].statement = market_quote_statement (&m, i, START, arrival);
		racers[i].ticket = arrival_enter (m.watermark, m.sale, arrival);
	}
	for (guint i = 0; i < BIDDERS_MAX; i++)
		threads[i] = g_thread_new ("race", race, &racers[i]);
	for (guint i = 0; i < BIDDERS_MAX; i++) {
		g_thread_join (threads[i]);
		won += racers[i].out.verdict.accepted;
		if (!racers[i].out.verdict.accepted)
			g_assert_cmpint (racers[i].out.verdict.code, ==, DIQI_ERROR_QUOTE_LATTICE);
		/* Serial order is arrival order. */
		g_assert_cmpuint (racers[i].out.seq, ==, racers[BIDDERS_MAX - 1].out.seq + (BIDDERS_MAX - 1 - i));
		statement_unref (racers[i].statement);
		quote_outcome_clear (&racers[i].out);
	}
	g_assert_cmpuint (won, ==, 1);
	market_state (&m, &state);
	g_assert_cmpstr (state.leader, ==, "B63");
	g_assert_cmpuint (state.seq, ==, BIDDERS_MAX + 1 + BIDDERS_MAX);
}

/* A quote that arrived before the deadline wins its right, though the late one and the timer were quicker. */
static void
test_tr35_deadline_race (TestStore *t)
{
	g_auto (Market) m;
	g_auto (SaleState) state;
	g_autoptr (GError) error = NULL;
	market_init (&m, t, 2);
	market_open (&m);
	limit_time (&m);
	const Micros deadline = T_END + MIN4;
	Racer early = { .m = &m, .bidder = 0, .arrival = deadline - 1, .statement = market_quote_statement (&m, 0, START + 2 * STEP, deadline) };
	Racer late = { .m = &m, .bidder = 1, .arrival = deadline + 1, .statement = market_quote_statement (&m, 1, START + 3 * STEP, deadline) };
	early.ticket = arrival_enter (m.watermark, m.sale, early.arrival);
	late.ticket = arrival_enter (m.watermark, m.sale, late.arrival);

	/* The ticker sees the deadline pass. */
	g_autoptr (Clock) clock = clock_new_frozen (deadline + S);
	g_autoptr (SaleClock) ticker = sale_clock_new (t->store, clock, m.watermark, NULL, NULL);
	sale_clock_pass (ticker, &error);
	g_assert_no_error (error);
	market_state (&m, &state);
	g_assert_cmpint (state.phase, ==, SALE_LIMIT_TIME);
	sale_state_clear (&state);

	/* The late one has its turn first if nothing holds it; it must wait for the early one and is then in time. */
	GThread *second = g_thread_new ("late", race, &late);
	g_usleep (50000);
	GThread *first = g_thread_new ("early", race, &early);
	g_thread_join (first);
	g_thread_join (second);
	g_assert_true (early.out.verdict.accepted);
	g_assert_true (late.out.verdict.accepted);
	sale_clock_pass (ticker, &error);
	g_assert_no_error (error);
	market_state (&m, &state);
	g_assert_cmpint (state.phase, ==, SALE_LIMIT_TIME);
	g_assert_cmpint (state.deadline, ==, deadline + 1 + MIN4);
	g_assert_cmpstr (state.leader, ==, "B01");
	statement_unref (early.statement);
	statement_unref (late.statement);
	quote_outcome_clear (&early.out);
	quote_outcome_clear (&late.out);
}

/* A late quote whose elder passed without the row (a broken race) steps back and waits until time is known. */
static void
test_tr35_late_waits_for_time (TestStore *t)
{
	g_auto (Market) m;
	g_auto (SaleState) state;
	market_init (&m, t, 2);
	market_open (&m);
	limit_time (&m);
	const Micros deadline = T_END + MIN4;
	arrival_alive (m.watermark, deadline - S);
	Racer late = { .m = &m, .bidder = 0, .arrival = deadline, .statement = market_quote_statement (&m, 0, START + 2 * STEP, deadline) };
	late.ticket = arrival_enter (m.watermark, m.sale, late.arrival);
	GThread *thread = g_thread_new ("late", race, &late);
	g_usleep (100000);
	market_state (&m, &state);
	g_assert_cmpint (state.phase, ==, SALE_LIMIT_TIME);         /* not decided by a late quote */
	sale_state_clear (&state);
	arrival_alive (m.watermark, deadline);
	g_thread_join (thread);
	g_assert_cmpint (late.out.verdict.code, ==, DIQI_ERROR_QUOTE_LATE);
	market_state (&m, &state);
	g_assert_cmpint (state.phase, ==, SALE_CLOSED);
	g_assert_cmpint (state.closed_at, ==, deadline);
	statement_unref (late.statement);
	quote_outcome_clear (&late.out);
}

#define LOT 24

static gpointer
race_any (gpointer p)
{
	Racer *r = p;
	g_autoptr (GError) error = NULL;
	r->done = market_place (r->m, r->bidder, r->statement, r->arrival, r->ticket, &r->out, &error);
	r->code = error != NULL ? error->code : -1;
	arrival_leave (r->ticket);
	return NULL;
}

/* One that is refused without an event gives the shared transaction up, and costs its neighbours nothing. */
static void
test_lot (TestStore *t)
{
	g_auto (Market) m;
	g_auto (SaleState) before, after;
	Racer racers[LOT] = { 0 };
	GThread *threads[LOT];
	guint events = 0;
	market_init (&m, t, 4);
	market_open (&m);
	market_state (&m, &before);
	const Micros at = T_END - 2 * HOUR;
	/* An elder that is still being verified, so that all of them are ready before the first may run. */
	ArrivalTicket *elder = arrival_enter (m.watermark, m.sale, at - 1);
	for (guint i = 0; i < LOT; i++) {
		gboolean replay = i % 6 == 5;
		racers[i] = (Racer) { .m = &m, .bidder = replay ? racers[i - 1].bidder : i % 4, .arrival = at + i };
		racers[i].statement = replay ? statement_ref (racers[i - 1].statement)
		                             : market_quote_statement (&m, i % 4, START + (gint64) i * STEP, at);
		racers[i].ticket = arrival_enter (m.watermark, m.sale, racers[i].arrival);
	}
	for (guint i = 0; i < LOT; i++)
		threads[i] = g_thread_new ("lot", race_any, &racers[i]);
	g_usleep (100000);
	g_assert_cmpint (arrival_oldest (m.watermark, m.sale), ==, at - 1);
	arrival_leave (elder);
	for (guint i = 0; i < LOT; i++) {
		g_thread_join (threads[i]);
		if (i % 6 == 5) {
			g_assert_cmpint (racers[i].code, ==, DIQI_ERROR_STATEMENT_REPLAYED);
		} else {
			g_assert_cmpint (racers[i].code, ==, -1);
			g_assert_true (racers[i].out.verdict.accepted);
			g_assert_cmpuint (racers[i].out.seq, ==, before.seq + ++events);
		}
		statement_unref (racers[i].statement);
		quote_outcome_clear (&racers[i].out);
	}
	market_state (&m, &after);
	g_assert_cmpuint (after.seq, ==, before.seq + events);
	g_assert_cmpint (arrival_oldest (m.watermark, m.sale), ==, G_MAXINT64);
}

typedef struct {
	Market *m;
	json_t *view, *events;
	const char *subject;
	Micros now;
	char *receipt, *owner;
	guint64 seq;
	QuoteOutcome outcome;
} Reading;

static gboolean
read_view (Tx *tx, gpointer arg, GError **error)
{
	Reading *r = arg;
	guint64 next;
	return sale_view (tx, r->m->sale, r->subject, r->now, &r->view, error) &&
	       sale_events (tx, r->m->sale, 0, 200, r->now, &r->events, &next, error);
}

static gboolean
count_leaves (Tx *tx, gpointer arg, GError **error)
{
	Reading *r = arg;
	g_autoptr (GArray) leaves = evidence_leaves_about (tx, r->m->sale, error);
	r->seq = leaves->len;
	return TRUE;
}

/* A replayed statement, another's, another sale's: nothing is written. */
static void
test_not_an_event (TestStore *t)
{
	g_auto (Market) m;
	g_auto (SaleState) before, after;
	g_auto (QuoteOutcome) out = { 0 };
	market_init (&m, t, 3);
	market_open (&m);
	const Micros at = T_END - 2 * HOUR;
	g_autoptr (Statement) quote = market_quote_statement (&m, 0, START, at);
	g_autoptr (GError) error = NULL;
	g_assert_true (market_place (&m, 0, quote, at, NULL, &out, &error));
	market_state (&m, &before);
	struct { guint as; Statement *s; DiqiErrorCode code; } cases[] = {
		{ 0, statement_ref (quote), DIQI_ERROR_STATEMENT_REPLAYED },
		{ 1, statement_ref (quote), DIQI_ERROR_STATEMENT_SIGNER },
		{ 1, market_quote_statement (&m, 1, START + STEP, at - 6 * MICROS_PER_MIN), DIQI_ERROR_STATEMENT_TIME },
		{ 1, market_statement (&m.bidders[1], "login", json_object (), at), DIQI_ERROR_STATEMENT_TYPE },
		{ 1, market_statement (&m.bidders[1], "quote", json_pack ("{s:s, s:s}", "sale", m.sale, "price_fen", "5"), at), DIQI_ERROR_FIELD_MISSING },
		{ 1, market_statement (&m.bidders[1], "quote", json_pack ("{s:s, s:o, s:o, s:o, s:b}", "sale", m.sale, "rule_set", json_hex (before.head.b, 32),
			"price_fen", json_money (FEN (START)), "head", json_hex (before.head.b, 32), "agreed", 1), at), DIQI_ERROR_FIELD_UNKNOWN },
		{ 1, market_statement (&m.bidders[1], "quote", json_pack ("{s:s, s:o, s:o, s:o}", "sale", SITE, "rule_set", json_hex (before.head.b, 32),
			"price_fen", json_money (FEN (START)), "head", json_hex (before.head.b, 32)), at), DIQI_ERROR_STATEMENT_TARGET },
	};
	for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
		g_autoptr (GError) refusal = NULL;
		g_assert_false (market_place (&m, cases[i].as, cases[i].s, at, NULL, &out, &refusal));
		g_assert_error (refusal, DIQI_ERROR, (int) cases[i].code);
		statement_unref (cases[i].s);
	}
	/* Not qualified: a holder, but none of this sale's. */
	g_free (m.bidders[2].actor.subject);
	m.bidders[2].actor.subject = g_strdup (SITE);
	g_assert_false (market_quote (&m, 2, START + STEP, at, &out, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_BIDDER_UNQUALIFIED);
	market_state (&m, &after);
	g_assert_true (sale_state_equal (&before, &after));
	g_clear_error (&error);
	Reading r = { .m = &m };
	store_read (t->store, "test", count_leaves, &r, &error);
	g_assert_no_error (error);
	g_assert_cmpuint (r.seq, ==, before.seq);                    /* one leaf an event, no more */
}

/* A head nobody published and another rule set are refused with a receipt; an old head of this sale is fine. */
static void
test_head_and_rules (TestStore *t)
{
	g_auto (Market) m;
	g_auto (SaleState) first;
	market_init (&m, t, 2);
	market_publish (&m, ANNOUNCE);
	market_state (&m, &first);                                   /* head of the terms alone */
	market_qualify (&m, 0, ANNOUNCE, NULL);
	market_qualify (&m, 1, ANNOUNCE, NULL);
	market_tick (&m, LISTING);
	struct { Fingerprint head, rules; int code; } cases[] = {
		{ first.head, first.terms.rules.hash, -1 }, { first.terms.content, first.terms.rules.hash, DIQI_ERROR_QUOTE_HEAD },
		{ first.head, first.head, DIQI_ERROR_QUOTE_RULE_SET },
	};
	for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
		g_autoptr (GError) error = NULL;
		g_auto (QuoteOutcome) out = { 0 };
		g_autoptr (Statement) s = market_statement (&m.bidders[i % 2], "quote", json_pack ("{s:s, s:o, s:o, s:o}", "sale", m.sale,
			"rule_set", json_hex (cases[i].rules.b, 32), "price_fen", json_money (FEN (START + (gint64) i * STEP)),
			"head", json_hex (cases[i].head.b, 32)), LISTING);
		g_assert_true (market_place (&m, i % 2, s, LISTING, NULL, &out, &error));
		g_assert_cmpint (out.verdict.accepted ? -1 : (int) out.verdict.code, ==, cases[i].code);
	}
}

static void
test_views (TestStore *t)
{
	g_auto (Market) m;
	g_autoptr (GError) error = NULL;
	market_init (&m, t, 2);
	market_open (&m);
	limit_time (&m);
	Reading r = { .m = &m, .subject = m.bidders[1].actor.subject, .now = T_END + S };
	store_read (t->store, "test", read_view, &r, &error);
	g_assert_no_error (error);
	const struct { const char *member, *text; } expected[] = {
		{ "phase", "limit_time" }, { "price_fen", "752000000" }, { "next_fen", "757000000" }, { "deadline", "2026-04-03T02:04:00.000000Z" },
		{ "quiet_from", "2026-04-03T01:00:00.000000Z" }, { "sale", m.sale },
	};
	for (gsize i = 0; i < G_N_ELEMENTS (expected); i++)
		g_assert_cmpstr (json_string_value (json_object_get (r.view, expected[i].member)), ==, expected[i].text);
	g_assert_true (json_is_true (json_object_get (json_object_get (r.view, "me"), "leading")));
	g_assert_cmpstr (json_string_value (json_object_get (json_object_get (r.view, "parcel"), "code")), ==, "SYN-2026-WG-01");
	g_assert_true (json_is_null (json_object_get (r.view, "result")));
	/* Bidders appear by number only. */
	g_autofree char *public = json_dumps (r.events, 0);
	g_assert_null (strstr (public, m.bidders[1].actor.subject));
	g_assert_nonnull (strstr (public, "\"B01\""));
	g_assert_cmpuint (json_array_size (r.events), ==, 7);        /* 2 qualified, listing, 2 quotes, quiet, limit-time */
	json_decref (r.view);
	json_decref (r.events);
}

static gboolean
find_receipt (Tx *tx, gpointer arg, GError **error)
{
	Reading *r = arg;
	return receipt_find (tx, r->m->sale, r->seq, &r->receipt, &r->outcome, &r->owner, error);
}

static gboolean
keep_receipt (Tx *tx, gpointer arg, GError **error)
{
	Reading *r = arg;
	return receipt_store (tx, r->m->sale, r->seq, "first", error) && receipt_store (tx, r->m->sale, r->seq, "second", error);
}

/* What a crash left unsigned is found again and says the same. */
static void
test_receipts (TestStore *t)
{
	g_auto (Market) m;
	g_auto (QuoteOutcome) live = { 0 };
	g_autoptr (GError) error = NULL;
	market_init (&m, t, 2);
	market_open (&m);
	limit_time (&m);
	g_assert_true (market_quote (&m, 0, START + STEP, T_END + S, &live, &error));
	Reading r = { .m = &m, .seq = live.seq };
	store_read (t->store, "test", find_receipt, &r, &error);
	g_assert_no_error (error);
	g_assert_null (r.receipt);
	g_assert_cmpstr (r.owner, ==, m.bidders[0].actor.subject);
	g_autoptr (json_t) a = receipt_payload (SITE, &live, T_END), b = receipt_payload (SITE, &r.outcome, T_END);
	json_object_del (a, "nonce");
	json_object_del (b, "nonce");
	g_assert_true (json_equal (a, b));
	g_assert_cmpstr (json_string_value (json_object_get (a, "code")), ==, "quote.off_lattice");
	g_assert_nonnull (json_object_get (a, "deadline"));
	quote_outcome_clear (&r.outcome);
	g_clear_pointer (&r.owner, g_free);
	store_run (t->store, "test", keep_receipt, &r, &error);
	store_read (t->store, "test", find_receipt, &r, &error);
	g_assert_no_error (error);
	g_assert_cmpstr (r.receipt, ==, "first");
	quote_outcome_clear (&r.outcome);
	g_free (r.owner);
	g_free (r.receipt);
	r.seq = 1;                                                   /* a qualification */
	g_assert_false (store_read (t->store, "test", find_receipt, &r, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_NOT_FOUND);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	test_store_add ("/quote/TR-19/two-bidders", test_tr19_two_bidders);
	test_store_add ("/quote/refused-is-an-event", test_refused_is_an_event);
	test_store_add ("/quote/restart", test_restart);
	test_store_add ("/quote/TR-35/same-price", test_tr35_same_price);
	test_store_add ("/quote/TR-35/deadline-race", test_tr35_deadline_race);
	test_store_add ("/quote/TR-35/late-waits-for-time", test_tr35_late_waits_for_time);
	test_store_add ("/quote/TR-35/lot", test_lot);
	test_store_add ("/quote/not-an-event", test_not_an_event);
	test_store_add ("/quote/head-and-rules", test_head_and_rules);
	test_store_add ("/quote/views", test_views);
	test_store_add ("/quote/receipts", test_receipts);
	return g_test_run ();
}
