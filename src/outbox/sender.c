/* outbox/sender.c — see sender.h. */
#include "outbox/sender.h"

#include <string.h>

#include "base/failpoint.h"
#include "base/log.h"
#include "base/random.h"
#include "outbox/outbox_db.h"

#define LEASE (5 * MICROS_PER_MIN)      /* longer than any channel may take */
#define FIRST_PAUSE (30 * MICROS_PER_S)
#define LONGEST_PAUSE (8 * MICROS_PER_HOUR)
#define LOOK_EVERY G_TIME_SPAN_SECOND
#define FATE_MAX 300                    /* characters */

struct OutboxSender {
	Store *store;
	const Clock *clock;
	Metrics *metrics;
	const char *name;
	DeliverFn deliver;
	gpointer channel;
	gboolean closed;                /* by the other side; until the next start */
	char *waiting_label;            /* channel="mail" */
	GThread *thread;
	GMutex lock;
	GCond wake;
	gint stop;
};

Micros
outbox_backoff (guint attempts)
{
	Micros pause = FIRST_PAUSE;
	for (guint i = 1; i < attempts && pause < LONGEST_PAUSE; i++)
		pause *= 4;
	return MIN (pause, LONGEST_PAUSE);
}

OutboxSender *
outbox_sender_new (Store *store, const Clock *clock, Metrics *metrics, const char *name, DeliverFn deliver, gpointer channel)
{
	OutboxSender *sender = g_new0 (OutboxSender, 1);
	sender->store = store;
	sender->clock = clock;
	sender->metrics = metrics;
	sender->name = name;
	sender->deliver = deliver;
	sender->channel = channel;
	sender->waiting_label = g_strdup_printf ("channel=\"%s\"", name);
	g_mutex_init (&sender->lock);
	g_cond_init (&sender->wake);
	return sender;
}

/* --- one message ------------------------------------------------------------------------ */

typedef struct {
	const OutboxSender *sender;
	char *claim;
	Micros now;
	OutboxRow *row;
	gint64 waiting;
} Taking;

static gboolean
take (Tx *tx, gpointer arg, GError **error)
{
	Taking *t = arg;
	g_clear_pointer (&t->row, outbox_row_free);
	if (!db_outbox_due (tx, t->sender->name, t->now, &t->row, error))
		return FALSE;
	if (t->row == NULL)
		return db_outbox_waiting (tx, t->sender->name, &t->waiting, error);
	return db_outbox_claim (tx, t->row->id, t->claim, t->now + LEASE, error);
}

static gboolean
record (Tx *tx, gpointer arg, GError **error)
{
	return db_outbox_record (tx, arg, error);
}

/* One line, short: it is shown to officers as it is. */
static char *
tidy (const char *fate)
{
	g_autofree char *valid = g_utf8_make_valid (fate, -1);
	for (char *c = valid; *c != '\0'; c++)
		if (g_ascii_iscntrl (*c))
			*c = ' ';
	return g_utf8_substring (valid, 0, MIN (FATE_MAX, g_utf8_strlen (valid, -1)));
}

static OutboxFate
judge (const OutboxSender *sender, const OutboxRow *row, Delivery delivery)
{
	Micros now = clock_now (sender->clock);
	guint attempts = (guint) row->attempts + 1;
	if (delivery == DELIVERY_SENT)
		return (OutboxFate) { .id = row->id, .state = "sent", .finished = now };
	if (delivery == DELIVERY_FAILED && attempts < OUTBOX_ATTEMPTS)
		return (OutboxFate) { .id = row->id, .state = "failed", .next_at = now + outbox_backoff (attempts) };
	return (OutboxFate) { .id = row->id, .state = "dead", .finished = now };
}

static void
count (const OutboxSender *sender, const char *state)
{
	g_autofree char *labels = g_strdup_printf ("channel=\"%s\",state=\"%s\"", sender->name, state);
	if (sender->metrics != NULL)
		metrics_add (sender->metrics, "outbox_deliveries_total", "Attempts to send a message, by what became of it", labels, 1);
}

static gboolean
send_one (OutboxSender *sender, const OutboxRow *row, const char *claim, guint *sent, GError **error)
{
	g_autofree char *said = NULL;
	const Outgoing message = {
		.id = row->id, .template_name = row->template_name, .language = row->language, .address = row->address,
		.title = row->title, .body = row->body, .created = row->created, .now = clock_now (sender->clock),
	};
	Delivery delivery = sender->deliver (sender->channel, &message, &said);
	FAILPOINT ("outbox.sent");
	g_autofree char *fate = tidy (said);
	OutboxFate outcome = judge (sender, row, delivery);
	outcome.claim = claim;
	outcome.fate = fate;
	count (sender, outcome.state);
	if (delivery == DELIVERY_SENT)
		++*sent;
	else
		log_event (LOG_LEVEL_WARN, "outbox.not_sent", "delivery", "%s", row->id, "channel", "%s", sender->name,
		           "state", "%s", outcome.state, "fate", "%s", fate, NULL);
	sender->closed = delivery == DELIVERY_CLOSED;
	return store_run (sender->store, "outbox.record", record, &outcome, error);
}

static gboolean
take_and_send (OutboxSender *sender, gboolean *more, guint *sent, GError **error)
{
	g_autofree char *claim = random_token (16);
	Taking t = { .sender = sender, .claim = claim, .now = clock_now (sender->clock) };
	if (!store_run (sender->store, "outbox.take", take, &t, error))
		return FALSE;
	g_autoptr (OutboxRow) row = t.row;
	*more = row != NULL;
	if (row != NULL)
		return send_one (sender, row, claim, sent, error);
	if (sender->metrics != NULL)
		metrics_set (sender->metrics, "outbox_waiting", "Messages that are not sent yet", sender->waiting_label, t.waiting);
	return TRUE;
}

gboolean
outbox_sender_drain (OutboxSender *sender, guint *sent, GError **error)
{
	guint n = 0;
	gboolean more = TRUE;
	while (more && !sender->closed && !g_atomic_int_get (&sender->stop))
		if (!take_and_send (sender, &more, &n, error))
			return FALSE;
	if (sent != NULL)
		*sent = n;
	return TRUE;
}

/* --- the thread ---------------------------------------------------------------------------- */

static gpointer
work (gpointer user)
{
	OutboxSender *sender = user;
	g_mutex_lock (&sender->lock);
	while (!g_atomic_int_get (&sender->stop)) {
		g_autoptr (GError) error = NULL;
		g_mutex_unlock (&sender->lock);
		if (!outbox_sender_drain (sender, NULL, &error))
			log_event (LOG_LEVEL_ERROR_, "outbox.failed", "channel", "%s", sender->name, "error", "%s", error->message, NULL);
		g_mutex_lock (&sender->lock);
		if (!g_atomic_int_get (&sender->stop))
			g_cond_wait_until (&sender->wake, &sender->lock, clock_monotonic () + LOOK_EVERY);
	}
	g_mutex_unlock (&sender->lock);
	return NULL;
}

void
outbox_sender_start (OutboxSender *sender)
{
	g_assert (sender->thread == NULL);
	sender->thread = g_thread_new (sender->name, work, sender);
}

void
outbox_sender_free (OutboxSender *sender)
{
	if (sender == NULL)
		return;
	g_mutex_lock (&sender->lock);
	g_atomic_int_set (&sender->stop, 1);
	g_cond_signal (&sender->wake);
	g_mutex_unlock (&sender->lock);
	if (sender->thread != NULL)
		g_thread_join (sender->thread);
	g_mutex_clear (&sender->lock);
	g_cond_clear (&sender->wake);
	g_free (sender->waiting_label);
	g_free (sender);
}
