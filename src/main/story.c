/* main/story.c — the whole job once, over HTTP, with this program's command line as the client:
 * from the paper form to a signed, winning quote, and the evidence checked by an outsider.
 *
 * The story runs on a test site with a frozen clock, which walks the 20-day notice, the listing and
 * the 4-minute windows.  Every step is checked; the first surprise ends it with an error. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "main/cli.h"
#include "main/demo.h"
#include "main/demo_site.h"
#include "main/story_acts.h"

static gboolean
listing (Story *story, const Sale *sale, const Party *company, const Party *person, GError **error)
{
	if (!story_refused (story, "quote.not_open", error, "sale", "quote", sale->id, "7470000.00", "--as", company->p12, NULL) ||
	    !story_move_clock (story, sale->listing_start, error))
		return FALSE;
	if (!story_refused (story, "quote.below_start", error, "sale", "quote", sale->id, "7420000.00", "--as", company->p12, NULL) ||
	    !story_refused (story, "quote.off_lattice", error, "sale", "quote", sale->id, "7480000.00", "--as", company->p12, NULL))
		return FALSE;
	story_say (story, "quotes before the listing, below the start price and off the lattice are refused, each with a receipt");
	g_autoptr (json_t) view = story_run (story, error, "sale", "show", sale->id, NULL);
	if (!story_expect (view, "phase", "listing", error) ||
	    !story_quote (story, sale, company, "7470000.00", error) || !story_quote (story, sale, person, "next", error) ||
	    !story_move_clock (story, story_text (view, "quiet_from"), error))
		return FALSE;
	if (!story_refused (story, "quote.not_open", error, "sale", "quote", sale->id, "7570000.00", "--as", company->p12, NULL))
		return FALSE;
	story_say (story, "in the quiet hour no quote is taken (TR-22)");
	return TRUE;
}

/* A crash in the middle of limit-time decides nothing and lengthens nothing. */
static gboolean
crash (Story *story, const Sale *sale, GError **error)
{
	g_autoptr (json_t) before = story_run (story, error, "sale", "show", sale->id, NULL);
	if (before == NULL || !story_stop_server (story, TRUE, error) || !story_start_server (story, error))
		return FALSE;
	g_autoptr (json_t) after = story_run (story, error, "sale", "show", sale->id, NULL);
	if (after == NULL)
		return FALSE;
	if (!json_equal (before, after))
		return diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "the sale changed through a restart");
	story_say (story, "the server is killed and started again: price, deadline and head are the same");
	return TRUE;
}

static gboolean
limit_time (Story *story, const Sale *sale, const Party *company, const Party *person, GError **error)
{
	if (!story_move_clock (story, sale->listing_end, error))
		return FALSE;
	g_autoptr (json_t) view = story_run (story, error, "sale", "show", sale->id, NULL);
	if (!story_expect (view, "phase", "limit_time", error))
		return FALSE;
	story_say (story, "two bidders quoted, so limit-time bidding begins (TR-19); deadline %s", story_text (view, "deadline"));
	if (!story_move_clock (story, "+60000", error) || !story_quote (story, sale, company, "next", error) || !crash (story, sale, error) ||
	    !story_move_clock (story, "+239999", error) || !story_quote (story, sale, person, "next", error) ||
	    !story_move_clock (story, "+30000", error) || !story_quote (story, sale, company, "next", error) ||
	    !story_move_clock (story, "+240000", error))
		return FALSE;
	if (!story_refused (story, "quote.late", error, "sale", "quote", sale->id, "7720000.00", "--as", person->p12, NULL))
		return FALSE;
	g_autoptr (json_t) closed = story_run (story, error, "sale", "show", sale->id, NULL);
	if (!story_expect (closed, "phase", "closed", error) || !story_expect (json_object_get (closed, "result"), "result", "won", error))
		return FALSE;
	story_say (story, "four minutes without a quote: closed; %s wins with %s fen (TR-20)", company->label, story_text (closed, "price_fen"));
	return TRUE;
}

/* --- chapter 3: the outsider ---------------------------------------------------------------- */

static gboolean
flip_byte (const char *from, const char *to, GError **error)
{
	g_autoptr (GBytes) bytes = file_read (from, 64 << 20, error);
	if (bytes == NULL)
		return FALSE;
	gsize n;
	g_autofree guint8 *copy = g_bytes_unref_to_data (g_steal_pointer (&bytes), &n);
	copy[n / 2] ^= 1;
	return file_write_new (to, copy, n, 0644, error);
}

static gboolean
verify (Story *story, const Sale *sale, GError **error)
{
	g_autofree char *bundle = story_file (story, "sale.bundle.json"), *forged = story_file (story, "forged.bundle.json");
	g_autofree char *root = g_build_filename (story->dir, "ca", "root.crt", NULL);
	if (!story_exits (story, 0, NULL, error, "sale", "bundle", sale->id, bundle, "--server", story->server, NULL))
		return FALSE;
	g_autofree char *good = NULL, *bad = NULL;
	if (!story_exits (story, 0, &good, error, "verify", bundle, "--root", root, NULL) || !flip_byte (bundle, forged, error) ||
	    !story_exits (story, 5, &bad, error, "verify", forged, "--root", root, NULL))
		return FALSE;
	story_say (story, "an outsider verifies the bundle offline:\n%s", good);
	story_say (story, "one changed byte is found: %s", bad);
	return TRUE;
}

static gboolean
give_up (Story *story, const Party *person, GError **error)
{
	g_autoptr (json_t) view = story_run (story, error, "certificate", "revoke", person->serial, "--as", person->p12, NULL);
	if (!story_expect (view, "status", "revoked", error) ||
	    !story_refused (story, "certificate.revoked", error, "whoami", "--as", person->p12, NULL))
		return FALSE;
	story_say (story, "%s revokes its certificate and cannot log in any more", person->label);
	return TRUE;
}

static gboolean
play (Story *story, GError **error)
{
	g_auto (Party) company = { "company", "organization", "太仓虚构甲置业有限公司", NULL, NULL, NULL };
	g_auto (Party) person = { "person", "person", "虚构张一", NULL, NULL, NULL };
	g_auto (Sale) sale = { 0 };
	if (!story_certify (story, &company, error) || !story_certify (story, &person, error) || !story_publish (story, "SYN-2026-WG-01", &sale, error) ||
	    !story_move_clock (story, sale.announce, error) ||
	    !story_qualify (story, &sale, "91320599MAX000015E", "01", error) || !story_qualify (story, &sale, "虚构张一", "02", error))
		return FALSE;
	return listing (story, &sale, &company, &person, error) && limit_time (story, &sale, &company, &person, error) &&
	       verify (story, &sale, error) && give_up (story, &person, error) && story_stop_server (story, FALSE, error);
}

gboolean
demo_story (const DemoOptions *options, GError **error)
{
	g_autofree char *temporary = options->dir == NULL ? g_dir_make_tmp ("diqi-story-XXXXXX", error) : NULL;
	if (options->dir == NULL && temporary == NULL)
		return FALSE;
	const char *top = temporary != NULL ? temporary : options->dir;
	g_auto (Story) story = { .algorithm = options->algorithm, .quiet = options->quiet, .begun = clock_monotonic () };
	story.dir = g_build_filename (top, "site", NULL);
	story.work = g_build_filename (top, "people", NULL);
	if (g_mkdir_with_parents (story.work, 0700) != 0)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "cannot make %s", story.work);
	gboolean done = demo_make_site (story.dir, DEMO_BEGIN, options, error) && story_start_server (&story, error) && play (&story, error);
	story_stop_server (&story, FALSE, NULL);
	if (done)
		printf ("the story was played: %u steps in %.1f s\n", story.steps, (gdouble) (clock_monotonic () - story.begun) / (gdouble) MICROS_PER_S);
	if (temporary != NULL && done)
		file_remove_tree (temporary);
	else
		fprintf (stderr, "site, files and server log are in %s\n", top);
	return done;
}
