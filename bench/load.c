/* bench/load.c — every figure of docs/performance.md, each beside what bounds it, in one run.
 *
 *   NAME VALUE UNIT bound=VALUE ratio=R v=R …
 *
 * value: median of the rounds, server and load generator on the same cores.  bound: the bare loop that no
 * program could beat, run before each round.  ratio = value / bound, v = value / V, where V is the P-256
 * verifications one core does in a second in the bare loop; both are medians of the rounds' own quotients, because
 * the speed of a shared machine changes between rounds.  cpu: processor time of the site's processes for one answer;
 * cost: the same in verifications, cpu * V, which other load on the machine disturbs least. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bare.h"
#include "base/error.h"
#include "figure.h"
#include "fixture.h"
#include "revoke.h"
#include "site.h"

#define ROUNDS FIGURE_ROUNDS
#define ROUND_TIME (2 * MICROS_PER_S)
#define BARE_TIME MICROS_PER_S
#define CONNECTIONS 64
#define ISSUES 1200              /* a round */
#define SALES 64
#define SALE_QUOTES 40           /* a round and sale */
#define QUEUE_QUOTES 1600        /* a round, one sale */
#define QUEUE_CONNECTIONS 16
#define BIDDERS 4
#define OCSP_CERTIFICATES 64
#define OCSP_NONCES 4096
#define CROWD 256                /* connections of memory_load */

typedef struct {
	const char *program, *work;
	BenchSite site;
	BenchPlain plain;
	Fixture fixture;
	GPtrArray *sales;            /* FixtureSale */
	GPtrArray *bidders;          /* Applicant, certified and logged in */
	GPtrArray *holders;          /* Applicant, certified, for OCSP */
	guint cores;
	guint64 peak;                /* resident KiB of the site after any round */
	guint64 idle, plain_idle;
} Bench;

/* --- medians and lines -------------------------------------------------------------------------- */

typedef struct {
	guint64 v[ROUNDS], value[ROUNDS], openssl[ROUNDS], sqlite[ROUNDS], other[ROUNDS];
	Micros p50[ROUNDS], p99[ROUNDS];
	guint64 cpu[ROUNDS];         /* microseconds of the site's processes for one answer */
	guint64 refused;
} Series;

static void
print_milliseconds (const char *name, const Micros values[ROUNDS])
{
	guint64 micros[ROUNDS];
	for (guint i = 0; i < ROUNDS; i++)
		micros[i] = (guint64) values[i];
	printf (" %s=%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT "ms", name, figure_median (micros) / 1000, figure_median (micros) % 1000 / 100);
}

/* The lowest of the bare loops that were run. */
static guint64
bound_of (const Series *s, guint round)
{
	const guint64 loops[] = { s->openssl[round], s->sqlite[round], s->other[round] };
	guint64 bound = G_MAXUINT64;
	for (guint i = 0; i < G_N_ELEMENTS (loops); i++)
		bound = loops[i] != 0 ? MIN (bound, loops[i]) : bound;
	return bound;
}

static void
print_series (const char *name, const Series *s)
{
	guint64 openssl = figure_median (s->openssl), sqlite = figure_median (s->sqlite), other = figure_median (s->other);
	guint64 bound[ROUNDS], ratio[ROUNDS], v[ROUNDS], cost[ROUNDS];
	for (guint i = 0; i < ROUNDS; i++) {
		bound[i] = bound_of (s, i);
		ratio[i] = figure_thousandths (s->value[i], bound[i]);
		v[i] = figure_thousandths (s->value[i], s->v[i]);
		cost[i] = figure_thousandths (s->cpu[i] * s->v[i], (guint64) MICROS_PER_S);
	}
	figure_print (name, figure_median (s->value), "/s", figure_median (bound), figure_median (ratio));
	figure_print_thousandths ("v", figure_median (v));
	printf (" cpu=%" G_GUINT64_FORMAT "us", figure_median (s->cpu));
	figure_print_thousandths ("cost", figure_median (cost));
	print_milliseconds ("p50", s->p50);
	print_milliseconds ("p99", s->p99);
	if (openssl != 0)
		printf (" openssl=%" G_GUINT64_FORMAT, openssl);
	if (sqlite != 0)
		printf (" sqlite=%" G_GUINT64_FORMAT, sqlite);
	if (other != 0)
		printf (" plain=%" G_GUINT64_FORMAT, other);
	if (s->refused != 0)
		printf (" refused=%" G_GUINT64_FORMAT, s->refused);
	figure_end ();
}

/* --- rounds ----------------------------------------------------------------------------------------- */

static guint64
measure_v (void)
{
	static const BareUnit one = { .verifies = 1 };
	return bare_openssl (&one, 1, BARE_TIME / 2);
}

static void
bare_round (Bench *b, const BareUnit *unit, Series *s, guint round)
{
	s->v[round] = measure_v ();
	s->openssl[round] = bare_openssl (unit, b->cores, BARE_TIME);
	if (unit->rows != NULL)
		s->sqlite[round] = bare_sqlite (unit, b->work, CONNECTIONS, BARE_TIME);
}

static gboolean
measure (Bench *b, const LoadPlan *plan, Series *s, guint round, gboolean may_refuse, GError **error)
{
	LoadResult result;
	guint64 before = processor_time (b->site.pid);
	if (!load_run (b->site.port, plan, &result, error))
		return FALSE;
	s->cpu[round] = (processor_time (b->site.pid) - before) / MAX (result.done, 1);
	if (result.other > 0 && !may_refuse)
		return diqi_fail (error, DIQI_ERROR_UNAVAILABLE, NULL, "%" G_GUINT64_FORMAT " requests were answered otherwise, the first with HTTP %u",
		                  result.other, result.other_status);
	s->value[round] = load_per_second (&result);
	s->p50[round] = result.p50;
	s->p99[round] = result.p99;
	s->refused += result.other;
	b->peak = MAX (b->peak, memory_resident (b->site.pid));
	return TRUE;
}

static gboolean
figure_verify (Bench *b, const char *name, GError **error)
{
	guint64 v[ROUNDS];
	(void) b, (void) error;
	for (guint round = 0; round < ROUNDS; round++)
		v[round] = measure_v ();
	figure_print (name, figure_median (v), "/s", figure_median (v), 1000);
	figure_print_thousandths ("v", 1000);
	figure_end ();
	return TRUE;
}

/* --- certificates --------------------------------------------------------------------------------------- */

/* POST /applications/{id}/issue: the issuer's statement is verified by the server and, with the reviewer's,
 * once more by the signer, which trusts nobody; then one certificate is signed.  Rows: certificate, intent with
 * both statements, its change, two acts of the application, two log leaves, the statement as used, the answer
 * under its Idempotency-Key, the application twice. */
static const guint issue_rows[] = { 1300, 2600, 100, 200, 200, 1500, 500, 60, 1100, 2600, 2700, 0 };
static const BareUnit issue_unit = { .verifies = 3, .signs = 1, .rows = issue_rows };

static gboolean
issue (Bench *b, guint n, Series *s, guint round, GPtrArray **issued, GError **error)
{
	g_autoptr (GPtrArray) applicants = applicants_prepare (&b->fixture, n, error);
	g_autoptr (GPtrArray) requests = applicants != NULL ? applicants_issue (&b->fixture, applicants, error) : NULL;
	const LoadPlan plan = { .requests = requests, .connections = MIN (n, CONNECTIONS), .status = 200 };
	if (requests == NULL || !measure (b, &plan, s, round, FALSE, error))
		return FALSE;
	if (issued != NULL)
		*issued = g_steal_pointer (&applicants);
	return TRUE;
}

static gboolean
figure_issue (Bench *b, const char *name, GError **error)
{
	Series s = { 0 };
	for (guint round = 0; round < ROUNDS; round++) {
		bare_round (b, &issue_unit, &s, round);
		if (!issue (b, ISSUES, &s, round, NULL, error))
			return FALSE;
	}
	print_series (name, &s);
	return TRUE;
}

/* Certified companies for the other figures. */
static gboolean
certified (Bench *b, guint n, gboolean login, GPtrArray **out, GError **error)
{
	Series unused = { 0 };
	return *out != NULL || (issue (b, n, &unused, 0, out, error) && applicants_certify (&b->fixture, *out, login, error));
}

/* --- OCSP --------------------------------------------------------------------------------------------------- */

static const BareUnit ocsp_unit = { .signs = 1 };

static GBytes *
ocsp_post (const Bench *b, const Applicant *holder)
{
	g_autoptr (GBytes) der = bare_ocsp_request (holder->holder.certificate, b->fixture.issuing, TRUE);
	return load_request ("POST", "/pki/issuing/ocsp", "", "application/ocsp-request", g_bytes_get_data (der, NULL), g_bytes_get_size (der));
}

static GBytes *
ocsp_get (const Bench *b, const Applicant *holder)
{
	g_autoptr (GBytes) der = bare_ocsp_request (holder->holder.certificate, b->fixture.issuing, FALSE);
	g_autofree char *base64 = g_base64_encode (g_bytes_get_data (der, NULL), g_bytes_get_size (der));
	g_autofree char *escaped = g_uri_escape_string (base64, NULL, FALSE);
	g_autofree char *path = g_strconcat ("/pki/issuing/ocsp/", escaped, NULL);
	return load_request ("GET", path, "", NULL, "", 0);
}

static GPtrArray *
ocsp_requests (Bench *b, GBytes *(*make) (const Bench *, const Applicant *), guint n)
{
	GPtrArray *requests = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
	for (guint i = 0; i < n; i++)
		g_ptr_array_add (requests, make (b, g_ptr_array_index (b->holders, i % b->holders->len)));
	return requests;
}

static gboolean
figure_ocsp_signed (Bench *b, const char *name, GError **error)
{
	Series s = { 0 };
	if (!certified (b, OCSP_CERTIFICATES, FALSE, &b->holders, error))
		return FALSE;
	g_autoptr (GPtrArray) requests = ocsp_requests (b, ocsp_post, OCSP_NONCES);
	const LoadPlan plan = { .requests = requests, .connections = CONNECTIONS, .repeat = TRUE, .limit = ROUND_TIME, .status = 200 };
	for (guint round = 0; round < ROUNDS; round++) {
		bare_round (b, &ocsp_unit, &s, round);
		if (!measure (b, &plan, &s, round, FALSE, error))
			return FALSE;
	}
	print_series (name, &s);
	return TRUE;
}

/* The same HTTP server with a fixed body. */
static gboolean
plain_round (Bench *b, guint connections, guint64 *per_second, GError **error)
{
	g_autoptr (GPtrArray) requests = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
	const LoadPlan plan = { .requests = requests, .connections = connections, .repeat = TRUE, .limit = ROUND_TIME, .status = 200 };
	LoadResult result;
	g_ptr_array_add (requests, load_request ("GET", PLAIN_PATH, "", NULL, "", 0));
	if (!load_run (b->plain.port, &plan, &result, error))
		return FALSE;
	*per_second = load_per_second (&result);
	return TRUE;
}

static gboolean
figure_ocsp_cached (Bench *b, const char *name, GError **error)
{
	Series s = { 0 };
	if (!certified (b, OCSP_CERTIFICATES, FALSE, &b->holders, error))
		return FALSE;
	g_autoptr (GPtrArray) requests = ocsp_requests (b, ocsp_get, OCSP_CERTIFICATES);
	const LoadPlan plan = { .requests = requests, .connections = CONNECTIONS, .repeat = TRUE, .limit = ROUND_TIME, .status = 200 };
	for (guint round = 0; round < ROUNDS; round++) {
		s.v[round] = measure_v ();
		if (!plain_round (b, CONNECTIONS, &s.other[round], error) || !measure (b, &plan, &s, round, FALSE, error))
			return FALSE;
	}
	print_series (name, &s);
	return TRUE;
}

/* --- lists -------------------------------------------------------------------------------------------------- */

#define REVOCATIONS 24           /* a round; its lists are made after each */

/* From an officer's signed revocation to delta and shard that name the certificate, as relying parties fetch them; and the
 * processor time of the site for one, everything included that it does in the meantime. */
static gboolean
figure_revoke (Bench *b, const char *name, GError **error)
{
	guint64 took[ROUNDS], cpu[ROUNDS];
	g_autoptr (GPtrArray) holders = NULL;
	if (!certified (b, ROUNDS * REVOCATIONS, FALSE, &holders, error))
		return FALSE;
	for (guint round = 0; round < ROUNDS; round++) {
		guint64 before = processor_time (b->site.pid);
		took[round] = 0;
		for (guint i = 0; i < REVOCATIONS; i++) {
			Micros one;
			const Applicant *holder = g_ptr_array_index (holders, round * REVOCATIONS + i);
			if (!revoke_until_listed (&b->fixture, holder->holder.certificate, &one, error))
				return FALSE;
			took[round] += (guint64) one / REVOCATIONS;
		}
		cpu[round] = (processor_time (b->site.pid) - before) / REVOCATIONS;
	}
	printf ("%s %" G_GUINT64_FORMAT " us cpu=%" G_GUINT64_FORMAT "us", name, figure_median (took), figure_median (cpu));
	figure_end ();
	return TRUE;
}

static void
keep_size (const LoadReply *reply, gpointer user)
{
	*(gsize *) user = reply->n;
}

/* The full list fetched over and over; bound: nothing but the fixed body of a few hundred octets, so read cpu and the size. */
static gboolean
figure_list_full (Bench *b, const char *name, GError **error)
{
	guint64 value[ROUNDS], cpu[ROUNDS];
	gsize size = 0;
	g_autoptr (GPtrArray) requests = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
	const LoadPlan plan = { .requests = requests, .connections = 8, .repeat = TRUE, .limit = ROUND_TIME, .status = 200, .reply = keep_size, .user = &size };
	g_ptr_array_add (requests, load_request ("GET", "/pki/issuing/full.crl", "", NULL, "", 0));
	for (guint round = 0; round < ROUNDS; round++) {
		LoadResult result;
		guint64 before = processor_time (b->site.pid);
		if (!load_run (b->site.port, &plan, &result, error))
			return FALSE;
		cpu[round] = (processor_time (b->site.pid) - before) / MAX (result.done, 1);
		value[round] = load_per_second (&result);
	}
	printf ("%s %" G_GUINT64_FORMAT " /s octets=%" G_GSIZE_FORMAT " cpu=%" G_GUINT64_FORMAT "us mebibytes=%" G_GUINT64_FORMAT "/s", name,
	        figure_median (value), size, figure_median (cpu), figure_median (value) * size >> 20);
	figure_end ();
	return TRUE;
}

/* --- quotes ------------------------------------------------------------------------------------------------- */

/* POST /sales/{id}/quotes: one statement verified, one receipt signed.  Rows: the event, its log leaf with the
 * statement, the statement as used, the receipt, the Idempotency-Key, the sale. */
static const guint quote_rows[] = { 900, 1500, 60, 1100, 200, 700, 0 };
static const BareUnit quote_unit = { .verifies = 1, .signs = 1, .rows = quote_rows };

/* Quote i goes to sale i % sales, so that with a connection a sale none overtakes another. */
static GPtrArray *
sign_quotes (Bench *b, guint sales, guint n, GError **error)
{
	g_autoptr (GPtrArray) requests = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
	for (guint i = 0; i < n; i++) {
		const Applicant *bidder = g_ptr_array_index (b->bidders, i / sales % b->bidders->len);
		GBytes *request = sale_quote (&b->fixture, g_ptr_array_index (b->sales, i % sales), &bidder->holder, error);
		if (request == NULL)
			return NULL;
		g_ptr_array_add (requests, request);
	}
	return g_steal_pointer (&requests);
}

static gboolean
measure_quotes (Bench *b, const char *name, guint sales, guint n, guint connections, GError **error)
{
	Series s = { 0 };
	for (guint round = 0; round < ROUNDS; round++) {
		bare_round (b, &quote_unit, &s, round);
		g_autoptr (GPtrArray) requests = sign_quotes (b, sales, n, error);
		const LoadPlan plan = { .requests = requests, .connections = connections, .lanes = sales > 1, .status = 201 };
		if (requests == NULL || !measure (b, &plan, &s, round, sales == 1, error))
			return FALSE;
	}
	print_series (name, &s);
	return TRUE;
}

/* Many sales at a time, on each one quote after the other. */
static gboolean
figure_quote (Bench *b, const char *name, GError **error)
{
	return measure_quotes (b, name, SALES, SALES * SALE_QUOTES, SALES, error);
}

/* All on one sale, sent in the order of the ladder without waiting for answers; those that the network put out
 * of order are refused by the rules and do not count. */
static gboolean
figure_quote_one_sale (Bench *b, const char *name, GError **error)
{
	return measure_quotes (b, name, 1, QUEUE_QUOTES, QUEUE_CONNECTIONS, error);
}

/* --- memory ------------------------------------------------------------------------------------------------------ */

/* From the start of `diqi serve` and its signer to the first connection taken. */
static gboolean
figure_start (Bench *b, const char *name, GError **error)
{
	(void) error;
	printf ("%s %" G_GINT64_FORMAT " ms certificates=%u\n", name, b->site.started / MICROS_PER_MS, b->site.grow);
	return TRUE;
}

static gboolean
figure_memory_idle (Bench *b, const char *name, GError **error)
{
	(void) error;
	figure_print (name, b->idle, "KiB", b->plain_idle, figure_thousandths (b->idle, b->plain_idle));
	figure_end ();
	return TRUE;
}

static gboolean
figure_memory_load (Bench *b, const char *name, GError **error)
{
	Series s = { 0 };
	guint64 ignored;
	if (!certified (b, OCSP_CERTIFICATES, FALSE, &b->holders, error) || !plain_round (b, CROWD, &ignored, error))
		return FALSE;
	guint64 plain = memory_resident (b->plain.pid);
	g_autoptr (GPtrArray) requests = ocsp_requests (b, ocsp_post, OCSP_NONCES);
	const LoadPlan plan = { .requests = requests, .connections = CROWD, .repeat = TRUE, .limit = ROUND_TIME, .status = 200 };
	if (!measure (b, &plan, &s, 0, FALSE, error))
		return FALSE;
	figure_print (name, b->peak, "KiB", plain, figure_thousandths (b->peak, plain));
	figure_end ();
	return TRUE;
}

/* --- the run ------------------------------------------------------------------------------------------------------ */

static const struct {
	const char *name;
	gboolean (*run) (Bench *b, const char *name, GError **error);
	gboolean quotes;
} figures[] = {
	{ "start", figure_start, FALSE },
	{ "verify_p256", figure_verify, FALSE },
	{ "memory_idle", figure_memory_idle, FALSE },
	{ "issue", figure_issue, FALSE },
	{ "ocsp_signed", figure_ocsp_signed, FALSE },
	{ "ocsp_cached", figure_ocsp_cached, FALSE },
	{ "list_full", figure_list_full, FALSE },
	{ "revoke", figure_revoke, FALSE },
	{ "quote", figure_quote, TRUE },
	{ "quote_one_sale", figure_quote_one_sale, TRUE },
	{ "memory_load", figure_memory_load, FALSE },
};

static gboolean
wanted (char **names, const char *name)
{
	return names[0] == NULL || g_strv_contains ((const char *const *) names, name);
}

static gboolean
names_are_known (char **names)
{
	for (; *names != NULL; names++) {
		gboolean known = FALSE;
		for (guint i = 0; i < G_N_ELEMENTS (figures); i++)
			known = known || strcmp (figures[i].name, *names) == 0;
		if (!known) {
			fprintf (stderr, "no figure is called %s; there are:", *names);
			for (guint i = 0; i < G_N_ELEMENTS (figures); i++)
				fprintf (stderr, " %s", figures[i].name);
			fprintf (stderr, "\n");
			return FALSE;
		}
	}
	return TRUE;
}

static gboolean
prepare (Bench *b, gboolean quotes, GError **error)
{
	b->cores = g_get_num_processors ();
	if (!bench_plain_start (&b->plain, b->work, error) || !bench_site_start (&b->site, b->program, b->work, FIXTURE_CLOCK, error))
		return FALSE;
	g_usleep (MICROS_PER_S);
	b->idle = b->peak = memory_resident (b->site.pid);
	b->plain_idle = memory_resident (b->plain.pid);
	if (!fixture_open (&b->fixture, b->site.dir, b->site.port, error))
		return FALSE;
	if (!quotes)
		return TRUE;
	b->sales = sales_publish (&b->fixture, SALES, error);
	return b->sales != NULL && fixture_set_clock (&b->fixture, SALE_CLOCK, error) && certified (b, BIDDERS, TRUE, &b->bidders, error) &&
	       sales_qualify (&b->fixture, b->sales, b->bidders, error);
}

static gboolean
run (Bench *b, char **names, GError **error)
{
	gboolean quotes = FALSE;
	for (guint i = 0; i < G_N_ELEMENTS (figures); i++)
		quotes = quotes || (figures[i].quotes && wanted (names, figures[i].name));
	if (!prepare (b, quotes, error))
		return FALSE;
	for (guint i = 0; i < G_N_ELEMENTS (figures); i++)
		if (wanted (names, figures[i].name) && !figures[i].run (b, figures[i].name, error)) {
			g_prefix_error (error, "%s: ", figures[i].name);
			return FALSE;
		}
	return TRUE;
}

static void
bench_clear (Bench *b)
{
	bench_site_stop (&b->site);
	bench_plain_stop (&b->plain);
	fixture_clear (&b->fixture);
	g_clear_pointer (&b->sales, g_ptr_array_unref);
	g_clear_pointer (&b->bidders, g_ptr_array_unref);
	g_clear_pointer (&b->holders, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Bench, bench_clear)

int
main (int argc, char **argv)
{
	setlocale (LC_ALL, "C.UTF-8");
	pki_init ();
	if (argc == 3 && strcmp (argv[1], "--plain") == 0)
		return plain_serve (argv[2]);
	if (argc < 3 || !names_are_known (argv + 3)) {
		fprintf (stderr, "usage: %s DIQI WORK-FOLDER [FIGURE…]\n", argv[0]);
		return 2;
	}
	g_auto (Bench) bench = { .program = argv[1], .work = argv[2], .site.grow = figure_certificates () };
	g_autoptr (GError) error = NULL;
	if (run (&bench, argv + 3, &error))
		return EXIT_SUCCESS;
	fflush (stdout);
	fprintf (stderr, "%s\n", error->message);
	return EXIT_FAILURE;
}
