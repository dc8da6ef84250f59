/* main/cli.h — the command line: one table of commands, from which parsing and help come.
 *
 * "diqi NOUN VERB ARGUMENTS --option value".  Data goes to standard output, messages to
 * standard error; secrets come from files, descriptors or the terminal, never from an
 * argument.  Exit codes: 0 done, 1 failed, 2 usage, 3 refused by the server or a rule,
 * 4 not reachable or not available, 5 evidence does not verify.
 */
#pragma once
#include <glib.h>
#include "base/json.h"

typedef struct Cli Cli;

typedef struct {
	const char *name;        /* "form" for --form */
	const char *value;       /* "FILE"; NULL for a flag */
	const char *help;
	gboolean required;
} CliOption;

typedef struct {
	const char *name;            /* "application submit" */
	const char *arguments;       /* "APPLICATION [REASON]" or "" */
	guint least, most;           /* number of arguments */
	const char *summary;
	const CliOption *options;    /* ended by a NULL name; may be NULL */
	gboolean (*run) (Cli *cli, GError **error);
} CliCommand;

/* Each file of commands exports its table, ended by a NULL name. */
extern const CliCommand site_commands[], key_commands[], application_commands[], certificate_commands[],
	officer_commands[], profile_commands[], notice_commands[], sale_commands[], log_commands[], routes_commands[],
	fee_commands[], paper_commands[], counter_commands[], message_commands[], document_commands[], token_commands[],
	report_commands[], service_commands[], recovery_commands[], agent_commands[], carrier_commands[], hsm_commands[], doctor_commands[], ceremony_commands[], transcript_commands[], check_commands[];

int cli_main (int argc, char **argv);

const char *cli_argument (const Cli *cli, guint i);                /* NULL when absent */
const char *cli_option (const Cli *cli, const char *name);         /* NULL when absent; "" for a set flag */
/* All values of an option that was given more than once, in order (char *); NULL when absent. */
const GPtrArray *cli_options (const Cli *cli, const char *name);
gboolean cli_flag (const Cli *cli, const char *name);
gboolean cli_int (const Cli *cli, const char *name, gint64 fallback, gint64 *out, GError **error);
gboolean cli_wants_json (const Cli *cli);

/* Prints a reply: as JSON with --json, else its lists as tables and the rest as "name: value" lines. */
void cli_print (const Cli *cli, const json_t *value);
/* Of its lists only these columns (cli_table.h). */
void cli_print_columns (const Cli *cli, const json_t *value, const char *columns);
/* As they are, whatever the locale. */
void cli_print_bytes (GBytes *bytes);
void cli_note (const Cli *cli, const char *format, ...) G_GNUC_PRINTF (2, 3);   /* to standard error, not with --quiet */

/* First line of a file without its newline, for PINs and passphrases; wiped by secret_free. */
char *secret_read_file (const char *path, GError **error);
char *secret_read_fd (int fd, GError **error);
/* From the terminal, without echo.  instead: what to give where there is none ("--pin-file FILE"). */
char *secret_ask (const char *prompt, const char *instead, GError **error);
/* One that is chosen now is typed twice: a mistake in it would lock its owner out. */
char *secret_ask_new (const char *prompt, const char *instead, GError **error);
/* The secret of --OPTION-fd, --OPTION-file, the systemd credential, or the terminal: the first there is. */
char *cli_secret (const Cli *cli, const char *option, const char *credential, const char *prompt, GError **error);
/* The same, chosen now. */
char *cli_new_secret (const Cli *cli, const char *option, const char *credential, const char *prompt, GError **error);
void secret_free (char *secret);
typedef char Secret;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Secret, secret_free)

/* Writes a new file with this mode; refuses to overwrite (DIQI_ERROR_EXISTS); synced. */
gboolean file_write_new (const char *path, gconstpointer data, gsize n, guint mode, GError **error);
GBytes *file_read (const char *path, gsize max, GError **error);
/* A folder with all in it; links are not followed. */
void file_remove_tree (const char *path);
