/* base/config.h — the site's configuration: GKeyFile syntax, environment over
 * file (DIQI_SECTION__KEY), typed readers that name file, section and key. */
#pragma once
#include <glib.h>

typedef struct Config Config;
Config *config_load (const char *path, GError **error);      /* unknown keys are refused against the table in config.c */
void config_free (Config *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Config, config_free)

const char *config_string (const Config *config, const char *section, const char *key); /* default when absent; borrowed */
gint64 config_int (const Config *config, const char *section, const char *key);
gboolean config_bool (const Config *config, const char *section, const char *key);
/* A path: relative ones are taken from the folder of the configuration file; caller frees. */
char *config_path (const Config *config, const char *section, const char *key);

/* The fully commented default file, for `diqi init`; `values` overrides "section.key" → text. */
char *config_default_text (GHashTable *values);
