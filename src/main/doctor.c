/* main/doctor.c — see doctor.h. */
#include "main/doctor.h"

#include <errno.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "main/site.h"

void
doctor_tell (const Doctor *doctor, FoundLevel level, const char *check, const char *advice, const char *format, ...)
{
	va_list arguments;
	va_start (arguments, format);
	g_autofree char *detail = g_strdup_vprintf (format, arguments);
	va_end (arguments);
	doctor->sink (doctor->user, &(Finding) { level, check, detail, advice });
}

/* --- configuration and files -------------------------------------------------------------- */

static gboolean
look_at_config (Doctor *doctor)
{
	g_autofree char *path = g_build_filename (doctor->dir, "diqi.conf", NULL);
	g_autoptr (GError) error = NULL;
	struct stat facts;
	doctor->config = config_load (path, &error);
	if (doctor->config == NULL) {
		doctor_tell (doctor, FOUND_FAIL, "config", "mend the file, or give the right --dir", "%s", error->message);
		return FALSE;
	}
	if (stat (path, &facts) == 0 && (facts.st_mode & 077) != 0)
		doctor_tell (doctor, FOUND_WARN, "config", "chmod 0600: it may name a database's password", "%s: mode %04o", path, facts.st_mode & 07777);
	else
		doctor_tell (doctor, FOUND_OK, "config", NULL, "%s: every key and value is known", path);
	return TRUE;
}

/* Files that must be for the server's user alone. */
static void
look_at_mode (const Doctor *doctor, const char *path)
{
	struct stat facts;
	if (stat (path, &facts) != 0)
		return;
	if ((facts.st_mode & 077) != 0)
		doctor_tell (doctor, FOUND_FAIL, "files", S_ISDIR (facts.st_mode) ? "chmod 0700" : "chmod 0600", "%s: mode %04o, others can read it", path, facts.st_mode & 07777);
	else
		doctor_tell (doctor, FOUND_OK, "files", NULL, "%s: mode %04o", path, facts.st_mode & 07777);
}

static void
look_at_modes (const Doctor *doctor)
{
	static const struct { const char *section, *key; } configured[] = {
		{ "http", "tls_key" }, { "payments", "providers" }, { "mail", "password_file" }, { "hook", "secret_file" },
	};
	static const char *const below[] = { "data", "root", "officers" };
	for (gsize i = 0; i < G_N_ELEMENTS (configured); i++) {
		g_autofree char *path = config_path (doctor->config, configured[i].section, configured[i].key);
		if (path != NULL)
			look_at_mode (doctor, path);
	}
	for (gsize i = 0; i < G_N_ELEMENTS (below); i++) {
		g_autofree char *path = g_build_filename (doctor->dir, below[i], NULL);
		look_at_mode (doctor, path);
	}
}

/* What init left to be taken away by people. */
static void
look_at_leftovers (const Doctor *doctor)
{
	static const struct { const char *folder, *suffix, *advice; } kept[] = {
		{ "root", ".key", "take the root key off this machine" },
		{ "officers", ".pin", "hand each officer his .p12 and his PIN by different ways, then delete both" },
	};
	for (gsize i = 0; i < G_N_ELEMENTS (kept); i++) {
		g_autofree char *path = g_build_filename (doctor->dir, kept[i].folder, NULL);
		g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
		const char *name;
		guint n = 0;
		while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
			n += g_str_has_suffix (name, kept[i].suffix);
		if (n > 0)
			doctor_tell (doctor, doctor->test_site ? FOUND_OK : FOUND_WARN, "files", doctor->test_site ? NULL : kept[i].advice,
			             "%s: %u %s file%s left from init%s", path, n, kept[i].suffix, n == 1 ? "" : "s", doctor->test_site ? ", as test sites keep them" : "");
	}
}

/* --- database ---------------------------------------------------------------------------------- */

/* Opening would make it. */
static gboolean
sqlite_is_missing (const Doctor *doctor)
{
	const char *uri = config_string (doctor->config, "site", "store");
	if (!g_str_has_prefix (uri, "sqlite:"))
		return FALSE;
	const char *file = uri + strlen ("sqlite:");
	g_autofree char *path = g_path_is_absolute (file) ? g_strdup (file) : g_build_filename (config_folder (doctor->config), file, NULL);
	if (g_file_test (path, G_FILE_TEST_EXISTS))
		return FALSE;
	doctor_tell (doctor, FOUND_FAIL, "database", "restore it from its backup", "%s: there is no such file", path);
	return TRUE;
}

/* --- alarms -------------------------------------------------------------------------------- */

static gboolean
read_alarms (Tx *tx, gpointer arg, GError **error)
{
	json_t **alarms = arg;
	g_clear_pointer (alarms, json_decref);
	return alarm_list (tx, alarms, error);
}

static char *
beijing (const char *text)
{
	Micros time;
	return text != NULL && time_parse (text, &time, NULL) ? time_format_beijing (time) : g_strdup (text != NULL ? text : "");
}

/* What the running site told people of, or would have if it knew whom. */
static void
look_at_alarms (const Doctor *doctor, Store *store)
{
	g_autoptr (json_t) alarms = NULL;
	g_autoptr (GError) error = NULL;
	gsize i;
	const json_t *alarm;
	gboolean nobody = config_string (doctor->config, "alarms", "mail")[0] == '\0' && config_string (doctor->config, "alarms", "mobile")[0] == '\0';
	if (nobody && !doctor->test_site)
		doctor_tell (doctor, FOUND_WARN, "alarms", "name people in [alarms] mail, and a server in [mail]", "nobody is told of alarms");
	if (!store_read (store, "doctor.alarms", read_alarms, &alarms, &error)) {
		doctor_tell (doctor, FOUND_FAIL, "alarms", "look at the database", "%s", error->message);
		return;
	}
	json_array_foreach (alarms, i, alarm) {
		const char *what = json_string_value (json_object_get (alarm, "what")), *about = json_string_value (json_object_get (alarm, "about"));
		gboolean bad = json_integer_value (json_object_get (alarm, "level")) > 1;
		g_autofree char *since = beijing (json_string_value (json_object_get (alarm, "since"))), *ends = beijing (about);
		doctor_tell (doctor, bad ? FOUND_FAIL : FOUND_WARN, "alarms", "see docs/operations.md, What to do when", "%s%s%s, since %s (Beijing)", what,
		             about[0] != '\0' ? ": ends " : "", ends, since);
	}
	if (json_array_size (alarms) == 0)
		doctor_tell (doctor, FOUND_OK, "alarms", NULL, "none of the running site");
}

static void
look_at_database (const Doctor *doctor)
{
	g_autoptr (GError) error = NULL;
	guint waiting = 0;
	if (sqlite_is_missing (doctor))
		return;
	g_autoptr (Store) store = site_store_connect (doctor->config, &error);
	if (store == NULL || !store_ping (store, &error))
		doctor_tell (doctor, FOUND_FAIL, "database", "start the database, or mend [site] store", "%s", error->message);
	else if (!store_migrations_waiting (store, &waiting, &error))
		doctor_tell (doctor, FOUND_FAIL, "database", "use the program that this database belongs to", "%s", error->message);
	else if (waiting > 0)
		doctor_tell (doctor, FOUND_WARN, "database", "back up, then diqi migrate, or start the server", "it answers; %u migrations of this program wait", waiting);
	else {
		doctor_tell (doctor, FOUND_OK, "database", NULL, "%s answers, at this program's schema", store_is_postgresql (store) ? "PostgreSQL" : "SQLite");
		look_at_alarms (doctor, store);
	}
}

static void
look_at_resources (const Doctor *doctor)
{
	static const char *const folders[] = { "/cn/diqi/profiles", "/cn/diqi/sql" };
	for (gsize i = 0; i < G_N_ELEMENTS (folders); i++) {
		g_auto (GStrv) names = g_resources_enumerate_children (folders[i], G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
		if (names == NULL || names[0] == NULL)
			doctor_tell (doctor, FOUND_FAIL, "program", "install the program anew", "%s: missing from the program", folders[i]);
		else
			doctor_tell (doctor, FOUND_OK, "program", NULL, "%s: %u files inside the program", folders[i], g_strv_length (names));
	}
}

/* --- all of it ------------------------------------------------------------------------------------ */

static void
look_at_signer (const Doctor *doctor, const char *dir)
{
	g_autofree char *socket = config_path (doctor->config, "signer", "socket");
	/* A signer that runs apart may keep its folder from this user. */
	if (socket != NULL && !g_file_test (dir, G_FILE_TEST_IS_DIR)) {
		doctor_tell (doctor, FOUND_WARN, "signer", "run doctor as the signer's user too", "%s cannot be looked at; the signer runs apart (%s)", dir, socket);
		return;
	}
	const Examine in = { dir, doctor->passphrase, doctor->passphrase != NULL ? strlen (doctor->passphrase) : 0, doctor->now };
	signer_examine (&in, doctor->sink, doctor->user);
}

static Micros
find_now (const Doctor *doctor)
{
	g_autoptr (Clock) system = clock_new_system ();
	g_autoptr (Clock) clock = site_clock_new (doctor->config, doctor->dir, doctor->test_site, NULL);
	return clock_now (clock != NULL ? clock : system);
}

void
doctor_examine (Doctor *doctor)
{
	if (!look_at_config (doctor))
		return;
	g_autofree char *signer = config_path (doctor->config, "signer", "dir");
	doctor->test_site = signer_is_test_site (signer);
	doctor->now = find_now (doctor);
	look_at_modes (doctor);
	look_at_leftovers (doctor);
	doctor_look_at_clock (doctor);
	doctor_look_at_disk (doctor);
	look_at_resources (doctor);
	doctor_look_at_fonts (doctor);
	look_at_database (doctor);
	look_at_signer (doctor, signer);
	doctor_look_at_tls (doctor);
	doctor_look_at_ports (doctor);
	doctor_look_at_server (doctor);
	g_clear_pointer (&doctor->config, config_free);
}
