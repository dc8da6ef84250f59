/* Time and outages as the service meets them. */
#include "market_fixture.h"

static void
limit_time (Market *m)
{
	for (guint i = 0; i < 2; i++) {
		g_autoptr (GError) error = NULL;
		g_auto (QuoteOutcome) out = { 0 };
		market_quote (m, i, START + (gint64) i * STEP, T_END - (2 - (gint64) i) * MICROS_PER_DAY, &out, &error);
		g_assert_no_error (error);
	}
}

static void count_moved (gpointer user, const char *sale G_GNUC_UNUSED) { (*(guint *) user)++; }

static void
pass (SaleClock *sc)
{
	g_autoptr (GError) error = NULL;
	sale_clock_pass (sc, &error);
	g_assert_no_error (error);
}

static void
expect (Market *m, SalePhase phase, Micros deadline)
{
	g_auto (SaleState) state;
	market_state (m, &state);
	g_assert_cmpint (state.phase, ==, phase);
	g_assert_cmpint (state.deadline, ==, deadline);
}

/* Nothing but passes: the sale walks through its phases, watchers are told once each. */
static void
test_passes (TestStore *t)
{
	g_auto (Market) m;
	guint moved = 0;
	market_init (&m, t, 2);
	market_open (&m);
	limit_time (&m);
	g_autoptr (Clock) clock = clock_new_frozen (T_END - 2 * MICROS_PER_HOUR);
	g_autoptr (SaleClock) sc = sale_clock_new (t->store, clock, m.watermark, count_moved, &moved);
	static const struct { Micros at; SalePhase phase; Micros deadline; guint moved; } steps[] = {
		{ -MICROS_PER_HOUR - 1, SALE_LISTING, 0, 0 }, { -MICROS_PER_HOUR, SALE_QUIET, 0, 1 }, { -1, SALE_QUIET, 0, 1 },
		{ 0, SALE_LIMIT_TIME, T_END + MIN4, 2 }, { MIN4 - 1, SALE_LIMIT_TIME, T_END + MIN4, 2 }, { MIN4, SALE_CLOSED, 0, 3 },
		{ MICROS_PER_DAY, SALE_CLOSED, 0, 3 },
	};
	for (gsize i = 0; i < G_N_ELEMENTS (steps); i++) {
		clock_set (clock, T_END + steps[i].at);
		pass (sc);
		expect (&m, steps[i].phase, steps[i].deadline);
		g_assert_cmpuint (moved, ==, steps[i].moved);
	}
}

/* Down over the deadline: at the next start the window is void and a whole new one runs. */
static void
test_resume_after_outage (TestStore *t)
{
	g_auto (Market) m;
	g_autoptr (GError) error = NULL;
	market_init (&m, t, 2);
	market_open (&m);
	limit_time (&m);
	g_autoptr (Clock) clock = clock_new_frozen (T_END + 100 * S);
	{
		g_autoptr (SaleClock) sc = sale_clock_new (t->store, clock, m.watermark, NULL, NULL);
		pass (sc);
		expect (&m, SALE_LIMIT_TIME, T_END + MIN4);
	}
	test_store_reopen (t, NULL);
	clock_set (clock, T_END + MICROS_PER_HOUR);
	g_autoptr (SaleClock) sc = sale_clock_new (t->store, clock, m.watermark, NULL, NULL);
	g_assert_true (sale_clock_resume (sc, &error));
	g_assert_no_error (error);
	expect (&m, SALE_LIMIT_TIME, T_END + MICROS_PER_HOUR + MIN4);
	pass (sc);
	expect (&m, SALE_LIMIT_TIME, T_END + MICROS_PER_HOUR + MIN4);
}

/* A short restart, and one under a clock that stood still, change nothing. */
static void
test_resume_after_restart (TestStore *t)
{
	static const Micros away[] = { 0, 10 * S };
	g_auto (Market) m;
	g_autoptr (GError) error = NULL;
	market_init (&m, t, 2);
	market_open (&m);
	limit_time (&m);
	g_autoptr (Clock) clock = clock_new_frozen (T_END + 100 * S);
	g_autoptr (SaleClock) before = sale_clock_new (t->store, clock, m.watermark, NULL, NULL);
	pass (before);
	for (gsize i = 0; i < G_N_ELEMENTS (away); i++) {
		test_store_reopen (t, NULL);
		clock_set (clock, clock_now (clock) + away[i]);
		g_autoptr (SaleClock) sc = sale_clock_new (t->store, clock, m.watermark, NULL, NULL);
		g_assert_true (sale_clock_resume (sc, &error));
		g_assert_no_error (error);
		expect (&m, SALE_LIMIT_TIME, T_END + MIN4);
	}
}

/* Down from after the deadline on, never settled: it was over, and stays so. */
static void
test_resume_when_over (TestStore *t)
{
	g_auto (Market) m;
	g_auto (SaleState) state;
	g_autoptr (GError) error = NULL;
	market_init (&m, t, 2);
	market_open (&m);
	limit_time (&m);
	market_tick (&m, T_END);
	g_autoptr (Clock) clock = clock_new_frozen (T_END + MIN4 + S);
	ArrivalTicket *held = arrival_enter (m.watermark, m.sale, T_END + MIN4 - 1);   /* keeps the pass from closing */
	g_autoptr (SaleClock) sc = sale_clock_new (t->store, clock, m.watermark, NULL, NULL);
	pass (sc);
	expect (&m, SALE_LIMIT_TIME, T_END + MIN4);
	arrival_leave (held);
	clock_set (clock, T_END + MICROS_PER_DAY);
	g_autoptr (SaleClock) next = sale_clock_new (t->store, clock, m.watermark, NULL, NULL);
	g_assert_true (sale_clock_resume (next, &error));
	market_state (&m, &state);
	g_assert_cmpint (state.phase, ==, SALE_CLOSED);
	g_assert_cmpint (state.closed_at, ==, T_END + MIN4);
}

/* A running clock is settled only up to a lag behind, for stamps on their way. */
static void
test_lag (TestStore *t)
{
	g_auto (Market) m;
	market_init (&m, t, 2);
	market_open (&m);
	limit_time (&m);
	market_tick (&m, T_END);
	g_autoptr (Clock) clock = clock_new_offset (0);
	g_autoptr (SaleClock) sc = sale_clock_new (t->store, clock, m.watermark, NULL, NULL);
	clock_set (clock, T_END + MIN4);
	pass (sc);
	expect (&m, SALE_LIMIT_TIME, T_END + MIN4);
	clock_set (clock, T_END + MIN4 + SETTLE_LAG + MICROS_PER_MS);
	pass (sc);
	expect (&m, SALE_CLOSED, 0);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	test_store_add ("/sale-clock/passes", test_passes);
	test_store_add ("/sale-clock/resume-after-outage", test_resume_after_outage);
	test_store_add ("/sale-clock/resume-after-restart", test_resume_after_restart);
	test_store_add ("/sale-clock/resume-when-over", test_resume_when_over);
	test_store_add ("/sale-clock/lag", test_lag);
	return g_test_run ();
}
