/* The worker with a channel that answers what the test says. */
#include "outbox/sender.h"

#include <string.h>

#include "base/error.h"
#include "outbox/outbox.h"
#include "outbox/outbox_db.h"
#include "unit/support/test_store.h"

#define NOW G_GINT64_CONSTANT (1775181600000000)

typedef struct {
	Delivery answer;
	guint calls;
	GHashTable *ids;             /* of all workers; id → how often */
	GMutex *lock;
} Channel;

static Delivery
deliver (gpointer user, const Outgoing *message, char **fate)
{
	Channel *channel = user;
	g_mutex_lock (channel->lock);
	channel->calls++;
	guint n = GPOINTER_TO_UINT (g_hash_table_lookup (channel->ids, message->id));
	g_hash_table_replace (channel->ids, g_strdup (message->id), GUINT_TO_POINTER (n + 1));
	g_mutex_unlock (channel->lock);
	*fate = g_strdup ("what the\nserver said");
	return channel->answer;
}

typedef struct {
	TestStore *t;
	Clock *clock;
	GMutex lock;
	Channel channel;
	OutboxSender *sender;
} Bench;

static void
bench_open (Bench *b, TestStore *t)
{
	*b = (Bench) { .t = t, .clock = clock_new_frozen (NOW) };
	g_mutex_init (&b->lock);
	b->channel = (Channel) { DELIVERY_SENT, 0, g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL), &b->lock };
	b->sender = outbox_sender_new (t->store, b->clock, NULL, "mail", deliver, &b->channel);
}

static void
bench_close (Bench *b)
{
	outbox_sender_free (b->sender);
	g_hash_table_unref (b->channel.ids);
	g_mutex_clear (&b->lock);
	clock_free (b->clock);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Bench, bench_close)

static gboolean
tell (Tx *tx, gpointer arg, GError **error)
{
	const guint *n = arg;
	g_autoptr (json_t) params = json_pack ("{s:s, s:s}", "number", "A-1", "service", "issue");
	const OutboxMessage message = { .template_name = "application.completed", .application = "a", .mail = "a@example.com",
	                                .mobile = "13800000000", .params = params };
	if (!outbox_configure (tx, "S", TRUE, FALSE, error))
		return FALSE;
	for (guint i = 0; i < *n; i++)
		if (!outbox_tell (tx, &message, NOW, error))
			return FALSE;
	return TRUE;
}

static void
tell_some (Bench *b, guint n)
{
	g_autoptr (GError) error = NULL;
	store_run (b->t->store, "tell", tell, &n, &error);
	g_assert_no_error (error);
}

static guint
drain (Bench *b)
{
	g_autoptr (GError) error = NULL;
	guint sent;
	g_assert_true (outbox_sender_drain (b->sender, &sent, &error));
	g_assert_no_error (error);
	return sent;
}

static gboolean
list (Tx *tx, gpointer arg, GError **error)
{
	return db_outbox_list (tx, "", "", 50, arg, error);
}

/* The newest message that left the house. */
static OutboxRow *
newest (Bench *b, GPtrArray *rows)
{
	g_ptr_array_set_size (rows, 0);
	g_assert_true (store_read (b->t->store, "list", list, rows, NULL));
	return rows->pdata[0];
}

static void
test_backoff (void)
{
	Micros total = 0;
	for (guint i = 1; i < OUTBOX_ATTEMPTS; i++) {
		g_assert_cmpint (outbox_backoff (i), >=, i > 1 ? outbox_backoff (i - 1) : 1);
		total += outbox_backoff (i);
	}
	g_assert_cmpint (outbox_backoff (1), ==, 30 * MICROS_PER_S);
	g_assert_cmpint (outbox_backoff (2), ==, 2 * MICROS_PER_MIN);
	g_assert_cmpint (outbox_backoff (100), ==, 8 * MICROS_PER_HOUR);
	g_assert_cmpint (total, >, 18 * MICROS_PER_HOUR);
	g_assert_cmpint (total, <, 24 * MICROS_PER_HOUR);
}

static void
test_sent (TestStore *t)
{
	g_auto (Bench) b;
	bench_open (&b, t);
	tell_some (&b, 3);
	g_assert_cmpuint (drain (&b), ==, 3);
	g_assert_cmpuint (drain (&b), ==, 0);
	g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) outbox_row_free);
	const OutboxRow *row = newest (&b, rows);
	g_assert_cmpuint (rows->len, ==, 3);                 /* no hook: none was configured */
	g_assert_cmpstr (row->state, ==, "sent");
	g_assert_cmpint (row->attempts, ==, 1);
	g_assert_cmpstr (row->fate, ==, "what the server said");
	g_assert_cmpint (row->finished, ==, NOW);
}

static void
test_retried (TestStore *t)
{
	g_auto (Bench) b;
	bench_open (&b, t);
	g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) outbox_row_free);
	b.channel.answer = DELIVERY_FAILED;
	tell_some (&b, 1);
	for (guint attempt = 1; attempt <= OUTBOX_ATTEMPTS; attempt++) {
		g_assert_cmpuint (drain (&b), ==, 0);
		g_assert_cmpuint (drain (&b), ==, 0);            /* not before its time */
		g_assert_cmpuint (b.channel.calls, ==, attempt);
		const OutboxRow *row = newest (&b, rows);
		if (attempt == OUTBOX_ATTEMPTS) {
			g_assert_cmpstr (row->state, ==, "dead");
			break;
		}
		g_assert_cmpstr (row->state, ==, "failed");
		clock_set (b.clock, row->next_at - 1);
		g_assert_cmpuint (drain (&b), ==, 0);
		g_assert_cmpuint (b.channel.calls, ==, attempt);
		clock_set (b.clock, row->next_at);
	}
	g_assert_cmpuint (g_hash_table_size (b.channel.ids), ==, 1);     /* under one id */
	clock_set (b.clock, NOW + 100 * MICROS_PER_DAY);
	drain (&b);
	g_assert_cmpuint (b.channel.calls, ==, OUTBOX_ATTEMPTS);
}

static void
test_refused (TestStore *t)
{
	g_auto (Bench) b;
	bench_open (&b, t);
	g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) outbox_row_free);
	b.channel.answer = DELIVERY_REFUSED;
	tell_some (&b, 1);
	drain (&b);
	g_assert_cmpstr (newest (&b, rows)->state, ==, "dead");
	/* The other side wants nothing more: what waits is kept. */
	b.channel.answer = DELIVERY_CLOSED;
	tell_some (&b, 3);
	drain (&b);
	g_assert_cmpuint (b.channel.calls, ==, 2);
	drain (&b);
	g_assert_cmpuint (b.channel.calls, ==, 2);
}

static gboolean
claim_row (Tx *tx, gpointer id, GError **error)
{
	return db_outbox_claim (tx, id, "a worker that died", NOW + 5 * MICROS_PER_MIN, error);
}

/* A worker died between sending and recording. */
static void
test_taken_over (TestStore *t)
{
	g_auto (Bench) b;
	bench_open (&b, t);
	g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) outbox_row_free);
	tell_some (&b, 1);
	g_assert_true (store_run (t->store, "claim", claim_row, newest (&b, rows)->id, NULL));
	g_assert_cmpuint (drain (&b), ==, 0);
	clock_set (b.clock, NOW + 5 * MICROS_PER_MIN);
	g_assert_cmpuint (drain (&b), ==, 1);
	g_assert_cmpint (newest (&b, rows)->attempts, ==, 2);
}

static gpointer
drain_in_thread (gpointer sender)
{
	g_assert_true (outbox_sender_drain (sender, NULL, NULL));
	return NULL;
}

static void
test_two_workers (TestStore *t)
{
	enum { WORKERS = 4, MESSAGES = 40 };
	g_auto (Bench) b;
	bench_open (&b, t);
	OutboxSender *senders[WORKERS];
	GThread *threads[WORKERS];
	tell_some (&b, MESSAGES);
	for (guint i = 0; i < WORKERS; i++) {
		senders[i] = outbox_sender_new (t->store, b.clock, NULL, "mail", deliver, &b.channel);
		threads[i] = g_thread_new ("w", drain_in_thread, senders[i]);
	}
	for (guint i = 0; i < WORKERS; i++) {
		g_thread_join (threads[i]);
		outbox_sender_free (senders[i]);
	}
	g_assert_cmpuint (b.channel.calls, ==, MESSAGES);
	g_assert_cmpuint (g_hash_table_size (b.channel.ids), ==, MESSAGES);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/outbox/sender/backoff", test_backoff);
	test_store_add ("/outbox/sender/sent", test_sent);
	test_store_add ("/outbox/sender/retried", test_retried);
	test_store_add ("/outbox/sender/refused", test_refused);
	test_store_add ("/outbox/sender/taken_over", test_taken_over);
	test_store_add ("/outbox/sender/two_workers", test_two_workers);
	return g_test_run ();
}
