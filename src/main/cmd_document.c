/* main/cmd_document.c — papers as PDF files: blank ones, and those of an application. */
#include "base/error.h"
#include "main/cli.h"
#include "main/remote.h"

/* To the file of --out, or to standard output. */
static gboolean
put_document (Cli *cli, GBytes *pdf, GError **error)
{
	const char *path = cli_option (cli, "out");
	gsize n;

	if (path == NULL) {
		cli_print_bytes (pdf);
		return TRUE;
	}
	const void *bytes = g_bytes_get_data (pdf, &n);
	if (!file_write_new (path, bytes, n, 0600, error))
		return FALSE;
	cli_note (cli, "wrote %s", path);
	return TRUE;
}

static gboolean
run_blank (Cli *cli, GError **error)
{
	static const char *const names[] = { "organization", "person", "contract" };
	const char *name = cli_argument (cli, 0);
	gboolean known = FALSE;

	for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
		known = known || g_str_equal (name, names[i]);
	if (!known)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, NULL, "FORM is organization (附件一), person (附件二) or contract (附件三)");
	g_autoptr (Remote) remote = remote_open (cli, error);
	if (remote == NULL)
		return FALSE;
	g_autofree char *path = g_strdup_printf ("/api/v1/forms/%s.pdf", name);
	g_autoptr (GBytes) pdf = remote_fetch (remote, path, error);
	return pdf != NULL && put_document (cli, pdf, error);
}

/* An officer or holder logs in with --as; an applicant has a ticket. */
static Remote *
open_reader (Cli *cli, char **id, GError **error)
{
	const char *file = cli_option (cli, "ticket"), *application = NULL, *code = NULL, *server = NULL;

	*id = g_strdup (cli_argument (cli, 0));
	if ((file == NULL) == (*id == NULL)) {
		diqi_error_set (error, DIQI_ERROR_FIELD_VALUE, NULL, "name the APPLICATION with --as, or give --ticket");
		return NULL;
	}
	if (file == NULL)
		return remote_open_logged_in (cli, error);
	g_autoptr (json_t) ticket = json_file_read (file, error);
	const Field fields[] = {
		{ "application", FIELD_UUID, TRUE, 0, &application },
		{ "access_code", FIELD_STRING, TRUE, 0, &code },
		{ "server", FIELD_STRING, FALSE, 1024, &server },
	};
	if (ticket == NULL || !JSON_READ (ticket, "", fields, error))
		return NULL;
	Remote *remote = remote_open (cli, error);
	if (remote != NULL)
		remote_use_access_code (remote, code);
	*id = g_strdup (application);
	return remote;
}

static gboolean
fetch_paper (Cli *cli, const char *paper, GError **error)
{
	g_autofree char *id = NULL;
	g_autoptr (Remote) remote = open_reader (cli, &id, error);

	if (remote == NULL)
		return FALSE;
	g_autofree char *path = g_strdup_printf ("/api/v1/applications/%s/%s.pdf", id, paper);
	g_autoptr (GBytes) pdf = remote_fetch (remote, path, error);
	return pdf != NULL && put_document (cli, pdf, error);
}

static gboolean run_form (Cli *cli, GError **error) { return fetch_paper (cli, "form", error); }
static gboolean run_contract (Cli *cli, GError **error) { return fetch_paper (cli, "contract", error); }
static gboolean run_receipt (Cli *cli, GError **error) { return fetch_paper (cli, "receipt", error); }
static gboolean run_slip (Cli *cli, GError **error) { return fetch_paper (cli, "slip", error); }

#define OUT { "out", "FILE", "where to write the PDF (a new file); default: standard output", FALSE }

static const CliOption blank_options[] = { OUT, { NULL, NULL, NULL, FALSE } };
static const CliOption paper_options[] = {
	{ "ticket", "FILE", "the applicant's number and access code, in place of APPLICATION and --as", FALSE },
	OUT,
	{ NULL, NULL, NULL, FALSE },
};

const CliCommand document_commands[] = {
	{ "document blank", "FORM", 1, 1, "blank form as PDF: organization, person or contract", blank_options, run_blank },
	{ "document form", "[APPLICATION]", 0, 1, "application form (附件一, 附件二) as signed PDF", paper_options, run_form },
	{ "document contract", "[APPLICATION]", 0, 1, "service contract (附件三), both copies, as signed PDF", paper_options, run_contract },
	{ "document receipt", "[APPLICATION]", 0, 1, "payment receipt (收费收据) as signed PDF", paper_options, run_receipt },
	{ "document slip", "[APPLICATION]", 0, 1, "acceptance slip (受理回执) as signed PDF", paper_options, run_slip },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
