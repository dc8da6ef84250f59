/* Keys of records: wrapped at any time, opened for one look by an officer's own word, counted over restarts. */
#include <glib/gstdio.h>
#include <string.h>

#include "fixture.h"
#include "pki/seal.h"
#include "signer/look.h"

static Fixture fixture;

#define RECORD "01900000-0000-7000-8000-00000000aaaa"
#define OTHER "01900000-0000-7000-8000-00000000bbbb"
#define APPLICATION "01900000-0000-7000-8000-00000000cccc"

static const guint8 record_key[SEAL_KEY_BYTES] = "0123456789abcdef0123456789abcde";

static GBytes *
wrap (SignerClient *client)
{
	g_autoptr (GError) error = NULL;
	GBytes *wrapped = signer_wrap_record_key (client, RECORD, record_key, sizeof record_key, &error);
	g_assert_no_error (error);
	return wrapped;
}

static char *
look_at (guint officer, const char *record, Micros time)
{
	return fixture_sign (&fixture, officer, "paper.look", time, json_pack ("{s:s, s:s, s:s}", "application", APPLICATION, "scan", record, "purpose", "核对原件"));
}

static char *
agree_to (guint officer, const char *look, Micros time)
{
	g_autoptr (Statement) statement = statement_parse (look, -1, NULL);
	g_autofree char *hash = fingerprint_hex (statement_payload_hash (statement));
	return fixture_sign (&fixture, officer, "paper.look.agree", time, json_pack ("{s:s}", "look", hash));
}

static void
assert_opens (SignerClient *client, GBytes *wrapped, const char *look, const char *agree)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) key = signer_unwrap_record_key (client, RECORD, wrapped, look, agree, &error);
	g_assert_no_error (error);
	g_assert_cmpmem (g_bytes_get_data (key, NULL), g_bytes_get_size (key), record_key, sizeof record_key);
}

static void
test_one_look (void)
{
	g_autofree char *dir = fixture_copy (&fixture);
	g_autoptr (SignerClient) client = fixture_run (dir);
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) wrapped = wrap (client);
	g_autofree char *look = look_at (CLERK, RECORD, T0);
	assert_opens (client, wrapped, look, NULL);
	assert_refused (signer_unwrap_record_key (client, RECORD, wrapped, look, NULL, &error), error, STATEMENT_REPLAYED);
	/* Nor after a restart. */
	g_clear_pointer (&client, signer_client_free);
	client = fixture_run (dir);
	assert_refused (signer_unwrap_record_key (client, RECORD, wrapped, look, NULL, &error), error, STATEMENT_REPLAYED);
	g_autofree char *second = look_at (AUDITOR, RECORD, T0 + 1);
	assert_opens (client, wrapped, second, NULL);
}

static void
test_refuses (void)
{
	g_autofree char *dir = fixture_copy (&fixture);
	g_autoptr (SignerClient) client = fixture_run (dir);
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) wrapped = wrap (client);
	assert_refused (signer_wrap_record_key (client, RECORD, record_key, 31, &error), error, FIELD_LENGTH);
	assert_refused (signer_wrap_record_key (client, "no-uuid", record_key, 32, &error), error, FIELD_VALUE);

	g_autofree char *old = look_at (CLERK, RECORD, T0 - 6 * MICROS_PER_MIN), *other = look_at (CLERK, OTHER, T0);
	g_autofree char *administrator = look_at (ADMIN, RECORD, T0), *look = look_at (CLERK, RECORD, T0);
	g_autofree char *no_purpose = fixture_sign (&fixture, CLERK, "paper.look", T0, json_pack ("{s:s, s:s, s:s}", "application", APPLICATION, "scan", RECORD, "purpose", ""));
	g_autofree char *login = fixture_sign (&fixture, CLERK, "login", T0, json_pack ("{s:s, s:s}", "challenge", "x", "purpose", "login"));
	assert_refused (signer_unwrap_record_key (client, RECORD, wrapped, old, NULL, &error), error, STATEMENT_TIME);
	assert_refused (signer_unwrap_record_key (client, RECORD, wrapped, other, NULL, &error), error, STATEMENT_TARGET);
	assert_refused (signer_unwrap_record_key (client, RECORD, wrapped, administrator, NULL, &error), error, APPROVAL);
	assert_refused (signer_unwrap_record_key (client, RECORD, wrapped, no_purpose, NULL, &error), error, FIELD_VALUE);
	assert_refused (signer_unwrap_record_key (client, RECORD, wrapped, login, NULL, &error), error, STATEMENT_TYPE);
	/* A wrapped key in another record's place does not open, and what failed used nothing up. */
	assert_refused (signer_unwrap_record_key (client, OTHER, wrapped, other, NULL, &error), error, FIELD_VALUE);
	g_autoptr (GBytes) rubbish = g_bytes_new (record_key, sizeof record_key);
	assert_refused (signer_unwrap_record_key (client, RECORD, rubbish, look, NULL, &error), error, FIELD_VALUE);
	assert_opens (client, wrapped, look, NULL);
}

static void
use_up (SignerClient *client, GBytes *wrapped, guint from, guint to)
{
	for (guint i = from; i < to; i++) {
		g_autofree char *look = look_at (CLERK, RECORD, T0 + i);
		assert_opens (client, wrapped, look, NULL);
	}
}

/* A second officer's word is for one look: not for another officer who signs the same payload. */
static void
test_agree_once (void)
{
	g_autofree char *dir = fixture_copy (&fixture);
	g_autoptr (SignerClient) client = fixture_run (dir);
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) wrapped = wrap (client);
	g_autofree char *look = look_at (CLERK, RECORD, T0), *agree = agree_to (REVIEWER, look, T0);
	g_autoptr (Statement) said = statement_parse (look, -1, &error);
	g_autofree char *same = statement_sign (statement_payload (said), fixture.keys[AUDITOR], fixture.created.officers[AUDITOR].certificate, &error);
	g_assert_no_error (error);
	assert_opens (client, wrapped, look, agree);
	for (guint run = 0; run < 2; run++) {
		assert_refused (signer_unwrap_record_key (client, RECORD, wrapped, same, agree, &error), error, STATEMENT_REPLAYED);
		g_clear_pointer (&client, signer_client_free);
		client = fixture_run (dir);
	}
	assert_opens (client, wrapped, same, NULL);
}

static void
test_quota (void)
{
	g_autofree char *dir = fixture_copy (&fixture);
	g_autoptr (SignerClient) client = fixture_run (dir);
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) wrapped = wrap (client);
	use_up (client, wrapped, 0, LOOKS_A_DAY / 2);
	g_clear_pointer (&client, signer_client_free);
	client = fixture_run (dir);       /* counts what was before */
	use_up (client, wrapped, LOOKS_A_DAY / 2, LOOKS_A_DAY);

	g_autofree char *look = look_at (CLERK, RECORD, T0 + 1000), *another = look_at (CLERK, RECORD, T0 + 1001);
	g_autofree char *own = agree_to (CLERK, look, T0), *wrong = agree_to (REVIEWER, another, T0), *stale = agree_to (REVIEWER, look, T0 - MICROS_PER_HOUR);
	g_autofree char *administrator = agree_to (ADMIN, look, T0), *good = agree_to (REVIEWER, look, T0), *reviewer = look_at (REVIEWER, RECORD, T0);
	assert_refused (signer_unwrap_record_key (client, RECORD, wrapped, look, NULL, &error), error, LOOK_QUOTA);
	assert_refused (signer_unwrap_record_key (client, RECORD, wrapped, look, own, &error), error, SAME_PERSON);
	assert_refused (signer_unwrap_record_key (client, RECORD, wrapped, look, wrong, &error), error, STATEMENT_TARGET);
	assert_refused (signer_unwrap_record_key (client, RECORD, wrapped, look, stale, &error), error, STATEMENT_TIME);
	assert_refused (signer_unwrap_record_key (client, RECORD, wrapped, look, administrator, &error), error, APPROVAL);
	assert_opens (client, wrapped, look, good);
	assert_refused (signer_unwrap_record_key (client, RECORD, wrapped, another, NULL, &error), error, LOOK_QUOTA);
	assert_refused (signer_unwrap_record_key (client, RECORD, wrapped, another, good, &error), error, STATEMENT_TARGET);
	assert_opens (client, wrapped, reviewer, NULL);       /* each person has his own */

	/* T0 is 10 o'clock in Beijing: 14 hours later it is another day. */
	Micros tomorrow = T0 + 14 * MICROS_PER_HOUR;
	g_assert_true (signer_freeze_clock (client, tomorrow - 1, &error));
	g_autofree char *late = look_at (CLERK, RECORD, tomorrow - 1), *next = look_at (CLERK, RECORD, tomorrow);
	assert_refused (signer_unwrap_record_key (client, RECORD, wrapped, late, NULL, &error), error, LOOK_QUOTA);
	g_assert_true (signer_freeze_clock (client, tomorrow, &error));
	assert_opens (client, wrapped, next, NULL);
	/* And a clock put back does not open the day before again. */
	g_assert_true (signer_freeze_clock (client, T0, &error));
	g_autofree char *back = look_at (AUDITOR, RECORD, T0);
	assert_refused (signer_unwrap_record_key (client, RECORD, wrapped, back, NULL, &error), error, SIGNER);
}

/* --- the files ------------------------------------------------------------------------------ */

static void
edit_site (const char *dir, const char *member)
{
	g_autofree char *path = g_build_filename (dir, "site.json", NULL);
	g_autoptr (json_t) site = json_load_file (path, 0, NULL);
	json_object_del (site, member);
	g_autofree char *text = jcs_dump (site, NULL, NULL);
	g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static void
test_older_site (void)
{
	g_autofree char *dir = fixture_copy (&fixture);
	edit_site (dir, "secrets");
	SignerClient *client = fixture_run (dir);
	g_autoptr (GBytes) wrapped = wrap (client);
	signer_client_free (client);
	client = fixture_run (dir);
	g_autofree char *look = look_at (CLERK, RECORD, T0);
	assert_opens (client, wrapped, look, NULL);
	signer_client_free (client);
}

/* A lost or exchanged key must stop the start: a new one would make every scan unreadable. */
static void
test_lost_or_exchanged (void)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *lost = fixture_copy (&fixture), *lost_key = g_build_filename (lost, "storage.key", NULL);
	g_assert_true (g_remove (lost_key) == 0);
	assert_refused (fixture_start (lost, &error), error, CONFIG);

	g_autofree char *dir = fixture_copy (&fixture), *storage = g_build_filename (dir, "storage.key", NULL), *tokens = g_build_filename (dir, "tokens.key", NULL);
	g_autofree char *sealed = NULL;
	gsize n;
	g_assert_true (g_file_get_contents (tokens, &sealed, &n, NULL));
	g_assert_true (g_file_set_contents (storage, sealed, (gssize) n, NULL));
	assert_refused (fixture_start (dir, &error), error, FIELD_VALUE);

	/* Of an older site, under the same passphrase: opens, but is not the one pinned. */
	g_autofree char *older = fixture_copy (&fixture), *older_key = g_build_filename (older, "storage.key", NULL), *other = fixture_copy (&fixture);
	g_autofree char *other_key = g_build_filename (other, "storage.key", NULL), *text = NULL;
	edit_site (older, "secrets");
	signer_client_free (fixture_run (older));
	g_assert_true (g_file_get_contents (older_key, &text, &n, NULL));
	g_assert_true (g_file_set_contents (other_key, text, (gssize) n, NULL));
	assert_refused (fixture_start (other, &error), error, CONFIG);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	fixture_init (&fixture, KEY_P256, TRUE, T0 - MICROS_PER_DAY);
	g_test_add_func ("/signer/record/one-look", test_one_look);
	g_test_add_func ("/signer/record/refuses", test_refuses);
	g_test_add_func ("/signer/record/agree-once", test_agree_once);
	g_test_add_func ("/signer/record/quota", test_quota);
	g_test_add_func ("/signer/record/older-site", test_older_site);
	g_test_add_func ("/signer/record/lost-or-exchanged-key", test_lost_or_exchanged);
	int failed = g_test_run ();
	fixture_clear (&fixture);
	return failed;
}
