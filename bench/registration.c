/* bench/registration.c — figures of the registration service: whole applications, and finding one among many.
 *
 *   application  from the form to the holder's certificate: made, submitted, accepted, paid, reviewed, issued, fetched; the applicants' and officers'
 *                own signing is in the time, as it shares the cores.  bound: the signatures and verifications of that, in a bare loop
 *   search, list time to an answer among CROWD_SIZE applications, a few askers at a time.  bound: the same query put to SQLite itself
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "bare.h"
#include "base/error.h"
#include "crowd.h"
#include "figure.h"
#include "fixture.h"
#include "site.h"

#define LIVES 400
#define ROUNDS FIGURE_ROUNDS
#define ASKERS 4
#define QUESTIONS 512
#define ROUND_TIME (3 * MICROS_PER_S)

typedef struct {
	const char *program, *work;
	BenchSite site;
	Fixture fixture;
	gboolean crowded;
} Bench;

static void
print_line (const char *name, guint64 value, guint64 bound)
{
	figure_print (name, value, "/s", bound, figure_thousandths (value, bound));
}

/* --- whole applications ------------------------------------------------------------------------- */

/* Request and submission are signed by the applicant, acceptance, fee and both approvals by officers; the server verifies each, and
 * the signer both approvals once more before it signs the certificate. */
static const BareUnit life_unit = { .verifies = 8, .signs = 7 };

static gboolean
live (Bench *b, guint64 *per_second, GError **error)
{
	Micros start = clock_monotonic ();
	g_autoptr (GPtrArray) applicants = applicants_prepare (&b->fixture, LIVES, error);
	g_autoptr (GPtrArray) requests = applicants != NULL ? applicants_issue (&b->fixture, applicants, error) : NULL;
	g_autoptr (GPtrArray) issued = requests != NULL ? fixture_batch (&b->fixture, requests, error) : NULL;
	if (issued == NULL || !applicants_certify (&b->fixture, applicants, FALSE, error))
		return FALSE;
	*per_second = (guint64) LIVES * (guint64) MICROS_PER_S / (guint64) (clock_monotonic () - start);
	return TRUE;
}

static gboolean
figure_application (Bench *b, const char *name, GError **error)
{
	guint64 values[ROUNDS], bounds[ROUNDS];
	for (guint i = 0; i < ROUNDS; i++) {
		bounds[i] = bare_openssl (&life_unit, g_get_num_processors (), MICROS_PER_S);
		if (!live (b, &values[i], error))
			return FALSE;
	}
	print_line (name, figure_median (values), figure_median (bounds));
	printf ("\n");
	return TRUE;
}

/* --- one among many --------------------------------------------------------------------------------- */

static gboolean
crowd (Bench *b, GError **error)
{
	if (b->crowded)
		return TRUE;
	g_autoptr (GPtrArray) one = applicants_submit (&b->fixture, 1, error);
	if (one == NULL || !crowd_fill (b->site.dir, ((const Applicant *) g_ptr_array_index (one, 0))->id, error))
		return FALSE;
	b->crowded = TRUE;
	return TRUE;
}

static gboolean
ask (Bench *b, const char *name, const GPtrArray *requests, GError **error)
{
	const LoadPlan plan = { .requests = requests, .connections = ASKERS, .repeat = TRUE, .limit = ROUND_TIME, .status = 200 };
	guint64 values[ROUNDS], bounds[ROUNDS], p95[ROUNDS];
	for (guint i = 0; i < ROUNDS; i++) {
		LoadResult result;
		bounds[i] = crowd_bare_search (b->site.dir, MICROS_PER_S, error);
		if (bounds[i] == 0 || !load_run (b->site.port, &plan, &result, error))
			return FALSE;
		if (result.other > 0)
			return diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "%" G_GUINT64_FORMAT " answers with HTTP %u", result.other, result.other_status);
		values[i] = load_per_second (&result);
		p95[i] = (guint64) result.p95;
	}
	print_line (name, figure_median (values), figure_median (bounds));
	printf (" p95=%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT "ms among=%d\n", figure_median (p95) / 1000, figure_median (p95) % 1000 / 100, CROWD_SIZE);
	return TRUE;
}

static GBytes *
get (const Bench *b, const char *path)
{
	return load_request ("GET", path, b->fixture.officers[CLERK].cookie, NULL, "", 0);
}

/* In turn: part of a name, a running number, a word that fits all of them, two words. */
static gboolean
figure_search (Bench *b, const char *name, GError **error)
{
	static const char *const words[] = { "%%E8%%99%%9A%%E6%%9E%%84%06u", "%06u", "%%E6%%9C%%89%%E9%%99%%90%%E5%%85%%AC%%E5%%8F%%B8", "%06u%%E5%%8F%%B7%%20%%E5%%AE%%9E%%E4%%B8%%9A" };
	g_autoptr (GPtrArray) requests = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
	if (!crowd (b, error))
		return FALSE;
	for (guint i = 0; i < QUESTIONS; i++) {
		g_autoptr (GString) path = g_string_new ("/api/v1/search?query=");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
		g_string_append_printf (path, words[i % G_N_ELEMENTS (words)], i * 193 % CROWD_SIZE + 1);
#pragma GCC diagnostic pop
		g_ptr_array_add (requests, get (b, path->str));
	}
	return ask (b, name, requests, error);
}

/* Pages of fifty from anywhere in the list: all states, the one that nearly all have, and one that hardly any has. */
static gboolean
figure_list (Bench *b, const char *name, GError **error)
{
	g_autoptr (GPtrArray) requests = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
	static const char *const states[] = { "", "&state=submitted", "&state=issued" };
	if (!crowd (b, error))
		return FALSE;
	for (guint i = 0; i < QUESTIONS; i++) {
		guint at = i * 193 % CROWD_SIZE + 1;
		g_autofree char *path = g_strdup_printf ("/api/v1/applications?limit=50%s&cursor=019c0000-%04x-7%03x-8000-%012x",
		                                         states[i % G_N_ELEMENTS (states)], at / 4096, at % 4096, at);
		g_ptr_array_add (requests, get (b, path));
	}
	return ask (b, name, requests, error);
}

/* --- the run -------------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	gboolean (*run) (Bench *b, const char *name, GError **error);
} figures[] = {
	{ "application", figure_application },
	{ "search", figure_search },
	{ "list", figure_list },
};

static gboolean
run (Bench *b, char **names, GError **error)
{
	if (!bench_site_start (&b->site, b->program, b->work, FIXTURE_CLOCK, error) || !fixture_open (&b->fixture, b->site.dir, b->site.port, error))
		return FALSE;
	for (guint i = 0; i < G_N_ELEMENTS (figures); i++) {
		if (names[0] != NULL && !g_strv_contains ((const char *const *) names, figures[i].name))
			continue;
		if (!figures[i].run (b, figures[i].name, error)) {
			g_prefix_error (error, "%s: ", figures[i].name);
			return FALSE;
		}
		fflush (stdout);
	}
	return TRUE;
}

static void
bench_clear (Bench *b)
{
	bench_site_stop (&b->site);
	fixture_clear (&b->fixture);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Bench, bench_clear)

int
main (int argc, char **argv)
{
	setlocale (LC_ALL, "C.UTF-8");
	pki_init ();
	if (argc < 3) {
		fprintf (stderr, "usage: %s DIQI WORK-FOLDER [FIGURE…]\n", argv[0]);
		return 2;
	}
	g_auto (Bench) bench = { .program = argv[1], .work = argv[2] };
	g_autoptr (GError) error = NULL;
	if (run (&bench, argv + 3, &error))
		return EXIT_SUCCESS;
	fprintf (stderr, "%s\n", error->message);
	return EXIT_FAILURE;
}
