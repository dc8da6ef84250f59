/* main/site_clock.c — which clock a site runs on.
 *
 * A test site may run on a frozen clock or on an offset one; D/clock keeps the time of the one and the
 * offset in microseconds of the other, so that a restart changes nothing.  The signer pins whether a site is one: the configuration alone cannot make it so. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "main/site.h"

static char *
state_path (const char *dir)
{
	return g_build_filename (dir, "clock", NULL);
}

static char *
read_state (const char *dir, GError **error)
{
	g_autofree char *path = state_path (dir);
	char *text = NULL;
	if (!g_file_get_contents (path, &text, NULL, NULL)) {
		diqi_error_set (error, DIQI_ERROR_CLOCK, NULL, "%s: a test clock needs this file", path);
		return NULL;
	}
	return g_strstrip (text);
}

gboolean
site_clock_write (const char *dir, gboolean frozen, Micros now, GError **error)
{
	g_autofree char *path = state_path (dir);
	g_autoptr (Clock) system = clock_new_system ();
	g_autofree char *text = frozen ? time_format (now) : g_strdup_printf ("%" G_GINT64_FORMAT, now - clock_now (system));
	g_autoptr (GError) failure = NULL;
	/* Written beside and renamed: a crash leaves the old or the new time. */
	if (!g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, &failure))
		return diqi_fail (error, DIQI_ERROR_CLOCK, NULL, "%s", failure->message);
	return TRUE;
}

Clock *
site_clock_new (const Config *config, const char *dir, gboolean test_site, GError **error)
{
	const char *source = config_string (config, "clock", "source");
	if (strcmp (source, "system") == 0)
		return clock_new_system ();
	if (!test_site) {
		diqi_error_set (error, DIQI_ERROR_CLOCK, NULL, "[clock] source = %s: this site was made for production and runs on the system clock only", source);
		return NULL;
	}
	g_autofree char *text = read_state (dir, error);
	if (text == NULL)
		return NULL;
	gint64 value;
	if (strcmp (source, "frozen") == 0)
		return time_parse (text, &value, error) ? clock_new_frozen (value) : NULL;
	if (!g_ascii_string_to_signed (text, 10, -100 * 366 * MICROS_PER_DAY, 100 * 366 * MICROS_PER_DAY, &value, NULL)) {
		diqi_error_set (error, DIQI_ERROR_CLOCK, NULL, "%s/clock: an offset clock needs microseconds here", dir);
		return NULL;
	}
	return clock_new_offset (value);
}

gboolean
site_clock_tell_signer (SignerClient *signer, const Clock *clock, Micros now, GError **error)
{
	return clock_is_frozen (clock) ? signer_distrust_clock (signer, now, !clock_trust (clock).synchronised, error) : signer_set_clock (signer, now, error);
}

gboolean
site_clock_set (gpointer p, Micros now, GError **error)
{
	Site *site = p;
	if (!site->api.site->test_site || !clock_is_test (site->clock))
		return diqi_fail (error, DIQI_ERROR_CLOCK, NULL, "this site runs on the system clock");
	if (!site_clock_write (site->dir, clock_is_frozen (site->clock), now, error) ||
	    !site_clock_tell_signer (site->signer, site->clock, now, error))
		return FALSE;
	clock_set (site->clock, now);
	/* Whatever the new time brings has happened when the caller is answered. */
	return jobs_run_all (site->jobs, error) && authority_tick (site->authority, error) &&
	       log_keeper_flush (site->keeper, error);
}
