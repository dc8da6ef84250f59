/* main/cli.c — finds the command in the tables, reads its options, runs it, explains failure. */
#include "main/cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "pki/key.h"
#include "signer/hsm_keeper.h"
#include "signer/signer.h"

struct Cli {
	const CliCommand *command;
	GHashTable *options;       /* name → GPtrArray of its values, as they came */
	GPtrArray *arguments;
};

static const CliOption global_options[] = {
	{ "server", "URL", "the site to talk to (default http://127.0.0.1:8080, or DIQI_SERVER)", FALSE },
	{ "ca", "FILE", "trusted roots for https, PEM", FALSE },
	{ "as", "FILE.p12", "act with this certificate and key", FALSE },
	{ "pin-file", "FILE", "PIN of --as (default: FILE.pin beside it, else asked)", FALSE },
	{ "idempotency-key", "KEY", "repeat an earlier call with its key", FALSE },
	{ "json", NULL, "print whole answers as JSON", FALSE },
	{ "quiet", NULL, "no messages on standard error", FALSE },
	{ NULL, NULL, NULL, FALSE },
};

static const CliCommand *const tables[] = {
	site_commands, key_commands, application_commands, certificate_commands, check_commands,
	officer_commands, profile_commands, notice_commands, sale_commands, log_commands, routes_commands,
	fee_commands, paper_commands, counter_commands, message_commands, document_commands, token_commands,
	report_commands, service_commands, recovery_commands, agent_commands, carrier_commands, hsm_commands, doctor_commands, ceremony_commands, transcript_commands,
};

static guint
words_of (const char *name)
{
	guint n = 1;
	for (const char *p = name; *p != '\0'; p++)
		n += *p == ' ';
	return n;
}

static gboolean
name_matches (const char *name, int argc, char **argv)
{
	g_auto (GStrv) words = g_strsplit (name, " ", -1);
	for (guint i = 0; words[i] != NULL; i++) {
		if ((int) i >= argc || strcmp (words[i], argv[i]) != 0)
			return FALSE;
	}
	return TRUE;
}

static const CliCommand *
find_command (int argc, char **argv)
{
	const CliCommand *best = NULL;
	for (guint t = 0; t < G_N_ELEMENTS (tables); t++) {
		for (const CliCommand *c = tables[t]; c->name != NULL; c++) {
			if (name_matches (c->name, argc, argv) && (best == NULL || words_of (c->name) > words_of (best->name)))
				best = c;
		}
	}
	return best;
}

static void
print_options (FILE *to, const CliOption *options)
{
	for (const CliOption *o = options; o != NULL && o->name != NULL; o++) {
		g_autofree char *left = g_strdup_printf ("--%s%s%s", o->name, o->value != NULL ? " " : "", o->value != NULL ? o->value : "");
		fprintf (to, "  %-28s %s%s\n", left, o->help, o->required ? " (required)" : "");
	}
}

/* Is it "token list" of the group "token"?  NULL: any. */
static gboolean
is_of_group (const CliCommand *command, const char *group)
{
	gsize n = group != NULL ? strlen (group) : 0;
	return n == 0 || (strncmp (command->name, group, n) == 0 && (command->name[n] == ' ' || command->name[n] == '\0'));
}

static gboolean
group_exists (const char *group)
{
	for (guint t = 0; t < G_N_ELEMENTS (tables); t++)
		for (const CliCommand *c = tables[t]; c->name != NULL; c++)
			if (is_of_group (c, group))
				return TRUE;
	return FALSE;
}

static void
print_commands (FILE *to, const char *group)
{
	fputs ("Commands:\n", to);
	for (guint t = 0; t < G_N_ELEMENTS (tables); t++) {
		for (const CliCommand *c = tables[t]; c->name != NULL; c++) {
			g_autofree char *left = g_strdup_printf ("%s %s", c->name, c->arguments);
			if (is_of_group (c, group))
				fprintf (to, "  %-44s %s\n", left, c->summary);
		}
	}
}

static void
print_help (FILE *to, const CliCommand *command, const char *group)
{
	if (command != NULL) {
		fprintf (to, "diqi %s%s%s\n\n%s\n", command->name, command->arguments[0] != '\0' ? " " : "", command->arguments, command->summary);
		if (command->options != NULL) {
			fputs ("\nOptions:\n", to);
			print_options (to, command->options);
		}
	} else {
		if (group == NULL)
			fputs ("diqi COMMAND [ARGUMENTS] [OPTIONS]\n\n"
			       "Start here:\n"
			       "  diqi demo --dir var/demo           make and serve a demo site\n"
			       "  diqi demo --story                  play the whole story once, then verify its evidence\n"
			       "  diqi COMMAND --help                what a command takes\n\n", to);
		print_commands (to, group);
	}
	fputs ("\nFor every command:\n", to);
	print_options (to, global_options);
}

static const CliOption *
find_option (const CliCommand *command, const char *name, gsize n)
{
	const CliOption *lists[] = { command->options, global_options };
	for (guint l = 0; l < G_N_ELEMENTS (lists); l++) {
		for (const CliOption *o = lists[l]; o != NULL && o->name != NULL; o++) {
			if (strlen (o->name) == n && strncmp (o->name, name, n) == 0)
				return o;
		}
	}
	return NULL;
}

static gboolean G_GNUC_PRINTF (1, 2)
usage_error (const char *format, ...)
{
	va_list args;
	fputs ("diqi: ", stderr);
	va_start (args, format);
	vfprintf (stderr, format, args);
	va_end (args);
	fputs ("\n", stderr);
	return FALSE;
}

static void
put_option (Cli *cli, const char *name, const char *value)
{
	GPtrArray *values = g_hash_table_lookup (cli->options, name);
	if (values == NULL) {
		values = g_ptr_array_new_with_free_func (g_free);
		g_hash_table_insert (cli->options, g_strdup (name), values);
	}
	g_ptr_array_add (values, g_strdup (value));
}

/* Takes one "--name", "--name value" or "--name=value"; moves *i past it. */
static gboolean
take_option (Cli *cli, int argc, char **argv, int *i)
{
	const char *text = argv[*i] + 2;
	const char *equals = strchr (text, '=');
	gsize n = equals != NULL ? (gsize) (equals - text) : strlen (text);
	const CliOption *o = find_option (cli->command, text, n);
	if (o == NULL)
		return usage_error ("unknown option %s", argv[*i]);
	if (o->value == NULL) {
		if (equals != NULL)
			return usage_error ("%s takes no value", argv[*i]);
		put_option (cli, o->name, "");
		return TRUE;
	}
	if (equals == NULL && *i + 1 >= argc)
		return usage_error ("%s needs a value", argv[*i]);
	put_option (cli, o->name, equals != NULL ? equals + 1 : argv[++*i]);
	return TRUE;
}

static gboolean
read_arguments (Cli *cli, int argc, char **argv)
{
	gboolean options_end = FALSE;
	for (int i = 0; i < argc; i++) {
		if (!options_end && strcmp (argv[i], "--") == 0)
			options_end = TRUE;
		else if (!options_end && g_str_has_prefix (argv[i], "--")) {
			if (!take_option (cli, argc, argv, &i))
				return FALSE;
		} else
			g_ptr_array_add (cli->arguments, g_strdup (argv[i]));
	}
	if (cli->arguments->len < cli->command->least || cli->arguments->len > cli->command->most)
		return usage_error ("wrong number of arguments; see: diqi %s --help", cli->command->name);
	for (const CliOption *o = cli->command->options; o != NULL && o->name != NULL; o++) {
		if (o->required && !g_hash_table_contains (cli->options, o->name))
			return usage_error ("--%s is required", o->name);
	}
	return TRUE;
}

static int
exit_code (const GError *error)
{
	if (g_error_matches (error, DIQI_ERROR, DIQI_ERROR_BUNDLE) || g_error_matches (error, DIQI_ERROR, DIQI_ERROR_MERKLE))
		return 5;
	if (error->domain != DIQI_ERROR)
		return 1;
	switch (diqi_error_kind (error)) {
	case ERROR_KIND_UNAVAILABLE:
		return 4;
	case ERROR_KIND_INTERNAL:
		return 1;
	default:
		return 3;
	}
}

static void
explain (const GError *error)
{
	if (error->domain == DIQI_ERROR) {
		const char *field = diqi_error_field (error);
		fprintf (stderr, "diqi: %s [%s]%s%s\n", error->message, diqi_error_code_name (error),
		         field != NULL ? " at " : "", field != NULL ? field : "");
	} else
		fprintf (stderr, "diqi: %s\n", error->message);
}

static int
run_command (const CliCommand *command, int argc, char **argv)
{
	Cli cli = {
		.command = command,
		.options = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref),
		.arguments = g_ptr_array_new_with_free_func (g_free),
	};
	int code = 2;
	if (read_arguments (&cli, argc, argv)) {
		g_autoptr (GError) error = NULL;
		code = 0;
		if (!command->run (&cli, &error)) {
			explain (error);
			code = exit_code (error);
		}
	}
	g_hash_table_unref (cli.options);
	g_ptr_array_unref (cli.arguments);
	return code;
}

/* What was to be printed and could not be (a full disk) was not done. */
static int
end_output (int code)
{
	if (fflush (stdout) == 0 && !ferror (stdout))
		return code;
	usage_error ("standard output cannot be written: %s", g_strerror (errno));
	return code != 0 ? code : 1;
}

static int
no_command (int argc, char **argv, const char *group)
{
	if (argv[1][0] == '-')
		usage_error ("options stand after the command: diqi COMMAND … %s; see: diqi --help", argv[1]);
	else if (group != NULL && argc > 2)
		usage_error ("no command \"%s %s\"; see: diqi %s --help", argv[1], argv[2], argv[1]);
	else if (group != NULL)
		usage_error ("\"%s\" does what?  See: diqi %s --help", argv[1], argv[1]);
	else
		usage_error ("no command \"%s\"; see: diqi --help", argv[1]);
	return 2;
}

static gboolean
wants_help (int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp (argv[i], "--") != 0; i++)
		if (strcmp (argv[i], "--help") == 0 || strcmp (argv[i], "-h") == 0)
			return TRUE;
	return argc < 2;
}

int
cli_main (int argc, char **argv)
{
	/* The signer drops privileges and memory before anything else is set up. */
	if (argc > 1 && strcmp (argv[1], "signer") == 0)
		return signer_command (argc - 1, argv + 1);
	if (argc > 1 && strcmp (argv[1], "hsm-keeper") == 0)
		return hsm_keeper_command (argc - 1, argv + 1);
	pki_init ();

	if (argc > 1 && strcmp (argv[1], "--version") == 0) {
		puts ("diqi " DIQI_VERSION);
		return 0;
	}
	const CliCommand *command = find_command (argc - 1, argv + 1);
	const char *group = command == NULL && argc > 1 && group_exists (argv[1]) ? argv[1] : NULL;
	if (wants_help (argc, argv)) {
		print_help (stdout, command, group);
		return end_output (argc < 2 ? 2 : 0);
	}
	if (command == NULL)
		return no_command (argc, argv, group);
	int words = (int) words_of (command->name);
	return end_output (run_command (command, argc - 1 - words, argv + 1 + words));
}

const char *
cli_argument (const Cli *cli, guint i)
{
	return i < cli->arguments->len ? g_ptr_array_index (cli->arguments, i) : NULL;
}

const char *
cli_option (const Cli *cli, const char *name)
{
	const GPtrArray *values = cli_options (cli, name);
	return values != NULL ? values->pdata[values->len - 1] : NULL;
}

const GPtrArray *
cli_options (const Cli *cli, const char *name)
{
	return g_hash_table_lookup (cli->options, name);
}

gboolean
cli_flag (const Cli *cli, const char *name)
{
	return g_hash_table_contains (cli->options, name);
}

gboolean
cli_int (const Cli *cli, const char *name, gint64 fallback, gint64 *out, GError **error)
{
	const char *text = cli_option (cli, name);
	*out = fallback;
	return text == NULL || g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, out, NULL)
		|| diqi_fail (error, DIQI_ERROR_FIELD_VALUE, NULL, "--%s takes a whole number, not \"%s\"", name, text);
}

gboolean
cli_wants_json (const Cli *cli)
{
	return cli_flag (cli, "json");
}
