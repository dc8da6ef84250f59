/* outbox/mail_channel.c — see channel.h. */
#include <string.h>

#include "base/error.h"
#include "outbox/channel.h"

struct MailChannel {
	char *url, *user, *password, *ca_file, *from, *from_name;
	gboolean starttls;
};

MailChannel *
mail_channel_new (const SmtpServer *server, const char *from, const char *from_name, GError **error)
{
	if (!g_str_has_prefix (server->url, "smtp://") && !g_str_has_prefix (server->url, "smtps://")) {
		diqi_error_set (error, DIQI_ERROR_CONFIG, "/mail/url", "the address is smtp://HOST:PORT or smtps://HOST:PORT");
		return NULL;
	}
	if (!mail_address_is_plain (from)) {
		diqi_error_set (error, DIQI_ERROR_CONFIG, "/mail/from", "mail needs the plain address it comes from");
		return NULL;
	}
	MailChannel *channel = g_new0 (MailChannel, 1);
	channel->url = g_strdup (server->url);
	channel->user = g_strdup (server->user);
	channel->password = g_strdup (server->password);
	channel->ca_file = g_strdup (server->ca_file);
	channel->starttls = server->starttls;
	channel->from = g_strdup (from);
	channel->from_name = g_strdup (from_name);
	return channel;
}

void
mail_channel_free (MailChannel *channel)
{
	if (channel == NULL)
		return;
	if (channel->password != NULL)
		explicit_bzero (channel->password, strlen (channel->password));
	char *texts[] = { channel->url, channel->user, channel->password, channel->ca_file, channel->from, channel->from_name };
	for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
		g_free (texts[i]);
	g_free (channel);
}

Delivery
mail_channel_deliver (gpointer user, const Outgoing *message, char **fate)
{
	const MailChannel *channel = user;
	g_autofree char *id = g_strdup_printf ("%s%s", message->id, strchr (channel->from, '@'));
	g_autoptr (GError) error = NULL;
	gboolean permanent = FALSE;
	const SmtpServer server = { channel->url, channel->user, channel->password, channel->ca_file, channel->starttls };
	const Mail mail = {
		.from = channel->from, .from_name = channel->from_name, .to = message->address, .subject = message->title,
		.text = message->body, .language = message->language, .message_id = id, .date = message->created,
	};
	if (mail_send (&server, &mail, &permanent, &error)) {
		*fate = g_strdup ("taken by the mail server");
		return DELIVERY_SENT;
	}
	*fate = g_strdup (error->message);
	return permanent ? DELIVERY_REFUSED : DELIVERY_FAILED;
}
