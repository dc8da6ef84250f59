/* main/demo.c — `diqi demo`: a site with something to see.
 *
 * The first start plays a prologue on a frozen clock: two bidders get their certificates, five parcels
 * are published, and the clock is walked to two minutes before limit-time bidding on the first.
 * From then on the clock of the demo site runs. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "main/cli.h"
#include "main/demo_site.h"
#include "main/serve.h"
#include "main/story_acts.h"

/* 2026-04-03 09:58 in Beijing: parcel 01 goes to limit-time at 10:00, 02 and 03 are listed, 04 and 07 announced. */
#define DEMO_NOW "2026-04-03T01:58:00.000000Z"

static const char *const parcels[] = { "SYN-2026-WG-01", "SYN-2026-WG-02", "SYN-2026-WG-03", "SYN-2026-WG-04", "SYN-2026-WG-07" };

static gboolean
play_prologue (Story *story, GError **error)
{
	g_auto (Party) company = { "company", "organization", "太仓虚构甲置业有限公司", NULL, NULL, NULL };
	g_auto (Party) person = { "person", "person", "虚构张一", NULL, NULL, NULL };
	g_auto (Sale) first = { 0 };
	if (!story_certify (story, &company, error) || !story_certify (story, &person, error) ||
	    !story_publish (story, parcels[0], &first, error))
		return FALSE;
	for (guint i = 1; i < G_N_ELEMENTS (parcels); i++) {
		g_auto (Sale) sale = { 0 };
		if (!story_publish (story, parcels[i], &sale, error) ||
		    !story_qualify (story, &sale, "91320599MAX000015E", "01", error) || !story_qualify (story, &sale, "虚构张一", "02", error))
			return FALSE;
	}
	return story_qualify (story, &first, "91320599MAX000015E", "01", error) &&
	       story_qualify (story, &first, "虚构张一", "02", error) &&
	       story_move_clock (story, first.listing_start, error) &&
	       story_quote (story, &first, &company, "7470000.00", error) && story_quote (story, &first, &person, "next", error) &&
	       story_move_clock (story, DEMO_NOW, error);
}

static gboolean
prologue (const DemoOptions *options, GError **error)
{
	g_auto (Story) story = { .algorithm = options->algorithm, .quiet = options->quiet, .begun = clock_monotonic () };
	story.dir = g_build_filename (options->dir, "site", NULL);
	story.work = g_build_filename (options->dir, "people", NULL);
	if (g_mkdir_with_parents (story.work, 0700) != 0)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "cannot make %s", story.work);
	if (!demo_make_site (story.dir, DEMO_BEGIN, options, error) || !story_start_server (&story, error) ||
	    !play_prologue (&story, error) || !story_stop_server (&story, FALSE, error))
		return FALSE;
	return demo_release_clock (story.dir, DEMO_NOW, error);
}

static gboolean
print_welcome (Site *site, gpointer user, GError **error)
{
	const DemoOptions *options = user;
	(void) error;
	const char *listen = options->listen != NULL ? options->listen : "127.0.0.1:8080";
	g_autofree char *now = time_format_beijing (clock_now (site->clock));
	printf ("\n地契演示站点 · Diqi demo site (its clock says %s, Beijing time)\n\n"
	        "  http://%s/                public page: parcels, prices, deadlines, CA certificates\n"
	        "  http://%s/api/v1/site     the API\n\n"
	        "  officers      %s/site/officers/*.p12, PIN in the .pin beside each\n"
	        "  bidders       %s/people/company.p12, person.p12, likewise\n"
	        "  root          %s/site/ca/root.crt\n\n"
	        "  Limit-time bidding on SYN-2026-WG-01 begins at 2026-04-03 10:00:00 of that clock; SYN-2026-WG-02 and 03\n"
	        "  are listed and take quotes now:\n"
	        "    build/release/diqi sale list\n"
	        "    build/release/diqi sale quote SALE next --as %s/people/company.p12\n\n"
	        "Ctrl-C stops it; delete %s to start afresh.\n\n",
	        now, listen, listen, options->dir, options->dir, options->dir, options->dir, options->dir);
	fflush (stdout);
	return TRUE;
}

static gboolean
serve (const DemoOptions *options, GError **error)
{
	g_autofree char *site = g_build_filename (options->dir, "site", NULL);
	g_autofree char *conf = g_build_filename (site, "diqi.conf", NULL);
	g_autofree char *passphrase_path = g_build_filename (site, "passphrase", NULL);
	if (!g_file_test (conf, G_FILE_TEST_EXISTS) && !prologue (options, error))
		return FALSE;
	g_autoptr (Secret) passphrase = secret_read_file (passphrase_path, error);
	if (passphrase == NULL)
		return FALSE;
	return serve_until_signal (site, options->listen != NULL ? options->listen : "127.0.0.1:8080", passphrase,
	                           print_welcome, (gpointer) options, error);
}

gboolean
demo_serve (const DemoOptions *given, GError **error)
{
	DemoOptions options = *given;
	g_autofree char *temporary = options.dir == NULL ? g_dir_make_tmp ("diqi-demo-XXXXXX", error) : NULL;
	if (options.dir == NULL && temporary == NULL)
		return FALSE;
	if (temporary != NULL)
		options.dir = temporary;
	gboolean done = serve (&options, error);
	if (temporary != NULL)
		file_remove_tree (temporary);
	return done;
}
