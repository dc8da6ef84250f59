/* The book balances whatever is done in whatever order, and the database refuses one that does not. */
#include "base/error.h"
#include "base/random.h"
#include "ledger/ledger_private.h"
#include "ledger/provider.h"
#include "unit/support/test_store.h"

#define NOW (G_GINT64_CONSTANT (1795348800) * MICROS_PER_S)
#define STEPS 300
#define ORDERS 12

typedef struct {
	Micros now;
	char *about[ORDERS], *order[ORDERS], *refund[ORDERS];
	guint which, what, done;
	GRand *dice;
} Play;

static gboolean
open_or_pay (Tx *tx, Play *p, GError **error)
{
	static const char *const services[] = { "issue", "renew", "report_loss", "cancel" };
	const OrderLine line = { services[p->which % 4], 1 + p->which % 3 };
	g_autofree char *id = NULL;
	gint64 fen;
	gboolean settled;

	if (!order_open (tx, p->about[p->which], &line, 1, p->now, &id, &fen, &settled, error))
		return FALSE;
	g_free (p->order[p->which]);
	p->order[p->which] = g_steal_pointer (&id);
	return p->what == 0 || order_pay (tx, p->order[p->which], (Money) { fen }, "card", NULL, "cashier", p->now, error);
}

static gboolean
notify (Tx *tx, Play *p, GError **error)
{
	g_autofree char *transaction = g_strdup_printf ("T%u", (guint) g_rand_int_range (p->dice, 0, 20));
	g_autoptr (json_t) view = NULL;
	g_autofree char *paid = NULL;
	NotificationFate fate;
	const char *number = "DD0";

	if (p->order[p->which]) {
		if (!order_view (tx, p->order[p->which], &view, error))
			return FALSE;
		number = json_string_value (json_object_get (view, "number"));
	}
	const Notification n = {
		"cloud", transaction, number, "CNY", g_rand_boolean (p->dice) ? "paid" : "refunded", { g_rand_boolean (p->dice) ? 30000 : 20000 }, p->now,
	};
	return notification_take (tx, &n, "CNY", TRUE, p->now, &fate, &paid, error);
}

static gboolean
refund (Tx *tx, Play *p, GError **error)
{
	g_autofree char *id = NULL;
	const Money part = { 1000 * g_rand_int_range (p->dice, 1, 40) };

	return !p->order[p->which] || (refund_request (tx, p->order[p->which], part, "why", "cashier", p->now, &id, error) &&
	       refund_approve (tx, id, p->order[p->which], part, "administrator", p->now, error) &&
	       refund_pay (tx, id, g_rand_boolean (p->dice) ? "cash" : "online", "R", "cashier", p->now, error));
}

static gboolean
step (Tx *tx, gpointer arg, GError **error)
{
	Play *p = arg;

	switch (p->what) {
	case 0: case 1:
		return open_or_pay (tx, p, error);
	case 2:
		return !p->order[p->which] || order_waive (tx, p->order[p->which], "one", "other", "why", p->now, error);
	case 3:
		return order_render (tx, p->about[p->which], p->now, error);
	case 4:
		return order_drop (tx, p->about[p->which], p->now, error);
	case 5:
		return refund (tx, p, error);
	default:
		return notify (tx, p, error);
	}
}

static gboolean
check (Tx *tx, gpointer arg, GError **error)
{
	g_autoptr (json_t) accounts = NULL;
	const char *name;
	json_t *value;
	gint64 sum = 0;

	(void) arg;
	if (!ledger_check (tx, error) || !ledger_balances (tx, &accounts, error))
		return FALSE;
	json_object_foreach (accounts, name, value)
		sum += g_ascii_strtoll (json_string_value (value), NULL, 10);
	g_assert_cmpint (sum, ==, 0);
	return TRUE;
}

/* What a rule refuses is no fault of the book or of the database. */
static gboolean
is_refusal (const GError *error)
{
	static const DiqiErrorCode faults[] = { DIQI_ERROR_INTERNAL, DIQI_ERROR_STORE, DIQI_ERROR_STORE_CONSTRAINT };

	for (gsize i = 0; i < G_N_ELEMENTS (faults); i++)
		if (g_error_matches (error, DIQI_ERROR, (gint) faults[i])) {
			g_test_message ("%s", error->message);
			return FALSE;
		}
	return TRUE;
}

static void
test_random (TestStore *t)
{
	Play p = { .now = NOW, .dice = g_rand_new () };
	guint32 seed = g_test_rand_int ();

	g_test_message ("seed %u", seed);
	g_rand_set_seed (p.dice, seed);
	for (guint i = 0; i < ORDERS; i++)
		p.about[i] = uuid7_new (NOW);
	for (guint i = 0; i < STEPS; i++) {
		g_autoptr (GError) refused = NULL;
		g_autoptr (GError) fault = NULL;

		p.now += MICROS_PER_S;
		p.which = (guint) g_rand_int_range (p.dice, 0, ORDERS);
		p.what = (guint) g_rand_int_range (p.dice, 0, 8);
		if (store_run (t->store, "step", step, &p, &refused))
			p.done++;
		else if (refused)
			g_assert_true (is_refusal (refused));
		store_read (t->store, "check", check, NULL, &fault);
		g_assert_no_error (fault);
	}
	g_assert_cmpuint (p.done, >, STEPS / 10);
	for (guint i = 0; i < ORDERS; i++) {
		g_free (p.about[i]);
		g_free (p.order[i]);
	}
	g_rand_free (p.dice);
}

static gboolean
enter_crooked (Tx *tx, gpointer arg, GError **error)
{
	(void) arg;
	return book_enter (tx, &(Entry) { .kind = "paid", .by = "x", .happened = NOW, .at = NOW, .postings = { { "cash", 5 }, { "bank", -4 } } }, error);
}

static gboolean
write_crooked (Tx *tx, gpointer arg, GError **error)
{
	const Posting one = { "cash", 5 }, other = { "bank", -4 };
	const Entry entry = { .kind = "paid", .by = "x", .happened = NOW, .at = NOW };

	(void) arg;
	return db_posting_insert (tx, "e", 1, &one, 0, error) && db_posting_insert (tx, "e", 2, &other, 5, error) &&
	       db_entry_insert (tx, "e", &entry, 2, error);
}

static void
test_refuses (TestStore *t)
{
	g_autoptr (GError) by_code = NULL;
	g_autoptr (GError) by_database = NULL;

	g_assert_false (store_run (t->store, "crooked", enter_crooked, NULL, &by_code));
	g_assert_error (by_code, DIQI_ERROR, DIQI_ERROR_INTERNAL);
	g_assert_false (store_run (t->store, "crooked", write_crooked, NULL, &by_database));
	g_assert_error (by_database, DIQI_ERROR, DIQI_ERROR_STORE_CONSTRAINT);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	test_store_add ("/ledger/book/random", test_random);
	test_store_add ("/ledger/book/refuses", test_refuses);
	return g_test_run ();
}
