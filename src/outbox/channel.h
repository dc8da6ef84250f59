/* outbox/channel.h — the ways out of the outbox: mail, and the web hook of an SMS gateway.
 *
 * A channel sends one message and says what became of it; when to try again is the sender's business (outbox/sender.h).
 * One thread at a time.
 */
#pragma once
#include "net/mail.h"
#include <glib.h>

typedef enum {
	DELIVERY_SENT,
	DELIVERY_FAILED,        /* try again */
	DELIVERY_REFUSED,       /* never will be */
	DELIVERY_CLOSED,        /* nor will any other on this channel: an operator must look */
} Delivery;

typedef struct {
	const char *id;         /* UUID; the same at each try */
	const char *template_name, *language, *address, *title, *body;
	Micros created, now;
} Outgoing;

/* *fate: what to tell an operator, never NULL; caller frees. */
typedef Delivery (*DeliverFn) (gpointer channel, const Outgoing *message, char **fate);

typedef struct MailChannel MailChannel;
/* All copied.  DIQI_ERROR_CONFIG: from is no address. */
MailChannel *mail_channel_new (const SmtpServer *server, const char *from, const char *from_name, GError **error);
void mail_channel_free (MailChannel *channel);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MailChannel, mail_channel_free)
Delivery mail_channel_deliver (gpointer channel, const Outgoing *message, char **fate);

/* Standard Webhooks.  The body is {"type": "message.sms", "timestamp", "data": {"id", "to", "text", "template"}}.  2xx is sent,
 * 410 Gone closes the channel, redirects are not followed, an answer of over 64 KB is a failure. */
typedef struct HookChannel HookChannel;
/* url: http(s)://HOST[:PORT]/PATH; ca_file NULL: the system's roots.  DIQI_ERROR_CONFIG. */
HookChannel *hook_channel_new (const char *url, GBytes *secret, const char *ca_file, GError **error);
void hook_channel_free (HookChannel *channel);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (HookChannel, hook_channel_free)
Delivery hook_channel_deliver (gpointer channel, const Outgoing *message, char **fate);
