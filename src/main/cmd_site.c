/* main/cmd_site.c — making, serving and moving a site. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "main/cli.h"
#include "main/demo.h"
#include "main/hsm_options.h"
#include "main/init.h"
#include "main/remote.h"
#include "main/serve.h"
#include "main/shares.h"
#include "main/site.h"

/* --- init ---------------------------------------------------------------------------------- */

/* --second: a site whose holders have SM2 keys, and others, needs two hierarchies. */
static gboolean
choose_second (Cli *cli, KeyAlgorithm first, KeyAlgorithm *second, GError **error)
{
	const char *name = cli_option (cli, "second");
	if (name == NULL)
		return TRUE;
	if (!key_algorithm_choose (name, NULL, second, error))
		return FALSE;
	return (*second == KEY_SM2) != (first == KEY_SM2)
		|| diqi_fail (error, DIQI_ERROR_KEY_ALGORITHM, NULL, "--second is sm2 beside another algorithm, or another beside sm2");
}

static gboolean
read_shards (Cli *cli, guint *out, GError **error)
{
	gint64 n;
	if (!cli_int (cli, "crl-shards", 0, &n, error))
		return FALSE;
	if (n < 0 || n > CREATE_MAX_SHARDS || (n == 0 && cli_option (cli, "crl-shards") != NULL))
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "--crl-shards", "1, 2, 4 and so on, at most %d shards", CREATE_MAX_SHARDS);
	*out = (guint) n;
	return TRUE;
}

static gboolean
read_algorithms (Cli *cli, InitOptions *options, GError **error)
{
	const char *name = cli_option (cli, "algorithm");
	options->algorithm = options->second = KEY_P256;
	options->has_second = cli_option (cli, "second") != NULL;
	return (name == NULL || key_algorithm_choose (name, NULL, &options->algorithm, error)) && choose_second (cli, options->algorithm, &options->second, error);
}

static gboolean
read_agents (Cli *cli, InitOptions *options, GError **error)
{
	gint64 agents, threshold;
	if (!cli_int (cli, "recovery-agents", INIT_AGENTS, &agents, error)
	    || !cli_int (cli, "threshold", agents == 0 ? 0 : INIT_THRESHOLD, &threshold, error))
		return FALSE;
	if (agents < 0 || agents > INIT_AGENTS_MAX || threshold < 0 || threshold > agents)
		return diqi_fail (error, DIQI_ERROR_FIELD_VALUE, "/recovery-agents", "0 to %d recovery agents, and not more for the threshold", INIT_AGENTS_MAX);
	options->recovery_agents = (guint) agents;
	options->threshold = (guint) threshold;
	return TRUE;
}

/* The roots by their fingerprints, which are to be published (docs/operations.md). */
static json_t *
what_was_made (const InitOptions *options)
{
	static const char *const names[] = { "root", "gm-root", "international-root" };
	json_t *roots = json_array ();
	for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
		g_autofree char *file = g_strdup_printf ("ca/%s.crt", names[i]), *path = g_build_filename (options->dir, file, NULL);
		g_autoptr (GBytes) pem = file_read (path, CERTIFICATE_MAX_DER * 2, NULL);
		g_autoptr (Certificate) root = pem != NULL ? certificate_parse_pem (g_bytes_get_data (pem, NULL), g_bytes_get_size (pem), NULL) : NULL;
		g_autofree char *hash = root != NULL ? fingerprint_hex (certificate_fingerprint (root)) : NULL;
		if (hash != NULL)
			json_array_append_new (roots, json_pack ("{s:s, s:s, s:s}", "file", file, "name", names[i], "sha256", hash));
	}
	return json_pack ("{s:s, s:o}", "dir", options->dir, "roots", roots);
}

static void
say_what_is_next (Cli *cli, const InitOptions *options, const json_t *roots)
{
	gsize i;
	json_t *root;
	cli_note (cli, "made a site in %s", options->dir);
	if (options->root_token != NULL)
		cli_note (cli, "  - take the root's token off this machine");
	json_array_foreach (roots, i, root) {
		if (options->root_token == NULL)
			cli_note (cli, "  - take root/%s.key off this machine", json_string_value (json_object_get (root, "name")));
		cli_note (cli, "  - publish the SHA-256 of %s: %s", json_string_value (json_object_get (root, "file")), json_string_value (json_object_get (root, "sha256")));
	}
	cli_note (cli, "  - hand each officers/*.p12 with its .pin to its owner, then delete both\n"
	          "  - then: diqi serve --dir %s", options->dir);
}

static gboolean
run_init (Cli *cli, GError **error)
{
	InitOptions options = {
		.dir = cli_option (cli, "dir"), .site = cli_option (cli, "site"), .name = cli_option (cli, "name"),
		.base_uri = cli_option (cli, "base-uri"), .store = cli_option (cli, "store"),
	};
	if (!read_algorithms (cli, &options, error) || !read_agents (cli, &options, error) || !read_shards (cli, &options.crl_shards, error))
		return FALSE;
	g_autoptr (Secret) passphrase = cli_new_secret (cli, "passphrase", "signer-passphrase", "Passphrase for the signer's keys", error);
	if (passphrase == NULL)
		return FALSE;
	g_autoptr (Secret) root = cli_new_secret (cli, "root-passphrase", "root-passphrase", "Passphrase for the root key", error);
	if (root == NULL)
		return FALSE;
	g_auto (HsmOptions) hsm = { 0 };
	if (!hsm_options_read (cli, &hsm, error))
		return FALSE;
	options.passphrase = passphrase;
	options.root_passphrase = root;
	options.token = hsm.token;
	options.root_token = hsm.root_token;
	if (!init_site (&options, error))
		return FALSE;
	g_autoptr (json_t) made = what_was_made (&options);
	if (cli_wants_json (cli))
		cli_print (cli, made);
	say_what_is_next (cli, &options, json_object_get (made, "roots"));
	return TRUE;
}

/* --- serve ----------------------------------------------------------------------------------- */

static gboolean
print_address (Site *site, gpointer user, GError **error)
{
	(void) error;
	cli_note (user, "serving %s on port %u; SIGTERM stops it", site->api.site->name, (guint) server_port (site->http));
	return TRUE;
}

/* A signer that runs apart has its passphrase from elsewhere; the web server's process must not hold it. */
static char *
passphrase_of_site (Cli *cli, GError **error)
{
	g_autofree char *path = g_build_filename (cli_option (cli, "dir"), "diqi.conf", NULL);
	g_autoptr (Config) config = config_load (path, error);
	if (config == NULL)
		return NULL;
	g_autofree char *socket_path = config_path (config, "signer", "socket");
	if (socket_path != NULL)
		return g_strdup ("");
	g_autofree char *signer = config_path (config, "signer", "dir");
	return signer_passphrase (cli, signer, error);
}

static gboolean
run_serve (Cli *cli, GError **error)
{
	g_autoptr (Secret) passphrase = passphrase_of_site (cli, error);
	if (passphrase == NULL)
		return FALSE;
	return serve_until_signal (cli_option (cli, "dir"), cli_option (cli, "listen"), passphrase, print_address, cli, error);
}

static gboolean
run_migrate (Cli *cli, GError **error)
{
	g_autofree char *path = g_build_filename (cli_option (cli, "dir"), "diqi.conf", NULL);
	g_autoptr (Config) config = config_load (path, error);
	if (config == NULL)
		return FALSE;
	g_autoptr (Store) store = site_store_open (config, error);
	if (store == NULL)
		return FALSE;
	cli_note (cli, "the database is at this program's schema");
	return TRUE;
}

/* --- demo --------------------------------------------------------------------------------------- */

static gboolean
run_demo (Cli *cli, GError **error)
{
	DemoOptions options = {
		.dir = cli_option (cli, "dir"), .listen = cli_option (cli, "listen"), .store = cli_option (cli, "store"),
		.base_uri = cli_option (cli, "base-uri"), .quiet = cli_flag (cli, "quiet"),
	};
	const char *name = cli_option (cli, "algorithm");
	options.has_second = cli_option (cli, "second") != NULL;
	if ((name != NULL && !key_algorithm_choose (name, NULL, &options.algorithm, error))
	    || !choose_second (cli, options.algorithm, &options.second, error))
		return FALSE;
	g_auto (HsmOptions) hsm = { 0 };
	if (!hsm_options_read (cli, &hsm, error))
		return FALSE;
	options.token = hsm.token;
	options.root_token = hsm.root_token;
	if (!read_shards (cli, &options.crl_shards, error))
		return FALSE;
	if (cli_flag (cli, "make-only"))
		return demo_make_only (&options, cli_option (cli, "clock"), error);
	return cli_flag (cli, "story") ? demo_story (&options, error) : demo_serve (&options, error);
}

/* --- the test clock -------------------------------------------------------------------------------- */

static gboolean
run_clock (Cli *cli, GError **error)
{
	const char *to = cli_argument (cli, 0);
	g_autoptr (Remote) remote = remote_open (cli, error);
	if (remote == NULL)
		return FALSE;
	json_t *body = NULL;
	if (to != NULL && *to == '+') {
		gint64 ms;
		if (!g_ascii_string_to_signed (to + 1, 10, 0, G_MAXINT64, &ms, error))
			return FALSE;
		body = json_pack ("{s:I}", "advance_ms", (json_int_t) ms);
	} else if (to != NULL)
		body = json_pack ("{s:s}", "now", to);
	g_autoptr (json_t) reply = to != NULL ? remote_call (remote, "POST", "/api/v1/test/clock", body, error)
	                                      : remote_call (remote, "GET", "/api/v1/time", NULL, error);
	cli_print (cli, reply);
	return reply != NULL;
}

static gboolean
run_show (Cli *cli, GError **error)
{
	g_autoptr (Remote) remote = remote_open (cli, error);
	if (remote == NULL)
		return FALSE;
	cli_print (cli, remote_site_facts (remote));
	return TRUE;
}

#define PASSPHRASE \
	{ "passphrase-fd", "N", "read the signer's passphrase from this descriptor", FALSE }, \
	{ "passphrase-file", "FILE", "read it from a file", FALSE }
#define END { NULL, NULL, NULL, FALSE }
static const CliOption init_options[] = {
	{ "dir", "DIR", "where; must not exist or be empty", TRUE },
	{ "algorithm", "NAME", KEY_ALGORITHM_CHOICE " (default p256)", FALSE },
	{ "second", "NAME", "algorithm of a second hierarchy: sm2 beside another, another beside sm2", FALSE },
	{ "name", "TEXT", "what the site is called (中文)", FALSE },
	{ "site", "ID", "its id in statements (default: a new UUID)", FALSE },
	{ "base-uri", "URL", "where people reach it; goes into every certificate (default http://127.0.0.1:8080)", FALSE },
	{ "store", "URI", "sqlite:PATH (default sqlite:data/diqi.db) or postgresql://…", FALSE },
	{ "crl-shards", "N", "in how many lists the revocation list is also given out, 1 to 256, a power of two (default 128); fixed with the site", FALSE },
	{ "recovery-agents", "N", "how many recovery agents the key centre has (default 3); 0: no key centre", FALSE },
	{ "threshold", "K", "how many of them together recover a key (default 2)", FALSE },
	PASSPHRASE,
	{ "root-passphrase-fd", "N", "read the root key's passphrase from this descriptor", FALSE },
	{ "root-passphrase-file", "FILE", "read it from a file", FALSE },
	HSM_OPTIONS,
	END,
};
static const CliOption serve_options[] = {
	{ "dir", "DIR", "the site", TRUE }, { "listen", "ADDR:PORT", "instead of the configured address", FALSE }, PASSPHRASE,
	SHARE_OPTIONS, END };
static const CliOption dir_options[] = { { "dir", "DIR", "the site", TRUE }, END };
static const CliOption demo_options[] = {
	{ "dir", "DIR", "where the demo site lives (default: a temporary folder)", FALSE },
	{ "listen", "ADDR:PORT", "default 127.0.0.1:8080; the story picks a free port", FALSE },
	{ "story", NULL, "play the whole story once and end", FALSE },
	{ "make-only", NULL, "make an empty test site in DIR/site and end", FALSE },
	{ "clock", "TIME", "where the frozen clock of --make-only stands", FALSE },
	{ "store", "URI", "database of a new demo site", FALSE },
	{ "algorithm", "NAME", KEY_ALGORITHM_CHOICE " (default p256)", FALSE },
	{ "crl-shards", "N", "as for init", FALSE },
	{ "base-uri", "URL", "as for init", FALSE },
	HSM_OPTIONS,
	{ "second", "NAME", "algorithm of a second hierarchy: sm2 beside another, another beside sm2", FALSE },
	END,
};

const CliCommand site_commands[] = {
	{ "init", "", 0, 0, "make a site: keys, officers, database, configuration", init_options, run_init },
	{ "serve", "", 0, 0, "serve a site", serve_options, run_serve },
	{ "demo", "", 0, 0, "make and serve a demo site, or play the story", demo_options, run_demo },
	{ "migrate", "", 0, 0, "bring a site's database to this program's schema", dir_options, run_migrate },
	{ "site", "", 0, 0, "what a running site says of itself", NULL, run_show },
	{ "clock", "[TIME|+MILLISECONDS]", 0, 1, "time of a site; moves a test site's clock", NULL, run_clock },
	{ NULL, NULL, 0, 0, NULL, NULL, NULL },
};
