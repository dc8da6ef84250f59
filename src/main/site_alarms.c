/* main/site_alarms.c — alarms of a running site: its own certificates (site_watch.c), time stamps, disks; logged and told to people when they rise. */
#include <string.h>
#include <sys/statvfs.h>

#include "base/error.h"
#include "base/log.h"
#include "main/site.h"

#define MEGABYTE (1024 * 1024)

typedef struct {
	char *what, *about;
	guint level;
	const char *template_name, *event;      /* constants */
	json_t *params;
	gboolean rose;
} Item;

struct SiteAlarms {
	Site *site;
	GArray *items;
};

static void
item_clear (gpointer p)
{
	Item *item = p;
	g_free (item->what);
	g_free (item->about);
	json_decref (item->params);
}

SiteAlarms *
site_alarms_new (Site *site)
{
	SiteAlarms *alarms = g_new0 (SiteAlarms, 1);
	alarms->site = site;
	alarms->items = g_array_new (FALSE, TRUE, sizeof (Item));
	g_array_set_clear_func (alarms->items, item_clear);
	return alarms;
}

void
site_alarms_free (SiteAlarms *alarms)
{
	if (alarms == NULL)
		return;
	g_array_unref (alarms->items);
	g_free (alarms);
}

void
site_alarms_add (SiteAlarms *alarms, const char *what, guint level, const char *about, const char *template_name, json_t *params, const char *event)
{
	const Item item = { g_strdup (what), g_strdup (about), level, template_name, event, params, FALSE };
	g_array_append_val (alarms->items, item);
}

/* --- the host ---------------------------------------------------------------------------- */

gboolean
host_room (const char *path, guint64 *megabytes, gboolean *names)
{
	struct statvfs facts;
	if (statvfs (path, &facts) != 0)
		return FALSE;
	*megabytes = (guint64) facts.f_bavail * facts.f_frsize / MEGABYTE;
	/* Where inodes are not counted both are 0. */
	*names = facts.f_files == 0 || facts.f_favail > facts.f_files / 100;
	return TRUE;
}

/* Something that cannot be looked at (a signer apart, under another user) is that machine's own to watch. */
static void
look_at_disk (SiteAlarms *alarms, const char *what, const char *path)
{
	guint64 free_mb;
	gboolean names;
	if (path == NULL || !host_room (path, &free_mb, &names))
		return;
	guint level = free_mb < ROOM_FAIL_MB || !names ? 2 : free_mb < ROOM_WARN_MB ? 1 : 0;
	g_autofree char *text = g_strdup_printf ("%" G_GUINT64_FORMAT, free_mb);
	site_alarms_add (alarms, what, level, "", "alarm.disk", json_pack ("{s:s, s:s}", "path", path, "free", text), "site.disk");
}

void
site_alarms_look_at_clock (SiteAlarms *alarms, const char *no_stamps)
{
	json_t *params = no_stamps != NULL ? json_pack ("{s:s}", "reason", no_stamps) : NULL;
	metrics_set (alarms->site->metrics, "ca_stamps_stopped", "1: the signer's clock cannot be trusted, no time stamps are given", NULL, no_stamps != NULL);
	site_alarms_add (alarms, "clock", no_stamps != NULL ? 2 : 0, "", "alarm.clock", params, "site.clock");
}

void
site_alarms_look_at_disks (SiteAlarms *alarms)
{
	const Config *config = alarms->site->config;
	g_autofree char *data = g_build_filename (alarms->site->dir, "data", NULL), *signer = config_path (config, "signer", "dir");
	if (g_str_has_prefix (config_string (config, "site", "store"), "sqlite:"))
		look_at_disk (alarms, "disk", data);
	look_at_disk (alarms, "disk-signer", signer);
}

/* --- telling ------------------------------------------------------------------------------- */

static gboolean
set_all (Tx *tx, gpointer arg, GError **error)
{
	SiteAlarms *alarms = arg;
	Micros now = clock_now (alarms->site->clock);
	for (guint i = 0; i < alarms->items->len; i++) {
		Item *item = &g_array_index (alarms->items, Item, i);
		const Alarm alarm = { item->what, item->level, item->about, item->template_name, item->params };
		if (!alarm_set (tx, &alarm, &alarms->site->alarm_people, now, &item->rose, error))
			return FALSE;
	}
	return TRUE;
}

static void
log_risen (const Item *item)
{
	static const LogLevel levels[] = { LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR_, LOG_LEVEL_ERROR_ };
	static const char *const ends[] = { "", "ends within 30 days", "ends within 14 days", "has ended" };
	const char *reason = json_string_value (json_object_get (item->params, "reason")), *path = json_string_value (json_object_get (item->params, "path"));
	log_event (levels[item->level], item->event, "what", "%s", item->what, "ends", "%s", item->about,
	           "detail", "%s", reason != NULL ? reason : path != NULL ? path : ends[item->level], NULL);
}

gboolean
site_alarms_tell (SiteAlarms *alarms, GError **error)
{
	if (!store_run (alarms->site->store, "alarms", set_all, alarms, error))
		return FALSE;
	for (guint i = 0; i < alarms->items->len; i++) {
		if (g_array_index (alarms->items, Item, i).rose)
			log_risen (&g_array_index (alarms->items, Item, i));
	}
	return TRUE;
}
