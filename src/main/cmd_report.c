/* main/cmd_report.c — searching, counting, spreadsheets out and in. */
#include <string.h>

#include "base/error.h"
#include "main/cli.h"
#include "main/remote.h"

#define SHEET_MAX (3 * 1024 * 1024)

static gboolean
run_search (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autofree char *query = g_uri_escape_string (cli_argument (cli, 0), NULL, FALSE);
	g_autofree char *path = g_strdup_printf ("/api/v1/search?query=%s", query);
	return remote_print (cli, remote, path, error);
}

static void
add_query (GString *path, const Cli *cli, const char *name)
{
	const char *value = cli_option (cli, name);
	if (value == NULL)
		return;
	g_autofree char *escaped = g_uri_escape_string (value, NULL, FALSE);
	g_string_append_printf (path, "%s%s=%s", strchr (path->str, '?') != NULL ? "&" : "?", name, escaped);
}

static char *
span_path (const Cli *cli, const char *address)
{
	GString *path = g_string_new (address);
	add_query (path, cli, "from");
	add_query (path, cli, "to");
	add_query (path, cli, "by");
	return g_string_free (path, FALSE);
}

static gboolean
run_statistics (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autofree char *path = span_path (cli, "/api/v1/statistics");
	return remote_print (cli, remote, path, error);
}

static gboolean
fetch_to_file (Cli *cli, const char *path, GError **error)
{
	const char *out = cli_option (cli, "out");
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autoptr (GBytes) bytes = remote_fetch (remote, path, error);
	if (bytes == NULL || !file_write_new (out, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), 0600, error))
		return FALSE;
	cli_note (cli, "wrote %s", out);
	return TRUE;
}

static gboolean
run_export (Cli *cli, GError **error)
{
	const char *what = cli_argument (cli, 0);
	if (strcmp (what, "applications") != 0 && strcmp (what, "statistics") != 0)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, NULL, "export applications or statistics");
	g_autofree char *address = g_strconcat ("/api/v1/exports/", what, NULL);
	g_autofree char *path = span_path (cli, address);
	return fetch_to_file (cli, path, error);
}

static gboolean
run_template (Cli *cli, GError **error)
{
	g_autofree char *escaped = g_uri_escape_string (cli_argument (cli, 0), NULL, FALSE);
	g_autofree char *path = g_strconcat ("/api/v1/bulk/template/", escaped, NULL);
	const char *out = cli_option (cli, "out");
	g_autoptr (Remote) remote = remote_open (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autoptr (GBytes) bytes = remote_fetch (remote, path, error);
	return bytes != NULL && file_write_new (out, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), 0600, error);
}

static gboolean
run_bulk (Cli *cli, GError **error)
{
	g_autoptr (GBytes) file = file_read (cli_argument (cli, 1), SHEET_MAX, error);
	if (file == NULL)
		return FALSE;
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	if (remote == NULL)
		return FALSE;
	json_t *body = json_pack ("{s:s, s:o, s:b, s:b}", "kind", cli_argument (cli, 0),
	                          "file", json_base64 (g_bytes_get_data (file, NULL), g_bytes_get_size (file)),
	                          "check_only", cli_flag (cli, "check-only"), "skip_invalid", cli_flag (cli, "skip-invalid"));
	g_autoptr (json_t) report = remote_call (remote, "POST", "/api/v1/bulk", body, error);
	if (report == NULL)
		return FALSE;
	/* Numbers and access codes are shown only once: whole, to be kept in a file. */
	g_autofree char *text = json_dumps (report, JSON_INDENT (2));
	g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
	cli_print_bytes (bytes);
	return TRUE;
}

#define SPAN \
	{ "from", "TIME", "made at or after this, like 2026-01-01T00:00:00Z", FALSE }, \
	{ "to", "TIME", "made before this (default: now)", FALSE }
#define END { NULL, NULL, NULL, FALSE }
static const CliOption statistics_options[] = { SPAN, { "by", "WORDS", "of month,service,point (default all)", FALSE }, END };
static const CliOption export_options[] = { SPAN, { "by", "WORDS", "statistics: of month,service,point (default all)", FALSE },
	{ "out", "FILE", "the spreadsheet to write", TRUE }, END };
static const CliOption template_options[] = { { "out", "FILE", "the spreadsheet to write", TRUE }, END };
static const CliOption bulk_options[] = {
	{ "check-only", NULL, "tell faults, make nothing", FALSE },
	{ "skip-invalid", NULL, "make the valid rows although others are faulty", FALSE }, END };

const CliCommand report_commands[] = {
	{ "application search", "WORDS", 1, 1, "find applications by name, code, number or serial", NULL, run_search },
	{ "application bulk", "KIND FILE", 2, 2, "many applications from an .xlsx or CSV file", bulk_options, run_bulk },
	{ "application template", "KIND", 1, 1, "empty spreadsheet for application bulk", template_options, run_template },
	{ "report statistics", "", 0, 0, "applications by month, service and acceptance point", statistics_options, run_statistics },
	{ "report export", "WHAT", 1, 1, "applications or statistics as a spreadsheet", export_options, run_export },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
