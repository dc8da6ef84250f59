/* Appending acts to the log, on both engines. */
#include "base/error.h"
#include "unit/evidence/fixture.h"

#include <string.h>

#define THREADS 8
#define EACH 40

static PrivateKey *key;

typedef struct {
	guint64 index;
	const char *subject;
	gpointer out;
} Read;

static gboolean
read_leaf (Tx *tx, gpointer arg, GError **error)
{
	Read *r = arg;
	r->out = evidence_leaf (tx, r->index, error);
	return r->out != NULL;
}

static GBytes *
leaf_of (Store *store, guint64 index)
{
	g_autoptr (GError) error = NULL;
	Read r = { .index = index };
	store_read (store, "test.leaf", read_leaf, &r, &error);
	g_assert_no_error (error);
	return r.out;
}

static gboolean
read_size (Tx *tx, gpointer arg, GError **error)
{
	g_autoptr (Rows) rows = tx_query (tx, error, "SELECT size FROM log_head");
	g_assert_true (rows_next (rows, error));
	*(gint64 *) arg = rows_int (rows, 0);
	return TRUE;
}

static gint64
log_size (Store *store)
{
	gint64 size = -1;
	g_autoptr (GError) error = NULL;
	store_read (store, "test.size", read_size, &size, &error);
	g_assert_no_error (error);
	return size;
}

static void
test_leaf_bytes (TestStore *t)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (Statement) s = fixture_statement (key, NULL, "quote");
	LogPosition a, b;
	g_assert_true (fixture_append (t->store, "sale-1", s, &a, &error));
	g_assert_true (fixture_append (t->store, "sale-2", NULL, &b, &error));
	g_assert_no_error (error);
	g_assert_cmpuint (a.index, ==, 0);
	g_assert_cmpuint (b.index, ==, 1);
	g_assert_cmpint (a.time, ==, NOW);

	g_autoptr (GBytes) first = leaf_of (t->store, 0);
	g_autoptr (GBytes) second = leaf_of (t->store, 1);
	g_autofree char *want = g_strdup_printf ("{\"effect\":{\"note\":\"\u751f\u6548\"},\"index\":0,\"statement\":\"%s\",\"subject\":\"sale-1\","
		"\"time\":\"2026-04-03T02:00:00.000000Z\",\"type\":\"test.act\",\"v\":1}", statement_compact (s));
	const char *want2 = "{\"effect\":{\"note\":\"\u751f\u6548\"},\"index\":1,\"statement\":null,\"subject\":\"sale-2\","
		"\"time\":\"2026-04-03T02:00:00.000000Z\",\"type\":\"test.act\",\"v\":1}";
	g_assert_cmpmem (g_bytes_get_data (first, NULL), g_bytes_get_size (first), want, strlen (want));
	g_assert_cmpmem (g_bytes_get_data (second, NULL), g_bytes_get_size (second), want2, strlen (want2));
	Hash h;
	merkle_leaf_hash (want, strlen (want), &h);
	g_assert_true (fingerprint_equal (&h, &a.leaf_hash));
}

static gboolean
read_about (Tx *tx, gpointer arg, GError **error)
{
	Read *r = arg;
	r->out = evidence_leaves_about (tx, r->subject, error);
	return r->out != NULL;
}

static void
test_reading (TestStore *t)
{
	g_autoptr (GError) error = NULL;
	for (guint i = 0; i < 6; i++)
		g_assert_true (fixture_append (t->store, i % 3 == 1 ? "x" : "y", NULL, NULL, &error));
	Read r = { .subject = "x" };
	g_assert_true (store_read (t->store, "test.about", read_about, &r, &error));
	g_autoptr (GArray) about = r.out;
	const guint64 want[] = { 1, 4 };
	g_assert_cmpmem (about->data, about->len * sizeof (guint64), want, sizeof want);

	static const guint64 missing[] = { 6, G_MAXINT64, G_MAXUINT64 };
	for (gsize i = 0; i < G_N_ELEMENTS (missing); i++) {
		Read none = { .index = missing[i] };
		g_assert_false (store_read (t->store, "test.leaf", read_leaf, &none, &error));
		g_assert_error (error, DIQI_ERROR, DIQI_ERROR_NOT_FOUND);
		g_clear_error (&error);
	}
}

/* A statement is accepted once, whatever its signature bytes. */
static void
test_statement_used_once (TestStore *t)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (Statement) s = fixture_statement (key, NULL, "quote");
	g_autofree char *again_text = statement_sign (statement_payload (s), key, NULL, &error);
	g_autoptr (Statement) again = statement_parse (again_text, -1, &error);
	g_assert_cmpstr (statement_compact (s), !=, again_text);
	g_assert_true (fixture_append (t->store, "a", s, NULL, &error));
	g_assert_no_error (error);
	g_assert_false (fixture_append (t->store, "a", s, NULL, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_STATEMENT_REPLAYED);
	g_clear_error (&error);
	g_assert_false (fixture_append (t->store, "b", again, NULL, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_STATEMENT_REPLAYED);
	g_assert_cmpint (log_size (t->store), ==, 1);
}

static gboolean
use_then_append (Tx *tx, gpointer arg, GError **error)
{
	g_autoptr (json_t) effect = json_object ();
	return evidence_use_statement (tx, arg, NOW, error) && evidence_append (tx, "t", "s", NOW, arg, effect, NULL, error);
}

static void
test_used_twice_in_one_transaction (TestStore *t)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (Statement) s = fixture_statement (key, NULL, "officers.change");
	g_assert_false (store_run (t->store, "test.twice", use_then_append, s, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_STATEMENT_REPLAYED);
	g_clear_error (&error);
	/* The refusal took everything back. */
	g_assert_true (fixture_append (t->store, "s", s, NULL, &error));
	g_assert_no_error (error);
}

static gboolean
append_and_refuse (Tx *tx, gpointer arg, GError **error)
{
	g_autoptr (json_t) effect = json_object ();
	return evidence_append (tx, "t", "s", NOW, arg, effect, NULL, error) &&
	       diqi_fail (error, DIQI_ERROR_SALE_STATE, NULL, "a rule says no after all");
}

static void
test_rollback_leaves_no_gap (TestStore *t)
{
	g_autoptr (GError) error = NULL;
	g_autoptr (Statement) s = fixture_statement (key, NULL, "quote");
	LogPosition position;
	g_assert_true (fixture_append (t->store, "a", NULL, &position, &error));
	g_assert_false (store_run (t->store, "test.refuse", append_and_refuse, s, &error));
	g_assert_error (error, DIQI_ERROR, DIQI_ERROR_SALE_STATE);
	g_clear_error (&error);
	g_assert_cmpint (log_size (t->store), ==, 1);
	/* Neither its place nor its statement is lost. */
	g_assert_true (fixture_append (t->store, "b", s, &position, &error));
	g_assert_no_error (error);
	g_assert_cmpuint (position.index, ==, 1);
}

typedef struct {
	Store *store;
	Statement *same;                   /* all threads try this one; NULL: each its own */
	LogPosition positions[EACH];
	guint accepted, replayed;
} Writer;

static gpointer
write_leaves (gpointer arg)
{
	Writer *w = arg;
	for (guint i = 0; i < EACH; i++) {
		g_autoptr (GError) error = NULL;
		g_autoptr (Statement) own = w->same == NULL ? fixture_statement (key, NULL, "quote") : statement_ref (w->same);
		if (fixture_append (w->store, "s", own, &w->positions[i], &error)) {
			w->accepted++;
			continue;
		}
		g_assert_error (error, DIQI_ERROR, DIQI_ERROR_STATEMENT_REPLAYED);
		w->replayed++;
	}
	return NULL;
}

static void
run_writers (TestStore *t, Writer *writers, Statement *same)
{
	GThread *threads[THREADS];
	for (guint i = 0; i < THREADS; i++) {
		writers[i] = (Writer) { .store = t->store, .same = same };
		threads[i] = g_thread_new ("writer", write_leaves, &writers[i]);
	}
	for (guint i = 0; i < THREADS; i++)
		g_thread_join (threads[i]);
}

static void
test_many_writers (TestStore *t)
{
	g_autofree Writer *writers = g_new0 (Writer, THREADS);
	gboolean seen[THREADS * EACH] = { FALSE };
	g_autoptr (Clock) clock = clock_new_frozen (NOW);
	g_auto (TestSigner) signer = { 0 };
	g_autoptr (GError) error = NULL;
	run_writers (t, writers, NULL);
	g_assert_cmpint (log_size (t->store), ==, THREADS * EACH);

	test_signer_init (&signer);
	g_autoptr (LogKeeper) keeper = test_signer_keeper (&signer, t->store, clock);
	g_assert_true (log_keeper_flush (keeper, &error));
	for (guint i = 0; i < THREADS; i++) {
		g_assert_cmpuint (writers[i].accepted, ==, EACH);
		for (guint j = 0; j < EACH; j++) {
			const LogPosition *p = &writers[i].positions[j];
			g_assert_cmpuint (p->index, <, THREADS * EACH);
			g_assert_false (seen[p->index]);
			seen[p->index] = TRUE;
			g_autoptr (GArray) proof = log_keeper_inclusion (keeper, p->index, THREADS * EACH, &error);
			g_assert_true (merkle_verify_inclusion (&p->leaf_hash, p->index, THREADS * EACH, (const Hash *) proof->data, proof->len,
			                                        &signer.root, &error));
		}
	}
}

static void
test_one_statement_many_writers (TestStore *t)
{
	g_autofree Writer *writers = g_new0 (Writer, THREADS);
	g_autoptr (Statement) same = fixture_statement (key, NULL, "quote");
	guint accepted = 0, replayed = 0;
	run_writers (t, writers, same);
	for (guint i = 0; i < THREADS; i++) {
		accepted += writers[i].accepted;
		replayed += writers[i].replayed;
	}
	g_assert_cmpuint (accepted, ==, 1);
	g_assert_cmpuint (replayed, ==, THREADS * EACH - 1);
	g_assert_cmpint (log_size (t->store), ==, 1);
}

static gboolean
exec_sql (Tx *tx, gpointer arg, GError **error)
{
	return tx_exec (tx, error, arg) >= 0;
}

static void
test_insert_only (TestStore *t)
{
	static const char *const forbidden[] = {
		"UPDATE log_leaf SET time = time + 1", "DELETE FROM log_leaf", "UPDATE log_checkpoint SET note = 'x'", "DELETE FROM log_checkpoint",
		"UPDATE used_statement SET used_at = 0", "DELETE FROM used_statement",
		"INSERT INTO log_head (id, size) VALUES (2, 0)",
	};
	g_autoptr (Statement) s = fixture_statement (key, NULL, "quote");
	g_autoptr (Clock) clock = clock_new_frozen (NOW);
	g_auto (TestSigner) signer = { 0 };
	test_signer_init (&signer);
	g_assert_true (fixture_append (t->store, "a", s, NULL, NULL));
	g_autoptr (LogKeeper) keeper = test_signer_keeper (&signer, t->store, clock);
	g_assert_true (log_keeper_flush (keeper, NULL));
	for (gsize i = 0; i < G_N_ELEMENTS (forbidden); i++)
		g_assert_false (store_run (t->store, "test.forbidden", exec_sql, (gpointer) forbidden[i], NULL));
	g_assert_cmpint (log_size (t->store), ==, 1);
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	pki_init ();
	key = private_key_generate (KEY_P256, NULL);
	test_store_add ("/evidence/leaf", test_leaf_bytes);
	test_store_add ("/evidence/reading", test_reading);
	test_store_add ("/evidence/replay", test_statement_used_once);
	test_store_add ("/evidence/replay/same-transaction", test_used_twice_in_one_transaction);
	test_store_add ("/evidence/rollback", test_rollback_leaves_no_gap);
	test_store_add ("/evidence/writers", test_many_writers);
	test_store_add ("/evidence/writers/one-statement", test_one_statement_many_writers);
	test_store_add ("/evidence/insert-only", test_insert_only);
	int rc = g_test_run ();
	private_key_free (key);
	return rc;
}
