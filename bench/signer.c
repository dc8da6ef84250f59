/* bench/signer.c — the signer alone, over its socket: certificates, OCSP answers and revocation lists per second of its
 * processor time, beside the same work as a plain loop over OpenSSL (bare_work.h).
 *
 *   signer DIQI WORK-FOLDER [FIGURE…]
 *
 *   NAME VALUE /core bound=VALUE ratio=R arithmetic=R wall=VALUE/s
 *
 * value: per second of the signer's processor time, so one core of it, whatever shares the machine; median of the rounds.
 * bound: the loop that does the whole work, per second of its own processor time, run before each round; ratio: value / bound.
 * signer_list: microseconds of it for one full list of everything revoked; ratio: bound / value.
 * signer_revoke: microseconds of it for one more revocation: told, and in a new delta and a new list of its shard.
 * DIQI_BENCH_GROW=N begins with N certificates in the journal, a tenth of them revoked (grow.h), and P-256 alone.
 * arithmetic: value / a loop of nothing but the signatures.  wall: per second of real time, 32 threads asking. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bare.h"
#include "bare_work.h"
#include "base/error.h"
#include "base/log.h"
#include "base/random.h"
#include "figure.h"
#include "grow.h"
#include "pki/statement.h"
#include "signer/child.h"
#include "signer/client.h"
#include "signer/create.h"

#define ROUNDS FIGURE_ROUNDS
#define BARE_TIME (MICROS_PER_S / 2)
#define THREADS 32
#define OCSP_TIME (2 * MICROS_PER_S)
#define PASSPHRASE "bench passphrase"
#define SITE "bench"
#define LIST_ENTRIES 100000

enum { REVIEWER, ISSUER, N_OFFICERS, N_AGENTS = 3 };

typedef struct {
	char *request, *review, *issue;
	Serial serial, encryption;
} Prepared;

typedef struct {
	const char *program, *work;
	KeyAlgorithm algorithm;
	guint issues;                    /* a round */
	guint grow;                      /* certificates in its journal before it starts, a tenth of them revoked */
	SignerCreated created;
	PrivateKey *keys[N_OFFICERS];
	pid_t child;
	SignerClient *client;
	SignerSite *site;
	GPtrArray *requests;             /* OcspRequest, answered */
	GBytes *ocsp_der;
} Bench;

/* --- the signer ------------------------------------------------------------------------------- */

/* proc(5): the first number of schedstat is the time on a processor in nanoseconds. */
static guint64
processor_nanoseconds (pid_t pid)
{
	g_autofree char *path = g_strdup_printf ("/proc/%d/schedstat", (int) pid), *text = NULL;
	return g_file_get_contents (path, &text, NULL, NULL) ? g_ascii_strtoull (text, NULL, 10) : 0;
}

static guint64
resident_kib (pid_t pid)
{
	g_autofree char *path = g_strdup_printf ("/proc/%d/status", (int) pid), *text = NULL;
	const char *line = g_file_get_contents (path, &text, NULL, NULL) ? strstr (text, "VmRSS:") : NULL;
	return line != NULL ? g_ascii_strtoull (line + strlen ("VmRSS:"), NULL, 10) : 0;
}

static gboolean
create_site (Bench *b, const char *dir, GError **error)
{
	static const char *const reviewer[] = { "reviewer", "administrator", NULL }, *const issuer[] = { "issuer", NULL };
	static const char *const agent[] = { "recovery_agent", NULL };
	const SignerCreateOfficer officers[N_OFFICERS + N_AGENTS] = {
		[REVIEWER] = { "018f0000-0000-7000-8000-000000000002", "审核员乙", reviewer },
		[ISSUER] = { "018f0000-0000-7000-8000-000000000003", "发证员丙", issuer },
		[N_OFFICERS] = { "018f0000-0000-7000-8000-000000000004", "恢复员丁", agent },
		{ "018f0000-0000-7000-8000-000000000005", "恢复员戊", agent },
		{ "018f0000-0000-7000-8000-000000000006", "恢复员己", agent },
	};
	g_autoptr (Clock) clock = clock_new_system ();
	const SignerCreate in = {
		.dir = dir, .site = SITE, .name = "测试国土交易", .base_uri = "http://localhost:8080", .test = TRUE, .algorithm = b->algorithm,
		.now = clock_now (clock), .passphrase = PASSPHRASE, .passphrase_n = strlen (PASSPHRASE),
		.root_passphrase = PASSPHRASE, .root_passphrase_n = strlen (PASSPHRASE), .officers = officers, .officers_n = G_N_ELEMENTS (officers),
		.recovery_threshold = 2,
	};
	if (!signer_create_site (&in, &b->created, error))
		return FALSE;
	for (guint i = 0; i < N_OFFICERS; i++) {
		g_autoptr (Certificate) certificate = NULL;
		if (!pkcs12_open (b->created.officers[i].p12, b->created.officers[i].pin, &b->keys[i], &certificate, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean
bench_start (Bench *b, GError **error)
{
	g_autofree char *dir = g_build_filename (b->work, key_algorithm_name (b->algorithm), NULL);
	g_autofree char *signer = g_build_filename (dir, "signer", NULL);
	int fd;
	if (!create_site (b, dir, error) || (b->grow != 0 && !grow_site (dir, PASSPHRASE, FALSE, b->grow, b->grow / 10, error)))
		return FALSE;
	Micros begun = clock_monotonic ();
	if (!spawn_signer (b->program, signer, PASSPHRASE, strlen (PASSPHRASE), &b->child, &fd, error))
		return FALSE;
	b->client = signer_client_new (fd);
	b->site = signer_get_site (b->client, error);
	if (b->site == NULL)
		return FALSE;
	printf ("signer_start_%s %" G_GINT64_FORMAT " ms cpu=%" G_GUINT64_FORMAT "ms certificates=%u memory=%" G_GUINT64_FORMAT "KiB", key_algorithm_name (b->algorithm),
	        (clock_monotonic () - begun) / MICROS_PER_MS, processor_nanoseconds (b->child) / 1000000, b->grow, resident_kib (b->child));
	figure_end ();
	return TRUE;
}

static void
bench_clear (Bench *b)
{
	g_clear_pointer (&b->site, signer_site_free);
	g_clear_pointer (&b->client, signer_client_free);
	if (b->child != 0)
		spawn_wait (b->child, 10);
	for (guint i = 0; i < N_OFFICERS; i++)
		g_clear_pointer (&b->keys[i], private_key_free);
	g_clear_pointer (&b->requests, g_ptr_array_unref);
	g_clear_pointer (&b->ocsp_der, g_bytes_unref);
	signer_created_clear (&b->created);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Bench, bench_clear)

/* --- many threads that ask ----------------------------------------------------------------------- */

typedef gboolean (*AskFn) (Bench *b, guint64 i, GError **error);

typedef struct {
	Bench *bench;
	AskFn ask;
	guint64 most;                    /* questions, 0: until the time is over */
	Micros until;
	guint64 next;                    /* atomic */
	guint64 done;                    /* atomic */
	GMutex lock;
	GError *failure;
} Crowd;

static gpointer
ask_on (gpointer data)
{
	Crowd *c = data;
	for (;;) {
		guint64 i = __atomic_fetch_add (&c->next, 1, __ATOMIC_RELAXED);
		GError *error = NULL;
		if (c->most != 0 ? i >= c->most : clock_monotonic () >= c->until)
			return NULL;
		if (!c->ask (c->bench, i, &error)) {
			g_mutex_lock (&c->lock);
			if (c->failure == NULL)
				c->failure = error;
			else
				g_error_free (error);
			g_mutex_unlock (&c->lock);
			return NULL;
		}
		__atomic_fetch_add (&c->done, 1, __ATOMIC_RELAXED);
	}
}

typedef struct {
	guint64 value[ROUNDS], wall[ROUNDS], ratio[ROUNDS], arithmetic[ROUNDS], bound[ROUNDS];
} Series;

static gboolean
crowd_run (Bench *b, AskFn ask, guint64 most, const BareWork *bare, Series *s, guint round, GError **error)
{
	GThread *threads[THREADS];
	guint64 before = processor_nanoseconds (b->child);
	Micros begun = clock_monotonic ();
	Crowd crowd = { .bench = b, .ask = ask, .most = most, .until = begun + OCSP_TIME };
	for (guint i = 0; i < THREADS; i++)
		threads[i] = g_thread_new ("ask", ask_on, &crowd);
	for (guint i = 0; i < THREADS; i++)
		g_thread_join (threads[i]);
	Micros took = clock_monotonic () - begun;
	guint64 used = processor_nanoseconds (b->child) - before;
	if (crowd.failure != NULL) {
		g_propagate_error (error, crowd.failure);
		return FALSE;
	}
	s->value[round] = crowd.done * 1000000000 / MAX (used, 1);
	s->wall[round] = crowd.done * MICROS_PER_S / (guint64) MAX (took, 1);
	s->bound[round] = bare->whole;
	s->ratio[round] = s->value[round] * 1000 / MAX (bare->whole, 1);
	s->arithmetic[round] = s->value[round] * 1000 / MAX (bare->arithmetic, 1);
	return TRUE;
}

static void
print_series (const char *name, const Bench *b, const Series *s)
{
	g_autofree char *whole = g_strdup_printf ("%s_%s", name, key_algorithm_name (b->algorithm));
	figure_print (whole, figure_median (s->value), "/core", figure_median (s->bound), figure_median (s->ratio));
	figure_print_thousandths ("arithmetic", figure_median (s->arithmetic));
	printf (" wall=%" G_GUINT64_FORMAT "/s", figure_median (s->wall));
	figure_end ();
}

/* --- certificates ------------------------------------------------------------------------------------ */

static json_t *
part (const char *key, const char *value)
{
	return json_pack ("{s:s}", key, value);
}

/* A company's request, as the registry makes it. */
static char *
request_text (const PrivateKey *key, gboolean pair)
{
	static const Fingerprint submission;
	g_autoptr (PublicKey) public = private_key_public (key);
	g_autoptr (GBytes) spki = public_key_spki (public);
	g_autofree char *application = uuid7_new (0);
	g_autoptr (json_t) request = json_pack ("{s:s, s:s, s:s, s:s, s:i, s:s, s:i, s:o, s:o, s:[o, o, o, o]}",
		"type", "certificate.request", "site", SITE, "application", application, "profile", "organization", "profile_version", 1,
		"uscc", "91350100M000100Y43", "validity_days", 365, "spki", json_base64 (g_bytes_get_data (spki, NULL), g_bytes_get_size (spki)),
		"submission", json_hex (submission.b, sizeof submission.b),
		"subject", part ("C", "CN"), part ("ST", "江苏省"), part ("O", "虚构置业有限公司"), part ("CN", "虚构置业有限公司"));
	if (pair)
		json_object_set_new (request, "encryption", json_pack ("{s:s, s:i}", "profile", "organization-encryption", "profile_version", 1));
	return jcs_dump (request, NULL, NULL);
}

static char *
approve (const Bench *b, guint officer, const char *type, const char *request, GError **error)
{
	Fingerprint hash;
	g_autoptr (Clock) clock = clock_new_system ();
	g_autofree char *nonce = random_token (16);
	g_autoptr (json_t) json = json_loads (request, 0, NULL);
	fingerprint_of (request, strlen (request), &hash);
	g_autoptr (json_t) payload = json_pack ("{s:s, s:s, s:s, s:o, s:o, s:O, s:O, s:O}", "type", type, "site", SITE, "nonce", nonce,
		"time", json_time (clock_now (clock)), "request", json_hex (hash.b, sizeof hash.b), "application", json_object_get (json, "application"),
		"profile", json_object_get (json, "profile"), "profile_version", json_object_get (json, "profile_version"));
	return statement_sign (payload, b->keys[officer], b->created.officers[officer].certificate, error);
}

static void
prepared_clear (gpointer p)
{
	Prepared *prepared = p;
	g_free (prepared->request);
	g_free (prepared->review);
	g_free (prepared->issue);
}

static GArray *prepared;             /* of the running round */

static gboolean
prepare (Bench *b, gboolean pairs, GError **error)
{
	g_autoptr (Clock) clock = clock_new_system ();
	g_array_set_size (prepared, 0);
	for (guint i = 0; i < b->issues; i++) {
		Prepared p = { 0 };
		g_autoptr (PrivateKey) key = private_key_generate (b->algorithm, error);
		p.request = key != NULL ? request_text (key, pairs) : NULL;
		p.review = p.request != NULL ? approve (b, REVIEWER, "application.review", p.request, error) : NULL;
		p.issue = p.review != NULL ? approve (b, ISSUER, "application.issue", p.request, error) : NULL;
		serial_new (clock_now (clock), &p.serial);
		serial_new (clock_now (clock), &p.encryption);
		g_array_append_val (prepared, p);
		if (p.issue == NULL)
			return FALSE;
	}
	return TRUE;
}

static gboolean
ask_issue (Bench *b, guint64 i, GError **error)
{
	const Prepared *p = &g_array_index (prepared, Prepared, i);
	g_autoptr (GBytes) der = signer_issue (b->client, p->request, strlen (p->request), 0, &p->serial, p->review, p->issue, error);
	return der != NULL;
}

static gboolean
ask_pair (Bench *b, guint64 i, GError **error)
{
	const Prepared *p = &g_array_index (prepared, Prepared, i);
	g_auto (IssuedPair) pair = { NULL };
	return signer_issue_pair (b->client, p->request, strlen (p->request), 0, &p->serial, &p->encryption, p->review, p->issue, &pair, error);
}

static gboolean
measure_issue (Bench *b, const char *name, gboolean pairs, GError **error)
{
	Series s = { 0 };
	for (guint round = 0; round < ROUNDS; round++) {
		if (!prepare (b, pairs, error))
			return FALSE;
		const char *compact = g_array_index (prepared, Prepared, 0).review;
		gsize statement_n = (gsize) (strrchr (compact, '.') - compact);
		const BareWork bare = (pairs ? bare_pair : bare_issue) (b->algorithm, b->site->issuing, statement_n, BARE_TIME);
		if (!crowd_run (b, pairs ? ask_pair : ask_issue, b->issues, &bare, &s, round, error))
			return FALSE;
	}
	print_series (name, b, &s);
	return TRUE;
}

static gboolean
figure_issue (Bench *b, const char *name, GError **error)
{
	return measure_issue (b, name, FALSE, error);
}

static gboolean
figure_pair (Bench *b, const char *name, GError **error)
{
	return measure_issue (b, name, TRUE, error);
}

/* --- OCSP ---------------------------------------------------------------------------------------------- */

/* Each with its own nonce: none can come from memory. */
static gboolean
make_requests (Bench *b, GError **error)
{
	b->requests = g_ptr_array_new_with_free_func ((GDestroyNotify) ocsp_request_free);
	for (guint i = 0; i < 256; i++) {
		g_autoptr (GBytes) der = bare_ocsp_request (b->created.officers[i % N_OFFICERS].certificate, b->site->issuing, TRUE);
		OcspRequest *request = ocsp_request_parse (g_bytes_get_data (der, NULL), g_bytes_get_size (der), b->site->issuing, error);
		if (request == NULL)
			return FALSE;
		g_array_index (request->singles, OcspSingle, 0).status = CERT_STATUS_GOOD;
		g_ptr_array_add (b->requests, request);
		if (b->ocsp_der == NULL)
			b->ocsp_der = g_bytes_ref (der);
	}
	return TRUE;
}

static gboolean
ask_ocsp (Bench *b, guint64 i, GError **error)
{
	g_autoptr (Clock) clock = clock_new_system ();
	Micros now = clock_now (clock), start = now - now % MICROS_PER_S;
	g_autoptr (GBytes) response = signer_sign_ocsp (b->client, NULL, g_ptr_array_index (b->requests, i % b->requests->len), start,
	                                                start + 10 * MICROS_PER_MIN, error);
	return response != NULL;
}

static gboolean
figure_ocsp (Bench *b, const char *name, GError **error)
{
	Series s = { 0 };
	if (!make_requests (b, error))
		return FALSE;
	for (guint round = 0; round < ROUNDS; round++) {
		const BareWork bare = bare_ocsp (b->algorithm, b->site->ocsp, b->ocsp_der, BARE_TIME);
		if (!crowd_run (b, ask_ocsp, 0, &bare, &s, round, error))
			return FALSE;
	}
	print_series (name, b, &s);
	return TRUE;
}

/* --- lists ------------------------------------------------------------------------------------------------ */

/* Higher than whatever the journal has. */
static guint64
next_number (void)
{
	static guint64 number = G_GUINT64_CONSTANT (1) << 40;
	return ++number;
}

static gboolean
sign_list (Bench *b, ListKind kind, guint shard, guint64 number, gsize *entries, GError **error)
{
	g_autoptr (Clock) clock = clock_new_system ();
	Micros now = clock_now (clock), start = now - now % MICROS_PER_S;
	const SignerListOrder order = { .kind = kind, .shard = shard, .base = kind == LIST_FULL, .number = number, .this_update = start, .next_update = start + MICROS_PER_DAY };
	g_autoptr (GBytes) list = signer_sign_list (b->client, &order, entries, error);
	return list != NULL;
}

/* The whole list over the socket, of whatever the journal has revoked, in processor time of the signer. */
static gboolean
figure_list (Bench *b, const char *name, GError **error)
{
	guint64 took[ROUNDS], bound[ROUNDS], ratio[ROUNDS];
	gsize entries = 0;
	g_autofree char *whole = g_strdup_printf ("%s_%s", name, key_algorithm_name (b->algorithm));
	for (guint round = 0; round < ROUNDS; round++) {
		guint64 before = processor_nanoseconds (b->child);
		if (!sign_list (b, LIST_FULL, 0, next_number (), &entries, error))
			return FALSE;
		took[round] = MAX ((processor_nanoseconds (b->child) - before) / 1000, 1);
		bound[round] = bare_list_micros (b->algorithm, b->site->issuing, (guint) entries);
		ratio[round] = figure_thousandths (bound[round], took[round]);
	}
	figure_print (whole, figure_median (took), "us", figure_median (bound), figure_median (ratio));
	printf (" entries=%" G_GSIZE_FORMAT " each=%" G_GUINT64_FORMAT "ns", entries, figure_median (took) * 1000 / MAX (entries, 1));
	figure_end ();
	return TRUE;
}

#define REVOCATIONS 16           /* a round */

/* What one more revocation costs the signer: told, and written to the delta and to the list of its shard. */
static gboolean
revoke_one (Bench *b, const Serial *serial, gsize *entries, GError **error)
{
	g_autoptr (Clock) clock = clock_new_system ();
	const RevokedEntry entry = { *serial, clock_now (clock), REASON_SUPERSEDED };
	const SignerCa *ca = g_ptr_array_index (b->site->cas, 0);
	guint64 number = next_number ();
	gsize in_delta;
	return signer_revoke (b->client, NULL, &entry, 1, error) && sign_list (b, LIST_DELTA, 0, number, &in_delta, error) &&
	       sign_list (b, LIST_SHARD, serial->b[sizeof serial->b - 1] % ca->shards, number, entries, error);
}

static gboolean
figure_revoke (Bench *b, const char *name, GError **error)
{
	guint64 took[ROUNDS];
	gsize entries = 0;
	guint issues = b->issues;
	b->issues = ROUNDS * REVOCATIONS;
	gboolean well = prepare (b, FALSE, error);
	for (guint i = 0; well && i < b->issues; i++)
		well = ask_issue (b, i, error);
	b->issues = issues;
	if (!well || !sign_list (b, LIST_FULL, 0, next_number (), &entries, error))
		return FALSE;
	for (guint round = 0; round < ROUNDS; round++) {
		guint64 before = processor_nanoseconds (b->child);
		for (guint i = 0; i < REVOCATIONS; i++)
			if (!revoke_one (b, &g_array_index (prepared, Prepared, round * REVOCATIONS + i).serial, &entries, error))
				return FALSE;
		took[round] = (processor_nanoseconds (b->child) - before) / REVOCATIONS / 1000;
	}
	printf ("%s_%s %" G_GUINT64_FORMAT " us in_shard=%" G_GSIZE_FORMAT, name, key_algorithm_name (b->algorithm), figure_median (took), entries);
	figure_end ();
	return TRUE;
}

/* --- time stamps ------------------------------------------------------------------------------------------- */

/* An RFC 3161 query over a SHA-256 hash, with a nonce, asking for the certificate. */
static const char stamp_query[] = "\x30\x3a\x02\x01\x01\x30\x2f\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x04\x20"
	"0123456789abcdef0123456789abcdef" "\x02\x01\x07\x01\x01\xff";

static gboolean
ask_stamp (Bench *b, guint64 i, GError **error)
{
	g_autoptr (GBytes) query = g_bytes_new_static (stamp_query, sizeof stamp_query - 1);
	g_autoptr (GBytes) response = signer_stamp (b->client, query, error);
	(void) i;
	/* A refusal is a few dozen octets; a token is not. */
	return response != NULL && (g_bytes_get_size (response) > 500 || diqi_fail (error, DIQI_ERROR_INTERNAL, NULL, "no time stamp was given"));
}

static gboolean
figure_stamp (Bench *b, const char *name, GError **error)
{
	Series s = { 0 };
	g_autoptr (GBytes) query = g_bytes_new_static (stamp_query, sizeof stamp_query - 1);
	/* No loop to hold SM2 against: OpenSSL's TS gives it no identity. */
	if (b->algorithm == KEY_SM2)
		return TRUE;
	for (guint round = 0; round < ROUNDS; round++) {
		const BareWork bare = bare_stamp (query, BARE_TIME);
		if (!crowd_run (b, ask_stamp, 0, &bare, &s, round, error))
			return FALSE;
	}
	print_series (name, b, &s);
	return TRUE;
}

/* --- main -------------------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	gboolean (*run) (Bench *b, const char *name, GError **error);
} figures[] = {
	{ "signer_issue", figure_issue },
	{ "signer_pair", figure_pair },
	{ "signer_ocsp", figure_ocsp },
	{ "signer_list", figure_list },
	{ "signer_revoke", figure_revoke },
	{ "signer_stamp", figure_stamp },
};

static gboolean
run (Bench *b, char **names, GError **error)
{
	if (!bench_start (b, error))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS (figures); i++)
		if ((names[0] == NULL || g_strv_contains ((const char *const *) names, figures[i].name)) && !figures[i].run (b, figures[i].name, error)) {
			g_prefix_error (error, "%s: ", figures[i].name);
			return FALSE;
		}
	return TRUE;
}

int
main (int argc, char **argv)
{
	static const struct { KeyAlgorithm algorithm; guint issues; } kinds[] = { { KEY_P256, 3000 }, { KEY_SM2, 600 } };
	setlocale (LC_ALL, "C.UTF-8");
	if (argc < 3) {
		fprintf (stderr, "usage: %s DIQI WORK-FOLDER [FIGURE…]\n", argv[0]);
		return 2;
	}
	pki_init ();
	prepared = g_array_new (FALSE, FALSE, sizeof (Prepared));
	g_array_set_clear_func (prepared, prepared_clear);
	for (gsize i = 0; i < (g_getenv ("DIQI_BENCH_GROW") != NULL ? 1 : G_N_ELEMENTS (kinds)); i++) {
		g_auto (Bench) bench = { .program = argv[1], .work = argv[2], .algorithm = kinds[i].algorithm, .issues = kinds[i].issues, .grow = figure_certificates () };
		g_autoptr (GError) error = NULL;
		if (!run (&bench, argv + 3, &error)) {
			fflush (stdout);
			fprintf (stderr, "%s\n", error->message);
			return EXIT_FAILURE;
		}
	}
	g_array_unref (prepared);
	return EXIT_SUCCESS;
}
