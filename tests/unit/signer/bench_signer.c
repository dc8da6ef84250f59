/* Rates of the signer over its socket beside the bare key's in this process, one line a figure. */
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "fixture.h"

#define THREADS 32
#define SECONDS 2

typedef gboolean (*Work) (SignerClient *client, guint thread, guint64 i);

typedef struct {
	SignerClient *client;
	Work work;
	guint thread;
	gint64 until;
	guint64 done;
} Worker;

static Fixture fixture;
static json_t *payload;
static OcspRequest *request;

static gpointer
worker_main (gpointer data)
{
	Worker *w = data;
	while (g_get_monotonic_time () < w->until && w->work (w->client, w->thread, w->done))
		w->done++;
	return NULL;
}

static void
measure (const char *name, SignerClient *client, Work work)
{
	Worker workers[THREADS];
	GThread *threads[THREADS];
	gint64 until = g_get_monotonic_time () + SECONDS * G_USEC_PER_SEC;
	guint64 done = 0;
	for (guint i = 0; i < THREADS; i++) {
		workers[i] = (Worker) { client, work, i, until, 0 };
		threads[i] = g_thread_new ("work", worker_main, &workers[i]);
	}
	for (guint i = 0; i < THREADS; i++) {
		g_thread_join (threads[i]);
		done += workers[i].done;
	}
	printf ("%s %" G_GUINT64_FORMAT " 1/s\n", name, done / SECONDS);
}

static gboolean
receipt (SignerClient *client, guint thread, guint64 i)
{
	(void) thread;
	(void) i;
	g_autofree char *compact = signer_sign_receipt (client, payload, NULL);
	return compact != NULL;
}

static gboolean
ocsp (SignerClient *client, guint thread, guint64 i)
{
	(void) thread;
	(void) i;
	g_autoptr (GBytes) response = signer_sign_ocsp (client, NULL, request, T0, T0 + MICROS_PER_HOUR, NULL);
	return response != NULL;
}

/* Prepared beforehand, so that officers' signing and key making are not counted. */
typedef struct {
	char *request, *review, *issue;
} Prepared;
#define PREPARED 200
static Prepared prepared[THREADS][PREPARED];

static gboolean
issue (SignerClient *client, guint thread, guint64 i)
{
	if (i >= PREPARED)
		return FALSE;
	const Prepared *p = &prepared[thread][i];
	g_autoptr (GBytes) der = fixture_issue (client, p->request, T0, p->review, p->issue, NULL);
	return der != NULL;
}

static void
prepare_one (Prepared *p)
{
	g_autoptr (PrivateKey) key = private_key_generate (KEY_P256, NULL);
	g_autoptr (json_t) json = fixture_request (key);
	p->request = fixture_text (json);
	p->review = fixture_approve (&fixture, REVIEWER, "application.review", T0, p->request);
	p->issue = fixture_approve (&fixture, ISSUER, "application.issue", T0, p->request);
}

static void
measure_issue (SignerClient *client)
{
	for (guint t = 0; t < THREADS; t++)
		for (guint i = 0; i < PREPARED; i++)
			prepare_one (&prepared[t][i]);
	Worker workers[THREADS];
	GThread *threads[THREADS];
	gint64 start = g_get_monotonic_time ();
	for (guint i = 0; i < THREADS; i++) {
		workers[i] = (Worker) { client, issue, i, G_MAXINT64, 0 };
		threads[i] = g_thread_new ("work", worker_main, &workers[i]);
	}
	for (guint i = 0; i < THREADS; i++)
		g_thread_join (threads[i]);
	gint64 took = g_get_monotonic_time () - start;
	printf ("signer_issue_durable %" G_GINT64_FORMAT " 1/s\n", (gint64) THREADS * PREPARED * G_USEC_PER_SEC / took);
}

static void
measure_bare (void)
{
	g_autoptr (PrivateKey) key = private_key_generate (KEY_P256, NULL);
	gint64 until = g_get_monotonic_time () + SECONDS * G_USEC_PER_SEC;
	guint64 done = 0;
	guint8 text[800] = { 0 };
	for (; g_get_monotonic_time () < until; done++) {
		g_autoptr (GBytes) signature = private_key_sign (key, SIGNATURE_DER, text, sizeof text, NULL);
		g_assert_nonnull (signature);
	}
	printf ("bare_p256_sign %" G_GUINT64_FORMAT " 1/s\n", done / SECONDS);
}

static json_t *
make_receipt (void)
{
	static const char text[] = "{\"type\":\"receipt\",\"site\":\"" SITE "\",\"sale\":\"018f0000-0000-7000-8000-0000000000cc\",\"seq\":3,\"verdict\":\"accepted\","
		"\"price_fen\":\"747000000\",\"log_index\":12}";
	static const Fingerprint hash;
	json_t *made = json_loads (text, 0, NULL);
	g_autofree char *nonce = random_token (16);
	json_object_set_new (made, "nonce", json_string (nonce));
	json_object_set_new (made, "time", json_time (T0));
	json_object_set_new (made, "arrival", json_time (T0));
	json_object_set_new (made, "quote", json_hex (hash.b, 32));
	json_object_set_new (made, "head", json_hex (hash.b, 32));
	json_object_set_new (made, "leaf", json_hex (hash.b, 32));
	return made;
}

/* CertID ::= { SHA-1, hash of the name, hash of the key, serial }: taken from a request made by the openssl command. */
static OcspRequest *
make_request (const char *dir)
{
	g_autofree char *issuing = g_build_filename (dir, "issuing.crt", NULL), *out = g_build_filename (dir, "r.der", NULL), *der = NULL;
	g_autofree char *hex = serial_hex (certificate_serial (fixture.created.officers[CLERK].certificate));
	g_autofree char *number = g_strconcat ("0x", hex, NULL);
	const char *const argv[] = { "openssl", "ocsp", "-issuer", issuing, "-serial", number, "-no_nonce", "-reqout", out, NULL };
	gsize n;
	if (!g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL)
	    || !g_file_get_contents (out, &der, &n, NULL))
		g_error ("openssl ocsp failed");
	OcspRequest *made = ocsp_request_parse (der, n, fixture.created.issuing, NULL);
	g_array_index (made->singles, OcspSingle, 0).status = CERT_STATUS_GOOD;
	return made;
}

int
main (void)
{
	pki_init ();
	fixture_init (&fixture, KEY_P256, TRUE, T0 - MICROS_PER_DAY);
	g_autofree char *dir = fixture_copy (&fixture);
	SignerClient *client = fixture_run (dir);
	payload = make_receipt ();
	request = make_request (dir);
	measure_bare ();
	measure ("signer_receipt", client, receipt);
	measure ("signer_ocsp", client, ocsp);
	measure_issue (client);
	signer_client_free (client);
	json_decref (payload);
	ocsp_request_free (request);
	for (guint t = 0; t < THREADS; t++)
		for (guint i = 0; i < PREPARED; i++) {
			g_free (prepared[t][i].request);
			g_free (prepared[t][i].review);
			g_free (prepared[t][i].issue);
		}
	fixture_clear (&fixture);
	return 0;
}
