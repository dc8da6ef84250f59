/* signer/channel.c — see channel.h. */
#include "signer/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "signer/compact.h"
#include "signer/frame.h"

/* Far more than any queue of signatures takes.  A signer that hangs must not hold every worker, nor the end of the
 * service, for ever. */
#define REPLY_LATEST (30 * MICROS_PER_S)

typedef struct {
	GCond answered;
	FrameKind kind;            /* of the reply */
	GBytes *reply, *raw;       /* JSON (or the compact body) and raw part */
	gboolean done;
} Waiter;

struct Channel {
	int fd;
	GThread *reader;
	GMutex lock;               /* waiters, broken, ready */
	GMutex write_lock;         /* taken before lock; keeps queue order = order on the wire */
	GQueue waiters;
	GCond greeted;
	gboolean ready;
	GError *broken;            /* set once; every later call fails with it */
	guint64 last_id;
};

static GError *
error_from_json (const json_t *object)
{
	const char *code = json_string_value (json_object_get (object, "code"));
	const char *field = json_string_value (json_object_get (object, "field"));
	const char *detail = json_string_value (json_object_get (object, "detail"));
	DiqiErrorCode number = DIQI_ERROR_INTERNAL;
	if (code != NULL && !diqi_code_from_name (code, &number))
		number = DIQI_ERROR_INTERNAL;
	GError *error = NULL;
	diqi_error_set (&error, number, field, "%s", detail != NULL ? detail : "the signer gave no reason");
	return error;
}

/* Keeps `reason` as the answer to every waiting and later call. */
static void
break_channel (Channel *channel, GError *reason)
{
	g_mutex_lock (&channel->lock);
	if (channel->broken == NULL)
		channel->broken = reason;
	else
		g_error_free (reason);
	Waiter *waiter;
	while ((waiter = g_queue_pop_head (&channel->waiters)) != NULL) {
		waiter->done = TRUE;
		g_cond_signal (&waiter->answered);
	}
	g_cond_broadcast (&channel->greeted);
	g_mutex_unlock (&channel->lock);
	shutdown (channel->fd, SHUT_RDWR);
}

static gboolean
take_greeting (Channel *channel, const Frame *frame, GError **error)
{
	g_autoptr (json_t) greeting = json_read_strict (frame->text, frame->n, FRAME_MAX_REPLY, error);
	if (greeting == NULL)
		return FALSE;
	const json_t *failure = json_object_get (greeting, "error");
	if (failure != NULL) {
		g_propagate_error (error, error_from_json (failure));
		return FALSE;
	}
	if (!json_is_true (json_object_get (greeting, "ready")))
		return diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "the peer is no signer");
	g_mutex_lock (&channel->lock);
	channel->ready = TRUE;
	g_cond_broadcast (&channel->greeted);
	g_mutex_unlock (&channel->lock);
	return TRUE;
}

static gboolean
take_reply (Channel *channel, const Frame *frame, GError **error)
{
	g_mutex_lock (&channel->lock);
	Waiter *waiter = g_queue_pop_head (&channel->waiters);
	if (waiter != NULL) {
		waiter->kind = frame->kind;
		waiter->reply = g_bytes_new (frame->text, frame->n);
		waiter->raw = frame->kind == FRAME_RAW ? g_bytes_new (frame->raw, frame->raw_n) : NULL;
		waiter->done = TRUE;
		g_cond_signal (&waiter->answered);
	}
	g_mutex_unlock (&channel->lock);
	return waiter != NULL || diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "the signer answered what nobody asked");
}

static gboolean
read_some (Channel *channel, FrameReader *reader, GError **error)
{
	gssize got = frame_reader_fill (reader, channel->fd);
	if (got <= 0)
		return diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "the signer is gone%s%s", got < 0 ? ": " : "", got < 0 ? g_strerror (errno) : "");
	for (;;) {
		Frame frame;
		if (!frame_reader_next (reader, &frame, error))
			return FALSE;
		if (frame.text == NULL)
			return TRUE;
		gboolean (*take) (Channel *, const Frame *, GError **) = channel->ready ? take_reply : take_greeting;
		if (!take (channel, &frame, error))
			return FALSE;
	}
}

static gpointer
reader_main (gpointer data)
{
	Channel *channel = data;
	FrameReader reader;
	frame_reader_init (&reader, FRAME_MAX_REPLY);
	GError *reason = NULL;
	while (read_some (channel, &reader, &reason))
		continue;
	frame_reader_clear (&reader);
	break_channel (channel, reason);
	return NULL;
}

Channel *
channel_new (int fd)
{
	Channel *channel = g_new0 (Channel, 1);
	channel->fd = fd;
	g_mutex_init (&channel->lock);
	g_mutex_init (&channel->write_lock);
	g_cond_init (&channel->greeted);
	g_queue_init (&channel->waiters);
	channel->reader = g_thread_new ("signer-replies", reader_main, channel);
	return channel;
}

void
channel_free (Channel *channel)
{
	shutdown (channel->fd, SHUT_RDWR);
	g_thread_join (channel->reader);
	close (channel->fd);
	g_clear_error (&channel->broken);
	g_cond_clear (&channel->greeted);
	g_mutex_clear (&channel->write_lock);
	g_mutex_clear (&channel->lock);
	g_free (channel);
}

gboolean
channel_wait_ready (Channel *channel, GError **error)
{
	g_mutex_lock (&channel->lock);
	while (!channel->ready && channel->broken == NULL)
		g_cond_wait (&channel->greeted, &channel->lock);
	if (channel->broken != NULL && error != NULL)
		*error = g_error_copy (channel->broken);
	gboolean ready = channel->broken == NULL;
	g_mutex_unlock (&channel->lock);
	return ready;
}

gboolean
channel_is_broken (Channel *channel)
{
	g_mutex_lock (&channel->lock);
	gboolean broken = channel->broken != NULL;
	g_mutex_unlock (&channel->lock);
	return broken;
}

/* Queues the waiter, unless the channel is broken. */
static gboolean
enqueue (Channel *channel, Waiter *waiter, GError **error)
{
	g_mutex_lock (&channel->lock);
	gboolean well = channel->broken == NULL;
	if (well)
		g_queue_push_tail (&channel->waiters, waiter);
	else if (error != NULL)
		*error = g_error_copy (channel->broken);
	g_mutex_unlock (&channel->lock);
	return well;
}

static gboolean
send_frame (Channel *channel, const GByteArray *frame, Waiter *waiter, GError **error)
{
	g_mutex_lock (&channel->write_lock);
	gboolean queued = enqueue (channel, waiter, error);
	GError *reason = NULL;
	gboolean written = queued && frame_write (channel->fd, frame->data, frame->len, &reason);
	g_mutex_unlock (&channel->write_lock);
	/* A half-written frame ruins the stream for everybody; the waiter is told with the others. */
	if (queued && !written)
		break_channel (channel, reason);
	return queued;
}

static GBytes *
wait_reply (Channel *channel, Waiter *waiter, GError **error)
{
	/* A long journal takes a minute to read: patience is measured from the greeting. */
	channel_wait_ready (channel, NULL);
	gint64 end = clock_monotonic () + REPLY_LATEST;
	g_mutex_lock (&channel->lock);
	while (!waiter->done && g_cond_wait_until (&waiter->answered, &channel->lock, end))
		continue;
	if (!waiter->done) {
		g_mutex_unlock (&channel->lock);
		GError *reason = NULL;
		diqi_error_set (&reason, DIQI_ERROR_UNAVAILABLE, NULL, "the signer does not answer");
		break_channel (channel, reason);   /* and with that, this waiter is done */
		g_mutex_lock (&channel->lock);
	}
	if (waiter->reply == NULL && error != NULL)
		*error = g_error_copy (channel->broken);
	g_mutex_unlock (&channel->lock);
	return waiter->reply;
}

static json_t *
open_reply (GBytes *bytes, guint64 id, GError **error)
{
	gsize n;
	const char *text = g_bytes_get_data (bytes, &n);
	g_autoptr (json_t) reply = json_read_strict (text, n, FRAME_MAX_REPLY, error);
	if (reply == NULL)
		return NULL;
	const json_t *failure = json_object_get (reply, "error");
	if (failure != NULL) {
		g_propagate_error (error, error_from_json (failure));
		return NULL;
	}
	if ((guint64) json_integer_value (json_object_get (reply, "id")) != id || !json_is_true (json_object_get (reply, "ok"))) {
		diqi_error_set (error, DIQI_ERROR_INTERNAL, NULL, "the signer's reply does not belong to this message");
		return NULL;
	}
	return g_steal_pointer (&reply);
}

static GByteArray *
make_frame (json_t *message, guint64 id, GBytes *raw, GError **error)
{
	gsize n, raw_n = raw != NULL ? g_bytes_get_size (raw) : 0;
	json_object_set_new (message, "id", json_integer ((json_int_t) id));
	g_autofree char *text = jcs_dump (message, &n, error);
	if (text == NULL)
		return NULL;
	if (n > FRAME_MAX_MESSAGE || raw_n > FRAME_MAX_RAW) {
		diqi_error_set (error, DIQI_ERROR_TOO_LARGE, NULL, "a message of %" G_GSIZE_FORMAT " bytes to the signer", n + raw_n);
		return NULL;
	}
	GByteArray *frame = g_byte_array_sized_new ((guint) (n + raw_n) + 8);
	if (raw != NULL)
		frame_append_raw (frame, text, n, raw);
	else
		frame_append (frame, text, n);
	return frame;
}

static GBytes *
exchange (Channel *channel, const GByteArray *frame, Waiter *waiter, GError **error)
{
	g_cond_init (&waiter->answered);
	GBytes *reply = send_frame (channel, frame, waiter, error) ? wait_reply (channel, waiter, error) : NULL;
	g_cond_clear (&waiter->answered);
	return reply;
}

json_t *
channel_call_raw (Channel *channel, json_t *message, GBytes *raw, GBytes **reply_raw, GError **error)
{
	g_autoptr (json_t) owned = message;
	guint64 id = __atomic_add_fetch (&channel->last_id, 1, __ATOMIC_RELAXED);
	g_autoptr (GByteArray) frame = make_frame (owned, id, raw, error);
	if (frame == NULL)
		return NULL;
	Waiter waiter = { 0 };
	g_autoptr (GBytes) reply = exchange (channel, frame, &waiter, error), part = waiter.raw;
	json_t *opened = reply != NULL ? open_reply (reply, id, error) : NULL;
	if (opened != NULL && reply_raw != NULL)
		*reply_raw = g_steal_pointer (&part);
	return opened;
}

json_t *
channel_call (Channel *channel, json_t *message, GError **error)
{
	return channel_call_raw (channel, message, NULL, NULL, error);
}

/* --- compact ------------------------------------------------------------------------------ */

static gboolean
refused (CompactReader *in, GError **error)
{
	g_autoptr (json_t) failure = json_read_strict ((const char *) in->p, in->n, FRAME_MAX_COMPACT, error);
	if (failure != NULL)
		g_propagate_error (error, error_from_json (failure));
	return FALSE;
}

static gboolean
open_compact (GBytes *reply, guint64 id, GError **error)
{
	CompactReader in = { .p = g_bytes_get_data (reply, &in.n) };
	guint64 result = compact_read_uint (&in, 1);
	if (compact_read_uint (&in, 8) != id || in.broken || result > COMPACT_REFUSED)
		return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "the signer's reply does not belong to this message");
	return result == COMPACT_OK || refused (&in, error);
}

GBytes *
channel_call_compact (Channel *channel, GByteArray *body, GError **error)
{
	guint64 id = __atomic_add_fetch (&channel->last_id, 1, __ATOMIC_RELAXED);
	g_assert (body->len >= COMPACT_HEAD);
	if (body->len > FRAME_MAX_COMPACT) {
		diqi_error_set (error, DIQI_ERROR_TOO_LARGE, NULL, "a message of %u bytes to the signer", body->len);
		return NULL;
	}
	const guint64 wire = GUINT64_TO_BE (id);
	memcpy (body->data + 1, &wire, sizeof wire);
	g_autoptr (GByteArray) frame = g_byte_array_sized_new (body->len + 4);
	frame_append_compact_head (frame, body->len);
	g_byte_array_append (frame, body->data, body->len);
	Waiter waiter = { 0 };
	g_autoptr (GBytes) reply = exchange (channel, frame, &waiter, error), raw G_GNUC_UNUSED = waiter.raw;
	if (reply == NULL)
		return NULL;
	if (waiter.kind != FRAME_COMPACT) {
		diqi_error_set (error, DIQI_ERROR_INTERNAL, NULL, "the signer's reply is not of the message's kind");
		return NULL;
	}
	return open_compact (reply, id, error) ? g_bytes_new_from_bytes (reply, COMPACT_HEAD, g_bytes_get_size (reply) - COMPACT_HEAD) : NULL;
}
