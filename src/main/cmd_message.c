/* main/cmd_message.c — a person's messages and calendar; what became of the messages that left the house. */
#include <string.h>

#include "base/error.h"
#include "main/cli.h"
#include "main/remote.h"

/* "path?state=…&cursor=…" of the options that were given. */
static char *
listing_path (const Cli *cli, const char *path)
{
	static const char *const names[] = { "state", "cursor", "limit" };
	GString *out = g_string_new (path);
	char separator = '?';
	for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
		const char *value = cli_option (cli, names[i]);
		if (value == NULL)
			continue;
		g_autofree char *escaped = g_uri_escape_string (value, NULL, FALSE);
		g_string_append_printf (out, "%c%s=%s", separator, names[i], escaped);
		separator = '&';
	}
	return g_string_free (out, FALSE);
}

static gboolean
run_inbox (Cli *cli, GError **error)
{
	g_autofree char *application = g_strdup (cli_option (cli, "application"));
	gboolean ticket = cli_option (cli, "ticket") != NULL;
	if (ticket)
		g_clear_pointer (&application, g_free);
	g_autoptr (Remote) remote = ticket ? remote_open_ticket (cli, &application, error) : remote_open_logged_in (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autofree char *of = application != NULL ? g_strdup_printf ("/api/v1/applications/%s/messages", application) : g_strdup ("/api/v1/messages");
	g_autofree char *path = listing_path (cli, of);
	return remote_print_columns (cli, remote, path, "time message title text", error);
}

static gboolean
post_nothing (Cli *cli, const char *path, GError **error)
{
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autoptr (json_t) reply = remote_call (remote, "POST", path, json_object (), error);
	if (reply == NULL)
		return FALSE;
	cli_print (cli, reply);
	return TRUE;
}

static gboolean
run_read (Cli *cli, GError **error)
{
	g_autofree char *path = g_strdup_printf ("/api/v1/messages/%s/read", cli_argument (cli, 0));
	return post_nothing (cli, path, error);
}

static gboolean
run_calendar (Cli *cli, GError **error)
{
	return post_nothing (cli, "/api/v1/feed", error);
}

static gboolean
run_outbox (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autofree char *path = listing_path (cli, "/api/v1/outbox");
	return remote_print (cli, remote, path, error);
}

static gboolean
run_retry (Cli *cli, GError **error)
{
	g_autofree char *path = g_strdup_printf ("/api/v1/outbox/%s/retry", cli_argument (cli, 0));
	return post_nothing (cli, path, error);
}

static const CliOption inbox_options[] = {
	{ "application", "ID", "of one application instead of all of the holder's", FALSE },
	{ "ticket", "FILE", "of the application of this ticket, for who has no certificate", FALSE },
	{ "limit", "N", "most messages", FALSE },
	{ "cursor", "TEXT", "next_cursor of the page before", FALSE },
	{ NULL, NULL, NULL, FALSE },
};

static const CliOption outbox_options[] = {
	{ "state", "STATE", "due, failed, sent or dead", FALSE },
	{ "limit", "N", "most deliveries", FALSE },
	{ "cursor", "TEXT", "next_cursor of the page before", FALSE },
	{ NULL, NULL, NULL, FALSE },
};

const CliCommand message_commands[] = {
	{ "message inbox", "", 0, 0, "your messages, newest first", inbox_options, run_inbox },
	{ "message read", "MESSAGE", 1, 1, "mark a message as read", NULL, run_read },
	{ "message calendar", "", 0, 0, "a new secret address of your calendar; the old one ends", NULL, run_calendar },
	{ "message outbox", "", 0, 0, "what left the house and its fate (administrator, auditor)", outbox_options, run_outbox },
	{ "message retry", "DELIVERY", 1, 1, "send a failed or dead message again (administrator)", NULL, run_retry },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
