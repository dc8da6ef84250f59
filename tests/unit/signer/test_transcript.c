/* A ceremony's transcript: written, kept by the signer, and every way to lie in it; and the web server's certificate, which the signer renews. */
#include "fixture.h"
#include "signer/ceremony.h"
#include "signer/ceremony_log.h"
#include "signer/pins.h"
#include "signer/transcript.h"
#include "signer/transcript_status.h"
#include "signer/vault.h"

#include <string.h>

static Fixture f;

static json_t *
inner (Micros begun, Micros ended)
{
	return json_pack ("{s:i, s:s, s:s, s:s, s:o, s:o, s:s, s:[{s:s, s:b}]}", "v", 1, "type", "diqi.ceremony", "site", SITE, "program", "1",
		"begun", json_time (begun), "ended", json_time (ended), "script", "0000000000000000000000000000000000000000000000000000000000000000",
		"steps", "step", "root_list", "done", TRUE);
}

static GPtrArray *
authorities (void)
{
	GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) certificate_unref);
	g_ptr_array_add (list, certificate_ref (f.created.issuing));
	g_ptr_array_add (list, certificate_ref (f.created.root));
	return list;
}

static TranscriptHand
hand (guint officer)
{
	return (TranscriptHand) { f.keys[officer], f.created.officers[officer].certificate };
}

static GBytes *
signed_by (guint first, guint second, Micros ended, Micros at, GError **error)
{
	const TranscriptHand hands[] = { hand (first), hand (second) };
	g_autoptr (json_t) transcript = inner (ended - MICROS_PER_MIN, ended);
	g_autoptr (GPtrArray) above = authorities ();
	return transcript_sign (transcript, SITE, hands, 2, above, at, error);
}

static void
test_good (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) bytes = signed_by (ADMIN, AUDITOR, T0, T0, &error);
	g_assert_no_error (error);
	g_autoptr (Transcript) t = transcript_open (bytes, &error);
	g_assert_no_error (error);
	g_assert_true (transcript_check_chains (t, f.created.root, NULL, &error));
	g_assert_cmpuint (t->signers->len, ==, 2);
	const TranscriptSigner *signer = g_ptr_array_index (t->signers, 1);
	g_assert_cmpstr (signer->person, ==, fixture_person (AUDITOR));
	g_autoptr (json_t) effect = transcript_effect (t);
	g_assert_cmpuint (json_array_size (json_object_get (effect, "present")), ==, 2);
	g_assert_cmpstr (json_string_value (json_array_get (json_object_get (effect, "steps"), 0)), ==, "root_list");
	g_assert_null (json_object_get (effect, "results"));
}

/* One person with two certificates is one person. */
static void
test_one_person (void)
{
	g_autoptr (GError) error = NULL;
	GBytes *bytes = signed_by (REVIEWER, REVIEWER_AGAIN, T0, T0, &error);
	assert_refused (bytes, error, BUNDLE);
	bytes = signed_by (ADMIN, ADMIN, T0, T0, &error);
	assert_refused (bytes, error, BUNDLE);
}

static void
test_times (void)
{
	g_autoptr (GError) error = NULL;
	GBytes *late = signed_by (ADMIN, AUDITOR, T0, T0 + MICROS_PER_HOUR, &error);
	assert_refused (late, error, BUNDLE);
	/* Before the certificates began, and after they ended: the signatures are right, the chains are not. */
	const Micros wrong[] = { T0 - MICROS_PER_DAY, T0 + 6 * 366 * MICROS_PER_DAY };
	for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
		g_autoptr (GBytes) bytes = signed_by (ADMIN, AUDITOR, wrong[i], wrong[i], &error);
		g_autoptr (Transcript) t = transcript_open (bytes, &error);
		g_assert_no_error (error);
		assert_refused (transcript_check_chains (t, f.created.root, NULL, &error), error, BUNDLE);
	}
}

/* The CAs may come beside the file, as for transcripts of older versions; a CA that is no root's is none. */
static void
test_chains (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GPtrArray) none = g_ptr_array_new (), above = authorities ();
	g_autoptr (json_t) transcript = inner (T0, T0);
	const TranscriptHand hands[] = { hand (ADMIN), hand (AUDITOR) };
	g_autoptr (GBytes) bytes = transcript_sign (transcript, SITE, hands, 2, none, T0, &error);
	g_autoptr (Transcript) t = transcript_open (bytes, &error);
	g_assert_no_error (error);
	assert_refused (transcript_check_chains (t, f.created.root, NULL, &error), error, BUNDLE);
	g_assert_true (transcript_check_chains (t, f.created.root, above, &error));
	assert_refused (transcript_check_chains (t, f.created.issuing, above, &error), error, BUNDLE);
}

/* Every octet counts. */
static void
test_changed (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) bytes = signed_by (ADMIN, AUDITOR, T0, T0, &error);
	gsize n;
	const char *p = g_bytes_get_data (bytes, &n);
	for (gsize i = 0; i < n; i += 7) {
		g_autofree char *copy = g_memdup2 (p, n);
		copy[i] ^= 1;
		g_autoptr (GBytes) changed = g_bytes_new (copy, n);
		g_autoptr (Transcript) t = transcript_open (changed, &error);
		/* In a CA's certificate only the chain shows it. */
		gboolean well = t != NULL && transcript_check_chains (t, f.created.root, NULL, &error);
		assert_refused (well, error, BUNDLE);
	}
}

/* --- standing ------------------------------------------------------------------------------------- */

static PrivateKey *
issuing_key (void)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *dir = fixture_copy (&f);
	g_autoptr (Pins) pins = pins_load (dir, &error);
	g_assert_no_error (error);
	Vault *vault = vault_new (dir, pins->site, pins->places, PASSPHRASE, strlen (PASSPHRASE), &error);
	g_assert_no_error (error);
	PrivateKey *key = vault_load_key (vault, PINS_FIRST_CA, certificate_public_key (f.created.issuing), &error);
	g_assert_no_error (error);
	vault_free (vault);
	return key;
}

static GBytes *
list_of (const PrivateKey *key, Micros made, guint officer, Micros revoked_at, RevocationReason reason)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (Issuer) issuer = issuer_new (f.created.issuing, key, &error);
	const RevokedEntry entry = { *certificate_serial (f.created.officers[officer].certificate), revoked_at, reason };
	GBytes *list = issuer_sign_crl (issuer, 7, made, made + MICROS_PER_DAY, &entry, 1, &error);
	g_assert_no_error (error);
	return list;
}

static TranscriptStanding
standing (const Transcript *t, guint signer, GBytes *first, GBytes *second)
{
	GBytes *const lists[] = { first, second };
	TranscriptStatus status;
	transcript_status (t, g_ptr_array_index (t->signers, signer), f.created.issuing, lists, second != NULL ? 2 : first != NULL ? 1 : 0, &status);
	return status.standing;
}

/* The ceremony began a minute before T0.  What no list says is unknown; a list that is older than it says nothing good. */
static void
test_standing (void)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (PrivateKey) key = issuing_key ();
	g_autoptr (GBytes) bytes = signed_by (ADMIN, AUDITOR, T0, T0, &error);
	g_autoptr (Transcript) t = transcript_open (bytes, &error);
	const Micros met = T0 - MICROS_PER_MIN;
	g_assert_cmpint (t->met, ==, met);
	g_autoptr (GBytes) others = list_of (key, T0 + MICROS_PER_DAY, REVIEWER, T0, REASON_SUPERSEDED), old = list_of (key, met - MICROS_PER_S, REVIEWER, T0, REASON_SUPERSEDED),
		then = list_of (key, T0 + MICROS_PER_DAY, ADMIN, met, REASON_KEY_COMPROMISE), held = list_of (key, met, ADMIN, met - MICROS_PER_DAY, REASON_HOLD),
		since = list_of (key, T0 + MICROS_PER_DAY, ADMIN, T0 + MICROS_PER_HOUR, REASON_PRIVILEGE_WITHDRAWN),
		late = list_of (key, T0 + 20 * 366 * MICROS_PER_DAY, REVIEWER, T0, REASON_SUPERSEDED);
	g_assert_cmpint (standing (t, 0, NULL, NULL), ==, STANDING_UNKNOWN);
	g_assert_cmpint (standing (t, 0, old, NULL), ==, STANDING_UNKNOWN);
	/* Made when the certificate had long ended: a list may have dropped it. */
	g_assert_cmpint (standing (t, 0, late, NULL), ==, STANDING_UNKNOWN);
	g_assert_cmpint (standing (t, 0, others, NULL), ==, STANDING_GOOD);
	g_assert_cmpint (standing (t, 0, then, NULL), ==, STANDING_REVOKED);
	g_assert_cmpint (standing (t, 0, held, NULL), ==, STANDING_REVOKED);
	g_assert_cmpint (standing (t, 0, since, NULL), ==, STANDING_REVOKED_SINCE);
	g_assert_cmpint (standing (t, 1, since, NULL), ==, STANDING_GOOD);
	/* While it lasted: it may take a role itself, but what was signed with a key given up is nothing. */
	g_autoptr (GBytes) taken = list_of (key, T0 + MICROS_PER_DAY, ADMIN, T0 - MICROS_PER_S, REASON_PRIVILEGE_WITHDRAWN),
		given_up = list_of (key, T0 + MICROS_PER_DAY, ADMIN, T0 - MICROS_PER_S, REASON_KEY_COMPROMISE);
	g_assert_cmpint (standing (t, 0, taken, NULL), ==, STANDING_REVOKED_SINCE);
	g_assert_cmpint (standing (t, 0, given_up, NULL), ==, STANDING_REVOKED);
	/* No order of lists, and no second one, hides a revocation. */
	g_assert_cmpint (standing (t, 0, others, then), ==, STANDING_REVOKED);
	g_assert_cmpint (standing (t, 0, then, others), ==, STANDING_REVOKED);
	g_assert_cmpint (standing (t, 0, since, then), ==, STANDING_REVOKED);
	/* Signed by another than its issuer. */
	TranscriptStatus status;
	transcript_status (t, g_ptr_array_index (t->signers, 0), f.created.root, &then, 1, &status);
	g_assert_cmpint (status.standing, ==, STANDING_UNKNOWN);
}

/* --- kept by the signer -------------------------------------------------------------------------- */

static void
test_kept (void)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *dir = fixture_copy (&f);
	g_autoptr (GBytes) bytes = signed_by (ADMIN, AUDITOR, T0, T0, &error);
	{
		g_autoptr (Ceremony) ceremony = ceremony_open (dir, dir, PASSPHRASE, strlen (PASSPHRASE), &error);
		g_assert_no_error (error);
		g_assert_true (ceremony_check_officer (ceremony, f.created.officers[ADMIN].certificate, &error));
		assert_refused (ceremony_check_officer (ceremony, f.created.issuing, &error), error, STATEMENT_SIGNER);
		g_autoptr (GBytes) nonsense = g_bytes_new_static ("{}", 2);
		assert_refused (ceremony_finish (ceremony, nonsense, &error), error, BUNDLE);
		g_assert_true (ceremony_finish (ceremony, bytes, &error));
	}
	for (guint i = 0; i < 2; i++) {
		g_autoptr (SignerClient) client = fixture_run (dir);
		g_autoptr (json_t) open = NULL, held = signer_get_ceremonies (client, &open, &error);
		g_assert_null (open);
		g_assert_no_error (error);
		g_assert_cmpuint (json_array_size (held), ==, 1);
		const json_t *one = json_array_get (held, 0);
		g_assert_true (json_is_true (json_object_get (one, "kept")));
		g_autoptr (GBytes) kept = signer_get_transcript (client, json_string_value (json_object_get (one, "transcript")), &error);
		g_assert_no_error (error);
		g_assert_true (g_bytes_equal (kept, bytes));
		GBytes *other = signer_get_transcript (client, "abababababababababababababababababababababababababababababababab", &error);
		assert_refused (other, error, NOT_FOUND);
	}
}

/* --- while it lasts ------------------------------------------------------------------------------ */

static Ceremony *
open_at (const char *dir)
{
	g_autoptr (GError) error = NULL;
	Ceremony *ceremony = ceremony_open (dir, dir, PASSPHRASE, strlen (PASSPHRASE), &error);
	g_assert_no_error (error);
	return ceremony;
}

static void
begin (const char *dir, const char *script, const char *first, const char *second)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (Ceremony) ceremony = open_at (dir);
	g_autoptr (json_t) steps = json_pack ("[s, s]", first, second), present = json_array ();
	Fingerprint hash;
	fingerprint_of (script, strlen (script), &hash);
	g_assert_true (ceremony_begin (ceremony, &hash, steps, present, T0, &error));
	g_assert_no_error (error);
}

static void
note (const char *dir, guint step, const char *state)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (Ceremony) ceremony = open_at (dir);
	g_assert_true (ceremony_note_step (ceremony, step, state, NULL, T0 + step, &error));
	g_assert_no_error (error);
}

static char *
told (const char *dir)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *journal = g_build_filename (dir, "journal.log", NULL);
	g_autoptr (json_t) open = NULL;
	g_assert_true (ceremony_log_peek (journal, &open, &error));
	g_assert_no_error (error);
	return open != NULL ? ceremony_log_tell (open) : NULL;
}

/* Every record is there when the journal is opened again, and from outside; another script abandons; a transcript closes. */
static void
test_open (void)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *dir = fixture_copy (&f), *none = told (dir);
	g_assert_null (none);
	begin (dir, "one", "root_list", "shares");
	note (dir, 0, "begun");
	begin (dir, "one", "root_list", "shares");
	note (dir, 0, "done");
	g_autofree char *text = told (dir);
	g_assert_nonnull (strstr (text, "done: root_list; not begun: shares"));
	begin (dir, "two", "add_ca", "command");
	{
		g_autoptr (Ceremony) ceremony = open_at (dir);
		const json_t *open = ceremony_open_record (ceremony), *old = json_array_get (json_object_get (open, "abandoned"), 0);
		g_assert_cmpuint (json_array_size (json_object_get (open, "parts")), ==, 1);
		g_assert_cmpstr (json_string_value (json_object_get (json_array_get (json_object_get (old, "steps"), 0), "state")), ==, "done");
		/* What is no record is not written. */
		assert_refused (ceremony_note_step (ceremony, 2, "done", NULL, T0, &error), error, FIELD_VALUE);
		assert_refused (ceremony_note_step (ceremony, 0, "perhaps", NULL, T0, &error), error, FIELD_VALUE);
	}
	{
		g_autoptr (SignerClient) client = fixture_run (dir);
		g_autoptr (json_t) open = NULL, held = signer_get_ceremonies (client, &open, &error);
		g_assert_cmpuint (json_array_size (held), ==, 0);
		g_assert_cmpuint (json_array_size (json_object_get (open, "steps")), ==, 2);
	}
	g_autoptr (GBytes) bytes = signed_by (ADMIN, AUDITOR, T0, T0, &error);
	{
		g_autoptr (Ceremony) ceremony = open_at (dir);
		g_assert_true (ceremony_finish (ceremony, bytes, &error));
	}
	g_autofree char *after = told (dir);
	g_assert_null (after);
}

/* The step in whose middle it was cut off is in the record of that part. */
static void
test_interrupted (void)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *dir = fixture_copy (&f);
	begin (dir, "one", "root_list", "shares");
	note (dir, 0, "done");
	note (dir, 1, "begun");
	begin (dir, "one", "root_list", "shares");
	g_autoptr (Ceremony) ceremony = open_at (dir);
	const json_t *parts = json_object_get (ceremony_open_record (ceremony), "parts");
	g_autoptr (json_t) transcript = inner (T0, T0), cut = json_pack ("[O]", json_array_get (parts, 0));
	g_autoptr (GPtrArray) above = authorities ();
	const TranscriptHand hands[] = { hand (ADMIN), hand (AUDITOR) };
	g_assert_cmpint (json_integer_value (json_object_get (json_array_get (parts, 0), "step")), ==, 2);
	json_object_set (transcript, "interruptions", cut);
	/* It must say when it went on. */
	GBytes *without = transcript_sign (transcript, SITE, hands, 2, above, T0, &error);
	assert_refused (without, error, BUNDLE);
	json_object_set_new (transcript, "resumed", json_time (T0));
	g_autoptr (GBytes) bytes = transcript_sign (transcript, SITE, hands, 2, above, T0, &error);
	g_autoptr (Transcript) t = transcript_open (bytes, &error);
	g_assert_no_error (error);
	g_assert_cmpint (t->met, ==, T0);
	g_autoptr (json_t) effect = transcript_effect (t);
	g_assert_cmpint (json_integer_value (json_object_get (effect, "interrupted")), ==, 1);
}

/* --- the web server's certificate ---------------------------------------------------------------- */

static Certificate *
tls_of (SignerClient *client)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (SignerSite) site = signer_get_site (client, &error);
	g_assert_no_error (error);
	return certificate_ref (site->tls);
}

static gboolean
renewed_at (SignerClient *client, Micros now)
{
	g_autoptr (GError) error = NULL;
	gboolean renewed;
	g_autofree char *no_stamps = NULL;
	g_assert_true (signer_freeze_clock (client, now, &error));
	g_assert_true (signer_renew (client, &renewed, &no_stamps, &error));
	g_assert_no_error (error);
	return renewed;
}

/* Behind its journal the signer renews nothing, and still says why it stamps nothing: people are told by that answer. */
static void
test_not_renewed (void)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *dir = fixture_copy (&f), *no_stamps = NULL;
	g_autoptr (SignerClient) client = fixture_run (dir);
	g_autoptr (Certificate) first = tls_of (client);
	Micros due = certificate_not_after (first) - 30 * MICROS_PER_DAY, ahead = due + MICROS_PER_DAY;
	const SignerListOrder order = { .kind = LIST_FULL, .number = 1000, .this_update = ahead, .next_update = ahead + MICROS_PER_DAY };
	gboolean renewed;
	g_assert_true (signer_freeze_clock (client, ahead, &error));
	g_autoptr (GBytes) list = signer_sign_list (client, &order, NULL, &error);
	g_assert_no_error (error);
	g_assert_false (renewed_at (client, due));
	g_assert_true (signer_renew (client, &renewed, &no_stamps, &error));
	g_assert_cmpstr (no_stamps, ==, "the clock is behind the journal");
	g_assert_true (renewed_at (client, ahead + MICROS_PER_MIN));
}

static void
test_tls_renewed (void)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *dir = fixture_copy (&f);
	g_autoptr (Certificate) made = NULL;
	{
		g_autoptr (SignerClient) client = fixture_run (dir);
		g_autoptr (Certificate) first = tls_of (client);
		Micros life = certificate_not_after (first) - certificate_not_before (first);
		g_assert_cmpint (life, <=, 398 * MICROS_PER_DAY);
		g_assert_false (renewed_at (client, certificate_not_after (first) - life / 3 - MICROS_PER_DAY));
		g_assert_true (renewed_at (client, certificate_not_after (first) - life / 3 + MICROS_PER_DAY));
		made = tls_of (client);
		g_assert_true (fingerprint_equal (public_key_fingerprint (certificate_public_key (made)), public_key_fingerprint (certificate_public_key (first))));
		g_assert_cmpuint (certificate_extended_key_usage (made), ==, EKU_SERVER_AUTH);
		g_assert_cmpint (certificate_not_after (made) - certificate_not_before (made), ==, life);
		g_assert_false (renewed_at (client, certificate_not_before (made) + MICROS_PER_DAY));
	}
	g_autoptr (SignerClient) again = fixture_run (dir);
	g_autoptr (Certificate) found = tls_of (again);
	g_assert_true (fingerprint_equal (certificate_fingerprint (found), certificate_fingerprint (made)));
}

/* A key that was given up gets no new certificate. */
static void
test_tls_revoked (void)
{
	g_autoptr (GError) error = NULL;
	g_autofree char *dir = fixture_copy (&f);
	g_autoptr (SignerClient) client = fixture_run (dir);
	g_autoptr (Certificate) tls = tls_of (client);
	const RevokedEntry entry = { *certificate_serial (tls), T0, REASON_KEY_COMPROMISE };
	g_assert_true (signer_revoke (client, NULL, &entry, 1, &error));
	g_assert_false (renewed_at (client, certificate_not_after (tls) - MICROS_PER_DAY));
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	fixture_init (&f, KEY_P256, TRUE, T0);
	g_test_add_func ("/signer/transcript/good", test_good);
	g_test_add_func ("/signer/transcript/one-person", test_one_person);
	g_test_add_func ("/signer/transcript/times", test_times);
	g_test_add_func ("/signer/transcript/chains", test_chains);
	g_test_add_func ("/signer/transcript/changed", test_changed);
	g_test_add_func ("/signer/transcript/standing", test_standing);
	g_test_add_func ("/signer/transcript/kept", test_kept);
	g_test_add_func ("/signer/ceremony/open", test_open);
	g_test_add_func ("/signer/ceremony/interrupted", test_interrupted);
	g_test_add_func ("/signer/tls/renewed", test_tls_renewed);
	g_test_add_func ("/signer/tls/not-renewed", test_not_renewed);
	g_test_add_func ("/signer/tls/revoked", test_tls_revoked);
	int failed = g_test_run ();
	fixture_clear (&f);
	return failed;
}
