/* Time stamps by the signer (RFC 3161): the clock it needs, the order it promises, and no stamp without both. */
#include <glib/gstdio.h>
#include <string.h>

#include "fixture.h"
#include "pki/der.h"
#include "pki/tsp.h"
#include "signer/stamp.h"

static Fixture fixture;

/* --- the clock's judgement ----------------------------------------------------------------------- */

typedef struct {
	char *path;
	Journal *journal;
} Store;

static void
store_open (Store *store)
{
	g_autoptr (GError) error = NULL;
	if (store->path == NULL) {
		store->path = g_build_filename (g_get_tmp_dir (), "diqi-stamp-XXXXXX", NULL);
		g_assert_cmpint (g_mkstemp (store->path), >=, 0);
	}
	g_clear_pointer (&store->journal, journal_free);
	store->journal = journal_open (store->path, &error);
	g_assert_no_error (error);
}

static void
store_clear (Store *store)
{
	journal_free (store->journal);
	g_unlink (store->path);
	g_free (store->path);
}

static Micros
take (Stamper *stamper, const Store *store, const Clock *clock)
{
	g_autoptr (GError) error = NULL;
	const char *why;
	Micros time;
	g_assert_true (stamper_take (stamper, store->journal, clock, clock_monotonic (), &time, &why));
	g_assert_true (journal_commit (store->journal, &error));
	return time;
}

/* Later than every one before, also when the clock stands still and after a restart. */
static void
test_order (void)
{
	Store store = { 0 };
	Stamper stamper = { 0 };
	g_autoptr (Clock) clock = clock_new_frozen (T0);
	store_open (&store);
	Micros last = 0;
	for (guint i = 0; i < 1000; i++) {
		Micros time = take (&stamper, &store, clock);
		g_assert_cmpint (time, >, last);
		g_assert_cmpint (time, <=, journal_stamps_until (store.journal));
		last = time;
	}
	g_assert_cmpint (last, ==, T0 + 999);
	Stamper next = { 0 };
	store_open (&store);
	Micros after = take (&next, &store, clock);
	g_assert_cmpint (after, >, last);
	g_assert_cmpint (after - T0, <=, STAMP_ACCURACY);
	/* The reserve is used up before the clock has moved: no stamp rather than one that is off by more than it says. */
	Stamper third = { 0 };
	const char *why;
	Micros time;
	store_open (&store);
	g_assert_false (stamper_take (&third, store.journal, clock, clock_monotonic (), &time, &why));
	g_assert_nonnull (strstr (why, "further off"));
	clock_set (clock, T0 + MICROS_PER_S);
	g_assert_cmpint (take (&third, &store, clock), >, after);
	store_clear (&store);
}

static void
test_distrust (void)
{
	Store store = { 0 };
	Stamper stamper = { 0 };
	const char *why;
	Micros time;
	g_autoptr (Clock) clock = clock_new_frozen (T0);
	store_open (&store);
	clock_distrust (clock, TRUE);
	g_assert_false (stamper_take (&stamper, store.journal, clock, clock_monotonic (), &time, &why));
	g_assert_nonnull (strstr (why, "no time source"));
	clock_distrust (clock, FALSE);
	take (&stamper, &store, clock);
	/* back by a day: behind the journal, and behind the last stamp */
	clock_set (clock, T0 - MICROS_PER_DAY);
	g_assert_false (stamper_take (&stamper, store.journal, clock, clock_monotonic (), &time, &why));
	Stamper fresh = { 0 };
	g_assert_false (stamper_take (&fresh, store.journal, clock, clock_monotonic (), &time, &why));
	store_clear (&store);
}

/* The system's clock against a monotonic one that the test moves: a step ends stamping for the time of proof. */
static void
test_step (void)
{
	Store store = { 0 };
	Stamper stamper = { 0 };
	const char *why;
	Micros time, monotonic = MICROS_PER_HOUR;
	g_autoptr (Clock) clock = clock_new_system ();
	store_open (&store);
	if (!clock_trust (clock).synchronised || clock_trust (clock).max_error > STAMP_ACCURACY / 2) {
		g_assert_false (stamper_take (&stamper, store.journal, clock, monotonic, &time, &why));
		g_assert_nonnull (why);
		g_test_skip ("this machine's clock has no time source: refused for that");
		store_clear (&store);
		return;
	}
	g_assert_true (stamper_take (&stamper, store.journal, clock, monotonic, &time, &why));
	monotonic += MICROS_PER_HOUR;     /* an hour went by, and the time of day did not move */
	g_assert_false (stamper_take (&stamper, store.journal, clock, monotonic, &time, &why));
	g_assert_nonnull (strstr (why, "stepped"));
	store_clear (&store);
}

/* --- over the socket -------------------------------------------------------------------------------- */

#define QUERY "\x30\x3a\x02\x01\x01\x30\x2f\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x04\x20" \
	"0123456789abcdef0123456789abcdef" "\x02\x01\x07\x01\x01\xff"

static GBytes *
ask (SignerClient *client, const char *query, gsize n)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) bytes = g_bytes_new (query, n);
	GBytes *response = signer_stamp (client, bytes, &error);
	g_assert_no_error (error);
	return response;
}

/* PKIStatus of a TimeStampResp. */
static guint64
status_of (GBytes *response)
{
	gsize n;
	const guint8 *p = g_bytes_get_data (response, &n);
	Der whole = { p, n }, body, info;
	guint64 status;
	g_assert_true (der_check (p, n) && der_read (&whole, DER_SEQUENCE, &body) && der_read (&body, DER_SEQUENCE, &info) && der_read_uint (&info, &status));
	return status;
}

static void
assert_status (SignerClient *client, guint64 status)
{
	g_autoptr (GBytes) response = ask (client, QUERY, sizeof QUERY - 1);
	g_assert_cmpuint (status_of (response), ==, status);
}

static void
test_signer (void)
{
	g_autofree char *dir = fixture_copy (&fixture);
	g_autoptr (SignerClient) client = fixture_run (dir);
	g_autoptr (GError) error = NULL;
	assert_status (client, 0);
	g_autoptr (GBytes) refused = ask (client, "\x30\x00", 2);
	g_assert_cmpuint (status_of (refused), ==, 2);
	g_assert_true (signer_distrust_clock (client, T0, TRUE, &error));
	assert_status (client, 2);
	g_assert_true (signer_distrust_clock (client, T0, FALSE, &error));
	assert_status (client, 0);
	g_autoptr (SignerSite) site = signer_get_site (client, &error);
	g_assert_no_error (error);
	g_assert_cmpuint (certificate_extended_key_usage (site->tsa), ==, EKU_TIME_STAMPING);
	g_assert_true (signer_freeze_clock (client, certificate_not_after (site->tsa) + MICROS_PER_S, &error));
	assert_status (client, 2);
	g_autoptr (GBytes) huge = g_bytes_new_take (g_malloc0 (TSP_MAX_REQUEST + 1), TSP_MAX_REQUEST + 1);
	assert_refused (signer_stamp (client, huge, &error), error, FIELD_LENGTH);
}

/* A folder of the version before time stamps gets key and certificate at its next start, once. */
static void
test_older_site (void)
{
	g_autofree char *dir = fixture_copy (&fixture), *path = g_build_filename (dir, "site.json", NULL);
	json_t *site = json_load_file (path, 0, NULL);
	json_object_del (json_object_get (site, "certificates"), "tsa");
	g_autofree char *text = jcs_dump (site, NULL, NULL);
	json_decref (site);
	g_assert_true (g_file_set_contents (path, text, -1, NULL));
	g_autofree char *key = g_build_filename (dir, "tsa.key", NULL), *certificate = g_build_filename (dir, "tsa.crt", NULL);
	g_assert_true (g_remove (key) == 0 && g_remove (certificate) == 0);
	for (guint i = 0; i < 2; i++) {
		g_autoptr (SignerClient) client = fixture_run (dir);
		assert_status (client, 0);
	}
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	fixture_init (&fixture, KEY_P256, TRUE, T0 - MICROS_PER_DAY);
	g_test_add_func ("/signer/stamp/order", test_order);
	g_test_add_func ("/signer/stamp/distrust", test_distrust);
	g_test_add_func ("/signer/stamp/step", test_step);
	g_test_add_func ("/signer/stamp/signer", test_signer);
	g_test_add_func ("/signer/stamp/older-site", test_older_site);
	int failed = g_test_run ();
	fixture_clear (&fixture);
	return failed;
}
