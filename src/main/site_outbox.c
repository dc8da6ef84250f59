/* main/site_outbox.c — the ways out of the outbox that the configuration opens. */
#include <string.h>

#include "base/error.h"
#include "main/cli.h"
#include "main/site.h"
#include "outbox/outbox.h"
#include "outbox/sender.h"
#include "outbox/webhook.h"

static gboolean
read_secret (const Config *config, const char *section, const char *key, char **out, GError **error)
{
	g_autofree char *path = config_path (config, section, key);
	*out = path != NULL ? secret_read_file (path, error) : NULL;
	return path == NULL || *out != NULL;
}

static gboolean
open_mail (Site *site, GError **error)
{
	const Config *config = site->config;
	const char *url = config_string (config, "mail", "url"), *user = config_string (config, "mail", "user");
	g_autofree char *ca = config_path (config, "mail", "ca");
	g_autoptr (Secret) password = NULL;
	if (*url == '\0')
		return TRUE;
	if (!read_secret (config, "mail", "password_file", &password, error))
		return FALSE;
	const SmtpServer server = {
		.url = url, .user = *user != '\0' ? user : NULL, .password = password, .ca_file = ca,
		.starttls = strcmp (config_string (config, "mail", "starttls"), "required") == 0,
	};
	site->mail = mail_channel_new (&server, config_string (config, "mail", "from"), site->api.site_name, error);
	if (site->mail == NULL)
		return FALSE;
	site->mail_sender = outbox_sender_new (site->store, site->clock, site->metrics, "mail", mail_channel_deliver, site->mail);
	return TRUE;
}

static gboolean
open_hook (Site *site, GError **error)
{
	const char *url = config_string (site->config, "hook", "url");
	g_autofree char *ca = config_path (site->config, "hook", "ca");
	g_autoptr (Secret) text = NULL;
	if (*url == '\0')
		return TRUE;
	if (!read_secret (site->config, "hook", "secret_file", &text, error))
		return FALSE;
	if (text == NULL)
		return diqi_fail (error, DIQI_ERROR_CONFIG, "/hook/secret_file", "a hook needs the secret it is signed with");
	g_autoptr (GBytes) secret = webhook_secret_parse (text, error);
	if (secret == NULL || (site->hook = hook_channel_new (url, secret, ca, error)) == NULL)
		return FALSE;
	site->hook_sender = outbox_sender_new (site->store, site->clock, site->metrics, "hook", hook_channel_deliver, site->hook);
	return TRUE;
}

static gboolean
configure (Tx *tx, gpointer arg, GError **error)
{
	const Site *site = arg;
	return outbox_configure (tx, site->api.site_name, site->mail != NULL, site->hook != NULL, error);
}

/* Read even where their channel is off: a wrong address is better found at once. */
static gboolean
read_people (Site *site, GError **error)
{
	AlarmPeople *people = &site->alarm_people;
	people->mail = alarm_addresses (config_string (site->config, "alarms", "mail"), "/alarms/mail", error);
	people->mobile = people->mail != NULL ? alarm_addresses (config_string (site->config, "alarms", "mobile"), "/alarms/mobile", error) : NULL;
	people->language = config_string (site->config, "alarms", "language");
	if (people->mobile == NULL)
		return FALSE;
	if (site->mail == NULL)
		g_clear_pointer (&people->mail, g_strfreev);
	if (site->hook == NULL)
		g_clear_pointer (&people->mobile, g_strfreev);
	return TRUE;
}

gboolean
site_open_outbox (Site *site, GError **error)
{
	return open_mail (site, error) && open_hook (site, error) && read_people (site, error) && store_run (site->store, "outbox.configure", configure, site, error);
}

void
site_start_outbox (Site *site)
{
	if (site->mail_sender != NULL)
		outbox_sender_start (site->mail_sender);
	if (site->hook_sender != NULL)
		outbox_sender_start (site->hook_sender);
}

void
site_close_outbox (Site *site)
{
	g_clear_pointer (&site->mail_sender, outbox_sender_free);
	g_clear_pointer (&site->hook_sender, outbox_sender_free);
	g_clear_pointer (&site->mail, mail_channel_free);
	g_clear_pointer (&site->hook, hook_channel_free);
}
