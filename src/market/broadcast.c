/* market/broadcast.c — see broadcast.h. */
#include "market/broadcast.h"

#define KEEP 64        /* events a reconnecting watcher can catch up on */

typedef struct {
	EventStream *stream;
	guint64 seq;
} Channel;

struct Broadcast {
	GMutex lock;
	GHashTable *channels;      /* sale id → Channel */
};

static void
channel_free (gpointer p)
{
	Channel *channel = p;
	event_stream_free (channel->stream);
	g_free (channel);
}

Broadcast *
broadcast_new (void)
{
	Broadcast *b = g_new0 (Broadcast, 1);
	g_mutex_init (&b->lock);
	b->channels = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, channel_free);
	return b;
}

void
broadcast_free (Broadcast *b)
{
	if (b == NULL)
		return;
	g_hash_table_unref (b->channels);
	g_mutex_clear (&b->lock);
	g_free (b);
}

/* Called with the lock held. */
static Channel *
channel_of (Broadcast *b, const char *sale)
{
	Channel *channel = g_hash_table_lookup (b->channels, sale);
	if (channel == NULL) {
		channel = g_new0 (Channel, 1);
		channel->stream = event_stream_new (KEEP);
		g_hash_table_insert (b->channels, g_strdup (sale), channel);
	}
	return channel;
}

EventStream *
broadcast_stream (Broadcast *b, const char *sale)
{
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&b->lock);
	return channel_of (b, sale)->stream;
}

gboolean
broadcast_wants (Broadcast *b, const char *sale, guint64 seq)
{
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&b->lock);
	const Channel *channel = g_hash_table_lookup (b->channels, sale);
	return channel != NULL && channel->seq < seq;
}

void
broadcast_sale (Broadcast *b, const char *sale, guint64 seq, const json_t *view)
{
	g_autofree char *text = json_dumps (view, JSON_COMPACT);
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&b->lock);
	Channel *channel = channel_of (b, sale);
	if (seq <= channel->seq)
		return;
	channel->seq = seq;
	event_stream_publish (channel->stream, seq, "sale", text);
}

void
broadcast_tick (Broadcast *b, const char *sale, Micros now, Micros deadline, guint prompts)
{
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&b->lock);
	const Channel *channel = g_hash_table_lookup (b->channels, sale);
	if (channel == NULL || event_stream_watchers (channel->stream) == 0)
		return;
	g_autoptr (json_t) tick = json_pack ("{s:o, s:o, s:i}", "server_time", json_time (now),
	                                     "deadline", deadline > 0 ? json_time (deadline) : json_null (), "prompts", (int) prompts);
	g_autofree char *text = json_dumps (tick, JSON_COMPACT);
	event_stream_publish (channel->stream, 0, "tick", text);
}

guint
broadcast_watchers (Broadcast *b)
{
	g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&b->lock);
	GHashTableIter iter;
	gpointer value;
	guint n = 0;
	g_hash_table_iter_init (&iter, b->channels);
	while (g_hash_table_iter_next (&iter, NULL, &value))
		n += event_stream_watchers (((Channel *) value)->stream);
	return n;
}
