/* outbox/hook_channel.c — see channel.h. */
#include <string.h>

#include "base/error.h"
#include "net/client.h"
#include "outbox/channel.h"
#include "outbox/webhook.h"

#define ANSWER_MAX (64 * 1024)
#define ANSWER_SECONDS 20
#define GONE 410

struct HookChannel {
	char *path;
	GBytes *secret;
	HttpClient *client;
};

HookChannel *
hook_channel_new (const char *url, GBytes *secret, const char *ca_file, GError **error)
{
	const char *host = g_str_has_prefix (url, "https://") ? url + strlen ("https://") :
	                   g_str_has_prefix (url, "http://") ? url + strlen ("http://") : NULL;
	const char *path = host != NULL ? strchr (host, '/') : NULL;
	if (path == NULL || path == host || strpbrk (url, " \r\n@#") != NULL) {
		diqi_error_set (error, DIQI_ERROR_CONFIG, "/hook/url", "the address is https://HOST[:PORT]/PATH");
		return NULL;
	}
	g_autofree char *base = g_strndup (url, (gsize) (path - url));
	HookChannel *channel = g_new0 (HookChannel, 1);
	channel->path = g_strdup (path);
	channel->secret = g_bytes_ref (secret);
	channel->client = http_client_new (base);
	http_client_distrust (channel->client, ANSWER_MAX, ANSWER_SECONDS);
	if (ca_file != NULL)
		http_client_trust (channel->client, ca_file);
	return channel;
}

void
hook_channel_free (HookChannel *channel)
{
	if (channel == NULL)
		return;
	g_free (channel->path);
	g_bytes_unref (channel->secret);
	http_client_free (channel->client);
	g_free (channel);
}

static char *
hook_body (const Outgoing *message, gsize *n)
{
	g_autoptr (json_t) body = json_pack ("{s:s, s:o, s:{s:s, s:s, s:s, s:s}}", "type", "message.sms",
	                                     "timestamp", json_time (message->created), "data", "id", message->id,
	                                     "to", message->address, "text", message->body, "template", message->template_name);
	return jcs_dump (body, n, NULL);
}

static Delivery
judge (guint status, char **fate)
{
	*fate = g_strdup_printf ("the gateway answered %u", status);
	if (status >= 200 && status <= 299)
		return DELIVERY_SENT;
	return status == GONE ? DELIVERY_CLOSED : DELIVERY_FAILED;
}

Delivery
hook_channel_deliver (gpointer user, const Outgoing *message, char **fate)
{
	HookChannel *channel = user;
	gsize n;
	gint64 seconds = message->now / MICROS_PER_S;
	g_autofree char *body = hook_body (message, &n);
	g_autofree char *signature = webhook_signature (channel->secret, message->id, seconds, body, n);
	g_autofree char *id_line = g_strdup_printf ("webhook-id: %s", message->id);
	g_autofree char *time_line = g_strdup_printf ("webhook-timestamp: %" G_GINT64_FORMAT, seconds);
	g_autofree char *signature_line = g_strdup_printf ("webhook-signature: %s", signature);
	const char *const headers[] = { id_line, time_line, signature_line, NULL };
	g_autoptr (GError) error = NULL;
	g_auto (HttpReply) reply = { 0 };
	if (http_request (channel->client, "POST", channel->path, headers, "application/json", body, n, &reply, &error))
		return judge (reply.status, fate);
	*fate = g_strdup (error->message);
	return DELIVERY_FAILED;
}
