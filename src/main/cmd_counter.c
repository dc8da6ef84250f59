/* main/cmd_counter.c — diqi counter …: points, blank tokens, parcels, the calendar, the queue.
 *
 * What two administrators sign goes three steps, as with officers: a JSON file, "counter point sign" by each of them,
 * "counter point submit" with both statements. */
#include <string.h>

#include "base/error.h"
#include "main/cli.h"
#include "main/remote.h"

/* --- reading ------------------------------------------------------------------------------------ */

static gboolean
print_public (Cli *cli, const char *path, GError **error)
{
	g_autoptr (Remote) remote = remote_open (cli, error);
	return remote != NULL && remote_print (cli, remote, path, error);
}

static gboolean
print_as_officer (Cli *cli, const char *path, GError **error)
{
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	return remote != NULL && remote_print (cli, remote, path, error);
}

/* "PREFIX/ARGUMENT SUFFIX", the argument escaped. */
static char *
path_of (const char *prefix, const char *argument, const char *suffix)
{
	g_autofree char *escaped = g_uri_escape_string (argument, NULL, FALSE);
	return g_strconcat (prefix, escaped, suffix, NULL);
}

static gboolean
run_queue (Cli *cli, GError **error)
{
	const char *point = cli_option (cli, "point");
	g_autofree char *path = point != NULL ? path_of ("/api/v1/queue?point=", point, "") : g_strdup ("/api/v1/queue");
	return print_as_officer (cli, path, error);
}

static gboolean
run_points (Cli *cli, GError **error)
{
	const char *code = cli_argument (cli, 0);
	g_autofree char *path = code != NULL ? path_of ("/api/v1/points/", code, "") : g_strdup ("/api/v1/points?limit=200");
	g_autoptr (Remote) remote = remote_open (cli, error);
	return remote != NULL && remote_print_columns (cli, remote, path, "code name address active version", error);
}

static gboolean
run_stock (Cli *cli, GError **error)
{
	g_autofree char *path = path_of ("/api/v1/points/", cli_argument (cli, 0), "/stock");
	return print_as_officer (cli, path, error);
}

static gboolean
run_token (Cli *cli, GError **error)
{
	g_autofree char *path = path_of ("/api/v1/tokens/", cli_argument (cli, 0), "");
	return print_as_officer (cli, path, error);
}

static gboolean
run_calendar (Cli *cli, GError **error)
{
	g_autofree char *path = path_of ("/api/v1/calendar/", cli_argument (cli, 0), "");
	return print_public (cli, path, error);
}

static gboolean
run_due (Cli *cli, GError **error)
{
	const char *from = cli_option (cli, "from");
	g_autofree char *start = from != NULL ? path_of ("&from=", from, "") : g_strdup ("");
	g_autofree char *path = path_of ("/api/v1/calendar/due?days=", cli_argument (cli, 0), start);
	return print_public (cli, path, error);
}

/* --- acts of one person --------------------------------------------------------------------------- */

static void
add_option (const Cli *cli, json_t *members, const char *name)
{
	const char *value = cli_option (cli, name);
	if (value != NULL)
		json_object_set_new (members, name, json_string (value));
}

static gboolean
run_move (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open (cli, error);
	json_t *tokens = json_array ();
	json_t *members = json_pack ("{s:s, s:s, s:o}", "movement", cli_argument (cli, 0), "point", cli_argument (cli, 1), "tokens", tokens);
	for (guint i = 2; cli_argument (cli, i) != NULL; i++)
		json_array_append_new (tokens, json_string (cli_argument (cli, i)));
	add_option (cli, members, "to");
	add_option (cli, members, "application");
	add_option (cli, members, "reason");
	if (remote == NULL) {
		json_decref (members);
		return FALSE;
	}
	return remote_act_and_print (cli, remote, "/api/v1/tokens/moves", "token.move", members, error);
}

static gboolean
run_parcel (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open (cli, error);
	g_autofree char *path = path_of ("/api/v1/applications/", cli_argument (cli, 0), "/parcel");
	if (remote == NULL)
		return FALSE;
	return remote_act_and_print (cli, remote, path, "parcel.send",
		json_pack ("{s:s, s:s, s:s, s:s}", "application", cli_argument (cli, 0), "carrier", cli_option (cli, "carrier"),
		           "number", cli_option (cli, "number"), "recipient", cli_option (cli, "recipient")), error);
}

static gboolean
run_received (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	g_autofree char *path = path_of ("/api/v1/applications/", cli_argument (cli, 0), "/parcel/received");
	if (remote == NULL)
		return FALSE;
	g_autoptr (json_t) reply = remote_call (remote, "POST", path, json_pack ("{s:s}", "parcel", cli_argument (cli, 1)), error);
	cli_print (cli, reply);
	return reply != NULL;
}

static json_t *
hash_of (const json_t *value)
{
	g_autoptr (GBytes) text = jcs_bytes (value);
	Fingerprint hash;
	fingerprint_of (g_bytes_get_data (text, NULL), g_bytes_get_size (text), &hash);
	return json_hex (hash.b, sizeof hash.b);
}

static gboolean
put_and_print (Cli *cli, Remote *remote, const char *path, gint64 version, json_t *body, GError **error)
{
	g_autofree char *tag = g_strdup_printf ("\"v%" G_GINT64_FORMAT "\"", version);
	g_autoptr (json_t) reply = remote_call_etag (remote, "PUT", path, body, tag, NULL, error);
	cli_print (cli, reply);
	return reply != NULL;
}

static gboolean
run_calendar_change (Cli *cli, GError **error)
{
	g_autoptr (json_t) document = json_file_read (cli_argument (cli, 0), error);
	gint64 version;
	if (document == NULL || !cli_int (cli, "version", 0, &version, error))
		return FALSE;
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	if (remote == NULL)
		return FALSE;
	json_int_t year = json_integer_value (json_object_get (document, "year"));
	g_autofree char *path = g_strdup_printf ("/api/v1/calendar/%" JSON_INTEGER_FORMAT, year);
	g_autofree char *statement = remote_statement (remote, "calendar.change", json_pack ("{s:I, s:o}", "year", year, "calendar", hash_of (document)), NULL, error);
	if (statement == NULL)
		return FALSE;
	return put_and_print (cli, remote, path, version, json_pack ("{s:O, s:s}", "calendar", document, "statement", statement), error);
}

/* --- acts of two administrators ----------------------------------------------------------------------- */

static gboolean
write_statement (Cli *cli, const char *type, json_t *members, const char *file, GError **error)
{
	g_autoptr (Remote) remote = remote_open (cli, error);
	if (remote == NULL) {
		json_decref (members);
		return FALSE;
	}
	g_autofree char *statement = remote_statement (remote, type, members, NULL, error);
	return statement != NULL && file_write_new (file, statement, strlen (statement), 0644, error);
}

static json_t *
read_statements (const char *first, const char *second, GError **error)
{
	g_autoptr (GBytes) a = file_read (first, STATEMENT_MAX_BYTES, error);
	g_autoptr (GBytes) b = a != NULL ? file_read (second, STATEMENT_MAX_BYTES, error) : NULL;
	if (b == NULL)
		return NULL;
	return json_pack ("[s%, s%]", g_bytes_get_data (a, NULL), g_bytes_get_size (a), g_bytes_get_data (b, NULL), g_bytes_get_size (b));
}

static gboolean
run_point_sign (Cli *cli, GError **error)
{
	g_autoptr (json_t) content = json_file_read (cli_argument (cli, 1), error);
	gint64 version;
	if (content == NULL || !cli_int (cli, "version", 0, &version, error))
		return FALSE;
	return write_statement (cli, "point.change", json_pack ("{s:s, s:I, s:o}", "point", cli_argument (cli, 0), "version", (json_int_t) version,
	                        "content", hash_of (content)), cli_argument (cli, 2), error);
}

static gboolean
run_point_submit (Cli *cli, GError **error)
{
	g_autoptr (json_t) content = json_file_read (cli_argument (cli, 1), error);
	gint64 version;
	if (content == NULL || !cli_int (cli, "version", 0, &version, error))
		return FALSE;
	g_autoptr (json_t) statements = read_statements (cli_argument (cli, 2), cli_argument (cli, 3), error);
	g_autoptr (Remote) remote = statements != NULL ? remote_open_logged_in (cli, error) : NULL;
	g_autofree char *path = path_of ("/api/v1/points/", cli_argument (cli, 0), "");
	if (remote == NULL)
		return FALSE;
	return put_and_print (cli, remote, path, version, json_pack ("{s:O, s:O}", "point", content, "statements", statements), error);
}

static gboolean
run_assign_sign (Cli *cli, GError **error)
{
	json_t *points = json_array ();
	g_auto (GStrv) codes = g_strsplit (cli_option (cli, "points"), ",", -1);
	for (guint i = 0; codes[i] != NULL; i++)
		if (*g_strstrip (codes[i]) != '\0')
			json_array_append_new (points, json_string (codes[i]));
	return write_statement (cli, "point.assign", json_pack ("{s:s, s:o}", "person", cli_argument (cli, 0), "points", points), cli_argument (cli, 1), error);
}

static gboolean
run_assign_submit (Cli *cli, GError **error)
{
	g_autoptr (json_t) statements = read_statements (cli_argument (cli, 0), cli_argument (cli, 1), error);
	g_autoptr (Remote) remote = statements != NULL ? remote_open_logged_in (cli, error) : NULL;
	if (remote == NULL)
		return FALSE;
	g_autoptr (json_t) reply = remote_call (remote, "POST", "/api/v1/points/assignments", json_pack ("{s:O}", "statements", statements), error);
	cli_print (cli, reply);
	return reply != NULL;
}

#define END { NULL, NULL, NULL, FALSE }
static const CliOption queue_options[] = { { "point", "CODE", "of this point only", FALSE }, END };
static const CliOption due_options[] = { { "from", "TIME", "begin, as 2026-02-13T10:00:00+08:00; now when absent", FALSE }, END };
static const CliOption version_options[] = { { "version", "N", "the version replaced; 0 (default) for a new one", FALSE }, END };
static const CliOption assign_options[] = { { "points", "A,B", "codes; empty: every point", TRUE }, END };
static const CliOption move_options[] = {
	{ "to", "CODE", "transfer: to this point", FALSE }, { "application", "APPLICATION", "reserve: for it", FALSE },
	{ "reason", "TEXT", "spoil, return: why", FALSE }, END };
static const CliOption parcel_options[] = {
	{ "carrier", "NAME", "who carries it", TRUE }, { "number", "NUMBER", "the carrier's number", TRUE },
	{ "recipient", "TEXT", "name and address", TRUE }, END };

const CliCommand counter_commands[] = {
	{ "counter queue", "", 0, 0, "what you can act on now, oldest first", queue_options, run_queue },
	{ "counter point", "[CODE]", 0, 1, "acceptance points (受理点)", NULL, run_points },
	{ "counter point sign", "CODE CONTENT STATEMENT", 3, 3, "administrator: sign a point's content with --as", version_options, run_point_sign },
	{ "counter point submit", "CODE CONTENT STATEMENT STATEMENT", 4, 4, "administrator: send content and both statements", version_options, run_point_submit },
	{ "counter assign sign", "PERSON STATEMENT", 2, 2, "administrator: sign where an officer works", assign_options, run_assign_sign },
	{ "counter assign submit", "STATEMENT STATEMENT", 2, 2, "administrator: send both statements", NULL, run_assign_submit },
	{ "counter stock", "CODE", 1, 1, "blank tokens of a point, in figures", NULL, run_stock },
	{ "counter token", "SERIAL", 1, 1, "one token and its movements", NULL, run_token },
	{ "counter move", "MOVEMENT CODE SERIAL...", 3, 502, "clerk: receive, transfer, reserve, release, spoil, return", move_options, run_move },
	{ "counter parcel", "APPLICATION", 1, 1, "clerk: sent by post", parcel_options, run_parcel },
	{ "counter received", "APPLICATION PARCEL", 2, 2, "clerk: the parcel has arrived", NULL, run_received },
	{ "counter calendar", "YEAR", 1, 1, "holidays and make-up days", NULL, run_calendar },
	{ "counter holidays", "DOCUMENT", 1, 1, "administrator: replace a year", version_options, run_calendar_change },
	{ "counter due", "DAYS", 1, 1, "when so many working days are over", due_options, run_due },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
