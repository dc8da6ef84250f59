/* main/demo_site.c — see demo_site.h. */
#include "main/demo_site.h"

#include <gio/gio.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "main/cli.h"
#include "main/init.h"

/* --- the site ----------------------------------------------------------------------------- */

gboolean
demo_make_site (const char *dir, const char *clock, const DemoOptions *options, GError **error)
{
	g_autofree char *passphrase = random_token (24);
	Micros begin;
	if (!time_parse (clock, &begin, error))
		return FALSE;
	const InitOptions init = {
		.dir = dir, .name = "太仓土地交易演示", .store = options->store, .base_uri = options->base_uri, .algorithm = options->algorithm,
		.has_second = options->has_second, .second = options->second, .crl_shards = options->crl_shards,
		.passphrase = passphrase, .root_passphrase = passphrase,
		.recovery_agents = INIT_AGENTS, .threshold = INIT_THRESHOLD,
		.token = options->token, .root_token = options->root_token, .test = TRUE, .clock = begin,
	};
	if (!init_site (&init, error))
		return FALSE;
	g_autofree char *path = g_build_filename (dir, "passphrase", NULL);
	return file_write_new (path, passphrase, strlen (passphrase), 0600, error);
}

gboolean
demo_make_only (const DemoOptions *options, const char *clock, GError **error)
{
	if (options->dir == NULL)
		return diqi_fail (error, DIQI_ERROR_FIELD_MISSING, NULL, "--make-only needs --dir");
	g_autofree char *dir = g_build_filename (options->dir, "site", NULL);
	return demo_make_site (dir, clock != NULL ? clock : DEMO_BEGIN, options, error);
}

gboolean
demo_release_clock (const char *dir, const char *now_text, GError **error)
{
	Micros now;
	g_autofree char *path = g_build_filename (dir, "diqi.conf", NULL);
	g_autoptr (GKeyFile) file = g_key_file_new ();
	if (!time_parse (now_text, &now, error) ||
	    !g_key_file_load_from_file (file, path, G_KEY_FILE_KEEP_COMMENTS, error))
		return FALSE;
	g_key_file_set_string (file, "clock", "source", "offset");
	g_key_file_set_string (file, "log", "level", "warn");       /* the terminal is for the reader */
	/* Not g_key_file_save_to_file, which would let everybody read it. */
	gsize n;
	g_autofree char *text = g_key_file_to_data (file, &n, NULL);
	return g_file_set_contents_full (path, text, (gssize) n, G_FILE_SET_CONTENTS_CONSISTENT, 0600, error) && site_clock_write (dir, FALSE, now, error);
}

/* --- files of the story's people ------------------------------------------------------------ */

gboolean
demo_write_resource (const char *name, const char *path, GError **error)
{
	g_autofree char *resource = g_strconcat ("/cn/diqi/demo/", name, NULL);
	g_autoptr (GBytes) bytes = g_resources_lookup_data (resource, G_RESOURCE_LOOKUP_FLAGS_NONE, error);
	return bytes != NULL && file_write_new (path, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), 0644, error);
}

gboolean
demo_write_pin (const char *path, GError **error)
{
	g_autofree char *pin = random_token (9);
	return file_write_new (path, pin, strlen (pin), 0600, error);
}

static json_t *
find_parcel (const json_t *document, const char *code)
{
	gsize i;
	json_t *p;
	json_array_foreach (json_object_get (document, "parcels"), i, p) {
		json_t *content = json_object_get (p, "content");
		if (g_strcmp0 (json_string_value (json_object_get (json_object_get (content, "parcel"), "code")), code) == 0)
			return content;
	}
	return NULL;
}

gboolean
demo_write_notice (const char *code, const char *path, GError **error)
{
	g_autoptr (GBytes) bytes = g_resources_lookup_data ("/cn/diqi/parcels.json", G_RESOURCE_LOOKUP_FLAGS_NONE, error);
	if (bytes == NULL)
		return FALSE;
	g_autoptr (json_t) document = json_read_strict (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), 1 << 20, error);
	if (document == NULL)
		return FALSE;
	const json_t *content = find_parcel (document, code);
	if (content == NULL)
		return diqi_fail (error, DIQI_ERROR_NOT_FOUND, NULL, "no synthetic parcel is called %s", code);
	g_autofree char *text = json_dumps (content, JSON_INDENT (1));
	return file_write_new (path, text, strlen (text), 0644, error);
}
