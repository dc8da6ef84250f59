/* main/cmd_profile.c — certificate profiles: what there is, and changing it by two administrators. */
#include <string.h>

#include "base/error.h"
#include "main/cli.h"
#include "main/remote.h"
#include "signer/profile.h"

static json_t *
all_profiles (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open_logged_in (cli, error);
	g_autoptr (json_t) reply = remote != NULL ? remote_call (remote, "GET", "/api/v1/profiles", NULL, error) : NULL;
	return reply != NULL ? json_incref (json_object_get (reply, "profiles")) : NULL;
}

static int
by_name_and_version (gconstpointer a, gconstpointer b)
{
	const json_t *one = *(json_t *const *) a, *other = *(json_t *const *) b;
	int names = g_strcmp0 (json_string_value (json_object_get (one, "name")), json_string_value (json_object_get (other, "name")));
	json_int_t versions = json_integer_value (json_object_get (one, "version")) - json_integer_value (json_object_get (other, "version"));
	return names != 0 ? names : (versions > 0) - (versions < 0);
}

static gboolean
run_list (Cli *cli, GError **error)
{
	g_autoptr (json_t) profiles = all_profiles (cli, error);
	gsize i;
	json_t *profile;
	if (profiles == NULL)
		return FALSE;
	if (cli_wants_json (cli)) {
		cli_print (cli, profiles);
		return TRUE;
	}
	g_autoptr (GPtrArray) sorted = g_ptr_array_new ();
	g_autoptr (json_t) items = json_array ();
	json_array_foreach (profiles, i, profile)
		g_ptr_array_add (sorted, profile);
	g_ptr_array_sort (sorted, by_name_and_version);
	for (i = 0; i < sorted->len; i++)
		json_array_append (items, g_ptr_array_index (sorted, i));
	g_autoptr (json_t) shown = json_pack ("{s:O}", "items", items);
	cli_print_columns (cli, shown, "name version open use validity_days title_zh");
	return TRUE;
}

/* The file as the signer has it, to be changed and proposed under the next version. */
static gboolean
run_show (Cli *cli, GError **error)
{
	g_autoptr (json_t) profiles = all_profiles (cli, error);
	gsize i;
	json_t *profile;
	json_array_foreach (profiles, i, profile) {
		g_autofree char *full = g_strdup_printf ("%s-%" JSON_INTEGER_FORMAT, json_string_value (json_object_get (profile, "name")),
		                                         json_integer_value (json_object_get (profile, "version")));
		if (strcmp (full, cli_argument (cli, 0)) == 0) {
			const char *file = json_string_value (json_object_get (profile, "text"));
			g_autoptr (GBytes) text = g_bytes_new (file, strlen (file));
			cli_print_bytes (text);
			return TRUE;
		}
	}
	return profiles != NULL && diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no profile %s; see diqi profile list", cli_argument (cli, 0));
}

/* Judged here as the signer will, so that nobody signs what it must refuse. */
static Profile *
read_profile (const char *path, GBytes **text, GError **error)
{
	*text = file_read (path, PROFILE_MAX_BYTES, error);
	Profile *profile = *text != NULL ? profile_parse (g_bytes_get_data (*text, NULL), g_bytes_get_size (*text), error) : NULL;
	if (*text != NULL && profile == NULL)
		g_prefix_error (error, "%s: ", path);
	return profile;
}

static gboolean
run_propose (Cli *cli, GError **error)
{
	g_autoptr (GBytes) text = NULL;
	g_autoptr (Profile) profile = read_profile (cli_argument (cli, 0), &text, error);
	g_autoptr (Remote) remote = profile != NULL ? remote_open (cli, error) : NULL;
	if (remote == NULL)
		return FALSE;
	g_autofree char *hash = fingerprint_hex (&profile->hash);
	json_t *members = json_pack ("{s:s, s:I, s:s, s:b}", "name", profile->name, "version", (json_int_t) profile->version, "profile", hash,
	                             "open", !cli_flag (cli, "close"));
	g_autofree char *statement = remote_statement (remote, "profile.change", members, NULL, error);
	return statement != NULL && file_write_new (cli_argument (cli, 1), statement, strlen (statement), 0644, error);
}

static gboolean
run_change (Cli *cli, GError **error)
{
	g_autoptr (GBytes) text = NULL;
	g_autoptr (Profile) profile = read_profile (cli_argument (cli, 0), &text, error);
	g_autoptr (GBytes) first = profile != NULL ? file_read (cli_argument (cli, 1), STATEMENT_MAX_BYTES, error) : NULL;
	g_autoptr (GBytes) second = first != NULL ? file_read (cli_argument (cli, 2), STATEMENT_MAX_BYTES, error) : NULL;
	g_autoptr (Remote) remote = second != NULL ? remote_open_logged_in (cli, error) : NULL;
	if (remote == NULL)
		return FALSE;
	json_t *body = json_pack ("{s:s%, s:[s%, s%]}", "profile", g_bytes_get_data (text, NULL), g_bytes_get_size (text),
	                          "statements", g_bytes_get_data (first, NULL), g_bytes_get_size (first), g_bytes_get_data (second, NULL), g_bytes_get_size (second));
	if (body == NULL)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, NULL, "a file is not UTF-8 text");
	g_autoptr (json_t) reply = remote_call (remote, "POST", "/api/v1/profiles", body, error);
	if (reply == NULL)
		return FALSE;
	cli_note (cli, "%s-%" G_GINT64_FORMAT ": the signer has taken the change", profile->name, profile->version);
	return TRUE;
}

#define END { NULL, NULL, NULL, FALSE }
static const CliOption propose_options[] = { { "close", NULL, "close this version to new certificates, where the default opens it", FALSE }, END };

const CliCommand profile_commands[] = {
	{ "profile list", "", 0, 0, "certificate profiles, open and closed", NULL, run_list },
	{ "profile show", "NAME-VERSION", 1, 1, "the file of one profile", NULL, run_show },
	{ "profile propose", "FILE STATEMENT", 2, 2, "administrator: sign a profile with --as, into a new file", propose_options, run_propose },
	{ "profile change", "FILE STATEMENT STATEMENT", 3, 3, "administrator: send a profile and two administrators' statements", NULL, run_change },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
