/* The keeper of the log: signs what is committed, notices what was changed. */
#include "base/error.h"
#include "evidence/checkpoint.h"
#include "unit/evidence/fixture.h"

#include <string.h>

static Clock *frozen;

static gboolean
append_in_one (Tx *tx, gpointer arg, GError **error)
{
	g_autoptr (json_t) effect = json_object ();
	for (guint i = 0; i < *(guint *) arg; i++)
		if (!evidence_append (tx, "test.act", "s", NOW, NULL, effect, NULL, error))
			return FALSE;
	return TRUE;
}

static void
append_some (TestStore *t, guint n)
{
	g_autoptr (GError) error = NULL;
	store_run (t->store, "test.append", append_in_one, &n, &error);
	g_assert_no_error (error);
}

static void
flush (LogKeeper *keeper)
{
	g_autoptr (GError) error = NULL;
	log_keeper_flush (keeper, &error);
	g_assert_no_error (error);
}

static void
assert_refused (TestSigner *signer, TestStore *t)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (LogKeeper) keeper = log_keeper_open (t->store, frozen, ORIGIN, test_signer_sign, test_signer_last, signer, &error);
	g_assert_null (keeper);
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_MERKLE);
}

/* --- growing ------------------------------------------------------------------------ */

static void
test_empty (TestStore *t)
{
	g_auto (TestSigner) signer = { 0 };
	g_autoptr (GError) error = NULL;
	guint64 size = 7;
	test_signer_init (&signer);
	g_autoptr (LogKeeper) keeper = test_signer_keeper (&signer, t->store, frozen);
	flush (keeper);
	g_autofree char *note = log_keeper_note (keeper, &size);
	g_autoptr (GBytes) tile = log_keeper_tile (keeper, 0, 0, 1, &error);
	g_assert_null (note);
	g_assert_null (tile);
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_NOT_FOUND);
	g_assert_cmpuint (size, ==, 0);
	g_assert_cmpuint (signer.calls, ==, 0);
	g_assert_cmpint (log_keeper_lag (keeper), ==, 0);
}

static void
test_growing (TestStore *t)
{
	g_auto (TestSigner) signer = { 0 };
	g_auto (Checkpoint) opened = { 0 };
	g_autoptr (GError) error = NULL;
	Hash root300;
	guint64 size;
	test_signer_init (&signer);
	g_autoptr (LogKeeper) keeper = test_signer_keeper (&signer, t->store, frozen);
	append_some (t, 300);
	flush (keeper);
	root300 = signer.root;
	append_some (t, 5);
	/* Committed but not signed: not shown to anybody yet. */
	g_autoptr (GArray) early = log_keeper_inclusion (keeper, 300, 305, &error);
	g_assert_null (early);
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_NOT_FOUND);
	g_clear_error (&error);
	flush (keeper);
	flush (keeper);
	g_assert_cmpuint (signer.calls, ==, 2);

	g_autofree char *note = log_keeper_note (keeper, &size);
	g_assert_true (checkpoint_open (note, ORIGIN, signer.public, &opened, &error));
	g_assert_cmpuint (opened.size, ==, 305);
	g_assert_cmpuint (size, ==, 305);
	g_autoptr (GArray) proof = log_keeper_consistency (keeper, 300, 305, &error);
	g_assert_true (merkle_verify_consistency (300, 305, (const Hash *) proof->data, proof->len, &root300, &opened.root, &error));
	g_autoptr (GBytes) full = log_keeper_tile (keeper, 0, 0, 256, &error);
	g_autoptr (GBytes) part = log_keeper_tile (keeper, 0, 1, 49, &error);
	g_assert_no_error (error);
	g_assert_cmpuint (g_bytes_get_size (full), ==, 8192);
	g_assert_cmpuint (g_bytes_get_size (part), ==, 49 * 32);
	g_autoptr (GArray) nothing = log_keeper_consistency (keeper, 0, 305, &error);
	g_assert_null (nothing);
}

static void
test_restart (TestStore *t)
{
	g_auto (TestSigner) signer = { 0 };
	guint64 size;
	test_signer_init (&signer);
	append_some (t, 3000);          /* several chunks */
	LogKeeper *first = test_signer_keeper (&signer, t->store, frozen);
	flush (first);
	g_autofree char *before = log_keeper_note (first, NULL);
	log_keeper_free (first);
	append_some (t, 1);

	LogKeeper *second = log_keeper_new (t->store, frozen, ORIGIN, test_signer_sign, &signer, NULL);
	g_assert_nonnull (second);
	g_autofree char *after = log_keeper_note (second, &size);
	g_assert_cmpstr (before, ==, after);
	g_assert_cmpuint (size, ==, 3000);
	flush (second);
	g_assert_cmpuint (signer.size, ==, 3001);
	log_keeper_free (second);
}

/* --- the thread ------------------------------------------------------------------------ */

static gboolean
wait_for_size (LogKeeper *keeper, guint64 want, gint64 at_most)
{
	gint64 end = g_get_monotonic_time () + at_most;
	do {
		guint64 size;
		g_free (log_keeper_note (keeper, &size));
		if (size >= want)
			return TRUE;
		g_usleep (5000);
	} while (g_get_monotonic_time () < end);
	return FALSE;
}

static void
test_one_second (TestStore *t)
{
	g_auto (TestSigner) signer = { 0 };
	test_signer_init (&signer);
	g_autoptr (LogKeeper) keeper = test_signer_keeper (&signer, t->store, frozen);
	log_keeper_start (keeper);
	/* Other programs may hold up two leaves of three. */
	guint in_time = 0;
	for (guint i = 1; i <= 3; i++) {
		append_some (t, 1);
		in_time += wait_for_size (keeper, i, G_USEC_PER_SEC);
		g_assert_true (wait_for_size (keeper, i, 30 * G_USEC_PER_SEC));
	}
	g_assert_cmpuint (in_time, >, 0);
	g_assert_cmpint (log_keeper_lag (keeper), ==, 0);
}

static void
test_signer_away (TestStore *t)
{
	g_auto (TestSigner) signer = { 0 };
	g_autoptr (GError) error = NULL;
	test_signer_init (&signer);
	g_autoptr (LogKeeper) keeper = test_signer_keeper (&signer, t->store, frozen);
	g_atomic_int_set (&signer.refuse, TRUE);
	append_some (t, 2);
	g_assert_false (log_keeper_flush (keeper, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_UNAVAILABLE);
	gint64 lag = log_keeper_lag (keeper);
	g_assert_cmpint (lag, >, 0);
	g_usleep (2000);
	g_assert_cmpint (log_keeper_lag (keeper), >=, lag + 2000);
	log_keeper_start (keeper);
	g_assert_false (wait_for_size (keeper, 2, G_USEC_PER_SEC / 2));
	g_atomic_int_set (&signer.refuse, FALSE);
	g_assert_true (wait_for_size (keeper, 2, 30 * G_USEC_PER_SEC));
	flush (keeper);
	g_assert_cmpint (log_keeper_lag (keeper), ==, 0);
}

static void
test_last_flush (TestStore *t)
{
	g_auto (TestSigner) signer = { 0 };
	test_signer_init (&signer);
	LogKeeper *keeper = test_signer_keeper (&signer, t->store, frozen);
	log_keeper_start (keeper);
	append_some (t, 4);
	log_keeper_free (keeper);
	g_assert_cmpuint (signer.size, ==, 4);
}

typedef struct {
	LogKeeper *keeper;
	const PublicKey *public;
	gint stop;                /* atomic */
} Reader;

/* Whatever a reader sees at one moment fits together. */
static gpointer
read_proofs (gpointer arg)
{
	Reader *r = arg;
	while (!g_atomic_int_get (&r->stop)) {
		guint64 size;
		g_autofree char *note = log_keeper_note (r->keeper, &size);
		if (size == 0)
			continue;
		g_auto (Checkpoint) c = { 0 };
		g_autoptr (GError) error = NULL;
		g_assert_true (checkpoint_open (note, ORIGIN, r->public, &c, &error));
		g_assert_cmpuint (c.size, ==, size);
		g_autoptr (GArray) proof = log_keeper_inclusion (r->keeper, size - 1, size, &error);
		g_autoptr (GBytes) tile = log_keeper_tile (r->keeper, 0, (size - 1) / 256, (guint) ((size - 1) % 256) + 1, &error);
		g_assert_no_error (error);
		const Hash *hashes = g_bytes_get_data (tile, NULL);
		g_assert_true (merkle_verify_inclusion (&hashes[(size - 1) % 256], size - 1, size, (const Hash *) proof->data, proof->len,
		                                        &c.root, &error));
	}
	return NULL;
}

static void
test_readers (TestStore *t)
{
	g_auto (TestSigner) signer = { 0 };
	test_signer_init (&signer);
	g_autoptr (LogKeeper) keeper = test_signer_keeper (&signer, t->store, frozen);
	Reader r = { .keeper = keeper, .public = signer.public };
	GThread *threads[2];
	for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
		threads[i] = g_thread_new ("reader", read_proofs, &r);
	for (guint i = 0; i < 60; i++) {
		append_some (t, 7);
		flush (keeper);
	}
	g_atomic_int_set (&r.stop, TRUE);
	for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
		g_thread_join (threads[i]);
}

/* --- crashes ------------------------------------------------------------------------------ */

/* The signer signed, but the note never arrived: it is asked what it signed and goes on from there. */
static void
test_lost_answer (TestStore *t)
{
	g_auto (TestSigner) signer = { 0 };
	test_signer_init (&signer);
	g_autoptr (LogKeeper) keeper = test_signer_keeper (&signer, t->store, frozen);
	append_some (t, 5);
	flush (keeper);
	append_some (t, 3);
	signer.lose_answer = TRUE;
	g_assert_false (log_keeper_flush (keeper, NULL));
	g_assert_cmpuint (signer.size, ==, 8);
	append_some (t, 1);
	flush (keeper);
	g_assert_true (wait_for_size (keeper, 9, 0));
}

/* The same over a restart, with and without new leaves meanwhile. */
static void
test_crash_before_storing (TestStore *t)
{
	g_auto (TestSigner) signer = { 0 };
	test_signer_init (&signer);
	append_some (t, 5);
	for (guint more = 0; more < 2; more++) {
		LogKeeper *crashed = test_signer_keeper (&signer, t->store, frozen);
		signer.lose_answer = TRUE;
		g_assert_false (log_keeper_flush (crashed, NULL));
		log_keeper_free (crashed);
		append_some (t, more);
		g_autoptr (LogKeeper) keeper = test_signer_keeper (&signer, t->store, frozen);
		flush (keeper);
		g_assert_true (wait_for_size (keeper, signer.size, 0));
		append_some (t, 2);
	}
}

/* --- tampering ------------------------------------------------------------------------------- */

static void
signed_log (TestStore *t, TestSigner *signer, guint n)
{
	test_signer_init (signer);
	append_some (t, n);
	g_autoptr (LogKeeper) keeper = test_signer_keeper (signer, t->store, frozen);
	flush (keeper);
	fixture_lift_triggers (t, "log_leaf");
	fixture_lift_triggers (t, "log_checkpoint");
}

static void
test_changed_leaf (TestStore *t)
{
	g_auto (TestSigner) signer = { 0 };
	signed_log (t, &signer, 10);
	fixture_sql (t, t->engine == TEST_SQLITE ? "UPDATE log_leaf SET leaf = CAST(replace(CAST(leaf AS TEXT), '\"s\"', '\"t\"') AS BLOB) WHERE idx = 4"
	                                         : "UPDATE log_leaf SET leaf = set_byte(leaf, 12, 65) WHERE idx = 4");
	assert_refused (&signer, t);
}

/* The forger also writes the fitting hash: then the checkpoint tells. */
static void
test_exchanged_leaves (TestStore *t)
{
	g_auto (TestSigner) signer = { 0 };
	signed_log (t, &signer, 10);
	fixture_sql (t, "UPDATE log_leaf SET leaf = (SELECT l.leaf FROM log_leaf l WHERE l.idx = 5), "
	                "leaf_hash = (SELECT l.leaf_hash FROM log_leaf l WHERE l.idx = 5) WHERE idx = 4");
	assert_refused (&signer, t);
}

static void
test_lost_leaf (TestStore *t)
{
	g_auto (TestSigner) signer = { 0 };
	signed_log (t, &signer, 10);
	fixture_sql (t, "DELETE FROM log_leaf WHERE idx = 4");
	assert_refused (&signer, t);
}

static void
test_lost_tail (TestStore *t)
{
	g_auto (TestSigner) signer = { 0 };
	signed_log (t, &signer, 10);
	fixture_sql (t, "DELETE FROM log_leaf WHERE idx = 9");
	assert_refused (&signer, t);
	fixture_sql (t, "UPDATE log_head SET size = 9");
	assert_refused (&signer, t);
}

/* A consistent older state, as from an old backup: only the signer knows better (I-10). */
static void
test_set_back (TestStore *t)
{
	g_auto (TestSigner) signer = { 0 };
	signed_log (t, &signer, 10);
	fixture_sql (t, "DELETE FROM log_leaf WHERE idx >= 6");
	fixture_sql (t, "UPDATE log_head SET size = 6");
	fixture_sql (t, "DELETE FROM log_checkpoint");
	assert_refused (&signer, t);
	/* And if other leaves take their place. */
	for (guint i = 0; i < 4; i++)
		g_assert_true (fixture_append (t->store, "another", NULL, NULL, NULL));
	assert_refused (&signer, t);
}

static void
test_tampering_while_running (TestStore *t)
{
	g_auto (TestSigner) signer = { 0 };
	g_autoptr (GError) error = NULL;
	signed_log (t, &signer, 10);
	g_autoptr (LogKeeper) keeper = test_signer_keeper (&signer, t->store, frozen);
	fixture_sql (t, "UPDATE log_head SET size = 4");
	g_assert_false (log_keeper_flush (keeper, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_MERKLE);
	g_assert_cmpint (log_keeper_lag (keeper), >, 0);
}

static void
test_other_log (TestStore *t)
{
	g_auto (TestSigner) signer = { 0 };
	g_autoptr (GError) error = NULL;
	signed_log (t, &signer, 3);
	g_autoptr (LogKeeper) keeper = log_keeper_new (t->store, frozen, "other.example/log", test_signer_sign, &signer, &error);
	g_assert_null (keeper);
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_MERKLE);
	fixture_sql (t, "UPDATE log_checkpoint SET size = 2");
	assert_refused (&signer, t);
}

/* A signer that answers with a note over something else is not believed. */
static char *
sign_something_else (gpointer arg, const Hash *root, guint64 size, G_GNUC_UNUSED guint64 old_size, G_GNUC_UNUSED const Hash *proof,
                     G_GNUC_UNUSED gsize n, GError **error)
{
	TestSigner *s = arg;
	Checkpoint c = { (char *) (s->calls == 1 ? "other.example/log" : ORIGIN), s->calls == 2 ? size + 1 : size, *root };
	c.root.b[0] ^= s->calls == 0;
	s->calls++;
	return checkpoint_sign (&c, s->key, error);
}

static void
test_wrong_notes (TestStore *t)
{
	g_auto (TestSigner) signer = { 0 };
	test_signer_init (&signer);
	g_autoptr (LogKeeper) keeper = log_keeper_new (t->store, frozen, ORIGIN, sign_something_else, &signer, NULL);
	append_some (t, 3);
	for (guint i = 0; i < 3; i++) {
		g_autoptr (GError) error = NULL;
		g_assert_false (log_keeper_flush (keeper, &error));
		g_assert_error (error, DIQI_ERROR, DIQI_ERROR_MERKLE);
	}
	flush (keeper);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	frozen = clock_new_frozen (NOW);
	test_store_add ("/checkpoint/empty", test_empty);
	test_store_add ("/checkpoint/growing", test_growing);
	test_store_add ("/checkpoint/restart", test_restart);
	test_store_add ("/checkpoint/one-second", test_one_second);
	test_store_add ("/checkpoint/signer-away", test_signer_away);
	test_store_add ("/checkpoint/last-flush", test_last_flush);
	test_store_add ("/checkpoint/readers", test_readers);
	test_store_add ("/checkpoint/crash/lost-answer", test_lost_answer);
	test_store_add ("/checkpoint/crash/before-storing", test_crash_before_storing);
	test_store_add ("/checkpoint/tampering/changed-leaf", test_changed_leaf);
	test_store_add ("/checkpoint/tampering/exchanged-leaves", test_exchanged_leaves);
	test_store_add ("/checkpoint/tampering/lost-leaf", test_lost_leaf);
	test_store_add ("/checkpoint/tampering/lost-tail", test_lost_tail);
	test_store_add ("/checkpoint/tampering/set-back", test_set_back);
	test_store_add ("/checkpoint/tampering/while-running", test_tampering_while_running);
	test_store_add ("/checkpoint/other-log", test_other_log);
	test_store_add ("/checkpoint/wrong-notes", test_wrong_notes);
	int rc = g_test_run ();
	clock_free (frozen);
	return rc;
}
