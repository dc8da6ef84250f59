/* store/migration_set.c — see migration_set.h. */
#include "store/migration_set.h"
#include "base/error.h"
#include <gio/gio.h>
#include <string.h>

#define SCHEME "resource://"

static void
migration_free (Migration *m)
{
	g_free (m->name);
	g_free (m->sql);
	g_free (m->sha256);
	g_free (m);
}

/* "0042_name.sql" → 42; 0 if the name is none. */
static int
number_of (const char *name)
{
	gsize digits = strspn (name, "0123456789");
	gsize rest = strspn (name + digits, "abcdefghijklmnopqrstuvwxyz0123456789_");
	if (digits != 4 || name[digits] != '_' || strcmp (name + digits + rest, ".sql") != 0)
		return 0;
	return (int) g_ascii_strtoll (name, NULL, 10);
}

static GBytes *
read_file (const char *folder, const char *name, GError **error)
{
	g_autofree char *path = g_build_filename (folder, name, NULL);
	char *text = NULL;
	gsize n = 0;
	if (g_str_has_prefix (folder, SCHEME))
		return g_resources_lookup_data (path + strlen (SCHEME), G_RESOURCE_LOOKUP_FLAGS_NONE, error);
	return g_file_get_contents (path, &text, &n, error) ? g_bytes_new_take (text, n) : NULL;
}

static Migration *
load (const char *folder, const char *name, GError **error)
{
	int number = number_of (name);
	if (number == 0) {
		diqi_error_set (error, DIQI_ERROR_STORE_SCHEMA, NULL, "%s/%s is not a migration NNNN_name.sql", folder, name);
		return NULL;
	}
	g_autoptr (GBytes) bytes = read_file (folder, name, error);
	if (bytes == NULL)
		return NULL;
	gsize n = 0;
	const char *text = g_bytes_get_data (bytes, &n);
	if (!g_utf8_validate_len (text, n, NULL)) {
		diqi_error_set (error, DIQI_ERROR_STORE_SCHEMA, NULL, "%s/%s is not UTF-8", folder, name);
		return NULL;
	}
	Migration *m = g_new0 (Migration, 1);
	m->number = number;
	m->name = g_strdup (name);
	m->sql = g_strndup (text, n);
	m->sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes);
	return m;
}

static int
by_number (gconstpointer a, gconstpointer b)
{
	const Migration *left = *(const Migration *const *) a, *right = *(const Migration *const *) b;
	return (left->number > right->number) - (left->number < right->number);
}

static gboolean
check_numbers (const GPtrArray *set, const char *folder, GError **error)
{
	for (guint i = 0; i < set->len; i++) {
		const Migration *m = g_ptr_array_index (set, i);
		if (m->number != (int) i + 1)
			return diqi_fail (error, DIQI_ERROR_STORE_SCHEMA, NULL, "%s: %s where number %04u is due", folder, m->name, i + 1);
	}
	return set->len > 0 || diqi_fail (error, DIQI_ERROR_STORE_SCHEMA, NULL, "%s holds no migrations", folder);
}

static char **
list_disk (const char *folder, GError **error)
{
	g_autoptr (GDir) dir = g_dir_open (folder, 0, error);
	if (dir == NULL)
		return NULL;
	g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
	const char *name;
	while ((name = g_dir_read_name (dir)) != NULL)
		g_strv_builder_add (names, name);
	return g_strv_builder_end (names);
}

GPtrArray *
migration_set_load (const char *folder, GError **error)
{
	g_auto (GStrv) names = g_str_has_prefix (folder, SCHEME)
		? g_resources_enumerate_children (folder + strlen (SCHEME), G_RESOURCE_LOOKUP_FLAGS_NONE, error)
		: list_disk (folder, error);
	if (names == NULL)
		return NULL;
	g_autoptr (GPtrArray) set = g_ptr_array_new_with_free_func ((GDestroyNotify) migration_free);
	for (gsize i = 0; names[i] != NULL; i++) {
		Migration *m = load (folder, names[i], error);
		if (m == NULL)
			return NULL;
		g_ptr_array_add (set, m);
	}
	g_ptr_array_sort (set, by_number);
	return check_numbers (set, folder, error) ? g_steal_pointer (&set) : NULL;
}
