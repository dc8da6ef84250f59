/* main/cmd_sale.c — watching, qualifying, quoting, and the evidence afterwards. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "main/cli.h"
#include "main/remote.h"

static char *
sale_path (Cli *cli, const char *verb)
{
	return g_strdup_printf ("/api/v1/sales/%s%s%s", cli_argument (cli, 0), verb != NULL ? "/" : "", verb != NULL ? verb : "");
}

static gboolean
get_and_print (Cli *cli, const char *path, const char *columns, GError **error)
{
	g_autoptr (Remote) remote = remote_open_maybe_logged_in (cli, error);
	return remote != NULL && remote_print_columns (cli, remote, path, columns, error);
}

static gboolean
run_list (Cli *cli, GError **error)
{
	return get_and_print (cli, "/api/v1/sales", "sale parcel.code parcel.place phase price_fen next_fen deadline", error);
}

static gboolean
run_show (Cli *cli, GError **error)
{
	g_autofree char *path = sale_path (cli, NULL);
	return get_and_print (cli, path, NULL, error);
}

static gboolean
run_events (Cli *cli, GError **error)
{
	g_autofree char *path = sale_path (cli, "events");
	return get_and_print (cli, path, "seq at kind bidder verdict phase highest_fen leader deadline", error);
}

/* --- qualifying ---------------------------------------------------------------------- */

/* The officer names the holder by subject id; the certificate to be bound is looked up. */
static json_t *
newest_certificate (Remote *remote, const char *query, const char *subject, GError **error)
{
	g_autofree char *escaped = g_uri_escape_string (query, NULL, FALSE);
	g_autofree char *path = g_strdup_printf ("/api/v1/subjects?query=%s", escaped);
	g_autoptr (json_t) subjects = remote_call (remote, "GET", path, NULL, error);
	if (subjects == NULL)
		return NULL;
	json_t *found = NULL;
	gsize i, k;
	const json_t *s;
	json_array_foreach (subjects, i, s) {
		const char *id = json_string_value (json_object_get (s, "subject"));
		if (subject != NULL && g_strcmp0 (id, subject) != 0)
			continue;
		json_t *c;
		json_array_foreach (json_object_get (s, "certificates"), k, c) {
			if (g_strcmp0 (json_string_value (json_object_get (c, "status")), "valid") != 0
			    || g_strcmp0 (json_string_value (json_object_get (c, "use")), "sign") != 0)
				continue;
			g_clear_pointer (&found, json_decref);
			found = json_pack ("{s:s, s:O, s:O}", "subject", id, "certificate", json_object_get (c, "fingerprint"),
			                   "spki", json_object_get (c, "spki"));
		}
	}
	if (found == NULL)
		diqi_error_set (error, DIQI_ERROR_NOT_FOUND, NULL, "no holder with a valid certificate matches \"%s\"", query);
	return found;
}

static gboolean
run_qualify (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autoptr (json_t) bound = newest_certificate (remote, cli_argument (cli, 1), cli_option (cli, "subject"), error);
	if (bound == NULL)
		return FALSE;
	json_t *members = json_pack ("{s:s, s:s, s:O, s:O, s:O}", "sale", cli_argument (cli, 0), "bidder_no", cli_argument (cli, 2),
	                             "subject", json_object_get (bound, "subject"), "certificate", json_object_get (bound, "certificate"),
	                             "spki", json_object_get (bound, "spki"));
	g_autofree char *path = sale_path (cli, "bidders");
	return remote_act_and_print (cli, remote, path, "bidder.qualify", members, error);
}

/* --- quoting --------------------------------------------------------------------------- */

static gboolean
quoted_price (Cli *cli, const json_t *sale, Money *price, GError **error)
{
	const char *text = cli_argument (cli, 1);
	if (strcmp (text, "next") != 0)
		return money_parse_yuan (text, price, error);
	const char *next = json_string_value (json_object_get (sale, "next_fen"));
	if (next == NULL)
		return diqi_fail (error, DIQI_ERROR_QUOTE_NOT_OPEN, NULL, "no price would be accepted now");
	return money_parse_fen (next, price, error);
}

static gboolean
run_quote (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autofree char *show_path = sale_path (cli, NULL), *path = sale_path (cli, "quotes");
	g_autoptr (json_t) sale = remote_call (remote, "GET", show_path, NULL, error);
	if (sale == NULL)
		return FALSE;
	Money price;
	if (!quoted_price (cli, sale, &price, error))
		return FALSE;
	g_autofree char *yuan = money_format_yuan (price), *capitals = money_format_capitals (price);
	cli_note (cli, "quoting %s yuan (%s)", yuan, capitals);
	json_t *members = json_pack ("{s:s, s:O?, s:o, s:O?}", "sale", cli_argument (cli, 0), "rule_set",
	                             json_object_get (json_object_get (sale, "rule_set"), "hash"),
	                             "price_fen", json_money (price), "head", json_object_get (sale, "head"));
	g_autoptr (json_t) view = remote_act (remote, path, "quote", members, error);
	if (view != NULL && cli_option (cli, "receipt") != NULL) {
		const char *receipt = json_string_value (json_object_get (view, "receipt"));
		if (receipt == NULL || !file_write_new (cli_option (cli, "receipt"), receipt, strlen (receipt), 0644, error))
			return FALSE;
	}
	cli_print (cli, view);
	return view != NULL;
}

/* --- watching --------------------------------------------------------------------------- */

static gboolean
print_event (guint64 id, const char *event, const char *data, gpointer user)
{
	gint64 *left = user;
	printf ("%" G_GUINT64_FORMAT " %s %s\n", id, event, data);
	fflush (stdout);
	return *left <= 0 || --*left > 0;
}

static gboolean
run_watch (Cli *cli, GError **error)
{
	gint64 seconds, events;
	if (!cli_int (cli, "seconds", 3600, &seconds, error) || !cli_int (cli, "events", 0, &events, error))
		return FALSE;
	g_autoptr (Remote) remote = remote_open (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autofree char *path = sale_path (cli, "stream");
	return http_client_events (remote_http (remote), path, (guint) (seconds * 1000), print_event, &events, error);
}

static gboolean
run_bundle (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open_maybe_logged_in (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autofree char *path = sale_path (cli, "bundle");
	g_autoptr (GBytes) bundle = remote_fetch (remote, path, error);
	if (bundle == NULL)
		return FALSE;
	if (!file_write_new (cli_argument (cli, 1), g_bytes_get_data (bundle, NULL), g_bytes_get_size (bundle), 0644, error))
		return FALSE;
	cli_note (cli, "wrote %s; check it with: diqi verify %s", cli_argument (cli, 1), cli_argument (cli, 1));
	return TRUE;
}

static const CliOption qualify_options[] = {
	{ "subject", "ID", "which one, when several match", FALSE },
	{ NULL, NULL, NULL, FALSE },
};
static const CliOption quote_options[] = {
	{ "receipt", "FILE", "keep the signed receipt", FALSE },
	{ NULL, NULL, NULL, FALSE },
};
static const CliOption watch_options[] = {
	{ "seconds", "N", "stop after this long (3600)", FALSE },
	{ "events", "N", "stop after this many", FALSE },
	{ NULL, NULL, NULL, FALSE },
};

const CliCommand sale_commands[] = {
	{ "sale list", "", 0, 0, "announced sales", NULL, run_list },
	{ "sale show", "SALE", 1, 1, "price, phase, deadline", NULL, run_show },
	{ "sale events", "SALE", 1, 1, "what happened, bidders by number", NULL, run_events },
	{ "sale qualify", "SALE NAME-OR-CODE BIDDER-NO", 3, 3, "market approver: give a holder the right to quote", qualify_options, run_qualify },
	{ "sale quote", "SALE YUAN|next", 2, 2, "bidder: sign and place a quote", quote_options, run_quote },
	{ "sale watch", "SALE", 1, 1, "live prices and deadline", watch_options, run_watch },
	{ "sale bundle", "SALE FILE", 2, 2, "download the evidence of a closed sale", NULL, run_bundle },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
