/* base/config.h — the site's configuration: GKeyFile syntax, environment over
 * file (DIQI_SECTION__KEY), typed readers.  The keys are those of config_keys.h;
 * anything else, in the file or in the environment, is refused by name and line,
 * and every value is checked when the file is read.  Immutable once loaded. */
#pragma once
#include <glib.h>

typedef struct Config Config;
/* Sets DIQI_ERROR_CONFIG; its field is the key as a pointer ("/http/workers"). */
Config *config_load (const char *path, GError **error);
void config_free (Config *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Config, config_free)

/* An unknown key or another type is a programming error.  Strings are borrowed and
 * the default when absent; config_string reads STRING, LISTEN and CHOICE. */
const char *config_string (const Config *config, const char *section, const char *key);
gint64 config_int (const Config *config, const char *section, const char *key);
/* A path: relative ones are taken from the folder of the configuration file; NULL
 * when empty; caller frees. */
char *config_path (const Config *config, const char *section, const char *key);
/* The folder of the configuration file, absolute; borrowed. */
const char *config_folder (const Config *config);

/* The fully commented default file, for `diqi init`; `values` (may be NULL)
 * overrides "section.key" → text; every other key is shown commented out. */
char *config_default_text (GHashTable *values);
