/* main/site_ceremonies.c — the log knows every ceremony that the signer's journal has.
 *
 * A ceremony is held while the site is stopped and the signer with it, so a start is when there can be new ones; what a crash left
 * unrecorded the next start records. */
#include "base/error.h"
#include "base/log.h"
#include "main/site.h"
#include "registry/ceremony.h"

typedef struct {
	CeremonyRecord record;
	gboolean recorded;
} Held;

static gboolean
look (Tx *tx, gpointer arg, GError **error)
{
	Held *held = arg;
	return ceremony_recorded (tx, held->record.transcript, &held->recorded, error);
}

static gboolean
record (Tx *tx, gpointer arg, GError **error)
{
	Held *held = arg;
	return ceremony_record (tx, &held->record, &held->recorded, error);
}

static gboolean
record_one (Site *site, const json_t *item, GError **error)
{
	Held held = { .record = { .now = clock_now (site->clock) } };
	gboolean kept;
	const Field fields[] = {
		{ "transcript", FIELD_HEX32, TRUE, 0, &held.record.transcript }, { "time", FIELD_TIME, TRUE, 0, &held.record.held }, { "kept", FIELD_BOOL, TRUE, 0, &kept },
	};
	if (!JSON_READ (item, "/ceremonies", fields, error) || !store_read (site->store, "ceremony.look", look, &held, error))
		return FALSE;
	if (held.recorded)
		return TRUE;
	g_autoptr (GBytes) text = kept ? signer_get_transcript (site->signer, held.record.transcript, error) : NULL;
	if (kept && text == NULL)
		return FALSE;
	held.record.text = text;
	if (!store_run (site->store, "ceremony.held", record, &held, error))
		return FALSE;
	log_event (LOG_LEVEL_INFO, "ceremony.recorded", "transcript", "%s", held.record.transcript, NULL);
	return TRUE;
}

gboolean
site_record_ceremonies (Site *site, GError **error)
{
	g_autoptr (json_t) open = NULL, list = signer_get_ceremonies (site->signer, &open, error);
	size_t i;
	const json_t *item;
	json_array_foreach (list, i, item)
		if (!record_one (site, item, error))
			return FALSE;
	if (open != NULL)
		log_event (LOG_LEVEL_WARN, "ceremony.cut_off", "begun", "%s", json_string_value (json_object_get (open, "begun")),
		           "script", "%s", json_string_value (json_object_get (open, "script")), NULL);
	return list != NULL;
}
