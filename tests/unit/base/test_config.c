#include "base/config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"

static Config *
load (const char *text, GError **error)
{
	g_autofree char *folder = g_dir_make_tmp ("diqi-config-XXXXXX", NULL);
	g_autofree char *path = g_build_filename (folder, "diqi.conf", NULL);
	g_assert_true (g_file_set_contents (path, text, -1, NULL));
	Config *config = config_load (path, error);
	if (config != NULL)
		g_assert_cmpstr (config_folder (config), ==, folder);
	g_unlink (path);
	g_rmdir (folder);
	return config;
}

static void
assert_refused (const char *text, const char *field, const char *says)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (Config) config = load (text, &error);
	if (config != NULL)
		g_error ("accepted %s", text);
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CONFIG);
	g_assert_cmpstr (diqi_error_field (error), ==, field);
	if (strstr (error->message, says) == NULL)
		g_error ("\"%s\" does not say \"%s\"", error->message, says);
}

static void
test_defaults (void)
{
	g_autoptr (Config) config = load ("", NULL);
	g_assert_cmpstr (config_string (config, "site", "store"), ==, "sqlite:data/diqi.db");
	g_assert_cmpstr (config_string (config, "http", "listen"), ==, "127.0.0.1:8080");
	g_assert_cmpstr (config_string (config, "http", "tls_listen"), ==, "");
	g_assert_cmpstr (config_string (config, "http", "manage_listen"), ==, "127.0.0.1:9464");
	g_assert_cmpstr (config_string (config, "clock", "source"), ==, "system");
	g_assert_cmpstr (config_string (config, "log", "level"), ==, "info");
	g_assert_null (config_path (config, "signer", "socket"));
	g_autofree char *dir = config_path (config, "signer", "dir");
	g_autofree char *want = g_build_filename (config_folder (config), "signer", NULL);
	g_assert_cmpstr (dir, ==, want);
}

static void
test_values (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (Config) config = load ("# c\n\n [http] \r\nlisten = [::1]:0\nworkers=3\r\ntls_key=/etc/x.key\n[signer]\n"
		"dir=../other/./signer\n[site]\nstore=postgresql://diqi@%2Frun/db?x=1\n[clock]\nsource=frozen\n", &error);
	g_assert_no_error (error);
	g_assert_cmpstr (config_string (config, "http", "listen"), ==, "[::1]:0");
	g_assert_cmpint (config_int (config, "http", "workers"), ==, 3);
	g_assert_cmpstr (config_string (config, "site", "store"), ==, "postgresql://diqi@%2Frun/db?x=1");
	g_assert_cmpstr (config_string (config, "clock", "source"), ==, "frozen");
	g_autofree char *key = config_path (config, "http", "tls_key"), *dir = config_path (config, "signer", "dir");
	g_assert_cmpstr (key, ==, "/etc/x.key");
	g_autofree char *parent = g_path_get_dirname (config_folder (config));
	g_autofree char *want = g_build_filename (parent, "other", "signer", NULL);
	g_assert_cmpstr (dir, ==, want);
}

static void
test_refused (void)
{
	assert_refused ("[http]\nlisten=1.2.3.4:80\n\nlisten_tls=x\n", "/http/listen_tls", "diqi.conf:4: http.listen_tls: unknown key");
	assert_refused ("\n[web]\n", "/web", ":2: web: unknown section");
	assert_refused ("[http]\nworkers=1\nworkers=2\n", "/http/workers", ":3: http.workers: is there twice");
	assert_refused ("[http]\n[log]\n[http]\n", "/http", ":3:");
	assert_refused ("listen=1\n", NULL, ":1:");
	assert_refused ("[http]\nlisten\n", NULL, ":2:");
	assert_refused ("[http]\nListen=1.2.3.4:80\n", "/http/Listen", "unknown key");
	assert_refused ("[http]\nlisten[de]=1.2.3.4:80\n", "/http/listen[de]", "unknown key");
	static const char *const listens[] = { "8080", ":8080", "localhost", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:-1", "::1:80", "[::1]",
		"[1.2.3.4]:80", "a b:80", "1.2.3.4:80 x", "http://1.2.3.4:80" };
	for (gsize i = 0; i < G_N_ELEMENTS (listens); i++) {
		g_autofree char *text = g_strdup_printf ("[http]\nlisten=%s\n", listens[i]);
		assert_refused (text, "/http/listen", ":2: http.listen: must be ADDRESS:PORT");
	}
	static const char *const numbers[] = { "", "x", "-1", "257", "1.0", "0x1", "1 2", "99999999999999999999" };
	for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++) {
		g_autofree char *text = g_strdup_printf ("[http]\nworkers=%s\n", numbers[i]);
		assert_refused (text, "/http/workers", "whole number from 0 to 256");
	}
	assert_refused ("[clock]\nsource=atomic\n", "/clock/source", "system|frozen|offset");
	assert_refused ("[site]\nstore=a\\nb\n", "/site/store", "plain text");
	assert_refused ("[site]\nstore=\xff\n", NULL, "UTF-8");
	g_autoptr (GError) error = NULL;
	g_assert_null (config_load ("/nonexistent/diqi.conf", &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CONFIG);
}

static void
test_environment (void)
{
	g_setenv ("DIQI_HTTP__TLS_LISTEN", "0.0.0.0:443", TRUE);
	g_setenv ("DIQI_HTTP__LISTEN", "127.0.0.1:1", TRUE);
	g_setenv ("DIQI_OTHER", "ignored: no section", TRUE);
	g_autoptr (Config) config = load ("[http]\nlisten=127.0.0.1:2\nmanage_listen=127.0.0.1:3\n", NULL);
	g_assert_cmpstr (config_string (config, "http", "tls_listen"), ==, "0.0.0.0:443");
	g_assert_cmpstr (config_string (config, "http", "listen"), ==, "127.0.0.1:1");
	g_assert_cmpstr (config_string (config, "http", "manage_listen"), ==, "127.0.0.1:3");
	g_setenv ("DIQI_HTTP__LISTEN", "nowhere", TRUE);
	assert_refused ("", "/http/listen", "environment: DIQI_HTTP__LISTEN");
	g_unsetenv ("DIQI_HTTP__LISTEN");
	g_setenv ("DIQI_HTTP__LISTENN", "127.0.0.1:1", TRUE);
	assert_refused ("", "/http/listenn", "environment: DIQI_HTTP__LISTENN: unknown key");
	g_unsetenv ("DIQI_HTTP__LISTENN");
	g_unsetenv ("DIQI_HTTP__TLS_LISTEN");
}

/* The file that init writes is read back as it was meant, and shows every key. */
static void
test_default_text (void)
{
	g_autoptr (GHashTable) values = g_hash_table_new (g_str_hash, g_str_equal);
	g_hash_table_insert (values, (gpointer) "http.listen", (gpointer) "127.0.0.1:9000");
	g_hash_table_insert (values, (gpointer) "site.store", (gpointer) "sqlite: a\\b.db");
	g_autofree char *text = config_default_text (values), *plain = config_default_text (NULL);
	g_autoptr (GError) error = NULL;
	g_autoptr (Config) config = load (text, &error);
	g_autoptr (Config) defaults = load (plain, &error);
	g_assert_no_error (error);
	g_assert_cmpstr (config_string (config, "http", "listen"), ==, "127.0.0.1:9000");
	g_assert_cmpstr (config_string (config, "site", "store"), ==, "sqlite: a\\b.db");
	g_assert_cmpstr (config_string (defaults, "http", "listen"), ==, "127.0.0.1:8080");

	/* with every key uncommented, all defaults are still accepted */
	g_autoptr (GRegex) commented = g_regex_new ("^#([a-z_]+=)", G_REGEX_MULTILINE, 0, NULL);
	g_autofree char *all = g_regex_replace (commented, plain, -1, 0, "\\1", 0, NULL);
	g_assert_cmpstr (all, !=, plain);
	g_autoptr (Config) full = load (all, &error);
	g_assert_no_error (error);
	g_assert_cmpint (config_int (full, "store", "readers"), ==, config_int (defaults, "store", "readers"));
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/config/defaults", test_defaults);
	g_test_add_func ("/config/values", test_values);
	g_test_add_func ("/config/refused", test_refused);
	g_test_add_func ("/config/environment", test_environment);
	g_test_add_func ("/config/default-text", test_default_text);
	return g_test_run ();
}
