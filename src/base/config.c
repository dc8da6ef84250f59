/* base/config.c — see config.h. */
#include "base/config.h"

#include <string.h>

#include "base/error.h"

typedef enum { CONFIG_STRING, CONFIG_PATH, CONFIG_LISTEN, CONFIG_CHOICE, CONFIG_INT } ConfigType;

/* A row with key NULL begins a section.  The default of a CHOICE is the first of
 * its words. */
typedef struct {
	const char *section, *key;
	ConfigType type;
	const char *fallback;
	gint64 least, most;
	const char *comment;
} KeyRow;

static const KeyRow rows[] = {
#define CONFIG_SECTION(name, text) { name, NULL, CONFIG_STRING, NULL, 0, 0, text },
#define CONFIG_KEY(section, key, type, fallback, least, most, comment) \
	{ section, key, CONFIG_##type, fallback, least, most, comment },
#include "base/config_keys.h"
#undef CONFIG_KEY
#undef CONFIG_SECTION
};

typedef struct {
	char *text;
	gint64 number;
} Value;

struct Config {
	char *folder;
	Value values[G_N_ELEMENTS (rows)];
};

/* key NULL finds the section. */
static gssize
row_of (const char *section, const char *key)
{
	for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
		if (strcmp (rows[i].section, section) == 0 && g_strcmp0 (rows[i].key, key) == 0)
			return (gssize) i;
	return -1;
}

static char *
default_of (const KeyRow *row)
{
	return row->type == CONFIG_CHOICE ? g_strndup (row->fallback, strcspn (row->fallback, "|")) : g_strdup (row->fallback);
}

static gboolean
refuse (GError **error, const char *section, const char *key, const char *place, const char *what)
{
	g_autofree char *field = key != NULL ? g_strdup_printf ("/%s/%s", section, key) : g_strdup_printf ("/%s", section);
	return diqi_fail (error, DIQI_ERROR_CONFIG, field, "%s: %s", place, what);
}

/* --- values ----------------------------------------------------------------------- */

static gboolean
is_listen (const char *text)
{
	guint64 port;
	const char *colon = strrchr (text, ':');

	if (colon == NULL || colon == text || !g_ascii_string_to_unsigned (colon + 1, 10, 0, 65535, &port, NULL))
		return FALSE;
	g_autofree char *host = *text == '[' && colon[-1] == ']' ? g_strndup (text + 1, (gsize) (colon - text - 2))
		: g_strndup (text, (gsize) (colon - text));
	gboolean six = strchr (host, ':') != NULL;
	return *host != '\0' && strpbrk (host, " []/") == NULL && six == (*text == '[');
}

static gboolean
is_choice (const KeyRow *row, const char *text)
{
	g_auto (GStrv) words = g_strsplit (row->fallback, "|", -1);
	return g_strv_contains ((const char *const *) words, text);
}

static gboolean
is_plain_text (const char *text)
{
	for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
		if (g_unichar_iscntrl (g_utf8_get_char (p)))
			return FALSE;
	return TRUE;
}

/* NULL when `text` fits the row, else what would. */
static char *
check_value (const KeyRow *row, const char *text, gint64 *number)
{
	*number = 0;
	if (!g_utf8_validate (text, -1, NULL) || !is_plain_text (text))
		return g_strdup ("must be plain text in UTF-8");
	switch (row->type) {
	case CONFIG_STRING:
	case CONFIG_PATH:
		return NULL;
	case CONFIG_LISTEN:
		if (is_listen (text) || *text == '\0')
			return NULL;
		return g_strdup ("must be ADDRESS:PORT or [IPv6]:PORT, or empty");
	case CONFIG_CHOICE:
		return is_choice (row, text) ? NULL : g_strdup_printf ("must be one of %s", row->fallback);
	case CONFIG_INT:
		if (g_ascii_string_to_signed (text, 10, row->least, row->most, number, NULL))
			return NULL;
		return g_strdup_printf ("must be a whole number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, row->least, row->most);
	}
	g_assert_not_reached ();
}

static gboolean
set_value (Config *config, gsize i, const char *text, const char *place, GError **error)
{
	gint64 number;
	g_autofree char *wanted = check_value (&rows[i], text, &number);
	if (wanted != NULL)
		return refuse (error, rows[i].section, rows[i].key, place, wanted);
	g_free (config->values[i].text);
	config->values[i] = (Value) { g_strdup (text), number };
	return TRUE;
}

/* --- file ------------------------------------------------------------------------- */

/* Where a line of the file stands; lines[i] becomes the line of row i. */
typedef struct {
	const char *path;
	char *section;
	guint number;
	guint lines[G_N_ELEMENTS (rows)];
} LineReader;

static gboolean
note_row (LineReader *reader, const char *section, const char *key, GError **error)
{
	g_autofree char *place = g_strdup_printf ("%s:%u: %s%s%s", reader->path, reader->number, section,
		key != NULL ? "." : "", key != NULL ? key : "");
	gssize i = row_of (section, key);
	if (i < 0)
		return refuse (error, section, key, place, key != NULL ? "unknown key" : "unknown section");
	/* GKeyFile would silently take the last of two. */
	if (reader->lines[i] != 0)
		return refuse (error, section, key, place, "is there twice");
	reader->lines[i] = reader->number;
	return TRUE;
}

static gboolean
read_line (LineReader *reader, char *line, GError **error)
{
	g_strstrip (line);
	if (*line == '\0' || *line == '#')
		return TRUE;
	char *end = line + strlen (line) - 1, *equals = strchr (line, '=');
	if (*line == '[' && *end == ']') {
		g_free (reader->section);
		reader->section = g_strndup (line + 1, (gsize) (end - line - 1));
		return note_row (reader, reader->section, NULL, error);
	}
	if (equals == NULL || reader->section == NULL)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "%s:%u: neither a [section] nor a key=value of one", reader->path,
			reader->number);
	g_autofree char *key = g_strchomp (g_strndup (line, (gsize) (equals - line)));
	return note_row (reader, reader->section, key, error);
}

static gboolean
read_lines (LineReader *reader, const char *text, GError **error)
{
	g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
	for (gsize i = 0; lines[i] != NULL; i++) {
		reader->number++;
		if (!read_line (reader, lines[i], error))
			return FALSE;
	}
	return TRUE;
}

/* GKeyFile reads the values, since it knows their escapes. */
static gboolean
take_values (Config *config, const LineReader *reader, GKeyFile *file, GError **error)
{
	for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
		if (rows[i].key == NULL || reader->lines[i] == 0)
			continue;
		g_autofree char *place = g_strdup_printf ("%s:%u: %s.%s", reader->path, reader->lines[i], rows[i].section, rows[i].key);
		g_autofree char *text = g_key_file_get_string (file, rows[i].section, rows[i].key, NULL);
		if (text == NULL)
			return refuse (error, rows[i].section, rows[i].key, place, "must be plain text in UTF-8");
		if (!set_value (config, i, g_strchomp (text), place, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean
read_file (Config *config, const char *path, GError **error)
{
	g_autoptr (GError) cause = NULL;
	g_autofree char *text = NULL;
	g_autoptr (GKeyFile) file = g_key_file_new ();
	LineReader reader = { .path = path };
	gsize len;

	if (!g_file_get_contents (path, &text, &len, &cause))
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "%s", cause->message);
	if (!g_utf8_validate_len (text, len, NULL))
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "%s: not valid UTF-8", path);
	gboolean ok = read_lines (&reader, text, error);
	g_free (reader.section);
	if (!ok)
		return FALSE;
	if (!g_key_file_load_from_data (file, text, len, G_KEY_FILE_NONE, &cause))
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "%s: %s", path, cause->message);
	return take_values (config, &reader, file, error);
}

/* --- environment -------------------------------------------------------------------- */

#define ENV_PREFIX "DIQI_"

/* DIQI_HTTP__TLS_LISTEN is [http] tls_listen; FALSE for names of other shapes. */
static gboolean
split_env (const char *name, char **section, char **key)
{
	const char *middle = g_str_has_prefix (name, ENV_PREFIX) ? strstr (name, "__") : NULL;
	if (middle == NULL)
		return FALSE;
	const char *start = name + strlen (ENV_PREFIX);
	if (middle <= start)
		return FALSE;
	*section = g_ascii_strdown (start, middle - start);
	*key = g_ascii_strdown (middle + 2, -1);
	return TRUE;
}

static gboolean
read_environment (Config *config, GError **error)
{
	g_auto (GStrv) names = g_listenv ();

	for (gsize i = 0; names[i] != NULL; i++) {
		g_autofree char *section = NULL, *key = NULL;
		g_autofree char *place = g_strdup_printf ("environment: %s", names[i]);
		if (!split_env (names[i], &section, &key))
			continue;
		gssize row = row_of (section, key);
		if (row < 0)
			return refuse (error, section, key, place, "unknown key");
		if (!set_value (config, (gsize) row, g_getenv (names[i]), place, error))
			return FALSE;
	}
	return TRUE;
}

/* --- public --------------------------------------------------------------------------- */

static void
set_defaults (Config *config)
{
	for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
		if (rows[i].key == NULL)
			continue;
		g_autofree char *text = default_of (&rows[i]);
		gboolean ok = set_value (config, i, text, "default", NULL);
		g_assert (ok);
	}
}

Config *
config_load (const char *path, GError **error)
{
	g_autoptr (Config) config = g_new0 (Config, 1);
	g_autofree char *absolute = g_canonicalize_filename (path, NULL);

	config->folder = g_path_get_dirname (absolute);
	set_defaults (config);
	if (!read_file (config, path, error) || !read_environment (config, error))
		return NULL;
	return g_steal_pointer (&config);
}

void
config_free (Config *config)
{
	if (config == NULL)
		return;
	for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
		g_free (config->values[i].text);
	g_free (config->folder);
	g_free (config);
}

static const Value *
value_of (const Config *config, const char *section, const char *key, guint types)
{
	gssize i = row_of (section, key);
	if (i < 0 || (types & 1u << rows[i].type) == 0)
		g_error ("config: [%s] %s is not a key of this type", section, key);
	return &config->values[i];
}

const char *
config_string (const Config *config, const char *section, const char *key)
{
	return value_of (config, section, key, 1u << CONFIG_STRING | 1u << CONFIG_LISTEN | 1u << CONFIG_CHOICE)->text;
}

gint64
config_int (const Config *config, const char *section, const char *key)
{
	return value_of (config, section, key, 1u << CONFIG_INT)->number;
}

char *
config_path (const Config *config, const char *section, const char *key)
{
	const char *text = value_of (config, section, key, 1u << CONFIG_PATH)->text;
	return *text == '\0' ? NULL : g_canonicalize_filename (text, config->folder);
}

const char *config_folder (const Config *config) { return config->folder; }

static void
append_key (GString *out, const KeyRow *row, const char *given)
{
	g_autofree char *fallback = default_of (row);
	g_autoptr (GKeyFile) file = g_key_file_new ();
	g_key_file_set_string (file, row->section, row->key, given != NULL ? given : fallback);
	g_autofree char *raw = g_key_file_get_value (file, row->section, row->key, NULL);   /* with escapes */

	g_string_append_printf (out, "# %s", row->comment);
	if (row->type == CONFIG_CHOICE)
		g_string_append_printf (out, " (%s)", row->fallback);
	if (row->type == CONFIG_INT)
		g_string_append_printf (out, " (%" G_GINT64_FORMAT " to %" G_GINT64_FORMAT ")", row->least, row->most);
	g_string_append_printf (out, "\n%s%s=%s\n", given != NULL ? "" : "#", row->key, raw);
}

char *
config_default_text (GHashTable *values)
{
	GString *out = g_string_new ("# Configuration of a Diqi site.  A key that is commented out shows its default.\n"
		"# The environment goes before this file: DIQI_HTTP__LISTEN is listen of [http].\n");
	guint used = 0;

	for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
		if (rows[i].key == NULL) {
			g_string_append_printf (out, "\n# %s\n[%s]\n", rows[i].comment, rows[i].section);
			continue;
		}
		g_autofree char *name = g_strdup_printf ("%s.%s", rows[i].section, rows[i].key);
		const char *given = values != NULL ? g_hash_table_lookup (values, name) : NULL;
		used += given != NULL;
		append_key (out, &rows[i], given);
	}
	g_assert (values == NULL || used == g_hash_table_size (values));     /* no key misspelt */
	return g_string_free (out, FALSE);
}
